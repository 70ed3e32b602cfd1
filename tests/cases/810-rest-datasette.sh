#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# rest against datasette, a service over SQLite that nobody here wrote: what is read, whole and under kill -9, is what its database
# has; what is sent is there, once; what it refuses is in the dead letters; rows are looked up in it. Its own words are in errors.
# tsan: no
# shellcheck disable=SC2016
. "$(dirname "$0")/rest-lib.sh"
cache=$QETL_BUILD/tests/cache
"$root/.ci/datasette" "$cache" || { fail 'datasette cannot be had'; exit 1; }
datasette=(env -u PYTHONHASHSEED PYTHONPATH="$cache/datasette" ASAN_OPTIONS= LD_PRELOAD= python3 -m datasette)

rows=12345
sqlite3 -batch shop.db "PRAGMA journal_mode=wal;
    CREATE TABLE orders (id INTEGER PRIMARY KEY, customer TEXT, amount REAL, note TEXT, paid_on TEXT, big INTEGER);
    WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $rows)
    INSERT INTO orders SELECT i * 3, 'c' || (i % 97), i / 8.0,
        CASE i % 5 WHEN 0 THEN NULL WHEN 1 THEN 'Köln, ' || char(10) || '\"x\"' WHEN 2 THEN '' WHEN 3 THEN '😀' || i ELSE '\\u0041,' END,
        date('2024-01-01', (i % 700) || ' days'), 9007199254740993 + i FROM n;
    CREATE TABLE lines (region TEXT, line INTEGER, text TEXT, PRIMARY KEY (region, line));
    WITH n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 2999)
    INSERT INTO lines SELECT 'r ' || (i / 100) || '~/', i % 100, 'line ' || i FROM n;
    CREATE TABLE copy (id INTEGER PRIMARY KEY, customer TEXT, amount REAL, note TEXT, paid_on TEXT, big INTEGER CHECK (big <> 9007199254741000));" >made
cat >config.json <<'J'
{"settings": {"max_returned_rows": 1000, "default_page_size": 100, "max_insert_rows": 100},
 "databases": {"shop": {"allow": {"id": "loader"}, "tables": {"copy":
    {"permissions": {"insert-row": {"id": "loader"}, "update-row": {"id": "loader"}}}}}}}
J
"${datasette[@]}" serve shop.db -p 0 -c config.json --secret of-its-own >server.log 2>&1 &
server=$!
for _ in $(seq 600); do
    base=$(sed -n 's/.*running on \(http:[^ ]*\).*/\1/p' server.log)
    [ -n "$base" ] || kill -0 "$server" 2>/dev/null || break
    [ -z "$base" ] || break
    sleep 0.1
done
[ -n "$base" ] || { fail 'datasette did not start' "$(cat server.log)"; exit 1; }
mkdir secrets
"${datasette[@]}" create-token loader --secret of-its-own | tr -d '\n' >secrets/TOKEN
"${datasette[@]}" create-token canary-other --secret of-its-own | tr -d '\n' >secrets/OTHER
printf 'dstok_canary-of-nobody' >secrets/WRONG
chmod 600 secrets/*

# What all components here have in common.
service="private_hosts: [127.0.0.1], auth: {kind: bearer, token: '\${secret:TOKEN}'}, retry: {first: 20ms, most: 200ms, budget: 60s}"

# read_into NAME OPTIONS: a pipeline that reads into NAME.db, table t
read_into() {
    rm -f "$1.db"
    cat >"$1.yaml" <<Y
name: $1
checkpoint: {every: 10ms}
sources: {in: {plugin: rest, $service, $2$(case $2 in *format:*) ;; *) echo ', format: {type: json, types: {amount: double}}' ;; esac)}}
sinks: {out: {plugin: sqlite, input: in, path: $1.db, table: t, create: true}}
Y
}
# differs FILE TABLE COLUMNS: how many rows are in one database and not in the other; the same row twice counts
differs() {
    sqlite3 -batch "$1" "ATTACH 'shop.db' AS shop;
        CREATE TEMP VIEW a AS SELECT $3, count(*) FROM main.t GROUP BY $3; CREATE TEMP VIEW b AS SELECT $3, count(*) FROM shop.$2 GROUP BY $3;
        SELECT (SELECT count(*) FROM (SELECT * FROM a EXCEPT SELECT * FROM b)) + (SELECT count(*) FROM (SELECT * FROM b EXCEPT SELECT * FROM a))"
}
all=id,customer,amount,note,paid_on,big
asked() { grep -c "GET /shop/$1" server.log; }

# ---- all of a table, in each way in which it pages ----
limit='limit: 1000, limit_param: _size'
n=0
for how in "url: '$base/shop/orders.json', records: /rows, pagination: {kind: cursor, param: _next, from: /next, $limit}" \
    "url: '$base/shop/orders.json', records: /rows, pagination: {kind: next, from: /next_url, $limit}" \
    "url: '$base/shop/orders.json', records: /rows, query: {_sort_desc: paid_on}, pagination: {kind: next, from: /next_url, $limit}" \
    "url: '$base/shop/orders.json', query: {_shape: array}, pagination: {kind: link, $limit}" \
    "url: '$base/shop/orders.json', format: {type: ndjson, types: {amount: double}}, query: {_shape: array, _nl: on}, pagination: {kind: link, $limit}"; do
    n=$((n + 1))
    before=$(asked orders)
    read_into "all$n" "$how"
    expect_exit 0 qetl run "all$n.yaml" -q --no-state --secrets-dir secrets
    expect_eq "as its database has it, by way $n" "$(sqlite3 -batch "all$n.db" 'SELECT count(*) FROM t') $(differs "all$n.db" orders $all)" "$rows 0"
    expect_eq "requests of way $n" "$(($(asked orders) - before))" $(((rows + 999) / 1000))
done
read_into lines "url: '$base/shop/lines.json', records: /rows, query: {region__gte: 'r 2'}, pagination: {kind: cursor, param: _next, from: /next, limit: 77, limit_param: _size}"
expect_exit 0 qetl run lines.yaml -q --no-state --secrets-dir secrets
expect_eq 'keys of two columns, in what it makes cursors of' "$(sqlite3 -batch lines.db "SELECT count(*), min(region) FROM t") $(differs lines.db \
    "lines WHERE region >= 'r 2'" region,line,text)" "$(sqlite3 -batch shop.db "SELECT count(*), min(region) FROM lines WHERE region >= 'r 2'") 0"

# ---- killed in between ----
read_into killed "url: '$base/shop/orders.json', records: /rows, requests_per_second: 15, pagination: {kind: cursor, param: _next, from: /next, limit: 200, limit_param: _size}"
kills=0 partly=0 code=137
while [ $code = 137 ]; do
    "$QETL" run killed.yaml -q --secrets-dir secrets >out 2>err </dev/null &
    pid=$!
    if [ $kills -lt 5 ]; then # once there is more than before
        before=$(sqlite3 -batch -cmd '.timeout 5000' killed.db 'SELECT count(*) FROM t' 2>/dev/null || echo 0)
        for _ in $(seq 400); do
            sleep 0.05
            kill -0 $pid 2>/dev/null || break
            [ "$(sqlite3 -batch -cmd '.timeout 5000' killed.db 'SELECT count(*) FROM t' 2>/dev/null || echo 0)" -le "$((before + 400))" ] || break
        done
        kill -KILL $pid 2>/dev/null && kills=$((kills + 1))
    fi
    wait $pid 2>/dev/null
    code=$?
    got=$(sqlite3 -batch killed.db 'SELECT count(*) FROM t' 2>/dev/null || echo 0)
    [ "$got" -gt 0 ] && [ "$got" -lt $rows ] && partly=$((partly + 1))
done
echo "# $kills kills, of which $partly left a part of the rows"
expect_eq 'it ended well, was killed, and went on' "$code $((kills > 0)) $((partly > 0))" '0 1 1'
expect_eq 'each row once' "$(sqlite3 -batch killed.db 'SELECT count(*), count(DISTINCT id) FROM t') $(differs killed.db orders $all)" "$rows|$rows 0"

# ---- what is new alone (without _sort: by that, datasette itself leaves rows out where keys have two columns) ----
read_into new "url: '$base/shop/lines.json', records: /rows, pagination: {kind: next, from: /next_url, limit: 1000, limit_param: _size},
    since: {param: line__gte}, incremental: {cursor: line, key: [region, line]}, format: json"
expect_exit 0 qetl run new.yaml -q --secrets-dir secrets
sqlite3 -batch shop.db "INSERT INTO lines SELECT 'new', i, 'line' FROM (SELECT DISTINCT line + 97 AS i FROM lines)"
before=$(asked lines)
expect_exit 0 qetl run new.yaml --json --secrets-dir secrets
expect_json out '[.summary.rows_in, .summary.rows_out, .summary.rows_filtered] == [128, 98, 30]' # from 99 on, of which 30 were loaded
expect_eq 'asked for' "$(($(asked lines) - before)) $(grep -c 'line__gte=99[& ]' server.log)" '1 1'
expect_eq 'but for what is older than the watermark, as its database has it' "$(differs new.db "lines WHERE region <> 'new' OR line >= 99" region,line,text)" 0

# ---- who may not ----
expect_exit 3 qetl run all1.yaml -q --no-state --secrets-dir secrets -s 'sources.in.auth.token=${secret:WRONG}'
expect_text err '401 .*Invalid token signature'
expect_no_text err 'dstok_canary'
expect_exit 3 qetl run all1.yaml -q --no-state --secrets-dir secrets -s 'sources.in.auth.token=${secret:OTHER}'
expect_text err '403 .*You do not have permission to view this table'
expect_no_text err "$(cat secrets/OTHER)"
expect_exit 2 qetl run all1.yaml -q --no-state --secrets-dir secrets -s sources.in.pagination.limit=5000
expect_text err '400 .*_size must be <= 1000'

# ---- rows are sent ----
send() { # NAME PATH OPTIONS: what is in all1.db, to the table copy
    cat >"$1.yaml" <<Y
name: $1
checkpoint: {every: 10ms}
sources: {in: {plugin: sqlite, path: all1.db, table: t}}
sinks: {out: {plugin: rest, input: in, $service, url: '$base/shop/copy/-/$2', body: array, envelope: {rows: '{rows}'}, rows_per_request: 100, $3}}
Y
}
there() { sqlite3 -batch -cmd '.timeout 20000' shop.db 'SELECT count(*) FROM copy'; }
unlike() { sqlite3 -batch -cmd '.timeout 20000' shop.db 'SELECT count(*) FROM (SELECT * FROM copy EXCEPT SELECT * FROM orders)'; }
posts() { grep -c "POST /shop/copy/-/$1" server.log; }
send insert insert 'concurrency: 4'
expect_exit 0 qetl run insert.yaml --json --no-state --secrets-dir secrets
expect_json out '[.summary.rows_in, .summary.rows_out, .summary.rows_rejected] == [12345, 12344, 1]'
expect_eq 'all that its database takes' "$(there) $(unlike)" "$((rows - 1)) 0"
expect_eq 'what it refuses, and why' "$(jq -r '"\(.decoded.id) \(.code) \(.message)"' dead-letters/insert.ndjson | grep -o '^21 http_400\|"error": "[^"]*')" \
    '21 http_400
"error": "CHECK constraint failed: big <> 9007199254741000'
echo "# $(posts insert) requests for $rows rows, one of them bad"
expect_eq 'found by halves' "$(($(posts insert) <= 124 + 2 * 8))" 1

# Rows of the same key are replaced, so that what is sent again after a kill does no harm.
sqlite3 -batch shop.db 'DELETE FROM copy'
send upsert upsert 'requests_per_second: 60'
kills=0 code=137
while [ $code = 137 ]; do
    "$QETL" run upsert.yaml -q --secrets-dir secrets >out 2>err </dev/null &
    pid=$!
    if [ $kills -lt 3 ]; then
        before=$(there)
        for _ in $(seq 400); do
            sleep 0.05
            kill -0 $pid 2>/dev/null || break
            [ "$(there)" -le $((before + 1000)) ] || break
        done
        kill -KILL $pid 2>/dev/null && kills=$((kills + 1))
    fi
    wait $pid 2>/dev/null
    code=$?
done
expect_eq 'killed, and all there' "$code $((kills > 1)) $(there) $(unlike)" "0 1 $((rows - 1)) 0"

# ---- rows are looked up ----
(echo id; seq 1 400) >ids.csv
cat >look.yaml <<Y
name: look
sources: {in: {plugin: file, path: ids.csv}}
transforms: {found: {plugin: rest_lookup, input: in, $service, url: '$base/shop/orders/{id}.json', rows: /rows, missing: drop, concurrency: 4,
    columns: {customer: {at: /customer}, amount: {at: /amount, type: double}, big: {at: /big, type: bigint}}}}
sinks: {out: {plugin: file, input: found, path: found.csv, if_exists: replace}}
Y
expect_exit 0 qetl run look.yaml -q --no-state --secrets-dir secrets
sqlite3 -batch -csv shop.db "SELECT id, customer, CASE amount WHEN CAST(amount AS INTEGER) THEN CAST(amount AS INTEGER) ELSE amount END, big FROM orders WHERE id <= 400" | tr -d '\r' >wanted
tail -n +2 found.csv >got
expect_same got wanted
