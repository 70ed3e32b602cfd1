#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The first rows after each component; the sources are read a little, the sinks never touched.
. "$(dirname "$0")/lib.sh"

cat >people.csv <<'CSV'
id,name,amount,note
1,Anna,10.50,"hello, world"
2,Jürgen,7.25,
3,"said ""no""",0.00,"two
lines"
4,NULL,1,""
5,x
6,日本語,3.25,a long text that goes on and on and on
CSV
cat >people.yaml <<'YAML'
name: people
on_error: fail
sources:
  people: {plugin: file, path: people.csv}
transforms:
  rich: {plugin: filter, input: people, where: "amount > 1"}
  few: {plugin: select, input: rich, columns: [id, amount]}
sinks:
  out: {plugin: file, input: few, path: out.ndjson, if_exists: replace}
YAML

expect_exit 0 qetl preview people.csv
expect_eq 'stderr stays empty' "$(wc -c <err)" 0
expect_file out <<'TEXT'
in  source file, csv
  delimiter ',', header, 4 columns (from the first 169 B)
  6 rows in, 5 out, 1 rejected
      id  name              amount  note
  bigint  text       decimal(38,2)  text
       1  Anna               10.50  hello, world
       2  Jürgen              7.25  NULL
       3  said "no"           0.00  'two\nlines'
       4  'NULL'                 1  ''
       6  日本語              3.25  a long text that goes on and on…
  rejected  row 5 of people.csv: ragged_row: the row has 2 cells where 4 are
            expected
            5,x
TEXT

# A pipeline: all components, the counts of each, and nothing is made.
echo old >out.ndjson
expect_exit 0 qetl preview people.yaml
expect_text out '^people  source file, csv$'
expect_text out '^rich  transform filter$'
expect_text out '^  5 rows in, 3 out, 2 filtered$'
expect_text out '^out  sink file, ndjson$'
expect_text out '^  3 rows in, 3 out; nothing was written$'
expect_eq 'the sink is as it was' "$(cat out.ndjson)" old
rm out.ndjson
expect_exit 0 qetl preview people.yaml
expect_absent out.ndjson dead-letters

# Chosen components; a sink by name shows what it would get.
expect_exit 0 qetl preview people.yaml out --rows 2
expect_eq 'only the sink' "$(grep -c ' sink file\| source \| transform ' out)" 1
expect_text out '^       2           7.25$'
expect_no_text out '^       6 '
expect_exit 2 qetl preview people.yaml riche
expect_text err "did you mean 'rich'"
expect_exit 2 qetl preview
expect_exit 3 qetl preview nothing.csv
expect_text err nothing.csv

# For machines.
expect_exit 0 qetl preview people.yaml --json
expect_json out '.ok and .command == "preview" and .result.complete'
expect_json out '.result.components | map(.id) == ["people", "rich", "few", "out"]'
expect_json out '.result.components[0] | .rows_in == 6 and .rows_rejected == 1 and .format == "csv" and .sample_bytes == 169'
expect_json out '.result.components[0].rejected == [{code: "ragged_row", message: "the row has 2 cells where 4 are expected", column: null, object: "people.csv", row: 5, original: "5,x\n"}]'
expect_json out '.result.components[0].outputs[0].columns[2] == {name: "amount", type: "decimal(38,2)"}'
expect_json out '.result.components[0].outputs[0].rows[1] == {id: 2, name: "Jürgen", amount: 7.25, note: null}'
expect_json out '.result.components[0].outputs[0].rows[3].name == "NULL" and .result.components[0].outputs[0].rows[3].note == ""'
expect_json out '.result.components[2].outputs[0] == {port: null, columns: [{name: "id", type: "bigint"}, {name: "amount", type: "decimal(38,2)"}], rows: [{id: 1, amount: 10.5}, {id: 2, amount: 7.25}, {id: 6, amount: 3.25}], passed: 3}'

# Options of one line, settings, and what a program reads back exactly.
expect_exit 0 qetl preview --from people.csv --where 'id = 6' --select name --json
expect_json out '[.result.components[].id] == ["in", "where", "select"]'
expect_json out '.result.components[2].outputs[0].rows == [{name: "日本語"}]'
expect_exit 0 qetl preview people.yaml rich -s 'transforms.rich.where=id = 2' --json
expect_json out '.result.components[0].outputs[0].rows | length == 1'
printf 'n\n123456789012345678901234567890\n12345678901234567.5\n' >long.csv
expect_exit 0 qetl preview long.csv --json
expect_json out '[.result.components[0].outputs[0].rows[].n] == ["123456789012345678901234567890", "12345678901234567.5"]'

# Wide rows go on below, with numbers; no line is over 80 columns.
seq -s, 100000000000 1 100000000019 >wide.csv
for _ in 1 2 3; do seq -s, 20 1 39; done >>wide.csv
expect_exit 0 qetl preview wide.csv
expect_eq 'lines over 80' "$(grep -c '.\{81\}' out)" 0
expect_eq 'blocks' "$(grep -c '^  3  ' out)" 4
expect_exit 0 qetl preview wide.csv --rows 1
expect_no_text out '^  2  '

# A source without an end is read a little; one that gives nothing is not waited for.
(yes 1,2 | qetl preview --from - --from-format csv >out 2>err)
expect_text out '^There may be more'
expect_text out '^  [0-9,]+ rows in'
mkfifo silent
(exec 3<>silent && qetl preview --from silent --from-format csv --wait-ms 50 >out 2>err)
expect_text out '0 rows in, 0 out'
# Where few rows pass a filter, no more than so many are looked at.
seq 1000000 >many.csv
expect_exit 0 qetl preview --from many.csv --where '"1" < 0' --json
expect_json out '.result.components[0].rows_out >= 100000 and .result.components[0].rows_out < 120000'
expect_exit 0 qetl preview --from many.csv --where '"1" < 0' --scan 1000 --json
expect_json out '.result.components[0].rows_out >= 1000 and .result.components[0].rows_out < 30000 and (.result.complete | not)'
expect_exit 0 qetl preview --from many.csv --where '"1" = 50000' --json
expect_json out '.result.components[1].outputs[0].rows == [{"1": 50000}]'

# A secret is not shown, wherever it turns up.
cat >secret.yaml <<'YAML'
sources:
  people: {plugin: file, path: people.csv}
transforms:
  other: {plugin: filter, input: people, where: "name <> '${secret:PERSON}'"}
sinks:
  out: {plugin: file, input: other, path: out.ndjson}
YAML
PERSON=Jürgen expect_exit 0 qetl preview secret.yaml
expect_no_text out Jürgen
expect_text out '\*\*\*'
expect_text out '^  5 rows in, 4 out, 1 filtered$'
