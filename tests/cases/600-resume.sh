#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs that are killed go on where their last epoch was decided: what they wrote in the end, and what
# they say of it, is what a run that nobody killed writes and says.
# shellcheck source=tests/cases/lib.sh
. "$(dirname "$0")/lib.sh"

seed=${SEED:-$RANDOM}
echo "# SEED=$seed"
RANDOM=$seed

orders orders.csv --rows 40000 --seed 7
head -n 1 orders.csv >a.csv
sed -n '2,20001p' orders.csv >>a.csv
head -n 1 orders.csv >b.csv
sed -n '20002,40001p' orders.csv >>b.csv
gzip -k orders.csv

# summary FILE: what must not depend on whether somebody was killed
summary() {
    jq -c '[.summary.rows_in, .summary.rows_out, .summary.rows_filtered, .summary.rows_rejected,
        .summary.rows_reduced, .summary.balanced, (.result.components[] | [.id, .rows_in, .rows_out])]' "$1"
}

kills=0
resumes=0
least=3
[ -z "$QETL_SANITIZER" ] || least=1 # it takes a while until there is something to go on from

# kill_until_done PIPELINE OPTION…: kills it at random moments, up to three times, then lets it go on.
kill_until_done() {
    local times=0
    while :; do
        "$QETL" run "$@" --json >answer.json 2>err </dev/null &
        pid=$!
        if [ "$times" -lt 3 ]; then
            sleep "0.$((10 + RANDOM % 35))"
            kill -KILL "$pid" 2>/dev/null
        fi
        wait "$pid" 2>/dev/null
        code=$?
        [ "$code" = 137 ] || break
        kills=$((kills + 1))
        times=$((times + 1))
    done
    expect_eq "exit code, after $times kills" "$code" 0
    [ "$code" = 0 ] || cat err answer.json
    [ "$(jq .result.state.resumed_from answer.json)" = 0 ] || resumes=$((resumes + 1))
}

# check NAME OUTPUTS OPTION…: the same with and without kills
check() {
    local name=$1 outputs=$2 output
    shift 2
    expect_exit 0 qetl run "$name.yaml" --no-state --json "$@"
    summary out >wanted.json
    for output in $outputs; do mv "$output" "wanted.$output"; done
    kill_until_done "$name.yaml" "$@"
    summary answer.json >got.json
    expect_same got.json wanted.json
    find . -name '*.bak' -delete # the last kill came when all was done: it began anew
    for output in $outputs; do
        expect_same "$output" "wanted.$output"
        rm -f "$output" "wanted.$output"
    done
    expect_eq "files left beside the outputs" "$(find . -name '*.part' | wc -l)" 0
}

cat >filter.yaml <<'Y'
name: filter
checkpoint: {every: 20ms}
sources: {orders: {plugin: file, path: orders.csv, rate_limit: 60000/s}}
transforms: {big: {plugin: filter, input: orders, where: quantity > 5}}
sinks: {out: {plugin: file, input: big, path: big.csv, if_exists: replace}}
Y
check filter big.csv
check filter big.csv --workers 1
check filter big.csv --driver pull

cat >packed.yaml <<'Y'
name: packed
checkpoint: {every: 20ms}
sources: {orders: {plugin: file, path: orders.csv.gz, rate_limit: 60000/s}}
sinks: {out: {plugin: file, input: orders, path: out.ndjson, if_exists: replace}}
Y
check packed out.ndjson

cat >aggregate.yaml <<'Y'
name: aggregate
checkpoint: {every: 20ms}
sources: {orders: {plugin: file, path: "?.csv", rate_limit: 60000/s}}
transforms: {sums: {plugin: aggregate, input: orders, set: {n: count(*), q: sum(quantity), m: max(order_id)}}}
sinks: {out: {plugin: file, input: sums, path: sums.csv, if_exists: replace}}
Y
check aggregate sums.csv

cat >diamond.yaml <<'Y'
name: diamond
checkpoint: {every: 20ms}
sources: {orders: {plugin: file, path: orders.csv, rate_limit: 60000/s}}
transforms:
  few: {plugin: filter, input: orders, where: quantity <= 5}
  many: {plugin: filter, input: orders, where: quantity > 5}
  again: {plugin: union, input: [few, many]}
  sums: {plugin: aggregate, input: again, set: {n: count(*), q: sum(quantity)}}
sinks:
  out: {plugin: file, input: sums, path: sums.csv, if_exists: replace}
  rest: {plugin: file, input: few, path: few.csv, if_exists: replace}
Y
check diamond "sums.csv few.csv"

# Two ways that have nothing to do with one another: one ends long before the other.
cat >two.yaml <<'Y'
name: two
checkpoint: {every: 20ms}
sources:
  a: {plugin: file, path: a.csv}
  all: {plugin: file, path: orders.csv, rate_limit: 60000/s}
sinks:
  first: {plugin: file, input: a, path: first.csv, if_exists: replace}
  second: {plugin: file, input: all, path: second.ndjson, if_exists: replace}
Y
check two "first.csv second.ndjson"

echo "# $kills kills, $resumes runs went on"
if [ "$resumes" -ge $least ]; then pass "$resumes runs went on"; else fail "hardly a run went on: $resumes"; fi

# ---- what a run that goes on refuses ----

# The same, slowly: it is killed once an epoch was decided, however busy the machine is.
sed 's#60000/s#8000/s#' filter.yaml >slow.yaml
cut_short() {
    local epoch=0
    "$QETL" run slow.yaml >out 2>err </dev/null &
    pid=$!
    for _ in $(seq 2000); do
        epoch=$("$QETL" state list --json 2>/dev/null |
            jq '.result.states[] | select(.pipeline == "filter" and .status != "finished") | if .stage == "decided" or .stage == "committed" then .epoch else 0 end')
        [ "${epoch:-0}" = 0 ] || break
        sleep 0.02
    done
    kill -KILL "$pid"
    wait "$pid" 2>/dev/null
}

cut_short
sed 's/quantity > 5/quantity > 6/' filter.yaml >changed.yaml
expect_exit 2 qetl run changed.yaml
expect_text err 'has changed since.*big'
expect_text err 'full-refresh'
expect_exit 0 qetl run changed.yaml --full-refresh --json
expect_json out '.result.state.resumed_from == 0'
rm -f big.csv

# It says that it goes on.
cut_short
expect_exit 0 qetl run filter.yaml
expect_text err 'went on from epoch [0-9]+ of a run that was cut short'
rm -f big.csv

# One that is through leaves nothing to go on from.
expect_exit 0 qetl run filter.yaml --json
expect_json out '.result.state.resumed_from == 0'
rm -f big.csv

# --no-state neither reads nor writes one; --state names another folder.
expect_exit 0 qetl run filter.yaml --state elsewhere
expect_eq "mode of the folder" "$(stat -c %a elsewhere/filter)" 700
rm -rf big.csv "$XDG_STATE_HOME"
expect_exit 0 qetl run filter.yaml --no-state
expect_absent "$XDG_STATE_HOME"
expect_exit 2 qetl run filter.yaml --no-state --full-refresh
expect_exit 2 qetl run --from a.csv --to c.csv --state elsewhere
expect_text err 'go with a pipeline file'
rm -f big.csv

# ---- delivery ----

cat >promise.yaml <<'Y'
delivery: exactly-once
sources: {orders: {plugin: file, path: orders.csv}}
sinks: {out: {plugin: stdout, format: csv, input: orders}}
Y
expect_exit 2 qetl run promise.yaml
expect_text err "sink 'out'.*exactly-once is demanded.*at-least-once"
sed -i 's/exactly-once/at-least-once/' promise.yaml
expect_exit 0 qetl run promise.yaml -q
expect_exit 0 qetl run filter.yaml --json
expect_json out '.result.delivery == "exactly-once"'
