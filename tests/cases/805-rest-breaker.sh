#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A service that fails again and again is left alone for a while, as `breaker` says: by the server's own account, of the
# source, the sink and the lookup.
# tsan: no
. "$(dirname "$0")/rest-lib.sh"
serve --rows 600

# Behind which requests there was a pause of so many milliseconds at least, counted from 1.
pauses() {
    jq -rs --argjson ms "$1" '[.[].at] as $at | [range(1; $at | length) | select(($at[.] - $at[. - 1]) * 1000 >= $ms)] | join(" ")' journal
}

# broken FAILURES BREAKER: six pages in a sequence, of which the third fails so many times
broken() {
    faults "[{\"on\": 3, \"status\": 503, \"times\": $1}]"
    rm -f p.csv
    pipeline p "url: $base/cursor, records: /data, pagination: {kind: cursor, param: after, from: /next_cursor, limit: 100}, prefetch: 0, $2"
    expect_exit 0 qetl run p.yaml --no-state --json-file report.json
    expect_eq "all rows, $2" "$(rows p.csv)" '600 rows of them 600'
    expect_eq 'no request in vain' "$(requests)" $(($1 + 6))
    expect_json report.json ".result.components | map(select(.id == \"in\")) | .[0] | .breaker == \"closed\" and .retries == $1"
}

broken 2 'breaker: {failures: 3, pause: 3s}'
expect_eq 'two failures are not three' "$(pauses 2900)" ''
expect_no_text err 'breaker'
broken 4 'breaker: {failures: 3, pause: 3s, most: 3s}'
expect_eq 'behind the third, and again behind the one that tried' "$(pauses 2900)" '5 6'
expect_text err 'warn: in: next failed .*503.*; again in [23].[0-9] s, since it failed so often \(breaker open\)'
broken 4 'breaker: {failures: 4, pause: 3s}'
expect_eq 'behind the fourth' "$(pauses 2900)" '6'
broken 4 'breaker: {failures: 3, pause: 1500ms}'
expect_eq 'twice as long the second time' "$(pauses 1400) $(pauses 2900)" '5 6 6'
broken 4 'breaker: false'
expect_eq 'never' "$(pauses 2900)" ''
expect_no_text err 'breaker'

# ---- the sink, and the lookup ----
printf 'id\n3\n8\n' >ids.csv
quick='private_hosts: [127.0.0.1], retry: {first: 20ms, most: 100ms}, breaker: {failures: 3, pause: 3s}'
faults '[{"where": {}, "status": 503, "times": 3}]'
cat >s.yaml <<Y
sources: {in: {plugin: file, path: ids.csv}}
sinks: {out: {plugin: rest, input: in, url: $base/in, $quick}}
Y
expect_exit 0 qetl run s.yaml --no-state
expect_eq 'the sink' "$(pauses 2900) $(requests)" '3 5'
expect_eq 'each row once' "$(control /_kept | jq -c '[.[].id]')" '[3,8]'
expect_text err 'warn: out: .*503.*breaker open'

faults '[{"where": {}, "status": 503, "times": 3}]'
cat >l.yaml <<Y
sources: {in: {plugin: file, path: ids.csv}}
transforms: {found: {plugin: rest_lookup, input: in, url: '$base/one/{id}', columns: {name: {at: /name}}, concurrency: 1, $quick}}
sinks: {out: {plugin: file, input: found, path: out.csv}}
Y
expect_exit 0 qetl run l.yaml --no-state
expect_eq 'the lookup' "$(pauses 2900) $(requests)" '3 5'
expect_file out.csv <<<$'id,name\n3,row-3\n8,row-8'
expect_text err 'warn: found: .*503.*breaker open'

# What never goes on is given up, by the lookup too, which waits for an answer in between.
faults '[{"where": {}, "status": 503, "times": 100}]'
sed -i 's/first: 20ms, most: 100ms/first: 20ms, attempts: 3/; s/breaker: {[^}]*}/breaker: false/' l.yaml
rm out.csv
expect_exit 1 qetl run l.yaml --no-state
expect_eq 'three times' "$(requests)" 3
expect_text err "transform 'found' \(rest_lookup\): .*503.*given up after 3 attempts"
expect_absent out.csv
