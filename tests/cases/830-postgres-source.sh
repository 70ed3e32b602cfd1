#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The source `postgres`: tables, views and queries of a real server; its types, what a column cannot hold, names of all kinds, and what is told of what
# cannot be read.
# tsan: no
. "$(dirname "$0")/postgres-lib.sh"
pg_serve

sql <<'S'
CREATE TYPE mood AS ENUM ('sad', 'so so');
CREATE TYPE pair AS (a int, b text);
CREATE DOMAIN price AS numeric(10,2) CHECK (value >= 0);
CREATE TABLE t (id int PRIMARY KEY, ok bool, s smallint, l bigint, r real, g double precision, n numeric(12,2), p price, un numeric, big numeric(50,2),
  tx text, vc varchar(10), ch char(5), nm name, e mood, by bytea, d date, tm time, tmz timetz, ts timestamp, tz timestamptz, iv interval, u uuid, j json, jb jsonb,
  ip inet, net cidr, mac macaddr, a int[], c pair, rg int4range, m money, o oid, bi bit(3), x xml, v tsvector, pt point);
INSERT INTO t VALUES (1, true, -32768, -9223372036854775808, 'NaN', '-Infinity', -9999999999.99, 0.10, 1e40, 1e40, '', 'v', 'c', 'n', 'so so', '\x00ff', '4713-11-24 BC', '00:00',
  '12:00+02', '0044-03-15 12:00:00 BC', '2024-02-29 12:00:00.5+02', '1 year 2 mons -3 days 04:05:06.7', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '{"a": [1,  2]}', '{"a": [1,  2]}',
  '10.0.0.1', '10.0.0.0/8', '08:00:2b:01:02:03', '{1,NULL,3}', '(1,"x y")', '[1,5)', 12.5, 4294967295, '101', '<a/>', 'a b', '(1,2)'),
 (2, false, 32767, 9223372036854775807, '3.4028235e38', '5e-324', 9999999999.99, 12345678.90, 'NaN', 0.01, E'one\ntwo', 'ä€😀', '12345', 'x', 'sad', '', '5874897-12-31', '23:59:59.999999',
  '23:59:59.999999-15:59', '294246-12-31 23:59:59.999999', '0001-01-01 00:00:00+00 BC', '-178000000 years', '00000000-0000-0000-0000-000000000000', 'null', '"x"',
  '::1/64', '::/0', 'ff:ff:ff:ff:ff:ff', '{}', '(,)', 'empty', -0.01, 0, '000', 'text', '', '(NaN,-0)');
INSERT INTO t (id) VALUES (3);
S
expect_exit 0 read_pg 'table: t'
expect_file out <<'END'
id,ok,s,l,r,g,n,p,un,big,tx,vc,ch,nm,e,by,d,tm,tmz,ts,tz,iv,u,j,jb,ip,net,mac,a,c,rg,m,o,bi,x,v,pt
1,true,-32768,-9223372036854775808,NaN,-Infinity,-9999999999.99,0.10,10000000000000000000000000000000000000000,10000000000000000000000000000000000000000.00,"",v,c    ,n,so so,\x00ff,4713-11-24 BC,00:00:00,12:00:00+02,0044-03-15 12:00:00 BC,2024-02-29 10:00:00.5+00,1 year 2 mons -3 days +04:05:06.7,a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11,"{""a"": [1,  2]}","{""a"": [1, 2]}",10.0.0.1,10.0.0.0/8,08:00:2b:01:02:03,"{1,NULL,3}","(1,""x y"")","[1,5)",$12.50,4294967295,101,<a/>,'a' 'b',"(1,2)"
2,false,32767,9223372036854775807,3.4028235e+38,5e-324,9999999999.99,12345678.90,NaN,0.01,"one
two",ä€😀,12345,x,sad,\x,5874897-12-31,23:59:59.999999,23:59:59.999999-15:59,294246-12-31 23:59:59.999999,0001-01-01 00:00:00+00 BC,-178000000 years,00000000-0000-0000-0000-000000000000,null,"""x""",::1/64,::/0,ff:ff:ff:ff:ff:ff,{},"(,)",empty,-$0.01,0,000,text,"","(NaN,-0)"
3,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,
END
expect_exit 0 qetl preview reading.yaml
expect_text out 'decimal\(12,2\)'
expect_text out 'timestamp with time zone'

# what a column cannot hold
sql <<'S'
CREATE TABLE bad (id int, d date, ts timestamp, tz timestamptz, n numeric(5,2), tm time, iv interval);
INSERT INTO bad VALUES (1, '2024-01-01', '2024-01-01', '2024-01-01', 1, '00:00', '1 s');
INSERT INTO bad (id, d) VALUES (2, 'infinity'), (3, '-infinity');
INSERT INTO bad (id, ts, tz) VALUES (4, 'infinity', NULL), (5, NULL, '-infinity');
INSERT INTO bad (id, n, tm, iv) VALUES (6, 'NaN', NULL, NULL), (7, NULL, '24:00', NULL), (8, NULL, NULL, '3000000 hours');
INSERT INTO bad (id, ts, n) VALUES (9, '294276-12-31 23:59:59', NULL), (10, NULL, 999.99);
S
expect_exit 0 read_pg 'table: bad'
expect_eq 'the good ones' "$(cut -d, -f1 out | paste -sd ' ')" 'id 1 10'
jq -r '[.row, .column, .message] | join("|")' dead-letters/reading.ndjson >letters
expect_file letters <<'END'
2|d|infinity is no date; as text it can be read: types: {d: text}
3|d|-infinity is no date; as text it can be read: types: {d: text}
4|ts|infinity is no timestamp; as text it can be read: types: {ts: text}
5|tz|-infinity is no timestamp with time zone; as text it can be read: types: {tz: text}
6|n|NaN is no decimal(5,2); as text it can be read: types: {n: text}
7|tm|24:00:00 is no time; as text it can be read: types: {tm: text}
8|iv|3000000:00:00 is no interval; as text it can be read: types: {iv: text}
9|ts|294276-12-31 23:59:59 is no timestamp; as text it can be read: types: {ts: text}
END
expect_eq 'what a letter holds' "$(jq -r .original dead-letters/reading.ndjson | sed -n 5p)" '{"id":"6","d":null,"ts":null,"tz":null,"n":"NaN","tm":null,"iv":null}'
expect_exit 0 qetl run reading.yaml -q --json-file json
expect_json json '.summary.balanced and .summary.rows_rejected == 8'
expect_exit 0 read_pg 'table: bad, types: {d: text, ts: text, tz: text, n: text, tm: text, iv: text}'
sql --csv -c 'SELECT * FROM bad' >wanted
expect_eq 'as text all of them' "$(sed 1d out)" "$(cat wanted)"
expect_exit 0 read_pg "query: 'SELECT 12.345::numeric AS n, ''a''::text AS b', types: {n: 'decimal(8,3)', b: binary}"
expect_eq 'decimals of numerics, binary of texts' "$(sed 1d out)" '12.345,\x61'
expect_exit 0 read_pg "query: 'SELECT 12.345::numeric AS n', types: {n: 'decimal(8,2)'}"
expect_eq 'nothing is rounded' "$(jq -r .message dead-letters/reading.ndjson)" '12.345 is no decimal(8,2); as text it can be read: types: {n: text}'

# what is read
sql -c 'CREATE SCHEMA "Odd ""one"' -c 'CREATE TABLE "Odd ""one"."t'"'"'; DROP TABLE t; --" ("a""b" int, "SELECT" text, "ä ; $1 \ %s" int)'
sql -c 'INSERT INTO "Odd ""one"."t'"'"'; DROP TABLE t; --" VALUES (1, $$x"; DROP TABLE t; --$$, 3)'
expect_exit 0 read_pg "schema: 'Odd \"one', table: 't''; DROP TABLE t; --', key: 'a\"b', types: {'ä ; \$1 \\ %s': text}"
expect_file out <<'END'
"a""b",SELECT,ä ; $1 \ %s
1,"x""; DROP TABLE t; --",3
END
expect_eq 'nothing was dropped' "$(sql -c 'SELECT count(*) FROM t')" 3
expect_exit 0 read_pg 'table: t, columns: [u, id]'
expect_eq 'columns' "$(head -n 1 out)" u,id
expect_exit 0 read_pg "query: 'SELECT id, e FROM t ORDER BY id DESC -- the last'"
expect_eq 'in the order of the query' "$(sed 1d out | paste -sd ' ')" '3, 2,sad 1,so so'
sql -c 'CREATE VIEW w AS SELECT id, n * 2 AS twice FROM t WHERE id < 3' -c 'CREATE TABLE parts (id int, x text) PARTITION BY RANGE (id)' \
    -c 'CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10)' -c 'CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (10) TO (20)' \
    -c "INSERT INTO parts SELECT i, 'x' || i FROM generate_series(19, 0, -1) i"
expect_exit 0 read_pg 'table: w, key: id'
expect_eq 'a view' "$(paste -sd ' ' out)" 'id,twice 1,-19999999999.98 2,19999999999.98'
expect_exit 0 read_pg 'table: parts, key: [x, id]'
expect_eq 'a partitioned table, in the order of a key' "$(sed 1d out | cut -d, -f2)" "$(seq 0 19 | sed s/^/x/ | LC_ALL=C sort)"
expect_exit 0 read_pg "query: 'SELECT count(*) AS n FROM t'"
expect_eq 'a count' "$(paste -sd ' ' out)" 'n 3'
expect_exit 0 read_pg 'table: t, columns: [id]' # nobody needs a column
sql -c 'CREATE TABLE parent (id int, x text)' -c 'CREATE TABLE child (y int) INHERITS (parent)' -c "INSERT INTO parent VALUES (1, 'a')" -c "INSERT INTO child VALUES (2, 'b', 3)"
expect_exit 0 read_pg 'table: parent'
expect_eq 'a table and its children' "$(paste -sd ' ' out)" 'id,x 1,a 2,b'
sql -c 'CREATE TABLE made (id int, twice int GENERATED ALWAYS AS (id * 2) STORED)' -c 'INSERT INTO made VALUES (4)'
expect_exit 0 read_pg 'table: made'
expect_eq 'a generated column' "$(paste -sd ' ' out)" 'id,twice 4,8'
sql -c 'CREATE TABLE mine (id int, owner name)' -c "INSERT INTO mine VALUES (1, 'q'), (2, 'other')" -c 'ALTER TABLE mine ENABLE ROW LEVEL SECURITY' \
    -c 'CREATE POLICY own ON mine USING (owner = current_user)' -c 'CREATE ROLE other LOGIN' -c 'GRANT SELECT ON mine TO other'
both=$pg_to
export pg_to="${pg_to% q} other"
expect_exit 0 read_pg 'table: mine'
expect_eq 'rows that this role may see' "$(paste -sd ' ' out)" 'id,owner 2,other'
pg_to=$both
sql -c 'CREATE TABLE long AS SELECT i AS id, repeat(chr(945), 524288) || i AS x FROM generate_series(1, 20) i'
expect_exit 0 read_pg 'table: long'
expect_eq 'texts of a megabyte' "$(sed 1d out | md5sum)" "$(sql --csv -c 'SELECT * FROM long' | md5sum)"
# a database whose texts may be anything
sql -c "CREATE DATABASE raw ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
psql -h "$pg_socket" -p "$pg_port" -U q -d raw -X -q -c "CREATE TABLE t (id int, x text)" -c "INSERT INTO t VALUES (1, E'\\xff'), (2, 'a')"
export pg_database=raw
expect_exit 0 read_pg 'table: t'
expect_eq 'texts that are none' "$(sed 1d out), $(jq -r .message dead-letters/reading.ndjson)" '2,a, a text that is no UTF-8 is no text; as binary it can be read: types: {x: binary}'
expect_exit 0 read_pg 'table: t, types: {x: binary}'
expect_eq 'as they are' "$(sed 1d out | paste -sd ' ')" '1,\xff 2,\x61'

pg_database=shop

# what cannot be read is told
refused() { # OPTIONS PATTERN
    expect_exit 2 read_pg "$1"
    expect_text err "$2"
}
refused 'table: T' 'relation "T" does not exist'
refused 'schema: none, table: t' 'relation "none.t" does not exist'
refused 'schema: none, query: SELECT 1' 'schema goes with table alone'
refused 'table: t, columns: [ids]' "id"
refused 'table: t, columns: [id, id]' 'stands there twice'
refused 'table: t, types: {ids: text}' 'ids'
refused 'table: t, types: {id: date}' "the column's type is integer, which is not read as date"
refused 'table: t, key: nix' 'nix'
refused 'table: t, query: SELECT 1' 'table and query cannot stand beside each other'
refused 'columns: [id]' 'neither table nor query'
refused "query: 'SELECT 1 AS a, 2 AS a'" 'two columns are called a'
refused "query: 'SELECT 1; SELECT 2'" 'multiple commands'
refused "query: 'SELECT \$1::int'" 'there is no parameter|parameter'
refused "query: SELECT nothing FROM t" 'column "nothing" does not exist'
refused "query: 'DELETE FROM t'" 'gives no columns'
refused "query: 'DELETE FROM t RETURNING id'" 'syntax error'
refused "query: 'SELECT 1) TO PROGRAM ''touch x'' --'" 'syntax error'
expect_absent x
expect_eq 'nothing was deleted' "$(sql -c 'SELECT count(*) FROM t')" 3
sql -c 'CREATE FUNCTION writes() RETURNS int LANGUAGE sql AS $$ INSERT INTO t VALUES (99) RETURNING id $$'
refused "query: 'SELECT writes()'" 'read-only transaction'
expect_exit 1 read_pg "query: 'SELECT 1/(id - 2) AS x FROM t ORDER BY id'"
expect_text err 'division by zero'
expect_exit 1 read_pg "query: 'SELECT 1 AS a UNION ALL SELECT NULL', key: a"
expect_text err 'a row has NULL in its key'
