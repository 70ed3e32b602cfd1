#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Any number of workers and either driver give the same bytes in the same order.
. "$(dirname "$0")/lib.sh"

orders in.csv --rows 60000 --broken 30
cat >p.yaml <<'YAML'
name: order
dead_letters: letters
sources:
  a: {plugin: file, path: in.csv, format: {type: csv, types: {quantity: bigint, unit_price: "decimal(12,2)"}}}
transforms:
  big:  {plugin: filter, input: a, where: "quantity * unit_price > 20"}
  slim: {plugin: select, input: big, columns: [order_id, {product: what}, note, unit_price]}
sinks:
  csv:  {plugin: file, input: slim, path: out.csv}
  json: {plugin: file, input: big, path: out.ndjson}
YAML
threads=
for way in '--workers 1' '--workers 2' '--workers 4' '--driver pull'; do
    rm -f out.csv out.ndjson letters
    # shellcheck disable=SC2086
    expect_exit 0 qetl run p.yaml $way --json
    expect_json out '.summary.rows_in == 60000 and .summary.rows_rejected == 30 and .summary.balanced'
    jq -c '[.row, .code, .byte_offset]' letters | sort >letters.sorted
    if [ -z "$threads" ]; then
        threads=$way
        mv out.csv first.csv
        mv out.ndjson first.ndjson
        mv letters.sorted first.letters
        expect_eq 'rows' "$(wc -l <first.ndjson | awk '{ print ($1 > 1000) }')" 1
    else
        expect_same out.csv first.csv
        expect_same out.ndjson first.ndjson
        expect_same letters.sorted first.letters
    fi
done
# --workers bounds all data threads, reader and writer included.
mkfifo rows
"$QETL" run --from rows --from-format csv --to - --to-format csv --workers 2 >piped.csv 2>err &
pid=$!
exec 7<>rows
head -n 2000 in.csv >&7
sleep 0.7
limit=7 # main, signals, descriptors, control, watchdog
[ "$QETL_SANITIZER" != thread ] || limit=8
busy=$(find "/proc/$pid/task" -mindepth 1 -maxdepth 1 | wc -l)
# ThreadSanitizer has one of its own.
[ "$busy" -le "$limit" ] && pass "$busy threads: two of them with data" || fail "$busy threads"
exec 7>&-
wait "$pid"
expect_eq 'exit' $? 0
