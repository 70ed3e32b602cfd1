#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The library of wrong pipeline files through the program: exit 2, and text and JSON say the same.
. "$(dirname "$0")/lib.sh"

cp "$root"/tests/diagnostics/*.yaml "$root"/tests/diagnostics/*.json .
export QETL_PLUGIN_PATH=$root/tests/diagnostics/plugins WORD=many NUMBER=5 LARGE=1000000
files=(*.yaml *.json)
expect_eq "enough files" "$((${#files[@]} >= 130))" 1

# all of them in one go; FILE:LINE:COLUMN: CODE of each finding, as the library expects them
expect_exit 2 qetl validate "${files[@]}" --json
cp out answer.json
expect_eq "nothing but the answer" "$(wc -c <err)" 0
for file in "${files[@]}"; do
    LC_ALL=C sed -n 's/^\([^:]*:[0-9]*:[0-9]*: [a-z0-9_]*\) .*/\1/p' "$root/tests/diagnostics/${file%.*}.expect"
done >expected
jq -r '.error.findings[] | "\(.file):\(.line):\(.column): \(.code)"' answer.json >codes
expect_same codes expected
expect_json answer.json ".result.files | length == ${#files[@]} and all(.valid | not)"
expect_json answer.json '.error.findings | all(.suggestion != null and .message != "" and .line >= 1 and .column >= 1)'

# in text: the same places and messages, in the same order, each with a mend
expect_exit 2 qetl validate "${files[@]}"
jq -r '.error.findings[] | "\(.file):\(.line):\(.column): \(.severity): \(.message)"' answer.json >spoken
grep -aE '^[a-z0-9-]+\.(yaml|json):[0-9]+:[0-9]+: (error|warning): ' err >said
expect_same said spoken
expect_eq "mends" "$(grep -c '^  mend: ' err)" "$(wc -l <said)"
