#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A table of SQLite that several connections read at a time, each rows of other numbers: every row comes once and at one moment, whatever numbers there are and
# whoever writes; and a run that is killed goes on in each part.
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/cases/killed-lib.sh
. "$cases/killed-lib.sh"
RANDOM=${SEED:-1}
echo "# seed ${SEED:-1}"
sql() {
    sqlite3 -batch -cmd '.timeout 20000' x.db "$@"
}
sql "PRAGMA journal_mode = delete" >/dev/null
sql "CREATE TABLE dense (id INTEGER PRIMARY KEY, n INT, v INT DEFAULT 0);
WITH RECURSIVE i (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM i WHERE i < 50000) INSERT INTO dense (id, n) SELECT i, i % 97 FROM i;
CREATE TABLE sparse (id INTEGER PRIMARY KEY, n INT);
INSERT INTO sparse VALUES (-9223372036854775808, 1), (-9223372036854775807, 2), (-1, 3), (0, 4), (1, 5), (2, 6), (1000000000000, 7), (9223372036854775806, 8), (9223372036854775807, 9);
CREATE TABLE plain (rowid TEXT, n INT);
INSERT INTO plain SELECT 'r' || id, id FROM dense WHERE id <= 3000;
DELETE FROM plain WHERE n BETWEEN 500 AND 2400;
CREATE TABLE one (id INTEGER PRIMARY KEY, n INT);
INSERT INTO one VALUES (9223372036854775807, 1);
CREATE TABLE two (id INTEGER PRIMARY KEY, n INT);
INSERT INTO two VALUES (7, 1), (8, 2);
CREATE TABLE none (id INTEGER PRIMARY KEY, n INT);
CREATE TABLE bad (id INTEGER PRIMARY KEY, n INT);
INSERT INTO bad SELECT id, CASE WHEN id % 100 THEN n ELSE 'many' END FROM dense WHERE id <= 5000;
CREATE VIEW seen AS SELECT * FROM dense;
CREATE TABLE keyed (id INTEGER PRIMARY KEY, n INT) WITHOUT ROWID;
INSERT INTO keyed VALUES (1, 1), (2, 2), (9, 9), ('many', 3);
CREATE TABLE odd (id INTEGER PRIMARY KEY DESC, n INT);
INSERT INTO odd VALUES (1, 1), (2, 2), (9, 9), (NULL, 3), (NULL, 4);"

# read_many OPTIONS [TRANSFORM]
read_many() {
    cat >p.yaml <<Y
name: reading
sources: {in: {plugin: sqlite, path: x.db, $1}}
transforms: {it: {input: in, ${2:-plugin: filter, where: n IS NOT NULL OR length(cast(n AS text)) IS NULL}}}
sinks: {out: {plugin: file, input: it, path: out.csv, if_exists: replace}}
Y
    rm -rf dead-letters
    qetl run p.yaml -q --json-file json
}
reads() { # TABLE CONNECTIONS READERS
    expect_exit 0 read_many "table: $1, connections: $2"
    expect_eq "every row of $1, once" "$(sed 1d out.csv | sort | md5sum)" "$(sql -csv "SELECT * FROM $1" | tr -d '\r' | sort | md5sum)"
    expect_eq "by so many" "$(jq '.result.components[] | select(.id == "in") | .replicas' json)" "$3"
    expect_json json .summary.balanced
}
reads dense 1 1
reads dense 2 2
reads dense 5 5
reads dense 32 32
reads sparse 2 2
reads sparse 7 7
reads plain 4 4
reads one 4 1
reads two 4 2
reads none 3 1
reads odd 2 2 # whose key is none, for all that it says
expect_exit 0 read_many 'table: dense'
expect_json json '.result.components[] | select(.id == "in") | .replicas == 1'
expect_eq 'one: in the order of the numbers' "$(sed 1d out.csv | cut -d, -f1 | md5sum)" "$(seq 50000 | md5sum)"

# Conditions, columns, limits, rejected rows.
expect_exit 0 read_many 'table: dense, connections: 3, columns: [id, n]' 'plugin: filter, where: n = 7 AND id < 20000'
expect_eq 'a condition that SQLite judges' "$(sed 1d out.csv | sort | md5sum)" "$(sql -csv 'SELECT id, n FROM dense WHERE n = 7 AND id < 20000' | tr -d '\r' | sort | md5sum)"
expect_json json '.result.components[] | select(.id == "in") | .rows_out < 300 and .replicas == 3'
expect_exit 0 read_many 'table: dense, connections: 3' 'plugin: limit, rows: 123'
expect_eq 'a limit is one for all' "$(sed 1d out.csv | sort -u | wc -l) $(jq '.result.components[] | select(.id == "in") | .replicas' json)" '123 1'
expect_exit 0 read_many 'table: bad, connections: 3'
expect_eq 'rejected rows, each once' "$(jq .row dead-letters/reading.ndjson | wc -l) $(jq .row dead-letters/reading.ndjson | sort -u | wc -l)" '50 50'
expect_json json '.summary.balanced and .summary.rows_out == 4950'
expect_exit 0 qetl preview p.yaml
expect_exit 0 qetl run p.yaml --dry-run
expect_text out 'in  source sqlite: 3 at a time read a part each'

expect_exit 0 read_many 'table: keyed' 'plugin: filter, where: id < 5'
expect_eq 'a key that is no number' "$(sed 1d out.csv | paste -sd ' ') $(jq -r .message dead-letters/reading.ndjson)" '1,1 2,2 a text many is no bigint; as text it can be read: types: {id: text}'

# What cannot be divided.
for what in 'query: "SELECT 1 AS n"' 'table: seen' 'table: keyed' 'table: dense, key: id' 'table: seen, key: id'; do
    expect_exit 2 read_many "$what, connections: 2"
    expect_text err 'p.yaml:2:.*only a table whose rows have numbers .rowid. can be divided'
done
for value in 0 33 '"x"' 1.5; do
    expect_exit 2 read_many "table: dense, connections: $value"
done
cp x.db wal.db
sqlite3 wal.db 'PRAGMA journal_mode = wal' >/dev/null
sed "s/path: x.db.*}}/path: wal.db, table: dense, connections: 2}}/" p.yaml >wal.yaml
expect_exit 2 qetl run wal.yaml -q
expect_text err 'write-ahead log several connections do not see one moment'
expect_text err "mend: .*VACUUM INTO"
sed -i "s/connections: 2/connections: 1/" wal.yaml
expect_exit 0 qetl run wal.yaml -q

# While all rows change again and again, a run sees one state of them.
while [ ! -e stop ]; do sql 'UPDATE dense SET v = v + 1' 2>>writer.err; done &
writer=$!
seen=
for _ in 1 2 3 4 5; do
    expect_exit 0 read_many 'table: dense, connections: 4, busy_timeout_ms: 60000'
    expect_eq 'one moment' "$(sed 1d out.csv | wc -l) $(sed 1d out.csv | cut -d, -f3 | sort -u | wc -l)" '50000 1'
    seen+=" $(sed -n '2s/.*,//p' out.csv)"
done
touch stop
wait $writer
echo "# moments:$seen"
expect_eq 'it was written meanwhile' "$([ "$(echo "$seen" | tr ' ' '\n' | sed 1d | sort -u | wc -l)" -gt 1 ] && echo yes)" yes

# Killed again and again, each part goes on behind its last row.
killed() { # TABLE
    cat >"$1.yaml" <<Y
name: $1
batch_rows: 300
checkpoint: {every: 5ms}
sources: {in: {plugin: sqlite, path: x.db, table: $1, connections: 3, rate_limit: 40000/s}}
sinks: {out: {plugin: file, input: in, path: $1.csv, if_exists: replace}}
Y
    killed_until_well "$1" 2
    expect_eq "$1: every row, once" "$(sed 1d "$1.csv" | sort | md5sum)" "$(sql -csv "SELECT * FROM $1" | tr -d '\r' | sort | md5sum)"
    expect_eq 'it went on' "$([ $resumed -gt 0 ] && echo yes)" yes
}
killed dense
