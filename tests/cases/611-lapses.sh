#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A component that has lost what it had staged: its epoch is repeated within the process, and nobody can tell by the outputs.
. "$(dirname "$0")/lib.sh"

quick='retry: {first: 1ms, most: 5ms}, breaker: false'

# What each component has beside its plugin: SOURCE TRANSFORM SINK
pipeline() {
    rm -rf out.* other.* dead-letters state report.json
    cat >p.yaml <<YAML
name: lapses
checkpoint: {every: 10ms}
sources:
  numbers: {plugin: lapse, rows: $rows, batch_rows: 250, pause_us: 1000$1}
transforms:
  pass: {plugin: lapse, input: numbers$2}
sinks:
  file: {plugin: file, input: pass, path: out.csv, if_exists: replace}
  db: {plugin: sqlite, input: pass, path: out.db, table: numbers}
  out: {plugin: lapse, input: pass, path: out.lapse$3}
YAML
}

run() { qetl run p.yaml --plugin-dir "$QETL_TEST_PLUGINS" --json-file report.json "$@"; }

# Every output has every row once, the letters are those of one run, and so are the counts.
expect_all() { # WHAT
    cat out.lapse.* | sort -n >got.lapse
    tail -n +2 out.csv | sort -n >got.csv
    sqlite3 out.db 'SELECT n FROM numbers ORDER BY n' >got.db
    for got in got.lapse got.csv got.db; do
        cmp -s "$got" expected || fail "$1: $got differs: $(comm -3 <(sort "$got") <(sort expected) | head -3)"
    done
    expect_eq "$1: left behind" "$(find . -name '*.staged' -o -name '.*part' | wc -l)" 0
    jq -r "select(.undecided | not).decoded.n" dead-letters/lapses.ndjson | sort -n >got.letters
    cmp -s got.letters expected.letters || fail "$1: other letters"
    expect_json report.json ".summary.balanced and .summary.rows_in == $rows and .summary.rows_rejected == $((rows / 100)) and
        (.result.components | map(select(.kind == \"sink\") | .rows_out) | unique == [$rows - $rows / 100]) and
        (.result.state.resumed_from > 0 or (.result.outputs | all(.rows == $rows - $rows / 100) and length == 2))"
}

rows=2000
seq 0 $((rows - 1)) | grep -v '77$' >expected
seq 0 $((rows - 1)) | grep '77$' >expected.letters

places='1_open 1_next 2_process 3_open 3_write 3_prepare 3_save 3_commit'
for state in '--state state' --no-state; do
    for place in $places; do
        which=${place%_*} call=${place#*_} ids=(numbers pass out)
        words=('' '' '')
        at=4
        [[ $call =~ open || $state$call =~ no-state(prepare|commit) ]] && at=1
        [[ $call =~ ^(prepare|commit|save)$ ]] && at=1
        words[which - 1]=", call: $call, at: $at, times: 2, $quick"
        pipeline "${words[@]}"
        # Two workers could lapse at once, and that is one epoch.
        # shellcheck disable=SC2086
        expect_exit 0 run $state --log-level info --workers 1
        expect_all "$state $place"
        expect_text err "(numbers|pass|out): it goes on: an epoch was decided"
        expect_json report.json ".result | .state.epochs_retried == 2 and .state.resumed_from == 0 and
            (.components | (map(.epochs_retried) | add == 2) and any(.epochs_retried == 2 and .id == \"${ids[which - 1]}\"))"
        expect_eq "$state $place: told" "$(grep -c "$call failed and lost what it had staged, so that its epoch is repeated: the connection is gone; again in" err)" 2
        done
    places='2_process 3_write 3_prepare 3_commit'
done
expect_text err '^epochs   2 had to be repeated'

# At random, in all three at once, with one worker and with several, with and without a state.
for seed in 1 2 3; do
    random=", $quick, chance: 12, times: 3, seed: $seed"
    calls=(write prepare commit)
    pipeline ", call: next$random" ", call: process$random" ", call: ${calls[seed % 3]}$random"
    state='--state state'
    [ $((seed % 2)) = 0 ] && state=--no-state
    # shellcheck disable=SC2086
    expect_exit 0 run $state --workers $((1 + seed % 3))
    expect_all "seed $seed"
done

# What was taken in twice counts once.
rows=2000
seq 0 $((rows - 1)) | grep -v '77$' >expected
seq 0 $((rows - 1)) | grep '77$' >expected.letters
for limit in "max_rows: $rows" "max_rejected: $((rows / 100))"; do
    pipeline '' '' ", call: write, at: 5, times: 2, $quick"
    echo "$limit" >>p.yaml
    expect_exit 0 run --state state
    expect_all "$limit"
done

# The budget ends: the run fails, and the next one goes on from what was decided.
pipeline '' '' ", call: write, at: 8, times: 3, retry: {attempts: 3, first: 1ms}, breaker: false"
expect_exit 1 run --state state
expect_text err "sink 'out' \(lapse\): the connection is gone \(given up after 3 attempts in [0-9.]+ s\)"
expect_text err 'budget: 1h'
expect_json report.json '.result.state.epochs_retried == 2'
sed -i 's/attempts: 3/attempts: 4/' p.yaml
expect_exit 0 run --state state
expect_all 'behind a budget'
pipeline '' '' ", call: write, at: 2, retry: false"
expect_exit 1 run --no-state
expect_no_text err 'given up|repeated'
expect_absent out.csv

# The breaker holds the next attempt back.
pipeline '' '' ", call: write, times: 3, retry: {first: 1ms, most: 1ms}, breaker: {failures: 3, pause: 300ms, most: 1s}"
expect_exit 0 run --no-state
expect_all breaker
expect_text err 'breaker open'
expect_json report.json '.result.timing.processing_s > 0.3'
expect_json report.json '.result.components | all(.breaker == "closed")'

# What was read once cannot be read again.
pipeline ', how: lossy' '' ", call: write, at: 3, $quick"
expect_exit 1 run
expect_text err "the connection is gone \(the epoch cannot be repeated, since what source 'numbers' has given cannot be read again\)"
expect_text err 'mend: put its input into a file'
expect_absent out.csv
printf 'sources: {in: {plugin: file, path: pipe.csv}}\nsinks: {out: {plugin: lapse, input: in, call: write}}\n' >in.yaml
mkfifo pipe.csv
printf 'n\n1\n' >one.csv
cat one.csv >pipe.csv &
expect_exit 1 qetl run in.yaml --plugin-dir "$QETL_TEST_PLUGINS"
expect_text err "source 'in' has given cannot be read again"
wait

# A run without end goes back to its last epoch; one that keeps no state has shown what would come again.
seq 0 1999 | sed '1s/^/n\n/' >follow.csv
for state in '--state state' --no-state; do
    rm -rf state followed.csv err
    cat >follow.yaml <<YAML
mode: stream
checkpoint: {every: 20ms}
sources: {in: {plugin: file, path: follow.csv, follow: true, format: csv}}
transforms: {pass: {plugin: lapse, input: in, call: process, at: 2, times: 2, $quick}}
sinks: {out: {plugin: file, path: followed.csv, input: pass}}
YAML
    # shellcheck disable=SC2086
    background "$QETL" run follow.yaml --plugin-dir "$QETL_TEST_PLUGINS" $state
    n=2000
    while kill -0 "$pid" 2>/dev/null && [ "$n" -lt 6000 ] && [ "$(grep -c repeated err 2>/dev/null)" != 2 ]; do
        seq "$n" $((n + 9)) >>follow.csv
        n=$((n + 10))
        sleep 0.05
    done
    for _ in $(seq 400); do
        kill -0 "$pid" 2>/dev/null && [ "$(cat followed.csv 2>/dev/null | wc -l)" -le $((n - n / 100)) ] || break
        sleep 0.05
    done
    interrupt_and_wait TERM
    if [ "$state" = --no-state ]; then
        expect_eq 'exit code' "$code" 1
        expect_text err "the epoch cannot be repeated, since the run has no end and keeps no state: what sink 'out' has shown would come twice"
        expect_text err 'mend: let the run keep a state'
    else
        expect_eq 'exit code' "$code" 0
        expect_eq 'rows of a run without end' "$(tail -n +2 followed.csv | sort -n | uniq -c | awk '$1 != 1 || $2 ~ /77$/' | wc -l)" 0
        expect_eq 'all of them' "$(tail -n +2 followed.csv | wc -l)" $((n - n / 100))
    fi
done

# A timeout and a signal end the wait between two attempts.
pipeline '' '' ", call: write, at: 8, times: 100, retry: {first: 1h, most: 1h, budget: 100d}, breaker: {failures: 1, pause: 1h, most: 1h}"
echo 'timeout: 300ms' >>p.yaml
expect_exit 1 run --no-state
expect_text err 'the run took longer than its timeout'
sed -i '/^timeout/d' p.yaml
rm -f err
background "$QETL" run p.yaml --json-file report.json --plugin-dir "$QETL_TEST_PLUGINS" --state state
until grep -q 'is repeated' err 2>/dev/null; do sleep 0.02; done
interrupt_and_wait TERM
expect_eq 'exit code' "$code" 143
expect_json report.json '.result.state.epochs == 0 or (.summary.rows_in > 0 and .summary.rows_out > 0)'

# Rows that stdout has shown come again, and that is told. It may have shown none yet: then once more.
printf 'sources: {numbers: {plugin: lapse, rows: 1000}}\nsinks: {out: {plugin: stdout, format: csv, input: numbers}, other: {plugin: lapse, input: numbers, call: prepare, %s}}\n' "$quick" >shown.yaml
for _ in 1 2 3 4 5 6 7 8; do
    expect_exit 0 qetl run shown.yaml --plugin-dir "$QETL_TEST_PLUGINS"
    ! grep -q 'has shown already' err || break
done
expect_text err 'warn: out: [0-9]+ rows that it has shown already may come again'
