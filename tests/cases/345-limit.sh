#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A source whose readers are all satisfied ends, be its input endless; the ledger balances.
. "$(dirname "$0")/lib.sh"

awk 'BEGIN { print "id,n,note"; for (i = 0; i < 400000; i++) print i "," i % 97 ",some text that takes place " i }' >in.csv
head -n 101 in.csv >wanted.csv
for way in '--workers 1' '--workers 4' '--driver pull'; do
    rm -f out.csv
    # shellcheck disable=SC2086
    expect_exit 0 qetl run --from in.csv --to out.csv --limit 100 $way --json
    expect_same out.csv wanted.csv
    expect_json out '.summary.balanced and .summary.rows_out == 100 and .summary.rows_in < 400000'
done
expect_exit 0 qetl run -q --from in.csv --to all.csv --limit 400000
expect_same all.csv in.csv
expect_exit 0 qetl run -q --from in.csv --to none.csv --limit 0
expect_eq 'lines' "$(wc -l <none.csv)" 1

# Endless, and open without a word.
yes a,b,c | QETL_RUN_SECONDS=10 qetl run -q --from - --from-format csv --to endless.csv --limit 7
expect_eq 'exit' $? 0
expect_eq 'lines' "$(wc -l <endless.csv)" 8
mkfifo pipe
exec 7<>pipe
printf 'id,n\n1,10\n2,20\n3,30\n4,40\n' >&7
expect_exit 0 env QETL_RUN_SECONDS=10 timeout 10 "$QETL" run -q --from pipe --from-format csv --to - --to-format csv \
    --where 'n > 10' --compute 'm=n + 1' --limit 2 --select m,id
expect_file out <<'CSV'
m,id
21,2
31,3
CSV
exec 7>&-

# A source with another reader goes on; one that all have left does not.
cat >both.yaml <<'YAML'
name: both
sources:
  a: {plugin: file, path: in.csv}
transforms:
  few: {plugin: limit, input: a, rows: 5}
  far: {plugin: limit, input: a, rows: 20, offset: 300000}
sinks:
  few_out: {plugin: file, input: few, path: few.csv}
  far_out: {plugin: file, input: far, path: far.csv}
YAML
expect_exit 0 qetl run both.yaml --json --workers 2
expect_json out '.summary.balanced'
expect_same few.csv <(head -n 6 in.csv)
expect_same far.csv <(head -n 1 in.csv; sed -n 300002,300021p in.csv)
sed -e '/far/d' -e 's/  few_out: {plugin: file.*/&\n  all: {plugin: file, input: a, path: whole.csv}/' both.yaml >one.yaml
rm -f few.csv
expect_exit 0 qetl run one.yaml --json
expect_same whole.csv in.csv

# Everything wanted stands in a compressed object of several.
mkdir parts
for i in 1 2 3; do gzip -c in.csv >parts/$i.csv.gz; done
expect_exit 0 qetl run --from parts --from-format csv --to first.csv --limit 100 --json
expect_same first.csv wanted.csv
expect_json out '.summary.rows_in < 1200000'
expect_exit 2 qetl run one.yaml --limit 3
expect_text err '--limit'
