#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The source rest refuses: other hosts, private addresses, less TLS than was asked for. Nothing is asked there, and credentials
# never leave the host that they are for.
# tsan: no
. "$(dirname "$0")/rest-lib.sh"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out cert.pem -days 30 \
    -subj /CN=rows -addext subjectAltName=IP:127.0.0.1,DNS:localhost 2>openssl.log || fail openssl "$(cat openssl.log)"
serve --rows 30

# refused PATTERN OPTIONS: with exit code 2, and with not one request but those to /redirect and for the first page
refused() {
    : >journal
    cat >p.yaml <<Y
name: p
sources: {in: {plugin: rest, $2}}
sinks: {out: {plugin: file, input: in, path: p.csv, if_exists: replace}}
Y
    expect_exit 2 qetl run p.yaml -q --no-state
    expect_text err "$1"
    expect_eq "nothing was asked for: $2" "$(requests '(.path != "/redirect") and .query.elsewhere == null and .fault == null')" 0
    expect_absent p.csv
}

refused 'refused: 127.0.0.1 leads to a loopback address' "url: $base/plain"
expect_text err 'private_hosts'
refused 'refused: localhost leads to a loopback address' "url: http://localhost:$port/plain"
refused 'refused: localhost leads to a loopback address' "url: http://localhost:$port/plain, private_hosts: [127.0.0.1, '*.localhost']"
for address in 10.1.2.3 172.31.0.1 192.168.0.1 169.254.1.1 100.64.0.1 0.0.0.0 '[::1]' '[fe80::1]' '[fd00::1]' '[::ffff:10.0.0.1]' 2130706433 0x7f.1; do
    refused "leads to (a|an) [a-z-]* ?address" "url: 'http://$address:$port/plain'"
done
for address in 169.254.169.254 100.100.100.200 168.63.129.16 '[fd00:ec2::254]'; do
    refused "leads to the address of a cloud's metadata" "url: 'http://$address/latest/meta-data'"
done
refused 'a name or password stands in it' "url: 'http://u:p@127.0.0.1:$port/plain'"
refused 'neither http nor https' "url: 'file:///etc/passwd'"
refused 'cannot be asked' "url: 'http://:80/'"
for pattern in '*' 'https://localhost' 'a.*.example' '*.' 'localhost/x'; do
    refused "no host is called " "url: '$base/plain', private_hosts: [127.0.0.1], hosts: ['$pattern']"
done

here="private_hosts: [127.0.0.1, localhost]"
refused 'it is another host than that of .url' "url: '$base/redirect?to=http://localhost:$port/plain', $here"
refused 'it is another port than that of .url' "url: '$base/redirect?to=http://127.0.0.1:1/plain', $here"
refused 'leads to the address of a cloud' "url: '$base/redirect?to=http://169.254.169.254/latest', $here, hosts: [169.254.169.254]"
refused 'it is another host than' "url: '$base/redirect?to=http://169.254.169.254/latest', $here"
refused 'cannot be asked|another host' "url: '$base/redirect?to=file:///etc/passwd', $here"
refused 'it is another host than' "url: '$base/next?limit=10&elsewhere=http://localhost:$port/plain', records: /data, pagination: {kind: next, from: /next}, $here"
refused 'it is another host than' "url: '$base/link?limit=10&elsewhere=http://localhost:$port/plain', pagination: {kind: link}, $here"

# where it is allowed, it is followed; credentials and headers stay behind
: >journal
cat >p.yaml <<Y
name: p
sources: {in: {plugin: rest, url: '$base/redirect?to=http://localhost:$port/echo', $here, hosts: [localhost], headers: {X-Mine: canary-header},
    auth: {kind: bearer, token: canary-bearer-7f3a}}}
sinks: {out: {plugin: file, input: in, path: p.ndjson, if_exists: replace}}
Y
expect_exit 0 qetl run p.yaml -q --no-state
expect_eq 'the host itself is told' "$(requests '.path == "/redirect" and .headers.authorization == "Bearer canary-bearer-7f3a" and .headers."x-mine" == "canary-header"')" 1
expect_eq 'and nobody else' "$(jq -c 'select(.path == "/echo") | .headers | has("authorization") or has("x-mine")' journal)" false
: >journal
expect_exit 1 qetl run p.yaml -q --no-state -s "sources.in.url=$base/redirect"
expect_text err 'sent on more than 10 times'
expect_eq 'eleven requests' "$(requests)" 11

# a refusal without an end is read no further than it says why
: >journal
control /_faults '[{"status": 404, "endless": true}]' >control.out
expect_exit 2 timeout 60 "$QETL" run p.yaml -q --no-state -s "sources.in.url=$base/plain"
expect_text err "404 not found: on and on"
expect_eq 'asked once' "$(requests)" 1

# less TLS than url has; and a certificate that nobody vouches for
kill "$server"
wait "$server" 2>/dev/null
plain=$port
serve --rows 30 --tls cert.pem key.pem
cat >p.yaml <<Y
name: p
sources: {in: {plugin: rest, url: $base/plain, $here, tls_ca: cert.pem}}
sinks: {out: {plugin: file, input: in, path: p.csv, if_exists: replace}}
Y
expect_exit 0 qetl run p.yaml -q --no-state
expect_eq 'over TLS' "$(rows p.csv)" '30 rows of them 30'
rm -f p.csv
expect_exit 3 qetl run p.yaml -q --no-state -s sources.in.tls_ca=
expect_text err 'certificate'
expect_absent p.csv
expect_exit 0 qetl run p.yaml -q --no-state -s sources.in.tls_ca= -s sources.in.tls_verify=false
expect_exit 3 qetl run p.yaml -q --no-state -s sources.in.tls_ca=none.pem
expect_text err 'none.pem: it cannot be read'
expect_exit 2 qetl run p.yaml -q --no-state -s sources.in.tls_key=key.pem
expect_text err 'a key stands there without its certificate'
expect_exit 2 qetl run p.yaml -q --no-state -s "sources.in.url=$base/redirect?to=http://127.0.0.1:$plain/plain" -s 'sources.in.hosts=[127.0.0.1]'
expect_text err 'it has no TLS, which .url. has'
