#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Rejected rows go to a dead-letter file with reason, component, source, row and byte position.
. "$(dirname "$0")/lib.sh"

printf 'id,qty,name\n1,5,a\n2,two,b\n3,7\n4,9,caf\xe9\n5,1,e\n' >in.csv
cat >p.yaml <<'YAML'
name: letters
dead_letters: rejected.ndjson
sources:
  orders: {plugin: file, path: in.csv, format: {type: csv, types: {qty: bigint}}}
sinks:
  out: {plugin: file, input: orders, path: out.ndjson}
YAML
expect_exit 0 qetl run p.yaml --json
expect_file out.ndjson <<'JSON'
{"id":1,"qty":5,"name":"a"}
{"id":5,"qty":1,"name":"e"}
JSON
expect_json out '.summary | .rows_in == 5 and .rows_out == 2 and .rows_rejected == 3 and .balanced'
expect_eq 'letters' "$(wc -l <rejected.ndjson)" 3
jq -s 'sort_by(.row)' rejected.ndjson >letters.json
expect_json letters.json 'map(.row) == [2, 3, 4]'
expect_json letters.json 'all(.[]; .source == "orders" and (.object | endswith("in.csv")))'
expect_json letters.json 'all(.[]; (.component | startswith("orders")) and (.code | length > 2) and (.message | length > 5))'
expect_json letters.json 'map(.byte_offset) == [18, 26, 30]'
expect_json letters.json '.[0].original | rtrimstr("\n") == "2,two,b"'
expect_json letters.json '.[0].column == "qty" and .[0].code == "bad_number"'
expect_json out '.result.dead_letters | endswith("rejected.ndjson")'

# On by default, in the working folder.
sed -i '/^dead_letters/d' p.yaml
rm out.ndjson
expect_exit 0 qetl run p.yaml
expect_text err 'dead-letters/letters\.ndjson'
expect_eq 'one file' "$(find dead-letters -name 'letters.ndjson' | wc -l)" 1
expect_eq 'letters' "$(cat dead-letters/*.ndjson | wc -l)" 3
expect_eq 'nobody else reads them' "$(stat -c %a dead-letters | tail -c 4)" 700

# A clean run leaves none.
printf 'id,qty,name\n1,5,a\n' >in.csv
rm -r dead-letters out.ndjson
expect_exit 0 qetl run p.yaml
expect_absent dead-letters

# Generated data: every broken row is found, and no other.
orders many.csv --rows 50000 --broken 40
cat >many.yaml <<'YAML'
name: many
dead_letters: many.letters
sources:
  orders: {plugin: file, path: many.csv, format: {type: csv, types: {quantity: bigint, unit_price: "decimal(12,2)"}}}
transforms:
  big: {plugin: filter, input: orders, where: "quantity * unit_price > 100 AND country IN ('DE', 'FR')"}
sinks:
  out: {plugin: file, input: big, path: many.ndjson}
YAML
expect_exit 0 qetl run many.yaml --json
expect_json out ".summary.rows_in == 50000 and .summary.rows_rejected == $(truth many.csv broken) and .summary.rows_out == $(truth many.csv matching)"
expect_eq 'letters' "$(wc -l <many.letters)" "$(truth many.csv broken)"

# Rows that end too early have the number that comes behind those of the file.
number() { # TEXT: the rows' numbers of its dead letters
    printf '%s' "$1" >cut.json
    expect_exit 0 qetl run --from cut.json --to cut.ndjson -s sinks.out.if_exists=replace -s dead_letters=cut.letters
    jq .row cut.letters | tr '\n' ' '
    rm -f cut.letters
}
expect_eq 'a list without its end' "$(number '[{"a":1},{"a":2},{"a":3}' | tail -n 1)" '4 '
expect_eq 'behind a blank' "$(number '[{"a":1},{"a":2} ' | tail -n 1)" '3 '
expect_eq 'rejected at both ends' "$(number '[x,{"a":1},y,{"a":2}' | tail -n 1)" '1 3 5 '
