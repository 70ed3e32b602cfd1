#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A file that no layout of the catalogue fits: text is read by another format, which is said; all else is refused.
. "$(dirname "$0")/lib.sh"

pipeline() { # OPTIONS
    printf 'sources: {in: {plugin: file, path: in.bin, format: {type: binary, %s}}}\nsinks: {out: {plugin: file, input: in, path: out.ndjson, format: ndjson, if_exists: replace}}\n' "$1" >p.yaml
}
said='no layout of the catalogue fits; read as csv'
printf 'id;name\n1;anna\n2;ben\n' >in.bin
pipeline 'text: text'
expect_exit 0 qetl run p.yaml
expect_text err "warn: in: $said"
expect_file out.ndjson <<'END'
{"id":1,"name":"anna"}
{"id":2,"name":"ben"}
END
expect_exit 0 qetl preview p.yaml
expect_text out "source file, csv"
expect_text out "$said: delimiter ';'"
expect_exit 0 qetl preview p.yaml --json
expect_json out "[.. | objects | select(.id? == \"in\")][0] | .format == \"csv\" and (.inferred | startswith(\"$said\"))"
expect_exit 0 qetl run p.yaml --dry-run
expect_text out 'in decode \(csv\)'
expect_text out 'source file, csv'
expect_exit 0 qetl run p.yaml --dry-run --json
expect_json out '[.. | objects | select(.id? == "in")][0].format == "csv"'
expect_exit 0 qetl run --from in.bin --to out.csv -q
expect_file out.csv <<'END'
id,name
1,anna
2,ben
END
rm out.csv

# Columns that a later part of the file adds, and rows that are rejected, as that format has them; one replica or several.
{ echo 'id,a'; seq -f '%.0f,x' 1 30000; echo '7'; } >in.bin
for options in '--driver pull' '--workers 2'; do
    # shellcheck disable=SC2086
    expect_exit 0 qetl run p.yaml -q $options --json-file report.json
    expect_json report.json '.summary.balanced and .summary.rows_in == 30001 and .summary.rows_rejected == 1'
done

# Another format; none; one that is not there, cannot read, or is binary itself.
printf '{"id":1}\n{"id":2,"more":true}\n' >in.bin
pipeline 'fallback: ndjson'
expect_exit 0 qetl run p.yaml
expect_text err 'no layout of the catalogue fits; read as ndjson'
expect_file out.ndjson <<'END'
{"id":1}
{"id":2,"more":true}
END
pipeline 'fallback: none'
expect_exit 1 qetl run p.yaml
expect_text err 'no layout of the catalogue fits this file$'
pipeline 'fallback: cvs'
expect_exit 2 qetl run p.yaml
expect_text err 'format `cvs` is not installed'
pipeline 'fallback: parquet'
expect_exit 2 qetl run p.yaml
expect_text err 'format `parquet` cannot read'
pipeline 'fallback: binary'
expect_exit 2 qetl run p.yaml
expect_text err 'format `binary` was asked already'

# What is no text is not forced into one; what is named is not looked for.
printf 'id,name\n1,\0\n' >in.bin
pipeline 'text: text'
expect_exit 1 qetl run p.yaml
expect_text err 'nor is it text'
printf 'ab\ncd\n' >in.bin
pipeline 'struct: 3s'
expect_exit 0 qetl run p.yaml
expect_no_text err 'catalogue'
pipeline 'catalogue: ./nowhere'
expect_exit 2 qetl run p.yaml
expect_text err "the catalogue's folder ./nowhere cannot be read: No such file"

# What only a struct string heeds is not passed over beside a layout, nor where one is looked for.
for option in 'names: [a]' 'text: binary' 'trim: c' 'encoding: latin1' 'header_bytes: 4' 'trailer_bytes: 4'; do
    for layout in '' ', layout: utmp'; do
        pipeline "$option$layout"
        expect_exit 2 qetl run p.yaml
        expect_text err "${option%%:*} is for a struct string, and there is none"
    done
done

# From a pipe, and of the files of a pattern the first one says it.
mkdir many && cp p.yaml many && printf 'n\n1\n' >many/a.bin && printf 'n\n2\n' >many/b.bin
expect_exit 0 qetl run --from 'many/*.bin' --to out.csv -q
expect_file out.csv <<'END'
n
1
2
END
printf 'sources: {in: {plugin: file, path: "-", format: binary}}\nsinks: {out: {plugin: stdout, input: in, format: ndjson}}\n' >p.yaml
expect_eq 'a pipe' "$(printf 'n\n1\n' | timeout 20 "$QETL" run p.yaml -q)" '{"n":1}'
