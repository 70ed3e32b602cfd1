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

# What cannot be used is marked, with the reason, and still nothing is loaded.
mkdir other
cp "$QETL_TEST_PLUGINS"/touch.* other
rm loaded
jq '.abi = {min: "2.0", max: "2.3"}' other/touch.qetl.json >m && mv m other/touch.qetl.json
marked() { # REASON
    expect_exit 0 qetl plugin list --plugin-dir other --kind sink
    tr -s ' \n' ' ' <out >words
    expect_text words "touch 0.1.0 CANNOT BE USED: $1"
    expect_exit 0 qetl plugin list --plugin-dir other --json
    jq -r '.result.plugins[] | select(.id == "touch") | [.usable, .unusable] | @tsv' out >words
    expect_text words "^false	$1"
    expect_json out '[.result.plugins[] | select(.id != "touch") | .usable and (has("unusable") | not)] | all'
    expect_exit 0 qetl plugin info touch --plugin-dir other
    expect_text out "CANNOT BE USED: $1"
    expect_exit 0 qetl plugin info touch --plugin-dir other --json
    expect_json out '.result.components[0] | .usable == false and (.unusable | test("'"$1"'"))'
    expect_absent loaded
}
marked 'it needs ABI 2.0 to 2.3, this qetl has 1.0'
cp "$QETL_TEST_PLUGINS"/touch.qetl.json other
echo garbage >other/touch.so
marked 'this file is no shared library for this machine'
rm other/touch.so
marked 'its library cannot be read: No such file'
expect_exit 0 qetl plugin info touch --plugin-dir "$QETL_TEST_PLUGINS"
expect_no_text out 'CANNOT'
