#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# qetl dlq replay: rows and bytes from where they were rejected, with their spelling; twice is once;
# what is rejected again says so; what cannot be replayed is refused.
. "$(dirname "$0")/lib.sh"

printf 'id,qty,name,d\n1,5,a,2020-01-01\n2,two,b,2020-01-02\n3,7\n04,0,x,2020-02-03\n5,1,007,2021-01-01\n6,0,,2021-01-01\n' >in.csv
cat >p.yaml <<'YAML'
name: letters
sources:
  orders: {plugin: file, path: in.csv, format: {type: csv, types: {qty: bigint, d: date}}}
transforms:
  ratio: {plugin: compute, input: orders, set: {r: "10 / qty", y: "extract(year from d)"}}
sinks:
  out: {plugin: file, input: ratio, path: out.csv, if_exists: append}
YAML
sed 's,10 / qty,10 / nullif(qty\, 0),' p.yaml >fixed.yaml
letters=dead-letters/letters.ndjson
expect_exit 0 qetl run p.yaml

# What would come of it: nothing is written.
before=$(cat $letters out.csv | sha256sum)
expect_exit 0 qetl dlq replay p.yaml --dry-run
expect_text out 'ratio would reject again: division_by_zero'
expect_text err '^4 letters would be replayed: 0 rows out, 4 rejected again$'
expect_exit 0 qetl dlq replay fixed.yaml --dry-run --json
expect_json out '.result | .dry_run and .rows_out == 2 and .rejected_again == 2 and ([.runs[].rows.out[]] | length) == 2'
expect_eq 'nothing was written' "$(cat $letters out.csv | sha256sum)" "$before"

# One letter is corrected, the pipeline too, one stays wrong.
expect_exit 0 qetl dlq edit p.yaml 1 --original 2,2,b,2020-01-02
expect_exit 0 qetl dlq replay fixed.yaml
expect_text err '^4 letters replayed: 3 rows out, 1 rejected again$'
cat >wanted.csv <<'CSV'
id,qty,name,d,r,y
1,5,a,2020-01-01,2,2020
5,1,007,2021-01-01,10,2021
2,2,b,2020-01-02,5,2020
04,0,x,2020-02-03,,2020
6,0,,2021-01-01,,2021
CSV
expect_same out.csv wanted.csv
expect_exit 0 qetl dlq list p.yaml --json
expect_json out '.result.letters | length == 1 and (.[0] | .again == 2 and .attempts == 1 and .object == "in.csv" and .row == 3 and .byte_offset == 50 and .original == "3,7\n")'
expect_exit 0 qetl dlq replay fixed.yaml
expect_text err '^1 letter replayed: 0 rows out, 1 rejected again$'
expect_same out.csv wanted.csv
expect_eq 'attempts' "$(qetl dlq list p.yaml --json | jq -c '.result.letters | map(.attempts)')" '[2]'
expect_exit 0 qetl dlq list p.yaml --all --json
expect_json out '[.result.letters[] | select(.status == "replayed")] | length == 5'

# Some, elsewhere; a sink of another kind.
rm -r dead-letters out.csv
expect_exit 0 qetl run p.yaml
expect_exit 0 qetl dlq replay fixed.yaml 3 --to third.csv
expect_eq 'the row' "$(cat third.csv)" "$(printf 'id,qty,name,d,r,y\n04,0,x,2020-02-03,,2020')"
expect_exit 0 qetl dlq replay fixed.yaml 4 --to fourth.csv --json
expect_json out '.result | .replayed == 1 and .rows_out == 1 and (.runs[0] | .balanced and .component == "orders")'
expect_eq 'the others' "$(qetl dlq list p.yaml --json | jq -c '.result.letters | map(.id)')" '[1,2]'

# Types that change: what was read as a number is text now.
sed 's/qty: bigint/qty: text/; s,10 / qty,length(qty),' p.yaml >text.yaml
expect_exit 0 qetl dlq replay text.yaml 1 --to text.csv
expect_eq 'as text' "$(tail -n 1 text.csv)" '2,two,b,2020-01-02,3,2020'

# A sink that finds its output there, and may not append: nothing counts as replayed.
rm -r dead-letters out.csv
expect_exit 0 qetl run p.yaml
sed 's/if_exists: append/if_exists: error/' fixed.yaml >error.yaml
expect_exit 2 qetl dlq replay error.yaml 3
expect_text err 'out.csv'
expect_eq 'all wait' "$(qetl dlq list p.yaml --json | jq -c '.result.letters | map(.id)')" '[1,2,3,4]'

# Components that are not there any more, sums, other inputs, letters that lack something.
sed 's/ratio/part/g' fixed.yaml >renamed.yaml
expect_exit 2 qetl dlq replay renamed.yaml 3
expect_text err "letter 3: component 'ratio' is not in the pipeline"
sed 's/^sinks:/  sum: {plugin: aggregate, input: ratio, set: {n: "count(*)"}}\nsinks:/; s/input: ratio, path/input: sum, path/' fixed.yaml >sum.yaml
expect_exit 2 qetl dlq replay sum.yaml 3 --to sum.csv
expect_text err "would go through 'sum' alone"
expect_absent sum.csv
sed 's/^sinks:/  both: {plugin: union, input: [ratio, more]}\nsinks:/; s/input: ratio, path/input: both, path/; s/^transforms:/  more: {plugin: file, path: in.csv}\ntransforms:/' fixed.yaml >both.yaml
expect_exit 2 qetl dlq replay both.yaml 3 --to both.csv
expect_text err "go through 'both', which has other inputs"
expect_exit 2 qetl dlq replay $letters
expect_text err 'the pipeline that the letters shall go through is not named'
sed 's/^name:/on_error: fail\nname:/' p.yaml >fail.yaml
expect_exit 1 qetl run fail.yaml
expect_exit 1 qetl dlq replay fixed.yaml 5-9 --to none.csv
expect_text err 'its run failed'

# Rows that a sink rejects enter at the sink; nested values, bytes and spelling come back as they were.
cat >in.ndjson <<'NDJSON'
{"a":1,"l":[1,2,null],"s":{"x":"y","z":[]},"t":"2020-01-01T00:00:00.123456Z","n":0}
{"a":18014398509481985,"l":[],"s":null,"t":null,"n":0}
NDJSON
cat >nested.yaml <<'YAML'
name: nested
sources:
  in: {plugin: file, path: in.ndjson, format: {type: ndjson, types: {t: timestamp with time zone}}}
transforms:
  bad: {plugin: filter, input: in, where: "1 / n > 0 AND l IS NOT NULL OR t IS NULL"}
sinks:
  out: {plugin: file, input: bad, path: nested.ndjson}
YAML
expect_exit 0 qetl run nested.yaml
sed -i 's,1 / n > 0 AND,n = 0 AND,' nested.yaml
expect_exit 0 qetl dlq replay nested.yaml --to again.ndjson
expect_same again.ndjson in.ndjson

# A replay that was cut short comes to its end first; or it is forgotten.
rm -r dead-letters out.csv
expect_exit 0 qetl run p.yaml
note() {
    jq -c --argjson from "$1" 'select(.id == 3) | {from: $from, first: ., ids: [3]}' $letters >dead-letters/.letters.ndjson.replay
}
note 4
expect_exit 0 qetl dlq replay fixed.yaml 4 --to fourth2.csv --state states
expect_text err '^1 letter replayed: 1 row out'
expect_absent dead-letters/.letters.ndjson.replay
expect_eq 'its state' "$(find states -mindepth 1 -maxdepth 1 -printf '%f')" letters.replay
echo '{"replayed":[3],"replay":true}' | sed 's/^{/{"id":6,/' >>$letters
note 5
expect_eq 'marked, but never decided' "$(qetl dlq list p.yaml --json | jq -c '.result.letters | map(.id)')" '[1,2]'
expect_exit 0 qetl dlq replay fixed.yaml 3 --to third2.csv --state states --full-refresh
expect_eq 'the row' "$(tail -n 1 third2.csv)" '04,0,x,2020-02-03,,2020'
echo '{' >dead-letters/.letters.ndjson.replay
expect_exit 3 qetl dlq replay fixed.yaml
expect_text err 'letters.ndjson.replay. cannot be read'
