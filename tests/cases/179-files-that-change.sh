#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Files that are not what they were: cut off within their compression, growing while they are read, folders
# that lead back into themselves. Never a silent loss, never half an output.
. "$(dirname "$0")/lib.sh"

awk 'BEGIN { srand(3); print "id,t"; for (i = 1; i <= 60000; i++) print i "," rand() }' >plain.csv
gzip -k plain.csv
bzip2 -k plain.csv
xz -k -1 plain.csv
zstd -q plain.csv
lz4 -qc plain.csv >plain.csv.lz4
for ending in gz bz2 xz zst lz4; do
    size=$(stat -c %s plain.csv.$ending)
    good=0
    for keep in 40 $((size / 7)) $((size / 3)) $((size / 2)) $((size * 9 / 10)) $((size - 9)) $((size - 1)); do
        head -c "$keep" plain.csv.$ending >cut.csv.$ending
        rm -f out.csv letters.ndjson
        qetl run --from cut.csv.$ending --to out.csv --json-file report.json -s dead_letters=letters.ndjson >out 2>err </dev/null
        code=$?
        rows=$(jq '.result.components[]? | select(.kind == "source").rows_out' report.json)
        [ "$code" = 1 ] && grep -q "cut.csv.$ending: the " err && grep -q 'mend:' err && [ ! -e out.csv ] && [ "${rows:-0}" -le 60000 ] && good=$((good + 1))
    done
    expect_eq ".$ending cut off at seven places: exit 1, named, with a mend, no output" "$good" 7
    expect_text err 'offset'
done

# A file that grows while it is read: what stood there when it was opened, or more, in whole rows.
head -c 200000 plain.csv >growing.csv
(for part in 1 2 3 4; do
    sleep 0.02
    tail -c +$((200001 + (part - 1) * 50000)) plain.csv | head -c 50000
done) >>growing.csv &
expect_exit 0 qetl run --from growing.csv --to grown.csv -s dead_letters=letters.ndjson --json-file report.json
wait
expect_json report.json '.summary.balanced and .summary.rows_in >= 9000'
expect_same <(head -c "$(($(wc -c <grown.csv) - 100))" grown.csv) <(head -c "$(($(wc -c <grown.csv) - 100))" plain.csv)

# Folders that lead back into themselves.
mkdir -p in/a/b
printf 'id\n1\n' >in/a/b/x.csv
printf 'id\n2\n' >in/y.csv
ln -s ../.. in/a/b/up
ln -s . in/here
ln -s a in/again
expect_exit 0 qetl run --from 'in/**/*.csv' --to - --to-format csv -q
expect_eq 'each file once' "$(paste -sd' ' out)" 'id 1 2'
expect_exit 0 qetl run --from in --to - --to-format csv -q -s sources.in.depth=9 --from-format csv
expect_eq 'each file of the folder once' "$(paste -sd' ' out)" 'id 1 2'
