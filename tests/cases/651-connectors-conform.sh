#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Every connector of the tree against the rules of the ABI: all that lie in the folder of plugins, none
# left out. QETL_CONFORM_ONLY names some of them, to look at by hand.
# tsan: no
. "$(dirname "$0")/rest-lib.sh"
. "$root/tests/cases/postgres-lib.sh"
trap 'status=$?; pg_away; rm -rf "$own"; (exit $status); serve_end' EXIT
[ -z "$QETL_SANITIZER" ] || skip_all 'memory that a sanitizer keeps back looks like memory that was left behind'
cache=$QETL_BUILD/tests/cache
"$root/.ci/duckdb" "$cache" || { fail "libduckdb cannot be had"; exit 1; }
export QETL_DUCKDB_LIBRARY=$cache/libduckdb.so
memory=/dev/shm # thousands of runs, each with its syncs
[ -w $memory ] || memory=$PWD
own=$(mktemp -d $memory/qetl-XXXXXX) || exit 1
# A language with a comma in numbers, which few machines have.
mkdir locales
expect_exit 0 localedef -i de_DE -f UTF-8 "$PWD/locales/de_DE.UTF-8"
export LOCPATH=$PWD/locales

python3 - <<'PY'
import sqlite3
db = sqlite3.connect("in.db")
db.execute("create table t (id integer primary key, name text, total real)")
db.executemany("insert into t values (?, ?, ?)", [(i, f"name {i}", i * 1.5) for i in range(30)])
db.commit()
db = sqlite3.connect("few.db")
db.execute("create table t (id integer primary key, name text not null check (length(name) < 20))")
db.commit()
PY
(echo id,name; seq 40 | sed 's/$/,x/') | gzip -n >in.csv.gz
printf 'id,name\n1,a\n2,\n' >p.csv
expect_exit 0 qetl run --from p.csv --to in.parquet --no-state

cat >api.yaml <<'Y'
openapi: 3.0.0
servers: [{url: https://api.example}]
paths:
  /a: {get: {responses: {200: {content: {application/json: {schema: {type: array, items: {properties: {id: {type: integer}}}}}}}}}}
  /a/{id}/b: {get: {responses: {200: {content: {application/json: {schema: {type: array}}}}}}}
  /c: {get: {responses: {200: {content: {application/json: {schema: {$ref: '#/nowhere'}}}}}}}
Y

serve --rows 12
python3 "$root/tests/sse_server.py" --port-file events --journal events.journal & # ends with this process
for _ in $(seq 600); do
    [ -e events ] && break
    sleep 0.05
done
events="http://127.0.0.1:$(cat events)/events?count=40"

pg_serve
sql -c "CREATE TABLE t (id int PRIMARY KEY, name text, total numeric(10,2), day date)" \
    -c "INSERT INTO t SELECT i, 'name ' || i, i * 1.5, '2024-01-01' FROM generate_series(1, 30) i"
postgres="\"host\": \"$pg_socket\", \"port\": $pg_port, \"user\": \"q\", \"database\": \"shop\""

# What a manifest cannot hold: bytes that are no text, and servers.
sed "s|BASE|$base|; s|EVENTS|$events|; s|POSTGRES|$postgres|" >check.json <<'JSON'
{
  "source sqlite": [
    {"options": {"path": "{tmp}/in.db", "table": "t"}, "files": {"in.db": {"from": "in.db"}}},
    {"options": {"path": "{tmp}/in.db", "query": "select name, total from t order by id"},
     "files": {"in.db": {"from": "in.db"}}}
  ],
  "sink sqlite": [
    {"options": {"path": "{tmp}/new/out.db", "table": "t", "strict": true, "decimals": "text"}},
    {"options": {"path": "{tmp}/in.db", "table": "t", "mode": "upsert", "new_columns": "drop"},
     "files": {"in.db": {"from": "in.db"}}},
    {"options": {"path": "{tmp}/in.db", "table": "t", "mode": "delete", "key": "id"},
     "files": {"in.db": {"from": "in.db"}}},
    {"options": {"path": "{tmp}/in.db", "table": "t", "mode": "replace", "key": "id"}, "files": {"in.db": {"from": "in.db"}}},
    {"options": {"path": "{tmp}/new.db", "table": "h", "mode": "scd2", "key": "id"}},
    {"options": {"path": "{tmp}/few.db", "table": "t", "new_columns": "evolve", "mode": "truncate"},
     "files": {"few.db": {"from": "few.db"}}}
  ],
  "source file": [
    {"options": {"path": "{tmp}/in.csv"}},
    {"options": {"path": "{tmp}/in.csv.gz"}, "files": {"in.csv.gz": {"from": "in.csv.gz"}}}
  ],
  "source openapi": {"options": {"path": "{tmp}/api.yaml"}, "files": {"api.yaml": {"from": "api.yaml"}}},
  "source rest": [
    {"options": {"url": "BASE/keyset", "records": "/data", "private_hosts": ["127.0.0.1"], "since": {"param": "since"},
                 "pagination": {"kind": "cursor", "param": "after", "last": "/id", "limit": 4}}},
    {"options": {"url": "BASE/cursor", "records": "/data", "private_hosts": ["127.0.0.1"],
                 "pagination": {"kind": "cursor", "param": "after", "from": "/next_cursor", "limit": 4}}},
    {"options": {"url": "BASE/page", "private_hosts": ["127.0.0.1"], "prefetch": 2, "pagination": {"kind": "page", "limit": 4}}},
    {"options": {"url": "BASE/offset", "private_hosts": ["127.0.0.1"], "prefetch": 0, "pagination": {"kind": "offset", "limit": 4}}}
  ],
  "source sse": {"options": {"url": "EVENTS&after=end", "reconnect": false, "replays": true, "private_hosts": ["127.0.0.1"]}},
  "source sse_events": {"options": {"url": "EVENTS&close=15", "reconnect_ms": 5, "private_hosts": ["127.0.0.1"]}},
  "transform rest_lookup": [
    {"options": {"url": "BASE/one/{id}", "private_hosts": ["127.0.0.1"], "concurrency": 2, "cache_rows": 1,
                 "columns": {"who": {"at": "/name"}, "score": {"at": "/score", "type": "double"}}}, "input": "id,n\n1,a\n2,b\n90,c\n1,d\n"},
    {"options": {"url": "BASE/lines/{id}", "private_hosts": ["127.0.0.1"], "rows": "/data", "missing": "reject", "cache_rows": 0,
                 "columns": {"sku": {"at": "/sku"}, "all": {"at": "", "type": "json"}}}, "input": "id,n\n3,a\n4,b\n2,c\n"}
  ],
  "sink rest": [
    {"options": {"url": "BASE/in", "private_hosts": ["127.0.0.1"], "idempotency": {"key": "row"}}},
    {"options": {"url": "BASE/in", "private_hosts": ["127.0.0.1"], "body": "array", "rows_per_request": 7, "concurrency": 3}}
  ],
  "source postgres": [
    {"options": {POSTGRES, "table": "t", "key": "id"}},
    {"options": {POSTGRES, "query": "SELECT name, total FROM t"}}
  ],
  "sink postgres": {"options": {POSTGRES, "table": "{tmp} u", "mode": "upsert", "key": "id", "new_columns": "drop"}},
  "source parquet": {"options": {"path": "{tmp}/in.parquet"}, "files": {"in.parquet": {"from": "in.parquet"}}}
}
JSON

# How long it takes is counted by the processor, so that a busy machine has the time that it needs.
check_one() {
    local TIMEFORMAT='%U %S'
    { time TMPDIR=$own timeout 300 "$QETL" plugin check "$folder/$1.so" --options check.json --limit 150 --json >"$1.report" 2>"$1.err"; } 2>"$1.times"
    echo $? >"$1.code"
}
export -f check_one
export own folder=${QETL_PLUGIN_PATH%%:*}
all=$(cd "$root/plugins" && printf '%s\n' */*.qetl.json | sed 's/.*\///; s/\.qetl\.json$//' | sort)
names=$(tr ' ' '\n' <<<"${QETL_CONFORM_ONLY:-$all}")
xargs -P 2 -I{} bash -c 'check_one {}' <<<"$names"

for name in $names; do
    # libxlsxwriter writes numbers as the language of its process has them, which qetl leaves as it is in C.
    known=no code=0
    [ "$name" != xlsx ] || known=surroundings code=1
    jq -r --arg known $known '.result.rules[] | select(.outcome == "broken" and .rule != $known) |
        "\(.component) breaks \(.rule): \(.message)"' "$name.report" >broken 2>&1
    expect_eq "$name: exit code, rules broken" "$(cat "$name.code"), $(cat broken)" "$code, "
    expect_json "$name.report" '.result.held >= 25 and .result.late == 0'
    expect_json "$name.report" '[.result.rules[] | select(.rule == "surroundings" and (.why // "" | test("locale")))] == []'
    expect_eq "$name: less than 30 s of the processor" "$(awk '{ print $1 + $2 < 30 }' "$name.times")" 1
    echo "   $name: $(jq -r '"\(.result.held) rules held, \(.result.not_tried) not tried, \(.result.seconds) s"' "$name.report")"
done
expect_eq 'what the checks left behind' "$(ls -A "$own")" ''
[ -n "${QETL_CONFORM_ONLY:-}" ] ||
    expect_eq 'connectors that are installed' "$(cd "$folder" && printf '%s\n' *.so | sed 's/\.so$//' | sort)" "$all"
