#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Rows of the source `postgres` that are taken together, column by column: those of which one is refused, wide ones among them, and keys, from batch to batch.
# tsan: no
. "$(dirname "$0")/postgres-lib.sh"
pg_serve
sql <<'S'
CREATE TABLE t AS SELECT id, CASE WHEN id % 5 > 0 THEN date '2024-01-01' + id END AS d, timestamp '2024-01-01' + id * interval '1 min' AS ts,
  (id * 7 % 100000 / 100.0)::numeric(8,2) AS n, CASE WHEN id % 7 > 0 THEN 'text ' || id END AS x, jsonb_build_object('a', id) AS j, id % 2 AS odd, id::bigint * 1000000007 AS l
  FROM generate_series(1, 20000) id;
UPDATE t SET x = repeat('w', 5000) WHERE id % 211 = 0;
UPDATE t SET x = repeat('ä', 100000) WHERE id % 4999 = 0;
UPDATE t SET x = repeat('ä', id % 20) WHERE id % 13 = 0;
UPDATE t SET d = 'infinity' WHERE id % 1009 = 0 OR id IN (1, 20000);
UPDATE t SET ts = '-infinity' WHERE id % 773 = 0;
UPDATE t SET n = 'NaN' WHERE id BETWEEN 9000 AND 9400;
UPDATE t SET d = '-infinity', ts = 'infinity', x = NULL WHERE id = 9100;
ALTER TABLE t ADD PRIMARY KEY (id);
CREATE VIEW judged AS SELECT *, CASE WHEN NOT isfinite(d) THEN 'd' WHEN NOT isfinite(ts) THEN 'ts' WHEN n = 'NaN' THEN 'n' END AS bad FROM t;
S
sql -c "COPY (SELECT id, d, ts, n, x, j, odd, l FROM judged WHERE bad IS NULL ORDER BY id) TO STDOUT (FORMAT csv, HEADER)" >wanted.csv
sql -c "SELECT id, id, bad FROM judged WHERE bad IS NOT NULL ORDER BY id" >wanted.letters
digest() { # of a CSV's cells, however they are quoted
    "${PYTHON3:-python3}" -c 'import csv, hashlib, sys
csv.field_size_limit(1 << 24)
with open(sys.argv[1], encoding="utf-8", newline="") as file:
    rows = list(csv.reader(file))
print(len(rows), hashlib.sha256(repr(rows).encode()).hexdigest())' "$1"
}
# ROW|ID|COLUMN: in the order of the rows, and with their numbers
letters() { jq -r '[.row, (.original | fromjson | .id), .column] | join("|")' dead-letters/reading.ndjson; }
all_is_well() { # WHAT
    expect_eq "$1: rows that are fine" "$(digest out)" "$(digest wanted.csv)"
    letters >letters
    expect_same wanted.letters letters
}

expect_exit 0 read_pg 'table: t, key: id'
all_is_well 'in the order of a key'
expect_eq 'a letter has all of its row' "$(jq -r 'select(.row == 9100) | .original' dead-letters/reading.ndjson)" \
    '{"id":"9100","d":"-infinity","ts":"infinity","n":"NaN","x":null,"j":"{\"a\": 9100}","odd":"0","l":"9100000063700"}'
expect_exit 0 read_pg 'query: SELECT * FROM t ORDER BY id'
all_is_well 'a query'
expect_exit 0 read_pg "query: 'SELECT * FROM t ORDER BY id', columns: [id]"
expect_eq 'a column alone' "$(sed 1d out | md5sum)" "$(seq 20000 | md5sum)"

# few rows in a batch: it ends within a block
pipeline reading 'table: t, key: id' 'plugin: stdout, format: csv'
echo 'batch_rows: 7' >>reading.yaml
rm -rf dead-letters
expect_exit 0 qetl run reading.yaml -q
all_is_well 'batches of seven rows'
pipeline reading 'table: t, key: id, columns: [id]' 'plugin: "null"'
echo 'batch_rows: 7' >>reading.yaml
expect_exit 0 qetl run reading.yaml -q --json-file json
expect_eq 'and no more in any' "$(jq '[.result.components[] | select(.id == "in") | .batches] | first' json)" 2858 # (20,000 + 6) / 7

# keys are looked at in all rows of a block, and where two batches meet
expect_exit 1 read_pg "query: 'SELECT nullif(i, 777) AS a FROM generate_series(1, 5000) i', key: a"
expect_text err 'a row has NULL in its key'
expect_exit 1 read_pg "query: 'SELECT 1 AS a FROM generate_series(1, 50000)', key: a"
expect_text err 'two rows have the same key'
