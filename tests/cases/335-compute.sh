#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# compute: untouched cells leave byte for byte, a replaced column in its place, a failing row as one
# dead letter that names its expression; the one-liner's --compute.
. "$(dirname "$0")/lib.sh"

cat >in.csv <<'CSV'
id,note,qty,price
007,"a ""b""",3,10.50
008,,0,20.00
009,"x,
y",2,0.10
CSV
cat >p.yaml <<'YAML'
name: p
dead_letters: letters
sources:
  a: {plugin: file, path: in.csv}
transforms:
  c: {plugin: compute, input: a, set: {total: qty * price, qty: qty + 1, each: "6 / (qty - 1)", code: id}}
sinks:
  out: {plugin: file, input: c, path: out.csv}
YAML
expect_exit 0 qetl run p.yaml --json
expect_file out.csv <<'CSV'
id,note,qty,price,total,each,code
007,"a ""b""",4,10.50,31.50,2,007
009,"x,
y",3,0.10,0.20,3,009
CSV
expect_json out '.summary.rows_rejected == 1 and .summary.balanced'
expect_json letters '.component == "c" and .row == 2 and (.message | test("set/each"))'

expect_exit 0 qetl run -q --from in.csv --to - --to-format csv --where 'qty > 0' --compute 'total=qty * price' \
    --compute '"a=b"=total * 2' --select 'id,"a=b"'
expect_file out <<'CSV'
id,a=b
007,63.00
009,0.40
CSV
expect_exit 2 qetl run --from in.csv --to - --to-format csv --compute 'total'
expect_text err 'total. does not name a column'
expect_exit 2 qetl run --from in.csv --to - --to-format csv --compute 'total=qyt * 2'
expect_text err 'qyt'
expect_exit 2 qetl run p.yaml --compute 'a=1'
expect_text err '--compute'

orders big.csv --rows 30000
sed -e 's/in.csv/big.csv/' -e 's/set: {.*}}/set: {total: quantity * unit_price}}/' p.yaml >big.yaml
for way in '--workers 1' '--workers 4' '--driver pull'; do
    rm -f out.csv
    # shellcheck disable=SC2086
    expect_exit 0 qetl run big.yaml $way --validate full
    [ -e first.csv ] || mv out.csv first.csv
    [ ! -e out.csv ] || expect_same out.csv first.csv
done
expect_eq 'columns before' "$(qetl run -q --from first.csv --to - --to-format csv --select "$(head -n 1 big.csv)" | cksum)" "$(cksum <big.csv)"
