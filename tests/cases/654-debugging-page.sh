#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The page about debugging plugins: its file, its pipeline, each of its commands, and what it shows of
# them.
. "$(dirname "$0")/lib.sh"

page=$root/docs/debugging-plugins.md
block() {
    awk -v kind="$1" -v wanted="$2" '/^```/ { inside = $0 == "```" kind && ++n == wanted; next } inside' "$page"
}
block yaml 1 >orders.yaml
block csv 1 >orders.csv
mkdir bin
ln -s "$QETL" bin/qetl
ln -s "${QETL_PLUGIN_PATH%%:*}" plugins
PATH=$PWD/bin:$PATH
tried=0
for n in 1 2 3 4 5 6; do
    while read -r line; do
        timeout 60 bash -o pipefail -c "$line" >out 2>err </dev/null
        expect_eq "$line" $? 0
        case $line in
        grep*) expect_text out ' > process kind=1 rows=3 batch=1cols = OUTPUT [0-9]+us rows=2 row_map=\[0,1\] rows_filtered=1$' ;;
        *select*) expect_text out '^large	filter	process	OUTPUT	[0-9]+$' ;;
        *compared*) expect_eq 'calls that were compared' "$(($(cat out) > 5))" 1 ;;
        '! '*) sed 's/[0-9]* *, call [0-9]*/N/' out | tail -4 >got && grep -A 3 '^differs' "$page" | sed 's/[0-9]* *, call [0-9]*/N/' >shown && expect_same got shown ;;
        esac
        tried=$((tried + 1))
    done < <(block sh $n)
done
expect_eq 'commands' $tried 12
expect_same copy.ndjson large.ndjson
