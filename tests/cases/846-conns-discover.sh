#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# qetl conns discover: what a source offers, to people, to programs, and as the beginning of a pipeline.
. "$(dirname "$0")/lib.sh"

sqlite3 x.db <<'S'
CREATE TABLE orders (id INTEGER PRIMARY KEY, total DECIMAL(12,2), at TIMESTAMP, note TEXT);
CREATE TABLE lines (item TEXT, order_id INTEGER REFERENCES orders (id), n INTEGER, PRIMARY KEY (order_id, n)) WITHOUT ROWID;
CREATE TABLE loose (x, y);
INSERT INTO loose VALUES (1, 'a'), (2, 'b');
CREATE TABLE "a ""b"" [c]; -- d" ("Odd ""name" TEXT, 日本 INTEGER);
CREATE TABLE a__b___c______d (n);
CREATE VIEW big AS SELECT * FROM orders WHERE total > 100;
CREATE VIEW broken AS SELECT * FROM nowhere;
CREATE TABLE _qetl_epochs (pipeline TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) INSERT INTO orders SELECT i, i, '2024-01-01', hex(zeroblob(50)) FROM n;
S
before=$(sha256sum x.db)
expect_exit 0 qetl conns discover sqlite path=x.db --json
expect_eq 'nothing is changed' "$(sha256sum x.db) $(ls x.db-* 2>/dev/null)" "$before "
expect_json out '.command == "conns discover" and [.result.streams[].name] == ["a \"b\" [c]; -- d", "a__b___c______d", "big", "broken", "lines", "loose", "orders"]'

# as another reader sees it
python3 - >oracle <<'P'
import json, sqlite3
db = sqlite3.connect("x.db")
found = []
for name, kind in db.execute("SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE '\\_qetl%' ESCAPE '\\' AND name <> 'broken' ORDER BY name COLLATE NOCASE"):
    quoted = '"' + name.replace('"', '""') + '"'
    columns = db.execute(f"PRAGMA table_info({quoted})").fetchall()
    found.append({"name": name, "kind": kind, "columns": [c[1] for c in columns],
                  "keys": [c[1] for c in sorted((c for c in columns if c[5]), key=lambda c: c[5])],
                  "rows": db.execute(f"SELECT count(*) FROM {quoted}").fetchone()[0] if kind == "table" else None})
print(json.dumps(found, sort_keys=True))
P
jq -cS '[.result.streams[] | select(.trouble == null) | {name, kind, rows, keys, columns: [.columns[].name]}]' out >found
expect_same <(cat found) <(jq -cS . oracle)
expect_json out '.result.streams[] | select(.name == "broken") | .trouble | test("no such table: main.nowhere")'
expect_json out '[.result.streams[] | select(.name == "orders") | .columns[].type] == ["bigint", "decimal(12,2)", "timestamp", "text"]'
expect_json out '[.result.streams[] | select(.name == "loose") | .columns[].type] == ["bigint", "text"]'
expect_json out '.result.streams[] | select(.name == "orders") | .bytes > 50000 and .bytes < 500000 and .estimated == false'

# for people, at 80 columns
expect_exit 0 qetl conns discover sqlite path=x.db
expect_text out '^STREAM +KIND +ROWS +SIZE +KEY +COLUMNS'
expect_text out '^orders +table +1000 +[0-9.]+ [kK].*id +id bigint'
expect_text out '^broken +view +- +- +- +cannot be read'
expect_eq 'no line is longer than the terminal' "$(wc -L <out | awk '$1 > 80')" ''

# a pipeline's own sources; what they read now is not minded
cat >p.yaml <<'Y'
sources:
  a: {plugin: sqlite, path: x.db, query: select 1 as one, types: {one: text}}
  b: {plugin: sqlite, path: "${secret:DB}", table: loose}
  c: {plugin: file, path: x.csv, format: csv}
sinks:
  out: {plugin: "null", input: a}
  out2: {plugin: "null", input: b}
  out3: {plugin: "null", input: c}
Y
export DB=./x.db
expect_exit 0 qetl conns discover p.yaml --json
expect_json out '[.result.streams[].source] | unique == ["a", "b"]'
expect_exit 0 qetl conns discover p.yaml b --json
expect_json out '[.result.streams[].source] | unique == ["b"]'
expect_exit 2 qetl conns discover p.yaml nope
expect_text err "no source is called 'nope'"
expect_exit 1 qetl conns discover p.yaml c
expect_text err 'no source here can say what it offers'

# the beginning of a pipeline, which is one
expect_exit 0 qetl conns discover sqlite path=x.db busy_timeout_ms=5 --yaml
cp out all.yaml
expect_text all.yaml '^    busy_timeout_ms: 5$'
expect_eq 'ids' "$(grep -E '^  [a-z]' all.yaml | paste -sd ' ')" '  a__b___c______d:   a__b___c______d_2:   big:   lines:   loose:   orders:'
printf 'sinks:\n' >>all.yaml
for id in a__b___c______d a__b___c______d_2 big lines loose orders; do
    printf '  to_%s: {plugin: file, input: %s, path: %s.csv}\n' $id $id $id >>all.yaml
done
expect_exit 0 qetl run all.yaml -q
expect_eq 'all of it' "$(sort -t, -n -k1 orders.csv | md5sum) $(wc -l <loose.csv)" \
    "$( (echo id,total,at,note; sqlite3 -csv x.db "SELECT id, printf('%.2f', total), at, note FROM orders") | tr -d '\r"' | sed 's/2024-01-01,/2024-01-01,/' | sort -t, -n -k1 | sed 's/2024-01-01,/2024-01-01 00:00:00,/' | md5sum) 3"
expect_exit 0 qetl conns discover p.yaml b --yaml
expect_no_text out 'x\.db'
expect_no_text out 'query'

# larger databases are not counted: a sparse file of 300 MB
cp x.db large.db
python3 - <<'P'
import sqlite3
db = sqlite3.connect("large.db")
db.execute("CREATE TABLE filler (b)")
db.executemany("INSERT INTO filler VALUES (zeroblob(?))", [(50 << 20,)] * 6)
db.execute("DELETE FROM filler")
db.execute("DELETE FROM orders WHERE id < 500")
db.commit()
P
expect_exit 0 qetl conns discover sqlite path=large.db --json
expect_json out '.result.streams[] | select(.name == "orders") | .estimated and .rows == 1000'
expect_exit 0 qetl conns discover sqlite path=large.db
expect_text out '^orders +table +~1000'
sqlite3 large.db ANALYZE
expect_exit 0 qetl conns discover sqlite path=large.db --json
expect_json out '.result.streams[] | select(.name == "orders") | .estimated and .rows == 501'

# what cannot be
expect_exit 1 qetl conns discover sqlite path=gone.db
expect_text err 'gone.db: there is no such file'
expect_exit 1 qetl conns discover file path=x.csv
expect_exit 2 qetl conns discover nosuch path=x.db
expect_exit 2 qetl conns discover sqlite path=x.db nonsense=1
expect_exit 2 qetl conns discover sqlite
printf 'sources: {in: {plugin: sqlite, path: x.db}}\nsinks: {out: {plugin: "null", input: in}}\n' >p.yaml
expect_exit 2 qetl run p.yaml
expect_text err 'neither table nor query says what to read'
