#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What of a text of fixed size is content: each value of trim.
. "$(dirname "$0")/lib.sh"

printf 'ab\0c ab \0\0' >in.bin
# trimmed HOW FIRST SECOND
trimmed() {
    rm -f out.ndjson
    cat >p.yaml <<YAML
{sources: {a: {plugin: file, path: in.bin, format: {type: binary, struct: "<5s", names: [t], trim: $1}}},
 sinks: {o: {plugin: file, input: a, path: out.ndjson}}}
YAML
    expect_exit 0 qetl run p.yaml
    expect_eq "trim: $1" "$(jq -c .t out.ndjson | paste -sd ' ')" "$2 $3"
}
trimmed nul '"ab\u0000c "' '"ab "'
trimmed space '"ab\u0000c"' '"ab \u0000\u0000"'
trimmed both '"ab\u0000c"' '"ab"'
trimmed c '"ab"' '"ab "'
trimmed none '"ab\u0000c "' '"ab \u0000\u0000"'
