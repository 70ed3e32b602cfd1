#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# qetl run --dry-run: stages, columns, delivery; nothing is written.
. "$(dirname "$0")/lib.sh"

printf 'order_id,quantity,unit_price,country,note\n007,2,10.50,DE,x\n8,30,10.50,FR,x\n' >orders.csv
printf 'kept' >there.ndjson
cat >p.yaml <<'YAML'
name: big
sources:
  orders: {plugin: file, path: orders.csv}
transforms:
  big:  {plugin: filter, input: orders, where: "quantity * unit_price > 100"}
  slim: {plugin: select, input: big, columns: [order_id, {country: land}]}
sinks:
  out:  {plugin: file, input: slim, path: results/big.ndjson}
  all:  {plugin: file, input: orders, path: there.ndjson, if_exists: replace}
  seen: {plugin: stdout, input: slim, format: csv}
YAML
: >out
: >err
before=$(find . -type f | sort)
expect_exit 0 qetl run p.yaml --dry-run --workers 3 --memory 64MiB
expect_eq 'nothing on stderr' "$(cat err)" ''
expect_eq 'no file came' "$(find . -type f | sort)" "$before"
cp out text
expect_eq 'the output that was there' "$(cat there.ndjson)" kept
expect_eq 'no line over 80 columns' "$(awk 'length > 80' text)" ''
expect_eq 'settings' "$(head -n 2 text | tr '\n' ' ')" 'big: mode hybrid, linger 5 ms, batches of 256 KiB or 65536 rows, memory 64 MiB, 3 workers '
expect_text text '^ +1 +1  orders read$'
expect_text text '^ +2 +3  orders decode \(csv\) > big > slim > out encode \(ndjson\)'
expect_text text 'out write$'
expect_text text '^orders  source file, csv$'
expect_text text '^  quantity +bigint +as it stands.*and as a value$'
expect_text text '^  reads quantity \(value\), unit_price \(value\)$'
expect_text text '^  land +text +was country  as it stands, checked against the type$'
expect_text text '^slim  transform select: passes columns on'
expect_text text '^orders > out +replayable +transactional +exactly-once$'
expect_text text '^orders > seen +replayable +append +at-least-once$'
expect_text text '^exactly-once: a run that is cut short goes on where it stood'
# For machines: the same, and --json may go to stdout, since no row does.
expect_exit 0 qetl run p.yaml --dry-run --workers 3 --memory 64MiB --json
expect_json out '.command == "run" and .ok'
expect_json out '.result.workers == 3 and .result.memory_bytes == 67108864 and .result.mode == "hybrid" and .result.batch_rows == 65536'
expect_json out '.result.stages | map(.replicas) | sort == [1, 1, 1, 1, 3]'
expect_json out '[.result.stages[].steps[] | select(.component == "orders") | .part] == ["read", "decode"]'
expect_json out '[.result.components[] | select(.id == "orders") | .outputs[].columns[].name] == ["order_id", "quantity", "unit_price", "country", "note"]'
expect_json out '[.result.components[] | select(.id == "orders") | .outputs[].columns[] | select(.name == "quantity") | .forms[]] | contains(["value"])'
expect_json out '[.result.components[] | select(.id == "slim") | .outputs[].columns[] | [.name, .from]] == [["order_id", "order_id"], ["land", "country"]]'
expect_json out '[.result.components[] | select(.untouched) | .id] == ["slim"]'
expect_json out '[.result.paths[] | [.sink, .guarantee]] | sort == [["all", "exactly-once"], ["out", "exactly-once"], ["seen", "at-least-once"]]'
# What changes it: workers, driver, and what nobody reads.
expect_exit 0 qetl run p.yaml -n --driver pull
expect_text out 'no workers$'
expect_exit 0 qetl run --from orders.csv --to x.csv --select order_id --dry-run
expect_text out '^  note +text +dropped: nobody reads it$'
expect_text out '^  order_id +[a-z]+ +as it stands$'
# Columns that wait for the filter in front of which nobody reads them; without it they do not.
printf 'name: x\nsources: {a: {plugin: file, path: orders.csv}}\ntransforms: {f: {plugin: filter, input: a, where: "quantity > 1"}}
sinks: {o: {plugin: file, input: f, path: x.csv}}\n' >late.yaml
expect_exit 0 qetl run late.yaml --dry-run
expect_eq 'late in the table' "$(grep -cE '^  (order_id|unit_price|country|note) .* as it stands; decoded behind f$' out)" 4
expect_no_text out '^  quantity .*behind'
expect_exit 0 qetl run late.yaml --dry-run --json
expect_json out '[.result.components[0].outputs[0].columns[] | .decoded_behind] == ["f", null, "f", "f", "f"]'
expect_json out '[.result.components[1].outputs[0].columns[] | has("decoded_behind")] | any | not'
expect_exit 0 qetl run --from orders.csv --to x.csv --dry-run
expect_text out '^qetl: mode hybrid'
expect_no_text out 'behind'
# A pipe is read once: no promise.
"$QETL" run --from - --from-format csv --to x.csv --dry-run <orders.csv >out 2>err
expect_eq 'exit code' $? 0
"$QETL" run --from - --from-format csv --to x.csv --dry-run --json < <(cat orders.csv) >out 2>err
expect_json out '.result.paths[0] | .source_delivery == "lossy" and .guarantee == "best-effort"'
expect_absent x.csv
# What cannot be resolved is told as the run would tell it.
expect_exit 2 qetl run --from orders.csv --to x.csv --where 'quantty > 1' --dry-run
expect_text err 'quantity'
expect_eq 'nothing shown' "$(wc -c <out)" 0
expect_exit 3 qetl run --from nothere.csv --to x.csv --dry-run
expect_text err 'nothere\.csv'
expect_exit 0 qetl run p.yaml --dry-run -q
expect_eq 'quiet' "$(cat out err)" ''
# Long names are cut, wide ones measured; the table stays within 80 columns.
{
    printf '%s' 'a_name_that_is_much_longer_than_any_column_of_a_table_should_ever_be_in_a_file'
    printf ',注文番号注文番号注文番号注文番号注文番号注文番号注文番号注文番号注文番号\n1,2\n'
} >long.csv
expect_exit 0 qetl run --from long.csv --to x.csv --dry-run
expect_eq 'wide' "$(python3 -c '
import sys, unicodedata
for line in open("out", encoding="utf-8"):
    wide = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line.rstrip("\n"))
    if wide > 80: print(wide, line)')" ''
expect_text out '…'
