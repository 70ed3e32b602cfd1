#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `streams` of the source rest: resources of one service with its base address, login and retries in common, each with its own pages; one that fails does so by
# its name, and the letters of the others are theirs.
. "$(dirname "$0")/rest-lib.sh"
serve --rows 2500
cat >p.yaml <<Y
name: p
sources:
  api:
    plugin: rest
    private_hosts: [127.0.0.1]
    url: "$base/{stream}"
    retry: {first: 20ms, most: 200ms, budget: 20s}
    streams:
      plain:
      offset: {pagination: {kind: offset, limit: 1000}}
      cursor: {records: /data, pagination: {kind: cursor, param: after, from: /next_cursor, limit: 500}}
transforms:
  few: {plugin: filter, input: api, where: "id > 100"}
sinks:
  out: {plugin: file, input: few, path: "{stream}.csv", if_exists: replace}
Y
expect_exit 0 qetl run p.yaml -q --no-state --json-file report
for stream in plain offset cursor; do
    expect_eq "rows of $stream" "$(rows $stream.csv)" '2400 rows of them 2400'
done
expect_eq 'an account for each' "$(jq -r '[.result.components[] | select(.kind == "source") | "\(.id) \(.rows_out)"] | sort | join(", ")' report)" \
    'api.cursor 2500, api.offset 2500, api.plain 2500'
# One login and one limit for all of them. A server that gives another refresh token each time takes none twice: one that was sent
# again would end the run. Repeated as tokens of a second run out, and when all are taken back.
ids() { # STREAMS…: rows of each
    for stream in "$@"; do rows "$stream.csv"; done | sort -u
}
login() { # NAME MORE: a pipeline of three streams behind that login
    cat >"$1.yaml" <<Y
name: $1
sources:
  api:
    plugin: rest
    private_hosts: [127.0.0.1]
    url: "$base/secure/oauth/{stream}"
    requests_per_second: 50
    retry: false
    auth: {kind: oauth2_refresh, client_id: client-1, client_secret: "\${secret:CLIENT}", refresh_token: "\${secret:REFRESH}", token_url: "$base/token?rotate=1&late=0.1"}
    streams:
      link: {pagination: {kind: link, limit: 50}}
      offset: {pagination: {kind: offset, limit: 50}}
      page: {pagination: {kind: page, limit: 50}, prefetch: 4}
sinks:
  out: {plugin: file, input: api, path: "{stream}.csv", if_exists: replace}
Y
    control /_refresh canary-refresh-1 >control.out
    : >journal
}
mkdir secrets
printf canary-client-55d0 >secrets/CLIENT
printf canary-refresh-1 >secrets/REFRESH
chmod 600 secrets/*
control /_token_seconds 1 >control.out
login short
expect_exit 0 qetl run short.yaml -q --no-state --secrets-dir secrets
expect_eq 'all rows behind one login' "$(ids link offset page)" '2500 rows of them 2500'
expect_eq 'no refresh token was refused' "$(requests '.path == "/token" and .status != 200')" 0
jq -s '[.[].at] as $at | [.[] | select(.path != "/token").at] as $rows | [.[] | select(.path == "/token").at] as $tokens |
    [($tokens | length), (($tokens | length) <= ($at[-1] - $at[0]) / 0.9 + 1),
        (($rows | length) * 0.6 <= ($rows[-1] - $rows[0]) * 50)] | @tsv' -r journal | read -r tokens few slow
expect_eq 'a token at a time, and not one for each stream' "$((tokens >= 2)) $few" '1 true'
expect_eq 'one limit for all' "$slow" true
expect_eq 'said once' "$(grep -c 'another refresh token' err)" 1
control /_token_seconds 3600 >control.out
login back
"$QETL" run back.yaml -q --no-state --secrets-dir secrets >out 2>err </dev/null &
pid=$!
for _ in $(seq 400); do
    [ "$(requests)" -ge 20 ] && break
    sleep 0.05
done
control /_revoke '' >control.out
wait $pid
expect_eq 'taken back: another for all' "$? $(requests '.path == "/token"') $(requests '.path == "/token" and .status != 200')" '0 2 0'
expect_eq 'and all rows came' "$(ids link offset page)" '2500 rows of them 2500'
# no token: each stream says so, and nobody waits for ever
login none
printf canary-refresh-0 >secrets/REFRESH
expect_exit 3 qetl run none.yaml -q --no-state --secrets-dir secrets
expect_text err 'POST .*/token.*400'
expect_no_text err canary
printf canary-refresh-1 >secrets/REFRESH
# tried one after the other, they still need one token
login tried
expect_exit 0 qetl conns test tried.yaml --secrets-dir secrets --json
expect_json out '[.result.connections[] | select(.kind == "source") | .status] == ["ok", "ok", "ok"]'
expect_eq 'one exchange' "$(requests '.path == "/token"')" 1
# who asks with other credentials, or another limit, is somebody else
cat >two.yaml <<Y
name: two
sources:
  one: {plugin: rest, private_hosts: [127.0.0.1], url: "$base/secure/oauth/link", auth: {kind: oauth2, client_id: client-1, client_secret: "\${secret:CLIENT}", token_url: "$base/token"}}
  two: {plugin: rest, private_hosts: [127.0.0.1], url: "$base/secure/oauth/link", auth: {kind: oauth2, client_id: client-1, client_secret: "\${secret:CLIENT}", token_url: "$base/token", scope: more}}
sinks: {out: {plugin: "null", input: [one, two]}}
Y
: >journal
expect_exit 0 qetl run two.yaml -q --no-state --secrets-dir secrets
expect_eq 'a token for each' "$(jq -r 'select(.path == "/token") | .body' journal | sort | tr '\n' ' ')" \
    'grant_type=client_credentials grant_type=client_credentials&scope=more '
# a resource that is not there: its stream is named, and nothing of the run counts
rm -f ./*.csv
sed -i 's/^      plain:/      nowhere:/' p.yaml
expect_exit 2 qetl run p.yaml -q --no-state
expect_text err "source 'api.nowhere' \(rest\).*404"
expect_eq 'nothing of the others' "$(echo ./*.csv)" './*.csv'
# who answers nobody before all have asked gets all first pages asked for at once, and all second ones
rm -f ./*.csv
{
    echo '{"name": "many", "sources": {'
    for i in $(seq 12); do
        echo "\"s$i\": {\"plugin\": \"rest\", \"url\": \"$base/link?s=$i\", \"private_hosts\": [\"127.0.0.1\"], \"pagination\": {\"kind\": \"link\", \"limit\": 1500}}$([ "$i" = 12 ] || echo ,)"
    done
    echo "}, \"transforms\": {\"all\": {\"plugin\": \"union\", \"input\": [$(seq -s, -f '"s%g"' 12)]}},"
    echo '"sinks": {"out": {"plugin": "file", "input": "all", "path": "many.csv", "if_exists": "replace"}}}'
} >many.json
faults '[{"where": {}, "times": 24, "together": 12}]'
expect_exit 0 timeout -s INT 120 "$QETL" run many.json -q --no-state
expect_eq 'rows of all of them' "$(rows many.csv)" '30000 rows of them 2500'
expect_eq 'two pages of each' "$(jq -s '[.[] | select(.fault.together)] | length' journal)" 24
