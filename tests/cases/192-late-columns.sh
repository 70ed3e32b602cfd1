#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Columns that are decoded behind the filter are those that would have come in front of it.
. "$(dirname "$0")/lib.sh"

orders in.csv --rows 40000 --broken 40
pipeline() { # name, filter, further sinks
    cat >"$1.yaml" <<YAML
name: $1
dead_letters: $1.letters
batch_bytes: 64KiB
sources:
  a: {plugin: file, path: in.csv, format: {type: csv, types: {quantity: bigint, unit_price: "decimal(12,2)"}}}
transforms:
  some: {plugin: filter, input: a, where: "$2"}
  more: {plugin: compute, input: some, set: {amount: "quantity * unit_price"}}
sinks:
  csv: {plugin: file, input: more, path: $1.csv}
  json: {plugin: file, input: some, path: $1.ndjson}
$3
YAML
}
# A second reader of the source wants its columns at once.
early="  all: {plugin: \"null\", input: a}"
for where in "quantity * unit_price > 100 AND country IN ('DE', 'FR')" "note > 'l'" 'order_id % 7 = 0' \
    'order_id > 0' 'order_id < 0' "category = 'kitchen' AND note <> ''"; do
    for way in '--workers 1' '--workers 2' '--driver pull' '--validate full'; do
        rm -f ./*.letters late.csv late.ndjson early.csv early.ndjson
        pipeline late "$where" ''
        pipeline early "$where" "$early"
        # shellcheck disable=SC2086
        expect_exit 0 qetl run late.yaml $way --json
        expect_json out '.summary.balanced and .summary.rows_rejected == 40'
        # shellcheck disable=SC2086
        expect_exit 0 qetl run early.yaml $way
        expect_same late.csv early.csv
        expect_same late.ndjson early.ndjson
    done
done
# A row that the filter rejects is there in full, though it was not decoded in full.
printf 'a,b,c\n1,x,"long, and in quotes"\n0,y,another that is long\n2,z,w\n' >div.csv
expect_exit 0 qetl run --from div.csv --to div.ndjson --where '10 / a > 5'
expect_eq 'rows' "$(cat div.ndjson)" '{"a":1,"b":"x","c":"long, and in quotes"}'
expect_text "$(ls dead-letters/*)" '"original": *"0,y,another that is long'
