#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What options of csv change, in reading and in writing.
. "$(dirname "$0")/lib.sh"

# read_as OPTIONS: in.csv with these options, as NDJSON in out.ndjson
read_as() {
    rm -rf out.ndjson dead-letters
    cat >p.yaml <<YAML
{sources: {a: {plugin: file, path: in.csv, format: {type: csv, $1}}},
 sinks: {o: {plugin: file, input: a, path: out.ndjson}}}
YAML
    expect_exit 0 qetl run p.yaml --json
    cp out report.json
}

# write_as OPTIONS: in.csv written with these options to out.csv
write_as() {
    rm -rf out.csv dead-letters
    cat >p.yaml <<YAML
{sources: {a: {plugin: file, path: in.csv, format: {type: csv}}},
 sinks: {o: {plugin: file, input: a, path: out.csv, format: {type: csv, $1}}}}
YAML
    expect_exit 0 qetl run p.yaml --json
}

printf '\xef\xbb\xbfmade by "a program\n\na,b\n1,x\n2\n3,y,z\n4,"u\nv"\n5,' >in.csv
read_as 'skip_lines: 2'
expect_file out.ndjson <<'E'
{"a":1,"b":"x"}
{"a":4,"b":"u\nv"}
{"a":5,"b":null}
E
expect_json report.json '.summary.rows_rejected == 2'
read_as 'skip_lines: 2, ragged: pad'
expect_file out.ndjson <<'E'
{"a":1,"b":"x"}
{"a":2,"b":null}
{"a":4,"b":"u\nv"}
{"a":5,"b":null}
E
expect_json report.json '.summary.rows_rejected == 1'
expect_eq 'what was rejected' "$(jq -r .original dead-letters/*)" '3,y,z'
read_as 'skip_lines: 2, ragged: pad, names: [id, "the text"]'
expect_eq 'names' "$(head -n 1 out.ndjson)" '{"id":1,"the text":"x"}'
read_as 'skip_lines: 3, header: false, ragged: pad, names: [p, q]'
expect_eq 'names without a header' "$(head -n 1 out.ndjson)" '{"p":1,"q":"x"}'
sed -i 's/format: {type: csv, .*}}},/format: {type: csv, skip_lines: 2, names: [one]}}},/; s/out\.ndjson/other.ndjson/' p.yaml
expect_exit 2 qetl run p.yaml
expect_text err 'names has 1 names, and the first row 2 cells'

# Two files, each with its lines to skip; short rows of many columns, memory in bounds.
for i in 1 2; do
    { echo "file $i"; seq -s, 1 300; seq 1 3000; } >part-$i.csv
done
cat >p.yaml <<'YAML'
{sources: {a: {plugin: file, path: "part-*.csv", format: {type: csv, skip_lines: 1, ragged: pad}}},
 sinks: {o: {plugin: file, input: a, path: padded.csv}}}
YAML
peak=$(peak_kib "$QETL" run p.yaml -q)
expect_eq 'rows' "$(wc -l <padded.csv)" 6001
expect_eq 'cells' "$(tail -n 1 padded.csv | tr -cd , | wc -c)" 299
[ -n "$QETL_SANITIZER" ] || { [ "$peak" -le 300000 ] && pass "peak $peak KiB" || fail "peak $peak KiB"; }

# Encodings: what iconv makes of the file.
python3 -c 'open("in.csv", "wb").write(b"n\xe4me,x\n" + b"".join(b"%d\xe9\xfc,%d\n" % (i, i) for i in range(2000)) + b"\x80,7\n\"\xc4,\"\"\",8\n")'
read_as 'encoding: latin1'
iconv -f latin1 -t utf-8 in.csv >utf8.csv
mv out.ndjson latin1.ndjson
mv utf8.csv in.csv
read_as 'encoding: utf-8'
expect_same latin1.ndjson out.ndjson
printf 'a\n\x80\n\x81\nx\n' >in.csv
read_as 'encoding: windows-1252'
expect_eq 'the sign' "$(head -n 1 out.ndjson)" '{"a":"€"}'
expect_eq 'no meaning' "$(jq -r .code dead-letters/*)" 'bad_utf8'

# Writers.
printf 'n,t,d\n1,x,2024-01-31\n,,\n-2.50,"a ""b""",2024-02-29\n' >in.csv
write_as 'quoting: minimal'
expect_same in.csv out.csv
write_as 'quoting: all'
expect_file out.csv <<'E'
"n","t","d"
"1","x","2024-01-31"
,,
"-2.50","a ""b""","2024-02-29"
E
write_as 'quoting: nonnumeric, bom: true'
{ printf '\xef\xbb\xbf'; cat <<'E'; } >wanted
"n","t","d"
1,"x","2024-01-31"
,,
-2.50,"a ""b""","2024-02-29"
E
expect_same wanted out.csv
printf 'n,t\n-1,=1+1\n2,-5\n3,-5+1\n4,@SUM(A1)\n5,\t=1\n6,"+1 ""2"""\n7,a=b\n' >in.csv
write_as 'spreadsheet_safe: true'
expect_file out.csv <<'E'
n,t
-1,"'=1+1"
2,-5
3,"'-5+1"
4,"'@SUM(A1)"
5,"'	=1"
6,"'+1 ""2"""
7,a=b
E
