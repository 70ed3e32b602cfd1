#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# One file as input and output, or as two outputs, under whatever names, is refused before it is touched.
. "$(dirname "$0")/lib.sh"

seq 1 100 | sed '1i id' >in.csv
cp in.csv before.csv
ln in.csv hard.csv
ln -s in.csv soft.csv
mkdir real && ln -s real folder

refused() { # PATTERN QETL_OPTION...
    local pattern=$1
    shift
    expect_exit 2 "$QETL" run --json-file report.json "$@"
    expect_text err "$pattern"
    expect_same in.csv before.csv
}
refused 'hard.csv is the same file as in.csv, which `in` reads' --from in.csv --to hard.csv -s sinks.out.if_exists=append
refused 'soft.csv is the same file' --from in.csv --to soft.csv -s sinks.out.if_exists=append
refused 'soft.csv is the same file' --from in.csv --to soft.csv -s sinks.out.if_exists=replace
refused 'hard.csv is the same file as .*in.csv' --from "$PWD/*n.csv" --to hard.csv -s sinks.out.if_exists=append
refused 'also the file of the dead letters' --from in.csv --to new.csv -s dead_letters=soft.csv
refused 'also the file of the dead letters' --from in.csv --to real/new.csv -s dead_letters=folder/new.csv

"$QETL" run --from in.csv --to - --to-format csv -q >>hard.csv 2>err
expect_eq 'standard output is the input' $? 2
expect_text err 'standard output is the same file as in.csv'
"$QETL" run --from - --from-format csv --to hard.csv -s sinks.out.if_exists=append -q <in.csv 2>err
expect_eq 'the output is standard input' $? 2
expect_same in.csv before.csv

cat >two.yaml <<'END'
sources: {in: {plugin: file, path: in.csv}}
sinks:
  a: {plugin: file, input: in, path: real/sub/out.csv}
  b: {plugin: file, input: in, path: folder/sub/out.csv}
END
refused '`a` writes' two.yaml
expect_absent real/sub new.csv real/new.csv
expect_exit 0 "$QETL" run two.yaml -s sinks.b.path=folder/sub/other.csv
expect_same real/sub/out.csv real/sub/other.csv

# Nor does the answer or the log go over them, whatever they are called there.
answers() { # PATTERN QETL_OPTION...
    local pattern=$1
    shift
    expect_exit 2 "$QETL" run --to other.csv "$@"
    expect_text err "$pattern"
    expect_same in.csv before.csv
    expect_absent other.csv
}
answers 'error: hard.csv is the file that `in` reads' --from in.csv --json-file hard.csv
answers 'error: soft.csv is the file that `in` reads' --from '*n.csv' --json-file soft.csv
answers 'error: hard.csv is the file that `in` reads' --from soft.csv --log-file hard.csv
ln -s other.csv later.csv
answers 'error: later.csv is the file that `out` writes' --from in.csv --json-file later.csv
"$QETL" run --from - --from-format csv --to other.csv --json-file hard.csv <in.csv 2>err
expect_eq 'the answer would go over standard input' $? 2
expect_text err 'hard.csv is the file that is standard input'
"$QETL" run --from in.csv --to - --to-format csv -q --json-file rows.csv >rows.csv 2>err
expect_eq 'the answer would go over standard output' $? 2
expect_same in.csv before.csv

# The reader of stdout goes away while nothing is to be written.
mkfifo rows
{
    "$QETL" run --from rows --from-format csv --to - --to-format csv -q
    echo $? >code
} | head -n 2 >two.csv &
exec 7>rows
printf 'id\n1\n' >&7
wait $!
for ((tries = 0; tries < 3000; tries++)); do
    [ -s code ] && break
    sleep 0.01
done
expect_eq 'an idle run ends when its reader goes away' "$(cat code)" 141
exec 7>&-
