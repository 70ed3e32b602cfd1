#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Avro: options, there and back byte for byte, files that differ, damage told and passed over.
. "$(dirname "$0")/lib.sh"

# A writer of its own, so that anything can be written: block(count, bytes), file(schema, codec, blocks).
cat >ocf.py <<'PY'
import json, sys, zlib
SYNC = b"0123456789abcdef"
def n(v):
    v, out = (v << 1) ^ (v >> 63), b""
    while v > 127:
        out, v = out + bytes([v & 127 | 128]), v >> 7
    return out + bytes([v])
def s(data):
    data = data if isinstance(data, bytes) else data.encode()
    return n(len(data)) + data
def head(schema, codec="null", sync=SYNC):
    schema = schema if isinstance(schema, str) else json.dumps(schema)
    return b"Obj\x01" + n(2) + s("avro.codec") + s(codec) + s("avro.schema") + s(schema) + n(0) + sync
def block(count, data, sync=SYNC, size=None):
    return n(count) + n(len(data) if size is None else size) + data + sync
def rec(**fields):
    return {"type": "record", "name": "r", "fields": [{"name": k, "type": t} for k, t in fields.items()]}
def put(path, *parts):
    with open(path, "wb") as f:
        f.write(b"".join(parts))
AB = rec(a="long", b="string")
def row(a, b):
    return n(a) + s(b)
def three(i, codec=lambda d: d):
    return block(3, codec(b"".join(row(i * 10 + k, f"t{k}") for k in range(3))))
PY
ocf() { python3 -c "from ocf import *; $1" || fail "ocf: $1"; }
# read_as OPTIONS ARGUMENT…: ${files:-in.avro} to out.csv, dead.ndjson, report.json
read_as() {
    rm -f out.csv dead.ndjson
    printf 'dead_letters: dead.ndjson\nsources: {in: {plugin: file, path: "%s", format: {type: avro, %s}}}\nsinks: {o: {plugin: file, input: in, path: out.csv}}\n' \
        "${files:-in.avro}" "$1" >p.yaml
    shift
    expect_exit "${code:-0}" qetl run p.yaml --json-file report.json "$@"
}
ids() { tail -n +2 out.csv | cut -d, -f1 | paste -sd ' '; }

# csv -> avro -> csv, whatever the codec, by any number of replicas, to the byte
orders orders.csv --rows 6000 --seed 7
for codec in '"null"' deflate snappy zstandard bzip2 xz; do
    printf 'sources: {in: {plugin: file, path: orders.csv}}\nsinks: {o: {plugin: file, input: in, path: o.avro, if_exists: replace, format: {type: avro, codec: %s}}}\n' "$codec" >w.yaml
    expect_exit 0 qetl run w.yaml --workers 3
    rm -f back.csv
    expect_exit 0 qetl run --from o.avro --to back.csv --workers 2
    expect_same back.csv orders.csv
    sizes+=" $(stat -c %s o.avro)"
done
expect_eq 'codecs differ in size' "$(tr ' ' '\n' <<<"$sizes" | sort -u | wc -l)" 7
cp o.avro first.avro
expect_exit 0 qetl run w.yaml --workers 1
expect_same o.avro first.avro

# write_as OPTIONS: in.csv to out.avro
write_as() {
    printf 'sources: {in: {plugin: file, path: %s}}\nsinks: {o: {plugin: file, input: in, path: out.avro, if_exists: replace, format: {type: avro, %s}}}\n' "${input:-orders.csv}" "$1" >w.yaml
    expect_exit "${code:-0}" qetl run w.yaml
}
write_as 'codec: deflate, level: 1'
low=$(stat -c %s out.avro)
write_as 'codec: deflate, level: 9'
expect_eq 'level' "$(($(stat -c %s out.avro) < low))" 1
blocks() { python3 -c "
d = open('out.avro', 'rb').read(); i = d.index(b'\x00', d.index(b'fields')); print(d.count(d[i + 1:i + 17]) - 1)"; }
write_as 'block_bytes: 1000000'
few=$(blocks)
write_as 'block_bytes: 1000'
expect_eq 'block_bytes' "$(($(blocks) > few * 10 && few > 0))" 1
write_as 'record_name: Order, namespace: com.example'
expect_eq 'names of the record' "$(grep -aoE '"name":"Order"|"namespace":"com.example"' out.avro | sort | paste -sd ' ')" '"name":"Order" "namespace":"com.example"'
code=2 write_as 'codec: snappy, level: 3'
expect_text err 'the codec snappy has no levels'
code=2 write_as 'codec: deflate, level: 12'
expect_text err 'from 1 to 9'
code=2 write_as 'record_name: "9x"'
expect_text err 'no name for Avro'
code=2 write_as 'namespace: "a..b"'
expect_text err 'no namespace'
printf 'my col,ä,a-b,a_b,1st\n1,2,3,4,5\n' >in.csv
input=in.csv code=1 write_as ''
expect_text err '"my col" is no name for Avro'
expect_text err 'names: replace'
input=in.csv write_as 'names: replace'
expect_exit 0 qetl run --from out.avro --to renamed.csv
printf 'my_col,_,a_b,a_b_2,_1st\n1,2,3,4,5\n' | expect_file renamed.csv

# Partitions, appending, standard input and compressed files
printf 'sources: {in: {plugin: file, path: orders.csv}}\nsinks: {o: {plugin: file, input: in, path: lake/o.avro, partition_by: country}}\n' >w.yaml
expect_exit 0 qetl run w.yaml --json
expect_eq 'partitions' "$(($(find lake -name o.avro | wc -l) > 1))" 1
files='lake/**/*.avro' read_as ''
expect_json report.json '.summary.rows_out == 6000'
printf 'sources: {in: {plugin: file, path: orders.csv}}\nsinks: {o: {plugin: file, input: in, path: twice.avro, if_exists: append, format: avro}}\n' >w.yaml
expect_exit 0 qetl run w.yaml
expect_exit 0 qetl run w.yaml
expect_exit 0 qetl run --from twice.avro --to twice.csv
expect_same twice.csv <(cat orders.csv <(tail -n +2 orders.csv))
qetl run --from - --from-format avro --to stdin.csv <o.avro >/dev/null 2>err
expect_same stdin.csv orders.csv
gzip -k o.avro
expect_exit 0 qetl run --from o.avro.gz --to gz.csv
expect_same gz.csv orders.csv

# Types that say what they become
ocf '
import struct
put("in.avro", head(rec(m={"type": "map", "values": "int"}, u=["null", "string", "int"], w=["int", "long"], d={"type": "fixed", "size": 12, "name": "D", "logicalType": "duration"},
    x=["null"], j={"type": "string", "sqlType": "JSON"}, t={"type": "long", "logicalType": "timestamp-nanos"}, q={"type": "int", "logicalType": "no such"}, v={"type": "fixed", "name": "U", "size": 16, "logicalType": "uuid"})),
    block(1, n(1) + s("k") + n(5) + n(0) + n(2) + n(-9) + n(1) + n(7) + struct.pack("<III", 14, 3, 1500) + n(0) + s("{\"a\": 1}") + n(1) + n(42) + bytes(range(16))))'
expect_exit 0 qetl run --from in.avro --to types.ndjson
expect_file types.ndjson <<'E'
{"m":[{"key":"k","value":5}],"u":{"string":null,"int":-9},"w":7,"d":"1 year 2 mons 3 days 00:00:01.5","x":null,"j":{"a": 1},"t":"1970-01-01T00:00:00.000000001Z","q":42,"v":"00010203-0405-0607-0809-0a0b0c0d0e0f"}
E
ocf 'put("in.avro", head("\"string\""), block(2, s("x") + s("y")))'
read_as ''
printf 'value\nx\ny\n' | expect_file out.csv

# What cannot be written is rejected; what can comes back
printf '{"i":"P1Y2M3DT1.5S"}\n{"i":"-1 day"}\n{"i":"PT0.000001S"}\n{"i":"5 days"}\n' >in.ndjson
printf 'dead_letters: dead.ndjson\nsources: {in: {plugin: file, path: in.ndjson, format: ndjson}}\ntransforms: {c: {plugin: compute, input: in, set: {i: "i::interval"}}}\nsinks: {o: {plugin: file, input: c, path: i.avro}}\n' >w.yaml
rm -f dead.ndjson
expect_exit 0 qetl run w.yaml
expect_eq 'intervals' "$(jq -r '.code' dead.ndjson | paste -sd ' ')" 'not_in_avro not_in_avro'
expect_exit 0 qetl run --from i.avro --to i.csv
printf 'i\n1 year 2 mons 3 days 00:00:01.5\n5 days\n' | expect_file i.csv

# Files that are none, or cannot be read at all: why, of which file
refused() {
    expect_exit "${code:-1}" qetl run --from bad.avro --to never.csv
    expect_text err "$1"
    expect_text err 'bad\.avro'
    expect_absent never.csv
}
: >bad.avro && refused 'it is empty, and a container file of Avro has a header'
echo 'a,b' >bad.avro && refused 'it does not begin with Obj'
printf 'Obj\2aaaaaaaaa' >bad.avro && refused 'another version of Avro'
head -c 100 o.avro >bad.avro && refused 'ends within its header'
ocf 'put("bad.avro", head(AB, "lzo"))' && refused 'codec "lzo", which is not known'
ocf 'put("bad.avro", head("{\"type\": \"record\","))' && refused 'schema of .*line 1'
ocf 'put("bad.avro", head({"type": "record", "name": "r", "fields": 3}))' && refused 'no list of fields'
ocf 'put("bad.avro", head(rec(a="nothing")))' && refused 'type "nothing" is not defined'
ocf 'put("bad.avro", head({"type": "record", "name": "Node", "namespace": "x", "fields": [{"name": "next", "type": ["null", "Node"]}]}))' && refused 'x.Node contains itself'
ocf 'put("bad.avro", head(rec(a={"type": "bytes", "logicalType": "decimal", "precision": 50, "scale": 2})))' && refused 'decimal of 50 digits'
ocf 'put("bad.avro", head("[" * 1000 + "]" * 1000))' && refused 'union'
ocf 'put("bad.avro", head("{\"type\":\"array\",\"items\":" * 100 + "\"int\"" + "}" * 100))' && refused 'nested more than 48 levels deep'
ocf 'put("bad.avro", head(rec(**{f"f{i}": "int" for i in range(410000)})))' && refused 'a record has 410000 fields'
ocf 'put("bad.avro", head(rec(a={"type": "record", "name": "b0", "fields": [{"name": "x", "type": "int"}]}, **{f"g{i}": {"type": "record", "name": f"b{i}", "fields": [{"name": "l", "type": f"b{i-1}"}, {"name": "m", "type": f"b{i-1}"}]} for i in range(1, 30)})))' && refused 'more than 400000 types'
ocf 'put("bad.avro", b"Obj\x01" + n(1) + n(1 << 50))' && refused 'impossible length'
ocf 'put("bad.avro", b"Obj\x01" + b"\xff" * 12)' && refused 'more than 64 bits'
ocf 'put("bad.avro", b"Obj\x01" + n(0) + SYNC)' && refused 'no avro.schema'
ocf 'put("in.avro", head(AB))'
read_as ''
printf 'a,b\n' | expect_file out.csv
ocf 'put("in.avro", head(AB), block(0, b""), three(0), block(0, b""))'
read_as ''
expect_eq 'blocks without a row' "$(ids)" '0 1 2'

# damaged WHAT IDS CODE MESSAGE: a damaged block is rejected, and what follows is read
damaged() {
    read_as ''
    expect_eq "$1" "$(ids)" "$2"
    expect_eq "$1: code" "$(jq -r .code dead.ndjson | sort -u | paste -sd ' ')" "$3"
    expect_eq "$1: message" "$(jq -r .message dead.ndjson | grep -cE "$4")" "$(wc -l <dead.ndjson)"
    expect_json report.json '.summary.balanced'
}
ocf 'put("in.avro", head(AB), three(0), block(3, row(1, "x") * 3, b"x" * 16), three(2), three(3))'
damaged 'wrong sync' '0 1 2 30 31 32' bad_block 'block at byte [0-9]+ cannot be read: the sync marker'
ocf 'put("in.avro", head(AB), three(0), block(-3, row(1, "x")), three(2))'
damaged 'negative count' '0 1 2 20 21 22' bad_block 'row count is negative'
ocf 'put("in.avro", head(AB), three(0), block(3, row(1, "x"), size=-5), three(2))'
damaged 'negative size' '0 1 2 20 21 22' bad_block 'size is negative'
ocf 'put("in.avro", head(AB), three(0), block(3, row(1, "x"), size=1 << 40), three(2))'
damaged 'huge size' '0 1 2 20 21 22' bad_block 'max_record is 16777216'
ocf 'put("in.avro", head(AB), three(0), block(3, row(1, "x"), size=5000), three(2))'
damaged 'wrong size' '0 1 2 20 21 22' bad_block 'the file ends within it'
ocf 'put("in.avro", head(AB), three(0), b"\xff" * 11 + SYNC, three(2))'
damaged 'a long varint' '0 1 2 20 21 22' bad_block 'more than 64 bits'
ocf 'put("in.avro", head(AB), three(0), three(1)[:-20])'
damaged 'truncated' '0 1 2' bad_block 'the file ends within it'
ocf 'put("in.avro", head(AB), three(0), b"junk" * 100000, SYNC, three(2))'
damaged 'junk' '0 1 2 20 21 22' bad_block 'cannot be read'
ocf 'put("in.avro", head(AB), block(3, row(1, "x") + n(2) + n(99) + b"y" + row(3, "z")), three(2))'
damaged 'a text beyond its block' '1 20 21 22' bad_record '"b": the block ends within it .row 2 of the block at byte [0-9]+.; the 1 rows behind it'
ocf 'put("in.avro", head(AB), block(1 << 40, row(1, "x") * 2), three(2))'
damaged 'more rows than there are' '1 1 20 21 22' bad_record 'row 3 of the block'
ocf 'put("in.avro", head(AB), block(2, row(1, "x") * 3), three(2))'
damaged 'bytes behind the rows' '1 1 20 21 22' remainder '3 bytes are left behind the last row'
ocf 'put("in.avro", head(AB), block(3, row(1, "x") + row(2, b"\xff\xfe") + row(3, "z")))'
damaged 'text that is no UTF-8' '1 3' bad_utf8 '"b": the text is not UTF-8 .row 2'
expect_eq 'its bytes' "$(jq -r .original_base64 dead.ndjson)" "$(printf '\4\4\377\376' | base64)"
ocf 'put("in.avro", head(rec(a="int", z=["null", {"type": "record", "name": "q", "fields": [{"name": "e", "type": {"type": "enum", "name": "E", "symbols": ["A"]}}]}])), block(3, n(1) + n(1) + n(0) + n(2) + n(1) + n(7) + n(3) + n(0)))'
damaged 'no such symbol, within' '1' bad_record '"z.e": an enum has no symbol'
ocf 'put("in.avro", head(rec(a="int", z=["null", "int"])), block(2, n(1) + n(0) + n(2) + n(2)))'
damaged 'no such branch' '1' bad_record '"z": a union has no branch'
ocf 'put("in.avro", head(rec(a="int", z="boolean")), block(2, n(1) + b"\1" + n(2) + b"\2"))'
damaged 'no boolean' '1' bad_record 'neither 0 nor 1'
ocf 'put("in.avro", head(rec(a="int")), block(2, n(1) + n(1 << 33)))'
damaged 'a long int' '1' bad_record 'more than 32 bits'
ocf 'put("in.avro", head(rec(a="int", z={"type": "array", "items": "null"})), block(2, n(1) + n(0) + n(2) + n(1 << 50) + n(0)))'
damaged 'a run without end' '1' bad_record 'more values than its block'
ocf 'put("in.avro", head(rec(a="null", b={"type": "fixed", "name": "F", "size": 0})), block(1 << 50, b""), block(2, b""))'
damaged 'rows without end' ' ' bad_block 'more rows than bytes'
ocf 'put("in.avro", head(rec(a={"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2})), block(3, s(b"\1\0") + s(b"\x7f" * 30) + s(b"\xff" * 20)))'
damaged 'a decimal of many bytes' '2.56 -0.01' bad_value 'does not fit'

# Rows keep their numbers behind one that was rejected
ocf 'put("in.avro", head(AB), block(4, row(1, "x") + row(2, b"\xff") + row(0, "y") + row(4, "z")))'
printf 'dead_letters: dead.ndjson\nsources: {in: {plugin: file, path: in.avro}}\ntransforms: {c: {plugin: compute, input: in, set: {a: "4 / a"}}}\nsinks: {o: {plugin: file, input: c, path: out.csv, if_exists: replace}}\n' >w.yaml
rm -f dead.ndjson
expect_exit 0 qetl run w.yaml
expect_eq 'numbers of rejected rows' "$(jq -r '"\(.code) \(.row)"' dead.ndjson | sort | paste -sd ' ')" 'bad_utf8 2 division_by_zero 3'
expect_eq 'and the others' "$(ids)" '4 1'

# Packed blocks that are damaged; bombs
deflate='lambda d: zlib.compress(d)[2:-4]'
ocf "put('in.avro', head(AB, 'deflate'), three(0, $deflate), three(1), three(2, $deflate))"
damaged 'no deflate' '0 1 2 20 21 22' bad_block 'of 3 rows, cannot be read: its deflate data is damaged'
snappy='lambda d: bytes([len(d), len(d) - 1 << 2]) + d + (zlib.crc32(d) ^ WRONG).to_bytes(4, "big")'
ocf "put('in.avro', head(AB, 'snappy'), three(0, ${snappy/WRONG/0}), three(1, ${snappy/WRONG/1}), three(2, ${snappy/WRONG/0}))"
damaged 'a CRC of something else' '0 1 2 20 21 22' bad_block 'does not have the CRC'
for codec in deflate snappy zstandard bzip2 xz; do
    write_as "codec: $codec, block_bytes: 20000"
    python3 - <<'PY'
d = bytearray(open("out.avro", "rb").read())
i = d.index(b"\x00", d.index(b"fields")) + 17
for k in range(1000, 1010):
    d[i + k] ^= 0x55
open("in.avro", "wb").write(d)
PY
    read_as ''
    expect_eq "$codec: one block" "$(jq -r '.code' dead.ndjson)" bad_block
    expect_eq "$codec: the others" "$(($(wc -l <out.csv) > 4000))" 1
done
ocf "put('in.avro', head(AB, 'deflate'), three(0, $deflate), block(1, zlib.compress(row(1, 'x' * 5000000))[2:-4]))"
read_as ''
expect_eq 'a large text' "$(ids)" '0 1 2 1'
read_as 'max_block: 100000'
expect_eq 'max_block' "$(ids) $(jq -r .code dead.ndjson)" '0 1 2 bad_block'
expect_text dead.ndjson 'unpacks to more than max_block'
read_as 'max_block: 5000006'
expect_eq 'max_block, exactly' "$(ids)" '0 1 2 1'

# Files of one glob with other schemas
mkdir -p g
ocf '
put("g/a.avro", head(AB), three(0))
put("g/b.avro", head(rec(b="string", a="int")), block(1, s("bb") + n(7)))
put("g/c.avro", head(rec(a="long", c=["null", "double"], b="string")), block(2, (n(8) + n(0) + s("cc")) * 2))
put("g/d.avro", head(rec(a="string", b="string")), block(1, s("nine") + s("dd")))
put("g/e.avro", head(rec(a="float", b="string")), block(1, b"\0\0\0\x3f" + s("ee")))'
files='g/*.avro'
for way in '--workers 3' '--driver pull'; do
    # shellcheck disable=SC2086
    read_as 'new_columns: reject' $way
    expect_eq 'reject' "$(ids) $(jq -r .code dead.ndjson | sort | uniq -c | tr -s ' \n' ' ')" '0 1 2 7  2 bad_type 2 new_column '
    expect_text err 'g/c.avro has columns that were not there before, c: its rows are rejected'
    # shellcheck disable=SC2086
    read_as 'new_columns: drop' $way
    expect_eq 'drop' "$(ids) $(jq -r .code dead.ndjson | paste -sd ' ')" '0 1 2 7 8 8 bad_type bad_type'
    rm -f g/d.avro
    # shellcheck disable=SC2086
    read_as 'new_columns: evolve' $way
    expect_file out.csv <<'E'
a,b,c
0,t0,
1,t1,
2,t2,
7,bb,
8,cc,
8,cc,
0.5,ee,
E
    ocf 'put("g/d.avro", head(rec(a="string", b="string")), block(1, s("nine") + s("dd")))'
done
rm g/d.avro g/e.avro
ocf '
put("g/a.avro", head(rec(a="double", b="string")), block(1, b"\0\0\0\0\0\0\0\x40" + s("aa")))
put("g/h.avro", head(AB), block(3, row(1 << 53, "x") + row((1 << 53) + 1, "y") + row(3, "z")))'
read_as 'new_columns: drop'
expect_eq 'a long that is no double' "$(jq -r '.code' dead.ndjson) $(grep -c '^[0-9]' out.csv)" 'bad_value 6'
ocf 'put("g/a.avro", head(AB), three(0))'
rm g/h.avro
ocf 'put("g/f.avro", head(rec(z="int")), block(1, n(1)))'
code=1 read_as ''
expect_text err 'f.avro has no column of the first file'
rm g/f.avro
: >g/g.avro
code=1 read_as ''
expect_text err 'g/g.avro: it is empty'
unset files

# Columns that nobody wants are passed over
write_as 'codec: deflate'
for from in avro csv; do
    mv orders.csv out.csv 2>/dev/null
    printf 'sources: {in: {plugin: file, path: out.%s}}\ntransforms: {s: {plugin: select, input: in, columns: [order_id]}}\nsinks: {o: {plugin: file, input: s, path: one-%s.csv}}\n' $from $from >w.yaml
    expect_exit 0 qetl run w.yaml
done
expect_same one-avro.csv one-csv.csv

# A schema that is given: fields by name, values as it has them; what does not fit is rejected, or refused before.
given() { # SCHEMA-FIELDS OPTIONS
    printf '{"type": "record", "name": "Order", "namespace": "com.example", "fields": [%s]}' "$1" >order.avsc
    printf 'dead_letters: given.letters\nsources: {in: {plugin: file, path: given.ndjson, format: {type: ndjson, types: {id: bigint, at: timestamp, price: "decimal(10,2)"}}}}\nsinks: {o: {plugin: file, input: in, path: given.avro, if_exists: replace, format: {type: avro, schema: order.avsc%s}}}\n' "${2:-}" >w.yaml
    rm -f given.letters
}
printf '%s\n' '{"id":1,"state":"open","price":1.50,"at":"2024-02-29T12:00:00.001","ratio":3}' '{"id":4294967296,"state":"open","price":2.00,"at":"2024-02-29T12:00:00","ratio":1}' \
    '{"id":3,"state":"lost","price":3.00,"at":"2024-02-29T12:00:00","ratio":1}' '{"id":4,"state":null,"price":4.00,"at":"2024-02-29T12:00:00.000001","ratio":1}' \
    '{"id":5,"state":null,"price":99999.00,"at":"2024-02-29T12:00:00","ratio":1}' '{"id":6,"state":null,"price":6.00,"at":"2024-02-29T12:00:00","ratio":null}' >given.ndjson
fields='{"name": "note", "type": ["string", "null"]}, {"name": "id", "type": "int"}, {"name": "state", "type": [{"type": "enum", "name": "S", "symbols": ["open", "done"]}, "null"]},
 {"name": "price", "type": {"type": "fixed", "name": "P", "size": 4, "logicalType": "decimal", "precision": 7, "scale": 3}},
 {"name": "at", "type": {"type": "long", "logicalType": "local-timestamp-millis"}}, {"name": "ratio", "type": "double"}'
given "$fields"
expect_exit 0 qetl run w.yaml
jq -rc '[.row, .code, .message]' given.letters | expect_same - <(printf '%s\n' '[2,"not_in_avro","the number is no int of 32 bits"]' '[3,"not_in_avro","it is none of the schema'"'"'s symbols"]' \
    '[4,"not_in_avro","the time has finer fractions than Avro'"'"'s type"]' '[5,"not_in_avro","the number has more digits than the schema'"'"'s decimal"]' \
    '[6,"not_in_avro","it is NULL, and the schema has no null here"]')
expect_exit 0 qetl run --from given.avro --to given.csv
printf 'note,id,state,price,at,ratio\n,1,open,1.500,2024-02-29 12:00:00.001,3\n' | expect_file given.csv
expect_eq 'its name' "$(grep -ac '"name":"Order","namespace":"com.example"' given.avro)" 1
wrong() { # TEXT SCHEMA-FIELDS OPTIONS
    given "$2" "${3:-}"
    expect_exit "${4:-2}" qetl run w.yaml
    expect_text err "$1"
}
wrong 'column "ratio": the schema has no such field' "${fields%,*\"ratio\"*}"
wrong 'field "more" may not be null, and no column has its name' "$fields, {\"name\": \"more\", \"type\": \"long\"}"
wrong "column \"ratio\" is .*, which the schema's boolean does not hold" "${fields/\"double\"/\"boolean\"}"
wrong 'is a union of several types, which is read but not written' "$fields, {\"name\": \"u\", \"type\": [\"long\", \"string\"]}"
wrong 'the names stand in the schema' "$fields" ', record_name: Row'
wrong 'the names stand in the schema' "$fields" ', namespace: x.y'
wrong 'the names stand in the schema' "$fields" ', names: replace'
wrong 'order.avsc' '{"name": "a", "type": "nonsense"}'
wrong 'order.avsc' '{'
given "$fields"
echo '"string"' >order.avsc
expect_exit 2 qetl run w.yaml
expect_text err 'the schema is of none'
