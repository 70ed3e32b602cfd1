#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The reference is what the manifests say, and its pipeline runs.
. "$(dirname "$0")/lib.sh"

expect_exit 0 python3 "$root/docs/generate-reference" --check
# each option, and each inside of another, has its line
for manifest in "$root"/plugins/*/*.qetl.json; do
    jq -r '.components[] | "\(.kind)-\(.id).md" as $page | .options | [paths(type == "object") | select(length > 1 and .[-2] == "properties")][] |
        [$page, .[-1], length] | @tsv' "$manifest"
done >options
expect_eq 'options inside of options are there' "$(($(awk '$3 > 2' options | wc -l) > 100))" 1
while IFS=$'\t' read -r page option depth; do
    if [ "$depth" = 2 ]; then line="^### \`$option\`\$"; else line="^- \`[a-zA-Z_.[]*\(\[\]\)\?\.$option\`: "; fi
    grep -q "$line" "$root/docs/reference/$page" || fail "docs/reference/$page has no line about $option"
done <options
mkdir data
orders orders.csv --rows 3000
gzip -c orders.csv >data/orders-1.csv.gz
awk '/^```yaml/ { inside = 1; next } /^```/ { inside = 0 } inside' "$root/docs/reference/pipeline-file.md" |
    sed 's#out/big#results/big#' >big.yaml
expect_exit 0 qetl validate big.yaml
expect_exit 0 qetl run big.yaml --json
expect_json out ".summary.rows_out == $(truth orders.csv matching)"
head -n 1 results/big.ndjson >first
expect_json first 'keys_unsorted == ["order_id", "land", "unit_price"]'
# every word of the table is one that the file takes
sed -n '/^| `name` |/,/^$/s/^| `\([a-z_]*\)` |.*/\1/p' "$root/docs/reference/pipeline-file.md" >words
expect_eq 'words in the table' "$(grep -c . words)" 18
while read -r word; do
    printf '%s: {}\nsources: {}\nsinks: {}\n' "$word" >one.yaml
    qetl validate one.yaml --json >one.json 2>/dev/null
    expect_eq "$word is known" "$(jq '[.error.findings[] | select(.code == "unknown_key")] | length' one.json)" 0
done <words
