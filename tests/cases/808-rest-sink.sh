#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The sink rest: what it sends, what becomes of rows that a server refuses, and that the ledger balances.
# tsan: no
. "$(dirname "$0")/rest-lib.sh"
serve

# numbers N: a CSV of ids 1 … N
numbers() {
    echo id,name,amount
    seq "$1" | awk '{printf "%d,row-%d,%.2f\n", $1, $1, $1 / 100}'
}

# sent ROWS OPTIONS: a pipeline that sends so many rows; what the server kept before is forgotten
sent() {
    : >journal
    control /_kept '[]' >control.out
    numbers "$1" >in.csv
    rm -f bad.ndjson
    cat >s.yaml <<Y
name: s
sources: {in: {plugin: file, path: in.csv}}
sinks: {out: {plugin: rest, input: in, private_hosts: [127.0.0.1], retry: {first: 20ms, most: 100ms, budget: 20s}, $2}}
Y
    "$QETL" run s.yaml --json --no-state >out 2>err </dev/null
    code=$?
}
kept() { control /_kept | jq -c "$1"; }
ledger() { jq -c '[.summary.rows_in, .summary.rows_out, .summary.rows_rejected]' out; }

# ---- what a request brings ----
sent 3 "url: '$base/in'"
expect_eq 'rows' "$code $(kept .)" \
    '0 [{"id":1,"name":"row-1","amount":0.01},{"id":2,"name":"row-2","amount":0.02},{"id":3,"name":"row-3","amount":0.03}]'
expect_eq 'a request each' "$(requests '.method == "POST" and .headers["content-type"] == "application/json"')" 3
sent 5 "url: '$base/in', body: array, rows_per_request: 2, columns: [amount, id]"
expect_eq 'arrays' "$(jq -r .body journal | tr '\n' ' ')" \
    '[{"amount":0.01,"id":1},{"amount":0.02,"id":2}] [{"amount":0.03,"id":3},{"amount":0.04,"id":4}] [{"amount":0.05,"id":5}] '
sent 5 "url: '$base/in', body: array, max_request_bytes: 60, columns: [id, name], envelope: {records: '{rows}', typecast: true}"
expect_eq 'no longer than allowed' "$(jq -r .body journal | head -1)" '{"records":[{"id":1,"name":"row-1"},{"id":2,"name":"row-2"}],"typecast":true}'
expect_eq 'all of them' "$(kept length) $(requests)" '5 3'
sent 3 "url: '$base/in', body: ndjson, headers: {X-Who: tests}"
expect_eq 'lines' "$(jq -r '.headers["content-type"], .headers["x-who"]' journal | tr '\n' ' ')$(kept length)" 'application/x-ndjson tests 3'
sent 2 "url: '$base/in', body: ndjson, template: [{index: {_id: 'n{id}', '{name}': '{name}'}}, '{row}', [null, true, '{{id}}', '{amount}']]"
expect_eq 'lines of a template' "$(jq -r .body journal)" '{"index":{"_id":"n1","{name}":"row-1"}}
{"id":1,"name":"row-1","amount":0.01}
[null,true,"{id}",0.01]
{"index":{"_id":"n2","{name}":"row-2"}}
{"id":2,"name":"row-2","amount":0.02}
[null,true,"{id}",0.02]'
printf 'id,name,note\n1,"a ""b"" \\ &=+ é",\n2,,"x\ny"\n' >odd.csv
sent 0 "url: '$base/in', body: form"
expect_exit 0 qetl run s.yaml -q --no-state -s sources.in.path=odd.csv
expect_eq 'forms' "$(jq -r .body journal)" 'id=1&name=a%20%22b%22%20%5C%20%26%3D%2B%20%C3%A9
id=2&note=x%0Ay'
: >journal
expect_exit 0 qetl run s.yaml -q --no-state -s sources.in.path=odd.csv -s sinks.out.body=object -s 'sinks.out.template={"who":"<{name}>","note":"{note}","n":"{id}"}'
expect_eq 'values within texts' "$(jq -r '.body | fromjson | tojson' journal)" '{"n":1,"note":null,"who":"<a \"b\" \\ &=+ é>"}
{"n":2,"note":"x\ny","who":"<>"}'
sent 3 "url: '$base/in/{id}?name={name}', method: PUT, columns: [name]"
expect_eq 'a URL each' "$(jq -r '.method + .path + .query.name + .body' journal | tr '\n' ' ')" \
    'PUT/in/1row-1{"name":"row-1"} PUT/in/2row-2{"name":"row-2"} PUT/in/3row-3{"name":"row-3"} '
: >journal
expect_exit 0 qetl run s.yaml -q --no-state -s sinks.out.method=PATCH -s 'sinks.out.template={"amount":"{amount}"}'
expect_eq 'patched' "$(kept '.[2]')" '{"id":"3","name":"row-3","amount":0.03}'
: >journal
expect_exit 0 qetl run s.yaml -q --no-state -s sinks.out.method=DELETE -s sinks.out.body=none
expect_eq 'gone' "$(kept .) $(requests '.body == "" and .status == 204')" '[] 3'

# ---- values that would lead elsewhere ----
printf 'id,name\n..,a\n.,b\n"../../secure",c\n,d\n"a/b?x=1#y@z:é%%",e\n' >ways.csv
sent 0 "url: '$base/in/{id}', method: PUT"
expect_exit 0 qetl run s.yaml --json --no-state -s sources.in.path=ways.csv
expect_eq 'not beyond its folder' "$(ledger) $(jq -r '.path' journal | tr '\n' ' ')" '[5,2,3] /in/../../secure /in/a/b?x=1#y@z:é% '
expect_eq 'as it went out' "$(requests '.status == 200')" 2

# ---- rows that are refused ----
sent 10 "url: '$base/in?bad=4'"
expect_eq 'one by one' "$code $(ledger) $(kept length)" '0 [10,8,2] 8'
sent 100 "url: '$base/in?bad=30', body: array, rows_per_request: 50"
expect_eq 'found by halves' "$code $(ledger) $(kept length) $(kept '[.[].id] | unique | length')" '0 [100,97,3] 97 97'
expect_eq 'in fewer requests than rows' "$(($(requests) < 60))" 1
sent 100 "url: '$base/in?bad=30', body: array, rows_per_request: 50, reject: [400]"
expect_eq 'unless it ends the run' "$code" 2
expect_text out '422'
sent 100 "url: '$base/in?multi=1&bad=30&later=7', body: array, answer: {rows: /items, status: /*/status, error: /*/error/reason}"
expect_eq 'each told' "$code $(ledger) $(kept length) $(kept '[.[].id] | unique | length')" '0 [100,97,3] 97 97'
expect_eq 'those that are to come later, and no others' "$(jq -r '.body | fromjson | length' journal | tr '\n' ' ')" '100 14 '
sent 100 "url: '$base/in?named=1&bad=30', body: array, answer: {rows: /errors, index: /index, error: /message}"
expect_eq 'those that were refused told' "$code $(ledger) $(kept length) $(requests)" '0 [100,97,3] 97 1'
sent 10 "url: '$base/in?named=1&bad=30', body: array, answer: {rows: /errors, error: /message}"
expect_eq 'an answer of another kind' "$code" 1
expect_text out '/errors has 0 elements for 10 rows'
sent 4 "url: '$base/in?twice=409'"
: >journal
expect_exit 0 qetl run s.yaml --json --no-state
expect_eq 'there already' "$(ledger)" '[4,0,4]'
expect_exit 0 qetl run s.yaml --json --no-state -s 'sinks.out.accept=[409]'
expect_eq 'which is as good' "$(ledger) $(kept length)" '[4,4,0] 4'

# why, in the dead letters
sent 4 "url: '$base/in?bad=3'"
cat >d.yaml <<Y
name: d
sources: {in: {plugin: file, path: in.csv}}
sinks: {out: {plugin: rest, input: in, private_hosts: [127.0.0.1], url: '$base/in?bad=3'}}
Y
expect_exit 0 qetl run d.yaml --json
expect_eq 'why' "$(jq -r '"\(.code) \(.message)"' dead-letters/d.ndjson | sed 's/127.*bad=3/URL/')" \
    'http_422 POST http://URL: 422 not understood: {"error": "row 3 is bad"}'

# ---- what may pass ----
faults '[{"on": 3, "status": 503, "times": 2}, {"on": 6, "status": 429, "retry_after": "1", "times": 1}]'
sent 10 "url: '$base/in'"
expect_eq 'tried again' "$code $(kept '[.[].id] | tojson') $(requests) $(requests '.status >= 400')" '0 "[1,2,3,4,5,6,7,8,9,10]" 13 3'
expect_eq 'and as late as it was told' "$(jq -s '[.[].at] | [range(1; length) as $i | .[$i] - .[$i - 1]] | max >= 1' journal)" true
faults '[{"on": 1, "status": 401, "times": 1}]'
sent 10 "url: '$base/in'"
expect_eq 'who is not known' "$code $(requests)" '3 1'
faults '[{"on": 1, "redirect": "/in", "times": 1}]'
sent 2 "url: '$base/in'"
expect_eq 'sent on as a GET' "$code $(kept length)" '2 0'
expect_text out '302 leads to .*, where only a GET would be sent'
sent 2 "url: '$base/redirect?status=303&to=/in'"
expect_eq 'told to GET what there is' "$code $(kept length)" '2 0'
expect_text out 'brings no row'
faults '[]'

# ---- several at a time ----
sent 400 "url: '$base/in', concurrency: 8, order_by: name, template: {id: '{id}', name: '{name}'}"
expect_eq 'all of them' "$code $(kept '[.[].id] | unique | length') $(kept length)" '0 400 400'
expect_eq 'on several connections' "$(jq .connection journal | sort -u | wc -l | awk '{print ($1 > 2 && $1 <= 8)}')" 1
(echo id,name,amount; for i in $(seq 300); do echo "$((i % 5)),v$i,$i"; done) >keyed.csv
faults '[{"on": 40, "status": 503, "times": 5}, {"on": 100, "gone": true, "times": 3}]'
sent 0 "url: '$base/in/{id}', method: PUT, concurrency: 6"
expect_exit 0 qetl run s.yaml --json --no-state -s sources.in.path=keyed.csv
expect_eq 'the last of each key is what is there' "$(kept '[.[].name] | sort')" '["v296","v297","v298","v299","v300"]'
sent 0 "url: '$base/in?log=1', concurrency: 6, order_by: [id]"
expect_exit 0 qetl run s.yaml --json --no-state -s sources.in.path=keyed.csv
expect_eq 'in order for each key' "$(kept '[group_by(.id)[] | [.[].name | ltrimstr("v") | tonumber] | . == sort] | all')" true
faults '[]'

# ---- the guarantee ----
guarantee() { # WORD OPTIONS
    sent 1 "url: '$base/in', $2"
    expect_exit 0 qetl validate s.yaml --json
    expect_eq "$2" "$(jq -r '[.. | .guarantee? // empty] | first' out)" "$1"
}
guarantee at-least-once 'body: object'
guarantee exactly-once 'idempotency: {key: row}'
guarantee exactly-once 'idempotency: {key: column, column: id}'
guarantee at-least-once 'idempotency: {key: none}'
guarantee at-least-once 'idempotency: {key: row}, body: array'
guarantee exactly-once 'method: PUT'

# ---- keys ----
faults '[{"on": 4, "gone": true, "times": 2}, {"on": 20, "gone": true, "times": 1}]'
sent 30 "url: '$base/in', idempotency: {key: row}"
expect_eq 'served twice, kept once' "$code $(kept length) $(kept '[.[].id] | unique | length') $(requests)" '0 30 30 33'
expect_eq 'a key each' "$(jq -r '.headers["idempotency-key"]' journal | sort -u | wc -l)" 30
faults '[{"on": 4, "gone": true, "times": 2}]'
sent 30 "url: '$base/in', idempotency: {key: column, column: id, header: X-Event}"
expect_eq 'the column' "$code $(kept length) $(jq -r '.headers["x-event"]' journal | sort -nu | tr '\n' ' ' | cut -c1-8)" '0 30 1 2 3 4 '
faults '[{"on": 2, "gone": true, "times": 2}]'
sent 30 "url: '$base/in', body: array, rows_per_request: 10, idempotency: {key: row}"
expect_eq 'of several rows' "$code $(kept length) $(requests)" '0 30 5'
faults '[]'

# ---- what does not fit together ----
wrong() { # TEXT OPTIONS
    sent 1 "$2"
    expect_eq "refused: $2" "$code $(requests)" '2 0'
    expect_text out "$1"
}
wrong 'which host it goes to' "url: 'http://{name}/in'"
wrong 'a body of this kind holds one row' "url: '$base/in', rows_per_request: 2"
wrong 'around an array' "url: '$base/in', envelope: {a: '{rows}'}"
wrong 'does not stand in it' "url: '$base/in', body: array, envelope: {a: 1}"
wrong 'there is no column' "url: '$base/in/{ident}'"
wrong 'there is no column' "url: '$base/in', template: {a: '{ident}'}"
wrong 'a bracket stands alone' "url: '$base/in/{id', method: PUT"
wrong 'stands within a text' "url: '$base/in', template: {a: 'x{row}'}"
wrong 'cannot have a URL each' "url: '$base/in/{id}', body: array"
wrong 'a template is JSON' "url: '$base/in', body: form, template: {a: 1}"
wrong 'has the status of its request' "url: '$base/in', answer: {rows: /a, status: /b}"
wrong 'how a row that was refused is known' "url: '$base/in', body: array, answer: {rows: /a}"
wrong 'which column has the key' "url: '$base/in', idempotency: {key: column}"
wrong 'not the key' "url: '$base/in', idempotency: {key: row, column: id}"
wrong 'no one column' "url: '$base/in', body: array, idempotency: {key: column, column: id}"
wrong 'cannot be the name of a header' "url: '$base/in', idempotency: {key: row, header: 'a b'}"
wrong 'stands there twice' "url: '$base/in', columns: [id, id]"
