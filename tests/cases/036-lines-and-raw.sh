#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Text by the line and files as a whole: what each option changes, in reading and in writing.
. "$(dirname "$0")/lib.sh"

# run_as FORMAT: in.txt read so, as NDJSON in out.ndjson
run_as() {
    rm -rf out.ndjson dead-letters
    echo "{sources: {a: {plugin: file, path: ${input:-in.txt}, format: $1}}, sinks: {o: {plugin: file, input: a, path: out.ndjson}}}" >p.yaml
    expect_exit 0 qetl run p.yaml --json
    cp out report.json
}
rejected() {
    expect_json report.json ".summary.balanced and .summary.rows_rejected == $1"
}

printf '\xef\xbb\xbfone\r\n\ntwo\twords\nlast\r' >in.txt
run_as lines
expect_file out.ndjson <<'E2'
{"line":"one"}
{"line":""}
{"line":"two\twords"}
{"line":"last\r"}
E2
run_as '{type: lines, column: text, blank: skip, carriage_return: keep, file_column: file, offset_column: at}'
expect_file out.ndjson <<'E2'
{"text":"one\r","file":"in.txt","at":3}
{"text":"two\twords","file":"in.txt","at":9}
{"text":"last\r","file":"in.txt","at":19}
E2
run_as '{type: lines, max_bytes: 5}'
rejected 1
expect_eq 'the reason' "$(jq -r '.code + " " + .original' dead-letters/*)" 'oversize_record two	words'
run_as '{type: lines, encoding: binary}'
expect_eq 'the mark stays in bytes' "$(head -n 1 out.ndjson)" '{"line":"77u/b25l"}'

printf 'a\0b\nc\0\0' >in.txt
run_as "{type: lines, separator: '\\0'}"
expect_file out.ndjson <<'E2'
{"line":"a"}
{"line":"b\nc"}
{"line":""}
E2
printf 'a aab aaac' >in.txt
run_as '{type: lines, separator: aa}'
expect_eq 'separators of several bytes' "$(jq -r .line out.ndjson | paste -sd,)" 'a ,b ,ac'
run_as "{type: lines, separator: '\\x61\\x20'}"
expect_eq 'bytes in hexadecimal' "$(jq -r .line out.ndjson | paste -sd,)" ',aab aaac'
echo "{sources: {a: {plugin: file, path: in.txt, format: {type: lines, separator: '\\q'}}}, sinks: {o: {plugin: 'null', input: a}}}" >p.yaml
expect_exit 2 qetl run p.yaml
expect_text err 'separator'

printf 'gr\xfc\xdf \x80\n\x81\nok\n' >in.txt
run_as lines
rejected 2
expect_eq 'bad_utf8' "$(jq -r .code dead-letters/* | sort -u)" bad_utf8
run_as '{type: lines, encoding: windows-1252}'
rejected 1
expect_eq 'windows-1252' "$(head -n 1 out.ndjson)" '{"line":"grüß €"}'
run_as '{type: lines, invalid: replace}'
rejected 0
expect_eq 'replaced' "$(jq -r .line out.ndjson | paste -sd,)" 'gr�� �,�,ok'

# Writing: a column among several, NULL, what a line cannot hold.
printf 'id,t\n1,x\n2,\n3,"a\nb"\n4,"=y"\n' >in.csv
write_as() {
    rm -rf out.txt dead-letters
    echo "{sources: {a: {plugin: file, path: in.csv}}, sinks: {o: {plugin: file, input: a, path: out.txt, format: $1}}}" >p.yaml
    expect_exit "${2:-0}" qetl run p.yaml --json
    cp out report.json
}
write_as lines 2
expect_text out 'none is called'
write_as '{type: lines, column: t}'
rejected 1
expect_eq 'blank for NULL' "$(paste -sd, out.txt)" 'x,,=y'
expect_eq 'separator_in_text' "$(jq -r .code dead-letters/*)" separator_in_text
write_as '{type: lines, column: t, nulls: reject, separator: "|"}'
rejected 1
expect_eq 'nulls rejected' "$(od -An -c out.txt | tr -d ' \n')" 'x|a\nb|=y|'
write_as '{type: lines, column: id, separator: "\r\n"}'
expect_eq 'numbers, CRLF' "$(od -An -c out.txt | tr -d ' \n')" '1\r\n2\r\n3\r\n4\r\n'
write_as '{type: raw, column: t}'
expect_eq 'raw' "$(od -An -c out.txt | tr -d ' \n')" 'xa\nb=y'
write_as '{type: raw, column: t, nulls: reject}'
rejected 1

# A round trip, byte for byte, and lines of every length against other tools.
awk 'BEGIN { for (i = 0; i < 3000; i++) { s = ""; for (k = 0; k < i % 311; k++) s = s "ä"; print s i } }' >in.txt
write_lines() { echo "{sources: {a: {plugin: file, path: in.txt, format: lines}}, sinks: {o: {plugin: file, input: a, path: copy.txt}}}" >p.yaml; }
write_lines
expect_exit 0 qetl run p.yaml
expect_same in.txt copy.txt
expect_exit 0 qetl run --from in.txt --where "line LIKE '%ä299'" --to - --to-format lines
grep 'ä299$' in.txt >wanted
expect_same out wanted

# Files as a whole: empty ones, bytes, names, sizes, limits.
mkdir d
printf '' >d/empty
printf 'x\0\xff' >d/bytes
printf 'text' >d/text
input=d
run_as '{type: raw, size_column: n}'
expect_file out.ndjson <<'E2'
{"content":"eAD/","file":"d/bytes","n":3}
{"content":"","file":"d/empty","n":0}
{"content":"dGV4dA==","file":"d/text","n":4}
E2
rejected 0
run_as '{type: raw, as: text, column: body, file_column: ""}'
rejected 1
expect_file out.ndjson <<'E2'
{"body":""}
{"body":"text"}
E2
run_as '{type: raw, max_bytes: 3}'
rejected 1
expect_eq 'larger than max_bytes' "$(jq -r '.code + " " + .object' dead-letters/*)" 'oversize_record d/text'
head -c 5000000 /dev/urandom >d/text
echo '{sources: {a: {plugin: file, path: d/text, format: raw}}, sinks: {o: {plugin: file, input: a, path: copy.bin, format: {type: raw, column: content}}}}' >p.yaml
expect_exit 0 qetl run p.yaml
expect_same d/text copy.bin
