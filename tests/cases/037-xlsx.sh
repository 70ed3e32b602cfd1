#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Workbooks: what each option changes in reading and in writing, and what is refused.
. "$(dirname "$0")/lib.sh"

python=python3
$python -c 'import openpyxl' 2>/dev/null || python=/usr/bin/python3
$python -c 'import openpyxl' 2>/dev/null || skip_all 'python3-openpyxl is not there'

# read_as OPTIONS [EXIT]: ${book:-in.xlsx} with these options, as NDJSON in out.ndjson
read_as() {
    rm -rf out.ndjson dead-letters
    echo "{sources: {a: {plugin: file, path: ${book:-in.xlsx}, format: {type: xlsx, $1}}}, sinks: {o: {plugin: file, input: a, path: out.ndjson}}}" >p.yaml
    expect_exit "${2:-0}" qetl run p.yaml --json
    cp out report.json
}
rejected() {
    expect_json report.json ".summary.balanced and .summary.rows_rejected == $1"
}
refused() { # BOOK TEXT
    book=$1 read_as "${3:-}" "${4:-1}"
    expect_json report.json ".error | tostring | test(\"$2\")"
    expect_absent out.ndjson
}

$python - <<'P'
import datetime as d, openpyxl
wb = openpyxl.Workbook()
ws = wb.active
ws.title = "Orders"
ws.append(["id", "text", "n", "at", "day", "t", "ok", "span", "id", None, "mix"])
ws.append([1, "=no", 0.1, d.datetime(2024, 2, 29, 13, 30, 1, 250000), d.date(1999, 12, 31), d.time(1, 2, 3), True, d.timedelta(hours=30), 7, "x", 1])
ws.append([])
ws.append([2, "ä_x0041_", 1e300, d.datetime(1900, 3, 1), None, None, False, None, None, None, "two"])
ws.append([9007199254740993 - 1, "a\nb", -3, None, d.date(2024, 1, 1), d.time(23, 59, 59), None, None, None, None, True])
ws["B2"].data_type = "s"
two = wb.create_sheet("Two")
for row, cells in enumerate([["note"], [], ["h", "k", "h"], [1, "#N/A", "p"], [2, "v", "q"], ["x", "w", "r"]], 1):
    for column, value in enumerate(cells, 3):
        two.cell(row, column, value)
two["D4"].data_type = "e"
wb.save("in.xlsx")
wb.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
wb.save("mac.xlsx")
P

read_as ''
expect_file out.ndjson <<'E2'
{"id":1,"text":"=no","n":0.1,"at":"2024-02-29T13:30:01.25","day":"1999-12-31","t":"01:02:03","ok":true,"span":"30:00:00","id_2":7,"J":"x","mix":"1"}
{"id":2,"text":"äA","n":1e+300,"at":"1900-03-01T00:00:00","day":null,"t":null,"ok":false,"span":null,"id_2":null,"J":null,"mix":"two"}
{"id":9007199254740992,"text":"a\nb","n":-3,"at":null,"day":"2024-01-01","t":"23:59:59","ok":null,"span":null,"id_2":null,"J":null,"mix":"true"}
E2
cp out.ndjson whole.ndjson
book=mac.xlsx read_as 'range: "A1:C2"'
expect_eq 'a range' "$(cat out.ndjson)" '{"id":1,"text":"=no","n":0.1}'
book=mac.xlsx read_as 'range: "D:E"'
expect_eq 'days from 1904' "$(head -n 1 out.ndjson)" '{"at":"2024-02-29T13:30:01.25","day":"1999-12-31"}'
read_as 'range: "A1:B5", blank_rows: keep'
expect_eq 'blank rows' "$(sed -n 2p out.ndjson)" '{"id":null,"text":null}'
read_as 'range: "A:A", header: false'
expect_eq 'no header' "$(jq -c .A out.ndjson | paste -sd,)" '"id","1","2","9007199254740992"'
read_as 'range: "A:C", types: {id: text, n: "decimal(5,1)"}'
rejected 1
expect_eq 'declared types' "$(head -n 1 out.ndjson)" '{"id":"1","text":"=no","n":0.1}'
expect_text <(cat dead-letters/*) 'cell C4: .1e\+300. is no decimal'
read_as 'range: "A:K", sample_rows: 1'
rejected 2
expect_eq 'of one row' "$(jq -r .code dead-letters/* | sort -u)" bad_value

read_as 'sheet: Two, skip_rows: 2'
rejected 1
expect_eq 'an error' "$(jq -r '.code + " " + .original' dead-letters/*)" 'error_cell 		1	#N/A	p' 
read_as 'sheet: 2, range: "C3:E6", errors: "null", types: {h: text}'
rejected 0
expect_eq 'errors are NULL' "$(head -n 1 out.ndjson)" '{"h":"1","k":null,"h_2":"p"}'
read_as 'sheet: 2, skip_rows: 2, errors: text'
expect_eq 'errors are text' "$(head -n 1 out.ndjson)" '{"h":"1","k":"#N/A","h_2":"p"}'
read_as 'sheet: Three' 1
expect_json report.json '.error | tostring | test("Orders, Two")'
read_as 'range: "A1:"' 2
read_as 'types: {nix: text}' 2
read_as 'max_bytes: 100' 1

# Writing.
# write_as OPTIONS: in.csv, read as types say, to out.xlsx; `show` prints what openpyxl sees
write_as() {
    rm -rf out.xlsx dead-letters
    echo "{sources: {a: {plugin: file, path: in.csv, format: {type: csv, types: ${types:-{\}}}}}, sinks: {o: {plugin: file, input: a, path: out.xlsx, format: {type: xlsx, $1}}}}" >p.yaml
    expect_exit "${2:-0}" qetl run p.yaml --json
    cp out report.json
}
show() {
    $python -c 'import openpyxl, sys
wb = openpyxl.load_workbook("out.xlsx")
for ws in wb:
    print(ws.title, ws.freeze_panes, ws.auto_filter.ref, ws["A1"].font.b)
    for row in ws.iter_rows(): print(" ", *[f"{c.value!r}:{c.number_format}" for c in row])'
}
cat >in.csv <<'E2'
i,d,s,day,at,t,b,f
1,10.50,=1+1,2024-02-29,2024-02-29 12:00:00,06:00:00,true,0.1
9007199254740993,12345678901234567.25,_x0041_,1899-12-31,2024-02-29 12:00:00.5,06:00:00.25,false,1e300
,,,,,,,
E2
types='{i: bigint, d: "decimal(20,2)", s: text, day: date, at: timestamp, t: time, b: boolean, f: double}'
write_as 'sheet: Data, autofilter: true'
rejected 0
show >shown
expect_file shown <<'E2'
Data A2 A1:H1048576 True
  'i':General 'd':General 's':General 'day':General 'at':General 't':General 'b':General 'f':General
  1:General 10.5:0.00 '=1+1':General datetime.datetime(2024, 2, 29, 0, 0):yyyy-mm-dd datetime.datetime(2024, 2, 29, 12, 0):yyyy-mm-dd hh:mm:ss datetime.time(6, 0):hh:mm:ss True:General 0.1:General
  '9007199254740993':General '12345678901234567.25':General '_x005F_x0041_':General '1899-12-31':General datetime.datetime(2024, 2, 29, 12, 0, 0, 500000):yyyy-mm-dd hh:mm:ss.000 datetime.time(6, 0, 0, 250000):hh:mm:ss.000 False:General 1e+300:General
E2
write_as 'header: false, freeze: false'
expect_eq 'no header, not frozen' "$(show | head -n 2 | cut -d' ' -f 1-4 | paste -sd';')" 'Sheet1 None None False;  1:General 10.5:0.00'
seq 0 9 | sed 1s/0/n/ >in.csv
types='{}'
write_as 'max_rows: 4'
expect_eq 'further sheets' "$(show | tr -d '\n')" "Sheet1 A2 None True  'n':General  1:General  2:General  3:GeneralSheet1 (2) A2 None True  'n':General  4:General  5:General  6:GeneralSheet1 (3) A2 None True  'n':General  7:General  8:General  9:General"
write_as 'max_rows: 4, overflow: reject'
rejected 6
expect_eq 'sheet_full' "$(jq -r .code dead-letters/* | sort -u)" sheet_full
write_as 'sheet: "a/b"' 2
{ echo t; head -c 32768 /dev/zero | tr '\0' x; echo; head -c 32767 /dev/zero | tr '\0' y; echo; } >in.csv
write_as ''
rejected 1
expect_eq 'too long' "$(jq -r .code dead-letters/*)" text_too_long
book=out.xlsx read_as ''
expect_eq 'just short enough' "$(jq -r .t out.ndjson | wc -c)" 32768

printf 't,f\n"",0.30000000000000004\nx,1\n' >in.csv
rm out.xlsx
echo '{sources: {a: {plugin: file, path: in.csv, format: {type: csv, types: {f: double}}}}, sinks: {o: {plugin: file, input: a, path: out.xlsx}}}' >p.yaml
expect_exit 0 qetl run p.yaml
expect_text err '1 texts of no bytes became empty cells'
expect_text err '1 numbers of 17 digits were rounded'
echo '{sources: {a: {plugin: file, path: in.csv}}, sinks: {o: {plugin: file, input: a, path: out.xlsx, if_exists: append}}}' >p.yaml
cp out.xlsx before.xlsx
expect_exit 1 qetl run p.yaml
expect_same out.xlsx before.xlsx

# What means harm, or is broken: a message, exit 1, nothing under the final name.
printf '' >broken.xlsx && refused broken.xlsx 'no xlsx workbook'
printf 'a,b\n' >broken.xlsx && refused broken.xlsx 'no xlsx workbook'
printf '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest' >broken.xlsx && refused broken.xlsx 'password'
head -c 4000 in.xlsx >broken.xlsx && refused broken.xlsx 'damaged or cut off'
$python - <<'P'
import zipfile
def remake(name, change, compress=zipfile.ZIP_DEFLATED, reverse=False):
    with zipfile.ZipFile("in.xlsx") as old, zipfile.ZipFile(name, "w", compress) as new:
        for member in sorted(old.namelist(), reverse=reverse):
            new.writestr(member, change(member, old.read(member)))
def sheet(change):
    return lambda member, data: change(data) if member == "xl/worksheets/sheet1.xml" else data
remake("dtd.xlsx", sheet(lambda x: b'<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>' + x))
remake("bomb.xlsx", sheet(lambda x: x.replace(b"<sheetData>", b"<sheetData>" + b" " * 60_000_000)))
remake("cut.xlsx", sheet(lambda x: x[:len(x) // 2]))
remake("deep.xlsx", sheet(lambda x: x.replace(b"<sheetData>", b"<sheetData>" + b"<a>" * 10000)))
remake("order.xlsx", sheet(lambda x: x.replace(b'<row r="5"', b'<row r="2"')))
def shared(name, first):
    with zipfile.ZipFile(name, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("xl/worksheets/sheet1.xml", f'<x:worksheet xmlns:x="m"><x:sheetData><x:row><x:c t="s"><x:v>{first}</x:v></x:c>'
                   '</x:row><x:row><x:c t="s"><x:v>1</x:v></x:c></x:row></x:sheetData></x:worksheet>')
        z.writestr("xl/sharedStrings.xml", "<sst><si><t>head</t></si><si><r><t>ri</t></r><r><t>ch_x0009_</t></r><rPh><t>no</t></rPh></si></sst>")
        z.writestr("xl/workbook.xml", '<workbook><sheets><sheet name="S" r:id="a" xmlns:r="r"/></sheets></workbook>')
        z.writestr("xl/_rels/workbook.xml.rels", '<R><Relationship Id="a" Type="t/worksheet" Target="/xl/worksheets/sheet1.xml"/>'
                   '<Relationship Id="b" Type="t/sharedStrings" Target="sharedStrings.xml"/></R>')
        z.writestr("_rels/.rels", '<R><Relationship Id="a" Type="t/officeDocument" Target="xl/workbook.xml"/></R>')
shared("shared.xlsx", 0)
shared("broken-shared.xlsx", 999)
remake("turned.xlsx", lambda member, data: data, zipfile.ZIP_STORED, True)
remake("slip.xlsx", lambda member, data: data)
with zipfile.ZipFile("slip.xlsx", "a") as z:
    z.writestr("../../slipped", "x")
    z.writestr("/slipped", "x")
with zipfile.ZipFile("other.xlsx", "w") as z:
    z.writestr("a.txt", "x")
P
refused dtd.xlsx 'document type'
refused bomb.xlsx 'max_ratio' 'max_ratio: 100'
book=bomb.xlsx read_as 'max_ratio: 10000'
refused cut.xlsx 'sheet1.xml, line'
refused deep.xlsx 'nested'
refused order.xlsx 'stands behind'
refused broken-shared.xlsx 'A1 holds'
book=shared.xlsx read_as ''
expect_eq 'shared strings, rich ones, prefixes' "$(cat out.ndjson)" '{"head":"rich\t"}'
refused shared.xlsx 'max_strings' 'max_strings: 20'
refused other.xlsx 'no xlsx workbook'
for same in turned slip; do
    book=$same.xlsx read_as ''
    expect_same out.ndjson whole.ndjson
done
expect_absent slipped ../slipped ../../slipped /slipped

# A large sheet in bounded memory: ten times the rows, and hardly more is taken.
for rows in 20000 200000; do
    rm -f back.csv
    { echo id,name,price; seq 1 $rows | sed 's/.*/&,name &,&.5/'; } >in.csv
    write_as ''
    echo "{sources: {a: {plugin: file, path: out.xlsx}}, sinks: {o: {plugin: file, input: a, path: back.csv}}}" >p.yaml
    peak=$(peak_kib "$QETL" run p.yaml -q --workers 2)
    expect_same in.csv back.csv
    echo "$peak" >>peaks
done
[ -n "$QETL_SANITIZER" ] || expect_eq "memory grows less than fourfold ($(paste -sd, peaks) KiB)" \
    "$(awk 'NR == 1 { a = $1 } END { print $1 < 4 * a }' peaks)" 1
echo "{sources: {a: {plugin: file, path: out.xlsx}}, transforms: {l: {plugin: limit, input: a, rows: 3}}, sinks: {o: {plugin: file, input: l, path: few.csv}}}" >p.yaml
expect_exit 0 qetl run p.yaml
expect_eq 'a limit' "$(wc -l <few.csv)" 4
