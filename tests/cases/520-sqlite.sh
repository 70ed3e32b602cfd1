#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# SQLite: rows into tables and back, each mode and option, what SQLite refuses, and nothing by halves.
. "$(dirname "$0")/lib.sh"

# pipeline SOURCE_OPTIONS SINK_OPTIONS: as YAML flow mappings without braces
pipeline() {
    printf 'sources: {in: {%s}}\nsinks: {out: {input: in, %s}}\n' "$1" "$2" >p.yaml
}
csv_to() {
    pipeline "plugin: file, path: $1" "plugin: sqlite, path: x.db, $2"
}
sql() {
    sqlite3 -batch x.db "$@"
}

# csv -> sqlite -> csv
orders orders.csv --rows 20000 --seed 5
csv_to orders.csv 'table: orders'
expect_exit 0 qetl run p.yaml --dry-run
expect_absent x.db
expect_exit 0 qetl run p.yaml --json --no-state
expect_json out '.summary.balanced and .summary.rows_out == 20000'
expect_json out '.result.outputs == [{"uri": "x.db#orders", "rows": 20000, "bytes": null}]'
expect_eq 'all rows' "$(sql 'SELECT count(*) FROM orders')" 20000
pipeline 'plugin: sqlite, path: x.db, table: orders' 'plugin: file, path: back.csv'
expect_exit 0 qetl run p.yaml
expect_same back.csv orders.csv
expect_eq 'no table of ours where no state is kept' "$(sql .tables | tr -s ' ')" orders

# the same rows as the command line of SQLite reads them
sqlite3 -batch cli.db -cmd '.mode csv' '.import orders.csv orders'
columns=$(head -n 1 orders.csv)
for db in x cli; do
    sqlite3 -batch -csv -nullvalue '""' $db.db "SELECT $columns FROM orders ORDER BY CAST(order_id AS INTEGER)" >$db.out
done
expect_same x.out cli.out

# types of a table that is created, and what values become
cat >t.ndjson <<'N'
{"id": 1, "b": true, "r": 0.5, "t": "é\u0000x", "j": {"a": [1, null]}, "l": [1, 2], "big": 12345678901234567890.25}
{"id": 2}
N
cat >t.yaml <<'Y'
sources: {in: {plugin: file, path: t.ndjson}}
transforms:
  typed:
    plugin: compute
    input: in
    set:
      tiny: cast(id as tinyint)
      u8: cast(18446744073709551615 as bigint unsigned)
      dec: cast('-0.05' as decimal(38,20))
      f: cast('0.1' as double)
      inf: cast('infinity' as double)
      day: cast('2024-02-29' as date)
      bc: cast('0044-03-15 BC' as date)
      clock: cast('12:34:56.5' as time)
      at: cast('2024-02-29 12:34:56.123456' as timestamp)
      tz: cast('2024-02-29 12:34:56.5+05:30' as timestamp with time zone)
      span: cast('1 day 02:00:00' as interval)
sinks: {out: {plugin: sqlite, input: typed, path: t.db, table: t}}
Y
expect_exit 0 qetl run t.yaml -q
sqlite3 -batch t.db "SELECT name || ' ' || type FROM pragma_table_info('t')" >types
expect_file types <<'END'
id BIGINT
b BOOLEAN
r DECIMAL TEXT(38,1)
t TEXT
j JSON TEXT
l JSON TEXT
big DECIMAL TEXT(38,2)
tiny TINYINT
u8 UNSIGNED TEXT
dec DECIMAL TEXT(38,20)
f DOUBLE
inf DOUBLE
day DATE
bc DATE
clock TIME
at TIMESTAMP
tz TIMESTAMP WITH TIME ZONE
span INTERVAL
END
python3 - >values <<'P'
import sqlite3
rows = list(sqlite3.connect("t.db").execute("SELECT * FROM t ORDER BY id"))
for value in rows[0]:
    print(repr(value))
print(sum(value is None for value in rows[1]))
P
expect_file values <<'END'
1
1
'0.5'
'é\x00x'
'{"a":[1,null]}'
'[1,2]'
'12345678901234567890.25'
1
'18446744073709551615'
'-0.05000000000000000000'
0.1
inf
'2024-02-29'
'0044-03-15 BC'
'12:34:56.5'
'2024-02-29 12:34:56.123456'
'2024-02-29 07:04:56.5+00:00'
'1 day 02:00:00'
6
END
expect_eq 'SQLite knows such times' "$(sqlite3 -batch t.db "SELECT datetime(tz), date(day), datetime(at) FROM t WHERE id = 1")" \
    '2024-02-29 07:04:56|2024-02-29|2024-02-29 12:34:56'

# and from one database into another
pipeline 'plugin: sqlite, path: t.db, table: t' 'plugin: sqlite, path: u.db, table: t'
expect_exit 0 qetl run p.yaml -q
for db in t u; do
    sqlite3 -batch $db.db "SELECT quote(id),quote(b),quote(r),hex(t),quote(j),quote(l),quote(big),quote(tiny),quote(u8),quote(dec),quote(f),quote(inf),day,bc,clock,at,tz,span FROM t ORDER BY id" >$db.out
done
expect_same u.out t.out

# constraints: rows that break them are rejected one by one, the rest stays
rm -f x.db
sql "CREATE TABLE parent (id INTEGER PRIMARY KEY); INSERT INTO parent VALUES (1);
CREATE TABLE c (id INTEGER PRIMARY KEY, name TEXT NOT NULL, n INTEGER CHECK (n < 100), u TEXT UNIQUE, parent REFERENCES parent (id))"
cat >c.csv <<'C'
id,name,n,u,parent
1,a,1,x,1
1,b,1,y,1
2,,1,z,1
3,c,100,v,1
4,d,1,x,1
5,e,1,w,7
6,f,1,,1
7,g,1,,1
C
csv_to c.csv 'table: c'
sed -i '1s/^/name: checks\n/' p.yaml
expect_exit 0 qetl run p.yaml --json
expect_json out '.summary.balanced and .summary.rows_out == 3 and .summary.rows_rejected == 5'
expect_eq 'the rows that are good' "$(sql 'SELECT id FROM c ORDER BY id' | paste -sd,)" 1,6,7
jq -r '[.code, .column // "-", .row, .message] | join(" ")' dead-letters/checks.ndjson >letters
expect_file letters <<'END'
primary_key id 2 UNIQUE constraint failed: c.id
not_null name 3 NOT NULL constraint failed: c.name
check - 4 CHECK constraint failed: n < 100
unique u 5 UNIQUE constraint failed: c.u
foreign_key - 6 FOREIGN KEY constraint failed
END

# modes
printf 'id,name,n\n1,first,1\n2,second,2\n' >a.csv
printf 'id,name,n\n2,two,\n3,three,3\n,none,4\n' >b.csv
modes() {
    rm -f x.db
    csv_to a.csv 'table: m, key: id'
    expect_exit 0 qetl run p.yaml -q
    csv_to b.csv "table: m, $1"
    expect_exit 0 qetl run p.yaml -q
    expect_eq "$1" "$(sql 'SELECT * FROM m ORDER BY id' | paste -sd ' ')" "$2"
}
modes 'mode: append, key: id' '1|first|1 2|second|2 3|three|3'
modes 'mode: upsert, key: id' '1|first|1 2|two| 3|three|3'
modes 'mode: upsert' '1|first|1 2|two| 3|three|3'
modes 'mode: delete' '1|first|1'
modes 'mode: truncate, key: id' '2|two| 3|three|3'
modes 'mode: replace' '|none|4 2|two| 3|three|3'
modes 'mode: replace, key: id' '2|two| 3|three|3'
# upsert looks at the key alone
rm -f x.db
sql "CREATE TABLE m (id INTEGER PRIMARY KEY, name TEXT UNIQUE, n); INSERT INTO m VALUES (9, 'two', 9), (8, 'three', 8)"
csv_to b.csv 'table: m, mode: upsert'
expect_exit 0 qetl run p.yaml -q
expect_eq 'upsert beside another unique index' "$(sql 'SELECT * FROM m ORDER BY id' | paste -sd ' ')" '8|three|8 9|two|9'
csv_to b.csv 'table: m, mode: upsert, key: n'
expect_exit 2 qetl run p.yaml
expect_text err 'm has no unique index over the columns of the key'
expect_text err 'CREATE UNIQUE INDEX'

# columns
printf 'ID,name,extra\n5,five,x\n' >e.csv
csv_to e.csv 'table: m'
expect_exit 2 qetl run p.yaml
expect_text err 'the table m has no column extra'
csv_to e.csv 'table: m, new_columns: reject'
expect_exit 0 qetl run p.yaml --json
expect_json out '.summary.rows_out == 0 and .summary.rows_rejected == 1'
csv_to e.csv 'table: m, new_columns: drop'
expect_exit 0 qetl run p.yaml -q
expect_eq 'dropped' "$(sql 'SELECT * FROM m WHERE id = 5')" '5|five|'
sql 'DELETE FROM m WHERE id = 5'
csv_to e.csv 'table: m, new_columns: evolve'
expect_exit 0 qetl run p.yaml -q
expect_eq 'evolved' "$(sql 'SELECT * FROM m WHERE id = 5')" '5|five||x'
sql 'CREATE TABLE needs (id INTEGER PRIMARY KEY, must TEXT NOT NULL, may TEXT NOT NULL DEFAULT 7)'
csv_to e.csv 'table: needs, new_columns: drop'
expect_exit 2 qetl run p.yaml
expect_text err 'the rows lack must, which is NOT NULL in needs'
csv_to e.csv 'table: none, create: false'
expect_exit 2 qetl run p.yaml
expect_text err 'there is no table none'
pipeline 'plugin: file, path: e.csv' 'plugin: sqlite, path: deep/er/new.db, table: t, create: false'
expect_exit 2 qetl run p.yaml
expect_absent deep
sed -i 's/, create: false/, create: true/' p.yaml
expect_exit 0 qetl run p.yaml -q
expect_eq 'folders are made' "$(sqlite3 deep/er/new.db 'SELECT count(*) FROM t')" 1

# what a table is declared as
printf 'a,b\n1,10.50\n2,0.1\n3,123456789012345.67\n' >d.csv
rm -f x.db
csv_to d.csv 'table: strict, strict: true'
expect_exit 0 qetl run p.yaml -q
expect_text <(sql .schema) '"a" INTEGER, "b" TEXT) STRICT'
csv_to d.csv 'table: n, decimals: number'
expect_exit 0 qetl run p.yaml --json
expect_json out '.summary.rows_rejected == 1'
expect_eq 'numbers' "$(sql 'SELECT b, typeof(b) FROM n WHERE b > 5')" '10.5|real'
csv_to d.csv 'table: x, decimals: text'
expect_exit 0 qetl run p.yaml -q
expect_eq 'texts' "$(sql 'SELECT b FROM x' | paste -sd ' ')" '10.50 0.10 123456789012345.67'

# NaN
printf 'x\n1.5\nnan\n' >nan.csv
cat >p.yaml <<'Y'
sources: {in: {plugin: file, path: nan.csv}}
transforms: {c: {plugin: compute, input: in, set: {x: cast(x as double)}}}
sinks: {out: {plugin: sqlite, input: c, path: x.db, table: nan, nan: reject}}
Y
expect_exit 0 qetl run p.yaml --json
expect_json out '.summary.rows_out == 1 and .summary.rows_rejected == 1'
expect_exit 0 qetl run p.yaml --json -s 'sinks.out.nan="null"'
expect_eq 'NaN' "$(sql 'SELECT x IS NULL FROM nan' | paste -sd ' ')" '0 0 1'

# names and values that want to be SQL
printf '"a""; DROP TABLE t; --",b\nx'"'"'); DROP TABLE t; --,1\n' >i.csv
rm -f x.db
csv_to i.csv "table: 'we\"ird]; --'"
expect_exit 0 qetl run p.yaml -q
pipeline "plugin: sqlite, path: x.db, table: 'we\"ird]; --'" 'plugin: file, path: i2.csv'
expect_exit 0 qetl run p.yaml -q
expect_same i2.csv i.csv

# foreign keys of an epoch
fk() {
    rm -f x.db
    sql 'CREATE TABLE k (id INTEGER PRIMARY KEY, up INTEGER REFERENCES k (id))'
    printf 'id,up\n1,2\n2,\n%b' "$2" >k.csv
    csv_to k.csv "table: k, foreign_keys: $1"
}
fk enforce ''
expect_exit 0 qetl run p.yaml -q
expect_eq 'enforce' "$(sql 'SELECT count(*) FROM k')" 1
fk defer ''
expect_exit 0 qetl run p.yaml -q
expect_eq 'defer' "$(sql 'SELECT count(*) FROM k')" 2
fk defer '3,9\n'
expect_exit 1 qetl run p.yaml
expect_text err 'row 3 of k still refers to a row of k that is not there'
expect_eq 'nothing by halves' "$(sql 'SELECT count(*) FROM k')" 0
fk ignore '3,9\n'
expect_exit 0 qetl run p.yaml -q
expect_eq 'ignore' "$(sql 'SELECT count(*) FROM k')" 3
