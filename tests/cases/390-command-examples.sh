#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every example of every command's page does what it says, from the same folder; so do its pipes.
. "$(dirname "$0")/lib.sh"
late_libraries

mkdir bin world world/data world/pipelines
ln -s "$QETL" bin/qetl
PATH=$PWD/bin:$PATH
{
    echo order_id,quantity,unit_price,country
    for i in $(seq 20); do echo "$i,$((i * 20)),9.50,DE"; done
} >world/orders.csv
cp world/orders.csv world/today.csv
cp world/orders.csv world/data/part.csv
gzip -c world/orders.csv >world/orders.csv.gz
cat >openapi.yaml <<'YAML'
openapi: 3.1.0
info: {title: shop, version: '1'}
servers: [{url: 'https://shop.example/api'}]
paths:
  /orders:
    get:
      parameters: [{name: offset, in: query, schema: {type: integer}}, {name: limit, in: query, schema: {type: integer, maximum: 100}}]
      responses: {200: {description: orders, content: {application/json: {schema: {type: array, items: {type: object, properties: {id: {type: integer}}}}}}}}
YAML
python3 -c 'import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)' <openapi.yaml >openapi.json
sqlite3 world/orders.db "CREATE TABLE orders (order_id INTEGER PRIMARY KEY, country TEXT); CREATE TABLE loose (x)"
cat >world/orders.yaml <<'YAML'
name: orders
description: Large orders
max_rejected: 0
dead_letters: rejected.ndjson
sources:
  orders: {plugin: file, path: orders.csv}
transforms:
  large: {plugin: filter, input: orders, where: "quantity >= 100"}
sinks:
  out: {plugin: file, input: large, path: large.ndjson, if_exists: replace}
YAML
cat >orders.test.yaml <<'YAML'
tests:
  - name: no refund of large orders
    sources:
      orders: [{order_id: 1, quantity: 5, unit_price: 1, country: DE}, {order_id: 2, quantity: 700, unit_price: 2, country: FR}]
    expect:
      large: {count: 1}
YAML
cp world/orders.yaml orders.test.yaml world/pipelines
{
    printf 'order_id,quantity,unit_price,country\n1,two,9.50,DE\n2,7\n'
    for i in $(seq 3 9); do echo "$i,0,9.50,DE"; done
} >dirty.csv
(cd world && qetl run -q orders.yaml -s sources.orders.path=../dirty.csv -s max_rejected=100 -s sinks.out.path=../none.ndjson \
    -s 'sources.orders.format={type: csv, types: {quantity: bigint}}' -s 'transforms.large.where=1000 / quantity >= 5')
(cd world && qetl run -q orders.yaml --record rec --no-state && ln -s "${QETL_PLUGIN_PATH%%:*}" plugins)
XDG_STATE_HOME=$PWD/world/states
export XDG_STATE_HOME
qetl state set orders in '2026-01-01 00:00:00' --quiet
qetl state export orders >world/orders.state.json
(cd world && qetl plugin lock orders.yaml -q)
XDG_STATE_HOME=$PWD/here/states
# A plugin to pack, and a package of it, signed by a key that is trusted.
mkdir -p world/acme-source world/dist world/config/qetl/trusted-keys
for file in lines.so lines.qetl.json; do cp "${QETL_PLUGIN_PATH%%:*}/$file" "world/acme-source/acme-source${file#lines}"; done
qetl plugin keygen acme --out world -q
qetl plugin pack world/acme-source --out world/dist --key world/acme.qsecret -q
cp world/dist/*.qpkg world/acme-source-1.0.0-linux-x86_64-glibc.qpkg
mv world/dist/*.qpkg world/dist/acme-source.qpkg
jq '.plugins = ["*"]' world/acme.qkey >world/config/qetl/trusted-keys/acme.qkey
XDG_CONFIG_HOME=$PWD/world/config XDG_DATA_HOME=$PWD/world/share "$QETL" plugin install world/dist -q
for key in vendor vendor-index; do qetl plugin keygen "$key" --out world -q; done
# An index of it, on a server.
qetl plugin keygen acme-index --out world -q
jq '.plugins = ["*"] | .signs = "indexes"' world/acme-index.qkey >world/config/qetl/trusted-keys/acme-index.qkey
mkdir world/site
qetl plugin pack world/acme-source --out world/site --key world/acme.qsecret -q
qetl plugin index world/site --name acme --key world/acme-index.qsecret -q
echo "$PWD/world/site" >world/config/qetl/indexes
python3 "$root/tests/indexes.py" serve "$PWD/world/site" "$PWD/port" &
server=$!
trap 'kill "$server"; finish' EXIT
until [ -s port ]; do sleep 0.1; done
XDG_CONFIG_HOME=$PWD/world/config XDG_DATA_HOME=$PWD/world/share "$QETL" plugin search --index "http://127.0.0.1:$(cat port)" >/dev/null
XDG_CONFIG_HOME=$PWD/here/config
XDG_DATA_HOME=$PWD/here/share
export XDG_CONFIG_HOME XDG_DATA_HOME
awk '/^```sh/ { inside = 1; next } /^```/ { inside = 0 } inside && !/^#/' "$root/docs/reference/commands.md" >lines
while read -r line; do
    case $line in
    *'qetl top'* | *'qetl tap'*) continue ;; # they look into a run that goes on; their own scenarios do
    'qetl plugin check'*) [ -z "$QETL_SANITIZER" ] || continue ;; # a sanitizer has threads of its own
    *'| dot '*) command -v dot >/dev/null || continue ;;
    esac
    line=${line//https:\/\/plugins.acme.example/http:\/\/127.0.0.1:$(cat port)}
    cp -r world here
    [[ $line != 'qetl test'* ]] || cp orders.test.yaml here
    [[ $line != 'qetl rest'* ]] || cp openapi.* here
    (cd here && timeout 60 bash -o pipefail -c "$line" >../out 2>../err </dev/null)
    expect_eq "$line" $? 0
    [ -z "$(grep -iE '^error|: error:' err)" ] || fail "$line" "$(cat err)"
    rm -rf here
done <lines
expect_eq 'examples tried' "$(($(wc -l <lines) >= 35))" 1
