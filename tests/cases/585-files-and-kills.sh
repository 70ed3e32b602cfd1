#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs over files that are killed go on: whatever the files are, each row is there once in the end.
. "$(dirname "$0")/lib.sh"

awk 'BEGIN { print "id,name,k"; for (i = 0; i < 150000; i++) printf "%d,name %d,%d\n", i, i * 7919 % 100003, i % 3 }' >in.csv
gzip -1 -c in.csv >in.csv.gz
mkdir many
split -l 30001 -d in.csv many/part- && for f in many/part-0[1-9]; do sed -i '1i id,name,k' "$f"; done
ids() { awk 'BEGIN { for (i = 0; i < 150000; i++) print i }'; }
ids | sort >every-id

# Kills the run in its midst, again and again, then lets it end. A kill that found no process is none;
# nor does one behind the last decision, before the process was gone, make it begin anew.
RANDOM=8585
kills=0
killed() { # FILE COMMAND…: prints all rows that can be seen
    local pid status file=$1
    shift
    for _ in 1 2 3; do
        "$QETL" run -q "$file" >out 2>err &
        pid=$!
        sleep "0.0$((RANDOM % 6 + 3))"
        kill -9 "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
        status=$?
        [ "$status" = 137 ] || break
        kills=$((kills + 1))
        [ "$("$@" 2>/dev/null | grep -vc '^id\|^old')" -lt 150000 ] || return 0
    done
    [ "$status" != 0 ] || return 0 # it was over already
    expect_exit 0 qetl run -q "$file"
}
below() { # FOLDER: what can be seen in it
    find "$1" -path '*/.*' -prune -o -type f -exec cat {} +
}

pipeline() { # NAME SOURCE SINK: a file NAME.yaml
    printf 'name: %s\ncheckpoint: {every: 5ms}\nsources:\n  in: {plugin: file, %s}\nsinks:\n  out: {plugin: file, input: in, %s}\n' "$1" "$2" "$3" >"$1.yaml"
}

rows_of() { # COMMAND…: prints CSV with one header a file; each row has to be there once
    expect_eq "rows of $*" "$("$@" | grep -v '^id' | cut -d, -f1 | sort | cmp - every-id 2>&1)" ''
}

pipeline plain 'path: in.csv' 'path: plain.csv'
killed plain.yaml cat plain.csv
expect_same plain.csv in.csv

pipeline packed 'path: in.csv.gz' 'path: packed.csv.gz'
killed packed.yaml gzip -dc packed.csv.gz
gzip -dc packed.csv.gz >unpacked
expect_same unpacked in.csv

pipeline zstd 'path: "many/*", format: csv' 'path: zstd.csv.zst'
killed zstd.yaml zstd -dcq zstd.csv.zst
rows_of zstd -dcq zstd.csv.zst

printf 'id,name,k\nold,old,old\n' >appended.csv
pipeline appended 'path: in.csv' 'path: appended.csv, if_exists: append'
killed appended.yaml cat appended.csv
expect_eq 'what stood there' "$(sed -n 2p appended.csv)" old,old,old
sed -i 2d appended.csv
expect_same appended.csv in.csv

printf 'old' >replaced.csv
pipeline replaced 'path: in.csv' 'path: replaced.csv, if_exists: replace'
killed replaced.yaml cat replaced.csv
expect_same replaced.csv in.csv
expect_eq 'the backup' "$(cat replaced.csv.*.bak)" old

pipeline parted 'path: in.csv' 'path: parted/x.csv, partition_by: k, partition_columns: keep, max_rows: 20000'
killed parted.yaml below parted
rows_of cat parted/*/*.csv
expect_eq 'one value a folder' "$(cut -d, -f3 parted/k=1/*.csv | sort -u | tr '\n' ' ')" '1 k '

pipeline swapped 'path: in.csv' 'path: swapped/x.csv, partition_by: k, if_exists: replace_all'
mkdir swapped
echo old >swapped/old
killed swapped.yaml below swapped
rows_of cat swapped/*/*.csv
expect_absent swapped/old

pipeline epochs 'path: in.csv' 'path: "epochs/{epoch}.csv"'
killed epochs.yaml below epochs
rows_of cat epochs/*.csv
expect_eq 'named by their epochs' "$(find epochs -type f ! -name '0*[1-9].csv' ! -name '0*0.csv')" ''

pipeline wholes 'path: in.csv' 'path: "wholes/{epoch}.json", format: json'
whole_rows() { jq -r '.[].id' wholes/*.json; }
killed wholes.yaml whole_rows
expect_eq 'each is a whole' "$(for f in wholes/*.json; do jq -e 'type == "array"' "$f"; done | sort -u)" true
expect_eq 'rows of objects' "$(whole_rows | sort | cmp - every-id 2>&1)" ''

expect_eq 'kills that found a run' "$([ "$kills" -ge 2 ] || echo "only $kills")" ''
find . -path '*/.*qetl*' -type f ! -name '*.begun' >left
expect_eq 'nothing is left' "$(cat left)" ''
