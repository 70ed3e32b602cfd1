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
# a resource that is not there: its stream is named, and nothing of the run counts
rm -f ./*.csv
sed -i 's/^      plain:/      nowhere:/' p.yaml
expect_exit 2 qetl run p.yaml -q --no-state
expect_text err "source 'api.nowhere' \(rest\).*404"
expect_eq 'nothing of the others' "$(echo ./*.csv)" './*.csv'
