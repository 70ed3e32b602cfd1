#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A call that lasts too long is interrupted, and its epoch is repeated; who does not heed that ends the run.
. "$(dirname "$0")/lib.sh"

quick='retry: {first: 1ms, most: 5ms}, breaker: false'

pipeline() { # what each has beside its plugin: SOURCE TRANSFORM SINK
    rm -rf out.* state report.json
    cat >p.yaml <<YAML
name: lasting
checkpoint: {every: 10ms}
sources:
  numbers: {plugin: lapse, rows: 2000, batch_rows: 250, pause_us: 1000$1}
transforms:
  pass: {plugin: lapse, input: numbers$2}
sinks:
  out: {plugin: lapse, input: pass, path: out.lapse$3}
  file: {plugin: file, input: pass, path: out.csv, if_exists: replace}
YAML
}

run() { qetl run p.yaml --plugin-dir "$QETL_TEST_PLUGINS" --json-file report.json "$@"; }

seq 0 1999 | grep -v '77$' >expected
expect_all() { # WHAT
    cat out.lapse.* | sort -n >got.lapse
    tail -n +2 out.csv | sort -n >got.csv
    cmp -s got.lapse expected || fail "$1: other rows in out.lapse"
    cmp -s got.csv expected || fail "$1: other rows in out.csv"
    expect_json report.json '.summary.balanced and .summary.rows_in == 2000 and .summary.rows_rejected == 20'
}

for place in 1_open 1_next 2_process 3_open 3_write 3_prepare 3_save 3_commit; do
    call=${place#*_}
    words=('' '' '')
    words[${place%_*} - 1]=", call: $call, how: hangs, call_timeout: 500ms, $quick"
    pipeline "${words[@]}"
    expect_exit 0 run --state state
    expect_all "$place"
    expect_text err "its $call takes longer than call_timeout, 0.5 s: interrupted"
    expect_text err "$call failed and lost what it had staged, so that its epoch is repeated: .*interrupted, since it took longer than call_timeout, 0.5 s"
    expect_json report.json '.result.state.epochs_retried == 1'
done
# What an instance says that was interrupted is not the end of its input.
pipeline ", call: next, how: ends, at: 3, call_timeout: 500ms, $quick" '' ''
expect_exit 0 run --state state
expect_all 'no end'
expect_json report.json '.result.state.epochs_retried == 1'

# A call that lasts, but not too long, is none of them.
pipeline '' '' ", call_timeout: 1h"
expect_exit 0 run --state state
expect_all 'none that lasts'
expect_json report.json '.result.state.epochs_retried == 0'

# Its budget bounds that, too.
pipeline '' '' ", call: write, how: hangs, times: 100, call_timeout: 300ms, retry: {attempts: 3, first: 1ms}, breaker: false"
expect_exit 1 run --no-state
expect_text err "sink 'out' \(lapse\): .*interrupted, since it took longer than call_timeout, 0.3 s.* \(given up after 3 attempts in"
expect_text err 'raise `call_timeout`'
expect_absent out.csv

# The thread of who does not heed is left behind.
export TSAN_OPTIONS="${TSAN_OPTIONS-} report_thread_leaks=0"
# Who does not heed: named, with the call and how long, and the run ends; what was decided counts.
for place in 1_next 2_process 3_write 3_commit; do
    call=${place#*_}
    words=('' '' '')
    words[${place%_*} - 1]=", call: $call, how: deaf, at: 2, call_timeout: 500ms"
    pipeline "${words[@]}"
    expect_exit 1 run --state state
    expect_text err "error: .* \(lapse\): its $call has lasted for [0-9.]+ s, and it does not heed that it was interrupted; the next run goes on from what was decided"
    expect_json report.json '.ok == false and .error.code == "overdue"'
    LAPSE_NEVER=1 expect_exit 0 run --state state
    expect_all "behind $place"
done

# A wait for prepare keeps no worker from its other work: all rows of the other path arrive.
cat >two.yaml <<YAML
checkpoint: {every: 10ms}
sources:
  numbers: {plugin: lapse, rows: 2000, batch_rows: 100}
  others: {plugin: lapse, rows: 3000, batch_rows: 10, pause_us: 500}
sinks:
  out: {plugin: lapse, input: numbers, path: out.two, call: prepare, how: throttled, retry: {budget: 100d}}
  shown: {plugin: stdout, format: csv, input: others}
YAML
rm -f out err
background "$QETL" run two.yaml --plugin-dir "$QETL_TEST_PLUGINS" --state state --workers 1
for _ in $(seq 600); do
    [ "$(cat out 2>/dev/null | wc -l)" -ge 3001 ] && break
    sleep 0.05
done
expect_text err 'out: prepare failed for the moment: too many requests; again in 3600.0 s'
interrupt_and_wait TERM
expect_eq 'rows that went past' "$(wc -l <out)" 3001
