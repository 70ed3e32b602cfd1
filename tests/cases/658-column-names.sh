#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Two columns of one name reach no sink: who made them is told, with the name, before anything is written.
. "$(dirname "$0")/lib.sh"
export QETL_PLUGIN_PATH=$QETL_PLUGIN_PATH:$QETL_TEST_PLUGINS

refused() { # WHAT MESSAGE: of p.yaml
    rm -f out.ndjson
    expect_exit 2 qetl run p.yaml --json-file report.json
    expect_json report.json '.error.findings[0].code == "duplicate_column"'
    jq -r '.error.findings[0].message' report.json >got
    expect_eq "$1" "$(cat got)" "$2"
    expect_text err "mend: .*$3"
    expect_absent out.ndjson
    expect_exit 2 qetl run p.yaml --dry-run
    expect_text err 'are called'
}
pipeline() { # SOURCE TRANSFORMS INPUT
    printf 'sources:\n  made: %s\n%ssinks:\n  out: {plugin: file, input: %s, path: out.ndjson}\n' "$1" "$2" "$3" >p.yaml
}

head -c 40 /dev/zero >in.bytes
pipeline '{plugin: broken, array: twins}' '' made
refused 'a source' "source 'made' (broken): two columns that it hands on are called \"number\"" 'a name of its own'
pipeline '{plugin: broken, array: inner_twins}' '' made
refused 'a field' "source 'made' (broken): two fields of column \"nested\" that it hands on are called \"items\"" 'a name of its own'
pipeline '{plugin: file, path: in.bytes, format: {type: broken, array: twins}}' '' made
refused 'a format' "source 'made' (file): two columns that its format broken hands on are called \"number\"" 'a name of its own'
pipeline '{plugin: broken}' 'transforms:
  once: {plugin: broken, input: made}
  again: {plugin: broken, input: once}
' again
refused 'a transform' "transform 'again' (broken): two columns that it hands on are called \"x_decimal\"" 'rename'
# Beside each other such columns may be; and what differs in one letter's case is two names.
pipeline '{plugin: broken}' 'transforms:
  once: {plugin: broken, input: made}
  big: {plugin: select, input: once, columns: [number, {x_number: NUMBER}]}
' big
expect_exit 0 qetl run p.yaml
expect_eq 'two names' "$(head -n 1 out.ndjson)" '{"number":0,"NUMBER":0}'
