#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# --set changes values of a pipeline file, and mistakes in them say so.
. "$(dirname "$0")/lib.sh"

printf 'id,name\n1,a\n2,b\n' >one.csv
printf 'id;name\n3;c\n' >two.txt
cat >p.yaml <<'EOF'
sources:
  orders: {plugin: file, path: one.csv}
sinks:
  out: {plugin: stdout, format: ndjson, input: orders}
EOF

expect_exit 0 qetl run p.yaml -q
expect_file out <<'EOF'
{"id":1,"name":"a"}
{"id":2,"name":"b"}
EOF
expect_exit 0 qetl run p.yaml -q -s sources.orders.path=two.txt --set 'sources.orders.format={type: csv, delimiter: ";"}' \
    -s sinks.out.format=csv -s sinks.out.format=ndjson
expect_file out <<'EOF'
{"id":3,"name":"c"}
EOF
expect_exit 0 qetl run --from one.csv --to - -q -s 'sinks.out.format={type: csv, delimiter: "|"}'
expect_file out <<'EOF'
id|name
1|a
2|b
EOF

# a mistake stands where it was made
expect_exit 2 qetl run p.yaml -s sources.orders.pth=x -s sinks.out.format=cvs
expect_text err '^--set sinks.out.format=…: error: there is no format `cvs`$'
expect_text err '^--set sources.orders.pth=…: error: `pth` is not known here$'
expect_no_text err 'p.yaml:'
expect_exit 2 qetl validate p.yaml -s sources.orders.path.x=1 -s y --json
expect_json out '.error.findings | map(.code) == ["bad_setting", "path_through_value"]'
expect_json out '.error.findings[1] | .file == "--set sources.orders.path.x=…" and .path == "sources.orders.path.x" and .line == null'
expect_exit 0 qetl validate p.yaml -s max_rejected=0
expect_exit 2 qetl validate p.yaml -s max_rejected=-1
expect_text err '^--set max_rejected=…: error: '
expect_exit 2 qetl run p.yaml -s
