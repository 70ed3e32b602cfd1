#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The source rest against a server that fails: what may pass is asked for again, and nothing else is; no row is lost, none comes
# twice, and no page in part.
# tsan: no
. "$(dirname "$0")/rest-lib.sh"
serve --rows 1000
cursor="url: $base/cursor, records: /data, pagination: {kind: cursor, param: after, from: /next_cursor, limit: 100}, idle_timeout_ms: 300, first_byte_timeout_ms: 300"

# survives FAULTS REQUESTS [PATTERN] [OPTIONS]
survives() {
    rm -f p.csv
    faults "$1"
    pipeline p "${4:-$cursor}"
    expect_exit 0 qetl run p.yaml -q --no-state
    expect_eq "rows in spite of $1" "$(rows p.csv)" '1000 rows of them 1000'
    expect_eq "requests because of $1" "$(requests)" "$2"
    [ -z "${3:-}" ] || expect_text err "$3"
}

survives '[]' 10
survives '[{"on": 4, "status": 500, "times": 3}]' 13 '500 server error: {"error":"not now"}; again in'
survives '[{"on": 1, "status": 503}]' 11 '503'
survives '[{"on": 3, "status": 408}]' 11 '408'
survives '[{"on": 3, "status": 599, "body": "a\tb\u001b[31m\n  c"}]' 11 '599: a b \[31m c; again'
survives '[{"on": 10, "reset": 500}]' 11 'again in'
survives '[{"on": 5, "reset": 0}]' 11
survives '[{"on": 5, "stall": 900, "seconds": 5}]' 11 'nothing more came within `idle_timeout_ms`; again'
survives '[{"on": 5, "cut_json": 1000}]' 11 'its JSON is not whole: it breaks off at byte 1000 of 1000; again'
survives '[{"on": 5, "cut_json": 30}]' 11 'not whole'
survives '[{"on": 5, "short_length": 40}]' 11 'not whole'
survives '[{"on": 5, "long_length": 40}]' 11 'again in'
survives '[{"on": 5, "bad_chunk": true}]' 11 'again in'
survives '[{"on": 2, "slow": 100000}]' 10
page="url: $base/page, pagination: {kind: page, limit: 100, until: short, total: /total}, records: /data, query: {shape: data}, prefetch: 4"
survives '[{"where": {"page": 4}, "status": 500, "times": 2}]' 12 '' "$page"
survives '[{"where": {"page": 4}, "status": 502}, {"where": {"page": 5}, "status": 502}, {"where": {"page": 6}, "reset": 70}]' 13 '' "$page"

# what is in the way of several at once is one reason to wait, not several
faults '[{"where": {"page": 2}, "status": 429, "retry_after": 1}, {"where": {"page": 3}, "status": 429, "retry_after": 1}, {"where": {"page": 4}, "status": 429, "retry_after": 1}]'
pipeline p "$page"
began=$(date +%s%N)
expect_exit 0 qetl run p.yaml -q --no-state
took=$((($(date +%s%N) - began) / 1000000))
expect_eq 'once' "$(requests)" 13
expect_eq "Retry-After is waited for once ($took ms)" "$((took >= 990 && took < 2900 + 8000 * ${#QETL_SANITIZER}))" 1

# what will not pass is not asked for again
refuses() { # FAULTS CODE PATTERN
    faults "$1"
    pipeline p "$cursor"
    expect_exit "$2" qetl run p.yaml -q --no-state
    expect_text err "$3"
    expect_eq "asked once in spite of $1" "$(requests '.status != 200 or .fault != null')" 1
    expect_absent p.csv
    rm -f p.csv
}
rm -f p.csv
refuses '[{"on": 3, "status": 404, "times": 9}]' 2 '404 not found: \{"error":"not now"\}'
refuses '[{"on": 3, "status": 400, "times": 9}]' 2 '400 bad request'
refuses '[{"on": 1, "status": 401, "times": 9}]' 3 '401 unauthorized'
refuses '[{"on": 3, "status": 422, "times": 9, "body": "limit is too large"}]' 2 '422 not understood: limit is too large'
refuses '[{"on": 3, "status": 304, "times": 9}]' 1 '304'
# what says that all is well, and is none of the pages that were asked for
refuses_page() { # TYPE BODY PATTERN [OPTIONS]
    faults "[{\"on\": 3, \"status\": 200, \"type\": \"$1\", \"body\": \"$2\", \"times\": 9}]"
    pipeline p "${4:-$cursor}"
    rm -rf p.csv dead-letters
    expect_exit 1 qetl run p.yaml -q --no-state
    expect_text err "$3"
    expect_eq "asked once: $1 $2" "$(requests)" 3
    expect_absent p.csv
    expect_absent dead-letters
}
link="url: $base/link, pagination: {kind: link, limit: 100}, prefetch: 0"
page0="url: $base/page, pagination: {kind: page, limit: 100}, prefetch: 0"
for options in "$cursor" "$link" "$page0"; do
    refuses_page text/html '<html><body>Please log in</body></html>' 'a web page \(HTML\) came, and no data' "$options"
    refuses_page 'Text/HTML; charset=utf-8' '  <p>Please log in' 'a web page' "$options"
    refuses_page application/json '<!DOCTYPE html><body>Please log in' 'a web page' "$options"
    refuses_page application/json 'Please log in' 'it is no JSON from byte 0 of 13 on' "$options"
    refuses_page application/json '[{\"id\": 1}] trailing' 'what stands behind its JSON, from byte 12 of 20 on, is none' "$options"
    refuses_page application/json '[{\"id\": 1}} , 2]' 'it is no JSON from byte 10' "$options"
done
refuses_page text/css 'Please log in' 'the page is no JSON, but text/css'
refuses_page application/json '{\"data\": [{\"id\": 1}]} {\"data\": []}' 'more JSON stands behind the one that has rows at /data'
# what breaks off is asked for again, but not for ever if it is the same each time
faults '[{"on": 3, "cut_json": 500, "times": 9}]'
pipeline p "$cursor"
expect_exit 1 qetl run p.yaml -q --no-state
expect_text err 'it breaks off at byte 500 of 500, as it did before'
expect_eq 'asked twice' "$(requests)" 4
# a mark of the encoding is none of that, and 204 is nothing
faults '[{"on": 1, "status": 200, "type": "application/json", "body": "\ufeff{\"data\": [{\"id\": 1}]}"}]'
pipeline p "url: $base/plain, records: /data"
expect_exit 0 qetl run p.yaml -q --no-state
expect_eq 'a mark' "$(cat p.csv)" 'id
1'
faults '[{"on": 1, "status": 204}]'
pipeline p "url: $base/plain, records: /data, format: {type: json, types: {id: bigint}}"
expect_exit 0 qetl run p.yaml -q --no-state
expect_eq 'nothing' "$(cat p.csv)" id
# a request with a body is no GET: 307 and 308 lead it on, 303 to what it made
faults '[]'
for status in 301 302; do
    pipeline p "url: '$base/redirect?to=/echo&status=$status', body: {a: 1}"
    expect_exit 2 qetl run p.yaml -q --no-state
    expect_text err "POST http.*: $status leads to $base/echo, where only a GET would be sent"
    pipeline p "url: '$base/redirect?to=/echo&status=$status'"
    expect_exit 0 qetl run p.yaml -q --no-state
done
for status in 303:GET 307:POST 308:POST; do
    pipeline p "url: '$base/redirect?to=/echo&status=${status%:*}', body: {a: 1}"
    expect_exit 0 qetl run p.yaml -q --no-state
    expect_text p.csv "^${status#*:},"
done
rm -f p.csv

# a server that never comes round: until the budget ends
faults '[{"on": 2, "status": 500, "times": 999}]'
pipeline p "$cursor"
expect_exit 1 qetl run p.yaml -q --no-state -s 'sources.in.retry={first: 10ms, most: 20ms, attempts: 4}'
expect_text err 'given up after 4 attempts'
expect_eq 'four attempts' "$(requests '.status == 500')" 4
# time limits: each of them alone is what ends it
slow='[{"on": 1, "slow": 3000, "times": 9}]'
for limit in total_timeout_ms:700 first_byte_timeout_ms:300 idle_timeout_ms:300; do
    [ "${limit%%:*}" = total_timeout_ms ] && wrong=$slow
    [ "${limit%%:*}" = first_byte_timeout_ms ] && wrong='[{"on": 1, "late": 20, "times": 9}]'
    [ "${limit%%:*}" = idle_timeout_ms ] && wrong='[{"on": 1, "stall": 100, "times": 9}]'
    faults "$wrong"
    pipeline p "url: $base/plain, $(tr : ' ' <<<"${limit}" | sed 's/ /: /')"
    expect_exit 1 qetl run p.yaml -q --no-state -s sources.in.retry=false
    expect_text err "${limit%%:*}"
done
# nobody there
pipeline p 'url: http://127.0.0.1:1/'
expect_exit 1 qetl run p.yaml -q --no-state -s 'sources.in.retry={first: 1ms, attempts: 3}'
expect_text err 'given up after 3 attempts'
pipeline p 'url: http://no-such-host.invalid/'
expect_exit 3 qetl run p.yaml -q --no-state
expect_text err 'no-such-host.invalid'

# round and round: the run ends, and says so
faults '[]'
for round in cursor/next_cursor next/next; do
    pipeline p "url: '$base/${round%/*}?stuck=1', records: /data, pagination: {kind: ${round%/*}, $([ "${round%/*}" = cursor ] && echo 'param: after,') from: /${round#*/}, limit: 10}"
    expect_exit 1 qetl run p.yaml -q --no-state
    expect_text err 'was there before'
done
pipeline p "url: '$base/link?stuck=1&limit=10', pagination: {kind: link}"
expect_exit 1 qetl run p.yaml -q --no-state
expect_text err 'was there before'
: >journal
pipeline p "url: '$base/page?stuck=1', pagination: {kind: page, limit: 10}, prefetch: 0"
expect_exit 1 qetl run p.yaml -q --no-state
expect_text err 'the same rows as a page before it'
expect_eq 'two requests' "$(requests)" 2
: >journal
pipeline p "url: '$base/offset?stuck=1', pagination: {kind: offset, limit: 10, repeats: allow}, prefetch: 0"
background "$QETL" run p.yaml -q --no-state
for _ in $(seq 200); do
    [ "$(requests)" -gt 5 ] && break
    sleep 0.05
done
interrupt_and_wait INT
expect_eq 'repeats: allow goes on, until it is told to end' "$code $(($(requests) > 5))" '130 1'

# more than was asked for
pipeline p "url: $base/plain, max_page_bytes: 20000"
expect_exit 1 qetl run p.yaml -q --no-state
expect_text err 'has more than 20000 bytes'
for packing in gzip deflate br zstd; do
    pipeline p "url: '$base/bomb?bytes=30000000&packed=$packing'"
    expect_exit 1 qetl run p.yaml -q --no-state
    expect_text err 'a decompression bomb'
done
pipeline p "url: '$base/bomb?bytes=3000000', max_ratio: 0"
expect_exit 0 qetl run p.yaml -q --no-state
pipeline p "url: '$base/bomb?bytes=70000000', max_ratio: 0"
expect_exit 1 qetl run p.yaml -q --no-state
expect_text err 'has more than 67108864 bytes'
