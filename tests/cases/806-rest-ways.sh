#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The way to a server: through a proxy, with a certificate of one's own, and one on which nobody answers.
# tsan: no
. "$(dirname "$0")/rest-lib.sh"

given() { # URL OPTIONS
    : >journal
    rm -f p.csv
    cat >p.yaml <<Y
name: p
sources: {in: {plugin: rest, private_hosts: [127.0.0.1], url: $1, $2}}
sinks: {out: {plugin: file, input: in, path: p.csv, if_exists: replace}}
Y
}

# ---- A proxy: the server of rows, for a host whose name nobody here knows ----
serve --rows 30
given http://orders.invalid/plain "proxy: $base"
expect_exit 0 qetl run p.yaml -q --no-state
expect_eq 'through the proxy' "$(rows p.csv)" '30 rows of them 30'
expect_eq 'it is told the host' "$(requests '.headers.host == "orders.invalid"')" "$(requests)"
given http://orders.invalid/plain 'query: {}'
expect_exit 0 env "http_proxy=$base" "$QETL" run p.yaml -q --no-state
expect_eq 'through the proxy of the environment' "$(rows p.csv)" '30 rows of them 30'
given http://orders.invalid/plain 'proxy: none'
expect_exit 3 env "http_proxy=$base" "$QETL" run p.yaml -q --no-state
expect_eq 'none is none' "$(requests)" 0
given "$base/plain" 'query: {}'
expect_exit 0 env http_proxy=http://127.0.0.1:1 no_proxy=127.0.0.1 "$QETL" run p.yaml -q --no-state
expect_eq 'past the proxy' "$(rows p.csv)" '30 rows of them 30'
expect_exit 0 env http_proxy=http://127.0.0.1:1 no_proxy=fd00::/8,127.0.0.0/8 "$QETL" run p.yaml -q --no-state
expect_exit 1 env http_proxy=http://127.0.0.1:1 no_proxy=127.0.0.0/32 "$QETL" run p.yaml -q --no-state -s sources.in.retry=false

# ---- Mutual TLS ----
kill "$server"
wait "$server" 2>/dev/null
certificate() { # NAME
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$1.key" -out "$1.pem" -days 30 \
        -subj "/CN=$1" -addext subjectAltName=IP:127.0.0.1 2>openssl.log || fail openssl "$(cat openssl.log)"
}
certificate rows
certificate reader
certificate stranger
serve --rows 30 --tls rows.pem rows.key --clients reader.pem
ours='tls_ca: rows.pem, tls_cert: reader.pem, tls_key: reader.key'
given "$base/plain" "$ours"
expect_exit 0 qetl run p.yaml -q --no-state
expect_eq 'with a certificate' "$(rows p.csv)" '30 rows of them 30'
cat reader.pem reader.key >both.pem
given "$base/plain" 'tls_ca: rows.pem, tls_cert: both.pem'
expect_exit 0 qetl run p.yaml -q --no-state
for wrong in 'tls_ca: rows.pem' 'tls_ca: rows.pem, tls_cert: stranger.pem, tls_key: stranger.key'; do
    given "$base/plain" "$wrong, retry: {budget: 300ms, first: 20ms}"
    "$QETL" run p.yaml -q --no-state >out 2>err </dev/null
    code=$?
    expect_eq "not let in: $wrong" "$((code != 0)) $(requests)" '1 0'
    expect_text err 'certificate|alert|SSL|Empty reply|reset'
done
given "$base/plain" 'tls_ca: rows.pem, tls_cert: none.pem, tls_key: reader.key'
expect_exit 3 qetl run p.yaml -q --no-state
expect_text err 'none.pem: it cannot be read'

# ---- Nobody answers: a listener whose queue is full ----
"${PYTHON3:-python3}" - full <<'PY' &
import socket, sys, time, os
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(0)
waiting = []
for _ in range(8):
    one = socket.socket()
    one.setblocking(False)
    one.connect_ex(listener.getsockname())
    waiting.append(one)
time.sleep(0.3)
with open(sys.argv[1] + ".tmp", "w") as out:
    out.write(str(listener.getsockname()[1]))
os.rename(sys.argv[1] + ".tmp", sys.argv[1])
parent = os.getppid()
while os.getppid() == parent:
    time.sleep(0.2)
PY
full=$!
for _ in $(seq 600); do
    [ -e full ] && break
    sleep 0.05
done
for patience in 300 4000; do
    given "http://127.0.0.1:$(cat full)/plain" "connect_timeout_ms: $patience, retry: {budget: 100ms, first: 20ms}"
    "$QETL" run p.yaml -q --no-state >out 2>err </dev/null
    code=$?
    expect_eq "no connection: exit $code" "$((code != 0))" 1
    took=$(grep -oE 'after [0-9]+ ms' err | head -1 | tr -dc 0-9)
    expect_eq "not before $patience ms: after ${took:-?}" "$((took >= patience && (patience == 4000 || took < 4000)))" 1
done
kill "$full"
