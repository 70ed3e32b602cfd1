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
chmod 600 secrets/*

# nowhere NAME: none of the secrets, in any spelling, stands in what this run has left
nowhere() {
    local leaks
    leaks=$(grep -rlaE 'canary-(bearer|key)|pass word|cGFzcyB3b3Jk|pass(\+|%20)word|cmVhZGVyOnBhc3Mgd29yZDox' \
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
    expect_eq 'asked once' "$(requests '.status == 401')" 1
    nowhere "$1, refused"
}
mkdir wrong
for name in TOKEN KEY PASSWORD; do printf 'canary-bearer-wrong' >wrong/$name; done
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
wrong 'kind `none` has no `token`' 'kind: none, token: a'
wrong 'a control character' 'kind: bearer, token: "a\nX-Other: b"'
wrong 'a colon stands in it' 'kind: basic, user: "a:b", password: c'
