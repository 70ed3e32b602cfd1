#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# One-liners: --where, --select, formats named or known by extension, stdin and stdout.
. "$(dirname "$0")/lib.sh"

printf 'id,country,qty,price\n1,DE,3,50.00\n2,FR,1,20.00\n3,US,9,90.00\n4,,5,60.00\n' >in.csv
expect_exit 0 qetl run --from in.csv --to a.csv --where "qty * price > 100 AND country IN ('DE', 'FR')"
expect_file a.csv <<'CSV'
id,country,qty,price
1,DE,3,50.00
CSV
expect_exit 0 qetl run --from in.csv --to b.csv --select price,id --where "NOT country = 'DE'"
expect_file b.csv <<'CSV'
price,id
20.00,2
90.00,3
CSV
expect_exit 0 qetl run --from in.csv --to - --to-format ndjson --where "id = 1"
expect_file out <<'JSON'
{"id":1,"country":"DE","qty":3,"price":50.00}
JSON
qetl run --from - --from-format csv --to - --to-format csv --select id <in.csv >piped.csv 2>err
expect_eq 'exit of a pipe' $? 0
expect_file piped.csv <<'CSV'
id
1
2
3
4
CSV
cp in.csv plain.data
expect_exit 0 qetl run --from plain.data --from-format csv --to c.ndjson --select id
expect_eq 'rows' "$(wc -l <c.ndjson)" 4
expect_exit 2 qetl run --from plain.data --to d.ndjson
expect_text err 'from-format'
expect_exit 2 qetl run --from in.csv --to e.csv --where 'qyt > 1'
expect_text err 'qyt'
expect_text err 'qty'
expect_absent e.csv
