# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What the scenarios of the ABI share: the plugins that were built against ABI 1.0, and pipelines that use all of
# them. For a case that has sourced lib.sh.
#
#   kept_plugins FOLDER    the kept plugins: the libraries of that time, or, on another machine, built anew from
#                          the source and the header of that time
#   kept_runs WORD…        runs the pipelines with `qetl WORD…`; what comes out is what came out then

kept=$root/tests/data/abi-1.0

kept_plugins() {
    mkdir -p "$1"
    if [ "$(uname -m)" = x86_64 ]; then
        cp "$kept"/x86_64/*.so "$kept"/*.qetl.json "$1"
    else
        expect_exit 0 "$kept/build.sh" "$1"
    fi
}

# A source, a transform with state and a sink that commits, over many epochs, with a rewind in the middle.
kept_epochs() {
    rm -rf pile stumbled state
    mkdir pile
    cat >epochs.yaml <<'YAML'
name: epochs
checkpoint: {every: 1ms}
sources:
  numbers: {plugin: kept_numbers, rows: 300000, batch_rows: 100, stumble: stumbled, retry: {first: 1ms, most: 5ms}}
transforms:
  sums: {plugin: kept_sums, input: numbers, refuse: 10}
sinks:
  pile: {plugin: kept_pile, input: sums, folder: pile}
YAML
    expect_exit 0 "$@" run epochs.yaml --state state --json-file report.json
    expect_json report.json '.summary.balanced and .summary.rows_in == 300000 and .summary.rows_rejected == 30000'
    expect_eq 'it stumbled' "$(test -e stumbled && echo yes)" yes
    expect_eq 'files of epochs' "$(($(find pile -name 'part-*' | wc -l) > 1))" 1
    expect_eq 'staged files' "$(find pile -name '*.staged' | wc -l)" 0
    cat pile/part-* >rows
    awk 'BEGIN { for (i = 0; i < 300000; i++) if (i % 10) { sum += i; printf "%d|n%d|%.0f\n", i, i, sum } }' | expect_file rows
}

# The wanted columns alone come from the source.
kept_columns() {
    cat >columns.yaml <<'YAML'
sources:
  numbers: {plugin: kept_numbers, rows: 3}
transforms:
  names: {plugin: select, input: numbers, columns: [name]}
sinks:
  out: {plugin: file, input: names, path: names.csv, if_exists: replace}
YAML
    expect_exit 0 "$@" run columns.yaml
    printf 'name\nn0\nn1\nn2\n' | expect_file names.csv
}

# The format reads and writes, rejects what it cannot, and carries long texts as views.
kept_format() {
    rm -rf bars.csv again.bars
    {
        echo 'id|text'
        echo '1|short'
        echo '2|a text that is too long for a view'
        echo 'one|two|three'
        printf '3|'
    } >in.bars
    expect_exit 0 "$@" run --from in.bars --to bars.csv --json
    letters=$(jq -r .result.dead_letters out)
    expect_file bars.csv <<'CSV'
id,text
1,short
2,a text that is too long for a view
3,""
CSV
    expect_text "$letters" 'bad_fields.*one\|two\|three'
    printf 'id,text\n1,short\n2,a|b\n3,"a text, too long for a view"\n' >in.csv
    expect_exit 0 "$@" run --from in.csv --to again.bars --json
    letters=$(jq -r .result.dead_letters out)
    printf 'id|text\n1|short\n3|a text, too long for a view\n' | expect_file again.bars
    expect_text "$letters" 'bar_in_text'
}

kept_runs() {
    kept_epochs "$@"
    kept_columns "$@"
    kept_format "$@"
}
