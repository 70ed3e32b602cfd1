#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The page about dead letters: its pipeline, its rows, each of its commands, and what comes of them.
. "$(dirname "$0")/lib.sh"

page=$root/docs/reference/dead-letters.md
block() {
    awk -v kind="$1" -v wanted="$2" '/^```/ { inside = $0 == "```" kind && ++n == wanted; next } inside' "$page"
}
block yaml 1 >ratios.yaml
block csv 1 >in.csv
block csv 2 >wanted.csv
mkdir bin
ln -s "$QETL" bin/qetl
PATH=$PWD/bin:$PATH
for n in 1 2 3; do
    while read -r line; do
        [ "$n" -lt 3 ] || expect_same out.csv wanted.csv
        bash -o pipefail -c "$line" >out 2>err </dev/null
        expect_eq "$line" $? 0
    done < <(block sh $n)
done
expect_same out.csv wanted.csv
expect_exit 0 qetl dlq list ratios.yaml --all
expect_text err '^0 letters'
for word in $(sed -n '/^| member/,/^$/s/^| \(.*\) | .*/\1/p' "$page" | grep -o '`[a-z_0-9]*`' | tr -d '`'); do
    grep -qE "\"$word\\\\?\"" "$root"/core/data/*.c "$root"/core/run/letter_row.c || fail "a letter has no $word"
done
pass 'the members of a letter'
