#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Exit codes: 0 done, 1 the run failed, 2 wrong configuration, 3 something is missing.
. "$(dirname "$0")/lib.sh"

printf 'id\n1\n' >in.csv
expect_exit 0 qetl run --from in.csv --to ok.csv
expect_exit 2 qetl run
expect_exit 2 qetl run --from in.csv
expect_exit 2 qetl run --frm in.csv --to x.csv
expect_text err '--from'
expect_exit 2 qetl run --from in.csv --to x.csv --workers zero
expect_exit 2 qetl run nothere.yaml
expect_text err 'nothere\.yaml'
cat >p.yaml <<'YAML'
name: unknown
sources:
  a: {plugin: fiel, path: in.csv}
sinks:
  out: {plugin: "null", input: a}
YAML
expect_exit 2 qetl validate p.yaml
expect_text err 'fiel'
expect_text err '[^i]file'
# No plugins at all.
mkdir none
expect_exit 2 env QETL_PLUGIN_PATH=none "$QETL" run --from in.csv --to x.csv
expect_text err '--plugin-dir'
# The output's folder cannot be made.
: >blocked
expect_exit 3 qetl run --from in.csv --to blocked/x.csv
expect_text err 'blocked'
# A gzip file that ends too early fails the run.
gzip -c in.csv >cut.csv.gz
orders orders.csv --rows 5000
gzip -c orders.csv | head -c 20000 >cut.csv.gz
expect_exit 1 qetl run --from cut.csv.gz --to x.csv
expect_text err 'cut\.csv\.gz'
expect_absent x.csv
