#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# route: every row in one output, in order; names that are wrong.
. "$(dirname "$0")/lib.sh"

orders in.csv --rows 40000
cat >p.yaml <<'YAML'
name: split
sources:
  a: {plugin: file, path: in.csv, format: {type: csv, types: {quantity: bigint, unit_price: "decimal(12,2)"}}}
transforms:
  r: {plugin: route, input: a, routes: {home: "country = 'DE'", large: "quantity * unit_price > 100"}, default: rest}
  n: {plugin: compute, input: r.large, set: {total: quantity * unit_price}}
sinks:
  home:  {plugin: file, input: r.home, path: home.csv}
  large: {plugin: file, input: n, path: large.csv}
  rest:  {plugin: file, input: r.rest, path: rest.csv}
YAML
for way in '--workers 1' '--workers 3' '--driver pull'; do
    rm -f home.csv large.csv rest.csv
    # shellcheck disable=SC2086
    expect_exit 0 qetl run p.yaml $way --json
    expect_json out '.summary.balanced'
    [ -e home.first ] || for f in home large rest; do cp $f.csv $f.first; done
    expect_same home.csv home.first
    expect_same large.csv large.first
    expect_same rest.csv rest.first
done
cat >count.py <<'PY'
import csv, sys
from decimal import Decimal
want = {"home": 0, "large": 0, "rest": 0}
for row in csv.DictReader(open("in.csv", newline="")):
    if row["country"] == "DE": want["home"] += 1
    elif Decimal(row["quantity"]) * Decimal(row["unit_price"]) > 100: want["large"] += 1
    else: want["rest"] += 1
got = {name: sum(1 for _ in csv.reader(open(name + ".csv", newline=""))) - 1 for name in want}
print(got == want, got, want)
PY
expect_eq 'rows' "$(python3 count.py | cut -d' ' -f1)" True

sed 's/r.large/r.larg/' p.yaml >typo.yaml
expect_exit 2 qetl validate typo.yaml
expect_text err 'larg'
sed '/input: r.home, path/d' p.yaml >unread.yaml
expect_exit 2 qetl validate unread.yaml
expect_text err 'r\.home'
sed 's/default: rest/default: home/' p.yaml >twice.yaml
expect_exit 2 qetl run twice.yaml
# The default has a name of its own, which is found before anything runs.
cat >twice.yaml <<'YAML'
sources: {in: {plugin: file, path: in.csv}}
transforms:
  split: {plugin: route, input: in, routes: {a: "1 > 0", b: "1 < 0"}, default: b}
sinks: {a: {plugin: "null", input: split.a}, b: {plugin: "null", input: split.b}}
YAML
expect_exit 2 qetl validate twice.yaml
expect_text err '^twice\.yaml:3:80: error: two outputs have the name `b`$'
expect_eq 'nothing else' "$(grep -c error: err)" 1
