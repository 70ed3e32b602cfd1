#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# HTTP/2 by a server that is none of ours (nghttpx, in front of the servers of rows and of events); connections that are kept; packed bodies; and a
# name whose address changes between two requests.
# tsan: no
. "$(dirname "$0")/rest-lib.sh"
serve --rows 3000
rows_base=$base rows_port=$port

proxies=()
ends() {
    local status=$?
    kill "${proxies[@]}" 2>/dev/null
    wait "${proxies[@]}" 2>/dev/null
    return $status
}
trap 'ends; serve_end' EXIT

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout s.key -out s.pem -days 30 \
    -subj "/CN=s" -addext subjectAltName=IP:127.0.0.1 2>openssl.log || fail openssl "$(cat openssl.log)"

# speaks BACKEND_PORT: HTTP/2 over TLS on $h2, with what was asked in h2.log
speaks() {
    h2=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    rm -f h2.log
    # shellcheck disable=SC2016 # variables of nghttpx
    nghttpx --conf=/dev/null --frontend="127.0.0.1,$h2" --backend="127.0.0.1,$1" --workers=1 --accesslog-file="$PWD/h2.log" \
        --accesslog-format='$alpn $status $request' --errorlog-file="$PWD/nghttpx.log" s.key s.pem >nghttpx.out 2>&1 &
    proxies+=($!)
    for _ in $(seq 200); do
        curl -sk "https://127.0.0.1:$h2/_requests" >reached && return
        sleep 0.05
    done
    fail 'nghttpx starts' "$(cat nghttpx.out nghttpx.log)"
}

given() { # OPTIONS
    : >journal
    rm -f p.csv
    cat >p.yaml <<Y
name: p
sources: {in: {plugin: rest, records: /data, tls_ca: s.pem, $([[ $1 == *private_hosts* ]] || echo "private_hosts: [127.0.0.1],") $1}}
sinks: {out: {plugin: file, input: in, path: p.csv, if_exists: replace}}
Y
    timeout 120 "$QETL" run p.yaml -q --no-state >out 2>err </dev/null
    code=$?
}
versions() { grep -v _requests h2.log | cut -d' ' -f1 | sort -u; }

# ---- HTTP/2 ----
speaks "$rows_port"
paging='pagination: {kind: cursor, param: after, from: /next_cursor, limit: 100}'
given "url: 'https://127.0.0.1:$h2/cursor', $paging"
expect_eq 'pages' "$code $(rows p.csv)" '0 3000 rows of them 3000'
expect_eq 'by HTTP/2' "$(versions)" h2
given "url: 'https://127.0.0.1:$h2/page?shape=data', prefetch: 8, pagination: {kind: page, limit: 100, total: /total}"
expect_eq 'eight at a time' "$code $(rows p.csv)" '0 3000 rows of them 3000'
expect_eq 'each page once' "$(requests '.path == "/page"')" 30
given "url: 'https://127.0.0.1:$h2/cursor?packed=gzip', $paging"
expect_eq 'packed' "$code $(rows p.csv)" '0 3000 rows of them 3000'
expect_eq 'it was welcome' "$(requests '.headers["accept-encoding"] == null')" 0
given "url: 'https://127.0.0.1:$h2/secure/bearer/cursor', auth: {kind: bearer, token: canary-bearer-7f3a}, $paging"
expect_eq 'with a token' "$code $(rows p.csv)" '0 3000 rows of them 3000'
faults '[{"on": 3, "times": 2, "status": 503, "retry_after": "1"}]'
given "url: 'https://127.0.0.1:$h2/cursor', retry: {first: 20ms, most: 1s}, $paging"
expect_eq 'refused for a while' "$code $(rows p.csv)" '0 3000 rows of them 3000'
faults '[{"on": 4, "reset": 500}]'
given "url: 'https://127.0.0.1:$h2/cursor', retry: {first: 20ms, most: 1s}, $paging"
expect_eq 'a stream that breaks off' "$code $(rows p.csv)" '0 3000 rows of them 3000'
faults '[]'

# ---- One connection for all pages, where there is no HTTP/2 ----
for limit in 100 300; do
    given "url: '$rows_base/cursor', prefetch: 1, pagination: {kind: cursor, param: after, from: /next_cursor, limit: $limit}"
    expect_eq "$limit rows a page" "$code $(requests) $(jq .connection journal | sort -u | wc -l)" "0 $((3000 / limit)) 1"
done

# ---- A name whose address changes, and one of several addresses ----
# answers ADDRESSES OPTIONS
answers() {
    given "url: 'http://rows.example:$rows_port/cursor', retry: {first: 10ms, most: 20ms, budget: 400ms}, $paging, $2"
    : >journal
    timeout 60 env "QETL_SHIM_NAMES=rows.example=$1" "LD_PRELOAD=$QETL_BUILD/tests/shim/names.so" ASAN_OPTIONS="verify_asan_link_order=0:${ASAN_OPTIONS:-}" \
        "$QETL" run p.yaml -q --no-state >out 2>err </dev/null
    code=$?
}
answers 127.0.0.1 'private_hosts: [rows.example]'
expect_eq 'an address of this machine, allowed by name' "$code $(rows p.csv)" '0 3000 rows of them 3000'
for told in 127.0.0.1 '1.1.1.1 127.0.0.1' 1.1.1.1+127.0.0.1 127.0.0.1+1.1.1.1 '1.1.1.1 1.1.1.1 127.0.0.1 1.1.1.1'; do
    answers "$told" 'private_hosts: []'
    expect_eq "$told: nobody was asked" "$((code != 0)) $(requests)" '1 0'
done
answers 127.0.0.1 'private_hosts: []'
expect_eq 'refused' "$code" 2
expect_text err 'rows.example leads to a loopback address'

# ---- Events over HTTP/2 ----
python3 "$root/tests/sse_server.py" --port-file events --journal events.journal &
proxies+=($!)
for _ in $(seq 600); do
    [ -e events ] && break
    sleep 0.05
done
speaks "$(cat events)"
cat >e.yaml <<Y
name: e
sources: {in: {plugin: sse, private_hosts: [127.0.0.1], tls_ca: s.pem, url: 'https://127.0.0.1:$h2/events?count=500&close=200', replays: true, reconnect_ms: 10}}
sinks: {out: {plugin: file, input: in, path: e.ndjson, if_exists: replace}}
Y
expect_exit 0 qetl run e.yaml -q --no-state
expect_eq 'events' "$(jq .id e.ndjson | cmp - <(seq 500) && versions)" h2
expect_eq 'behind the last ID' "$(jq -r '.headers["last-event-id"] // "none"' events.journal | grep -v null | tail -4 | tr '\n' ' ')" 'none 200 400 500 '
