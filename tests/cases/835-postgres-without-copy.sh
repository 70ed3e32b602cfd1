#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A server that speaks the protocol and takes no COPY is read by SELECT, row by row: the same rows, letters and positions, within the same memory. What stands
# between makes each COPY a word that the server does not know.
# tsan: no
. "$(dirname "$0")/postgres-lib.sh"
pg_serve
sql <<'S'
CREATE TYPE mood AS ENUM ('sad', 'so so');
CREATE TABLE t (id int PRIMARY KEY, ok bool, s smallint, l bigint, g double precision, n numeric(12,2), un numeric, x text, c char(5), e mood, b bytea, d date, tm time,
  ts timestamp, tz timestamptz, iv interval, u uuid, j json, jb jsonb, ip inet, a int[], o oid);
INSERT INTO t SELECT i, i % 2 = 0, i % 1000, i * 5000000000, i / 7.0, i / 4.0, i, md5(i::text), 'c', 'so so', decode(md5(i::text), 'hex'), date '2000-01-01' + i % 9999, time '00:00' + i * interval '1.5 s',
  timestamp '2000-01-01' + i * interval '1.000001 s', timestamptz '2000-01-01 00:00:00+00' + i * interval '1 h', i * interval '30 min', md5(i::text)::uuid, to_json(i), to_jsonb(i), '10.0.0.1', ARRAY[i, NULL], i
  FROM generate_series(1, 30000) i;
INSERT INTO t (id) VALUES (40000);
INSERT INTO t (id, d, x) VALUES (40001, 'infinity', 'ä"'), (40002, '0044-03-15 BC', repeat('x', 1048576));
VACUUM ANALYZE;
S
"${PYTHON3:-python3}" "$root/tests/tcp_swap.py" "$pg_port" 'COPY (?=["(])' 'KOPY ' swap.port 2>swap.err &
swap=$!
trap 'kill $swap; pg_end' EXIT
until_eq 'the way is there' 0 sh -c '[ -s swap.port ]; echo $?'
declare -A ways=([direct]=$pg_to [other]="host: 127.0.0.1, port: $(cat swap.port), user: q, sslmode: disable")
by_both() { # WHAT OPTIONS [TRANSFORM]: into direct.csv and other.csv, letters with them
    local way
    for way in direct other; do
        export pg_to=${ways[$way]}
        pipeline way "$2" "plugin: file, path: $way.csv, if_exists: replace"
        [ -z "${3:-}" ] || sed -i "s/^sinks: {out: {input: in/transforms: {some: {$3, input: in}}\nsinks: {out: {input: some/" way.yaml
        rm -rf dead-letters
        expect_exit 0 qetl run way.yaml --no-state --log-level info --json-file $way.json
        expect_json $way.json '.summary.balanced'
        cp err $way.err
        rm -f $way.letters
        [ ! -d dead-letters ] || jq -r '[.row, .column, .code, .message, .original] | join("|")' dead-letters/way.ndjson | sed 's/^[^|]*|//' >$way.letters
    done
    expect_eq "$1: the same rows" "$(sort direct.csv | md5sum)" "$(sort other.csv | md5sum)"
    expect_eq "$1: the same letters" "$(cat direct.letters 2>/dev/null)" "$(cat other.letters 2>/dev/null)"
    expect_no_text direct.err 'takes no COPY'
    expect_text other.err 'takes no COPY of it \(syntax error at or near "KOPY"\): rows are read as those of a SELECT'
}
by_both 'a table' 'table: t'
expect_eq 'of the whole table' "$(jq -c '[.summary.rows_in, .summary.rows_rejected]' other.json)" '[30003,1]'
expect_text other.letters '^d\|bad_type\|infinity is no date'
by_both 'in the order of a key' 'table: t, key: id, types: {d: text}'
expect_same direct.csv other.csv
by_both 'some columns, in batches of some' 'table: t, columns: [u, x], key: id' 'plugin: select, columns: [u]'
by_both 'a condition' 'table: t' 'plugin: filter, where: "id > 100 AND id < 40000"'
expect_json other.json '.result.components[] | select(.id == "in") | .rows_out == 29900'
by_both 'a limit' 'table: t, key: id, columns: [id]' 'plugin: limit, rows: 7'
by_both 'three connections' 'table: t, connections: 3'
expect_eq 'each by rows' "$(grep -c 'takes no COPY' other.err)" 3
by_both 'a query' "query: 'SELECT id, x, a FROM t ORDER BY id DESC -- the last'"
expect_same direct.csv other.csv
expect_eq 'nothing is left of them' "$(pg_sessions)" 0

# what the statement itself says is told as ever
expect_exit 1 read_pg "query: 'SELECT 1/(id - 2000) AS x FROM t ORDER BY id'"
expect_text err 'reading ends: division by zero'
expect_eq 'one line tells it' "$(grep -c 'error: ' err)" 1
expect_exit 2 read_pg "query: 'DELETE FROM t RETURNING id'"
expect_text err 'syntax error at or near "FROM"'
expect_exit 3 read_pg "query: 'SELECT pg_sleep(60)::text AS x', statement_timeout_ms: 100"
expect_text err 'statement timeout'
expect_stops

# cut off again and again, it goes on behind its key
pg_to=${ways[direct]}
sql --csv -c 'SELECT id, x FROM t ORDER BY id' >wanted
direct_port=$pg_port
for bytes in 400000 900000 -1; do
    pg_port=$(cat swap.port)
    pg_proxy $bytes
    pg_port=$direct_port
    pg_to="host: 127.0.0.1, port: $proxy_port, user: q"
    pipeline goes 'retry: {attempts: 2, first: 10ms}, table: t, columns: [id, x], key: id, sslmode: disable' 'plugin: file, path: goes.csv, if_exists: append'
    printf 'checkpoint: {every: 10ms}\nbatch_rows: 500\n' >>goes.yaml
    qetl run goes.yaml -q --json-file json >out 2>err
    code=$?
    [ $bytes = -1 ] || expect_text err 'reading ends|no connection'
done
expect_eq 'it came to its end' "$code" 0
expect_eq 'with every row, once' "$(sed 1d goes.csv | md5sum)" "$(md5sum <wanted)"

# no more memory than a COPY takes
if [ -z "$QETL_SANITIZER" ]; then
    for way in direct other; do
        pg_to=${ways[$way]}
        pipeline wide "query: 'SELECT i, repeat(md5(i::text), 8192) AS x FROM generate_series(1, 500) i'" 'plugin: "null"'
        peak=$(peak_kib "$QETL" run wide.yaml -q --no-state --memory 64MiB)
        [ "$peak" -le 98304 ] && pass "$way: 131 MB of rows in $peak KiB" || fail "$way: 131 MB of rows took $peak KiB"
    done
fi
