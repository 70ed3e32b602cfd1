#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Parquet: there and back byte for byte, files by pattern and folder, what cannot be done told clearly.
. "$(dirname "$0")/lib.sh"
cache=$QETL_BUILD/tests/cache
"$root/.ci/duckdb" "$cache" || { fail "libduckdb and pyarrow cannot be had"; exit 1; }
export QETL_DUCKDB_LIBRARY=$cache/libduckdb.so PYTHONPATH=$cache/python

# csv -> parquet -> csv
orders orders.csv --rows 20000 --seed 5
expect_exit 0 qetl run --from orders.csv --to orders.parquet
expect_exit 0 qetl run --from orders.parquet --to back.csv --json
expect_json out '.summary.balanced and .summary.rows_in == 20000'
expect_same back.csv orders.csv

# only what is wanted is read
expect_exit 0 qetl run --from orders.parquet --to few.csv --select order_id,country
expect_eq "two columns" "$(head -n 1 few.csv)" order_id,country
expect_eq "all rows" "$(wc -l <few.csv)" 20001
expect_exit 0 qetl run --from orders.parquet --to filtered.csv --where "country = 'DE'" --select quantity
expect_eq "as csv" "$(md5sum <filtered.csv)" \
    "$(qetl run --from orders.csv --to - --to-format csv --where "country = 'DE'" --select quantity 2>/dev/null | md5sum)"
expect_exit 0 qetl run --from orders.parquet --to null: --json
expect_json out '.summary.rows_in == 20000'

# where a row comes from
mkdir where
printf 'id,t\n1,a\n2,b\n3,c\n' >w.csv
expect_exit 0 qetl run --from w.csv --to where/1.parquet
expect_exit 0 qetl run --from w.csv --to "where/it's.parquet" --where 'id > 1'
touch -d '2024-02-29T12:34:56.123456Z' where/*
expect_exit 0 qetl run --from 'where/*.parquet' --to - --to-format csv -q -s 'sources.in.metadata={file: name, of: path, nr: row, mtime: mtime, at: byte_offset}'
expect_file out <<'END'
id,t,file,of,nr,mtime,at
1,a,1.parquet,where/1.parquet,1,2024-02-29 12:34:56.123456+00,
2,b,1.parquet,where/1.parquet,2,2024-02-29 12:34:56.123456+00,
3,c,1.parquet,where/1.parquet,3,2024-02-29 12:34:56.123456+00,
2,b,it's.parquet,where/it's.parquet,1,2024-02-29 12:34:56.123456+00,
3,c,it's.parquet,where/it's.parquet,2,2024-02-29 12:34:56.123456+00,
END
expect_exit 0 qetl run --from 'where/*.parquet' --to - --to-format csv -q -s 'sources.in.metadata=[size]' --where id=1
expect_eq 'the size of the file' "$(sed 1d out)" "1,a,$(stat -c %s where/1.parquet)"
expect_exit 0 qetl run --from 'where/*.parquet' --to - --to-format csv -q -s 'sources.in.metadata=[row]' -s sources.in.new_columns=reject --where id=2 --select row
expect_eq 'a column of metadata alone' "$(paste -sd' ' out)" 'row 2 1'
expect_exit 2 qetl run --from 'where/*.parquet' --to - --to-format csv -s 'sources.in.metadata={ID: row}'
expect_text err "a column 'ID' shall be added, and there is one already"
expect_exit 2 qetl run --from 'where/*.parquet' --to - --to-format csv -s 'sources.in.metadata=[row]' -s sources.in.file_column=f
expect_text err 'file_column cannot stand beside metadata'

# several files: by name, NULL where a file lacks a column
mkdir -p lake/year=2023 lake/year=2024/deep
printf 'a,b\n1,x\n2,y\n' >one.csv
printf 'b,c\nz,2024-01-02\n' >two.csv
expect_exit 0 qetl run --from one.csv --to lake/year=2023/p.parquet
expect_exit 0 qetl run --from two.csv --to lake/year=2024/p.parquet
expect_exit 0 qetl run --from 'lake/*/p.parquet' --to all.csv
expect_file all.csv <<'CSV'
a,b,c,year
1,x,,2023
2,y,,2023
,z,2024-01-02,2024
CSV
for_options() { # OPTIONS: of a source of both files; stdout: rows as csv
    printf 'sources: {in: {plugin: file, format: parquet, path: lake, %s}}\nsinks: {out: {plugin: stdout, input: in, format: csv}}\nname: p\n' "$1" >p.yaml
    qetl run p.yaml
}
expect_exit 0 for_options 'hive: never'
expect_eq "a folder, no keys" "$(paste -sd' ' out)" "a,b,c 1,x, 2,y, ,z,2024-01-02"
expect_exit 0 for_options 'hive: never, file_column: from'
expect_text out '^,z,2024-01-02,lake/year=2024/p.parquet$'
expect_exit 1 for_options 'new_columns: reject'
expect_text err 'column c is in a later file, but not in lake/year=2023/p.parquet'
mkdir dropped
cp lake/year=2023/p.parquet dropped/1.parquet
expect_exit 0 qetl run --from one.csv --to dropped/2.parquet --compute 'd=a+1'
sed 's,lake,dropped,' p.yaml | sed 's/reject/drop/' >drop.yaml
expect_exit 0 qetl run drop.yaml
expect_eq "columns of the first" "$(paste -sd' ' out)" "a,b 1,x 2,y 1,x 2,y"
expect_exit 0 for_options 'hive: always, threads: 4, memory_mib: 64'
expect_eq "with the keys" "$(head -n 1 out)" a,b,c,year
expect_exit 2 for_options 'follow: true'
expect_text err 'follow'

# options of the writer
size() { stat -c %s "$1"; }
for codec in zstd snappy gzip lz4 brotli none; do
    printf 'sources: {in: {plugin: file, path: orders.csv}}\nname: p\nsinks: {out: {plugin: file, path: %s.parquet, input: in, format: {type: parquet, compression: %s, row_group_rows: 4096}}}\n' \
        $codec $codec >w.yaml
    expect_exit 0 qetl run w.yaml
    expect_eq "$codec" "$(python3 -c "
import pyarrow.parquet as p
m = p.read_metadata('$codec.parquet')
print(m.row_group(0).column(0).compression, m.num_row_groups, m.row_group(0).num_rows, m.num_rows)")" \
        "$(sed 's/none/uncompressed/' <<<$codec | tr a-z A-Z) 5 4096 20000"
done
for how in 'version: 2' 'compression_level: 19'; do
    sed "s/compression: none/$how/; s/none.parquet/other.parquet/" w.yaml >o.yaml
    rm -f other.parquet
    expect_exit 0 qetl run o.yaml
    [ "$(size other.parquet)" != "$(size zstd.parquet)" ] && pass "$how" || fail "$how makes no difference"
    expect_exit 0 qetl run --from other.parquet --to other.csv
    expect_same other.csv orders.csv
    rm other.csv
done
expect_exit 0 qetl run --from orders.csv --to - --to-format parquet
expect_same out orders.parquet

# no rows, and no columns
head -n 1 orders.csv >empty.csv
expect_exit 0 qetl run --from orders.csv --to empty.parquet --where "quantity < 0"
expect_exit 0 qetl run --from empty.parquet --to empty2.csv
expect_same empty2.csv empty.csv

# what a file cannot be
head -c 100000 orders.parquet >cut.parquet
expect_exit 1 qetl run --from cut.parquet --to x.csv
expect_text err "magic bytes .*'cut.parquet'"
expect_absent x.csv
cp orders.csv no.parquet
expect_exit 1 qetl run --from no.parquet --to x.csv
expect_text err 'no.parquet'
: >zero.parquet
expect_exit 1 qetl run --from zero.parquet --to x.csv
expect_text err 'zero.parquet'
expect_exit 3 qetl run --from absent.parquet --to x.csv
expect_text err 'absent.parquet: No such file'
expect_exit 3 qetl run --from 'absent-*.parquet' --to x.csv
expect_text err 'absent-\*.parquet: no file matches'
expect_exit 2 qetl run --from - --from-format parquet --to x.csv
expect_text err 'standard input'
expect_exit 2 qetl run --from orders.parquet --to orders.parquet
expect_exit 2 qetl run --from orders.csv --to orders.parquet
expect_text err 'exists already'
ln orders.parquet other-name.parquet
printf 'name: p\nsources: {in: {plugin: parquet, path: orders.parquet}}\nsinks: {out: {plugin: file, input: in, path: other-name.parquet, if_exists: replace}}\n' >same.yaml
expect_exit 2 qetl run same.yaml
expect_same orders.parquet other-name.parquet
sed 's/other-name/one/; s/replace/append/' same.yaml >append.yaml
cp orders.parquet one.parquet
qetl run append.yaml >out 2>err && fail "appended to a Parquet file" || pass "nothing is appended"
expect_same orders.parquet one.parquet

# what DuckDB would take for something else, or cannot read
python3 - <<'PY'
import base64
import decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe


class Kms(pe.KmsClient):
    def __init__(self, config):
        super().__init__()

    def wrap_key(self, key, name):
        return base64.b64encode(key)

    def unwrap_key(self, key, name):
        return base64.b64decode(key)


table = pa.table({"a": [1, 2], "b": [b"\xc3\xa4", b"x"]})
factory = pe.CryptoFactory(Kms)
for plain in (False, True):
    how = pe.EncryptionConfiguration(footer_key="k", plaintext_footer=plain, column_keys={"k": ["a", "b"]})
    with pq.ParquetWriter(f"secret{int(plain)}.parquet", table.schema,
                          encryption_properties=factory.file_encryption_properties(pe.KmsConnectionConfig(), how)) as out:
        out.write_table(table)
wide = decimal.Decimal(10**50)
pq.write_table(pa.table({"wide": pa.array([wide], pa.decimal256(60, 0))}), "wide.parquet")
pq.write_table(table, "bytes.parquet", store_schema=False)
PY
for plain in 0 1; do
    expect_exit 1 qetl run --from secret$plain.parquet --to x.csv
    expect_text err 'encrypted Parquet files are not read'
done
expect_exit 1 qetl run --from wide.parquet --to x.csv
expect_text err 'wide.parquet: column wide is a decimal of more than 38 digits'
expect_exit 0 qetl run --from bytes.parquet --to - --to-format ndjson
expect_eq "bytes" "$(head -n 1 out)" '{"a":1,"b":"w6Q="}'
printf 'name: p\nsources: {in: {plugin: parquet, path: bytes.parquet, binary_as_text: true}}\nsinks: {out: {plugin: stdout, input: in, format: ndjson}}\n' >text.yaml
expect_exit 0 qetl run text.yaml
expect_eq "bytes as text" "$(head -n 1 out)" '{"a":1,"b":"ä"}'

# intervals, and names that differ in case only
expect_exit 0 qetl run --from one.csv --to span.parquet --compute "c=a * interval '1 hour'"
expect_exit 0 qetl run --from span.parquet --to span.csv
expect_eq "intervals" "$(paste -sd' ' span.csv)" "a,b,c 1,x,01:00:00 2,y,02:00:00"
printf 'name: m\nsources: {in: {plugin: file, path: one.csv}}\ntransforms: {c: {plugin: compute, input: in, set: {c: "(a - 2) * interval %s1 hour%s"}}}\nsinks: {out: {plugin: file, input: c, path: minus.parquet}}\ndead_letters: dead.ndjson\n' "'" "'" >minus.yaml
expect_exit 0 qetl run minus.yaml --json
expect_json out '.summary.rows_rejected == 1 and .summary.balanced'
expect_text dead.ndjson 'a negative interval: Parquet has none'
expect_exit 1 qetl run --from one.csv --to twice.parquet --compute 'A=1'
expect_text err 'the columns a and A differ in their case only'

# five million rows, in less than a row group's worth of memory for each hundred
python3 - <<'PY'
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

ids = pa.array(range(1000000))
with pq.ParquetWriter("many.parquet", pa.schema([("id", pa.int64()), ("t", pa.string())])) as out:
    for part in range(5):
        row = pc.add(ids, part * 1000000)
        text = pc.binary_join_element_wise(pc.cast(row, pa.string()), "x" * 60, "-")
        out.write_table(pa.table({"id": row, "t": text}), row_group_size=50000)
PY
peak=$(peak_kib "$QETL" run --from many.parquet --to many2.parquet 2>/dev/null)
if [ -n "$QETL_SANITIZER" ] || [ "$peak" -lt 220000 ]; then pass "peak $peak KiB"; else fail "peak $peak KiB"; fi
expect_eq "five million rows" "$(python3 -c "
import pyarrow.parquet as p
a, b = (p.read_table(f) for f in ('many.parquet', 'many2.parquet'))
print(a.equals(b))")" True

# memory_mib: what DuckDB holds at most, of a group that is read or written; threads: how many decode
memory() { # SOURCE SINK: a pipeline m.yaml of large.SOURCE
    printf 'name: p\nsources:\n  in: {plugin: file, path: large.%s}\nsinks:\n  out: {plugin: file, input: in, path: %s}\n' "$1" "$2" >m.yaml
}
orders large.csv --rows 250000 --seed 6
groups='row_group_rows: 1000000'
memory csv "large.parquet, format: {type: parquet, $groups, memory_mib: 16}"
expect_exit 3 qetl run m.yaml
expect_text err "^m.yaml:5:.*sink 'out' \(parquet\): Out of Memory Error.*16.0 MiB"
expect_text err 'give more in memory_mib'
expect_absent large.parquet
memory csv "large.parquet, format: {type: parquet, $groups}"
expect_exit 0 qetl run m.yaml
memory 'parquet, memory_mib: 16, threads: 1' large2.csv
expect_exit 3 qetl run m.yaml
expect_text err "^m.yaml:3:.*source 'in' \(parquet\): large\.parquet: Out of Memory Error"
expect_text err 'memory_mib: 16'
memory 'parquet, memory_mib: 256' large2.csv
expect_exit 0 qetl run m.yaml
expect_same large2.csv large.csv
expect_exit 0 qetl run --from large.csv --to groups.parquet # of several groups: each is one thread's work
mkfifo slow
busy() { # THREADS MORE: how many threads work for 2 ms while their reader takes nothing; waits for more than MORE
    sed "s/large.parquet, .*256/groups.parquet, threads: $1/; s/large2.csv/slow, format: csv/" m.yaml >t.yaml
    exec 9<>slow
    local run seen most=0
    "$QETL" run t.yaml --workers 1 >/dev/null 2>&1 9<&- &
    run=$!
    for try in $(seq 60); do
        sleep 0.05
        seen=$(awk '{ n += $1 > 2000000 } END { print n }' /proc/$run/task/*/schedstat)
        [ "$seen" -gt "$most" ] && most=$seen
        [ "$try" -ge 12 ] && [ "$most" -gt "$2" ] && break
    done
    kill -KILL $run
    wait $run 2>/dev/null
    exec 9<&-
    echo "$most"
}
one=$(busy 1 0)
three=$(busy 3 "$one")
[ "$three" -gt "$one" ] && pass "threads: $one busy of 1, $three of 3" || fail "threads makes no difference: $one and $three"

# columns that nobody wants are not read: one of them cannot be
python3 - <<'PY'
import pyarrow as pa
import pyarrow.parquet as pq

table = pa.table({"a": list(range(1000)), "b": [f"text {i}" for i in range(1000)], "c": [7] * 1000})
pq.write_table(table, "half.parquet", use_dictionary=False)
chunk = pq.read_metadata("half.parquet").row_group(0).column(1)
data = bytearray(open("half.parquet", "rb").read())
data[chunk.data_page_offset:chunk.data_page_offset + chunk.total_compressed_size] = b"\xff" * chunk.total_compressed_size
open("half.parquet", "wb").write(data)
pq.write_table(pa.table([pa.array([i]) for i in range(4)], names=["a", "A", "n", "n_1"]), "names.parquet")
PY
expect_exit 0 qetl run --from half.parquet --to - --to-format csv --select c,a --where 'a >= 998'
expect_eq "the columns beside it" "$(paste -sd' ' out)" "c,a 7,998 7,999"
expect_exit 1 qetl run --from half.parquet --to half.csv
expect_absent half.csv
expect_exit 0 qetl run --from names.parquet --to - --to-format csv
expect_eq "names" "$(paste -sd' ' out)" "a,A_1,n,n_1 0,1,2,3"
expect_text err 'column A is called A_1 here: there is a column a before it'
expect_no_text err 'n_1 here'

# what cannot be written to
expect_exit 3 qetl run --from many.parquet --to /dev/full --to-format parquet
expect_text err 'No space left'
qetl run --from many.parquet --to - --to-format parquet 2>err | head -c 4 >out
expect_eq "a closed pipe" "${PIPESTATUS[0]} $(cat out)" "141 PAR1"

# names that look like patterns are names, once there is such a file
cp orders.parquet 'o[1].parquet'
expect_exit 0 qetl run --from 'o[1].parquet' --to brackets.csv
expect_same brackets.csv orders.csv

# without the library
unset QETL_DUCKDB_LIBRARY
mkdir home
HOME=$PWD/home expect_exit 3 qetl run --from orders.parquet --to x.csv
expect_text err 'libduckdb.*was not found'
expect_text err '@duckdb/node-bindings-linux-x64'
QETL_DUCKDB_LIBRARY=/nowhere/libduckdb.so expect_exit 3 qetl run --from orders.parquet --to x.csv
expect_text err 'QETL_DUCKDB_LIBRARY says'
mkdir -p home/.local/lib
ln -s "$cache/libduckdb.so" home/.local/lib/
HOME=$PWD/home expect_exit 0 qetl run --from orders.parquet --to home.csv
printf 'name: p\nsources: {in: {plugin: parquet, path: orders.parquet, library: %s}}\nsinks: {out: {plugin: "null", input: in}}\n' "$cache/libduckdb.so" >l.yaml
expect_exit 0 qetl run l.yaml
sed "s,library: .*so,library: $QETL," l.yaml >bad.yaml
expect_exit 3 qetl run bad.yaml
expect_absent x.csv
