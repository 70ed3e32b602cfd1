#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Several instances of a source read its splits at a time: every row comes once, in its split's order, whoever runs the pipeline; rejected rows have numbers of
# their own; and a run that is killed goes on in each split, or, where that cannot be, begins anew.
. "$(dirname "$0")/lib.sh"
RANDOM=${SEED:-1}
echo "# seed ${SEED:-1}"
export QETL_PLUGIN_PATH=$QETL_TEST_PLUGINS:$QETL_PLUGIN_PATH

pipeline() { # NAME OPTIONS
    cat >"$1.yaml" <<Y
name: $1
dead_letters: $1.letters
sources: {in: {plugin: shares, $2}}
transforms: {it: {input: in, plugin: filter, where: 'n % 2 = 0'}}
sinks: {out: {input: it, plugin: file, path: $1.csv, if_exists: ${3:-replace}}}
Y
}
expected() { # SPLITS ROWS: in the order of splits, of which each has its own
    awk -v splits="$1" -v rows="$2" 'BEGIN {for (s = 0; s < splits; s++) for (n = 0; n < rows; n += 2) print s "," n}' | md5sum
}
by_split() { # stable: each split's rows stay in the order in which they came
    sed 1d "$1" | sort -t, -s -n -k1,1 | md5sum
}
replicas() { jq '.result.components[] | select(.id == "in") | .replicas' "$1"; }

# OPTIONS SPLITS ROWS READERS WAY…
round() {
    local options=$1 splits=$2 rows=$3 readers=$4
    shift 4
    pipeline r "$options"
    rm -rf r.letters*
    expect_exit 0 qetl run r.yaml -q --full-refresh --json-file json "$@"
    expect_eq "every row, once, in its split's order: $options $*" "$(by_split r.csv)" "$(expected "$splits" "$rows")"
    expect_eq 'by so many' "$(replicas json)" "$readers"
    expect_json json ".summary.balanced and .summary.rows_in == $splits * $rows and .summary.rows_rejected == $splits * ($rows / 100 | floor)"
}
for way in '--workers 4' '--workers 1' '--driver pull'; do
    # shellcheck disable=SC2086
    round 'splits: 4, readers: 4, rows: 2000' 4 2000 4 $way
    # shellcheck disable=SC2086
    round 'splits: 7, readers: 3, rows: 700, batch_rows: 7' 7 700 3 $way
done
round 'splits: 5, readers: 1, rows: 300' 5 300 1
round 'splits: 2, readers: 9, rows: 300' 2 300 2
round 'splits: 100, readers: 80, rows: 100' 100 100 64
round 'splits: 3, readers: 0, rows: 100' 3 100 1
round 'splits: 0, readers: 4, rows: 100' 0 100 1
round 'splits: 4, readers: 4, rows: 2000, together: true' 4 2000 4
round 'splits: 4, readers: 4, rows: 0' 4 0 4

# Rejected rows: each has a number, and no number comes twice.
round 'splits: 4, readers: 4, rows: 2000' 4 2000 4
cat r.letters* | jq -r 'select(.row) | .row' | sort -n >numbers
expect_eq 'numbers of rejected rows' "$(wc -l <numbers) $(sort -u numbers | wc -l)" '80 80'

# Who has enough ends all of them.
pipeline r 'splits: 4, readers: 4, rows: 100000000, pause_us: 100'
sed -i "s/plugin: filter, where: .*}}/plugin: limit, rows: 500}}/" r.yaml
expect_exit 0 qetl run r.yaml -q --full-refresh --json-file json
expect_eq 'a limit' "$(sed 1d r.csv | wc -l) $(replicas json)" '500 4'

# What the others say is what the first said, or the run ends.
pipeline r 'splits: 4, readers: 4, odd: true'
expect_exit 1 qetl run r.yaml -q --full-refresh
expect_text err 'its columns changed while it was being set up'
expect_exit 0 qetl preview r.yaml # of one, who agrees with itself

# Killed again and again.
killed() { # NAME OPTIONS
    pipeline "$1" "$2, rows: 3000, pause_us: 1500" append
    printf 'checkpoint: {every: 5ms}\n' >>"$1.yaml"
    local kills=0 code=137 wait patience=100 epoch before=0
    resumed=0
    while [ $code = 137 ]; do
        "$QETL" run "$1.yaml" --json-file json -q >out 2>err </dev/null &
        pid=$!
        if [ $kills -lt 3 ] || { [ "$3" = resumes ] && [ $resumed -lt 2 ] && [ $kills -lt 20 ]; }; then
            wait=$((patience + RANDOM % 200))
            sleep "$((wait / 1000)).$(printf %03d $((wait % 1000)))"
            kill -KILL "$pid" 2>/dev/null && kills=$((kills + 1))
        fi
        wait "$pid" 2>/dev/null
        code=$?
        epoch=$(qetl state list --json | jq -r --arg of "$1" '.result.states[] | select(.pipeline == $of and .stage != "prepared" and .stage != "none") | .epoch')
        if [ $code = 137 ] && [ "${epoch:-0}" != "$before" ]; then
            resumed=$((resumed + 1))
        elif [ "$3" = resumes ]; then
            patience=$((2 * patience)) # it needs longer here to get anywhere
        fi
        before=${epoch:-0}
    done
    expect_eq "$1 ended well" "$code" 0
    echo "# $1: $kills kills, $resumed of them behind an epoch"
}
killed apart 'splits: 7, readers: 3' resumes
expect_eq 'every row, once, in its order' "$(by_split apart.csv)" "$(expected 7 3000)"
expect_eq 'it went on' "$([ $resumed -gt 1 ] && echo yes)" yes
expect_json json '.summary.balanced and .summary.rows_in == 21000 and .summary.rows_rejected == 210'
cat apart.letters* | jq -r 'select(.row) | .row' | sort -n >numbers
expect_eq 'numbers of rejected rows, over all' "$(wc -l <numbers) $(sort -u numbers | wc -l)" '210 210'
killed together 'splits: 4, readers: 4, together: true' never
expect_eq 'every row, once' "$(by_split together.csv)" "$(expected 4 3000)"
expect_eq 'it began anew' "$resumed" 0
