#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# One file to another: types are inferred, NULL is null, the order of rows and columns stays.
. "$(dirname "$0")/lib.sh"

cat >people.csv <<'CSV'
id,name,amount,note
1,Anna,10.50,"hello, world"
2,Jürgen,7.25,
3,"said ""no""",0.00,"two
lines"
CSV
expect_exit 0 qetl run --from people.csv --to people.ndjson
expect_file people.ndjson <<'JSON'
{"id":1,"name":"Anna","amount":10.50,"note":"hello, world"}
{"id":2,"name":"Jürgen","amount":7.25,"note":null}
{"id":3,"name":"said \"no\"","amount":0.00,"note":"two\nlines"}
JSON
expect_eq 'stdout stays empty' "$(wc -c <out)" 0

# What looks like a number but is not one stays text.
printf 'a,b,c,d\n007,1e5,NaN,123456789012345678901234567890\n' >odd.csv
expect_exit 0 qetl run --from odd.csv --to odd.ndjson
expect_file odd.ndjson <<'JSON'
{"a":"007","b":"1e5","c":"NaN","d":123456789012345678901234567890}
JSON

# Nothing but a header is no rows, not an error.
printf 'a,b\n' >empty.csv
expect_exit 0 qetl run --from empty.csv --to empty.ndjson
expect_eq 'no rows' "$(wc -c <empty.ndjson)" 0
