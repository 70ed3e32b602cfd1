#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# NDJSON to NDJSON: numbers as written, missing and null apart, nested values whole.
. "$(dirname "$0")/lib.sh"

cat >in.ndjson <<'JSON'
{"id":1,"price":10.50,"name":"Anna","extra":null}
{"id":2,"price":7,"name":"Zoë \u0041\n"}
{"id":3,"price":1.0e5,"name":"","extra":"x"}
{"id":4,"price":0.1000,"name":null,"extra":null}
JSON
expect_exit 0 qetl run --from in.ndjson --to out.ndjson
python3 - <<'PYTHON' && pass 'the same keys and values, numbers as written' || fail 'values differ' "$(cat out.ndjson)"
import json, sys
def rows(path):
    return [json.loads(line, parse_float=str, parse_int=str) for line in open(path, encoding="utf-8")]
sys.exit(rows("in.ndjson") != rows("out.ndjson"))
PYTHON
expect_text out.ndjson '"price":10\.50[,}]'
expect_text out.ndjson '"price":0\.1000[,}]'

expect_exit 0 qetl run --from in.ndjson --to out.csv --select id,name
expect_eq 'rows and header' "$(head -n 1 out.csv)" 'id,name'
