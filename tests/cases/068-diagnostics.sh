#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Mistakes with the line and a caret; files that two would use; what only the data's columns show.
# shellcheck disable=SC2016
. "$(dirname "$0")/lib.sh"

printf 'id,name\n1,a\n2,b\n' >one.csv
cp one.csv kept.csv
cat >p.yaml <<'EOF'
sources:
  in: {plugin: file, path: one.csv}
transforms:
  some:
    plugin: filter
    input: in
    where: >-
      name = 'it''s'
      AND nme > 5
sinks:
  out: {plugin: file, path: out.csv, input: some}
EOF
expect_exit 0 qetl validate p.yaml
expect_exit 2 qetl run p.yaml -q
expect_file err <<'EOF'
p.yaml:9:11: error: transform 'some' (filter): there is no column "nme"
          AND nme > 5
              ^~~
  mend: did you mean "name"?
EOF
expect_exit 2 qetl run p.yaml --json
expect_json out '.error.findings[0] | .line == 9 and .column == 11 and .path == "transforms.some.where" and .code == "config"'
expect_exit 2 qetl validate p.yaml -s 'transforms.some.where=name = = 5'
expect_text err '^--set transforms.some.where=…: error: expected'
expect_text err '^    name = = 5$'
expect_text err '^           \^$'
expect_exit 2 env WHAT=name "$QETL" validate p.yaml -s 'transforms.some.where=${WHAT} = = 5'
expect_text err '^    name = = 5$'

# files
expect_exit 2 qetl run p.yaml --json-file ./one.csv
expect_text err '^--json-file: error: ./one.csv is the file that `in` reads$'
expect_same one.csv kept.csv
expect_exit 2 qetl run p.yaml --log-file "$PWD/out.csv"
expect_text err '^--log-file: error: .* is the file that `out` writes$'
expect_exit 2 qetl validate p.yaml -s sinks.out.path=x/../one.csv
expect_text err '`out` writes the file that `in` reads$'
expect_exit 2 qetl run --from one.csv --to ./one.csv
expect_text err '^--to: error: '
expect_same one.csv kept.csv
expect_exit 2 qetl validate p.yaml -s dead_letters=out.csv
expect_text err '^--set dead_letters=…: error: dead letters go into the file that `out` writes$'
expect_exit 2 qetl validate p.yaml -s sinks.out.path=p.yaml -s sinks.out.format=csv
expect_text err '`out` writes over this pipeline file$'
expect_exit 0 qetl validate p.yaml -s 'sources.in.path=*.csv'
expect_text err 'warning: the next run reads what `out` writes'
expect_exit 0 qetl validate p.yaml -s sinks.out.path=/dev/null -s sinks.out.format=csv -s dead_letters=/dev/null
