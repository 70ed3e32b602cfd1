#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Data and reports never mix on stdout.
. "$(dirname "$0")/lib.sh"

printf 'id\n1\nx\n3\n' >in.csv
expect_exit 0 qetl run --from in.csv --to - --to-format csv
expect_same out in.csv
# A report on stdout would mix with the rows: that is a wrong configuration, told before anything runs.
expect_exit 2 qetl run --from in.csv --to - --to-format csv --json
expect_json out '.ok == false and (.error | tostring | contains("json-file"))'
expect_eq 'no row was written' "$(grep -c '^x$' out)" 0
expect_eq 'one object' "$(jq -s length out)" 1
expect_exit 0 qetl run --from in.csv --to - --to-format csv --json-file report.json
expect_same out in.csv
expect_json report.json '.ok and .summary.rows_out == 3'
expect_exit 0 qetl run --from in.csv --to out.csv --log-level debug --log-file run.log
expect_eq 'stdout stays empty' "$(wc -c <out)" 0
expect_text run.log .
expect_exit 0 qetl run --from in.csv --to out2.csv -q
expect_eq 'quiet is quiet' "$(wc -c <err)" 0
