#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The sink rest is killed again and again, and goes on: a server that honours idempotency keys has every row once and in order, as has one
# that is told by PUT what is to be there; without either no row is missing.
# tsan: no
. "$(dirname "$0")/rest-lib.sh"
RANDOM=${SEED:-1}
echo "# seed ${SEED:-1}"
serve
rows=1500

# killed NAME OPTIONS: all rows to the server, by a run that is killed and begun again until it is done
killed() {
    local kills=0 pause status heard
    control /_kept '[]' >control.out
    : >journal
    (
        echo id,name
        seq $rows | sed 's/.*/&,row-&/'
    ) >in.csv
    cat >"$1.yaml" <<Y
name: $1
checkpoint: {every: 20ms}
batch_rows: 40
batch_bytes: 4KiB
sources: {in: {plugin: file, path: in.csv, rate_limit: {bytes: 12KiB/s}}}
sinks: {out: {plugin: rest, input: in, private_hosts: [127.0.0.1], requests_per_second: ${3:-900}, retry: {first: 20ms, most: 100ms}, $2}}
Y
    while :; do
        heard=$(wc -l <journal)
        "$QETL" run "$1.yaml" --json >out 2>err </dev/null &
        pid=$!
        if [ $kills -lt 12 ]; then
            pause=$((RANDOM % 200))
            for _ in $(seq 1000); do # what was begun has been heard of, however slow the machine is
                [ "$(wc -l <journal)" = "$heard" ] || break
                kill -0 "$pid" 2>/dev/null || break
                sleep 0.02
            done
            sleep "0.$(printf %03d $pause)"
            kill -KILL "$pid" 2>/dev/null && kills=$((kills + 1))
        fi
        wait "$pid" 2>/dev/null
        code=$?
        [ $code = 137 ] || break
        qetl state list --json | jq -r --arg of "$1" '.result.states[] | select(.pipeline == $of) | .status' | read -r status
        [ "$status" = finished ] && code=0 && break # it was killed on its way out
    done
    echo "# $1: $kills kills, $(requests) requests for $rows rows, $(control /_kept | jq length) kept"
    expect_eq "$1 ended well, after kills" "$code $((kills > 3))" '0 1'
}
kept() { control /_kept | jq -c "$1"; }

killed keys "url: '$base/in', idempotency: {key: row}"
expect_eq 'every row once, in order' "$(kept "[.[].id] == [range(1; $rows + 1)]")" true
expect_eq 'some were sent twice' "$(($(requests) > rows))" 1
expect_eq 'no key was there with another row' "$(requests '.status == 422')" 0

killed own "url: '$base/in', idempotency: {key: column, column: name}, concurrency: 4"
expect_eq 'every row once' "$(kept "[.[].id] | sort == [range(1; $rows + 1)]")" true

killed put "url: '$base/in/{id}', method: PUT, columns: [name], concurrency: 4"
expect_eq 'every row is there' "$(kept "[.[].id | tonumber] | sort == [range(1; $rows + 1)]")" true

killed append "url: '$base/in', body: array, rows_per_request: 10" 70
expect_eq 'none is missing' "$(kept "[.[].id] | unique == [range(1; $rows + 1)]")" true
