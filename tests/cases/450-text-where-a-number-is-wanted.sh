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

# Wherever numbers are computed with, and whatever the format.
printf '{"id":1,"price":2.5}\n{"id":2,"price":null}\n{"id":3,"price":"n/a"}\n' >prices.ndjson
wanted() { # file, column's type, cell
    local place
    for place in '--where=price + 1 > 2' '--where=price > 5' '--where=abs(price) > 5' '--where=- price > 5' \
        '--where=price IN (1, 2)' '--where=price BETWEEN 1 AND 2' '--where=CASE WHEN id > 1 THEN price ELSE 0 END > 1' \
        '--where=CASE WHEN id > 1 THEN 0 ELSE price END > 1' '--where=coalesce(price, 0) > 1' \
        '--where=greatest(price, id) > 1' '--where=nullif(price, 0) > 1' '--compute=total=price * 2' \
        '--compute=total=round(price, 1)'; do
        expect_exit 2 qetl run --from "$1" "$place" --to - --to-format csv
        expect_text err "column \"price\" is $2 \(row 3 holds $3\)"
        expect_text err 'CAST\(price(::text)? AS decimal\(12,2\)\), or declare types: \{price: decimal\(12,2\)\}'
    done
    cat >route.yaml <<YAML
sources: {in: {plugin: file, path: "$PWD/$1"}}
transforms: {split: {plugin: route, input: in, routes: {dear: price > 5}}}
sinks: {out: {plugin: "null", input: split.dear}}
YAML
    expect_exit 2 qetl run route.yaml
    expect_text err "column \"price\" is $2 \(row 3 holds $3\)"
}
wanted prices.csv text "'n/a'"
wanted prices.ndjson json '"n/a"'
for mend in '--where=CAST(price::text AS decimal(12,2)) > 1' '--where=CAST(price::text AS decimal(12,2)) * 2 > 1'; do
    expect_exit 0 qetl run -q --from prices.ndjson "$mend" --to - --to-format csv
    expect_text out '^1,2.5$'
done
