#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Tokens by a refresh token and for signed claims, claims as tokens, and signatures of AWS: a server that checks each of them lets the source
# and the sink in, and no secret stands in what a run leaves behind.
# tsan: no
. "$(dirname "$0")/rest-lib.sh"
for kind in RS256 ES256; do
    how=(-algorithm RSA -pkeyopt rsa_keygen_bits:2048)
    [ $kind = RS256 ] || how=(-algorithm EC -pkeyopt ec_paramgen_curve:P-256)
    openssl genpkey "${how[@]}" -out "$kind.key" 2>openssl.log && openssl pkey -in "$kind.key" -pubout -out "$kind.pem" || fail openssl "$(cat openssl.log)"
done
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out other.key 2>openssl.log
serve --rows 300 --keys "$PWD"
mkdir secrets wrong
cp RS256.key ES256.key other.key secrets/
printf 'canary-hmac-2b8e' >secrets/HS256
printf 'canary-refresh-1' >secrets/REFRESH
printf 'canary-client-55d0' >secrets/CLIENT
printf 'canary-aws-77d1/+x' >secrets/AWS
printf 'canary-session-0c4d' >secrets/SESSION
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out wrong/RS256.key 2>openssl.log
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out wrong/ES256.key 2>openssl.log
for name in HS256 REFRESH CLIENT AWS SESSION; do printf 'canary-wrong-%s' $name >wrong/$name; done
for folder in secrets wrong; do for name in RS256 ES256; do mv $folder/$name.key $folder/$name; done; done
mv secrets/other.key secrets/OTHER
chmod 600 secrets/* wrong/*

# nowhere NAME: neither secrets nor signatures made of them stand in what this run has left
nowhere() {
    local leaks
    leaks=$(grep -rlaE 'canary-(hmac|refresh|client|aws|session|wrong|token)|PRIVATE KEY|eyJ[A-Za-z0-9_-]{20}|Signature=' \
        --exclude=journal --exclude-dir=secrets --exclude-dir=wrong --exclude='*.key' . "$XDG_STATE_HOME" "$XDG_RUNTIME_DIR" 2>/dev/null)
    expect_eq "$1 leaves no secret behind" "$leaks" ''
}

# admitted NAME PATH AUTH: all rows come, with traces and letters; and with other secrets none
admitted() {
    : >journal
    rm -rf a.csv dead-letters trace.ndjson rec
    cat >a.yaml <<Y
name: a
sources: {in: {plugin: rest, url: '$base/secure/$2', private_hosts: [127.0.0.1], auth: {$3}, pagination: {kind: link, limit: 100},
    format: {type: json, types: {name: bigint}}}}
sinks: {out: {plugin: file, input: in, path: a.csv, if_exists: replace}}
Y
    expect_exit 0 qetl run a.yaml --json --secrets-dir secrets --log-level trace --abi-trace=trace.ndjson --record rec
    expect_json out '.summary.rows_rejected == 300'
    expect_eq "$1: nobody was refused" "$(requests '.status != 200') $(($(requests) > 2))" '0 1'
    nowhere "$1"
    : >journal
    expect_exit 3 qetl run a.yaml --json --secrets-dir wrong -s sources.in.retry=false
    expect_eq "$1, with another secret: refused" "$(($(requests '.status == 401 or .status == 400') > 0)) $(requests '.status == 200')" '1 0'
    nowhere "$1, refused"
}

# ---- claims ----
claims="issuer: loader, key_id: key-7"
for kind in RS256 ES256 HS256; do
    admitted "$kind" jwt/link "kind: jwt, algorithm: $kind, $claims, audience: rows, signing_key: '\${secret:$kind}'"
done
admitted 'claims for a token' oauth/link "kind: jwt, $claims, subject: me, scope: rows, token_url: $base/token, signing_key: '\${secret:RS256}'"
control /_token_seconds 1 >control.out
: >journal
expect_exit 0 qetl run a.yaml -q --no-state --secrets-dir secrets -s sources.in.requests_per_second=10 -s sources.in.pagination.limit=10 -s sources.in.prefetch=0
expect_eq 'claims of their own for each token' "$(requests '.status != 200') $(($(requests '.path == "/token"') >= 3))" '0 1'
control /_token_seconds 3600 >control.out
: >journal
sed -i "s|token_url: $base/token, ||; s|/oauth/|/jwt/|; s|scope: rows|audience: rows, lifetime_s: 2|" a.yaml
expect_exit 0 qetl run a.yaml --json --no-state --secrets-dir secrets -s sources.in.requests_per_second=20 -s sources.in.pagination.limit=5
expect_eq 'claims that are renewed' "$(jq .summary.rows_rejected out) $(($(jq -r .headers.authorization journal | sort -u | wc -l) >= 2))" '300 1'
wrong() { # TEXT AUTH
    cat >w.yaml <<Y
name: w
sources: {in: {plugin: rest, url: '$base/plain', auth: {$2}}}
sinks: {out: {plugin: 'null', input: in}}
Y
    expect_exit 2 qetl run w.yaml -q --no-state --secrets-dir secrets
    expect_text err "$1"
}
wrong 'cannot be read as a private key' "kind: jwt, $claims, signing_key: '\${secret:HS256}'"
wrong 'cannot sign by it' "kind: jwt, $claims, signing_key: '\${secret:ES256}'"
wrong 'cannot sign by it' "kind: jwt, algorithm: ES256, $claims, signing_key: '\${secret:OTHER}'"
wrong 'kind `jwt` needs `issuer`' "kind: jwt, signing_key: a"
wrong 'kind `aws_sigv4` needs `service`' "kind: aws_sigv4, access_key: a, secret_key: b, region: c"

# ---- a refresh token ----
refresh="kind: oauth2_refresh, client_id: client-1, refresh_token: '\${secret:REFRESH}'"
admitted 'a refresh token' oauth/link "$refresh, token_url: $base/token"
admitted 'of a client with a secret' oauth/link "$refresh, token_url: $base/token, client_secret: '\${secret:CLIENT}'"
admitted 'in the form' oauth/link "$refresh, token_url: $base/token, client_secret: '\${secret:CLIENT}', client_auth: body"
control /_token_seconds 1 >control.out
: >journal
expect_exit 0 qetl run a.yaml --no-state --secrets-dir secrets -s "sources.in.auth.token_url=$base/token?rotate=1" \
    -s sources.in.requests_per_second=10 -s sources.in.pagination.limit=10 -s sources.in.prefetch=0
expect_eq 'another one with each token' "$(requests '.status != 200') $(($(requests '.path == "/token"') >= 3))" '0 1'
expect_text err 'is kept nowhere'
nowhere 'a refresh token that changes'
control /_token_seconds 3600 >control.out
control /_refresh canary-refresh-1 >control.out

# ---- AWS ----
aws="kind: aws_sigv4, access_key: AKIACANARY, secret_key: '\${secret:AWS}', region: eu-test-1"
admitted AWS aws/link "$aws, service: execute-api"
admitted 'AWS, with keys that were lent' aws/link "$aws, service: s3, session_token: '\${secret:SESSION}'"
: >journal
cat >q.yaml <<Y
name: q
sources: {in: {plugin: rest, url: '$base/secure/aws/echo', private_hosts: [127.0.0.1], auth: {$aws, service: execute-api}, method: POST, body: 'a=1',
    query: {zeta: 'a b&c=d/é+~*', Alpha: '', a.b: 1, a: 2, ab: 3, 'x[]': '%41'}}}
sinks: {out: {plugin: file, input: in, path: q.json, format: ndjson, if_exists: replace}}
Y
expect_exit 0 qetl run q.yaml -q --no-state --secrets-dir secrets
expect_eq 'whatever stands in the query' "$(requests '.status == 200')" 1

# ---- the sink ----
sends() { # PATH AUTH
    : >journal
    control /_kept '[]' >control.out
    printf 'id,name\n1,a b/ü\n2,c\n3,d\n' >in.csv
    cat >s.yaml <<Y
name: s
sources: {in: {plugin: file, path: in.csv}}
sinks: {out: {plugin: rest, input: in, private_hosts: [127.0.0.1], url: '$base/secure/$1', retry: {first: 20ms, budget: 5s}, auth: {$2}}}
Y
    expect_exit 0 qetl run s.yaml -q --no-state --secrets-dir secrets
    expect_eq "sent with $2" "$(control /_kept | jq length) $(requests '.status >= 400')" '3 0'
}
sends 'aws/in?who={name}' "$aws, service: execute-api"
sends 'jwt/in' "kind: jwt, algorithm: ES256, $claims, audience: rows, signing_key: '\${secret:ES256}'"
sends 'oauth/in' "$refresh, token_url: $base/token"
