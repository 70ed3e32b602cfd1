#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# qetl dlq list, show, edit, drop, export: every filter, what is hidden, what is refused.
. "$(dirname "$0")/lib.sh"

printf 'id,qty,name,d\n1,5,a,2020-01-01\n2,two,b,2020-01-02\n3,7\n4,0,x,2020-02-03\n5,1,c,2021-01-01\n' >in.csv
sed 's/two/drei/' in.csv >other.csv
cat >p.yaml <<'YAML'
name: letters
sources:
  orders: {plugin: file, path: in.csv, format: {type: csv, types: {qty: bigint, d: date}}}
transforms:
  ratio: {plugin: compute, input: orders, set: {r: "10 / qty", y: "extract(year from d)"}}
sinks:
  out: {plugin: file, input: ratio, path: out.csv, if_exists: replace}
YAML
letters=dead-letters/letters.ndjson
expect_exit 0 qetl run p.yaml
expect_exit 0 qetl run p.yaml -s sources.orders.path=other.csv
ids() {
    qetl dlq list "$@" --json | jq -c '.result.letters | map(.id)'
}

# Each filter leaves what it says.
expect_eq 'all' "$(ids p.yaml)" '[1,2,3,4,5,6]'
expect_eq 'the only file' "$(ids)" '[1,2,3,4,5,6]'
expect_eq 'the file itself' "$(ids $letters)" '[1,2,3,4,5,6]'
expect_eq 'by number' "$(ids p.yaml 2 4-5)" '[2,4,5]'
expect_eq 'by reason' "$(ids p.yaml --reason bad_number)" '[1,4]'
expect_eq 'by a pattern' "$(ids p.yaml --reason '*_*o*')" '[2,3,5,6]'
expect_eq 'by component' "$(ids p.yaml --component ratio)" '[3,6]'
expect_eq 'by source' "$(ids p.yaml --source orders)" '[1,2,3,4,5,6]'
expect_eq 'by another source' "$(ids p.yaml --source other)" '[]'
expect_eq 'by object' "$(ids p.yaml --object 'oth*.csv')" '[4,5,6]'
expect_eq 'by run' "$(ids p.yaml --run "$(jq -r 'select(.id == 4).run' $letters)")" '[4,5,6]'
expect_eq 'by epoch' "$(ids p.yaml --epoch 1) $(ids p.yaml --epoch 2)" '[1,2,3] [4,5,6]'
expect_eq 'since' "$(ids p.yaml --since 1h) $(ids p.yaml --since 2999-01-01)" '[1,2,3,4,5,6] []'
expect_eq 'older than' "$(ids p.yaml --older-than 1h) $(ids p.yaml --older-than 2999-01-01)" '[] [1,2,3,4,5,6]'
expect_eq 'by an expression' "$(ids p.yaml --where "row_number = 4 AND decoded ->> 'name' = 'x'")" '[3,6]'
expect_eq 'both' "$(ids p.yaml --component orders --where "original LIKE '%drei%'")" '[4]'
expect_exit 2 qetl dlq list p.yaml --where 'nothing = 1'
expect_text err 'nothing'
expect_exit 2 qetl dlq list p.yaml --since soon
expect_text err 'no time for --since'
expect_exit 2 qetl dlq list p.yaml 0
expect_text err "no letter's number"
expect_exit 0 qetl dlq list p.yaml
expect_text out '^ 1 .* orders +bad_number +in.csv:2'
expect_text err '^6 letters in dead-letters/letters.ndjson$'
expect_eq 'fits' "$(awk 'length($0) > 80' out | wc -l)" 0
expect_exit 0 qetl dlq list p.yaml --limit 2
expect_eq 'two' "$(grep -c 'bad_number\|ragged_row' out)" 2
expect_text err '6 letters .*; the first 2 are shown'
expect_exit 0 qetl dlq list p.yaml --summary
expect_text out '^ +2  ratio +division_by_zero'

# One letter: its bytes with the place marked, its row with types, what to do.
expect_exit 0 qetl dlq show p.yaml 1 3
expect_text out '^letter 1, waiting$'
expect_text out '^  original 2,two,b,2020-01-02\\n$'
expect_text out '^             \^\^\^$'
expect_text out 'from     orders, in.csv, row 2, byte 31 \(19 bytes\)'
expect_text out '^  qty +bigint +0$'
expect_text out 'qetl dlq edit p.yaml 3 --set'
expect_exit 2 qetl dlq show p.yaml 77
expect_text err 'there is no such letter'

# Corrections are checked, and what was before stays.
expect_exit 0 qetl dlq edit p.yaml 3 --set qty=2 --set name=z --null d
expect_exit 0 qetl dlq show p.yaml 3 --json
expect_json out '.result.letters[0] | .decoded == {id: "4", qty: 2, name: "z", d: null} and .edits == 1 and (.edited | length > 10)'
expect_eq 'as it was' "$(jq -c 'select(.id == 3).decoded' $letters)" '{"id":"4","qty":0,"name":"x","d":"2020-02-03"}'
expect_exit 2 qetl dlq edit p.yaml 3 --set qty=zwei
expect_text err 'qty: "zwei" is no bigint'
expect_exit 2 qetl dlq edit p.yaml 3 --set qyt=2
expect_text err 'did you mean qty'
expect_exit 2 qetl dlq edit p.yaml 1 --set qty=2
expect_text err 'its row was never decoded'
expect_exit 2 qetl dlq edit p.yaml 3 --original x
expect_text err 'its row had been decoded'
expect_exit 2 qetl dlq edit p.yaml --reason bad_number --original x
expect_text err 'one letter at a time'
EDITOR='sed -i s/two/2/' expect_exit 0 qetl dlq edit p.yaml 1
expect_eq 'by hand' "$(qetl dlq export p.yaml 1 | jq -r .original)" 2,2,b,2020-01-02
EDITOR='sed -i s/:.2,/:3,/' expect_exit 0 qetl dlq edit p.yaml 3
expect_eq 'a row by hand' "$(qetl dlq export p.yaml 3 | jq -c .decoded.qty)" 3
EDITOR=true expect_exit 2 qetl dlq edit p.yaml 1
expect_text err 'nothing was changed'
EDITOR=false expect_exit 2 qetl dlq edit p.yaml 1
expect_text err 'no editor could be run'

# Export writes over nothing.
expect_exit 0 qetl dlq export p.yaml --to all.csv
expect_eq 'rows and a header' "$(python3 -c 'import csv; print(len(list(csv.DictReader(open("all.csv")))))')" 6
expect_eq 'for its owner alone' "$(stat -c %a all.csv)" 600
expect_exit 3 qetl dlq export p.yaml --to all.csv
expect_text err 'File exists'
expect_exit 0 qetl dlq export p.yaml --reason ragged_row --format csv
expect_eq 'csv by word' "$(head -c 8 out)" 'id,time,'
expect_exit 0 qetl dlq export p.yaml --to all.ndjson
expect_eq 'ndjson by name' "$(jq -c .id all.ndjson | paste -sd,)" 1,2,3,4,5,6

# What a pipeline has come to hide is hidden from then on.
(cat p.yaml && echo 'dead_letters: {private: [name]}') >private.yaml
expect_exit 0 qetl dlq show private.yaml 3 --json
expect_json out '.result.letters[0] | .decoded.name == "***" and .original == "***"'

# Nobody changes the letters of a pipeline that runs; a crash in the middle leaves them whole.
before=$(sha256sum <$letters)
(exec 9<>$letters && flock -x 9 && sleep 20) &
holder=$!
for _ in $(seq 600); do
    flock -n $letters true || break
    sleep 0.05
done
expect_exit 3 qetl dlq drop p.yaml 1 --yes
expect_text err 'a running pipeline has them'
pkill -P $holder sleep
kill $holder 2>/dev/null
wait $holder 2>/dev/null
expect_eq 'untouched' "$(sha256sum <$letters)" "$before"

# Dropping has to be meant.
expect_exit 2 qetl dlq drop p.yaml --yes
expect_text err 'which letters are to be dropped is not said'
expect_exit 2 qetl dlq drop p.yaml --reason ragged_row
expect_text err '2 letters would be dropped, for good'
expect_eq 'all there' "$(ids p.yaml)" '[1,2,3,4,5,6]'
expect_exit 0 qetl dlq drop p.yaml --reason ragged_row --yes
expect_eq 'the others' "$(ids p.yaml)" '[1,3,4,6]'
expect_eq 'edits stay' "$(qetl dlq export p.yaml 3 | jq -c .decoded.qty)" 3
expect_exit 0 qetl dlq drop p.yaml 1-6 --yes
expect_eq 'none' "$(ids p.yaml)" '[]'
expect_exit 0 qetl run p.yaml
expect_eq 'numbers are not given again' "$(($(ids p.yaml | jq '.[0]') > 9))" 1

# Several files, no file, no letters.
sed s,letters,third, p.yaml >third.yaml
expect_exit 0 qetl dlq list third.yaml
expect_text err '^0 letters in dead-letters/third.ndjson: there is no such file'
expect_exit 0 qetl dlq replay third.yaml
expect_text err '^0 letters replayed'
expect_exit 0 qetl dlq drop third.yaml 1 --yes
expect_exit 2 qetl dlq edit third.yaml 1 --original x
expect_text err 'there is no such letter'
expect_absent dead-letters/third.ndjson
expect_exit 0 qetl run p.yaml -s name=second
expect_exit 2 qetl dlq list
expect_text err 'name one of dead-letters/letters.ndjson, dead-letters/second.ndjson'
expect_exit 3 qetl dlq list nothing.ndjson
expect_text err 'No such file'
expect_exit 3 qetl dlq list in.csv
expect_text err 'something else than dead letters'
