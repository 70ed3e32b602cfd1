#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The comparison itself: its jobs run, its answers agree, and a wrong answer fails it.
set -uo pipefail

compare=$QETL_SOURCE/tests/bench/compare
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
passed=0 failed=0
check() {
    if eval "$2"; then passed=$((passed + 1)); else
        failed=$((failed + 1))
        echo "not ok: $1"
        tail -n 5 "$folder"/*.err
    fi
}

"$compare" --rows 3000 --rounds 1 --folder "$folder" --json "$folder/table.json" >"$folder/table" 2>"$folder/run.err"
check 'the jobs run' "[ $? = 0 ]"
check 'every job has a line of qetl' '[ "$(grep -c " qetl " "$folder/table")" = "$(grep -c "    Job(" "$QETL_SOURCE/tests/bench/jobs.py")" ]'
check 'miller and simdjson were there to compare with' 'grep -q "miller" "$folder/table" && grep -q simdjson "$folder/table"'
check 'the table is JSON too' 'jq -e ".table | length > 5" "$folder/table.json" >/dev/null'

check 'the ceilings of the machine stand before it' '[ "$(grep -c " GB/s" "$folder/table")" = 5 ]'
"$QETL_SOURCE/tests/bench/grow" --rows 3000 --factors 1,2 --rounds 1 --folder "$folder" >"$folder/grow.table" 2>"$folder/grow.err"
check 'growth is measured for each job, size and number of workers' '[ $? = 0 ] && [ "$(grep -cE "^ +W[12] +(3000|6000) +[12] " "$folder/grow.table")" = 8 ]'

# A program that answers too few rows stands in for qetl.
cat >"$folder/short" <<SHORT
#!/bin/bash
"$QETL" "\$@" || exit
for out in "$folder"/qetl-bench-*/out.csv; do sed -i '\$d' "\$out"; done
SHORT
chmod +x "$folder/short"
QETL=$folder/short "$compare" --rows 3000 --rounds 1 --jobs W2e --folder "$folder" >"$folder/short.table" 2>"$folder/short.err"
check 'a wrong answer fails the run' "[ $? != 0 ] && grep -q 'miller answers' '$folder/short.err'"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
