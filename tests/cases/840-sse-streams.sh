#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Event streams: what an event is, how a stream goes on behind its end, and each option. The server ends streams in each way
# and writes down what it was asked.
# tsan: no
. "$(dirname "$0")/sse-lib.sh"
serve

# given OPTIONS [sse]: a run of a pipeline with these
given() {
    pipeline p "$@"
    timeout 60 "$QETL" run p.yaml -q --no-state >out 2>err </dev/null
    code=$?
}
ids() { jq -r '.id // "none"' p.ndjson | tr '\n' ' '; }

# ---- Rows, and the data by a format ----
given "url: '$base/events?count=3&types=a,b'"
expect_eq 'it ends where the server says so' "$code" 0
expect_eq 'rows' "$(jq -c '[.event, .id, .data]' p.ndjson | tr '\n' ' ')" \
    '["a","1","{\"id\": 1, \"text\": \"event 1\"}"] ["b","2","{\"id\": 2, \"text\": \"event 2\"}"] ["a","3","{\"id\": 3, \"text\": \"event 3\"}"] '
expect_eq 'received_at is now' "$(jq -r '.received_at | sub("\\.[0-9]+Z$"; "Z") | fromdate | (now - .) as $d | ($d > -60 and $d < 600)' p.ndjson | sort -u)" true
expect_eq 'what was asked' "$(jq -r '[.method, .headers.accept, .headers["cache-control"], .headers["last-event-id"] // "none"] | join(" ")' journal | tr '\n' ';')" \
    'GET text/event-stream no-store none;GET text/event-stream no-store 3;'
given "url: '$base/events?count=3&lines=1&eol=crlf'" sse
expect_eq 'data of several lines as a row' "$(jq -c . p.ndjson | tr '\n' ' ')" \
    '{"id":1,"text":"event 1"} {"id":2,"text":"event 2"} {"id":3,"text":"event 3"} '
control /_raw "$(printf 'data: a,b\ndata: 1,2\n\n: x\n\ndata: 3,4\n\n.')" >sent
given "url: '$base/raw', reconnect: false, format: csv" sse
expect_eq 'CSV' "$code $(jq -c . p.ndjson | tr '\n' ' ')" '0 {"a":1,"b":2} {"a":3,"b":4} '

# ---- Types ----
given "url: '$base/events?count=6&types=a,b,c', events: [a, c]"
expect_eq 'events: those types' "$(ids)" '1 3 4 6 '
given "url: '$base/events?count=2', events: [message]"
expect_eq 'none is message' "$(ids)" '1 2 '

# ---- The end of a connection ----
given "url: '$base/events?count=7&close=3'"
expect_eq 'goes on' "$code $(ids)" '0 1 2 3 4 5 6 7 '
expect_eq 'behind the last ID' "$(jq -r '.headers["last-event-id"] // "none"' journal | tr '\n' ' ')" 'none 3 6 7 '
given "url: '$base/events?count=7&reset=3', replays: true"
expect_eq 'broken off within an event' "$code $(ids)" '0 1 2 3 4 5 6 7 '
given "url: '$base/events?count=5&close=3&inclusive=1', replays: true"
expect_eq 'the last one, sent again' "$code $(ids)" '0 1 2 3 4 5 '
given "url: '$base/events?count=7&close=3', reconnect: false"
expect_eq 'not asked for again' "$code $(ids)$(requests)" '0 1 2 3 1'
given "url: '$base/events?count=3&after=end', end_data: '{\"id\": 3, \"text\": \"event 3\"}'"
expect_eq 'the data that ends it' "$code $(ids)$(requests)" '0 1 2 1'

# gap N: milliseconds between request N and the next
gap() { jq -s "((.[$1].at - .[$1 - 1].at) * 1000 | floor) // 0" journal; }
given "url: '$base/events?count=2&close=1', reconnect_ms: 700"
expect_eq 'waits so long' "$(($(gap 1) >= 690))" 1
given "url: '$base/events?count=2&close=1&retry=650', reconnect_ms: 1"
expect_eq 'as the stream says' "$(($(gap 1) >= 640))" 1
control /_raw ': nothing' >sent
pipeline p "url: $base/raw, reconnect_ms: 50"
timeout -s INT 2.5 "$QETL" run p.yaml -q --no-state >out 2>err </dev/null
expect_eq 'who brings nothing is asked more seldom' "$(($(requests) >= 2 && $(requests) <= 8))" 1

# ---- Refusals before it is open are the host's to try again; others are none ----
control /_status '503 2' >sent
given "url: '$base/events?count=2'"
expect_eq 'unavailable, twice' "$code $(ids)$(requests '.status == 503')" '0 1 2 2'
expect_eq 'Retry-After' "$(($(gap 1) >= 990))" 1
given "url: '$base/nowhere'"
expect_eq 'not found' "$code" 2
expect_text err '404'
given "url: '$base/events?type=text/html'"
expect_eq 'no event stream' "$code" 1
expect_text err 'text/html, which is no text/event-stream'
given "url: http://127.0.0.1:1/events, retry: {budget: 200ms, first: 20ms}"
expect_eq 'nobody there' "$((code != 0))" 1
expect_text err '[Cc]onnect'
given "url: '$base/events', private_hosts: []"
expect_eq 'an address that is not of the world' "$code" 2
expect_text err 'private_hosts'

# ---- Requests ----
given "url: '$base/events?count=1', auth: {kind: bearer, token: t-1}, query: {bearer: t-1}, headers: {X-Client: loader, Accept: text/*}, user_agent: me/1"
expect_eq 'who asks' "$code $(ids)" '0 1 '
expect_eq 'its headers' "$(jq -r '[.headers["x-client"], .headers.accept, .headers["user-agent"]] | join(" ")' journal | sort -u)" 'loader text/* me/1'
given "url: '$base/events?count=1&bearer=t-1', auth: {kind: bearer, token: wrong}"
expect_eq 'refused' "$((code != 0))" 1
expect_text err '401'
for plugin in sse sse_events; do
    given "url: '$base/events?count=1&after=end', body: {stream: true, n: [1]}, reconnect: false" "$plugin"
    expect_eq 'a body' "$(jq -r '[.method, .body, .headers["content-type"]] | join(" ")' journal)" 'POST {"n":[1],"stream":true} application/json'
done
given "url: '$base/events?count=1&after=end', method: PUT, body: text, reconnect: false"
expect_eq 'a method' "$(jq -r '[.method, .body] | join(" ")' journal)" 'PUT text'
given "url: '$base/events?count=200&gzip=1'"
expect_eq 'packed' "$code $(wc -l <p.ndjson)" '0 200'
given "url: '$base/events?count=1', compression: false"
expect_eq 'not packed' "$(requests '.headers["accept-encoding"] != null')" 0
given "url: http://stream.invalid/events?count=2, proxy: $base"
expect_eq 'through a proxy' "$code $(ids)" '0 1 2 '

# ---- Silence ----
given "url: '$base/events?count=4&silent=3', idle_timeout_ms: 300"
expect_eq 'silence is no connection' "$code $(ids)" '0 1 2 3 4 '
pipeline p "url: '$base/events?count=2&after=hold&beat=0.1', idle_timeout_ms: 1500"
timeout -s INT 4 "$QETL" run p.yaml -q --no-state >out 2>err </dev/null
expect_eq 'a comment is a sign of life' "$(requests)" 1
python3 - slow <<'PY' &
import os, socket, sys, time
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(8)
with open(sys.argv[1] + ".tmp", "w") as out:
    out.write(str(listener.getsockname()[1]))
os.rename(sys.argv[1] + ".tmp", sys.argv[1])
parent = os.getppid()
while os.getppid() == parent:
    time.sleep(0.2)
PY
mute=$!
await 'the mute listens' 30 test -e slow
given "url: 'http://127.0.0.1:$(cat slow)/', first_byte_timeout_ms: 200, retry: {budget: 100ms, first: 20ms}"
expect_eq 'no answer' "$((code != 0))" 1
expect_text err 'first_byte_timeout_ms'
kill $mute

# ---- What cannot be ----
given "url: '$base/events?count=3&pad=500', max_event_bytes: 400"
expect_eq 'too long' "$code" 1
expect_text err 'more than 400 bytes'
given "url: '$base/events?count=3&ids=0', replays: true"
expect_eq 'no ID to go on behind' "$code" 1
expect_text err 'no ID of its own'
given "url: '$base/events?count=3&ids=same', replays: true"
expect_eq 'one ID for all' "$code" 1
expect_text err 'the ID of the one before it'
given "url: '$base/events?count=4&ids=0&types=ping,x&after=end', events: [x], replays: true, reconnect: false"
expect_text err 'no ID of its own'
printf 'data: good\n\ndata: \xff\xfe\n\ndata: also\n\n' | curl -sS -X PUT --data-binary @- "$base/_raw" >sent
pipeline p "url: '$base/raw', reconnect: false"
timeout 60 "$QETL" run p.yaml --json --no-state -s dead_letters=letters.ndjson >out 2>err </dev/null
expect_eq 'no UTF-8 is a dead letter' "$(jq -r .data p.ndjson | tr '\n' ' ')$(jq -r .code letters.ndjson)" 'good also bad_utf8'

# ---- Through TLS ----
kill "$server"
wait "$server" 2>/dev/null
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout s.key -out s.pem -days 30 \
    -subj "/CN=s" -addext subjectAltName=IP:127.0.0.1 2>openssl.log || fail openssl "$(cat openssl.log)"
serve --tls s.pem s.key
given "url: '$base/events?count=2', tls_ca: s.pem, tls_cert: s.pem, tls_key: s.key"
expect_eq 'TLS' "$code $(ids)" '0 1 2 '
given "url: '$base/events?count=2', tls_verify: false"
expect_eq 'unverified' "$code $(ids)" '0 1 2 '
given "url: '$base/events?count=2', retry: {budget: 100ms, first: 20ms}"
expect_eq 'not believed' "$code" 3
