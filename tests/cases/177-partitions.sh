#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Rows spread over many files: by values as Hive does, by templates, by size; each file whole, none outside its root.
. "$(dirname "$0")/lib.sh"

# sink OPTIONS: a pipeline p.yaml from $input
input=i.csv
sink() {
    printf 'name: x\nsources:\n  in: {plugin: file, path: %s}\nsinks:\n  to:\n    plugin: file\n    input: in\n' "$input" >p.yaml
    printf '    %s\n' "$@" >>p.yaml
}
files() {
    (cd "$1" && find . -mindepth 1 ! -type d | LC_ALL=C sort | sed 's#^\./##')
}

printf 'id,country,v\n1,DE,a\n2,FR,b\n3,DE,"c,d"\n4,,e\n5,a/b,f\n6,..,g\n7,"",h\n' >i.csv
sink 'path: made/o.csv' 'partition_by: country'
expect_exit 0 qetl run p.yaml --json
expect_json out '.summary.rows_out == 7'
files made | expect_same - <(printf '%s\n' country=../o.csv country=/o.csv country=DE/o.csv country=FR/o.csv \
    country=__HIVE_DEFAULT_PARTITION__/o.csv country=a%2Fb/o.csv)
printf 'id,v\n1,a\n3,"c,d"\n' | expect_file made/country=DE/o.csv
expect_eq 'nothing is left over' "$(find made -name '.*' -mindepth 1 | wc -l)" 0

# The columns stay if they are wanted; several columns make nested folders.
sink 'path: kept/o.csv' 'partition_by: [country, id]' 'partition_columns: keep'
expect_exit 0 qetl run p.yaml
printf 'id,country,v\n3,DE,"c,d"\n' | expect_file kept/country=DE/id=3/o.csv
sink 'path: none/o.csv' 'partition_by: [country, id, v]'
expect_exit 1 qetl run p.yaml
expect_text err 'none is left for'
expect_absent none
sink 'path: none/o.csv' 'partition_by: contry'
expect_exit 2 qetl run p.yaml
expect_text err 'contry: there is no such column'

# Templates: the columns stay; nothing leaves the root, whatever the values are.
mkdir root
sink 'path: root/{country}/{v}.csv'
expect_exit 0 qetl run p.yaml
files root | expect_same - <(printf '%s\n' %2E./g.csv DE/a.csv 'DE/c,d.csv' FR/b.csv \
    __EMPTY__/h.csv __HIVE_DEFAULT_PARTITION__/e.csv a%2Fb/f.csv)
printf 'id,country,v\n6,..,g\n' | expect_file root/%2E./g.csv
sink 'path: "t/{{x}}-{run.date}.csv"'
expect_exit 0 qetl run p.yaml
expect_eq 'braces and date' "$(files t)" "{x}-$(date -u +%F).csv"
for bad in 'a{.csv' 'a}.csv' 'a{}.csv' 'b/{country.csv'; do
    sink "path: \"$bad\""
    expect_exit 2 qetl run p.yaml
    expect_text err 'brace'
done
printf 'id,country\n1,%s\n' "$(printf 'x%.0s' $(seq 300))" >long.csv
input=long.csv sink 'path: long/o.csv' 'partition_by: country'
expect_exit 1 qetl run p.yaml
expect_text err 'a name of 308 bytes'
expect_eq 'nothing' "$(files long)" ''
mkdir -p led elsewhere && ln -s ../elsewhere 'led/country=DE'
sink 'path: led/o.csv' 'partition_by: country' 'if_exists: replace'
expect_exit 3 qetl run p.yaml
expect_text err 'leads out of led'
expect_eq 'nothing' "$(files elsewhere)" ''

# What is there already: for each file that has rows.
sink 'path: made/o.csv' 'partition_by: country'
expect_exit 2 qetl run p.yaml
expect_text err 'if_exists'
head -n 3 i.csv | sed 's/,a$/,new/' >few.csv
input=few.csv sink 'path: made/o.csv' 'partition_by: country' 'if_exists: replace'
expect_exit 0 qetl run p.yaml
printf 'id,v\n1,new\n' | expect_file made/country=DE/o.csv
printf 'id,v\n1,a\n3,"c,d"\n' | expect_same - made/country=DE/o.csv.*.bak
printf 'id,v\n5,f\n' | expect_file made/country=a%2Fb/o.csv
input=few.csv sink 'path: made/o.csv' 'partition_by: country' 'if_exists: append'
expect_exit 0 qetl run p.yaml
expect_exit 0 qetl run p.yaml
expect_eq 'files are added' "$(files made | grep -c 'DE/o-0000[12].csv$')" 2

# Files of some size, each with its header; exactly so many rows; in the order of the rows.
seq 1 10000 | sed '1i n' >n.csv
input=n.csv sink 'path: rows/n.csv' 'max_rows: 999'
expect_exit 0 qetl run p.yaml
expect_eq 'files' "$(files rows | wc -l)" 11
expect_eq 'rows of all but the last' "$(for f in rows/*; do tail -n +2 "$f" | wc -l; done | sort | uniq -c | tr -s ' ' | tr '\n' ';')" ' 1 10; 10 999;'
expect_eq 'headers' "$(for f in rows/*; do head -n 1 "$f"; done | sort -u)" n
cat rows/* | grep -v n | expect_same - <(seq 1 10000)
# A run that writes fewer files leaves none of the former one's behind them: they are kept as backups.
head -n 1501 n.csv >fewer.csv
input=fewer.csv sink 'path: rows/n.csv' 'max_rows: 999' 'if_exists: replace'
expect_exit 0 qetl run p.yaml
expect_eq 'files' "$(files rows | grep -c 'csv$')" 2
expect_eq 'backups' "$(files rows | grep -c 'bak$')" 11
cat rows/*.csv | grep -v n | expect_same - <(seq 1 1500)
input=n.csv sink 'path: "bytes/{#}.csv"' 'max_bytes: 2000'
expect_exit 0 qetl run p.yaml
expect_eq 'none is larger' "$(find bytes -type f -size +2000c | wc -l)" 0
expect_eq 'none but the last is half empty' "$(find bytes -type f -size -1900c | wc -l | grep -c '^[01]$')" 1
cat bytes/* | grep -v n | expect_same - <(seq 1 10000)
input=n.csv sink 'path: zipped/n.csv.gz' 'max_bytes: 4096' 'compression_level: 1'
expect_exit 0 qetl run p.yaml
zcat zipped/* | grep -v n | sort -n | expect_same - <(seq 1 10000)
: >none.csv && printf 'n\n' >header.csv
input=header.csv sink 'path: nil/n.csv' 'max_rows: 5'
expect_exit 0 qetl run p.yaml
printf 'n\n' | expect_file nil/n-00001.csv

# The level changes what is written, and only what takes one has one.
seq 1 50000 | sed '1i n' >large.csv
for ending in gz zst xz bz2 lz4; do
    for level in 1 9; do
        input=large.csv sink "path: level/$level.csv.$ending" "compression_level: $level"
        expect_exit 0 qetl run p.yaml
    done
    cmp -s level/[19].csv.$ending && fail "$ending: both levels are the same"
    expect_exit 0 qetl run --from "level/9.csv.$ending" --to "level/$ending.csv"
    expect_same level/$ending.csv large.csv
done
input=large.csv sink 'path: level/x.csv.gz' 'compression_level: 10'
expect_exit 2 qetl run p.yaml
expect_text err 'gzip has levels from 1 to 9'
input=large.csv sink 'path: level/x.csv' 'compression_level: 1'
expect_exit 2 qetl run p.yaml
expect_text err 'nothing is compressed'

# Against a reader of its own: any values, any order, few descriptors, every compression, by several workers.
cat >make.py <<'PY'
import random, csv, sys
random.seed(int(sys.argv[1]))
letters = ["a", "b", "/", ".", "%", "=", "ä", " ", "\\", ":", "'", '"', "#", "\t", ",", "+", "~"]
values = ["".join(random.choices(letters, k=random.randint(1, 4))) for _ in range(40)]
with open("random.csv", "w", newline="") as f:
    w = csv.writer(f)
    w.writerow(["id", "p", "q", "text"])
    for i in range(20000):
        w.writerow([i, random.choice(values), random.choice(["", 1, 2]), "x" * random.randint(0, 30)])
PY
cat >read.py <<'PY'
import collections, csv, glob, io, os, subprocess, sys, urllib.parse
unpack = {"gz": "gzip", "zst": "zstd", "xz": "xz", "bz2": "bzip2", "lz4": "lz4"}
wanted = [(r["id"], r["p"], r["q"] or None, r["text"]) for r in csv.DictReader(open("random.csv", newline=""))]
got, order = [], collections.defaultdict(list)
for path in glob.glob(sys.argv[1] + "/**/*.csv*", recursive=True):
    tool = unpack.get(path.rsplit(".", 1)[1])
    data = subprocess.run([tool, "-dc", path], capture_output=True, check=True).stdout if tool else open(path, "rb").read()
    keys = {}
    for part in path.split("/")[1:-1]:
        name, value = part.split("=", 1)
        keys[name] = None if value == "__HIVE_DEFAULT_PARTITION__" else urllib.parse.unquote(value)
    rows = list(csv.DictReader(io.StringIO(data.decode())))
    ids = [int(r["id"]) for r in rows]
    assert ids == sorted(ids), path
    got += [(r["id"], keys["p"], keys["q"], r["text"]) for r in rows]
assert sorted(got) == sorted(wanted) or sys.exit("other rows")
print(len(got))
PY
python3 make.py 7
for case in '.csv:1:1' '.csv:200:4' '.csv.gz:3:2' '.csv.zst:2:2' '.csv.xz:2:1' '.csv.bz2:3:2' '.csv.lz4:3:2'; do
    IFS=: read -r ending open workers <<<"$case"
    input=random.csv sink "path: all$ending/r$ending" 'partition_by: [p, q]' "max_open: $open"
    expect_exit 0 qetl run p.yaml --workers "$workers"
    expect_eq "rows of $case" "$(python3 read.py "all$ending" 2>&1 | tail -n 1)" 20000
    rm -rf "all$ending"
done
# With a limit of descriptors far below the number of files.
input=random.csv sink 'path: few/r.csv' 'partition_by: [p, q]' 'max_open: 100000'
(ulimit -n 68 && qetl run p.yaml >out 2>err) || fail 'few descriptors' "$(cat err)"
expect_eq 'rows' "$(python3 read.py few)" 20000

# Rows that the format rejects are counted as ever; nothing is left of a run that fails.
input=random.csv sink 'path: failed/r.csv' 'partition_by: [p, q]'
sed -i 's#in: {plugin: file, path: random.csv}#in: {plugin: file, path: random.csv, format: {type: csv, types: {q: bigint, text: bigint}}}#; 1a max_rejected: 10' p.yaml
expect_exit 1 qetl run p.yaml
expect_eq 'nothing' "$(find failed -mindepth 1 2>/dev/null | wc -l)" 0

# Killed at any time: what has its name is whole, and the next run goes on, or begins anew and removes what is left.
for delay in 0.01 0.03 0.06 0.1 0.15; do
    rm -rf killed
    input=random.csv sink 'path: killed/r.csv' 'partition_by: [p, q]' 'if_exists: replace'
    "$QETL" run p.yaml >/dev/null 2>&1 &
    pid=$!
    sleep "$delay"
    kill -KILL $pid 2>/dev/null
    wait $pid 2>/dev/null # until it is gone: it may be held up in a sync, and its lock with it
    expect_eq "files cut off after $delay" "$(find killed -name r.csv -exec sh -c 'tail -c 1 "$1" | od -An -c | grep -q "\\\\n" || echo "$1"' - {} \; 2>/dev/null | wc -l)" 0
    expect_exit 0 qetl run p.yaml
    find killed -name '*.bak' -delete # of a run that was through
    expect_eq 'rows' "$(python3 read.py killed)" 20000
    expect_eq 'left' "$(find killed -name '.qetl*' | wc -l)" 0
done

# No room: a clear message, and nothing under a final name.
input=large.csv sink 'path: "nospace/{#}.csv"'
(ulimit -f 20 && trap '' XFSZ && qetl run p.yaml >out 2>err)
expect_eq 'exit' $? 3
expect_text err 'File too large'
expect_eq 'nothing' "$(find nospace -mindepth 1 | wc -l)" 0
