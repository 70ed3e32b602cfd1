#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# on_error: fail ends the run at the first bad row; max_rejected at one too many.
. "$(dirname "$0")/lib.sh"

printf 'id,qty\n1,5\n2,two\n3,7\n4,four\n5,1\n' >in.csv
pipeline() {
    cat >p.yaml <<YAML
name: strict
$1
sources:
  orders: {plugin: file, path: in.csv, format: {type: csv, types: {qty: bigint}}}
sinks:
  out: {plugin: file, input: orders, path: out.ndjson}
YAML
}
pipeline 'on_error: fail'
expect_exit 1 qetl run p.yaml
expect_text err 'two'
expect_text err 'orders'
expect_absent out.ndjson
pipeline 'max_rejected: 1'
expect_exit 1 qetl run p.yaml
expect_text err 'max_rejected'
expect_absent out.ndjson
pipeline 'max_rejected: 2'
expect_exit 0 qetl run p.yaml
expect_eq 'rows' "$(wc -l <out.ndjson)" 3
pipeline 'on_error: ignore'
expect_exit 2 qetl validate p.yaml
expect_text err 'reject'
