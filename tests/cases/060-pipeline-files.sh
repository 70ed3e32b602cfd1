#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Pipeline files in YAML and JSON: filter, select with rename and cast, file sink.
. "$(dirname "$0")/lib.sh"

printf 'id,country,qty,price\n007,DE,3,50.00\n2,FR,1,20.00\n3,FR,9,90.00\n' >in.csv
cat >p.yaml <<'YAML'
name: small
sources:
  orders: {plugin: file, path: in.csv, format: csv}
transforms:
  big:  {plugin: filter, input: orders, where: "qty * price > 100 AND country IN ('DE', 'FR')"}
  slim: {plugin: select, input: big, columns: [id, {price: unit_price}]}
sinks:
  out:  {plugin: file, input: slim, path: results/big.ndjson}
YAML
expect_exit 0 qetl validate p.yaml
expect_absent results/big.ndjson
expect_exit 0 qetl run p.yaml
expect_file results/big.ndjson <<'JSON'
{"id":"007","unit_price":50.00}
{"id":"3","unit_price":90.00}
JSON

cat >p.json <<'JSON'
{"name": "small",
 "sources": {"orders": {"plugin": "file", "path": ["in.csv"], "format": {"type": "csv"}}},
 "sinks": {"out": {"plugin": "file", "input": "orders", "path": "copy.csv"}}}
JSON
expect_exit 0 qetl run p.json
expect_same copy.csv in.csv

# YAML 1.2: `no` is text, and a key given twice is an error with its place.
cat >twice.yaml <<'YAML'
name: no
sources:
  a: {plugin: file, path: in.csv}
  a: {plugin: file, path: in.csv}
sinks:
  out: {plugin: "null", input: a}
YAML
expect_exit 2 qetl validate twice.yaml
expect_text err 'twice\.yaml:4'

cat >bad.yaml <<'YAML'
name: bad
sources:
  orders: {plugin: file, pathh: in.csv}
sinks:
  out: {plugin: "null", input: order}
YAML
expect_exit 2 qetl validate bad.yaml
expect_text err 'bad\.yaml:3.*pathh'
expect_text err 'bad\.yaml:5.*order'
expect_text err 'path'
