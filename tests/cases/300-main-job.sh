#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The main job of the README, in small: compressed orders, filter, NDJSON, dead letters.
. "$(dirname "$0")/lib.sh"

mkdir data
broken=0
matching=0
for part in 1 2 3; do
    orders part.csv --rows 60000 --start $((part * 60000)) --broken 7
    gzip -c part.csv >"data/orders-$part.csv.gz"
    broken=$((broken + $(truth part.csv broken)))
    matching=$((matching + $(truth part.csv matching)))
done
cat >big-orders.yaml <<'YAML'
name: big-orders
sources:
  orders:
    plugin: file
    path: "data/orders-*.csv.gz"
    format: {type: csv, types: {quantity: bigint, unit_price: "decimal(12,2)"}}
transforms:
  big: {plugin: filter, input: orders, where: "quantity * unit_price > 100 AND country IN ('DE', 'FR')"}
sinks:
  out: {plugin: file, input: big, path: results/big.ndjson}
YAML
expect_exit 0 qetl run big-orders.yaml --json
expect_json out ".summary.rows_in == 180000 and .summary.rows_out == $matching and .summary.rows_rejected == $broken and .summary.balanced"
expect_eq 'lines' "$(wc -l <results/big.ndjson)" "$matching"
expect_eq 'letters' "$(cat dead-letters/*.ndjson | wc -l)" "$broken"
expect_eq 'letters have places' "$(jq -s 'all(.[]; .row > 0 and .byte_offset > 0 and (.object | test("orders-[123]")))' dead-letters/*.ndjson)" true
python3 - <<'PYTHON' && pass 'the rows are the right ones' || fail 'other rows'
import csv, glob, gzip, io, json, sys
from decimal import Decimal
wanted = []
for path in sorted(glob.glob("data/*.gz")):
    text = io.TextIOWrapper(gzip.open(path), encoding="utf-8", errors="surrogateescape", newline="")
    for row in csv.DictReader(text):
        try:
            amount = int(row["quantity"]) * Decimal(row["unit_price"])
            row["note"].encode("utf-8")
        except (ValueError, AttributeError, ArithmeticError, TypeError):
            continue
        if row["note"].startswith("lateagain"):
            continue
        if amount > 100 and row["country"] in ("DE", "FR"):
            wanted.append((int(row["order_id"]), row["note"] or None))
got = [(row["order_id"], row["note"]) for row in map(json.loads, open("results/big.ndjson", encoding="utf-8"))]
sys.exit(got != wanted)
PYTHON
# The same again: the output is there already.
expect_exit 2 qetl run big-orders.yaml
# Summary for people.
rm -r results dead-letters
expect_exit 0 qetl run big-orders.yaml
expect_text err '180,?000'
expect_text err "rejected"
expect_text err 'results/big\.ndjson'
