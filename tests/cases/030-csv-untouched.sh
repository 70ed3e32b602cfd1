#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# CSV to CSV: untouched values come back byte for byte; only quoting may be normalised.
. "$(dirname "$0")/lib.sh"

cat >in.csv <<'CSV'
id,code,price,big,text,empty
007,1e5,10.50,123456789012345678901234567890, spaces ,
1,NaN,0.10,999999999999999999999999999999,"a,b",""
-0,0x10,10.5,1,"two
lines","say ""hi"""
CSV
expect_exit 0 qetl run --from in.csv --to out.csv
expect_same out.csv in.csv

# A touched column beside untouched ones.
expect_exit 0 qetl run --from in.csv --to some.csv --where "price >= 10.5"
expect_file some.csv <<'CSV'
id,code,price,big,text,empty
007,1e5,10.50,123456789012345678901234567890, spaces ,
-0,0x10,10.5,1,"two
lines","say ""hi"""
CSV

orders orders.csv --rows 20000
expect_exit 0 qetl run --from orders.csv --to copy.csv
python3 - <<'PYTHON' && pass 'a reader sees the same cells' || fail 'cells differ'
import csv, sys
sys.exit(list(csv.reader(open("orders.csv", newline=""))) != list(csv.reader(open("copy.csv", newline=""))))
PYTHON
