#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# qetl conns discover of a PostgreSQL server: tables, views and what is read like them, as the catalogue has them; what this user may not read is told; and
# what is told can be read. conns test: whether it can be reached.
# tsan: no
. "$(dirname "$0")/postgres-lib.sh"
pg_serve
pg_hba 'local all reader trust'
sql <<'S'
CREATE TABLE orders (n int, id int, total numeric(10,2), at timestamptz, PRIMARY KEY (id, n));
INSERT INTO orders SELECT i, i FROM generate_series(1, 1000) i;
CREATE SCHEMA "a ""b""";
CREATE TABLE "a ""b"""."Odd ""name\" ("x y" text, 日本 int[]);
CREATE VIEW big AS SELECT * FROM orders WHERE total > 100;
CREATE MATERIALIZED VIEW kept AS SELECT count(*) AS n FROM orders;
CREATE TABLE parts (id int) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10);
CREATE TABLE secret (id int);
CREATE TABLE empty ();
CREATE ROLE reader LOGIN;
GRANT USAGE ON SCHEMA "a ""b""" TO reader;
GRANT SELECT ON orders, big, kept, parts, empty, "a ""b"""."Odd ""name\" TO reader;
ANALYZE;
S
to="postgres host=$pg_socket port=$pg_port database=shop user=reader"
# shellcheck disable=SC2086
found() { expect_exit 0 qetl conns discover $to "$@"; }
found --json
jq -r '.result.streams[] | [.name, .kind, .rows // "-", (.keys | join("+")), ([.columns[]? | .name + " " + .type] | join(", "))] | join("|")' out >streams
expect_file streams <<'END'
a "b".Odd "name\|table|0||x y text, 日本 text
big|view|-||n integer, id integer, total decimal(10,2), at timestamp with time zone
empty|table|0||
kept|materialized view|1||n bigint
orders|table|1000|id+n|n integer, id integer, total decimal(10,2), at timestamp with time zone
parts|partitioned table|0||id integer
secret|table|0||
END
expect_json out '[.result.streams[] | select(.trouble) | .name] == ["secret"]'
expect_text out 'permission denied: GRANT SELECT ON secret'
expect_json out '.result.streams[] | select(.name == "orders") | .bytes > 30000 and .bytes < 200000 and .estimated'
found schema='a "b"' --json
expect_json out '[.result.streams[].name] == ["a \"b\".Odd \"name\\"]'
found
expect_text out '^orders +table +~?1000'
sql -c 'INSERT INTO "a ""b"""."Odd ""name\" VALUES ($$x$$, $${1}$$)'
export pg_to="host: $pg_socket, port: $pg_port, user: reader"
expect_exit 0 read_pg "schema: 'a \"b\"', table: 'Odd \"name\\'"
expect_eq 'what was found is read' "$(paste -sd ' ' out)" 'x y,日本 x,{1}'
expect_exit 1 qetl conns discover postgres host="$pg_socket" port="$pg_port" database=shop user=nobody
expect_text err 'no pg_hba.conf entry|role "nobody" does not exist'
expect_exit 0 qetl conns test reading.yaml
expect_exit 2 read_pg 'columns: [id]'
expect_text err 'conns discover'
expect_exit 0 qetl preview reading.yaml -s sources.in.schema=public -s sources.in.table=orders
expect_text out '1,000 rows in'

# all tables of a schema, each a stream; what else lies in one
sql <<'S'
CREATE SCHEMA shop;
CREATE TABLE shop.orders (id int PRIMARY KEY, total numeric(10,2));
INSERT INTO shop.orders SELECT i, i FROM generate_series(1, 5) i;
CREATE TABLE shop."Order Lines" (id int, x text);
INSERT INTO shop."Order Lines" VALUES (1, 'a'), (2, 'b');
CREATE VIEW shop.big AS SELECT * FROM shop.orders WHERE total > 3;
S
streams() { # OPTIONS
    cat >streams.yaml <<Y
name: streams
sources: {in: {plugin: postgres, host: $pg_socket, port: $pg_port, user: q, database: shop, $1}}
sinks: {out: {plugin: file, input: in, path: "tables/{stream}.csv"}}
Y
    rm -rf tables
    expect_exit 0 qetl run streams.yaml -q --json-file report
}
streams 'schema: shop, streams: "*"'
expect_eq 'all of a schema' "$(cd tables && wc -l -- *.csv | xargs)" '3 shop_Order_Lines.csv 3 shop_big.csv 6 shop_orders.csv 12 total'
expect_eq 'an account for each' "$(jq -r '[.result.components[] | select(.kind == "source") | "\(.id) \(.rows_out)"] | sort | join(", ")' report)" 'in.shop_Order_Lines 2, in.shop_big 2, in.shop_orders 5'
streams 'streams: {"shop.o*": {incremental: {cursor: id}}, lines: {schema: shop, table: Order Lines}}'
expect_eq 'of any schema' "$(cd tables && wc -l -- *.csv | xargs)" '3 lines.csv 6 shop_orders.csv 9 total'
sql -c 'INSERT INTO shop.orders VALUES (9, 9)'
streams 'streams: {"shop.o*": {incremental: {cursor: id}}, lines: {schema: shop, table: Order Lines}}'
expect_eq 'behind its watermark' "$(tail -n +2 tables/shop_orders.csv | xargs)" '5,5.00 9,9.00'
