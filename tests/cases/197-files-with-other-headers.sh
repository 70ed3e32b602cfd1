#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Files of one glob with other headers: cells go to columns by name, nothing is lost silently.
. "$(dirname "$0")/lib.sh"

mkdir in
printf 'id,name,price\n1,one,1.50\n2,"t""wo",2.25\n' >in/a.csv
printf 'price,id\n3.00,3\n"4.00",4\r\n' >in/b.csv
printf 'name,extra,id,more\nfive,"x,\ny",5,50\nsix,z,6,60\nshort,7\n"sev"en,z,7,70\n' >in/c.csv
printf 'id,name,price\n8,eight,8.00\n' >in/d.csv

# read_as POLICY ARGUMENT…
read_as() {
    rm -rf out.csv letters.ndjson
    cat >p.yaml <<YAML
dead_letters: letters.ndjson
sources: {a: {plugin: file, path: "in/*.csv", format: {type: csv, $1}}}
sinks: {o: {plugin: file, input: a, path: out.csv}}
YAML
    shift
    expect_exit 0 qetl run p.yaml --json-file report.json "$@"
}

for way in '--workers 2' '--driver pull' '--mode stream --workers 3'; do
    # shellcheck disable=SC2086
    read_as 'new_columns: reject' $way
    expect_file out.csv <<'E'
id,name,price
1,one,1.50
2,"t""wo",2.25
3,,3.00
4,,4.00
8,eight,8.00
E
    expect_eq "$way: what is rejected" "$(jq -r .code letters.ndjson | sort | uniq -c | tr -s ' \n' ' ')" ' 2 new_column 1 ragged_row 1 text_after_quote '
    expect_eq "$way: whole rows" "$(jq -r 'select(.code == "new_column") | .original' letters.ndjson | head -n 1)" 'five,"x,'
    expect_json report.json '.summary.balanced and .summary.rows_in == 9'
    # shellcheck disable=SC2086
    read_as 'new_columns: drop' $way
    expect_eq "$way: drop" "$(sed -n '6,8p' out.csv | paste -sd ' ')" '5,five, 6,six, 8,eight,8.00'
    # shellcheck disable=SC2086
    read_as 'new_columns: evolve' $way
    expect_file out.csv <<'E'
id,name,price,extra,more
1,one,1.50,,
2,"t""wo",2.25,,
3,,3.00,,
4,,4.00,,
5,five,,"x,
y",50
6,six,,z,60
8,eight,8.00,,
E
    expect_eq "$way: each rejected row once" "$(wc -l <letters.ndjson)" 2
    expect_json report.json '.summary.balanced and .summary.rows_in == 9'
done
read_as 'new_columns: reject'
expect_text err 'in/b.csv has no columns name: they are NULL'
expect_text err 'in/c.csv has columns that were not there before, extra, more: its rows are rejected'
expect_text letters.ndjson 'its file has the column extra'

# Types of what came later: as in a first file, or as declared; also through a foreign dialect.
cat >n.yaml <<'YAML'
dead_letters: l.ndjson
sources: {a: {plugin: file, path: "in/*.csv", format: {type: csv, new_columns: evolve}}}
sinks: {o: {plugin: file, input: a, path: out.ndjson}}
YAML
expect_exit 0 qetl run n.yaml
expect_eq 'numbers' "$(sed -n 5p out.ndjson)" '{"id":5,"name":"five","price":null,"extra":"x,\ny","more":50}'
read_as 'new_columns: evolve, types: {more: double}, comment: "#"'
expect_eq 'through another dialect' "$(tail -n 2 out.csv)" "$(printf '6,six,,z,60\n8,eight,8.00,,')"

# Nothing in common is no header of this source; double names are told apart.
printf 'p,q\n1,2\n' >in/e.csv
rm -f out.csv
expect_exit 1 qetl run p.yaml
expect_text err 'its header \(p, q\) is not that of the first object'
printf 'id,id,name\n1,2,x\n' >in/e.csv
read_as 'new_columns: evolve'
expect_eq 'a double name' "$(sed -n '1p;$p' out.csv | paste -sd ' ')" 'id,name,price,extra,more,id_2 1,x,,,,2'
