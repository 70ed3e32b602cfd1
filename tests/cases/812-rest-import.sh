#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# qetl rest import: what it makes of descriptions as services have them, and that what it writes runs.
# tsan: no
# shellcheck disable=SC2016
. "$(dirname "$0")/rest-lib.sh"

# ---- what is written runs: a description of the test server, all rows by each way of paging ----
serve --rows 730
python3 - "$base" >api.yaml <<'P'
import sys
ways = {"cursor": "after: string, limit: integer", "next": "limit: integer", "link": "limit: integer", "offset": "offset: integer, limit: integer",
        "page": "page: integer, limit: integer", "keyset": "after: integer, limit: integer"}
more = {"cursor": "next_cursor: {type: string, nullable: true}, has_more: {type: boolean}", "next": "next: {type: string, format: uri, nullable: true}",
        "keyset": "has_more: {type: boolean}"}
print(f"openapi: 3.0.3\ninfo: {{title: rows, version: '1'}}\nservers: [{{url: '{sys.argv[1]}/secure/bearer/'}}]\nsecurity: [{{row-token: []}}]\npaths:")
for way, params in ways.items():
    listed = ", ".join("{name: %s, in: query, schema: {type: %s, maximum: 100}}" % tuple(p.split(": ")) for p in params.split(", "))
    rows = "type: array, items: {$ref: '#/components/schemas/Row'}"
    schema = f"type: object, properties: {{data: {{{rows}}}, {more[way]}}}" if way in more else rows
    print(f"  /{way}:\n    get:\n      parameters: [{listed}]\n      responses:\n        200:\n          description: rows")
    if way == "link":
        print("          headers: {Link: {schema: {type: string}}}")
    print(f"          content: {{application/json: {{schema: {{{schema}}}}}}}")
print("""components:
  securitySchemes: {row-token: {type: http, scheme: Bearer}}
  schemas: {Row: {type: object, properties: {id: {type: integer, format: int64}, name: {type: string}, amount: {type: number}, note: {type: string}}}}""")
P
mkdir secrets
printf 'canary-bearer-7f3a' >secrets/ROW_TOKEN
chmod 600 secrets/*
expect_exit 0 qetl rest import api.yaml
cp out all.yaml
expect_exit 0 qetl lint all.yaml --secrets-dir secrets
sets=()
for way in cursor next link offset page keyset; do
    sets+=(-s "sources.$way.private_hosts=[127.0.0.1]")
done
expect_exit 0 qetl run all.yaml -q --no-state --secrets-dir secrets "${sets[@]}"
for way in cursor next link offset page keyset; do
    expect_eq "rows of $way" "$(jq -r .id $way.ndjson | sort -un | wc -l) $(wc -l <$way.ndjson)" '730 730'
    expect_eq "pages of $way" "$(jq -r "select(.path | endswith(\"/$way\")) | .query.limit" journal | sort -u)" 100
done
expect_eq 'nobody was refused' "$(requests '.status != 200')" 0
expect_exit 0 qetl rest import api.yaml --stream /page
cp out page.yaml
expect_exit 0 qetl run page.yaml -q --no-state --secrets-dir secrets -s 'sources.page.private_hosts=[127.0.0.1]'
expect_eq 'the sources of one' "$(grep -c 'plugin: "rest"' page.yaml)" 1
expect_text page.yaml '^    # pagination: guessed by the parameter `page`'
# The same as JSON, and as rows.
python3 -c 'import json, sys, yaml; json.dump(yaml.safe_load(open("api.yaml")), open("api.json", "w"))'
expect_exit 0 qetl rest import api.json
sed 's/api.json/api.yaml/' out >json.yaml
expect_same json.yaml all.yaml
printf 'sources: {d: {plugin: openapi, path: api.yaml, url: https://x.example}}\nsinks: {o: {plugin: file, input: d, path: rows.ndjson, if_exists: replace}}\n' >rows.yaml
expect_exit 0 qetl run rows.yaml -q --no-state
expect_eq 'rows' "$(jq -r '"\(.path) \(.kind) \(.url)"' rows.ndjson | head -2)" '/cursor list https://x.example/cursor
/next list https://x.example/next'

# ---- how services describe themselves ----
# of NAME FILTER WANTED [OPTION…]: of what stands on stdin, what a jq filter makes of the streams
of() {
    cat >"$1.yaml"
    "$QETL" rest import "$1.yaml" --json "${@:4}" >out 2>err </dev/null
    expect_eq "$1" "$(jq -cS "$2" out)" "$3"
}
head='openapi: 3.0.0
info: {title: t, version: "1"}'
ok='{"200": {description: ok, content: {application/json: {schema'
# rows by the last one's id, in an envelope; keys of two columns; basic auth
of starting '.result.streams[0].options | [.url, .records, .pagination, .auth]' \
    '["https://api.example/v1/charges","/data",{"kind":"cursor","last":"/id","limit":100,"limit_param":"limit","more":"/has_more","param":"starting_after"},{"kind":"basic","password":"${secret:BASICAUTH_PASSWORD}","user":"${API_USER}"}]' <<Y
$head
servers: [{url: https://api.example/}]
security: [{basicAuth: []}, {bearerAuth: []}]
paths:
  /v1/charges:
    get:
      parameters: [{in: query, name: ending_before, schema: {type: string}}, {in: query, name: limit, schema: {type: integer}}, {in: query, name: starting_after, schema: {type: string}}]
      responses: $ok: {type: object, properties: {data: {type: array, items: {\$ref: '#/components/schemas/charge'}}, has_more: {type: boolean}, object: {type: string}, url: {type: string}}}}}}}
components:
  securitySchemes: {basicAuth: {type: http, scheme: basic}, bearerAuth: {type: http, scheme: bearer}}
  schemas:
    charge: {type: object, properties: {id: {type: string}, amount: {type: integer}, customer: {anyOf: [{type: string}, {\$ref: '#/components/schemas/customer'}]}, refunds: {type: object, properties: {data: {type: array, items: {\$ref: '#/components/schemas/charge'}}}}}}
    customer: {type: object, properties: {charge: {\$ref: '#/components/schemas/charge'}}}
Y
expect_json out '.result.streams[0].columns == [{"name": "id", "type": "text"}, {"name": "amount", "type": "bigint"}, {"name": "refunds", "type": "json"}]'
# pages with their number far inside, and the list called as the path is
of inside '.result.streams[0].options | [.records, .pagination]' \
    '["/servers",{"kind":"page","limit":50,"limit_param":"per_page","pages":"/meta/pagination/last_page","param":"page"}]' <<Y
$head
servers: [{url: https://api.example/v1}]
paths:
  /servers:
    get:
      parameters: [{in: query, name: page, schema: {type: integer, default: 1}}, {in: query, name: per_page, schema: {type: integer, default: 25, maximum: 50}}]
      responses: $ok: {properties: {servers: {type: array, items: {type: object}}, meta: {properties: {pagination: {properties: {last_page: {type: integer}, next_page: {type: integer}, total_entries: {type: integer}}}}}}}}}}}
Y
# 3.1: types that are lists, alternatives of null, offsets with a total; a server of the document's own place
of modern '.result.streams[0] | [.options.url, .options.pagination, [.columns[] | "\(.name) \(.type)"]]' \
    '["${API_URL}/api/v2/items/",{"kind":"offset","limit":1000,"limit_param":"limit","param":"skip","total":"/count"},["id text","n integer","at timestamp with time zone","day date","tags json","ok boolean"]]' <<Y
openapi: 3.1.0
info: {title: t, version: "1"}
servers: [{url: /api/v2}]
paths:
  /items/:
    get:
      parameters: [{in: query, name: skip, schema: {type: integer, default: 0, minimum: 0}}, {in: query, name: limit, schema: {type: integer, maximum: 18446744073709551615, default: 100}}]
      responses: $ok: {\$ref: '#/components/schemas/Page'}}}}}
components:
  schemas:
    Page: {properties: {data: {items: {\$ref: '#/components/schemas/Item'}, type: array}, count: {type: integer}}}
    Item:
      properties:
        id: {type: string, format: uuid}
        n: {anyOf: [{type: integer, format: int32}, {type: 'null'}]}
        at: {type: [string, 'null'], format: date-time}
        day: {oneOf: [{type: 'null'}, {type: string, format: date}]}
        tags: {type: array, items: {type: string}}
        ok: {type: [boolean]}
        any: {}
Y
expect_json out '.result.streams[0].notes | test("set API_URL")'
# dollars, and a next URL of a name that is no word
of odata '.result.streams[0].options | [.records, .pagination]' \
    '["/value",{"from":"/@odata.nextLink","kind":"next","limit":100,"limit_param":"$top"}]' <<Y
$head
servers: [{url: https://api.example}]
paths:
  /users:
    get:
      parameters: [{in: query, name: \$top, schema: {type: integer}}, {in: query, name: \$skip, schema: {type: integer}}]
      responses: {2XX: {\$ref: '#/components/responses/users'}}
components:
  responses: {users: {content: {application/json: {schema: {allOf: [{\$ref: '#/components/schemas/base'}, {properties: {value: {type: array, items: {type: object}}}}]}}}}}
  schemas: {base: {properties: {'@odata.nextLink': {type: string, nullable: true}}}}
Y
# a cursor in an object about the response, a key in the query that is no parameter of ours, JSON of a name of its own
of slacked '.result.streams[0].options | [.records, .pagination, .auth, .headers]' \
    '["/members",{"from":"/response_metadata/next_cursor","kind":"cursor","limit":200,"limit_param":"limit","param":"cursor"},{"key":"${secret:KEY}","kind":"query","name":"api_key"},{"Accept":"application/vnd.x+json"}]' <<Y
$head
servers: [{url: 'https://{t}.example', variables: {t: {default: team}}}]
paths:
  /users.list:
    parameters: [{in: query, name: cursor, schema: {type: string}}]
    get:
      security: [{key: []}]
      parameters: [{in: query, name: limit, schema: {type: integer, maximum: 200}}, {in: query, name: api_key, required: true, schema: {type: string}}]
      responses: {default: {content: {text/html: {}, application/vnd.x+json: {schema: {properties: {members: {type: array, items: {type: object}}, response_metadata: {properties: {next_cursor: {type: string}}}}}}}}}
components: {securitySchemes: {key: {type: apiKey, in: query, name: api_key}}}
Y
expect_json out '.result.streams[0].options.query == null and .result.streams[0].options.url == "https://team.example/users.list"'
# links.next of JSON:API, client credentials, a parameter without which nothing comes, what is new
of linked '.result.streams[0] | [.options.pagination, .options.auth, .options.query, (.notes | split("\n") | map(split(":")[0]))]' \
    '[{"from":"/links/next","kind":"next"},{"client_id":"${secret:OAUTH_CLIENT_ID}","client_secret":"${secret:OAUTH_CLIENT_SECRET}","kind":"oauth2","scope":"a b","token_url":"https://login.example/token"},{"org":"${org}","state":"all"},["pagination","query","query","incremental"]]' <<Y
$head
servers: [{url: https://api.example}]
security: [{oauth: [a, b]}]
paths:
  /articles:
    get:
      parameters: [{in: query, name: state, required: true, schema: {type: string, enum: [all, open]}}, {in: query, name: org, required: true, schema: {type: string}}, {in: query, name: updated_since, schema: {type: string}}]
      responses: $ok: {properties: {data: {type: array, items: {properties: {id: {type: string}, updated_at: {type: string}}}}, links: {properties: {next: {type: string}}}}}}}}}
components: {securitySchemes: {oauth: {type: oauth2, flows: {clientCredentials: {tokenUrl: https://login.example/token, scopes: {}}}}}}
Y
# children and single things are named, and read where they are asked for; what a path needs is a variable
cat >children.yaml <<Y
$head
servers: [{url: https://api.example}]
paths:
  /a: {get: {responses: $ok: {type: array, items: {type: object}}}}}}}}
  /a/{a-id}/b: {get: {responses: $ok: {type: array, items: {type: object}}}}}}}}
  /status: {get: {responses: $ok: {type: object, properties: {up: {type: boolean}}}}}}}}}
  /page.html: {get: {responses: {200: {content: {text/html: {}}}}}}
  /c: {post: {responses: $ok: {type: array}}}}}}}
  /lost: {get: {responses: $ok: {\$ref: '#/components/schemas/nowhere'}}}}}}}
Y
expect_exit 0 qetl rest import children.yaml
expect_eq 'what else there is' "$(tail -4 out)" "# What else there is, by --stream:
# /a/{a-id}/b (child)
# /status (object)
# /lost cannot be read: #/paths of /lost/get/responses: the \$ref of its schema leads nowhere"
expect_exit 0 qetl rest import children.yaml --stream '/a/{a-id}/b' --stream /status --stream /status
expect_text out 'url: "https://api.example/a/\$\{a_id\}/b"'
expect_eq 'each once' "$(grep -c 'plugin: "rest"' out)" 2
cp out named.yaml
expect_exit 0 env a_id=7 "$QETL" validate named.yaml
expect_exit 2 qetl rest import nowhere.yaml
expect_text err '^error: nowhere.yaml: No such file or directory'
expect_no_text err 'described' # the pipeline that asks
expect_exit 2 qetl rest import children.yaml --stream /lost
expect_text err '#/paths of /lost/get/responses: the \$ref of its schema leads nowhere'
expect_exit 2 qetl rest import children.yaml --stream /statsu
expect_text err 'did you mean /status'
expect_exit 2 qetl rest import children.yaml --stream /c

# ---- what a description may not do ----
# no text of it is a placeholder, ends a comment or a line
of planted '.result.streams[0].options.url' '"https://x.example/$${secret:ROW_TOKEN}/a"' <<Y
$head
servers: [{url: 'https://x.example/{v}', variables: {v: {default: '\${secret:ROW_TOKEN}'}}}]
paths:
  /a: {get: {parameters: [{in: query, name: "page\n  evil: 1", schema: {type: integer}}, {in: query, name: q, required: true, schema: {default: '\${secret:ROW_TOKEN}'}}], responses: $ok: {type: array, items: {properties: {"x\ny": {type: string}}}}}}}}}}
Y
expect_json out '.result.streams[0].options.query.q == "$${secret:ROW_TOKEN}"'
expect_exit 0 qetl rest import planted.yaml
cp out planted-out.yaml
expect_exit 0 qetl validate planted-out.yaml --secrets-dir secrets
expect_no_text out 'canary-bearer'
# what goes round and round comes to an end
of round '.result.streams | map(.name)' '["/a","/b"]' <<Y
$head
servers: [{url: https://x.example}]
paths:
  /a: {get: {responses: $ok: {\$ref: '#/components/schemas/A'}}}}}}}
  /b: {get: {responses: $ok: {type: array, items: {\$ref: '#/components/schemas/B'}}}}}}}}
  /c: {get: {responses: $ok: {\$ref: '#/components/schemas/C'}}}}}}}
components:
  schemas:
    A: {allOf: [{\$ref: '#/components/schemas/A'}, {\$ref: '#/components/schemas/B'}, {properties: {data: {type: array, items: {\$ref: '#/components/schemas/A'}}}}]}
    B: {anyOf: [{\$ref: '#/components/schemas/B'}, {\$ref: '#/components/schemas/A'}], properties: {id: {type: integer}}}
    C: {\$ref: '#/components/schemas/C'}
Y

# ---- a list of what is no object has no columns: it is named, and not read ----
cat >plain.yaml <<'Y'
openapi: 3.0.0
servers: [{url: https://api.example.com}]
paths:
  /tags: {get: {responses: {200: {content: {application/json: {schema: {properties: {tags: {type: array, items: {type: string}}}}}}}}}}
  /orders: {get: {responses: {200: {content: {application/json: {schema: {type: array, items: {properties: {id: {type: integer}}}}}}}}}}
Y
expect_exit 0 qetl rest import plain.yaml
expect_text out '^# /tags \(values\)'
expect_eq 'orders alone are read' "$(grep -c 'plugin: "rest"' out)" 1
expect_exit 0 qetl rest import plain.yaml --stream /tags
expect_text out 'format: its rows are no objects, but each of type string'

# ---- what is wrong with it is told with its place ----
# wrong PATTERN: of what stands on stdin
wrong() {
    cat >wrong.yaml
    expect_exit 2 qetl rest import wrong.yaml
    expect_text err "$1"
}
wrong 'wrong.yaml:2:[0-9]+: it is no YAML' <<<$'openapi: 3.0.0\n a: b: c'
wrong 'wrong.yaml:1:[0-9]+: it is no JSON' <<<'{"openapi": "3.0.0",}'
wrong '#/openapi: it is missing' <<<'paths: {}'
wrong '#/openapi: it is not 3' <<<'{"openapi": "4.0.0", "paths": {}}'
wrong '#/swagger: it is of version 2' <<<'{"swagger": "2.0", "paths": {}}'
wrong '#/paths: it is missing' <<<'openapi: 3.0.0'
wrong '#/paths: it is no mapping' <<<'{"openapi": "3.0.0", "paths": []}'
wrong 'the description has no list' <<<'{"openapi": "3.0.0", "paths": {}}'
wrong 'wrong.yaml:2:[0-9]+: it holds more than' <<<$'openapi: 3.0.0\nx: &a [*a]'
wrong 'it is empty' <<<''
expect_exit 2 qetl rest import nowhere.yaml
expect_text err 'nowhere.yaml: No such file'
