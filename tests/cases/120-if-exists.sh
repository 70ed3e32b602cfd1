#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# An output that is there already: error, append or replace with a backup.
. "$(dirname "$0")/lib.sh"

printf 'id\n1\n2\n' >in.csv
pipeline() {
    cat >p.yaml <<YAML
name: again
sources:
  a: {plugin: file, path: in.csv}
sinks:
  out: {plugin: file, input: a, path: $2, if_exists: $1}
YAML
}
pipeline error out.ndjson
expect_exit 0 qetl run p.yaml
cp out.ndjson first
expect_exit 2 qetl run p.yaml
expect_text err 'out\.ndjson'
expect_text err 'if_exists'
expect_same out.ndjson first

pipeline append out.ndjson
expect_exit 0 qetl run p.yaml
cat first first | expect_file out.ndjson

pipeline replace out.ndjson
expect_exit 0 qetl run p.yaml
expect_same out.ndjson first
backup=$(find . -maxdepth 1 -name 'out.ndjson?*' | head -n 1)
expect_eq 'one backup' "$(find . -maxdepth 1 -name 'out.ndjson?*' | wc -l)" 1
cat first first | expect_file "${backup:-none}"

# Appending to a CSV file writes no second header.
pipeline append out.csv
expect_exit 0 qetl run p.yaml
expect_exit 0 qetl run p.yaml
expect_file out.csv <<'CSV'
id
1
2
1
2
CSV
# The default is error.
expect_exit 2 qetl run --from in.csv --to out.csv
