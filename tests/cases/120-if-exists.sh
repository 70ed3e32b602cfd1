#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# An output that is there already: error, append or replace with a backup.
. "$(dirname "$0")/lib.sh"

printf 'id\n1\n2\n' >in.csv
pipeline() {
    cat >p.yaml <<YAML
name: again
sources:
  a: {plugin: file, path: in.csv}
sinks:
  out: {plugin: file, input: a, path: $2, if_exists: $1}
YAML
}
pipeline error out.ndjson
expect_exit 0 qetl run p.yaml
cp out.ndjson first
expect_exit 2 qetl run p.yaml
expect_text err 'out\.ndjson'
expect_text err 'if_exists'
expect_same out.ndjson first

pipeline append out.ndjson
expect_exit 0 qetl run p.yaml
cat first first | expect_file out.ndjson

pipeline replace out.ndjson
expect_exit 0 qetl run p.yaml
expect_same out.ndjson first
backup=$(find . -maxdepth 1 -name 'out.ndjson?*' | head -n 1)
expect_eq 'one backup' "$(find . -maxdepth 1 -name 'out.ndjson?*' | wc -l)" 1
cat first first | expect_file "${backup:-none}"

# Appending to a CSV file writes no second header.
pipeline append out.csv
expect_exit 0 qetl run p.yaml
expect_exit 0 qetl run p.yaml
expect_file out.csv <<'CSV'
id
1
2
1
2
CSV
# Columns in another order, or others, would stand under the wrong names.
cp out.csv before.csv
printf 'name,id\nx,3\n' >two.csv
append() { qetl run --from "$1" --to "$2" -s sinks.out.if_exists=append "${@:3}"; }
expect_exit 2 append two.csv out.csv
expect_text err "has the header 'name,id', but what stands there begins with 'id'"
expect_same out.csv before.csv
expect_exit 2 append two.csv out.csv --select 'id,name'
expect_same out.csv before.csv
expect_exit 0 append two.csv out.csv --select id
tail -n 1 out.csv >last && expect_file last <<'CSV'
3
CSV
# A mark at its beginning and other line ends are no other header; without a header there is none to compare.
printf '\357\273\277id\r\n1\r\n' >dos.csv
expect_exit 0 append in.csv dos.csv
expect_eq 'appended' "$(wc -l <dos.csv)" 4
expect_exit 0 append two.csv dos.csv -s sinks.out.format.type=csv -s sinks.out.format.header=false
expect_eq 'appended without a header' "$(tail -n 1 dos.csv)" 'x,3'
# Compressed files are looked into.
for end in gz zst xz bz2 lz4; do
    expect_exit 0 qetl run --from in.csv --to "out.csv.$end"
    cp "out.csv.$end" packed
    expect_exit 2 append two.csv "out.csv.$end"
    expect_text err "begins with 'id'"
    expect_same "out.csv.$end" packed
    expect_exit 0 append in.csv "out.csv.$end"
    expect_exit 0 qetl run --from "out.csv.$end" --to "all.$end.csv"
    expect_file "all.$end.csv" <<'CSV'
id
1
2
1
2
CSV
done
printf 'id\n1\n2' | gzip >open.csv.gz
cp open.csv.gz packed
expect_exit 3 append in.csv open.csv.gz
expect_text err 'its last line has no newline'
expect_same open.csv.gz packed
head -c 20 out.csv.gz >cut.csv.gz
cp cut.csv.gz packed
expect_exit 1 append in.csv cut.csv.gz
expect_text err 'cannot be unpacked'
expect_same cut.csv.gz packed

# The default is error.
expect_exit 2 qetl run --from in.csv --to out.csv
