#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# union: files of different columns become one; each keeps its order; untouched cells stay as spelled;
# dead letters name the file that a row came from.
. "$(dirname "$0")/lib.sh"

printf 'id,price,note\n007,10.50,a\n008,1.10,"b,c"\n' >a.csv
printf 'price,id,day\n9,009,2024-01-02\n0010,010,2024-01-03\n' >b.csv
cat >p.yaml <<'YAML'
name: u
sources:
  a: {plugin: file, path: a.csv, format: {type: csv, types: {id: text, price: "decimal(8,2)"}}}
  b: {plugin: file, path: b.csv, format: {type: csv, types: {id: text, price: integer}}}
transforms:
  u: {plugin: union, input: [a, b]}
sinks:
  out: {plugin: file, input: u, path: out.csv}
  js:  {plugin: file, input: u, path: out.ndjson}
YAML
expect_exit 0 qetl run p.yaml --driver pull --json
expect_json out '.summary.balanced and .summary.rows_in == 4'
{ head -n 1 out.csv && tail -n +2 out.csv | sort; } >sorted.csv
expect_file sorted.csv <<'CSV'
id,price,note,day
007,10.50,a,
008,1.10,"b,c",
009,9.00,,2024-01-02
010,10.00,,2024-01-03
CSV
sort out.ndjson >sorted.ndjson
expect_file sorted.ndjson <<'JSON'
{"id":"007","price":10.50,"note":"a","day":null}
{"id":"008","price":1.10,"note":"b,c","day":null}
{"id":"009","price":9.00,"note":null,"day":"2024-01-02"}
{"id":"010","price":10.00,"note":null,"day":"2024-01-03"}
JSON
sed 's/input: \[a, b\]/&, missing: error/' p.yaml >strict.yaml
expect_exit 2 qetl run strict.yaml
expect_text err 'input 2 has no column "note"'
sed 's/price: integer/price: text/' p.yaml >text.yaml
expect_exit 2 qetl run text.yaml
expect_text err 'price.*decimal\(8,2\) in input 1.*text in input 2'
expect_text err 'on_conflict'
sed -i 's/input: \[a, b\]/&, on_conflict: text/; /js:/d' text.yaml
rm -f out.csv out.ndjson
expect_exit 0 qetl run text.yaml
expect_text out.csv '^010,0010,,2024'

# Decimals that were inferred go together whatever their scales; a value that does not fit is a rejected row.
printf '{"p":12.5}\n{"p":1234567890123456789012345678901234567}\n' >one.ndjson
printf 'p\n99.99\n0.01\n' >two.csv
cat >scales.yaml <<'YAML'
dead_letters: scales.dead
sources:
  a: {plugin: file, path: one.ndjson}
  b: {plugin: file, path: two.csv}
transforms:
  u: {plugin: union, input: [a, b]}
sinks:
  out: {plugin: file, input: u, path: scales.csv}
YAML
expect_exit 0 qetl run scales.yaml --json
expect_json out '.summary.balanced and .summary.rows_rejected == 1'
expect_eq scales "$(sort scales.csv | xargs)" '0.01 12.50 99.99 p'
expect_json scales.dead '.code == "numeric_overflow" and .object == "one.ndjson" and .row == 2'

# The same type everywhere: as spelled, 1e5 and 0.10 alike. Rows of each input in order.
awk 'BEGIN { print "k,i,x"; for (i = 0; i < 30000; i++) print "a," i ",0" i ".50" }' >1.csv
awk 'BEGIN { print "x,k,i"; for (i = 0; i < 20000; i++) print "0" i ".50,b," i }' >2.csv
awk 'BEGIN { print "k,i,x"; for (i = 0; i < 10000; i++) print "c," i "," i "e5" }' >3.csv
cat >big.yaml <<'YAML'
name: big
dead_letters: letters
sources:
  a: {plugin: file, path: 1.csv, format: {type: csv, types: {x: double}}}
  b: {plugin: file, path: 2.csv, format: {type: csv, types: {x: double}}}
  c: {plugin: file, path: 3.csv, format: {type: csv, types: {x: double}}}
transforms:
  u: {plugin: union, input: [a, b, c]}
  f: {plugin: compute, input: u, set: {q: 100 / (i - 7777)}}
sinks:
  out: {plugin: file, input: f, path: big.csv}
YAML
for way in '--workers 1' '--workers 2' '--workers 4' '--driver pull'; do
    rm -f big.csv letters
    # shellcheck disable=SC2086
    expect_exit 0 qetl run big.yaml $way --json --validate full
    expect_json out '.summary.balanced and .summary.rows_rejected == 3'
    for k in a b c; do grep "^$k" big.csv | cut -d, -f1-3 >got.$k; done
    expect_same got.a <(tail -n +2 1.csv | sed 7778d)
    expect_same got.b <(tail -n +2 2.csv | sed 7778d | awk -F, '{ print $2 "," $3 "," $1 }')
    expect_same got.c <(tail -n +2 3.csv | sed 7778d)
    expect_eq 'letters' "$(jq -c '[.object, .row] | @text' letters | sort | tr -d '\n')" \
        "$(printf '"[\\"1.csv\\",7778]""[\\"2.csv\\",7778]""[\\"3.csv\\",7778]"')"
done
# What was split comes together again.
cat >diamond.yaml <<'YAML'
name: diamond
sources:
  a: {plugin: file, path: 1.csv}
transforms:
  r: {plugin: route, input: a, routes: {even: "i = i / 2 * 2", seven: "i > 700"}, default: rest}
  u: {plugin: union, input: [r.even, r.seven, r.rest, a]}
sinks:
  out: {plugin: file, input: u, path: diamond.csv}
YAML
expect_exit 0 qetl run diamond.yaml --workers 2 --json
expect_json out '.summary.balanced'
expect_eq 'rows' "$(tail -n +2 diamond.csv | sort | uniq -c | awk '$1 != 2' | wc -l) $(wc -l <diamond.csv)" '0 60001'
