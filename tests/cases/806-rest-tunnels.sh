#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# HTTPS through proxies that make tunnels; and certificates that are past their time or another's.
# tsan: no
. "$(dirname "$0")/rest-lib.sh"

proxy=
tunnels() { # [NAME:PASSWORD]: a proxy on $way, whose journal is `tunnels`
    [ -z "$proxy" ] || { kill "$proxy" && wait "$proxy"; } 2>/dev/null
    rm -f way tunnels
    "${PYTHON3:-python3}" "$root/tests/connect_proxy.py" way tunnels "$port" "$@" >proxy.log 2>&1 &
    proxy=$!
    for _ in $(seq 600); do
        [ -e way ] && break
        sleep 0.05
    done
    way=127.0.0.1:$(cat way)
}
trap 'kill "$proxy" 2>/dev/null; serve_end' EXIT

# certificate NAME ALTERNATIVE_NAME DAYS: valid for so many days, fewer than none are over
certificate() {
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$1.key" -out "$1.csr" -subj "/CN=$1" 2>openssl.log &&
        openssl x509 -req -in "$1.csr" -signkey "$1.key" -days "$3" -out "$1.pem" \
            -extfile <(echo "subjectAltName=$2") 2>>openssl.log || fail openssl "$(cat openssl.log)"
}

given() { # URL OPTIONS
    : >journal
    rm -f p.csv tunnels
    cat >p.yaml <<Y
name: p
sources: {in: {plugin: rest, private_hosts: [127.0.0.1], retry: false, url: $1, $2}}
sinks: {out: {plugin: file, input: in, path: p.csv, if_exists: replace}}
Y
}

certificate orders DNS:orders.test,IP:127.0.0.1 30
serve --rows 30 --tls orders.pem orders.key
tunnels
export TOKEN=canary-bearer-7f3a
secured='tls_ca: orders.pem, auth: {kind: bearer, token: "${secret:TOKEN}"}'

# Nobody here knows the name: the proxy does. It is told where to, and nothing else; the rest is for the server alone.
given "https://orders.test:$port/secure/bearer/plain" "proxy: 'http://$way', headers: {X-Key: canary-header}, $secured"
expect_exit 0 qetl run p.yaml -q --no-state
expect_eq 'through the tunnel' "$(rows p.csv)" '30 rows of them 30'
expect_text tunnels "^CONNECT orders.test:$port HTTP/1.1"
expect_no_text tunnels 'canary|[Aa]uthorization|/secure'
expect_eq 'the server is told all' "$(requests '.headers["x-key"] == "canary-header" and .headers.host == "orders.test:'"$port"'"')" "$(requests)"
given "https://orders.test:$port/plain" 'tls_ca: orders.pem'
expect_exit 0 env "https_proxy=http://$way" "$QETL" run p.yaml -q --no-state
expect_eq 'by the environment' "$(rows p.csv) $(grep -c ^CONNECT tunnels)" '30 rows of them 30 1'
expect_exit 3 env "https_proxy=http://$way" no_proxy=.test "$QETL" run p.yaml -q --no-state

# A tunnel is no reason to trust: the certificate is the host's, or nothing is said.
given "https://another.test:$port/secure/bearer/plain" "proxy: 'http://$way', $secured"
expect_exit 3 qetl run p.yaml -q --no-state
expect_text err "rest.*another.test.*(certificate|alternative certificate subject name)"
expect_eq 'nothing was asked' "$(requests)" 0
expect_no_text err canary

# What the proxy refuses is told as the proxy's.
given "https://closed.test:$port/plain" "proxy: 'http://$way', tls_ca: orders.pem"
expect_exit 1 qetl run p.yaml -q --no-state
expect_text err 'rest.*(proxy|CONNECT).*403'
tunnels reader:canary-word
given "https://orders.test:$port/plain" "proxy: 'http://$way', tls_ca: orders.pem"
expect_exit 1 qetl run p.yaml -q --no-state
expect_text err 'rest.*(proxy|CONNECT).*407'
expect_eq 'it was asked once' "$(grep -c ^CONNECT tunnels)" 1

export PROXY_WORD=canary-word
given "https://orders.test:$port/plain" "proxy: 'http://reader:\${secret:PROXY_WORD}@$way', tls_ca: orders.pem"
expect_exit 0 qetl run p.yaml -q --no-state --json-file report.json
expect_eq 'with a login' "$(rows p.csv)" '30 rows of them 30'
sed -i s/reader:/other:/ p.yaml
expect_exit 1 qetl run p.yaml -q --no-state --json-file report.json --log-level debug
expect_no_text err canary
expect_no_text report.json canary

# A certificate that is over, and one for another host.
for wrong in 'past IP:127.0.0.1 -1 expired renew' 'stranger DNS:stranger.test 30 subject a name that its certificate is for'; do
    read -r name alternative days word mend <<<"$wrong"
    kill "$server" && wait "$server" 2>/dev/null
    certificate "$name" "$alternative" "$days"
    serve --rows 30 --tls "$name.pem" "$name.key"
    given "$base/plain" "tls_ca: $name.pem"
    expect_exit 3 qetl run p.yaml -q --no-state
    expect_text err "rest.*$word"
    expect_text err "^ *mend: .*$mend"
    expect_eq "$name: nothing was asked" "$(requests)" 0
    given "$base/plain" "tls_ca: $name.pem, tls_verify: false"
    expect_exit 0 qetl run p.yaml -q --no-state
    expect_eq "$name: whoever says so reads all the same" "$(rows p.csv)" '30 rows of them 30'
done
