#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the README shows works as it stands there.
. "$(dirname "$0")/lib.sh"

mkdir data
orders orders.csv --rows 5000
gzip -c orders.csv >data/orders-1.csv.gz
awk '/^```yaml/ { inside = 1; next } /^```/ { inside = 0 } inside' "$root/README.md" |
    sed 's#out/big#results/big#' >big-orders.yaml
expect_exit 0 qetl validate big-orders.yaml
expect_exit 0 qetl run big-orders.yaml --json
expect_json out ".summary.rows_out == $(truth orders.csv matching)"
head -n 1 results/big.ndjson >first
expect_json first 'keys_unsorted == ["order_id", "article", "unit_price"]'
awk '/^```sh/ { inside = 1; next } /^```/ { inside = 0 } inside && /^qetl (run --|plugin)/' "$root/README.md" |
    sed 's/  *#.*//' >lines
while read -r line; do
    expect_exit 0 bash -c "${line/#qetl/\"\$QETL\"}"
done <lines
expect_eq 'lines tried' "$(($(wc -l <lines) >= 3))" 1
