#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The source `sqlite`: tables, views and queries, types by declaration and by option, what is none of its type, who stands in the way.
. "$(dirname "$0")/lib.sh"

# read OPTIONS: rows of x.db as CSV, in `out`
read_db() {
    printf 'name: reading\nsources: {in: {plugin: sqlite, path: x.db, %s}}\nsinks: {out: {plugin: stdout, input: in, format: csv}}\n' "$1" >p.yaml
    rm -rf dead-letters
    qetl run p.yaml -q
}
sql() {
    sqlite3 -batch x.db "$@"
}

sql "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, r REAL, s VARCHAR(10), day DATE, at DATETIME, tz TIMESTAMP WITH TIME ZONE, clock TIME,
  price DECIMAL(10,2), j JSON, ok BOOLEAN, raw BLOB, any);
INSERT INTO t VALUES (1, -9223372036854775808, 1e300, '', '2024-02-29', '2024-02-29T23:59:59.999999', '2024-02-29 12:00:00+02:00', '23:59:59.5', 10.1, '[1]', 1, x'00ff', 5),
  (2, 9223372036854775807, -0.1, 'é', '0001-01-01', '2024-02-29', '2024-02-29 12:00Z', '00:00', 12345678.91, '{\"a\":null}', 0, 'text', 'x'),
  (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  (4, 0, 9e999, 'a
b', '9999-12-31', '1969-12-31 23:59:59', '1970-01-01 00:00:00', '12:00:00', 7, '\"x\"', 0, x'', 1.5)"
expect_exit 0 read_db 'table: t'
expect_file out <<'END'
id,a,r,s,day,at,tz,clock,price,j,ok,raw,any
1,-9223372036854775808,1e+300,"",2024-02-29,2024-02-29 23:59:59.999999,2024-02-29 10:00:00+00,23:59:59.5,10.10,[1],true,\x00ff,5
2,9223372036854775807,-0.1,é,0001-01-01,2024-02-29 00:00:00,2024-02-29 12:00:00+00,00:00:00,12345678.91,"{""a"":null}",false,\x74657874,x
3,,,,,,,,,,,,
4,0,Infinity,"a
b",9999-12-31,1969-12-31 23:59:59,1970-01-01 00:00:00+00,12:00:00,7.00,"""x""",false,\x,1.5
END
expect_exit 0 qetl preview p.yaml
expect_text out 'bigint'
expect_exit 0 read_db 'table: t, columns: [s, id]'
expect_eq 'columns' "$(head -n 1 out)" s,id
expect_exit 0 read_db "query: 'SELECT count(*) AS n, sum(a) AS \"sum\", max(r), null AS nix FROM t WHERE id < 3;  '"
expect_file out <<'END'
n,sum,max(r),nix
2,-1,1e+300,
END
expect_exit 0 read_db "query: 'SELECT id, s FROM t ORDER BY id DESC'"
expect_eq 'in the order of the query' "$(grep -o '^[0-9]' out | paste -sd ' ')" '4 3 2 1'
sql 'CREATE VIEW v AS SELECT id, price * 2 AS twice FROM t WHERE id <> 3'
expect_exit 0 read_db 'table: v, key: id'
expect_eq 'a view' "$(paste -sd ' ' out)" 'id,twice 1,20.2 2,24691357.82 4,14'

# values that are none of their type
sql "CREATE TABLE bad (id INTEGER PRIMARY KEY, n INT, d DATE, j JSON, b BOOLEAN, t TEXT);
INSERT INTO bad VALUES (1, 1, '2024-01-01', '[]', 1, 'x'), (2, 'many', '2024-01-01', '[]', 1, 'x'), (3, 3, '2024-02-30', '[]', 1, 'x'),
  (4, 4, '2024-01-01', '[', 1, 'x'), (5, 5, '2024-01-01', '[]', 2, 'x'), (6, 6, '2024-01-01', '[]', 1, x'ff'), (7, 7, '2024-01-01', '[]', 1, CAST(x'ff' AS TEXT)),
  (8, 8.5, '2024-01-01', '[]', 1, 'x'), (9, 9, '2024-01-01', '[]', 1, 'x')"
expect_exit 0 read_db 'table: bad'
expect_eq 'the good ones' "$(cut -d, -f1 out | paste -sd ' ')" 'id 1 9'
jq -r '[.row, .column, .message] | join("|")' dead-letters/reading.ndjson >letters
expect_file letters <<'END'
2|n|a text many is no bigint; as text it can be read: types: {n: text}
3|d|a text 2024-02-30 is no date; as text it can be read: types: {d: text}
4|j|a text [ is no json; as text it can be read: types: {j: text}
5|b|an integer 2 is no boolean; as text it can be read: types: {b: text}
6|t|a blob is no text; as binary it can be read: types: {t: binary}
7|t|a text that is no UTF-8 is no text; as binary it can be read: types: {t: binary}
8|n|a real number 8.5 is no bigint; as text it can be read: types: {n: text}
END
expect_eq 'what a letter holds' "$(jq -r .original dead-letters/reading.ndjson | sed -n 1p)" '{"id":2,"n":"many","d":"2024-01-01","j":"[]","b":1,"t":"x"}'
expect_exit 0 read_db 'table: bad, types: {n: text, d: text, j: text, b: smallint, t: binary}'
expect_eq 'all of them' "$(sed 1d out | wc -l)" 9
expect_exit 0 read_db "query: SELECT n FROM bad WHERE id = 2, types: {n: date}"
expect_eq 'rejected' "$(jq -r .row dead-letters/reading.ndjson)" 1
expect_exit 0 read_db "query: 'SELECT ''007'' AS a, ''1.50'' AS b, ''1e2'' AS c, ''2024-01-01'' AS d', types: {a: integer, b: 'decimal(5,2)', c: double, d: timestamp}"
expect_eq 'texts of numbers' "$(sed 1d out)" '7,1.50,100,2024-01-01 00:00:00'

# what cannot be read is told
expect_exit 2 read_db 'table: none'
expect_text err 'no such table: main.none'
expect_exit 2 read_db 'table: t, columns: [ids]'
expect_text err 'did you mean|id'
expect_exit 2 read_db 'table: t, types: {ids: text}'
expect_text err "ids"
expect_exit 2 read_db 'table: t, types: {id: "integer[]"}'
expect_text err 'SQLite holds no values of this type'
expect_exit 2 read_db 'table: t, query: SELECT 1'
expect_text err 'table and query cannot stand beside each other'
expect_exit 2 qetl run p.yaml -s 'sources.in={plugin: sqlite, path: x.db}'
expect_text err 'neither table nor query'
for query in 'SELECT 1; SELECT 2' 'DELETE FROM t' 'SELECT ?1' ' ' 'SELECT nothing FROM t' 'SELECT "nothing" FROM t' 'PRAGMA journal_mode=wal'; do
    expect_exit 2 read_db "query: '$query'"
done
expect_eq 'nothing was deleted' "$(sql 'SELECT count(*) FROM t')" 4
expect_exit 2 read_db "query: 'SELECT 1 AS a, 2 AS a'"
expect_text err 'two columns are called a'
expect_exit 1 read_db "query: 'SELECT 1 AS a UNION ALL SELECT NULL', key: a"
expect_text err 'a row has NULL in its key'
printf 'no database, but long enough to be looked at as one ............................................................' >n.db
expect_exit 1 qetl run p.yaml -s 'sources.in={plugin: sqlite, path: n.db, table: t}'
expect_text err 'file is not a database'
expect_exit 3 qetl run p.yaml -s 'sources.in={plugin: sqlite, path: missing.db, table: t}'
expect_text err 'missing.db: there is no such file'

# the same file on both sides
expect_exit 2 qetl run p.yaml -s 'sources.in={plugin: sqlite, path: x.db, table: t}' -s 'sinks.out={plugin: sqlite, input: in, path: ./x.db, table: copy}'
expect_text err "writes the file that .in. reads"
expect_eq 'nothing came of it' "$(sql .tables | tr -s ' \n' ' ')" 'bad t v '

# batches are as large as the pipeline says
sql "CREATE TABLE wide AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) SELECT i AS id, zeroblob(65536) AS x FROM n"
printf 'name: wide\nsources: {in: {plugin: sqlite, path: x.db, table: wide}}\nsinks: {out: {plugin: "null", input: in}}\n' >p.yaml
batches() {
    "$QETL" run p.yaml -q -s batch_bytes="$1" --json-file json
    jq '.result.components[] | select(.id == "in") | .batches' json
}
few=$(batches 4MiB) many=$(batches 256KiB)
expect_eq "$few batches of 4 MiB, $many of 256 KiB" "$([ "$few" -gt 1 ] && [ "$many" -ge $((3 * few)) ] && echo yes)" yes
