#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A run that follows files is killed while they grow, rotate and are written anew: each line once.
. "$(dirname "$0")/lib.sh"

cat >f.yaml <<'YAML'
name: f
checkpoint: {every: 10ms}
sources:
  in: {plugin: file, path: "*.log", follow: true, follow_poll_ms: 5, format: lines}
sinks:
  out: {plugin: file, input: in, path: out.csv}
YAML

n=0
lines() { # FILE COUNT
    local i
    for ((i = 0; i < $2; i++)); do
        echo "line $((n++)) of $1"
    done >>"$1"
}
seen() { # until so many rows are there, or two seconds are over
    for _ in {1..200}; do
        [ -f out.csv ] && [ "$(wc -l <out.csv)" -gt "$1" ] && return
        sleep 0.01
    done
}

kills=0
lines a.log 1000
lines b.log 10
for round in 1 2 3 4; do
    "$QETL" run -q f.yaml >out 2>err &
    pid=$!
    lines a.log 200
    seen $((n - 200))
    lines b.log 300
    sleep "0.0$((round * 2))"
    kill -9 "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
    [ $? = 137 ] && kills=$((kills + 1))
    lines a.log 50 # while nobody looks
    [ "$round" = 2 ] && mv a.log a.log.1 && lines a.log 20
    [ "$round" = 3 ] && lines c.log 30
done
expect_eq 'all runs were killed' "$kills" 4
background "$QETL" run f.yaml
seen "$n"
lines c.log 5
seen "$n"
interrupt_and_wait INT
expect_eq 'the run that was interrupted' "$code" 0
expect_text err "^state +went on from epoch"
expect_eq 'one header' "$(grep -c '^line$' out.csv)" 1
grep -v '^line$' out.csv | sort >got
cat ./*.log a.log.1 | sort >wanted
expect_same got wanted
grep ' of b' out.csv >got
expect_same got b.log

# and once more: what was seen is not shown again
lines b.log 7
background "$QETL" run f.yaml
seen "$n"
interrupt_and_wait INT
expect_eq 'the run after an end in good order' "$code" 0
expect_eq 'rows' "$(wc -l <out.csv)" "$((n + 1))"
