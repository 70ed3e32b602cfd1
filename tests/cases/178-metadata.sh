#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Columns that say where a row comes from: of every format, with rejected rows, several files, archives,
# compression, any number of workers; files that are followed keep their numbers and headers.
. "$(dirname "$0")/lib.sh"

mkdir in
printf '# c\nid,t\n1,a\nbad\n2,b\n' >in/a.csv
printf 'id,t\n3,c\n4,d\n' | gzip >in/b.csv.gz
printf 'id,t\n' >in/empty.csv
mkdir z && printf 'id,t\n5,x\n' >z/d.csv && printf 'id,t\n6,y\n7,z\n' >z/e.csv
tar -cf in/z.tar z
touch -d '2024-02-29T12:34:56.123456Z' in/*
cat >p.yaml <<'YAML'
dead_letters: letters.ndjson
sources: {a: {plugin: file, path: "in/*", metadata: [path, name, mtime, row, byte_offset], format: {type: csv, comment: "#"}}}
transforms: {f: {plugin: filter, input: a, where: "row > 1 or name = 'd.csv'"}}
sinks:
  all: {plugin: file, input: a, path: all.csv}
  some: {plugin: file, input: f, path: some.csv}
YAML
for way in '--workers 1' '--workers 2' '--driver pull' '--mode stream --workers 3'; do
    rm -f all.csv some.csv letters.ndjson
    # shellcheck disable=SC2086
    expect_exit 0 qetl run p.yaml --json-file report.json $way
    expect_file all.csv <<'END'
id,t,path,name,mtime,row,byte_offset
1,a,in/a.csv,a.csv,2024-02-29 12:34:56.123456+00,1,9
2,b,in/a.csv,a.csv,2024-02-29 12:34:56.123456+00,3,17
3,c,in/b.csv.gz,b.csv.gz,2024-02-29 12:34:56.123456+00,1,5
4,d,in/b.csv.gz,b.csv.gz,2024-02-29 12:34:56.123456+00,2,9
5,x,in/z.tar!z/d.csv,d.csv,2024-02-29 12:34:56.123456+00,1,5
6,y,in/z.tar!z/e.csv,e.csv,2024-02-29 12:34:56.123456+00,1,5
7,z,in/z.tar!z/e.csv,e.csv,2024-02-29 12:34:56.123456+00,2,9
END
    expect_eq "$way: an expression reads them" "$(cut -d, -f1 some.csv | paste -sd' ')" 'id 2 4 5 7'
    expect_eq "$way: a dead letter has the same number" "$(jq .row letters.ndjson)" 2
    expect_json report.json '.summary.balanced and .summary.rows_out == 11'
done

expect_exit 0 qetl preview p.yaml
expect_text out '^ +bigint +text +text +text +timestamp with … +bigint +bigint'

printf 'a\nbb\n\nc\n' >l.txt
printf '{"a":1}\n{"a":2}\n' >n.ndjson
printf '[{"a":1},\n{"a":2}]' >j.json
printf '\001\000\002\000' >b.bin
one() { # FILE FORMAT WANTED: number and offset of each row
    expect_exit 0 qetl run --from "$1" --from-format "$2" --to - --to-format csv -q -s 'sources.in.metadata={nr: row, at: byte_offset, of: name, size: size}' "${@:4}"
    expect_eq "$2: rows" "$(sed 1d out | rev | cut -d, -f-4 | rev | paste -sd' ')" "$3"
}
one l.txt lines '1,0,l.txt,8 2,2,l.txt,8 3,5,l.txt,8 4,6,l.txt,8'
one l.txt raw '1,0,l.txt,8'
one n.ndjson ndjson '1,0,n.ndjson,16 2,8,n.ndjson,16'
one b.bin binary '1,0,b.bin,4 2,2,b.bin,4' -s 'sources.in.format={type: binary, struct: "<h"}'
one j.json json '1,1,j.json,18 2,10,j.json,18'
qetl run --from n.ndjson --to x.xlsx -q
expect_exit 0 qetl run --from x.xlsx --to - --to-format csv -q -s 'sources.in.metadata={line: row, of: name}'
expect_eq 'xlsx: rows' "$(sed 1d out | paste -sd' ')" '1,1,x.xlsx 2,2,x.xlsx'
printf 'id\n1\n' | timeout 20 "$QETL" run --from - --from-format csv --to - --to-format csv -q -s 'sources.in.metadata=[path,size,mtime]' >out 2>err
expect_eq 'a stream has no size' "$(sed 1d out)" '1,-,,'
cp l.txt $'bad\xffname.txt'
expect_exit 0 qetl run --from 'bad*' --from-format raw --to - --to-format csv -q -s 'sources.in.metadata=[name]'
expect_text out $'bad\xef\xbf\xbdname.txt'
expect_text err 'the name is no UTF-8'

# mistakes
expect_exit 2 qetl run p.yaml -s 'sources.a.metadata={id: row}'
expect_text err "a column 'id' shall be added, and the input has one already"
expect_text err 'give the one that is added another name'
expect_exit 2 qetl run p.yaml -s 'sources.a.metadata=[row, row]'
expect_text err "there is a column 'row' already"
expect_exit 2 qetl run p.yaml -s 'sources.a.metadata=[rwo]'
expect_text err 'did you mean `row`'

# many chunks, decoded in any order, with rejected rows of both kinds
mkdir big
awk 'BEGIN { srand(7); for (f = 0; f < 3; f++) { file = "big/" f ".csv"; print "id,v" >file
    for (i = 1; i <= 40000; i++) print rand() < .01 ? i : i "," substr("xxxxxxxxxxxxxxxxxxxx", 1, 20 * rand()) >file } }'
for workers in 1 2 5; do
    rm -f big.csv letters.ndjson
    expect_exit 0 qetl run --from 'big/*.csv' --to big.csv --workers $workers -q -s batch_bytes=64KiB -s dead_letters=letters.ndjson \
        -s 'sources.in.metadata={f: name, n: row}'
    expect_eq "$workers workers: rows whose number is another" "$(awk -F, 'NR > 1 && $1 != $4' big.csv | wc -l)" 0
    expect_eq "$workers workers: all rows" "$(($(wc -l <big.csv) - 1 + $(wc -l <letters.ndjson)))" 120000
done

# followed: an object that pauses goes on with its own header, and its own numbers
mkdir log
printf 'id,t\n1,a\n' >log/a.csv
printf 't,id\nb,2\n' >log/b.csv
holds() {
    for ((tries = 0; tries < 3000; tries++)); do
        [ -e "$1" ] && [ "$(wc -l <"$1")" -ge "$2" ] && break
        sleep 0.01
    done
}
background "$QETL" run --from 'log/*.csv' --to follow.csv -s sources.in.follow=true -s 'sources.in.metadata={f: name, n: row}'
holds follow.csv 3
printf '3,c\n' >>log/a.csv
holds follow.csv 4
printf 'd,4\n' >>log/b.csv
holds follow.csv 5
printf '5,e\n' >>log/a.csv
holds follow.csv 6
interrupt_and_wait INT
expect_eq 'ends in good order' "$code" 0
expect_file follow.csv <<'END'
id,t,f,n
1,a,a.csv,1
2,b,b.csv,1
3,c,a.csv,2
4,d,b.csv,2
5,e,a.csv,3
END
