#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# SQLite on either side of runs that are killed at any moment, and go on: no row is lost, and none comes twice.
. "$(dirname "$0")/lib.sh"
RANDOM=${SEED:-1}
echo "# seed ${SEED:-1}"

# until_done PIPELINE: starts it again and again, and kills it eight times, and until it has an epoch to go on behind
until_done() {
    local kills=0 epoch=0 status=
    while :; do
        "$QETL" run "$1" --json >out 2>err </dev/null &
        pid=$!
        if [ $kills -lt 8 ] || [ "$epoch" = 0 ] && [ $kills -lt 40 ]; then
            sleep "0.$(printf %03d $((20 * kills % 400 + 20 + RANDOM % 100)))"
            kill -KILL "$pid" 2>/dev/null && kills=$((kills + 1))
        fi
        wait "$pid" 2>/dev/null
        code=$?
        [ $code = 137 ] || break
        qetl state list --json | jq -r --arg of "${1%.yaml}" \
            '.result.states[] | select(.pipeline == $of) | [.status, if .stage == "prepared" or .stage == "none" then 0 else .epoch end] | @tsv' |
            IFS=$'\t' read -r status epoch
        epoch=${epoch:-0} # it was killed before it had a state
        [ "$status" = finished ] && code=0 && break # it was killed on its way out
    done
    # the database may know of one more, or that it was the last
    [ "$status" = finished ] || expect_json out ".result.state | .resumed_from >= $epoch or .was_complete"
    echo "# $1: $kills kills"
}
reference() { # FILE: rows of the orders, whatever their order
    sqlite3 -batch "$1" 'SELECT * FROM orders ORDER BY CAST(order_id AS INTEGER)' | md5sum
}

orders orders.csv --rows 150000 --seed 11
cat >in.yaml <<'Y'
name: in
checkpoint: {every: 20ms}
sources: {in: {plugin: file, path: orders.csv}}
sinks: {out: {plugin: sqlite, input: in, path: a.db, table: orders, mode: truncate, journal_mode: wal, synchronous: normal}}
Y
cp in.yaml once.yaml
expect_exit 0 qetl run once.yaml -q --no-state -s sinks.out.path=once.db
wanted=$(reference once.db)
until_done in.yaml
expect_eq 'it ended well' "$code" 0
expect_eq 'all rows, once' "$(sqlite3 -batch a.db 'SELECT count(*), count(DISTINCT order_id) FROM orders')" '150000|150000'
expect_eq 'each as it is' "$(reference a.db)" "$wanted"
expect_json out .summary.balanced
# a run that was complete is followed by one that begins anew
expect_exit 0 qetl run in.yaml -q
expect_eq 'and again' "$(reference a.db)" "$wanted"

cat >out.yaml <<'Y'
name: out
checkpoint: {every: 20ms}
sources: {in: {plugin: sqlite, path: a.db, table: orders}}
sinks: {out: {plugin: file, input: in, path: back.csv, if_exists: append}}
Y
until_done out.yaml
expect_eq 'it ended well' "$code" 0
expect_same back.csv orders.csv

cat >copy.yaml <<'Y'
name: copy
checkpoint: {every: 20ms}
sources: {in: {plugin: sqlite, path: a.db, table: orders}}
sinks: {out: {plugin: sqlite, input: in, path: b.db, table: orders, mode: upsert, key: order_id}}
Y
until_done copy.yaml
expect_eq 'it ended well' "$code" 0
expect_eq 'a copy' "$(reference b.db)" "$wanted"
expect_absent dead-letters
