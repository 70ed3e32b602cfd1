#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What csv finds out by itself: types from all over a large file, decimal commas; what is unsure is said.
. "$(dirname "$0")/lib.sh"

rejected() { jq .summary.rows_rejected out; }
json() { expect_exit "$1" qetl run --from "$2" --to "${3:-o.ndjson}" -s sinks.out.if_exists=replace --json "${@:4}"; }

# A column that turns to text behind the sample, for good: a text from the beginning on, and no row is rejected.
seq 1 400000 | awk 'BEGIN {print "id,code"} {print $1 "," ($1 < 250000 ? $1 : "x" $1)}' >late.csv
json 0 late.csv
expect_eq 'none is rejected' "$(rejected)" 0
expect_eq 'a text' "$(tail -n 1 o.ndjson)" '{"id":400000,"code":"x400000"}'
expect_eq 'also at the beginning' "$(head -n 1 o.ndjson)" '{"id":1,"code":"1"}'
expect_exit 0 qetl preview --from late.csv
expect_text out 'types from 16 places further on, too'
expect_text out 'bigint +text'
expect_exit 0 qetl preview --from late.csv -s sources.in.format.sample_places=3
expect_text out 'types from 3 places'
qetl run --from - --from-format csv --to stdin.ndjson -q <late.csv
expect_same stdin.ndjson o.ndjson
# Without looking ahead, and where that cannot be done, the rows are rejected, and counted.
json 0 late.csv o.ndjson -s sources.in.format.sample_places=0
expect_eq 'rejected' "$(rejected)" 150001
gzip -k late.csv
json 0 late.csv.gz
expect_eq 'compressed' "$(rejected)" 150001
# A number is wanted where a text came: the message says where.
expect_exit 2 qetl run --from late.csv --where 'code * 2 > 4' --to none.csv
expect_text err 'a row behind byte [0-9]+ holds .x[0-9]+'
# A total at the end is a row to be rejected, and makes no text of its column.
seq 1 400000 | awk 'BEGIN {print "id,v"} {print $1 "," $1 / 4} END {print "Total,5"}' >total.csv
json 0 total.csv
expect_eq 'one row' "$(rejected)" 1
expect_eq 'numbers' "$(head -n 1 o.ndjson)" '{"id":1,"v":0.25}'
# Empty lines behind it, and no line end, change nothing; the row before the last one counts.
for nl in '\n' '\r\n' '\r'; do
    for total in "Total,5$nl" Total,5 "Total,5$nl$nl"; do
        for before in '' "x,5$nl"; do
            { printf 'id,v\n' && seq -f '%.0f,1' 20000; } | sed "s/\$/${nl%'\n'}/" >rows.csv
            [ "$nl" = '\r' ] && tr -d '\n' <rows.csv >returns.csv && mv returns.csv rows.csv
            # shellcheck disable=SC2059
            printf "$before$total" >>rows.csv
            json 0 rows.csv o.ndjson -s sources.in.format.sample_bytes=1024
            expect_eq "$before$total: its types" "$(rejected) $(head -n 1 o.ndjson)" \
                "$([ "$before" ] && echo '0 {"id":"1","v":1}' || echo '1 {"id":1,"v":1}')"
        done
    done
done
# Quoted cells with line ends: a place may begin within one, and does no harm.
python3 - <<'PY'
with open("quoted.csv", "w") as f:
    f.write("id,text,n\n")
    for i in range(30000):
        f.write('%d,"%s",%d\n' % (i, "a, b\nx,y,z\n" * 10 + 'he said ""no""', i * 7))
PY
json 0 quoted.csv
expect_eq 'none' "$(rejected)" 0
expect_eq 'rows' "$(jq .summary.rows_out out)" 30000
tail -n 1 o.ndjson | jq -c '[.id, .n]' | expect_same - <(echo '[29999,209993]')
# In other encodings, too.
iconv -t utf-16 late.csv >wide.csv
json 0 wide.csv
expect_eq 'UTF-16' "$(rejected) $(tail -n 1 o.ndjson)" '0 {"id":400000,"code":"x400000"}'

# Decimal commas: found, said, and read as numbers, with points between thousands.
printf 'id;preis;menge;datum\n1;1.234,56;3;01.02.2024\n2;-0,5;1.000;02.02.2024\n3;12;-7;03.02.2024\n' >euro.csv
json 0 euro.csv
printf '%s\n' '{"id":1,"preis":1234.56,"menge":3,"datum":"01.02.2024"}' '{"id":2,"preis":-0.5,"menge":1000,"datum":"02.02.2024"}' \
    '{"id":3,"preis":12,"menge":-7,"datum":"03.02.2024"}' | expect_file o.ndjson
expect_text err 'decimal comma are found'
expect_exit 0 qetl preview --from euro.csv
expect_text out 'decimal comma \(detected\)'
expect_text out 'decimal\(38,2\)'
json 0 euro.csv o.ndjson -s 'sources.in.format.decimal_mark="."'
expect_eq 'as text' "$(head -n 1 o.ndjson)" '{"id":1,"preis":"1.234,56","menge":3,"datum":"01.02.2024"}'
expect_no_text err 'decimal comma are found'
for workers in 1 4; do
    seq 1 300000 | awk 'BEGIN {print "a|b"} {print $1 "|" $1 % 1000 "," $1 % 7}' >many.csv
    json 0 many.csv o.ndjson --workers "$workers"
    expect_eq 'all are numbers' "$(rejected) $(jq -s 'map(.b) | add | floor' o.ndjson)" "0 $(awk -F'|' 'NR > 1 {sub(",", ".", $2); s += $2} END {printf "%d", s}' many.csv)"
done
# Apostrophes that quote, and commas.
printf "a;b\n'x;y';1,5\n'z';2,25\n" >both.csv
json 0 both.csv
printf '{"a":"x;y","b":1.5}\n{"a":"z","b":2.25}\n' | expect_file o.ndjson

# What may be one thing or another stays text, and a word is said.
printf 'id;n\n1;1,234\n2;12,345\n' >unsure.csv
json 0 unsure.csv
expect_eq 'thousands or decimals' "$(head -n 1 o.ndjson)" '{"id":1,"n":"1,234"}'
expect_text err 'looks like numbers with a decimal comma and is read as text'
printf 'id;n;v\n1;1,5;1.5\n2;2,25;3.25\n' >unsure.csv
json 0 unsure.csv
expect_eq 'points elsewhere' "$(head -n 1 o.ndjson)" '{"id":1,"n":"1,5","v":1.5}'
expect_text err 'looks like numbers with a decimal comma and is read as text'
printf 'id,n\n1,"1,5"\n2,"2,25"\n' >unsure.csv
json 0 unsure.csv
expect_eq 'commas end cells' "$(head -n 1 o.ndjson)" '{"id":1,"n":"1,5"}'
expect_text err 'looks like numbers with a decimal comma and is read as text'
printf "'a,b',c\n'x,y',1\n'z,w',2\n" >unsure.csv
json 0 unsure.csv
expect_text err 'apostrophes'
# A whole table with apostrophes as quotes, and without: nothing tells which, and so it is said.
printf "a;b\nx;1\n'NULL;2\n';3\n" >unsure.csv
json 0 unsure.csv
expect_eq 'read as text' "$(jq -c .a o.ndjson | tail -n 1)" "\"'\""
expect_text err 'cells stand in apostrophes, which are read as part of them'
json 0 unsure.csv o.ndjson -s "sources.in.format.quote=\"'\""
expect_eq 'as quotes' "$(wc -l <o.ndjson)" 2
# Text that merely begins or ends with one is no such table.
printf "a;b\ndogs';1\n'tis;2\nx;3\n" >unsure.csv
json 0 unsure.csv
expect_eq 'nothing is said' "$(grep -c apostrophes err)" 0

# A delimiter that would make quotes stand out of place is none: of these the tab is the one.
printf '";.0"\t"c1_;"\n-0\t-8148\n5\t22949\n' >tab.csv
for to in utf-8 utf-16; do
    iconv -t $to tab.csv >tabs.csv
    json 0 tabs.csv
    expect_eq "$to" "$(tail -n 1 o.ndjson)" '{";.0":5,"c1_;":22949}'
done
# Nor is a header with such a quote a header, in any dialect.
printf '"a" x;b\n1;2\n' | iconv -t utf-16 >broken.csv
expect_exit 1 qetl run --from broken.csv --to none.csv
expect_text err 'has a quote out of place'
