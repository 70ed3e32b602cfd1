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

# Marks of their own: delimiters, quotes, escapes, comments, blanks.
printf 'a||b\n1||x|y\n2||"p||q"\n' >in.csv
read_as 'delimiter: "||"'
expect_file out.ndjson <<'E'
{"a":1,"b":"x|y"}
{"a":2,"b":"p||q"}
E
printf 'a\tb\n1\t\\N\n2\t"x"\\\ty\\nz\\\\\n3\tl1\\\nl2\n4\tN\n' >in.csv
read_as 'delimiter: "\t", quote: "", escape: "\\", escape_codes: true, null: ["\\N"]'
expect_file out.ndjson <<'E'
{"a":1,"b":null}
{"a":2,"b":"\"x\"\ty\nz\\"}
{"a":3,"b":"l1\nl2"}
{"a":4,"b":"N"}
E
read_as 'delimiter: "\t", quote: "", escape: "\\"'
expect_eq 'no codes' "$(sed -n 2p out.ndjson)" '{"a":2,"b":"\"x\"\tynz\\"}'
printf '# a, "b\n#\na,b\n1,x\n# 2, "y\n\n3,"#"\n' >in.csv
read_as 'comment: "#", blank_lines: skip'
expect_file out.ndjson <<'E'
{"a":1,"b":"x"}
{"a":3,"b":"#"}
E
read_as 'comment: "#"'
expect_eq 'a blank line' "$(jq -r .code dead-letters/*)" ragged_row
printf 'a , b\n 1 , " x "\n2,y z \n' >in.csv
read_as 'trim: unquoted'
expect_file out.ndjson <<'E'
{"a":1,"b":" x "}
{"a":2,"b":"y z"}
E
read_as 'trim: all'
expect_eq 'blanks within quotes' "$(head -n 1 out.ndjson)" '{"a":1,"b":"x"}'
printf 'a,b\r1,"x\ry"\r2,z' >in.csv
read_as 'header: true'
expect_file out.ndjson <<'E'
{"a":1,"b":"x\ry"}
{"a":2,"b":"z"}
E

# Numbers and dates as a country writes them.
printf 'n;d;t;w\n1.234,5;31.01.2024;9:05 PM;1.1.24\n-12;29.02.2024;12:00 am;31.12.99\n1,25;;;\n' >in.csv
read_as 'decimal_mark: ",", thousands: ".", date_format: "%d.%m.%Y", time_format: "%I:%M %p", formats: {w: "%d.%m.%y"}'
expect_file out.ndjson <<'E'
{"n":1234.5,"d":"2024-01-31","t":"21:05:00","w":"2024-01-01"}
{"n":-12,"d":"2024-02-29","t":"00:00:00","w":"1999-12-31"}
{"n":1.25,"d":null,"t":null,"w":null}
E
printf 'n;d;s\n1.2;1.2.2024;01/Feb/2024:10:00:00 +0130\n1,5;30.02.2024;01/Feb/2024:10:00:00 Z\n1,5;1.3.2024;x\n' >in.csv
read_as 'decimal_mark: ",", thousands: ".", types: {n: double, d: date, s: timestamptz}, date_format: "%d.%m.%Y", timestamp_format: "%d/%b/%Y:%H:%M:%S %z"'
expect_eq 'what is no number and no date' "$(jq -r .code dead-letters/* | paste -sd ' ')" 'bad_number bad_date bad_timestamp'
printf 'n;s\n1,5;01/Feb/2024:10:00:00 +0130\n' >in.csv
read_as 'decimal_mark: ",", timestamp_format: "%d/%b/%Y:%H:%M:%S %z"'
expect_file out.ndjson <<'E'
{"n":1.5,"s":"2024-02-01T10:00:00+01:30"}
E
# The mark between thousands: 1.234 in groups, and what is no group.
for mark in "," " " "'" "_" "\u00a0" "\u202f"; do
    printf "a;b\n1%b234%b567.5;x\n12%b34;y\n" "$mark" "$mark" "$mark" >in.csv
    read_as "delimiter: ';', thousands: \"$mark\", types: {a: double}"
    expect_eq "thousands: '$mark'" "$(cat out.ndjson)" '{"a":1234567.5,"b":"x"}'
    expect_eq 'a group that is too short' "$(jq -r .code dead-letters/*)" bad_number
done
cat >hint.yaml <<'YAML'
{sources: {a: {plugin: file, path: in.csv, format: csv}},
 sinks: {o: {plugin: file, input: a, path: hint.ndjson, if_exists: replace}}}
YAML
printf 'n;m\n1,500;7\n1.234,250;8.5\n' >in.csv
expect_exit 0 qetl run hint.yaml
expect_text err 'column n looks like numbers with a decimal comma'
printf '1,2\n3,4\n' >in.csv
expect_exit 0 qetl run hint.yaml
expect_text err 'the first row looks like data'

# Encodings of more than a byte a character, and those that are found.
printf 'a,b\n1,"\xc3\xa4\n\xe6\x80\xa5"\n2,\xe2\x82\xac\n' >plain.csv
printf 'a,b\n1,"x\n\xe6\x80\xa5"\n2,y\n' >japanese.csv
for encoding in utf-16 utf-16le utf-16be gb18030 shift_jis euc-jp; do
    cp plain.csv in.utf8
    case $encoding in shift_jis | euc-jp) cp japanese.csv in.utf8 ;; esac
    iconv -f utf-8 -t "$encoding" in.utf8 >in.csv
    read_as "encoding: $encoding"
    mv out.ndjson "$encoding.ndjson"
    cp in.utf8 in.csv
    read_as 'encoding: utf-8'
    expect_same "$encoding.ndjson" out.ndjson
    write_as "encoding: $encoding"
    iconv -f "$encoding" -t utf-8 out.csv >back.csv
    expect_same in.utf8 back.csv
done
iconv -f utf-8 -t utf-16 plain.csv >in.csv
read_as 'encoding: utf-8'
expect_same utf-16.ndjson out.ndjson
iconv -f utf-8 -t utf-16be plain.csv >in.csv
read_as 'encoding: detect'
expect_same utf-16.ndjson out.ndjson
printf 'a,b\n1,\xe4\xfc\n' >in.csv
read_as 'encoding: detect'
expect_eq 'found' "$(cat out.ndjson)" '{"a":1,"b":"äü"}'
cp plain.csv in.csv
write_as 'encoding: latin1'
expect_eq 'characters that are not there' "$(jq -r .code dead-letters/* | uniq -c | tr -s ' ')" ' 2 unwritable_row'

# Written in a dialect and read again, everything stands as before.
printf 'n,t,d\n1.5,"x||y;z\t""q"" \\ '"'p'"'",2024-01-31\n,"#two\nlines",\n-2.0,"",2024-02-29\n3.0,NA,\n4.0, b ,2024-03-01\n' >in.csv
# there_and_back DIALECT
there_and_back() {
    rm -rf dead-letters a.out b.csv
    cat >p.yaml <<YAML
{sources: {a: {plugin: file, path: in.csv, format: {type: csv, types: {d: date}}}},
 sinks: {o: {plugin: file, input: a, path: a.out, format: {type: csv, null: [nil], $1}}}}
YAML
    expect_exit 0 qetl run p.yaml --json
    cat >p.yaml <<YAML
{sources: {a: {plugin: file, path: a.out, format: {type: csv, types: {d: date}, null: [nil], $1}}},
 sinks: {o: {plugin: file, input: a, path: b.csv, format: {type: csv, null: [""]}}}}
YAML
    expect_exit 0 qetl run p.yaml --json
    expect_same in.csv b.csv
    expect_absent dead-letters
}
there_and_back 'delimiter: "||"'
there_and_back "quote: \"'\", comment: '#', quoting: all"
there_and_back 'escape: "\\", delimiter: ";", decimal_mark: ","'
there_and_back 'quote: "", escape: "\\", escape_codes: true, delimiter: "\t"'
there_and_back 'newline: cr, encoding: utf-16be, bom: true'
there_and_back 'newline: crlf, delimiter: "¦", date_format: "%d %b %Y"'
there_and_back 'encoding: gb18030, trim: unquoted'

# Apostrophes are the quotes where nothing else makes a table, which is said; where they need not be, that is said.
printf "id,name\n1,'a, b'\n2,'c''d'\n" >in.csv
expect_exit 0 qetl run --from in.csv --to o.ndjson
expect_file o.ndjson <<'E'
{"id":1,"name":"a, b"}
{"id":2,"name":"c'd"}
E
expect_text err 'cells stand in apostrophes, which are taken for quotes'
expect_exit 0 qetl preview in.csv
expect_text out "delimiter ',' .detected., quote ', header"
printf "id,name\n1,'a'\n" >in.csv
expect_exit 0 qetl run --from in.csv --to o2.ndjson
expect_eq 'kept' "$(cat o2.ndjson)" "{\"id\":1,\"name\":\"'a'\"}"
expect_text err 'cells stand in apostrophes, which are read as part of them'
# A return in a header that ends no line, in a dialect of its own; one that does, in UTF-16.
printf 'a,b\r1,2\r3,4\n5,6\n' >in.csv
expect_exit 1 qetl run --from in.csv --to o3.ndjson -s 'sources.in.format={"type":"csv","comment":"#"}'
expect_text err 'carriage return without a line feed'
python3 -c 'open("in.csv", "wb").write("a,b\r1,x\r2,y\r".encode("utf-16"))'
expect_exit 0 qetl run --from in.csv --to o4.ndjson
expect_eq 'rows' "$(wc -l <o4.ndjson)" 2
