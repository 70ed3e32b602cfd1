#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The sink `postgres`: tables that it makes and tables that it finds, of all types, on a real server; what a column does not hold, and what the server refuses.
# tsan: no
. "$(dirname "$0")/postgres-lib.sh"
pg_serve
# to SINK_OPTIONS [SOURCE_OPTIONS]: csv rows on stdin into the server
to() {
    cat >in.csv
    cat >p.yaml <<Y
name: to
sources: {in: {plugin: file, path: in.csv${2:+, $2}}}
sinks: {out: {input: in, plugin: postgres, $pg_to, database: shop, $1}}
Y
    rm -rf dead-letters
    qetl run p.yaml --json >out 2>err
}
letters() {
    jq -r '[.code, .column // "-", .row, .message] | join(" ")' dead-letters/to.ndjson
}
declared() {
    sql -c "SELECT attname || ' ' || format_type(atttypid, atttypmod) || CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END FROM pg_attribute WHERE attrelid = '$1'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
}

# a table that is made
cat >types.ndjson <<'J'
{"b": true, "t": -128, "s": -32768, "i": 2147483647, "l": -9223372036854775808, "ul": 18446744073709551615, "r": 0.1, "g": 5e-324, "n": "12.50", "x": "a\tb\\\n", "d": "0044-03-15", "tm": "23:59:59.999999", "ts": "2024-02-29 12:00:00.5", "tz": "2024-02-29T12:00:00+02:00", "by": "AP8=", "list": [1, null], "obj": {"a": {"b": "ü"}}, "j": {"k": [1,  2]}}
{"b": null}
J
cat >types.yaml <<Y
name: types
sources: {in: {plugin: file, path: types.ndjson, format: {type: ndjson, types: {b: boolean, t: tinyint, s: smallint, i: integer, l: bigint, ul: bigint unsigned, r: real, g: double, n: "decimal(9,2)", x: text, d: date, tm: time, ts: timestamp, tz: timestamp with time zone, by: binary, j: json}}}}
sinks: {out: {input: in, plugin: postgres, $pg_to, database: shop, table: types}}
Y
expect_exit 0 qetl run types.yaml -q
expect_absent dead-letters
expect_eq 'types of a table that is made' "$(declared types | paste -sd ,)" 'b boolean,t smallint,s smallint,i integer,l bigint,ul numeric(20,0),r real,g double precision,n numeric(9,2),x text,d date,tm time without time zone,ts timestamp without time zone,tz timestamp with time zone,by bytea,list jsonb,obj jsonb,j json'
expect_eq 'values' "$(sql -c 'SELECT b, t, s, i, l, ul, r, g, n, x = E'"'a\\tb\\\\\\n'"', d, tm, ts, tz AT TIME ZONE '"'UTC'"', by, list, obj, j FROM types WHERE b')" \
    't|-128|-32768|2147483647|-9223372036854775808|18446744073709551615|0.1|5e-324|12.50|t|0044-03-15|23:59:59.999999|2024-02-29 12:00:00.5|2024-02-29 10:00:00|\x00ff|[1, null]|{"a": {"b": "ü"}}|{"k": [1,  2]}'
expect_eq 'a row of NULLs' "$(sql -c 'SELECT count(*) FROM types t WHERE t IS NULL')" 1

# whatever type the table has, texts are what its server reads
sql <<'S'
CREATE TYPE mood AS ENUM ('sad', 'so so');
CREATE DOMAIN price AS numeric(6,2) CHECK (value >= 0);
CREATE TABLE all_kinds (id int PRIMARY KEY, e mood, p price, a int[], ip inet, u uuid, rg int4range, m money, tmz timetz, v varchar(5), c char(3), nm name, jb jsonb, un numeric, d date, bo boolean, o oid, by bytea, f real);
CREATE TABLE plain (id int PRIMARY KEY, e mood, p price, u uuid, v varchar(5), jb jsonb, un numeric, s smallint, f real, g double precision, ts timestamp(3));
S
text='format: {type: csv, types: {e: text, p: text, a: text, ip: text, u: text, rg: text, m: text, tmz: text, v: text, c: text, nm: text, jb: text, un: text, d: text, bo: text, o: text, by: text, f: text}}'
printf '%s\n' 'id,e,p,a,ip,u,rg,m,tmz,v,c,nm,jb,un,d,bo,o,by,f' \
    '1,so so,1.5,"{1,NULL}",10.0.0.1/8,A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11,"[1,5)",12.5,12:00+02,five5,ab,n,"{""a"":1}",1e-7,infinity,yes,7,\x0a,0.1' \
    '2,glad,1,{},::1,,,,,,,,,,,,,,' '3,sad,-1,{},::1,,,,,,,,,,,,,,' '4,sad,1,{x},::1,,,,,,,,,,,,,,' '5,sad,1,{},nowhere,,,,,,,,,,,,,,' \
    '6,sad,1,{},::1,none,,,,,,,,,,,,,' '7,sad,1,{},::1,,,,,sixsix,,,,,,,,,' '8,sad,1.005,{},::1,,,,,,,,,,,,,,' '9,sad,1,{},::1,,,,,,,,{,,,,,,' '10,sad,1,{},::1,,,,,,,,,,2024-02-30,,,,' \
    '11,sad,12345.6,{},::1,,,,,,,,,,,,,,' '12,sad,1,{},::1,,,,,,,,,1-1,,,,,' '13,,,,,,,,,,,,,,,,,,' | to 'table: all_kinds' "$text"
expect_json out '.summary.balanced and .summary.rows_rejected == 11'
expect_eq 'what was good' "$(sql -c 'SELECT * FROM all_kinds ORDER BY id' | paste -sd ' ')" \
    '1|so so|1.50|{1,NULL}|10.0.0.1/8|a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11|[1,5)|$12.50|12:00:00+02|five5|ab |n|{"a": 1}|0.0000001|infinity|t|7|\x0a|0.1 13||||||||||||||||||'
letters >told
expect_file told <<'END'
bad_value u 6 none is no uuid
rounded p 8 1.005 has digits that would be rounded in price
bad_value un 12 1-1 is no numeric
bad_value e 2 22P02: invalid input value for enum mood: "glad"
check p 3 23514: value for domain price violates check constraint "price_check"
bad_value a 4 22P02: invalid input syntax for type integer: "x"
bad_value ip 5 22P02: invalid input syntax for type inet: "nowhere"
too_long v 7 22001: value too long for type character varying(5)
bad_value jb 9 22P02: invalid input syntax for type json (The input string ended unexpectedly.)
out_of_range d 10 22008: date/time field value out of range: "2024-02-30"
out_of_range p 11 22003: numeric field overflow (A field with precision 6, scale 2 must round to an absolute value less than 10^4.)
END

# the same where COPY is binary, and numbers of one type go into columns of others
printf '%s\n' 'id,e,p,u,v,jb,un,s,f,g,ts' '1,sad,9999.99,{a0eebc999c0b4ef8bb6d6bb9bd380a11},abc,1,-0.00,5.0,0.1,9007199254740992,2024-01-01 00:00:00.125' \
    '2,glad,1,,,,,,,,' '3,sad,-1,,,,,,,,' '4,,,,toolong,,,,,,' '5,,,,,{,,,,,' '6,,,,,,,40000,,,' '7,,,,,,,1.5,,,' '8,,,,,,,,,9007199254740993,' '9,,,,,,,,1e60,,' \
    '10,,,,,,,,,,2024-01-01 00:00:00.1256' '11,,,,,,1234567890123456789012345678901234.5678,,,,' '1,,,,,,,,,,' |
    to 'table: plain' 'format: {type: csv, types: {e: text, p: "decimal(12,2)", u: text, v: text, jb: text, un: "decimal(38,4)", s: double, f: double, g: bigint, ts: timestamp}}'
expect_json out '.summary.balanced and .summary.rows_rejected == 10'
expect_eq 'what was good' "$(sql -c 'SELECT * FROM plain ORDER BY id' | paste -sd ' ')" \
    '1|sad|9999.99|a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11|abc|1|0.0000|5|0.1|9.007199254740992e+15|2024-01-01 00:00:00.125 11||||||1234567890123456789012345678901234.5678||||'
letters >told
expect_file told <<'END'
out_of_range s 6 40000 lies beyond smallint
rounded s 7 1.5 is no whole number, as is held by smallint
rounded g 8 9007199254740993 has more digits than are sure in double precision
out_of_range f 9 1e+60 lies beyond real
rounded ts 10 2024-01-01 00:00:00.1256 is finer than timestamp(3) without time zone
bad_value e 2 22P02: invalid input value for enum mood: "glad"
check p 3 23514: value for domain price violates check constraint "price_check"
too_long v 4 22001: value too long for type character varying(5)
bad_value jb 5 22P02: invalid input syntax for type json (The input string ended unexpectedly.)
unique - 12 23505: duplicate key value violates unique constraint "plain_pkey" (Key (id)=(1) already exists.)
END

# what could not be meant is told before data moves
refused() { # SINK_OPTIONS PATTERN [SOURCE_OPTIONS]: of the row 1,2024-01-01,x
    printf 'id,d,x\n1,2024-01-01,x\n' | to "$1" "${3:-}"
    expect_eq "refused: $1" $? 2
    expect_text out "$2"
}
sql -c 'CREATE TABLE wrong (id date, d date, x text)' -c 'CREATE TABLE must (id int, d date, x text, y int NOT NULL)' -c 'CREATE VIEW seen AS SELECT 1 AS id' \
    -c 'CREATE TABLE made (id int, d date, x text GENERATED ALWAYS AS (id::text) STORED)' -c 'CREATE TABLE nothing (other int)' -c 'CREATE TABLE bare (id int, d date, x text)'
refused 'table: wrong' 'id of the rows is bigint, and id of the table wrong is date'
refused 'table: must' 'the rows lack y, which is NOT NULL in must'
refused 'table: seen' 'seen is a view'
refused 'table: made' 'x of made is computed by the table'
refused 'table: nothing, new_columns: drop' 'no column of the rows is one of the table nothing'
refused 'table: nothing' 'the table nothing has no column id'
refused 'table: absent, create: false' 'there is no table absent'
refused 'table: t, schema: none' 'schema .*none.* does not exist'
refused 'table: bare, mode: upsert' 'bare has no primary key'
refused 'table: bare, mode: upsert, key: id' 'no unique index over the columns of the key'
refused 'table: bare, key: [id, id]' 'stands twice in the key'
refused 'table: bare, key: ids' 'ids'
refused 'table: history, mode: scd2' 'a history needs a key'
refused 'table: bare, mode: scd2, key: id' 'bare has no column valid_from'

# columns that the table lacks
sql -c 'CREATE TABLE few (id int PRIMARY KEY)' -c 'CREATE SCHEMA "Odd ""one\"' -c 'CREATE TABLE "Odd ""one\".few (id int PRIMARY KEY, x text)'
printf 'id,x\n1,a\n2,\n' | to 'table: few, new_columns: reject'
expect_eq 'rejected' "$(letters), $(sql -c 'SELECT id FROM few')" 'new_column x 1 the table few has no column x, 2'
printf 'id,x\n3,a\n' | to 'table: few, new_columns: drop'
printf 'id,x\n4,a\n' | to 'table: few, new_columns: evolve'
expect_eq 'dropped, added' "$(sql -c 'SELECT * FROM few ORDER BY id' | paste -sd ' '), $(declared few | paste -sd ' ')" '2| 3| 4|a, id integer NOT NULL x text'
printf 'id,x\n5,a\n' | to "table: few, schema: 'Odd \"one\\'"
expect_eq 'another schema' "$(sql -c 'SELECT * FROM "Odd ""one\".few'), $(sql -c 'SELECT count(*) FROM few')" '5|a, 3'
expect_eq 'with its own epochs' "$(sql -c 'SELECT count(*) FROM "Odd ""one\"._qetl_epochs')" 1

# triggers that change rows, refuse them, or leave them out
sql <<'S'
CREATE TABLE guarded (id int, x text);
CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF new.x = 'bad' THEN RAISE 'not %', new.x USING DETAIL = 'never'; END IF;
  IF new.x = 'none' THEN RETURN NULL; END IF;
  new.x = upper(new.x); RETURN new; END $$;
CREATE TRIGGER guard BEFORE INSERT ON guarded FOR EACH ROW EXECUTE FUNCTION guard();
S
printf 'id,x\n1,a\n2,bad\n3,none\n4,b\n' | to 'table: guarded'
expect_eq 'triggers' "$(letters | paste -sd ';'); $(sql -c 'SELECT * FROM guarded ORDER BY id' | paste -sd ' ')" \
    'trigger - 2 P0001: not bad (never);ignored - 3 a trigger or a rule of the table left the row out; 1|A 4|B'

# a partitioned table, an identity, a generated default, and many refused among many
sql <<'S'
CREATE TABLE parts (id int, x text) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10);
CREATE TABLE ident (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, x text DEFAULT 'd', at date DEFAULT '2024-01-01');
CREATE TABLE odd (id int PRIMARY KEY CHECK (id % 7 <> 0 AND id NOT BETWEEN 5000 AND 5400));
S
printf 'id,x\n5,a\n15,b\n' | to 'table: parts'
expect_eq 'partitions' "$(letters), $(sql -c 'SELECT * FROM parts')" 'check - 2 23514: no partition of relation "parts" found for row (Partition key of the failing row contains (id) = (15).), 5|a'
printf 'id,x\n7,a\n' | to 'table: ident'
printf 'id,x\n7,b\n8,c\n' | to 'table: ident, mode: upsert'
expect_eq 'an identity' "$(sql -c 'SELECT * FROM ident ORDER BY id' | paste -sd ' ')" '7|b|2024-01-01 8|c|2024-01-01'
(echo id; seq 20000; seq 100 110) | to 'table: odd'
expect_eq 'many refused' "$(jq .summary.rows_rejected out), $(sql -c 'SELECT count(*) FROM odd')" "$(sql -c 'SELECT 11 + count(*) FILTER (WHERE i % 7 = 0 OR i BETWEEN 5000 AND 5400) || $$, $$ || count(*) FILTER (WHERE i % 7 <> 0 AND i NOT BETWEEN 5000 AND 5400) FROM generate_series(1, 20000) i')"
expect_json out '.summary.balanced'
