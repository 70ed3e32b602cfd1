#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Fan-out by reference, several sources into one sink, several sinks; every row is accounted for.
. "$(dirname "$0")/lib.sh"

orders in.csv --rows 40000
cat >p.yaml <<'YAML'
name: fan
sources:
  a: {plugin: file, path: in.csv}
transforms:
  big:   {plugin: filter, input: a, where: "quantity * unit_price > 100 AND country IN ('DE', 'FR')"}
  small: {plugin: filter, input: a, where: "NOT (quantity * unit_price > 100 AND country IN ('DE', 'FR'))"}
  ids:   {plugin: select, input: a, columns: [order_id]}
sinks:
  all:   {plugin: file, input: a, path: all.csv}
  big_out:   {plugin: file, input: big, path: big.csv}
  small_out: {plugin: file, input: small, path: small.csv}
  ids_out:   {plugin: file, input: ids, path: ids.ndjson}
  nothing:   {plugin: "null", input: [big, small]}
YAML
expect_exit 0 qetl run p.yaml --json
matching=$(truth in.csv matching)
expect_same all.csv in.csv
expect_json out ".summary.balanced and .summary.rows_in == 40000 and .summary.rows_rejected == 0"
for part in "big $matching" "small $((40000 - matching))"; do
    read -r name rows <<<"$part"
    expect_eq "rows of $name" "$(python3 -c 'import csv, sys; print(sum(1 for _ in csv.reader(open(sys.argv[1], newline=""))) - 1)' "$name.csv")" "$rows"
done
expect_eq 'rows of ids' "$(wc -l <ids.ndjson)" 40000
expect_json out '.result.components[] | select(.id == "nothing") | .rows_in == 40000 and .rows_out == 40000'
expect_json out ".result.components[] | select(.id == \"big\") | .rows_in == 40000 and .rows_out == $matching and .rows_filtered == $((40000 - matching))"
