#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# plugin list and info read manifests alone: nothing is loaded.
. "$(dirname "$0")/lib.sh"

export QETL_TOUCH=$PWD/loaded
expect_exit 0 qetl plugin list
for name in file csv ndjson filter select stdout null; do
    expect_text out "(^|[^a-z])$name([^a-z]|\$)"
done
expect_eq 'at 80 columns' "$(awk 'length > 80' out)" ''
expect_exit 0 qetl plugin list --kind format --names
expect_text out '^csv$'
expect_no_text out '^(file|select)$'
expect_exit 0 qetl plugin list --kind sink --json
expect_json out '[.result.plugins[].components[].kind] | unique == ["sink"]'
expect_exit 0 qetl plugin list --plugin-dir "$QETL_TEST_PLUGINS" --json
expect_json out '.result | tostring | contains("touch")'
expect_absent loaded
expect_exit 0 qetl plugin info touch --plugin-dir "$QETL_TEST_PLUGINS"
expect_text out 'trace'
expect_exit 0 qetl plugin info csv
expect_text out 'delimiter'
expect_exit 0 qetl plugin info csv --json
expect_json out '.result | tostring | contains("delimiter")'
printf 'id\n1\n' >in.csv
cat >p.yaml <<'YAML'
name: touch
sources:
  a: {plugin: file, path: in.csv}
sinks:
  out: {plugin: touch, input: a}
YAML
expect_exit 0 qetl validate p.yaml --plugin-dir "$QETL_TEST_PLUGINS"
expect_absent loaded
# The proof proves something: a run does load it.
expect_exit 0 qetl run p.yaml --plugin-dir "$QETL_TEST_PLUGINS"
[ -e loaded ] && pass 'a run loads it' || fail 'the run did not load the plugin'
expect_exit 2 qetl plugin info cvs
expect_text err 'csv'
