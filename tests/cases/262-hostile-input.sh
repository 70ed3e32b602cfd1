#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Input that means harm, in every format and compression: a message that names the file, the right exit
# code, a balanced ledger, nothing under the final name, memory and time within bounds.
. "$(dirname "$0")/lib.sh"

# fails FILE PATTERN: the run fails as such, and leaves no output
fails() {
    rm -f o.ndjson
    expect_exit 1 timeout 60 "$QETL" run --from "$1" --to o.ndjson --from-format "${3:-csv}"
    expect_text err "$2"
    expect_absent o.ndjson
}

# takes FORMAT FILE IN OUT REJECTED: so many rows, with a balanced ledger
takes() {
    rm -f o.csv l.ndjson
    expect_exit 0 timeout 60 "$QETL" run --from "$2" --from-format "$1" --to o.csv -s dead_letters=l.ndjson --json-file r.json
    expect_eq "$2: the ledger" "$(jq -c '[.summary.balanced, .summary.rows_in, .summary.rows_out, .summary.rows_rejected]' r.json)" "[true,$3,$4,$5]"
}

# Truncated and corrupted members of each compression.
{
    echo a,b
    seq 1 60000 | awk '{ print $1 * 7919 % 99991 "," $1 }'
} >good.csv
gzip -k good.csv
bzip2 -k good.csv
xz -k good.csv
zstd -q good.csv
lz4 -q good.csv good.csv.lz4
zip -q good.zip good.csv
for kind in csv.gz csv.bz2 csv.xz csv.zst csv.lz4 zip; do
    size=$(stat -c %s "good.$kind")
    head -c $((size * 2 / 3)) "good.$kind" >"cut.$kind"
    fails "cut.$kind" "cut.$kind: .*data is damaged at compressed offset [0-9]+, after [0-9]+ decoded bytes|cut.zip"
    python3 - "good.$kind" "bad.$kind" <<'P'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
for i in range(len(data) // 2, len(data) // 2 + 40):
    data[i] ^= 0x5a
open(sys.argv[2], "wb").write(data)
P
    fails "bad.$kind" "bad.$kind"
    takes csv "good.$kind" 60000 60000 0
done

# Of a file that is cut off, what is whole of it comes before the failure, in blocks as the compression has them.
{
    echo a,b
    seq 1 300000 | awk '{ print $1 * 7919 % 99991 "," $1 }'
} >long.csv
declare -A pack=([gz]='gzip -1' [bz2]='bzip2 -1' [xz]='xz -0' [zst]='zstd -q' [lz4]='lz4 -q -B4')
for kind in gz bz2 xz zst lz4; do
    ${pack[$kind]} -c long.csv >"whole.csv.$kind"
    head -c $(($(stat -c %s "whole.csv.$kind") * 3 / 4)) "whole.csv.$kind" >"long.csv.$kind"
    fails "long.csv.$kind" "long.csv.$kind: .*data is damaged at compressed offset [1-9][0-9]*, after [1-9][0-9]* decoded bytes"
    qetl run --from "long.csv.$kind" --to o.ndjson --json >report.json 2>err
    expect_json report.json '.summary.rows_in > 100000 and .summary.rows_in < 240000'
done

# Bombs: little that becomes much.
yes '1,2' | head -c 70M >flat.csv
gzip -k flat.csv
zstd -q flat.csv
xz -k -0 flat.csv
zip -q flat.zip flat.csv
rm flat.csv
fails flat.csv.zst 'more than 1000 for each: this looks like a decompression bomb'
fails flat.csv.xz 'decompression bomb'
for kind in csv.gz zip; do
    cat >p.yaml <<YAML
{sources: {a: {plugin: file, path: flat.$kind, max_ratio: 100, format: csv}}, sinks: {o: {plugin: file, input: a, path: bomb.csv}}}
YAML
    expect_exit 1 qetl run p.yaml --no-state
    expect_text err 'raise max_ratio; 0 is no limit'
    expect_absent bomb.csv
done
cat >p.yaml <<YAML
{sources: {a: {plugin: file, path: flat.csv.zst, max_ratio: 0, format: csv}}, sinks: {o: {plugin: "null", input: a}}}
YAML
expect_exit 0 qetl run p.yaml --no-state

# Nothing, and next to nothing.
: >none
printf '\n' >line
printf '\xef\xbb\xbf' >mark
for format in csv tsv ndjson json; do
    for file in none line mark; do
        takes $format $file 0 0 0
    done
done
printf 'a,b' >header
takes csv header 0 0 0
printf '[]' >empty.json
takes json empty.json 0 0 0
printf '{}\n{}\n' >objects
rm -f o.csv
expect_exit 0 "$QETL" run --from objects --from-format ndjson --to o.ndjson -s dead_letters=l.ndjson
expect_eq 'rows without columns' "$(cat o.ndjson)" "$(printf '{}\n{}')"

# Quotes that never end cost their own piece; zero bytes and what is no UTF-8 cost their row.
printf 'a,b\n1,x\n2,"never\n3,y\n4,z\n5,"also\n6,w' >open.csv
takes csv open.csv 3 2 1
printf 'a,b\n1,x\n2,"never\n3,y\n4,z\n' >open.csv
takes csv open.csv 4 3 1
printf 'a,b\n1,x\0y\n2,\xff\xfe\n3,\xed\xa0\x80\n4,z\n' >bytes.csv
takes csv bytes.csv 4 2 2
printf '{"a":1,"b":"x\\u0000y"}\n{"a":2,"b":"\xff"}\n{"a":3,"b":"\\ud800"}\n{"a":4,"b":"\0"}\n{"a":5,"b":"z"}\n' >bytes.ndjson
takes ndjson bytes.ndjson 5 2 3

# Many columns, many levels, large fields. A sanitizer needs much longer for each column.
N_COLUMNS=$([ -n "$QETL_SANITIZER" ] && echo 20000 || echo 100000) python3 - <<'P'
import os
n = int(os.environ["N_COLUMNS"])
open("wide.csv", "w").write(",".join(f"c{i}" for i in range(n)) + "\n" + ",".join(map(str, range(n))) + "\n1,2\n")
open("wide.ndjson", "w").write("{" + ",".join(f'"c{i}":{i}' for i in range(n)) + "}\n")
open("wide2.csv", "w").write(",".join(f"c{i}" for i in reversed(range(n))) + "\n" + ",".join(map(str, range(n))) + "\n")
for name, text in [("list", "[" * 10000 + "]" * 10000), ("object", '{"a":' * 10000 + "1" + "}" * 10000)]:
    open(f"deep-{name}.ndjson", "w").write('{"a":1}\n{"a":' + text + '}\n{"a":2}\n')
open("field.csv", "w").write('a,b\n1,"' + "x" * (17 << 20) + '"\n2,y\n')
open("field.ndjson", "w").write('{"a":2,"b":"y"}\n{"a":1,"b":"' + "x" * (17 << 20) + '"}\n')
P
takes csv wide.csv 2 1 1
takes csv 'wide*.csv' 3 2 1
expect_exit 0 timeout 60 "$QETL" run --from wide2.csv --to wide.avro
takes avro wide.avro 1 1 0
expect_same o.csv wide2.csv
takes ndjson wide.ndjson 1 1 0
takes ndjson deep-list.ndjson 3 2 1
takes ndjson deep-object.ndjson 3 2 1
takes csv field.csv 2 1 1
takes ndjson field.ndjson 2 1 1
expect_json l.ndjson '.code == "oversize_record"'
rm -f wide* field* o.csv

# 100 GB of holes: the first record has no end, which is known soon; what has a beginning has not this one; where
# a line may have any length, its beginning is one rejected row.
truncate -s 100G holes.csv
fails holes.csv 'does not end within the first'
fails holes.csv 'holes.csv' json
fails holes.csv 'larger than max_bytes' xlsx
fails holes.csv 'no container file of Avro' avro
{ printf 'a,b\n1,2\n'; cat holes.csv | head -c 1; } >rows.csv
truncate -s 100G rows.csv
rm -f o.csv
expect_exit 1 timeout 60 "$QETL" run --from rows.csv --to o.csv -s on_error=fail
expect_absent o.csv
cat >p.yaml <<'YAML'
sources: {a: {plugin: file, path: holes.csv, format: {type: binary, struct: "<qq"}}}
transforms: {l: {plugin: limit, input: a, rows: 10}}
sinks: {o: {plugin: file, input: l, path: o.csv}}
YAML
expect_exit 0 timeout 60 "$QETL" run p.yaml --no-state
expect_eq 'ten records of zeros' "$(sed 1d o.csv | sort -u) $(wc -l <o.csv)" '0,0 11'
rm -f holes.csv rows.csv
truncate -s 1G holes
for format in lines raw ndjson; do
    takes $format holes 1 0 1
done
rm -f holes

# Outputs that take nothing, or go away.
for format in csv tsv ndjson json lines raw binary xlsx avro; do
    case $format in
    lines | raw) columns=a ;;
    *) columns=a,b ;;
    esac
    given="sinks.out.format={\"type\":\"$format\"}"
    [ "$format" = binary ] && given='sinks.out.format={"type":"binary","struct":"<qq"}'
    code=0
    "$QETL" run --from good.csv --select $columns --to - -s "$given" >/dev/full 2>err || code=$?
    expect_eq "$format: a full disk" "$code" 3
    expect_text err "No space left"
    "$QETL" run --from good.csv --select $columns --to - -s "$given" 2>err | head -c 1 >/dev/null
    expect_eq "$format: a closed pipe" "${PIPESTATUS[0]}" 141
done
