#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Intervals and JSON that were computed leave as text and as JSON; what is no JSON is rejected.
. "$(dirname "$0")/lib.sh"

cat >in.csv <<'CSV'
id,begun,ended,payload
1,2024-02-28 22:00:00,2024-03-01 04:05:06.7,"{""user"": {""name"": ""Zoë"", ""tags"": [1, 2.50]}}"
2,2024-03-01 00:00:00,2024-02-28 00:00:00,[]
3,2024-03-01 00:00:00,,"{""user"": }"
CSV
pipeline() {
    cat <<YAML
timezone: Europe/Berlin
dead_letters: $PWD/dead.ndjson
sources:
  in: {plugin: file, path: $PWD/in.csv, format: {type: csv, types: {begun: timestamp, ended: timestamp}}}
transforms:
  more:
    plugin: compute
    input: in
    set:
      took: "ended - begun"
      month: "to_char(begun AT TIME ZONE 'Europe/Berlin', 'FMMonth YYYY TZ')"
      user: "CAST(payload AS json) -> 'user'"
      tag: "payload #>> '{user,tags,1}'"
  slim: {plugin: select, input: more, columns: [id, took, month, user, tag]}
sinks:
  out: {plugin: file, input: slim, path: $PWD/out.$1, if_exists: replace}
YAML
}
pipeline csv >p.yaml
expect_exit 1 qetl run -q p.yaml --set max_rejected=0
pipeline csv >p.yaml
expect_exit 0 qetl run -q p.yaml
expect_file out.csv <<'CSV'
id,took,month,user,tag
1,1 day 06:05:06.7,February 2024 CET,"{""name"": ""Zoë"", ""tags"": [1, 2.50]}",2.50
2,-2 days,March 2024 CET,,
CSV
expect_text dead.ndjson 'bad_cast'
pipeline ndjson >p.yaml
expect_exit 0 qetl run -q p.yaml
expect_file out.ndjson <<'JSON'
{"id":1,"took":"1 day 06:05:06.7","month":"February 2024 CET","user":{"name": "Zoë", "tags": [1, 2.50]},"tag":"2.50"}
{"id":2,"took":"-2 days","month":"March 2024 CET","user":null,"tag":null}
JSON
