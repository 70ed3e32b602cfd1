#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A plugin that refuses a batch and cannot say for which row: the row is found, kept as a dead letter, and the rest goes through.
. "$(dirname "$0")/lib.sh"

{
    echo n,t,price
    seq 1 20000 | sed 's/.*/&,"text of &",&.50/'
} >in.csv
cat >p.yaml <<'YAML'
name: poison
dead_letters: letters.ndjson
batch_bytes: 16KiB
sources:
  rows: {plugin: file, path: in.csv}
transforms:
  some: {plugin: fault, input: rows, fault: poison, times: 1000}
sinks:
  out: {plugin: file, input: some, path: out.csv, if_exists: replace}
  other: {plugin: fault, input: some, fault: poison, times: 1999}
YAML
for workers in 1 3; do
    rm -f letters.ndjson
    expect_exit 0 qetl run p.yaml --plugin-dir "$QETL_TEST_PLUGINS" --workers "$workers" --json-file report.json
    # columns that are read late, and texts as they stood, also of the pieces of a batch
    awk -F, 'NR == 1 || $1 % 1000' in.csv | tr -d '"' >wanted.csv
    expect_same out.csv wanted.csv
    expect_json report.json '.summary.balanced and .summary.rows_rejected == 30'
    jq -c 'select(.component == "some") | .row' letters.ndjson | sort -n >rows
    seq 1000 1000 20000 | expect_same rows -
    expect_eq 'what the letters say of their rows' "$(jq -s 'map(select(.code == "refused" and .decoded.n == .row and .decoded.t == "text of \(.row)")) | length' letters.ndjson)" 30
    expect_text letters.ndjson 'a value is a multiple of 1999'
done
