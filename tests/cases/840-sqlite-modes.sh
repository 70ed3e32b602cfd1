#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# SQLite: what becomes of a table in each mode, as it is seen by others meanwhile, and when others change it.
. "$(dirname "$0")/lib.sh"

sql() {
    sqlite3 -batch x.db "$@"
}
# to SINK_OPTIONS: csv rows on stdin into the table t of x.db
to() {
    cat >in.csv
    printf 'name: modes\nsources: {in: {plugin: file, path: in.csv, format: {type: csv, types: {id: bigint}}}}\nsinks: {out: {input: in, plugin: sqlite, path: x.db, table: t, %s}}\n' "$1" >p.yaml
    rm -rf dead-letters
    "$QETL" run p.yaml --json >out 2>err
}
letters() {
    jq -r '[.code, .column // "-", .row, .message] | join(" ")' dead-letters/modes.ndjson
}

# a history
printf 'id,name,city\n1,Ada,Rome\n2,Bo,Oslo\n3,Cy,\n' | to 'mode: scd2, key: id'
sql .schema >schema
expect_text schema 'PRIMARY KEY \("id", "valid_from"\)'
expect_text schema 'CREATE UNIQUE INDEX "t_current" ON "t" \("id"\) WHERE "is_current" = 1'
sql 'CREATE TABLE first AS SELECT * FROM t'
printf 'id,name,city\n1,Ada,Rome\n2,Bo,Bergen\n3,Cy,\n4,Di,Bonn\n' | to 'mode: scd2, key: id'
expect_json out '.summary.balanced and .summary.rows_out == 4 and .summary.rows_rejected == 0'
expect_eq 'versions' "$(sql 'SELECT id, name, city, valid_to IS NULL, is_current FROM t ORDER BY id, valid_from' | paste -sd ' ')" \
    '1|Ada|Rome|1|1 2|Bo|Oslo|0|0 2|Bo|Bergen|1|1 3|Cy||1|1 4|Di|Bonn|1|1'
expect_eq 'one ends where the next begins' "$(sql 'SELECT count(*) FROM t a JOIN t b ON a.id = b.id AND a.valid_to = b.valid_from')" 1
expect_eq 'what has not changed is as it was' "$(sql 'SELECT count(*) FROM (SELECT * FROM first INTERSECT SELECT * FROM t)')" 2
expect_eq 'SQLite knows such times' "$(sql "SELECT count(*) FROM t WHERE datetime(valid_from) BETWEEN datetime('now', '-1 day') AND datetime('now', '+1 second')")" 5
printf 'id,name,city\n,No,Key\n' | to 'mode: scd2, key: id'
expect_eq 'a key that is NULL' "$(letters)" 'null_key id 1 a column of the key is NULL'

# of times that the rows tell
rm x.db
printf 'id,name,seen\n1,a,2024-01-01\n1,b,2024-02-01\n1,c,2024-03-01\n2,x,2024-01-05\n' |
    to 'mode: scd2, key: id, history: {at: seen, valid_from: since, valid_to: until, is_current: now}'
expect_eq 'columns' "$(sql "SELECT name FROM pragma_table_info('t')" | paste -sd ,)" id,name,since,until,now
expect_eq 'versions' "$(sql 'SELECT * FROM t ORDER BY id, since' | paste -sd ' ')" \
    '1|a|2024-01-01|2024-02-01|0 1|b|2024-02-01|2024-03-01|0 1|c|2024-03-01||1 2|x|2024-01-05||1'
cp x.db before.db
printf 'id,name,seen\n1,a,2024-01-01\n1,b,2024-02-01\n1,c,2024-03-01\n2,x,2024-01-05\n2,x,2024-01-09\n' |
    to 'mode: scd2, key: id, history: {at: seen, valid_from: since, valid_to: until, is_current: now}'
expect_json out '.summary.rows_out == 5 and .summary.rows_rejected == 0'
expect_eq 'the same rows again change nothing' "$(sql 'SELECT * FROM t' | md5sum)" "$(sqlite3 -batch before.db 'SELECT * FROM t' | md5sum)"
printf 'id,name,seen\n1,late,2024-02-15\n1,d,2024-03-01\n2,y,\n' |
    to 'mode: scd2, key: id, history: {at: seen, valid_from: since, valid_to: until, is_current: now}'
expect_eq 'too late, and of no time' "$(letters)" "out_of_order seen 1 a later version of its key is there already
null_time seen 3 NULL says not from when on the row holds"
expect_eq 'of the same time' "$(sql 'SELECT * FROM t WHERE now AND id = 1')" '1|d|2024-03-01||1'
# a version that cannot be leaves the former one
sql "CREATE TRIGGER no BEFORE INSERT ON t WHEN new.name = 'bad' BEGIN SELECT raise(ABORT, 'not bad'); END"
printf 'id,name,seen\n1,bad,2024-04-01\n2,good,2024-04-01\n' |
    to 'mode: scd2, key: id, history: {at: seen, valid_from: since, valid_to: until, is_current: now}'
expect_eq 'SQLite says why' "$(letters)" 'trigger - 1 not bad'
expect_eq 'the former is current' "$(sql 'SELECT id, name FROM t WHERE now ORDER BY id' | paste -sd ' ')" '1|d 2|good'
# letters of either case are two values, whatever the column compares
rm x.db
sql 'CREATE TABLE t (id INTEGER, name TEXT COLLATE NOCASE, valid_from, valid_to, is_current)'
printf 'id,name\n1,ada\n' | to 'mode: scd2, key: id'
printf 'id,name\n1,Ada\n' | to 'mode: scd2, key: id'
expect_eq 'two versions' "$(sql 'SELECT name, is_current FROM t ORDER BY is_current' | paste -sd ' ')" 'ada|0 Ada|1'
# what cannot be a history is said before any row moves
printf 'id,name\n1,a\n' | to 'mode: scd2'
expect_text out 'a history needs a key'
printf 'id,valid_to\n1,a\n' | to 'mode: scd2, key: id'
expect_text out 'the rows have a column valid_to, which is one of the history'
printf 'id,name\n1,a\n' | to 'mode: scd2, key: id, history: {is_current: current}'
expect_text out 'x.db: t has no column current, and no history without it'
printf 'id,name\n1,a\n' | to 'mode: scd2, key: id, history: {at: id}'
expect_text out 'id is in the key'

# replaced at the end, at once: until then others see what was there
rm -f x.db
sql "CREATE TABLE t (id INTEGER PRIMARY KEY, old TEXT); INSERT INTO t VALUES (7, 'old'); CREATE VIEW v AS SELECT id FROM t; CREATE INDEX i ON t (old)"
orders many.csv --rows 60000 --seed 3
cat >swap.yaml <<'Y'
checkpoint: {every: 10ms}
sources: {in: {plugin: file, path: many.csv}}
sinks: {out: {input: in, plugin: sqlite, path: x.db, table: t, mode: replace, key: order_id, journal_mode: wal}}
Y
cat >look.py <<'P'
import sqlite3, subprocess, sys
db = sqlite3.connect("x.db", isolation_level=None)
seen, gathered = set(), set()
with subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL) as run:
    while run.poll() is None:
        seen.add(db.execute("SELECT count(*) FROM t").fetchone()[0])
        gathered |= set(db.execute("SELECT name FROM sqlite_schema WHERE name = '_qetl_new_t'"))
seen.add(db.execute("SELECT count(*) FROM t").fetchone()[0])
print(run.returncode, sorted(seen), bool(gathered), [r[0] for r in db.execute("SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' AND name NOT LIKE '_qetl_epochs' ORDER BY 1")], db.execute("SELECT count(*) FROM v").fetchone() if "id" in [c[1] for c in db.execute("PRAGMA table_info(t)")] else "-")
P
expect_eq 'one or the other' "$(python3 look.py "$QETL" run swap.yaml -q)" "0 [1, 60000] True ['t', 'v'] -"
# a bad row is told of the table that it is for
printf 'id,name\n1,a\n1,b\n' | to 'mode: replace, key: id'
expect_eq 'told' "$(letters)" 'primary_key id 2 UNIQUE constraint failed: t.id'
expect_eq 'the view sees the new one' "$(sql 'SELECT * FROM v')" 1
# rows that refer to it have to find theirs
sql 'CREATE TABLE child (t REFERENCES t (id)); INSERT INTO child VALUES (1)'
printf 'id,name\n2,z\n' | to 'mode: replace, key: id'
expect_text out 'row 1 of child still refers to a row of t that is not there'
expect_eq 'as it was' "$(sql 'SELECT * FROM t')" '1|a'
printf 'id,name\n1,z\n2,z\n' | to 'mode: replace, key: id'
expect_eq 'they do' "$(sql 'SELECT count(*) FROM t')" 2
printf 'id,name\n2,z\n' | to 'mode: replace, key: id, foreign_keys: ignore'
expect_eq 'or nobody asks' "$(sql 'SELECT count(*) FROM t')" 1
# given up, and begun anew
sql 'CREATE TABLE _qetl_new_t (x); INSERT INTO _qetl_new_t VALUES (1)'
printf 'id,name\n1,z\n' | to 'mode: replace, key: id'
expect_eq 'nothing is left' "$(sql .tables | tr -s ' \n' ' ')" '_qetl_epochs child t v '
printf 'id,name\n' | to 'mode: replace, key: id, foreign_keys: ignore'
expect_eq 'no rows are rows, too' "$(sql 'SELECT count(*) FROM t')" 0

# columns that come: frozen, added, refused with their rows, left out
new() {
    rm -f x.db
    sql "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)"
    printf 'id,name,extra\n1,a,\n2,b,x\n3,c,\n' | to "new_columns: $1"
}
new freeze
expect_text out 'the table t has no column extra'
expect_eq freeze "$(sql 'SELECT count(*) FROM t')" 0
new evolve
expect_eq evolve "$(sql 'SELECT * FROM t' | paste -sd ' ')" '1|a| 2|b|x 3|c|'
new drop
expect_eq drop "$(sql 'SELECT * FROM t' | paste -sd ' ')" '1|a 2|b 3|c'
new reject
expect_eq reject "$(sql 'SELECT * FROM t' | paste -sd ' ')" '1|a 3|c'
expect_eq 'and why' "$(letters)" 'new_column extra 2 the table t has no column extra'
expect_json out '.summary.balanced and .summary.rows_out == 2 and .summary.rows_rejected == 1'
