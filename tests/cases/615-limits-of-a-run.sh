#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a run may take: rows, time, memory; and what does not move is named.
. "$(dirname "$0")/lib.sh"

run() { qetl run p.yaml --plugin-dir "$QETL_TEST_PLUGINS" --json-file report.json "$@"; }

pipeline() { # WORDS SOURCE TRANSFORM SINK
    rm -rf "$XDG_STATE_HOME" # of the one before
    cat >p.yaml <<YAML
$1
sources:
  numbers: {plugin: fault, rows: 1000, batch_rows: 100${2-}}
transforms:
  pass: {plugin: fault, input: numbers${3-}}
sinks:
  out: {plugin: file, input: pass, path: out.csv, if_exists: replace}
  other: {plugin: fault, input: pass${4-}}
YAML
}

# Rows: of batches, and of bytes.
pipeline 'max_rows: 1000'
expect_exit 0 run
pipeline 'max_rows: 999'
rm -f out.csv
expect_exit 1 run
expect_text err 'more rows than max_rows \(999\) allows'
expect_absent out.csv
seq 0 1000 | sed '1s/.*/n/' >in.csv
expect_exit 0 qetl run --from in.csv --to some.csv
printf 'max_rows: 999\nsources: {in: {plugin: file, path: in.csv}}\nsinks: {out: {plugin: file, path: few.csv, input: in}}\n' >rows.yaml
expect_exit 1 qetl run rows.yaml
expect_text err "source 'in' .*more rows than max_rows"
expect_absent few.csv
expect_exit 0 qetl run rows.yaml -s max_rows=1000

# Time: whoever is in a call is interrupted; whoever waits is not waited for.
for fault in sleep never_wakes; do
    for place in 1 2 3; do
        words=('' '' '')
        words[place - 1]=", fault: $fault, at: 3"
        [ "$fault$place" = never_wakes2 ] && continue # it goes on at the end of its input
        pipeline 'timeout: 300ms' "${words[@]}"
        started=$(date +%s%N)
        expect_exit 1 run
        expect_text err 'the run took longer than its timeout, 0\.3 s'
        expect_eq "in time, $fault $place" "$((($(date +%s%N) - started) / 1000000000 < 8))" 1
    done
done
pipeline 'timeout: 1h'
expect_exit 0 run

# What does not move, although something waits for it, is named once, and no one else.
pipeline $'timeout: 3s\nstall_alarm: 600ms' '' '' ', fault: never_wakes, at: 3'
expect_exit 1 run
expect_text err "warn: other: has not moved for [0-9.]+ s: its write answered that it was busy, and nobody has woken it; [0-9]+ in the queue from 'pass' to 'other'"
expect_eq 'told once' "$(grep -c 'other: has not moved' err)" 1
pipeline $'timeout: 3s\nstall_alarm: 600ms' '' ', fault: sleep, at: 3'
expect_exit 1 run
expect_text err 'warn: pass: has not moved for [0-9.]+ s: it is in its process'
expect_eq 'told once' "$(grep -c 'pass: has not moved' err)" 1
pipeline $'timeout: 3s\nstall_alarm: 600ms' ', fault: sleep, at: 3'
expect_exit 1 run
expect_text err 'warn: numbers: has not moved for [0-9.]+ s: it is in its next'
# A source that waits for its input does not stand still.
pipeline $'timeout: 3s\nstall_alarm: 600ms' ', fault: never_wakes, at: 3'
expect_exit 1 run
expect_no_text err 'numbers: .*it is in its next'
pipeline $'timeout: 1s\nstall_alarm: 0s' '' '' ', fault: never_wakes, at: 3'
expect_exit 1 run
expect_no_text err 'has not moved'

# An interrupted run that cannot end in good order gives up when its time is over.
printf 'mode: stream\nshutdown: 300ms\nsources: {in: {plugin: file, path: in.csv, follow: true, format: csv}}\nsinks: {out: {plugin: fault, input: in, fault: never_wakes, at: 1}}\n' >follow.yaml
rm -f trace
background "$QETL" run follow.yaml --plugin-dir "$QETL_TEST_PLUGINS" --abi-trace=trace
wait_until grep -qs ' out/.* > write' trace
interrupt_and_wait TERM
expect_eq 'exit code' "$code" 143
expect_text err 'not at its end within 0\.3 s'

# Memory: as --memory, which stands above it.
printf 'max_memory: 16MiB\nmax_record: 8MiB\nsources: {in: {plugin: file, path: in.csv}}\nsinks: {out: {plugin: "null", input: in}}\n' >memory.yaml
expect_exit 2 qetl run memory.yaml
expect_text err 'a quarter of the memory budget'
expect_exit 0 qetl run memory.yaml --memory 64MiB
expect_exit 0 qetl run memory.yaml -s max_memory=64MiB
expect_exit 0 qetl run memory.yaml -s max_memory=64MiB --dry-run --json
expect_json out '.result.budget.memory_bytes == 67108864 or .result.memory_bytes == 67108864'

for wrong in 'timeout: 5' 'timeout: soon' 'stall_alarm: 1' 'max_rows: 0' 'max_memory: 1KiB'; do
    pipeline "$wrong"
    expect_exit 2 qetl validate p.yaml --plugin-dir "$QETL_TEST_PLUGINS"
    expect_text err "p\.yaml:1:"
done
