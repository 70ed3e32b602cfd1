#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Formats that write one whole, in many files: each by an encoder of its own; row for row what DuckDB reads of
# what it parted itself.
. "$(dirname "$0")/lib.sh"
cache=$QETL_BUILD/tests/cache
"$root/.ci/duckdb" "$cache" || { fail "libduckdb and pyarrow cannot be had"; exit 1; }
export QETL_DUCKDB_LIBRARY=$cache/libduckdb.so PYTHONPATH=$cache/python

cat >duck.py <<'PY'
# SQL…: runs it, prints what the last one answers.
import ctypes, os, sys
duck = ctypes.CDLL(os.environ["QETL_DUCKDB_LIBRARY"])
duck.duckdb_value_varchar.restype = duck.duckdb_result_error.restype = ctypes.c_char_p
duck.duckdb_value_varchar.argtypes = [ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint64]
duck.duckdb_row_count.restype = duck.duckdb_column_count.restype = ctypes.c_uint64
database, connection = ctypes.c_void_p(), ctypes.c_void_p()
assert duck.duckdb_open(None, ctypes.byref(database)) == 0
assert duck.duckdb_connect(database, ctypes.byref(connection)) == 0
result = ctypes.create_string_buffer(256)
for sql in ["SET autoinstall_known_extensions=false", "SET TimeZone='UTC'"] + sys.argv[1:]:
    if duck.duckdb_query(connection, sql.encode(), result):
        duck.duckdb_result_error.argtypes = [ctypes.c_void_p]
        sys.exit(duck.duckdb_result_error(result).decode())
for row in range(duck.duckdb_row_count(result)):
    print(*[(duck.duckdb_value_varchar(result, c, row) or b"NULL").decode() for c in range(duck.duckdb_column_count(result))])
PY
duck() { python3 duck.py "$@"; }

# sink PATH OPTIONS…: a pipeline p.yaml from $input, named for its folder: each has a state of its own.
input=orders.csv
sink() {
    local folder=${1#path: }
    printf 'name: %s\ndead_letters: dead.ndjson\nsources:\n  in: {plugin: file, path: %s}\nsinks:\n  to:\n    plugin: file\n    input: in\n' "${folder%%/*}" "$input" >p.yaml
    printf '    %s\n' "$@" >>p.yaml
}
count() { find "$1" -type f | wc -l; }

# Row for row what DuckDB reads of what DuckDB parted, whatever the workers and the number of open files.
orders orders.csv --rows 40000 --seed 5
expect_exit 0 qetl run --from orders.csv --to orders.parquet
duck "COPY (FROM 'orders.parquet') TO 'own' (FORMAT parquet, PARTITION_BY (country, category))"
for how in 32:1 32:2 1:2 1000:4 '40:1 --driver pull'; do
    rm -rf lake
    sink 'path: lake/o.parquet' 'partition_by: [country, category]' "max_open: ${how%:*}"
    # shellcheck disable=SC2086
    expect_exit 0 qetl run p.yaml --json --workers ${how#*:}
    expect_json out '.summary.balanced and .summary.rows_out == 40000'
    columns='order_id, ts, customer_id, product, category, country, quantity, unit_price, discount, email, note'
    ours="SELECT $columns FROM read_parquet('lake/**/*.parquet', hive_partitioning=true)"
    theirs="SELECT $columns FROM read_parquet('own/**/*.parquet', hive_partitioning=true)"
    expect_eq "rows that differ ($how)" "$(duck "SELECT count(*), (SELECT count(*) FROM ($ours EXCEPT ALL $theirs)), (SELECT count(*) FROM ($theirs EXCEPT ALL $ours)) FROM ($ours)")" '40000 0 0'
    expect_eq 'folders' "$(cd lake && find . -type d | sort | md5sum)" "$(cd own && find . -type d | sort | md5sum)"
    expect_eq 'a file for each folder, and nothing else' "$(count lake)" "$(find own -mindepth 2 -type d | wc -l)"
    [ "$how" = 32:1 ] && cp -r lake first
    expect_eq 'the same bytes' "$(diff -r lake first 2>&1 | head -n 3)" ''
done
expect_no_text err 'sets of values'
expect_exit 0 qetl run --from lake --from-format parquet --to back.csv
expect_eq 'our own source' "$(python3 -c "
import csv
a, b = ({tuple(sorted(r.items())) for r in csv.DictReader(open(f, newline=''))} for f in ('orders.csv', 'back.csv'))
print(len(a), a == b)")" '40000 True'

# Little memory: rows come in several files for a folder, which is said; in each they are in order.
cat >many.py <<'PY'
import sys
rows, parts, sort = int(sys.argv[1]), int(sys.argv[2]), len(sys.argv) > 3
keys = [i * 7919 % parts for i in range(rows)]
keys = sorted(keys) if sort else keys
print("id,k,text")
for i, k in enumerate(keys):
    print(i, k, f"{i:x}" * 20, sep=",")
PY
cat >order.py <<'PY'
import glob, sys
import pyarrow.parquet as pq
want, seen = {}, 0
for line in open(sys.argv[2]):
    i, k, text = line.strip().split(",")
    if i != "id":
        want.setdefault(k, []).append((int(i), text))
for folder in glob.glob(sys.argv[1] + "/k=*"):
    rows = []
    files = sorted(glob.glob(folder + "/*"), key=lambda f: (len(f), f))
    names = [f.rsplit("/", 1)[1] for f in files]
    assert names == ["o.parquet"] + [f"o-{i:05}.parquet" for i in range(2, len(files) + 1)], names
    for f in files:
        table = pq.ParquetFile(f).read()
        assert table.column_names == ["id", "text"] and table.num_rows, f
        rows += list(zip(table["id"].to_pylist(), table["text"].to_pylist()))
    assert rows == want[folder.rsplit("=", 1)[1]], folder
    seen += len(rows)
print(seen)
PY
python3 many.py 60000 50 >n.csv
input=n.csv sink 'path: lake/o.parquet' 'partition_by: k' 'max_open: 3'
rm -rf lake
expect_exit 0 qetl run p.yaml --memory 8MiB
expect_text err 'for 50 sets of values: as no more than 3 may be unfinished'
expect_eq 'in order, in several files' "$(python3 order.py lake n.csv)" 60000
files=$(count lake)
[ "$files" -gt 100 ] && pass "$files files" || fail "$files files"
input=n.csv sink 'path: more/o.parquet' 'partition_by: k' 'max_open: 40'
expect_exit 0 qetl run p.yaml --memory 8MiB
[ "$(count more)" -lt "$files" ] && pass "fewer files" || fail "$(count more) files with max_open 40"
input=n.csv sink 'path: held/o.parquet' 'partition_by: k' 'max_open: 3'
expect_exit 0 qetl run p.yaml
expect_eq 'with memory, one each' "$(count held) $(python3 order.py held n.csv)" '50 60000'
python3 many.py 60000 50 sorted >s.csv
input=s.csv sink 'path: sorted/o.parquet' 'partition_by: k' 'max_open: 1'
expect_exit 0 qetl run p.yaml --memory 8MiB
expect_no_text err 'sets of values'
expect_eq 'sorted: one each' "$(count sorted) $(python3 order.py sorted s.csv)" '50 60000'

# What stands there: replaced with those behind them, added to, or refused.
input=n.csv sink 'path: lake/o.parquet' 'partition_by: k'
expect_exit 2 qetl run p.yaml
expect_text err 'if_exists'
expect_eq 'unharmed' "$(python3 order.py lake n.csv)" 60000
input=n.csv sink 'path: lake/o.parquet' 'partition_by: k' 'if_exists: replace'
expect_exit 0 qetl run p.yaml
expect_eq 'former files are kept aside' "$(find lake -name '*.bak' | wc -l)" "$files"
find lake -name '*.bak' -delete
expect_eq 'replaced' "$(count lake) $(python3 order.py lake n.csv)" '50 60000'
printf 'id,k,text\n1,7,x\n' >few.csv
input=few.csv sink 'path: added/o.parquet' 'partition_by: k' 'if_exists: append'
expect_exit 0 qetl run p.yaml
expect_exit 0 qetl run p.yaml
expect_eq 'added' "$(cd added && echo k=7/*)" 'k=7/o-00001.parquet k=7/o-00002.parquet'

# Files of some size: to the row, without those that are rejected; and in about so many bytes.
rows_of() { python3 -c "
import glob, sys
import pyarrow.parquet as pq
print(*[pq.read_metadata(f).num_rows for f in sorted(glob.glob(sys.argv[1]))])" "$1"; }
input=n.csv sink 'path: sized/n.parquet' 'max_rows: 25000'
expect_exit 0 qetl run p.yaml
expect_eq 'rows' "$(rows_of 'sized/*')" '25000 25000 10000'
expect_eq 'names' "$(cd sized && echo *)" 'n-00001.parquet n-00002.parquet n-00003.parquet'
cat >p.yaml <<'YAML'
name: r
dead_letters: dead.ndjson
sources: {in: {plugin: file, path: n.csv}}
transforms: {c: {plugin: compute, input: in, set: {span: "(id % 10 - 1) * interval '1 hour'", odd: "id = 0 OR id % 2 = 1"}}}
sinks: {to: {plugin: file, input: c, path: rejected/n.parquet, partition_by: k, max_rows: 1000}}
YAML
expect_exit 0 qetl run p.yaml --json
expect_json out '.summary.rows_rejected == 6000 and .summary.rows_out == 54000 and .summary.balanced'
expect_eq 'dead letters' "$(wc -l <dead.ndjson) $(jq -s 'map(.row) | add' dead.ndjson)" "6000 $(seq 1 10 60000 | paste -sd+ | bc)"
expect_eq 'to the row, beside rejected ones' "$(rows_of 'rejected/k=3/*') $(rows_of 'rejected/*/*' | tr ' ' '\n' | paste -sd+ | bc)" '1000 200 54000'
expect_eq 'no files for what was rejected' "$(find rejected -path '*k=0/*' | wc -l) $(find rejected -path '*k=10/*' | wc -l)" '0 0'
input=n.csv sink 'path: bytes/n.parquet' 'max_bytes: 100000' 'format: {type: parquet, row_group_rows: 2048, compression: none}'
expect_exit 0 qetl run p.yaml
expect_eq 'all rows' "$(rows_of 'bytes/*' | tr ' ' '\n' | paste -sd+ | bc)" 60000
expect_eq 'about so many bytes, but for the last' "$(find bytes -type f -size +400k | wc -l) $(($(find bytes -type f -size -95k | wc -l) < 2))" '0 1'
input=n.csv sink 'path: bytes/n.xlsx' 'max_bytes: 100000'
expect_exit 2 qetl run p.yaml
expect_text err 'max_bytes: 100000'
expect_text err 'known at its end only'
expect_text err 'give max_rows instead'
head -n 1 n.csv >none.csv
input=none.csv sink 'path: none/n.parquet' 'max_rows: 5'
expect_exit 0 qetl run p.yaml
expect_eq 'no rows make an empty file' "$(rows_of 'none/*')" 0
input=none.csv sink 'path: nothing/n.parquet' 'partition_by: k'
expect_exit 0 qetl run p.yaml
expect_eq 'or none, where it would have no name' "$(count nothing)" 0

# JSON lists and workbooks, with values that folders spell otherwise; two columns that make one name.
cat >odd.csv <<'CSV'
a,b,n
x,yz,1
xy,z,2
,q,3
a/b,..,4
x,yz,5
xy,z,6
CSV
input=odd.csv sink 'path: json/{a}{b}.json' 'max_open: 1'
expect_exit 0 qetl run p.yaml
expect_eq 'json' "$(cd json && for f in *; do echo "$f" "$(jq -c 'map(.n) | sort' "$f")"; done | LC_ALL=C sort | paste -sd' ')" \
    '__HIVE_DEFAULT_PARTITION__q.json [3] a%2Fb...json [4] xyz.json [1,2,5,6]'
input=odd.csv sink 'path: hive/o.json' 'partition_by: [a, b]' 'max_rows: 1' 'format: {type: json, pretty: true}'
expect_exit 0 qetl run p.yaml
expect_eq 'max_rows' "$(cd hive && find . -type f | LC_ALL=C sort | paste -sd' ')" \
    './a=__HIVE_DEFAULT_PARTITION__/b=q/o-00001.json ./a=a%2Fb/b=../o-00001.json ./a=x/b=yz/o-00001.json ./a=x/b=yz/o-00002.json ./a=xy/b=z/o-00001.json ./a=xy/b=z/o-00002.json'
expect_eq 'all of it' "$(find hive -type f -exec jq -c .[] {} + | LC_ALL=C sort | paste -sd' ')" '{"n":1} {"n":2} {"n":3} {"n":4} {"n":5} {"n":6}'
input=orders.csv sink 'path: books/o.xlsx' 'partition_by: country' 'max_open: 2' 'max_rows: 1000'
expect_exit 0 qetl run p.yaml
expect_exit 0 qetl run --from 'books/**/*.xlsx' --to books.csv
expect_eq 'workbooks' "$(python3 -c "
import csv, glob
a = [r for r in csv.DictReader(open('orders.csv', newline=''))]
b = [r['order_id'] for r in csv.DictReader(open('books.csv', newline=''))]
print(len(b), sorted(b) == sorted(r['order_id'] for r in a), len(glob.glob('books/*/*')) == sum(-(-sum(r['country'] == c for r in a) // 1000) for c in {r['country'] for r in a}))")" '40000 True True'
expect_eq 'no temporary files' "$(find "${TMPDIR:-/tmp}" -maxdepth 1 -name 'qetl-xlsx-*' -newer books.csv 2>/dev/null | wc -l)" 0

# Far more rows than memory, far more files than may be open: both stay bounded.
python3 many.py 400000 500 >wide.csv
input=wide.csv sink 'path: wide/o.json' 'partition_by: k' 'max_open: 5'
peak=$(peak_kib "$QETL" run p.yaml --memory 16MiB --workers 2 2>/dev/null)
expect_eq 'all of it' "$(find wide -type f -exec cat {} + | grep -c '"id"')" 400000
if [ -n "$QETL_SANITIZER" ] || [ "$peak" -lt 60000 ]; then pass "peak $peak KiB for 43 MB"; else fail "peak $peak KiB"; fi
rm -rf wide

# Interrupted with encoders under way: soon over, and nothing is left.
input=wide.csv sink 'path: stopped/o.parquet' 'partition_by: k' 'max_open: 20'
background "$QETL" run p.yaml
sleep 0.3
interrupt_and_wait INT
expect_eq 'an interrupt' "$code $(find stopped -mindepth 1 2>/dev/null | wc -l)" '130 0'

# Killed at any time, or without room: nothing under a final name; and the next run goes on, or begins
# anew and removes what is left.
for delay in 0.02 0.05 0.1 0.2; do
    rm -rf killed
    input=n.csv sink 'path: killed/o.parquet' 'partition_by: k' 'max_open: 4' 'if_exists: replace'
    "$QETL" run p.yaml >/dev/null 2>&1 &
    pid=$!
    sleep "$delay"
    kill -KILL $pid 2>/dev/null
    wait $pid 2>/dev/null
    find killed -name '*.parquet' -print0 2>/dev/null | xargs -0r python3 -c '
import sys
import pyarrow.parquet as pq
for f in sys.argv[1:]:
    pq.read_metadata(f)' && pass "what is there after $delay is whole" || fail "a part of a file has its name after $delay"
    expect_exit 0 qetl run p.yaml
    find killed -name '*.bak' -delete # of a run that was through
    expect_eq 'rows' "$(python3 order.py killed n.csv)" 60000
    expect_eq 'left' "$(find killed -name '.qetl*' | wc -l)" 0
done
input=n.csv sink 'path: full/o.parquet' 'partition_by: k' 'max_open: 2'
(ulimit -f 4 && trap '' XFSZ && qetl run p.yaml >out 2>err)
expect_eq 'exit' $? 3
expect_text err 'File too large'
expect_eq 'nothing' "$(find full -mindepth 1 | wc -l)" 0
input=n.csv sink 'path: failed/o.parquet' 'partition_by: k' 'max_open: 2'
sed -i 's#path: n.csv}#path: n.csv, format: {type: csv, types: {text: bigint}}}#; 1a max_rejected: 10' p.yaml
expect_exit 1 qetl run p.yaml
expect_eq 'nothing' "$(find failed -mindepth 1 2>/dev/null | wc -l)" 0
