#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# An output appears under its final name when it is whole, and not before.
. "$(dirname "$0")/lib.sh"

mkfifo rows
background "$QETL" run --from rows --from-format csv --to out.csv
exec 7<>rows
printf 'id\n1\n2\n' >&7
sleep 0.7
expect_absent out.csv
kill -9 "$pid"
wait "$pid" 2>/dev/null
exec 7>&-
expect_absent out.csv

# What a killed run left behind does not keep the next one from working.
printf 'id\n1\n2\n' >in.csv
expect_exit 0 qetl run --from in.csv --to out.csv
expect_same out.csv in.csv

# A run that fails late leaves nothing, whatever the other sink did.
orders late.csv --rows 30000
printf '1,2\n' >>late.csv
cat >p.yaml <<'YAML'
name: late
on_error: fail
sources:
  a: {plugin: file, path: late.csv}
sinks:
  one: {plugin: file, input: a, path: one.csv}
  two: {plugin: file, input: a, path: two.ndjson}
YAML
expect_exit 1 qetl run p.yaml
expect_absent one.csv two.ndjson

# An old output stays as it was when its replacement fails.
printf 'old\n' >one.csv
sed -i 's/path: one.csv/path: one.csv, if_exists: replace/' p.yaml
expect_exit 1 qetl run p.yaml
expect_eq 'the old one' "$(cat one.csv)" old
