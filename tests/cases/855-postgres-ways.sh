#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Tables of PostgreSQL that go elsewhere and come back: by SQLite, as the tables of both pages map types, and by Parquet, which DuckDB reads as well. And
# tables whose columns have become wider than those of the table that they go to.
# tsan: no
. "$(dirname "$0")/postgres-lib.sh"
cache=$QETL_BUILD/tests/cache
"$root/.ci/duckdb" "$cache" || { fail "libduckdb cannot be had"; exit 1; }
export QETL_DUCKDB_LIBRARY=$cache/libduckdb.so
pg_serve
here="$pg_to, database: shop"
run() { # NAME SOURCE SINK
    cat >"$1.yaml" <<Y
name: $1
max_rejected: 0
sources: {in: {$2}}
sinks: {out: {input: in, $3}}
Y
    expect_exit 0 qetl run "$1.yaml" -q --no-state
}
same() { # WHAT FIRST SECOND: row for row
    expect_eq "$1" "$(sql -c "SELECT count(*) FROM $2"), $(sql -c "SELECT left(r, 300) FROM ((SELECT t::text FROM $2 t EXCEPT ALL SELECT t::text FROM $3 t) UNION ALL (SELECT t::text FROM $3 t EXCEPT ALL SELECT t::text FROM $2 t)) d(r) LIMIT 3")" \
        "$4, "
}
sql <<'S'
CREATE TYPE mood AS ENUM ('sad', 'so so');
CREATE TYPE pair AS (a int, b text);
CREATE TABLE kinds (id int PRIMARY KEY, b boolean, s smallint, i integer, l bigint, o oid, r real, g double precision, n numeric(20,6), w numeric(38,0), un numeric, t text, "odd ""name"", ü" varchar(20), c char(4), j json, jb jsonb, by bytea, u uuid,
  d date, tm time, ts timestamp, tz timestamptz, iv interval, e mood, a int[], p pair, rg int4range, ip inet, m money);
INSERT INTO kinds VALUES
 (1, true, -32768, -2147483648, -9223372036854775808, 0, -3.4028235e38, 5e-324, -99999999999999.999999, -99999999999999999999999999999999999999, 1e-30, '', '', '', '{"a":  1}', '{"b": [1, null]}', '', '00000000-0000-0000-0000-000000000000',
  '0044-03-15 BC', '00:00', '0044-03-15 12:00:00.000001 BC', '0001-01-01 00:00:00+00', '-1 mons -2 days -00:00:00.000001', 'sad', '{}', '(,)', 'empty', '::1', '-1'),
 (2, false, 32767, 2147483647, 9223372036854775807, 4294967295, 1e-45, 1.7976931348623157e308, 99999999999999.999999, 99999999999999999999999999999999999999, 123456789012345678901234567890.123, E'a\tb\\\n"''', 'ü€😀', 'ab', '[]', '"x"', '\x00ff0a', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
  '9999-12-31', '23:59:59.999999', '9999-12-31 23:59:59.999999', '2024-02-29 12:00:00.5+02', '1 year 2 mons 3 days 04:05:06.7', 'so so', '{1,NULL}', '(1,"x,y")', '[1,5)', '10.0.0.1/8', '12.50'),
 (3, true, 0, 0, 0, 1, 'inf', '-inf', 0, 0, 0, repeat('ä', 500000), 'x', 'abcd', 'null', 'null', decode(repeat('00ff', 500000), 'hex'), NULL, '1970-01-01', '12:00', '1970-01-01', '1970-01-01', '0', NULL, '{{1,2},{3,4}}', NULL, '(,)', '0.0.0.0/0', '0');
INSERT INTO kinds (id) SELECT generate_series(4, 20);
INSERT INTO kinds SELECT i, i % 2 = 0, i, i, i * 1000000007::bigint, i, i / 7.0, i / 7.0, i / 8.0, i, i, md5(i::text), left(md5(i::text), 20), 'c', to_json(i), to_jsonb(i), decode(md5(i::text), 'hex'), md5(i::text)::uuid, date '2000-01-01' + i, time '00:00' + i * interval '1.5 s',
  timestamp '2000-01-01' + i * interval '1.000001 h', timestamptz '2000-01-01' + i * interval '1.000001 h', i * interval '30 min', 'sad', ARRAY[i, i], ROW(i, 'y')::pair, int4range(i, i + 1), '10.0.0.1', i FROM generate_series(100, 1600) i;
CREATE TABLE by_sqlite (LIKE kinds);
S

# into a table that SQLite has never seen, and back into one that is there: texts of types that SQLite lacks are what the server reads
run there "plugin: postgres, $here, table: kinds" 'plugin: sqlite, path: kinds.db, table: kinds'
run again 'plugin: sqlite, path: kinds.db, table: kinds' "plugin: postgres, $here, table: by_sqlite"
same 'by SQLite and back' kinds by_sqlite 1521
expect_eq 'a table of SQLite' "$(sqlite3 kinds.db "SELECT type FROM pragma_table_info('kinds')" | paste -sd ,)" \
    'INTEGER,BOOLEAN,SMALLINT,INTEGER,BIGINT,BIGINT,REAL,DOUBLE,DECIMAL TEXT(20,6),DECIMAL TEXT(38,0),TEXT,TEXT,TEXT,TEXT,JSON TEXT,JSON TEXT,BLOB,TEXT,DATE,TIME,TIMESTAMP,TIMESTAMP WITH TIME ZONE,INTERVAL,TEXT,TEXT,TEXT,TEXT,TEXT,TEXT'
# where nobody has made the table, it has the types that SQLite's say
run new 'plugin: sqlite, path: kinds.db, table: kinds' "plugin: postgres, $here, table: made"
expect_eq 'types that come back' "$(sql -c "SELECT string_agg(format_type(atttypid, atttypmod), ',' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'made'::regclass AND attnum > 0")" \
    'bigint,boolean,bigint,bigint,bigint,bigint,double precision,double precision,numeric(20,6),numeric(38,0),text,text,text,text,json,json,bytea,text,date,time without time zone,timestamp without time zone,timestamp with time zone,text,text,text,text,text,text,text'

# Parquet: no interval below a millisecond, and none that is negative
sql -c "CREATE TABLE held AS SELECT * FROM kinds" -c "UPDATE held SET iv = '1 mon 2 days 00:00:03.004' WHERE id < 3" -c 'CREATE TABLE by_parquet (LIKE held)'
run out "plugin: postgres, $here, table: held, key: id" 'plugin: file, path: held.parquet'
run in 'plugin: parquet, path: held.parquet' "plugin: postgres, $here, table: by_parquet"
same 'by Parquet and back' held by_parquet 1521
duck() { "$QETL_TOOLS/peer_duckdb" "$QETL_DUCKDB_LIBRARY" "$@"; }
expect_eq 'types that DuckDB sees' "$(duck "SELECT string_agg(column_type, ',') FROM (DESCRIBE SELECT * FROM 'held.parquet')")" \
    'INTEGER,BOOLEAN,SMALLINT,INTEGER,BIGINT,UINTEGER,FLOAT,DOUBLE,DECIMAL(20,6),DECIMAL(38,0),VARCHAR,VARCHAR,VARCHAR,VARCHAR,JSON,JSON,BLOB,VARCHAR,DATE,TIME,TIMESTAMP,TIMESTAMP WITH TIME ZONE,INTERVAL,VARCHAR,VARCHAR,VARCHAR,VARCHAR,VARCHAR,VARCHAR'
expect_eq 'what DuckDB makes of them' "$(duck "SELECT count(*), count(t), sum(id), sum(n), min(w), max(w), sum(length(t)), max(d), count(*) FILTER (WHERE b), max(o), sum(octet_length(\"by\")) FROM 'held.parquet'")" \
    "$(sql -F , -c 'SELECT count(*), count(t), sum(id), sum(n), min(w), max(w), sum(length(t)), max(d), count(*) FILTER (WHERE b), max(o), sum(octet_length("by")) FROM held')"

# what Arrow has no value for goes as text, and is what it was: columns have the types that they had
sql -c 'CREATE TABLE beyond (id int PRIMARY KEY, d date, ts timestamp, tz timestamptz, n numeric(5,2), tm time, iv interval)' \
    -c "INSERT INTO beyond VALUES (1, 'infinity', 'infinity', 'infinity', 'NaN', '24:00', '3000000 hours'), (2, '-infinity', '-infinity', '-infinity', 1.5, '00:00', '-178000000 years'), (3, '4713-11-24 BC', '294276-12-31 23:59:59', '4713-11-24 00:00:00+00 BC', NULL, NULL, NULL)"
run beyond "plugin: postgres, $here, table: beyond, types: {d: text, ts: text, tz: text, n: text, tm: text, iv: text}" "plugin: postgres, $here, table: beyond_made, key: id, mode: replace"
same 'beyond what Arrow has' beyond beyond_made 3

# columns that have become wider
sql -c 'CREATE TABLE wider (id int PRIMARY KEY, i bigint, r double precision, v varchar(20), n numeric(12,3), t text, s smallint)' \
    -c "INSERT INTO wider VALUES (2, 9223372036854775807, 1e300, 'as long as it gets', 123456789.125, 'more than three', 3)" \
    -c 'CREATE TABLE narrow (id int PRIMARY KEY, i int, r real, v varchar(5), n numeric(6,2), t varchar(3), s int)' -c "INSERT INTO narrow VALUES (1, 1, 1.5, 'five5', 1.25, 'abc', 7)"
types_of() { sql -c "SELECT string_agg(format_type(atttypid, atttypmod), ',' ORDER BY attnum) FROM pg_attribute WHERE attrelid = '$1'::regclass AND attnum > 0"; }
cat >frozen.yaml <<Y
name: frozen
sources: {in: {plugin: postgres, $here, table: wider}}
sinks: {out: {input: in, plugin: postgres, $here, table: narrow}}
Y
expect_exit 0 qetl run frozen.yaml -q --no-state
expect_eq 'as they were, and what they do not hold is rejected' "$(sql -c 'SELECT count(*) FROM narrow') $(types_of narrow)" '1 integer,integer,real,character varying(5),numeric(6,2),character varying(3),integer'
run evolves "plugin: postgres, $here, table: wider" "plugin: postgres, $here, table: narrow, new_columns: evolve"
expect_eq 'as wide as they are there' "$(types_of narrow)" 'integer,bigint,double precision,character varying(20),numeric(12,3),text,integer'
expect_eq 'rows of both' "$(sql -c 'SELECT * FROM narrow ORDER BY id' | paste -sd ' ')" '1|1|1.5|five5|1.250|abc|7 2|9223372036854775807|1e+300|as long as it gets|123456789.125|more than three|3'
sql -c 'ALTER TABLE wider ALTER v TYPE varchar(30)' -c "UPDATE wider SET v = 'longer than it was before', s = 4"
run upserts "plugin: postgres, $here, table: wider" "plugin: postgres, $here, table: narrow, new_columns: evolve, mode: upsert, key: id"
expect_eq 'by key' "$(types_of narrow | cut -d, -f4) $(sql -c 'SELECT v, s FROM narrow WHERE id = 2')" 'character varying(30) longer than it was before|4'
