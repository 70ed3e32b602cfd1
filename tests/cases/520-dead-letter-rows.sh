#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a dead letter holds of a row: the bytes and how they would have become one, or the values with
# their types; bounds, the alarm, and what is never stored.
. "$(dirname "$0")/lib.sh"

printf 'id,qty,name,d\n1,5,a,2020-01-01\n2,two,b,2020-01-02\n3,7\n4,0,x,2020-02-03\n5,1,007,2021-01-01\n6,00,NA,2021-01-01\n' >in.csv
cat >p.yaml <<'YAML'
name: letters
sources:
  orders: {plugin: file, path: in.csv, format: {type: csv, types: {qty: bigint, d: date}, "null": ["NA"]}}
transforms:
  ratio: {plugin: compute, input: orders, set: {r: "10 / qty", y: "extract(year from d)"}}
sinks:
  out: {plugin: file, input: ratio, path: out.csv, if_exists: replace}
YAML
letters=dead-letters/letters.ndjson
expect_exit 0 qetl run p.yaml
jq -s . $letters >l.json
expect_json l.json 'map(.id) == [1, 2, 3, 4] and all(.[]; .pipeline == "letters" and .epoch == 1 and (.run | length > 10))'
expect_json l.json 'all(.[]; .time | test("^2[0-9]{3}-[0-9-]+T[0-9:.]+Z$"))'
expect_json l.json 'map([.component, .plugin, .code]) == [["orders", "csv", "bad_number"], ["orders", "csv", "ragged_row"], ["ratio", "compute", "division_by_zero"], ["ratio", "compute", "division_by_zero"]]'
expect_json l.json '.[0] | .head == "id,qty,name,d\n" and .original == "2,two,b,2020-01-02\n" and .types == {id: "bigint", qty: "bigint", name: "text", d: "date"} and .unbound == ["id", "name"] and .dialect.format == "csv" and (has("decoded") | not)'
expect_json l.json '.[2] | .decoded == {id: "4", qty: 0, name: "x", d: "2020-02-03"} and .unread == ["id", "name"] and .spelled_by == "csv" and .input == "orders"'
expect_json l.json '.[2].types == {id: "bigint", qty: "bigint", name: "text", d: "date"}'
expect_json l.json '.[3] | .decoded.name == null and .spelled == {name: "NA", qty: "00"}'
expect_json l.json 'all(.[]; has("not_replayable") | not)'

# Later runs add to it, and numbers go on.
expect_exit 0 qetl run p.yaml
expect_eq 'numbers' "$(jq -s -c 'map(.id)' $letters)" '[1,2,3,4,5,6,7,8]'
expect_eq 'nobody else reads them' "$(stat -c %a $letters)" 600

# The last rows of a file that a run without an outcome read are told apart.
sed 's/^name:/on_error: fail\nname:/' p.yaml >fail.yaml
expect_exit 1 qetl run fail.yaml
expect_eq 'undecided' "$(tail -n 1 $letters | jq .undecided)" true

# What is cut has its digest.
rm -r dead-letters
python3 -c 'print("id,qty,name,d\n1,x," + "a" * 100000 + ",2020-01-01")' >in.csv
expect_exit 0 qetl run p.yaml
expect_eq 'the digest of all' "$(jq -r .original_sha256 $letters)" "$(tail -n 1 in.csv | sha256sum | cut -d' ' -f1)"
expect_eq 'it cannot be replayed' "$(jq -r '.not_replayable + " " + (.original | length | tostring) + " " + (.original_bytes | tostring)' $letters)" 'cut 65536 100016'

# Columns that are never stored.
printf 'id,qty,iban,d\n1,0,DE12,2020-01-01\n2,x,DE34,2020-01-02\n' >in.csv
rm -r dead-letters
(cat p.yaml && echo 'dead_letters: {private: [iban]}') >private.yaml
expect_exit 0 qetl run private.yaml
expect_eq 'why it cannot be replayed' "$(jq -r .not_replayable $letters | sort -u)" private
expect_eq 'the values are nowhere' "$(grep -c 'DE12\|DE34' $letters)" 0
expect_eq 'others are' "$(jq -c 'select(.decoded) | .decoded' $letters)" '{"id":"1","qty":0,"iban":"***","d":"2020-01-01"}'

# A full store stops the run, and before that it warns.
rm -r dead-letters
(echo 'id,qty,name,d' && seq 3000 | sed 's/$/,0,a,2020-01-01/') >in.csv
(cat p.yaml && echo 'dead_letters: {path: few.ndjson, max_size: 200KiB}') >few.yaml
expect_exit 1 qetl run few.yaml --log-file log
expect_text err "the dead letters cannot be written to 'few.ndjson': they have reached max_size: replay or drop"
expect_text err 'have reached 80 % of max_size'
expect_text log 'have reached 80 % of max_size'
expect_eq 'it is not larger' "$(($(stat -c %s few.ndjson) <= 200 * 1024 && $(stat -c %s few.ndjson) > 190 * 1024))" 1
rm few.ndjson
sed -i 's/200KiB/200KiB, alarm: 50/' few.yaml
expect_exit 1 qetl run few.yaml
expect_text err 'have reached 50 % of max_size'
rm few.ndjson
sed -i 's/alarm: 50/alarm: false/' few.yaml
expect_exit 1 qetl run few.yaml
expect_no_text err 'of max_size'
sed -i 's/200KiB/1KiB/' few.yaml
expect_exit 2 qetl validate few.yaml
expect_text err 'max_size. is a size of at least 64 KiB'
sed -i 's/1KiB/64KiB, max_age: soon/' few.yaml
expect_exit 2 qetl validate few.yaml
expect_text err 'max_age. is a time, with its unit'

# What is no dead-letter file is left alone.
printf 'keep me\n' >few.ndjson
sed -i 's/64KiB, max_age: soon/1MiB/' few.yaml
expect_exit 1 qetl run few.yaml
expect_text err 'it holds something else than dead letters: name another file'
expect_eq 'left as it was' "$(cat few.ndjson)" 'keep me'

# Letters that have waited for long are told of, by each run.
rm few.ndjson
printf 'id,qty,name,d\n1,0,a,2020-01-01\n' >in.csv
sed -i 's/max_size: 1MiB.*/max_age: 1h}/' few.yaml
expect_exit 0 qetl run few.yaml
sed -i 's/"time":"20[0-9]*/"time":"2001/' few.ndjson
expect_exit 0 qetl run few.yaml --log-file log
expect_text err "1 letter in 'few.ndjson' waits for longer than max_age"
expect_text log 'waits for longer than max_age'

# Several threads, while epochs are sealed.
expect_exit 0 "$QETL_TOOLS/stress_letters"
