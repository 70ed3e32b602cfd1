#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each kind of credentials is what the server wants, and stands nowhere but in the request: not in output, log, report, state,
# dead letters, trace or anything else that a run leaves behind.
# tsan: no
. "$(dirname "$0")/rest-lib.sh"
serve --rows 300
mkdir secrets
printf 'canary-bearer-7f3a\n' >secrets/TOKEN
printf 'canary-key-91bc' >secrets/KEY
printf 'pass word:1' >secrets/PASSWORD
printf 'canary-client-55d0' >secrets/CLIENT
chmod 600 secrets/*

# nowhere NAME: none of the secrets, in any spelling, stands in what this run has left
nowhere() {
    local leaks
    leaks=$(grep -rlaE 'canary-(bearer|key|client|token)|pass word|cGFzcyB3b3Jk|pass(\+|%20)word|cmVhZGVyO' \
        --exclude=journal --exclude-dir=secrets --exclude-dir=wrong . "$XDG_STATE_HOME" "$XDG_RUNTIME_DIR" 2>/dev/null)
    expect_eq "$1 leaves no secret behind" "$leaks" ''
}

# admitted KIND AUTH REST: reads all rows, several pages of them, with traces, letters and a state
admitted() {
    : >journal
    rm -rf a.csv dead-letters trace.ndjson rec
    cat >a.yaml <<Y
name: a
sources: {in: {plugin: rest, url: '$base/secure/$1/$3', private_hosts: [127.0.0.1], auth: {$2}, $4,
    format: {type: json, types: {name: bigint}}}}
sinks: {out: {plugin: file, input: in, path: a.csv, if_exists: replace}}
Y
    expect_exit 0 qetl run a.yaml --json --secrets-dir secrets --log-level trace --abi-trace=trace.ndjson --record rec
    expect_json out '.summary.rows_rejected == 300'
    expect_eq "all of $1 was asked for with them" "$(requests '.status == 200')" "$(requests)"
    expect_eq "several pages of $1" "$(($(requests) > 2))" 1
    nowhere "$1"
    # refused, with a secret that is none
    expect_exit 3 qetl run a.yaml --json --secrets-dir wrong -s sources.in.retry=false
    expect_text out '401 unauthorized'
    expect_eq 'refused once' "$(requests '.status == 401')" 1
    nowhere "$1, refused"
}
mkdir wrong
for name in TOKEN KEY PASSWORD CLIENT; do printf 'canary-bearer-wrong' >wrong/$name; done
chmod 600 wrong/*

pages='pagination: {kind: link, limit: 100}'
admitted bearer "kind: bearer, token: '\${secret:TOKEN}'" link "$pages"
admitted basic "kind: basic, user: reader, password: '\${secret:PASSWORD}'" link "$pages"
admitted header "kind: header, name: X-Api-Key, key: '\${secret:KEY}'" link "$pages"
# the server puts the key into the URLs that it names as next
admitted query "kind: query, name: api_key, key: '\${secret:KEY}'" link "$pages"
expect_eq 'the key came back in a link' "$(grep -c 'api_key' journal)" "$(requests)"
admitted query "kind: query, name: api_key, key: '\${secret:KEY}'" next 'records: /data, pagination: {kind: next, from: /next, limit: 100}'
admitted query "kind: query, name: api_key, key: '\${secret:KEY}'" cursor 'records: /data, pagination: {kind: cursor, param: after, from: /next_cursor, limit: 100}'

# killed, and what is kept of it looked at
cat >k.yaml <<Y
name: k
checkpoint: {every: 5ms}
sources: {in: {plugin: rest, url: '$base/secure/query/next', private_hosts: [127.0.0.1], auth: {kind: query, name: api_key, key: '\${secret:KEY}'},
    records: /data, pagination: {kind: next, from: /next, limit: 10}, requests_per_second: 20}}
sinks: {out: {plugin: file, input: in, path: k.csv, if_exists: append}}
Y
: >journal
"$QETL" run k.yaml -q --secrets-dir secrets >out 2>err </dev/null &
pid=$!
for _ in $(seq 400); do
    [ "$(requests)" -ge 12 ] && break
    sleep 0.05
done
kill -KILL $pid
wait $pid 2>/dev/null
nowhere 'a run that was killed'
expect_exit 0 qetl run k.yaml -q --secrets-dir secrets
expect_eq 'it went on' "$(rows k.csv)" '300 rows of them 300'
nowhere 'a run that went on'

# OAuth2: tokens that are asked for, renewed before they expire, and when they are taken back
oauth="kind: oauth2, token_url: $base/token, client_id: client-1, client_secret: '\${secret:CLIENT}'"
admitted oauth "$oauth" link "$pages"
admitted oauth "$oauth, client_auth: body, scope: 'rows read'" link "$pages"
: >journal
cat >o.yaml <<Y
name: o
sources: {in: {plugin: rest, url: $base/secure/oauth/page, private_hosts: [127.0.0.1], auth: {$oauth, scope: 'rows read'}, prefetch: 0,
    requests_per_second: 12, pagination: {kind: page, limit: 10}}}
sinks: {out: {plugin: file, input: in, path: o.csv, if_exists: replace}}
Y
expect_exit 0 qetl run o.yaml -q --no-state --secrets-dir secrets
expect_eq 'one token' "$(requests '.path == "/token"') $(jq -r 'select(.path == "/token") | .body' journal)" \
    '1 grant_type=client_credentials&scope=rows%20read'
control /_token_seconds 1 >control.out
: >journal
expect_exit 0 qetl run o.yaml -q --no-state --secrets-dir secrets
expect_eq 'all rows with tokens of a second' "$(rows o.csv)" '300 rows of them 300'
expect_eq 'renewed in time' "$(requests '.status == 401') $(($(requests '.path == "/token"') >= 3))" '0 1'
control /_token_seconds 3600 >control.out
: >journal
"$QETL" run o.yaml -q --no-state --secrets-dir secrets >out 2>err </dev/null &
pid=$!
for _ in $(seq 400); do
    [ "$(requests)" -ge 8 ] && break
    sleep 0.05
done
control /_revoke '' >control.out
wait $pid
expect_eq 'a token was taken back' "$? $(requests '.status == 401') $(requests '.path == "/token"')" '0 1 2'
expect_eq 'and all rows came' "$(rows o.csv)" '300 rows of them 300'
nowhere 'a token that was taken back'

# a server that shows what it was sent
: >journal
expect_exit 3 qetl run o.yaml --json --no-state --secrets-dir secrets -s "sources.in.url=$base/secure/bearer/plain"
expect_text out 'got.*Bearer \*+'
expect_eq 'tried with two tokens, and no more' "$(requests '.path == "/token"') $(requests '.path != "/token"')" '2 2'
nowhere 'a token that a server shows'

# words that do not belong together
wrong() {
    cat >w.yaml <<Y
name: w
sources: {in: {plugin: rest, url: '$base/plain', auth: {$2}}}
sinks: {out: {plugin: 'null', input: in}}
Y
    expect_exit 2 qetl run w.yaml -q --no-state
    expect_text err "$1"
}
wrong 'kind `basic` needs `password`' 'kind: basic, user: a'
wrong 'kind `bearer` has no `user`' 'kind: bearer, token: a, user: b'
wrong 'kind `oauth2` needs `client_id`' 'kind: oauth2, token_url: http://a/'
wrong 'kind `none` has no `token`' 'kind: none, token: a'
wrong 'a control character' 'kind: bearer, token: "a\nX-Other: b"'
wrong 'a colon stands in it' 'kind: basic, user: "a:b", password: c'
