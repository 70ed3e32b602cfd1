#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# qetl conns test: each connection in a line, and nothing is changed by it.
# shellcheck source-path=SCRIPTDIR source=rest-lib.sh
. "$(dirname "$0")/rest-lib.sh"

connection() { # COMPONENT: what is told of it
    jq -r --arg c "$1" '.result.connections[] | select(.component == $c) | [.kind, .plugin, .status, .says, .mend // "-"] | join("|")' out
}
tree() { # all files, their bytes and times
    find . -type f ! -name out ! -name err ! -name before ! -name after ! -name one ! -name journal ! -name server.log -printf '%p %s %T@ %i\n' | sort
}

serve --rows 12
printf 'id,name\n1,a\n2,b\n' >in.csv
printf 'id,name\n' >empty.csv
sqlite3 in.db 'CREATE TABLE t (id INTEGER PRIMARY KEY, a, b, c, d); INSERT INTO t VALUES (1, 2, 3, 4, 5)'
sqlite3 out.db 'PRAGMA journal_mode = wal; CREATE TABLE orders (id INTEGER PRIMARY KEY, name)' >/dev/null
printf 'here\n' >there.csv
cat >good.yaml <<Y
name: good
sources:
  csv: {plugin: file, path: in.csv, incremental: {cursor: id}}
  empty: {plugin: file, path: empty.csv, format: {type: csv, types: {id: bigint}}}
  table: {plugin: sqlite, path: in.db, table: t}
  service: {plugin: rest, url: "$base/cursor", records: /data, private_hosts: ["127.0.0.1"],
            pagination: {kind: cursor, param: after, from: /next_cursor, limit: 4}}
transforms:
  f: {plugin: filter, input: csv, where: id > 0}
sinks:
  orders: {plugin: sqlite, input: f, path: out.db, table: orders, mode: upsert, journal_mode: delete}
  none: {plugin: sqlite, input: empty, path: deep/er/new.db, table: t}
  fresh: {plugin: sqlite, input: table, path: fresh.db, table: t}
  file: {plugin: file, input: service, path: made/out.ndjson}
  parts: {plugin: file, input: f, path: "parts/{id}.csv"}
  more: {plugin: file, input: f, path: there.csv, if_exists: append}
  nowhere: {plugin: "null", input: f}
Y
tree >before
expect_exit 0 qetl conns test good.yaml --json
tree >after
expect_same after before
expect_absent "$XDG_STATE_HOME" dead-letters deep fresh.db made parts
expect_json out '.ok and .command == "conns test"'
expect_eq 'a file' "$(connection csv)" 'source|file|ok|2 columns (id, name); rows come|-'
expect_eq 'without rows' "$(connection empty)" 'source|file|ok|2 columns (id, name); it can be read, and no row has come yet|-'
expect_eq 'a table' "$(connection table)" 'source|sqlite|ok|5 columns (id, a, b, c, …); rows come|-'
connection service >one
expect_text one '^source.rest.ok.[0-9]+ columns .*rows come'
expect_eq 'a table that is there' "$(connection orders)" 'sink|sqlite|ok|table orders of 2 columns (mode: upsert)|-'
expect_eq 'a database to be made' "$(connection none)" 'sink|sqlite|ok|there is no database yet, and it can be made|-'
expect_eq 'a file to be made' "$(connection file)" 'sink|file|ok|there is no such file yet, and it can be made|-'
expect_eq 'files to be made' "$(connection parts)" 'sink|file|ok|files can be made there|-'
expect_eq 'a file to be added to' "$(connection more)" 'sink|file|ok|the file is there, and would be added to|-'
expect_eq 'who cannot say' "$(connection nowhere)" 'sink|null|not_asked|the plugin cannot say it without a run|-'
expect_json out '[.result.connections[].component] == ["csv", "empty", "table", "service", "orders", "none", "fresh", "file", "parts", "more", "nowhere"]'

# a lock of the pipeline holds here, too
expect_exit 0 qetl plugin lock good.yaml -q
expect_exit 0 qetl conns test good.yaml --json
expect_json out '[.result.connections[] | select(.status == "ok")] | length == 10'
rm -f good.yaml.lock

# what does not work, and how it is mended
printf 'no database at all, but a text of some length\n' >text.db
cp text.db text2.db
cp in.db in2.db
mkdir locked
cat >bad.yaml <<Y
sources:
  gone: {plugin: file, path: gone.csv}
  table: {plugin: sqlite, path: in.db, table: nope}
  broken: {plugin: sqlite, path: text.db, table: t}
  closed: {plugin: rest, url: "http://127.0.0.1:9/x", private_hosts: ["127.0.0.1"]}
  private: {plugin: rest, url: "$base/cursor", records: /data}
  good: {plugin: file, path: in.csv}
sinks:
  text: {plugin: sqlite, input: gone, path: text2.db, table: t}
  missing: {plugin: sqlite, input: table, path: no.db, table: t, create: false}
  delete: {plugin: sqlite, input: broken, path: in2.db, table: other, mode: delete, key: id}
  there: {plugin: file, input: closed, path: there.csv}
  under: {plugin: file, input: private, path: there.csv/below.csv}
  good_too: {plugin: file, input: good, path: good.csv}
Y
tree >before
expect_exit 1 qetl conns test bad.yaml --json
tree >after
expect_same after before
expect_json out '[.result.connections[] | select(.status == "ok") | .component] == ["good", "good_too"]'
expect_json out '[.result.connections[] | select(.status == "failed" and .mend == null) | .component] | inside(["closed"])'
expect_json out '[.error.findings[] | select(.severity == "error")] | length == 10 and all(.line > 1)'
connection gone >one
expect_text one 'gone.csv: no such file or folder'
connection table >one
expect_text one 'in.db: the table cannot be read: no such table: main.nope|there is no table nope'
connection broken >one
expect_text one 'text.db: .*file is not a database'
connection closed >one
expect_text one 'Failed to connect to 127.0.0.1 port 9'
connection private >one
expect_text one '^source.rest.failed.*private'
connection text >one
expect_text one '^sink.sqlite.failed.text2.db: .*not a database.*name a SQLite database'
connection missing >one
expect_text one 'no.db: there is no such file.*create: true'
connection delete >one
expect_text one 'in2.db: there is no table other.*name the table that has the rows'
connection there >one
expect_text one 'there.csv: the file exists already'
connection under >one
expect_text one 'there.csv.*cannot be made there|[Nn]ot a (directory|folder)'

# Streams: each is a connection of its own, with what is particular to it; no other is read, and none is tried again.
printf 'id\n1\n' >of-x.csv
printf 'id,more\n2,b\n' >of-y.csv
cat >streams.yaml <<Y
sources:
  files: {plugin: file, path: "of-{stream}.csv", streams: [x, y]}
  tables: {plugin: sqlite, path: in.db, streams: "*"}
  api:
    plugin: rest
    private_hosts: [127.0.0.1]
    url: "$base/{stream}"
    retry: {first: 1h, most: 1h, budget: 10h}
    streams:
      plain:
      cursor: {records: /data, pagination: {kind: cursor, param: after, from: /next_cursor, limit: 4}}
      down: {url: "$base/status/503", retry: {first: 2h, most: 2h, budget: 10h}}
transforms:
  few: {plugin: filter, input: api, where: "true"}
sinks:
  out: {plugin: file, input: few, path: "streams/{stream}.csv"}
  rest: {plugin: "null", input: [files, tables]}
Y
: >journal
expect_exit 1 qetl conns test streams.yaml --json
expect_eq 'each stream' "$(jq -r '.result.connections[] | "\(.component) \(.status)"' out | sort | tr '\n' ',')" \
    'api.cursor ok,api.down failed,api.plain ok,files.x ok,files.y ok,out.cursor ok,out.down ok,out.plain ok,rest not_asked,tables.t ok,'
expect_eq 'its own columns' "$(connection files.x) $(connection files.y)" \
    'source|file|ok|1 column (id); rows come|- source|file|ok|2 columns (id, more); rows come|-'
expect_eq 'why not' "$(connection api.down | grep -c 'status/503: 503 ')" 1
expect_eq 'each was asked for by itself, the failing one once' \
    "$(jq -r .path journal | sort | uniq -c | awk '/503/ || $1 == 0 {print $1, $2}') $(jq -r .path journal | sort -u | tr '\n' ' ')" \
    '1 /status/503 /cursor /plain /status/503 '
expect_absent streams
expect_exit 0 qetl conns test streams.yaml -q -s sources.api.streams='[plain]'

# Services that get rows, or are asked for each: they are reached, and nothing is sent to them but HEAD.
services() { # PASSWORD SINK_URL LOOKUP_URL
    : >journal
    cat >services.yaml <<Y
sources: {in: {plugin: file, path: in.csv}}
transforms:
  found: {plugin: rest_lookup, input: in, url: "$3", private_hosts: ["127.0.0.1"], columns: {who: {at: /name}}}
sinks:
  sent: {plugin: rest, input: found, url: "$2", private_hosts: ["127.0.0.1"], auth: {kind: basic, user: reader, password: "$1"}}
  token: {plugin: rest, input: in, url: "$base/secure/oauth/in/{id}", method: PUT, private_hosts: ["127.0.0.1"],
          auth: {kind: oauth2, token_url: "$base/token", client_id: client-1, client_secret: canary-client-55d0}}
  refresh: {plugin: rest, input: in, url: "$base/in", private_hosts: ["127.0.0.1"],
            auth: {kind: oauth2_refresh, token_url: "$base/token", client_id: client-1, refresh_token: canary-refresh-1}}
Y
    "$QETL" conns test services.yaml --json >out 2>err
    code=$?
}
services 'pass word:1' "$base/secure/basic/in" "$base/one/{id}"
expect_eq 'all work' "$code" 0
expect_eq 'a sink' "$(connection sent)" 'sink|rest|ok|127.0.0.1 is reached, and refused no credentials|-'
expect_eq 'tokens' "$(connection token)" 'sink|rest|ok|127.0.0.1 is reached, and gives tokens|-'
expect_eq 'a lookup' "$(connection found)" 'transform|rest_lookup|ok|127.0.0.1 is reached|-'
connection refresh >one
expect_text one 'not asked: a refresh token may be good for one use'
expect_eq 'what went out' "$(jq -r '"\(.method) \(.path)"' journal | sort | tr '\n' ' ')" 'HEAD /one/ HEAD /secure/basic/in HEAD /secure/oauth/in/ POST /token '
services wrong "$base/secure/basic/in" "http://127.0.0.1:9/one/{id}"
expect_eq 'who may not' "$code $(connection sent | grep -c 'failed.*401.*see `auth`')" '1 1'
expect_eq 'who is not there' "$(connection found | grep -c 'failed.*Failed to connect to 127.0.0.1 port 9')" 1
services 'pass word:1' "$base/status/503" "$base/redirect?to=http://elsewhere.example/{id}"
expect_eq 'who cannot now' "$code $(connection sent | grep -c 'failed.*503')" '1 1'
expect_eq 'who leads elsewhere' "$(connection found | grep -c 'failed.*another host')" 1
services 'pass word:1' "$base/secure/basic/in" "$base/one/{id}"
sed -i 's/, private_hosts: \["127.0.0.1"\]//' services.yaml
: >journal
expect_exit 1 qetl conns test services.yaml --json
expect_eq 'addresses that nobody allowed' "$(jq -r '.result.connections[] | select(.says // "" | test("private|loopback")) | .component' out | tr '\n' ' ')$(wc -l <journal)" \
    'found sent token 0'

# for people
expect_exit 1 qetl conns test bad.yaml
expect_text out '^CONNECTION +PLUGIN +RESULT +SAYS'
expect_text out '^gone +source file +failed +gone.csv: no such file'
expect_text out 'mend: '
expect_eq 'no line is longer than the terminal' "$(awk 'length > 80' out)" ''
expect_exit 1 qetl conns test bad.yaml -q
expect_eq 'quiet' "$(cat out)" ''
expect_exit 0 qetl conns test bad.yaml -s 'sources={good: {plugin: file, path: in.csv}}' -s 'sinks={out: {plugin: file, input: good, path: x.csv}}'

# a source that is silent, secrets, and what is no pipeline
mkfifo pipe
exec 3<>pipe
printf 'id\n1\n' >&3
printf 'sources: {in: {plugin: file, path: pipe, format: csv}}\nsinks: {out: {plugin: "null", input: in}}\n' >pipe.yaml
timeout 20 "$QETL" conns test pipe.yaml --wait-ms 200 >out
expect_eq 'it is left' "$? $(tail -n +2 out | tr -s ' ' | head -n 1)" '0 in source file ok 1 column (id); rows come'
exec 3>&-
# shellcheck disable=SC2016 # a placeholder of qetl's
printf 'sources: {in: {plugin: file, path: "${secret:WHERE}"}}\nsinks: {out: {plugin: "null", input: in}}\n' >secret.yaml
WHERE=canary-7f3a "$QETL" conns test secret.yaml >out 2>&1
WHERE=canary-7f3a "$QETL" conns test secret.yaml --json >>out 2>&1
expect_no_text out canary
expect_exit 2 qetl conns test
expect_exit 2 qetl conns test in.csv
expect_exit 2 qetl conns test gone.yaml
printf 'sources: {in: {plugin: nosuch}}\nsinks: {out: {plugin: "null", input: in}}\n' >p.yaml
expect_exit 2 qetl conns test p.yaml
