#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Incremental loading: what each run takes, what stays between them, and what is refused.
. "$(dirname "$0")/lib.sh"

export XDG_STATE_HOME=$PWD/home
run() { # FILE OPTION…: what arrived stands in out.csv
    rm -f out.csv
    expect_exit 0 "$QETL" run "$@" --json
}
table() { # ID,AT…
    printf '%s\n' id,at "$@"
}
write() { # FILE INCREMENTAL
    cat >"$1" <<YAML
name: ${1%.yaml}
sources:
  in: {plugin: file, path: in.csv, format: {type: csv, types: {at: timestamp}}, incremental: $2}
sinks:
  out: {plugin: file, input: in, path: out.csv, if_exists: replace}
YAML
}

# ---- what is new, what comes late, what has the same moment ----
write plain.yaml '{cursor: at, lag: 5m, key: id}'
table '1,2026-01-01 10:00:00' '2,2026-01-01 10:10:00' >in.csv
run plain.yaml
table '1,2026-01-01 10:00:00' '2,2026-01-01 10:10:00' | expect_file out.csv
run plain.yaml
table | expect_file out.csv
expect_json out '.result.components[] | select(.id == "in.incremental") | .rows_in == 2 and .rows_filtered == 2'
expect_exit 0 "$QETL" state get plain
echo '2026-01-01 10:10:00' | expect_file out
# 3 has the watermark's own moment, 4 is late by the lag to the second, 5 is later than that, 2 was changed.
table '1,2026-01-01 10:00:00' '2,2026-01-01 10:12:00' '3,2026-01-01 10:10:00' '4,2026-01-01 10:05:00' \
    '5,2026-01-01 10:04:59' >in.csv
run plain.yaml
table '2,2026-01-01 10:12:00' '3,2026-01-01 10:10:00' '4,2026-01-01 10:05:00' | expect_file out.csv
expect_exit 0 "$QETL" state show plain
expect_text out '^ *in +watermark .* at = 2026-01-01 10:12:00'

# ---- by hand, anew, without a state ----
expect_exit 0 "$QETL" state set plain in '2026-01-01 10:10:00' # and the keys within the lag go
run plain.yaml
table '2,2026-01-01 10:12:00' '3,2026-01-01 10:10:00' '4,2026-01-01 10:05:00' | expect_file out.csv
expect_exit 2 "$QETL" state set plain in soon
expect_text err '`soon` is no timestamp'
run plain.yaml --full-refresh
cp in.csv all.csv
expect_same out.csv all.csv
run plain.yaml
table | expect_file out.csv
run plain.yaml --no-state
expect_same out.csv all.csv
expect_text err 'no state is kept: each run loads everything'
expect_exit 0 "$QETL" run plain.yaml --dry-run
expect_no_text err 'no state is kept'
run plain.yaml --state elsewhere
expect_same out.csv all.csv

# ---- without a key rows within the lag pass again ----
write keyless.yaml '{cursor: at, lag: 5m}'
run keyless.yaml
run keyless.yaml
table '2,2026-01-01 10:12:00' '3,2026-01-01 10:10:00' | expect_file out.csv

# ---- rows without a cursor ----
table '1,2026-01-01 10:00:00' '2,' >in.csv
for nulls in reject load skip; do
    write "$nulls.yaml" "{cursor: at, key: id, nulls: $nulls}"
    run "$nulls.yaml"
    run "$nulls.yaml"
    expect_eq "rows with nulls: $nulls" "$(tail -n +2 out.csv)" "$([ $nulls != load ] || echo '2,')"
    expect_json out ".result.components[] | select(.id == \"in.incremental\") |
        .rows_rejected == $([ $nulls = reject ] && echo 1 || echo 0) and
        .rows_filtered == $([ $nulls = skip ] && echo 2 || echo 1)"
done
write default.yaml '{cursor: at}'
run default.yaml
expect_text dead-letters/default.ndjson '`at` is NULL: nobody can tell whether the row is new'

# ---- rows that nobody wanted were not loaded: the watermark stays ----
table '1,2026-01-01 10:00:00' '2,2026-01-01 10:10:00' '3,2026-01-01 09:00:00' >in.csv
write some.yaml '{cursor: at, key: id}'
sed -i 's/^sinks:/transforms:\n  few: {plugin: limit, input: in, rows: 2}\nsinks:/; s/input: in, path/input: few, path/' some.yaml
run some.yaml
expect_exit 0 "$QETL" state get some
echo | expect_file out
sed -i 's/rows: 2/rows: 100/' some.yaml
run some.yaml
expect_same out.csv in.csv
run some.yaml
table | expect_file out.csv

# ---- a bound on keys ----
for i in $(seq 11); do echo "$i,2026-01-01 10:00:00"; done >rows
{ table; cat rows; } >in.csv
write bound.yaml '{cursor: at, key: id, max_keys: 10}'
expect_exit 2 "$QETL" run bound.yaml
expect_text err 'more than 10 keys lie within the lag of `at`'
expect_text err 'raise `max_keys`'
sed -i 's/max_keys: 10/max_keys: 11/' bound.yaml
run bound.yaml
expect_same out.csv in.csv

# ---- a database is asked for no more than that ----
python3 - <<'PY'
import sqlite3
base = sqlite3.connect("t.db")
base.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER)")
base.executemany("INSERT INTO t VALUES (?, ?)", [(i, i * 10) for i in range(1, 1001)])
base.commit()
PY
cat >base.yaml <<'YAML'
name: base
sources:
  in: {plugin: sqlite, path: t.db, table: t, incremental: {cursor: n, lag: 20, key: id}}
sinks:
  out: {plugin: file, input: in, path: out.csv, if_exists: replace}
YAML
run base.yaml
expect_json out '.result.components[] | select(.id == "in.incremental") | .rows_in == 1000 and .rows_out == 1000'
python3 -c '
import sqlite3
base = sqlite3.connect("t.db")
base.execute("INSERT INTO t VALUES (2000, 9990), (2001, 10010), (2002, 9979)")
base.commit()'
run base.yaml
printf 'id,n\n2000,9990\n2001,10010\n' | expect_file out.csv
expect_json out '.result.components[] | select(.id == "in") | .rows_out == 5'

# ---- the example of the reference ----
python3 - <<'PY'
import sqlite3
base = sqlite3.connect("shop.db")
base.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, updated_at TIMESTAMP, total INTEGER)")
base.execute("INSERT INTO orders VALUES (1, '2026-01-31 23:59:58', 5)")
base.commit()
PY
awk '/^```yaml/ { inside = 1; next } /^```/ { inside = 0 } inside' "$root/docs/reference/incremental.md" >orders.yaml
expect_exit 0 "$QETL" run orders.yaml
expect_exit 0 "$QETL" state get orders
echo '2026-01-31 23:59:58' | expect_file out
python3 -c '
import sqlite3
base = sqlite3.connect("shop.db")
base.execute("INSERT INTO orders VALUES (2, \"2026-01-31 23:55:00\", 6), (3, \"2026-01-31 23:54:57\", 7)")
base.commit()'
expect_exit 0 "$QETL" run orders.yaml
expect_eq 'rows in orders.csv' "$(cut -d, -f1 orders.csv | paste -sd' ')" 'id 1 2'
expect_exit 0 "$QETL" state set orders orders '2026-01-01 00:00:00'
expect_exit 0 "$QETL" run orders.yaml
expect_eq 'rows in orders.csv' "$(cut -d, -f1 orders.csv | paste -sd' ')" 'id 1 2 1 2 3'

# ---- killed in between, it goes on with the same watermark ----
seq 1 400000 | awk 'BEGIN { print "id,n" } { print $1 "," $1 }' >many.csv
cat >killed.yaml <<'YAML'
name: killed
batch_bytes: 16KiB
checkpoint: {every: 10ms}
sources:
  in: {plugin: file, path: many.csv, rate_limit: {rows: 100000/s}, incremental: {cursor: n, lag: 100, key: id}}
sinks:
  out: {plugin: file, input: in, path: many.out.csv, if_exists: replace}
YAML
for least in 2 4; do # epochs that are decided before it dies
    "$QETL" run killed.yaml -q 2>err &
    pid=$!
    for _ in $(seq 2000); do
        epoch=$("$QETL" state list --json 2>/dev/null | jq '.result.states[] | select(.pipeline == "killed").epoch')
        [ "${epoch:-0}" -lt "$least" ] || break
        sleep 0.02
    done
    kill -9 "$pid"
    wait "$pid" 2>/dev/null
    expect_eq 'epochs were decided' "$((epoch >= least))" 1
done
expect_exit 2 "$QETL" state set killed in 5
expect_text err 'a run of `killed` was cut short'
expect_exit 0 "$QETL" state show killed
expect_text out '^ *in +position .* many.csv, behind row [0-9,]+$'
sed -i 's/rate_limit: {[^}]*}, //' killed.yaml
expect_exit 0 "$QETL" run killed.yaml
expect_text err 'state +went on from epoch'
expect_same many.out.csv many.csv
expect_exit 0 "$QETL" run killed.yaml --json
echo id,n | expect_file many.out.csv

# ---- what is refused ----
try() { # INCREMENTAL PATTERN
    write wrong.yaml "$1"
    expect_exit 2 "$QETL" run wrong.yaml
    expect_text err "$2"
}
try '{key: id}' '`cursor` is missing'
try '{cursor: att}' 'did you mean "at"'
try '{cursor: at, key: [id, idd]}' 'did you mean "id"'
try '{cursor: at, lag: soon}' '`lag` is no length of time'
try '{cursor: at, lag: 5}' '`lag` does not fit the cursor `at`, which is of type timestamp'
try '{cursor: id, lag: 5m}' '`lag` does not fit the cursor `id`'
try '{cursor: at, nulls: drop}' 'nulls'
try '{cursor: at, keys: id}' 'did you mean `key`'
write plain.yaml '{cursor: id, key: id}'
expect_exit 2 "$QETL" run plain.yaml
expect_text err 'the watermark is one of `at`, but the cursor is `id` now'
write plain.yaml '{cursor: at, key: id}'
sed -i 's/, types: {at: timestamp}/, types: {at: bigint}/' plain.yaml
expect_exit 2 "$QETL" run plain.yaml
expect_text err 'is no value of `at`, which is of type bigint'
