#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The source rest: each way of pagination brings every row once, with no request that need not be.
. "$(dirname "$0")/rest-lib.sh"
serve --rows 2500

# brings ROWS REQUESTS OPTIONS: a run of these options
brings() {
    : >journal
    rm -f p.csv
    pipeline p "$3"
    expect_exit 0 qetl run p.yaml -q --no-state
    expect_eq "rows of $3" "$(rows p.csv)" "$1 rows of them $1"
    [ "$2" = any ] || expect_eq "requests of $3" "$(requests)" "$2"
}

all="2500"
brings $all 1 "url: $base/plain"
brings $all 1 "url: $base/plan, records: /data/items"
# the last page of numbered ones is known when an empty one came; none is asked for in vain where nothing is prefetched
brings $all 4 "url: $base/offset, pagination: {kind: offset, limit: 1000}, prefetch: 0"
brings $all 3 "url: $base/offset, pagination: {kind: offset, limit: 1000, until: short}, prefetch: 0"
brings $all 3 "url: '$base/offset?shape=data', records: /data, pagination: {kind: offset, limit: 1000, total: /total}, prefetch: 0"
brings $all any "url: $base/offset, pagination: {kind: offset, limit: 100}, prefetch: 8"
brings 2400 any "url: $base/offset, pagination: {kind: offset, limit: 100, first: 100}"
brings $all any "url: '$base/offset?short=1', pagination: {kind: offset, limit: 100}, prefetch: 4"
brings $all any "url: '$base/offset?limit=70', pagination: {kind: offset}"
brings $all 4 "url: $base/page, pagination: {kind: page, limit: 1000}, prefetch: 0"
brings 1500 3 "url: $base/page, pagination: {kind: page, limit: 1000, first: 2}, prefetch: 0"
brings $all 3 "url: '$base/page?shape=data', records: /data, pagination: {kind: page, limit: 1000, total: /total}, prefetch: 0"
brings $all any "url: '$base/page?beyond=404', pagination: {kind: page, limit: 600, end_status: [404]}, prefetch: 3"
brings $all 5 "url: $base/cursor, records: /data, pagination: {kind: cursor, param: after, from: /next_cursor, limit: 500}, prefetch: 0"
brings $all 5 "url: $base/cursor, records: /data, pagination: {kind: cursor, param: after, from: /next_cursor, limit: 500, more: /has_more}, prefetch: 5"
brings 500 1 "url: '$base/cursor?limit=500', records: /data, pagination: {kind: cursor, param: after, from: /nothing}"
expect_text err 'nothing stands at /nothing of the first page'
brings $all 5 "url: $base/next, records: /data, pagination: {kind: next, from: /next, limit: 500}"
brings $all 5 "url: '$base/next?relative=1', records: /data, pagination: {kind: next, from: /next, limit: 500}"
brings $all 5 "url: $base/link, pagination: {kind: link, limit: 500}"
brings $all 5 "url: '$base/link?relative=1&limit=500', pagination: {kind: link}"
# by the last row, by headers, by a number of pages, until a condition, and short ones; each with no request that need not be
brings $all 6 "url: $base/keyset, records: /data, pagination: {kind: cursor, param: after, last: /id, limit: 500}"
brings $all 5 "url: $base/keyset, records: /data, pagination: {kind: cursor, param: after, last: /id, limit: 500, more: /has_more}"
brings $all 5 "url: $base/keyset, records: /data, pagination: {kind: cursor, param: after, last: /id, limit: 500, ends: {at: /state, is: complete}}"
brings $all 5 "url: $base/keyset, records: /data, pagination: {kind: cursor, param: after, last: /id, limit: 500, ends: {at: /left, is: [7, 0]}}"
brings $all 5 "url: $base/keyset, records: /data, pagination: {kind: cursor, param: after, last: /id, limit: 500, ends: {at: /has_more, is: false}}"
brings 500 1 "url: $base/keyset, records: /data, pagination: {kind: cursor, param: after, last: /id, limit: 500, ends: {at: /has_more, is: true}}"
brings $all 4 "url: $base/keyset, records: /data, pagination: {kind: cursor, param: after, last: /id, limit: 700, until: short}"
brings $all 5 "url: $base/keyset, records: /data, pagination: {kind: cursor, param: after, header: X-Cursor, limit: 500}"
brings $all 5 "url: '$base/keyset?limit=500', records: /data, pagination: {kind: next, header: X-Next}"
brings $all 3 "url: '$base/page?shape=data', records: /data, pagination: {kind: page, limit: 1000, pages: /pages}, prefetch: 0"
# in the body: a cursor is JSON there, a text, a number or a list
body="body: {query: 'query {…}', variables: {after: null, limit: 1}}"
brings $all 5 "url: $base/cursor, records: /data, $body, pagination: {kind: cursor, param: /variables/after, from: /next_cursor, limit: 500, limit_param: /variables/limit}"
expect_eq 'what went out' "$(jq -r '.body | fromjson | .variables | "\(.limit) \(.after | type)"' journal | sort | uniq -c | tr -s ' ')" ' 1 500 null
 4 500 string'
brings $all 5 "url: $base/keyset, records: /data, $body, pagination: {kind: cursor, param: /variables/after, last: /id, limit: 500, limit_param: /variables/limit, more: /has_more}"
expect_eq 'numbers stay numbers' "$(jq -r '.body | fromjson | .variables.after' journal | tr '\n' ' ')" 'null 500 1000 1500 2000 '
brings $all 5 "url: $base/keyset, records: /data, $body, pagination: {kind: cursor, param: /variables/after, from: /at, limit: 500, limit_param: /variables/limit, more: /has_more}"
expect_eq 'lists stay lists' "$(jq -c '.body | fromjson | .variables.after' journal | tr '\n' ' ')" 'null [500] [1000] [1500] [2000] '
brings $all any "url: $base/offset, body: {offset: 0, limit: 0}, pagination: {kind: offset, param: /offset, limit: 100, limit_param: /limit}, prefetch: 4"
pipeline p "url: $base/cursor, $body, records: /data, pagination: {kind: cursor, param: /variables/afte, from: /next_cursor}"
expect_exit 2 qetl run p.yaml -q --no-state
expect_text err 'nothing stands at /variables/afte of the body'
pipeline p "url: $base/cursor, records: /data, pagination: {kind: cursor, param: after, from: /next_cursor, last: /id}"
expect_exit 2 qetl run p.yaml -q --no-state
expect_text err '`from`, `last` and `header` each say what is next'
pipeline p "url: $base/keyset, records: /data, pagination: {kind: cursor, param: after, last: /idd}"
expect_exit 1 qetl run p.yaml -q --no-state
expect_text err 'its last row has neither text nor number at /idd'
pipeline p "url: '$base/keyset', records: /data, $body, pagination: {kind: cursor, param: /variables/after, header: X-Cursor}"
expect_exit 2 qetl run p.yaml -q --no-state
expect_text err 'what a header says does not go into the body'
# the names of parameters
: >journal
pipeline p "url: $base/page, query: {limit: 400, ok: true, much: 1.5}, pagination: {kind: page, param: page, limit: 1250, limit_param: limit}"
expect_exit 0 qetl run p.yaml -q --no-state
expect_eq 'limit is replaced, and the rest goes along' "$(jq -c '.query' journal | head -n 1)" \
    '{"ok":"true","much":"1.5","page":"1","limit":"1250"}'
# rows in other clothes
brings $all 5 "url: '$base/link?type=ndjson&limit=500', format: ndjson, pagination: {kind: link}"
brings $all 5 "url: '$base/link?type=csv&limit=500', format: csv, pagination: {kind: link}"
brings $all 4 "url: '$base/page?type=csv', format: csv, pagination: {kind: page, limit: 1000}, prefetch: 0"
brings $all 4 "url: '$base/page?type=ndjson', format: ndjson, pagination: {kind: page, limit: 1000}, prefetch: 0"
brings $all 1 "url: $base/plan, format: {type: json, records: /data/items}"
# packed, or not
for packing in gzip deflate br zstd; do
    brings $all 1 "url: '$base/plain?packed=$packing'"
    expect_json journal ".headers.\"accept-encoding\" | test(\"$packing\")"
    expect_json journal ".packed == \"$packing\""
    brings $all any "url: '$base/offset?packed=$packing', pagination: {kind: offset, limit: 700}"
done
brings $all 1 "url: '$base/plain?packed=gzip', compression: false"
expect_json journal '.packed == null'
expect_json journal '.headers | has("accept-encoding") | not'

# pages are asked for at the same time, as many as prefetch says, and one connection serves those of a sequence
brings $all any "url: $base/cursor, records: /data, pagination: {kind: cursor, param: after, from: /next_cursor, limit: 100}"
expect_eq 'one connection' "$(jq .connection journal | sort -u | wc -l)" 1
brings $all any "url: $base/page, pagination: {kind: page, limit: 100}, prefetch: 6"
expect_eq 'seven connections at most' "$(jq -s '[.[].connection] | unique | length | . > 1 and . <= 7' journal)" true

# requests as they are told to be
: >journal
pipeline p "url: '$base/echo?a=1', query: {b: 'x y&z'}, headers: {X-Mine: yes, Accept: text/x}, user_agent: me/1"
expect_exit 0 qetl run p.yaml -q --no-state
expect_json journal '.query == {a: "1", b: "x y&z"} and .headers."x-mine" == "yes" and .headers.accept == "text/x"
    and .headers."user-agent" == "me/1" and .method == "GET"'
pipeline p "url: $base/echo, body: {filter: {city: [Bonn, Köln]}, n: 1.50}"
: >journal
expect_exit 0 qetl run p.yaml -q --no-state
expect_json journal '.method == "POST" and (.body | fromjson) == {filter: {city: ["Bonn", "Köln"]}, n: 1.5} and .headers."content-type" == "application/json"'
pipeline p "url: $base/echo, method: PUT, body: 'a=1', headers: {Content-Type: application/x-www-form-urlencoded}"
: >journal
expect_exit 0 qetl run p.yaml -q --no-state
expect_json journal '.method == "PUT" and .body == "a=1" and .headers."content-type" == "application/x-www-form-urlencoded"'

# nothing at all is no failure, and what cannot be counted is one
control /_rows 0 >control.out
pipeline p "url: $base/page, pagination: {kind: page, limit: 10}, format: {type: json, types: {id: bigint}}"
expect_exit 0 qetl run p.yaml -q --no-state
control /_rows 30 >control.out
pipeline p "url: '$base/offset?shape=data', pagination: {kind: offset, limit: 10}"
expect_exit 2 qetl run p.yaml -q --no-state
expect_text err 'its lists: /data$'
pipeline p "url: '$base/offset?shape=data', records: /date, pagination: {kind: offset, limit: 10}"
expect_exit 1 qetl run p.yaml -q --no-state
expect_text err 'nothing stands at /date'
pipeline p "url: $base/cursor, records: /data, pagination: {kind: cursor, from: /next_cursor, more: /hasmore}"
expect_exit 1 qetl run p.yaml -q --no-state
expect_text err 'nothing stands at /hasmore'

# a preview sees rows
expect_exit 0 qetl preview p.yaml --limit 2 -s sources.in.pagination.more=/has_more
expect_text out 'row-1'
