#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A run without end that is interrupted, or killed, goes on where it stood: no row is missing, none comes
# twice, and the header stands once.
# shellcheck source=tests/cases/lib.sh
. "$(dirname "$0")/lib.sh"

cat >follow.yaml <<'Y'
name: follow
checkpoint: {every: 50ms}
sources: {in: {plugin: file, path: in.csv, follow: true, follow_poll_ms: 20}}
sinks: {out: {plugin: file, input: in, path: out.csv}}
Y

# holds LINES: until the output has so many
holds() {
    for _ in $(seq 2000); do
        [ -f out.csv ] && [ "$(wc -l <out.csv)" = "$1" ] && break
        sleep 0.02
    done
    expect_eq "lines of out.csv" "$(wc -l <out.csv)" "$1"
}

printf 'id,t\n1,a\n2,b\n' >in.csv
background "$QETL" run follow.yaml --json
holds 3
interrupt_and_wait INT
expect_eq 'interrupted' "$code" 0
expect_json out '.summary.rows_out == 2'

printf '3,c\n4,d\n' >>in.csv
background "$QETL" run follow.yaml --json
holds 5
sleep 0.3 # so that an epoch has them
kill -KILL "$pid"
wait "$pid" 2>/dev/null

printf '5,e\n' >>in.csv
background "$QETL" run follow.yaml --json
holds 6
interrupt_and_wait TERM
expect_eq 'interrupted once more' "$code" 0
expect_json out '.summary.rows_out == 5 and .result.state.resumed_from > 0'
expect_file out.csv <<'E'
id,t
1,a
2,b
3,c
4,d
5,e
E
