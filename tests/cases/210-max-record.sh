#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A record over max_record is a rejected row with its place; the run goes on.
. "$(dirname "$0")/lib.sh"

python3 - <<'PYTHON'
with open("in.csv", "w") as f:
    f.write("id,text\n1,a\n2," + "x" * 300000 + "\n3,c\n")
with open("quoted.csv", "w") as f:
    f.write("id,text\n1,a\n2,\"" + "y\n" * 200000 + "\"\n3,c\n")
with open("in.ndjson", "w") as f:
    f.write('{"id":1}\n{"id":2,"text":"' + "x" * 300000 + '"}\n{"id":3}\n')
PYTHON
for kind in csv ndjson; do
    cat >p.yaml <<YAML
name: long
max_record: 64KiB
dead_letters: letters.$kind
sources:
  a: {plugin: file, path: in.$kind, format: {type: $kind}}
sinks:
  out: {plugin: file, input: a, path: out.$kind.ndjson}
YAML
    expect_exit 0 qetl run p.yaml --json
done
expect_eq 'ids of csv' "$(jq -r .id out.csv.ndjson | tr '\n' ' ')" '1 3 '
expect_eq 'ids of ndjson' "$(jq -r .id out.ndjson.ndjson | tr '\n' ' ')" '1 3 '
expect_eq 'rows' "$(jq -r .row letters.csv | tr '\n' ' ')" '2 '
expect_eq 'row' "$(jq -r .row letters.ndjson)" 2
expect_eq 'offset' "$(jq -r .byte_offset letters.ndjson)" 9
for kind in csv ndjson; do
    expect_json letters.$kind '.code == "oversize_record" and .original_truncated and .original_bytes == 65536'
    expect_json letters.$kind '(.original | length) == 65536'
done
# A quoted record that is too long: reading goes on at a later line, which may be rejected too.
sed 's/in\.ndjson/quoted.csv/; s/type: ndjson/type: csv/; s/letters\.ndjson/letters.quoted/; s/out\.ndjson\.ndjson/quoted.ndjson/' p.yaml >q.yaml
expect_exit 0 qetl run q.yaml
expect_eq 'ids' "$(jq -r .id quoted.ndjson | tr '\n' ' ')" '1 3 '
expect_eq 'the first' "$(head -n 1 letters.quoted | jq -r .row)" 2
# At most a quarter of the memory budget.
sed -i 's/64KiB/100MiB/' p.yaml
rm -f out.*
expect_exit 2 qetl run p.yaml --memory 64MiB
expect_text err 'max_record'
# A row that fits under the default is no trouble.
expect_exit 0 qetl run --from in.csv --to whole.ndjson
expect_eq 'rows' "$(wc -l <whole.ndjson)" 3

# A record of many lines within quotes that is too long is one rejected row; rows behind it keep their numbers.
{
    printf 'id,t\n1,a\n2,"'
    seq -f 'line %.0f of a long cell' 20000
    printf '"\n3,c\nx,d\n5,e\n'
} >lines.csv
for way in '--workers 2' '--driver pull -s batch_bytes=4KiB' '--mode stream'; do
    rm -f lines.ndjson
    # shellcheck disable=SC2086
    "$QETL" run --from lines.csv --to - --to-format csv -q -s max_record=64KiB -s dead_letters=lines.ndjson \
        -s sources.in.format.type=csv -s sources.in.format.types.id=bigint $way >lines.out
    expect_file lines.out <<'CSV'
id,t
1,a
3,c
5,e
CSV
    jq -c '[.code, .row, .original_truncated]' lines.ndjson >codes
    expect_file codes <<'JSON'
["oversize_record",2,true]
["bad_number",4,null]
JSON
done
