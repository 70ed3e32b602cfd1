#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# sse: who asks, where a stream may lead, and how long a connection may take to come about.
# tsan: no
. "$(dirname "$0")/sse-lib.sh"
serve
events=$base
python3 "$root/tests/rest_server.py" --port-file tokens --journal tokens.journal & # ends with this process
await 'the other server starts' 30 test -e tokens
other=http://127.0.0.1:$(cat tokens)
mkdir secrets
printf 'canary-client-55d0' >secrets/CLIENT
printf 'pass word:1' >secrets/PASSWORD
printf 'canary-key-91bc' >secrets/KEY
chmod 600 secrets/*

# asks PLUGIN OPTIONS: twelve events come, over two connections
asks() {
    : >journal
    rm -f a.ndjson
    cat >a.yaml <<Y
name: a
sources: {in: {plugin: $1, private_hosts: [127.0.0.1], reconnect_ms: 5, retry: false, url: '$events/events?count=12&close=7', $2}}
sinks: {out: {plugin: file, input: in, path: a.ndjson, if_exists: replace}}
Y
    expect_exit 0 qetl run a.yaml -q --no-state --secrets-dir secrets
    expect_eq "events, with $2" "$(wc -l <a.ndjson)" 12
}
told() { jq -r "select(.path == \"/events\") | .headers[\"$1\"] // \"-\"" journal | sort -u; }

# ---- auth: with each connection, and nowhere else ----
for plugin in sse sse_events; do
    asks $plugin "auth: {kind: basic, user: reader, password: '\${secret:PASSWORD}'}"
    expect_eq basic "$(told authorization)" "Basic $(printf 'reader:pass word:1' | base64)"
    asks $plugin "auth: {kind: header, name: X-Key, key: '\${secret:KEY}'}"
    expect_eq header "$(told x-key)" canary-key-91bc
    asks $plugin "auth: {kind: query, name: key, key: '\${secret:KEY}'}"
    expect_eq query "$(jq -r .query.key journal | sort -u)" canary-key-91bc
    asks $plugin "auth: {kind: oauth2, token_url: $other/token, client_id: client-1, client_secret: '\${secret:CLIENT}'}"
    expect_eq 'a token, by each connection' "$(told authorization | grep -c '^Bearer canary-token-')" 1
done
expect_eq 'no secret is left behind' "$(grep -rla 'canary\|pass word' --exclude-dir=secrets --exclude='*journal' --exclude=a.yaml . "$XDG_STATE_HOME" 2>/dev/null)" ''

# ---- where it may lead ----
leads() { # OPTIONS: by a redirect to the stream
    cat >r.yaml <<Y
name: r
sources: {in: {plugin: sse_events, private_hosts: [127.0.0.1, localhost], retry: false, reconnect: false,
    auth: {kind: bearer, token: '\${secret:KEY}'}, url: '$other/redirect?to=$1', $2}}
sinks: {out: {plugin: file, input: in, path: r.ndjson, if_exists: replace}}
Y
    : >journal
    "$QETL" run r.yaml -q --no-state --secrets-dir secrets >out 2>err </dev/null
    code=$?
}
there="http://localhost:${events##*:}/events?count=3%26after=end"
leads "$there" 'hosts: []'
expect_eq 'to a host that is not named' "$code $(requests)" '2 0'
expect_text err '`hosts` does not name it'
leads "$there" 'hosts: [localhost]'
expect_eq 'to one that is' "$code $(wc -l <r.ndjson)" '0 3'
expect_eq 'which is told no credentials' "$(told authorization)" -
leads "$there" 'hosts: ["*.localhost"]'
expect_eq 'to one that only looks like it' "$code" 2

# ---- how long a connection may take: from a server whose queue is full ----
python3 - >full <<'P' &
import socket, sys, time
server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen(0)
waiting = []
for _ in range(8):
    one = socket.socket()
    one.setblocking(False)
    one.connect_ex(server.getsockname())
    waiting.append(one)
time.sleep(0.2)
print(server.getsockname()[1], flush=True)
time.sleep(300)
P
full=$!
await 'a server that is full' 30 test -s full
for ms in 200 900; do
    cat >c.yaml <<Y
name: c
sources: {in: {plugin: sse_events, private_hosts: [127.0.0.1], retry: false, connect_timeout_ms: $ms, url: 'http://127.0.0.1:$(cat full)/'}}
sinks: {out: {plugin: "null", input: in}}
Y
    expect_exit 1 qetl run c.yaml -q --no-state
    waited=$(grep -oE 'after [0-9]+ (ms|milliseconds)' err | grep -oE '[0-9]+' | head -n 1)
    expect_eq "it is given up after $ms ms, not before" "$((${waited:-0} >= ms))" 1
    [ $ms = 900 ] || short=$waited
done
expect_eq 'and sooner where it may take less' "$((short < 900))" 1
kill $full
