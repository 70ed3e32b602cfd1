#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `streams`: one source for each, and for each what reads it; columns, account, dead letters, state and resumption are each stream's own. What reads one of
# them, or all; mistakes, each told once.
. "$(dirname "$0")/lib.sh"
mkdir in
printf 'id,total\n1,10\n2,x\n3,30\n' >in/orders.csv
printf 'name;age\nÄnne;31\nBo;\n' >in/users.csv
printf 'id,total\n4,40\n' >in/returns.csv
cat >p.yaml <<'Y'
name: shop
sources:
  shop:
    plugin: file
    path: "in/{stream}.csv"
    format: {type: csv, header: true}
    streams:
      orders: {format: {types: {id: bigint, total: bigint}}}
      users: {format: {delimiter: ";"}}
sinks:
  out: {plugin: file, input: shop, path: "made/{stream}.ndjson", if_exists: replace}
Y
expect_exit 0 qetl validate p.yaml
expect_exit 0 qetl run p.yaml -q --json-file report
expect_eq orders "$(cat made/orders.ndjson)" '{"id":1,"total":10}
{"id":3,"total":30}'
expect_eq users "$(cat made/users.ndjson)" '{"name":"Änne","age":31}
{"name":"Bo","age":null}'
expect_eq 'an account for each' "$(jq -r '.result.components[] | "\(.id) \(.rows_in) \(.rows_out) \(.rows_rejected)"' report)" 'shop.orders 3 2 1
shop.users 2 2 0
out.orders 2 2 0
out.users 2 2 0'
expect_eq 'the letter names its stream' "$(jq -r .component dead-letters/shop.ndjson)" shop.orders
expect_exit 0 qetl graph p.yaml
expect_text out 'shop.users'

# what stands between; one of the streams beside all of them; a table that each is joined with by nothing
cat >between.yaml <<'Y'
sources:
  shop: {plugin: file, path: "in/{stream}.csv", streams: [orders, returns]}
transforms:
  big: {plugin: filter, input: shop, where: "id > 1"}
  first: {plugin: limit, input: shop.orders, rows: 1}
  named: {plugin: compute, input: big, set: {of: "'{stream}'"}}
  together: {plugin: union, input: named, on_conflict: text}
  split: {plugin: route, input: named, routes: {low: "id < 4"}, default: high}
sinks:
  low: {plugin: file, input: split.low, path: "low/{stream}.csv"}
  high: {plugin: file, input: split.high, path: "high/{stream}.csv"}
  all: {plugin: file, input: together, path: all.csv}
  none: {plugin: "null", input: shop}
  one: {plugin: file, input: first, path: one.csv}
  two: {plugin: file, input: [shop.returns], path: two.csv}
Y
expect_exit 0 qetl run between.yaml -q
expect_eq 'of all streams' "$(LC_ALL=C sort all.csv)" '2,x,orders
3,30,orders
4,40,returns
id,total,of'
expect_eq 'the rest' "$(cat high/returns.csv)" 'id,total,of
4,40,returns'
expect_eq 'by stream' "$(cat low/orders.csv)" 'id,total,of
2,x,orders
3,30,orders'
expect_eq 'none of it' "$(cat low/returns.csv)" 'id,total,of'
expect_eq 'of one' "$(cat one.csv)" 'id,total
1,10'
expect_eq 'of another' "$(cat two.csv)" 'id,total
4,40'

# two streams cannot go into one file
sed 's/{stream}.ndjson/all.ndjson/' p.yaml >all.yaml
expect_exit 2 qetl validate all.yaml
expect_text err '`out.users` writes the file that `out.orders`'

# each mistake once, where it stands
wrong() { # NAME SED PATTERN
    sed "$2" p.yaml >wrong.yaml
    expect_exit 2 qetl validate wrong.yaml
    expect_text err "$3"
    expect_eq "$1" "$(grep -c 'error:' err)" 1
}
wrong 'an option that is none' 's/path: "in/pth: "in/' 'wrong.yaml:5:5.*pth'
wrong 'a name' 's/users: {/"us ers": {/' "a stream's name has"
wrong 'what is beside' 's/users: {.*/users: 3/' "options of its own"
wrong 'an input' 's/input: shop/input: shpo/' 'did you mean `shop`'
wrong 'a stream that is none' 's/input: shop/input: shop.order/' 'shop.order'
printf 'sources: {a: {plugin: file, path: x.csv, streams: []}}\nsinks: {o: {plugin: "null", input: a}}\n' >none.yaml
expect_exit 2 qetl validate none.yaml
expect_text err 'streams: \[orders, users\]'
printf 'sources: {a: {plugin: file, path: "{stream}.csv", streams: [x, x]}}\nsinks: {o: {plugin: "null", input: a}}\n' >twice.yaml
expect_exit 2 qetl validate twice.yaml
expect_text err 'stands there twice'
# shellcheck disable=SC2016 # a name
expect_text err 'leave `x` there once'
printf 'sources: {a: {plugin: file, path: "{stream}.csv", streams: [x]}, b: {plugin: file, path: "b{stream}.csv", streams: [y]}}\nsinks: {o: {plugin: file, path: "o-{stream}.csv", input: [a, b]}}\n' >other.yaml
expect_exit 2 qetl validate other.yaml
expect_text err 'do not have the same streams'

{
    echo 'sources: {a: {plugin: file, path: "{stream}.csv", streams:'
    seq -f 's%.0f' -s ', ' 1 600 | sed 's/.*/[&]}}/'
    echo 'sinks: {o: {plugin: file, path: "o{stream}.csv", input: a}}'
} >many.yaml
expect_exit 2 qetl validate many.yaml
expect_text err 'more than 1000 components'
expect_eq 'told once' "$(grep -c 'error:' err)" 1

# each stream has a watermark of its own
cat >load.yaml <<'Y'
name: load
sources:
  db: {plugin: sqlite, path: w.db, table: "{stream}", streams: [a, b], incremental: {cursor: id}}
sinks:
  out: {plugin: file, input: db, path: "load/{stream}.csv", if_exists: append}
Y
sqlite3 w.db 'CREATE TABLE a (id INTEGER PRIMARY KEY, x TEXT); CREATE TABLE b (id INTEGER PRIMARY KEY, y INT); INSERT INTO a VALUES (1, 1), (2, 2); INSERT INTO b VALUES (10, 1)'
expect_exit 0 qetl run load.yaml -q
sqlite3 w.db 'INSERT INTO a VALUES (3, 3); INSERT INTO b VALUES (11, 2), (5, 0)'
expect_exit 0 qetl run load.yaml -q
expect_eq 'a' "$(cut -d, -f1 load/a.csv | xargs)" 'id 1 2 2 3'
expect_eq 'b' "$(cut -d, -f1 load/b.csv | xargs)" 'id 10 10 11'

# a whole database: those that the source finds, and what is said of some of them
sqlite3 all.db 'CREATE TABLE a (id INTEGER PRIMARY KEY, x TEXT); CREATE TABLE b2 (y INT); CREATE TABLE b1 (z INT); CREATE TABLE "odd one" (v INT); INSERT INTO a VALUES (1, 1), (2, 2); INSERT INTO b1 VALUES (10); INSERT INTO b2 VALUES (20), (21); INSERT INTO "odd one" VALUES (7)'
whole() { # STREAMS
    printf 'name: whole\nsources: {db: {plugin: sqlite, path: all.db, streams: %s}}\nsinks: {out: {plugin: file, input: db, path: "whole/{stream}.csv"}}\n' "$1" >whole.yaml
    rm -rf whole
}
whole '"*"'
expect_exit 0 qetl validate whole.yaml
expect_exit 0 qetl run whole.yaml -q
expect_eq 'all tables' "$(cd whole && wc -l -- *.csv | xargs)" '3 a.csv 2 b1.csv 3 b2.csv 2 odd_one.csv 10 total'
whole '["b?", a]'
expect_exit 0 qetl run whole.yaml -q
expect_eq 'some of them' "$(cd whole && echo *)" 'a.csv b1.csv b2.csv'
whole '{"b*": {limit: 1}}'
expect_exit 2 qetl run whole.yaml -q
expect_text err 'limit'
whole '{"b*": {columns: [y]}, b1: {table: b1}, small: {query: SELECT 1 AS one}}'
expect_exit 0 qetl run whole.yaml -q
expect_eq 'with options of their own' "$(cd whole && head -n 1 -- *.csv | xargs)" '==> b1.csv <== z ==> b2.csv <== y ==> small.csv <== one'
whole '"c*"'
expect_exit 2 qetl run whole.yaml -q
expect_text err 'source `db` has no stream like c\*'
sed 's/plugin: sqlite, path: all.db/plugin: file, path: "{stream}.csv"/; s/"c\*"/"*"/' whole.yaml >cannot.yaml
expect_exit 2 qetl run cannot.yaml -q
expect_text err 'source `db` cannot say which streams it has'
whole '"*"'
sed -i 's/sinks: {/sinks: {one: {plugin: file, input: db.b1, path: one.csv, if_exists: replace}, /' whole.yaml
expect_exit 0 qetl validate whole.yaml
expect_exit 0 qetl run whole.yaml -q
expect_eq 'one of those found' "$(xargs <one.csv)" 'z 10'
sed -i 's/db.b1/db.b7/' whole.yaml
expect_exit 2 qetl run whole.yaml -q
expect_text err 'db.b7'
whole '"b*"'
expect_exit 0 qetl preview whole.yaml
expect_text out 'db.b1'

# letters go back into their stream
expect_exit 0 qetl dlq replay p.yaml
expect_text err '^1 letter replayed: 0 rows out, 1 rejected again'
expect_text err 'made/orders.ndjson'

# the example of the reference
awk '/^## Many streams/ { here = 1 } here && /^```/ { inside = !inside; if (!inside) exit; next } inside' "$root/docs/reference/pipeline-file.md" >page.yaml
expect_exit 0 env API_TOKEN=t "$QETL" validate page.yaml
expect_text out 'api.orders > answers.orders'
expect_text out 'shop.any > tables.any'

# killed again and again: each stream goes on where it stood, and comes to its end once
cat >kill.yaml <<'Y'
name: kill
checkpoint: {every: 5ms}
batch_rows: 1000
sources:
  db: {plugin: sqlite, path: k.db, table: "{stream}", streams: [small, middle, large], rate_limit: 20000/s}
transforms:
  odd: {plugin: filter, input: db, where: "id % 2 = 1"}
sinks:
  out: {plugin: file, input: odd, path: "kill/{stream}.csv"}
Y
for table in small:1000 middle:20000 large:60000; do
    sqlite3 k.db "CREATE TABLE ${table%:*} (id INTEGER PRIMARY KEY, x TEXT)" \
        "WITH RECURSIVE s(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM s WHERE i < ${table#*:}) INSERT INTO ${table%:*} SELECT i, 'x' || i FROM s"
done
kills=0 went_on=0
while [ $kills -lt 3 ]; do
    "$QETL" run kill.yaml -q 2>err &
    pid=$!
    sleep 0.4
    kill -KILL $pid 2>/dev/null || break
    wait $pid 2>/dev/null
    kills=$((kills + 1))
    qetl state show kill 2>/dev/null | grep -q 'epoch' && went_on=$((went_on + 1))
done
expect_exit 0 qetl run kill.yaml -q --json-file report
echo "# $kills kills, $went_on behind an epoch"
for table in small:1000 middle:20000 large:60000; do
    expect_eq "${table%:*}" "$(cksum <kill/${table%:*}.csv)" "$({ echo id,x; seq 1 2 "${table#*:}" | sed 's/.*/&,x&/'; } | cksum)"
done
