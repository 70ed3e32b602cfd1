#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Pages that are asked for ahead: the server answers none before as many have been asked for as may be under way.
. "$(dirname "$0")/rest-lib.sh"
serve --rows 600

# ahead TOGETHER OPTIONS: all pages, of which so many are answered only together
ahead() {
    local together=$1 page faults=()
    for page in $(seq 2 $((together + 1))); do
        faults+=("{\"where\": {\"page\": $page}, \"together\": $together}")
    done
    faults "[$(IFS=, && echo "${faults[*]}")]"
    rm -f p.csv
    pipeline p "url: '$base/page?shape=data', records: /data, pagination: {kind: page, limit: 100, total: /total}, idle_timeout_ms: 60000, $2"
    expect_exit 0 qetl run p.yaml -q --no-state
    expect_eq "$together together: all rows" "$(rows p.csv)" '600 rows of them 600'
    expect_eq 'each page once' "$(requests)" 6
    expect_eq 'a connection for each' "$(jq .connection journal | sort -u | wc -l)" "$together"
}

ahead 1 'prefetch: 0'
# The default is one page ahead of the one that is read.
ahead 2 ''
ahead 4 'prefetch: 3'

# Where nobody says how many pages there are, the first two are asked for at once.
for kind in page offset; do
    faults '[{"on": 1, "times": 6, "together": 2}]'
    rm -f p.csv
    pipeline p "url: '$base/$kind', pagination: {kind: $kind, limit: 100}, idle_timeout_ms: 60000"
    expect_exit 0 qetl run p.yaml -q --no-state
    expect_eq "$kind: all rows" "$(rows p.csv)" '600 rows of them 600'
    expect_eq "$kind: two connections" "$(jq .connection journal | sort -u | wc -l)" 2
done
