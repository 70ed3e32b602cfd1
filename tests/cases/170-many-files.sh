#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Globs in byte order, folders, lists, stdin.
. "$(dirname "$0")/lib.sh"

mkdir in
for n in 10 2 B a; do printf 'id\n%s\n' "$n" >"in/part-$n.csv"; done
expect_exit 0 qetl run --from 'in/part-*.csv' --to glob.csv
printf 'id\n10\n2\nB\na\n' | expect_file glob.csv
expect_exit 0 qetl run --from in --from-format csv --to folder.csv
expect_same folder.csv glob.csv
cat >p.yaml <<'YAML'
name: list
sources:
  a: {plugin: file, path: [in/part-a.csv, "in/part-1*.csv"], format: csv}
sinks:
  out: {plugin: file, input: a, path: list.csv}
YAML
expect_exit 0 qetl run p.yaml
printf 'id\na\n10\n' | expect_file list.csv

# No newline at the end of a file does not join rows; a row's place is counted per file.
printf 'id\n1' >in/part-a.csv
expect_exit 0 qetl run --from 'in/part-[aB].csv' --to joined.csv
printf 'id\nB\n1\n' | expect_file joined.csv

printf 'id\n5\n' | "$QETL" run --from - --from-format csv --to stdin.csv 2>err
expect_eq 'exit' $? 0
printf 'id\n5\n' | expect_file stdin.csv

# Files of one source with other columns are told apart, not mixed up.
printf 'id,more\n1,2\n' >in/part-z.csv
qetl run --from 'in/*.csv' --to mixed.csv >out 2>err
case $? in
1 | 2) pass 'refused' ;;
0) expect_text err '[1-9][0-9]* rejected|rejected +[1-9]' ;;
*) fail 'an exit code of another kind' ;;
esac
expect_text err 'part-z'
