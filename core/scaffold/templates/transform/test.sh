# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Runs the plugin in pipelines and compares what they write.
. ./testing.sh

printf 'payment,amount\n1,100\n2,-30\n3,\n4,5\n' >payments.csv
cat >pipeline.yaml <<YAML
name: totals
sources:
  payments: {plugin: file, path: payments.csv, format: {type: csv, types: {amount: bigint}}}
transforms:
  balance: {plugin: newplugin, input: payments, column: amount}
sinks:
  out: {plugin: file, input: balance, path: out.csv, if_exists: replace}
YAML

run pipeline.yaml
printf 'payment,amount,total\n1,100,100\n2,-30,70\n3,,70\n4,5,75\n' >wanted.csv
same 'a total behind each row' out.csv wanted.csv

run pipeline.yaml --set transforms.balance.into=balance
sed -i 's/total/balance/' wanted.csv
same 'into' out.csv wanted.csv

refused 'a column that is not there' 'amuont' pipeline.yaml --set transforms.balance.column=amuont
refused 'a column of another type' 'of the type text\|not of an integer type' pipeline.yaml \
    --set sources.payments.format.types.amount=text

printf 'payment,amount\n1,9223372036854775807\n2,1\n3,-1\n' >payments.csv
run pipeline.yaml
printf 'payment,amount,total\n1,9223372036854775807,9223372036854775807\n3,-1,9223372036854775806\n' >wanted.csv
same 'a row that is too much is rejected, and the others go on' out.csv wanted.csv
grep -q '"code":"overflow"' dead-letters/totals.ndjson || fail 'a row that is too much is a dead letter'
pass 'a row that is too much is a dead letter'

# The sum goes on behind the rows that count already.
seq 300000 | awk 'BEGIN { print "id,n" } { print $1 "," $1 % 7 }' >numbers.csv
cat >long.yaml <<YAML
name: long
checkpoint: {every: 1ms}
batch_bytes: 4KiB
sources:
  numbers: {plugin: file, path: numbers.csv, rate_limit: 150000/s}
transforms:
  sum: {plugin: newplugin, input: numbers, column: n}
sinks:
  out: {plugin: file, input: sum, path: "long-{epoch}.csv"}
YAML
killed_run_goes_on 'long-*.csv' long.yaml
cat long-*.csv | grep -v '^id,n,total$' >got
seq 300000 | awk '{ sum += $1 % 7; print $1 "," $1 % 7 "," sum }' >wanted
same 'a run that was killed goes on' got wanted
