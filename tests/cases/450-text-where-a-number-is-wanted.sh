#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# An expression that needs a number of a text column shows the cell that made it text, and how to mend it.
. "$(dirname "$0")/lib.sh"

printf 'id,price\n1,2.5\n2,3\n3,n/a\n' >prices.csv

expect_exit 2 qetl run --from prices.csv --where 'price * 2 > 3' --to - --to-format csv
expect_text err "there is no text \* integer: column \"price\" is text \(row 3 holds 'n/a'\)"
expect_text err 'mend: write CAST\(price AS decimal\(12,2\)\), or declare types: \{price: decimal\(12,2\)\}'

expect_exit 2 qetl run --from prices.csv --where 'round(price) > 3' --to - --to-format csv
expect_text err "there is no round\(text\): column \"price\" is text \(row 3 holds 'n/a'\)"

expect_exit 2 qetl run --from prices.csv --where 'rond(id) > 3' --to - --to-format csv
expect_text err 'did you mean round\?'

expect_exit 0 qetl run -q --from prices.csv --where "price <> 'n/a' AND CAST(price AS decimal(12,2)) * 2 > 5" --to - --to-format csv
expect_file out <<'EOF'
id,price
2,3
EOF
