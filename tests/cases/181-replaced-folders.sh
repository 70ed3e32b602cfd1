#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A run takes the place of a whole folder, or of the partitions that it writes; what stood there is kept beside it.
. "$(dirname "$0")/lib.sh"

# sink OPTIONS: a pipeline p.yaml from $input
sink() {
    printf 'name: x\nsources:\n  in: {plugin: file, path: %s}\nsinks:\n  to:\n    plugin: file\n    input: in\n' "$input" >p.yaml
    printf '    %s\n' "$@" >>p.yaml
}
files() {
    (cd "$1" && find . -mindepth 1 ! -type d | LC_ALL=C sort | sed 's#^\./##' | tr '\n' ' ')
}
hidden() { find . -name '.*qetl*' | wc -l; }

printf 'id,country\n1,DE\n2,FR\n3,DE\n' >first.csv
printf 'id,country\n4,FR\n5,IT\n' >second.csv
: >nothing.csv && echo 'id,country' >nothing.csv
# begin: the folder lake as the first run leaves it, without what other runs made
begin() {
    rm -rf lake lake.*
    input=first.csv sink 'path: lake/o.csv' 'partition_by: country'
    expect_exit 0 qetl run p.yaml
}

# All: the former folder is the backup, as it was; what nobody wrote is gone with it.
begin
echo mine >lake/notes.txt && chmod 750 lake && cp -rp lake before
input=second.csv sink 'path: lake/o.csv' 'partition_by: country' 'if_exists: replace_all'
expect_exit 0 qetl run p.yaml --json
expect_json out '[.result.outputs[].uri] == ["lake/country=FR/o.csv", "lake/country=IT/o.csv"] and .summary.rows_out == 2'
expect_eq 'all is new' "$(files lake)" 'country=FR/o.csv country=IT/o.csv '
printf 'id\n4\n' | expect_file lake/country=FR/o.csv
expect_eq 'one backup' "$(ls -d lake.*.bak | wc -l)" 1
diff -r before lake.*.bak >diff.out && pass 'the backup is the former folder' || fail 'the backup differs' "$(cat diff.out)"
expect_eq 'its mode' "$(stat -c %a lake)" 750
expect_eq 'nothing hidden' "$(hidden)" 0
rm -rf before

# Again within the same second: each backup has a name of its own. Without rows the folder is empty then.
input=nothing.csv sink 'path: lake/o.csv' 'partition_by: country' 'if_exists: replace_all'
expect_exit 0 qetl run p.yaml
expect_eq 'no file' "$(files lake)" ''
expect_exit 0 qetl run p.yaml
expect_eq 'an empty folder makes no backup' "$(ls -d lake.*.bak* | wc -l)" 2

# A folder that is not there yet; templates and sizes, other formats; through a link, which stays.
rm -rf lake*
input=first.csv sink 'path: deep/new/lake/{country}.csv' 'if_exists: replace_all'
expect_exit 0 qetl run p.yaml
expect_eq 'files' "$(files deep)" 'new/lake/DE.csv new/lake/FR.csv '
mkdir data && ln -s data link && echo old >data/old
input=first.csv sink 'path: link/n.ndjson.gz' 'max_rows: 2' 'if_exists: replace_all'
expect_exit 0 qetl run p.yaml
expect_eq 'files' "$(files link/.)" 'n-00001.ndjson.gz n-00002.ndjson.gz '
[ -L link ] && expect_eq 'backup' "$(cat data.*.bak/old)" old
zcat data/n-*.gz | jq -c .id | tr '\n' ' ' | expect_same - <(printf '1 2 3 ')

# Partitions: those that rows come for are new, all of them; the others stay; the former ones are kept.
begin
cp lake/country=FR/o.csv lake/country=FR/more.csv
input=second.csv sink 'path: lake/n.csv' 'partition_by: country' 'if_exists: replace_partitions'
expect_exit 0 qetl run p.yaml
expect_eq 'files' "$(files lake)" 'country=DE/o.csv country=FR/n.csv country=IT/n.csv '
printf 'id\n4\n' | expect_file lake/country=FR/n.csv
expect_eq 'kept' "$(cd lake.*.bak && files .)" 'country=FR/more.csv country=FR/o.csv '
expect_eq 'nothing hidden' "$(hidden)" 0
input=nothing.csv sink 'path: lake/n.csv' 'partition_by: country' 'if_exists: replace_partitions'
expect_exit 0 qetl run p.yaml
expect_eq 'no rows, no change' "$(files lake)" 'country=DE/o.csv country=FR/n.csv country=IT/n.csv '
rm -rf lake*
printf 'y,m,v\n1,1,a\n1,2,b\n2,1,c\n' >ym.csv
input=ym.csv sink 'path: lake/o.csv' 'partition_by: [y, m]'
expect_exit 0 qetl run p.yaml
printf 'y,m,v\n1,2,B\n' >ym.csv
input=ym.csv sink 'path: lake/o.csv' 'partition_by: [y, m]' 'if_exists: replace_partitions'
expect_exit 0 qetl run p.yaml
expect_eq 'values' "$(cat lake/y=*/m=*/o.csv | tr '\n' ' ')" 'v a v B v c '
expect_eq 'kept' "$(cd lake.*.bak && files .)" 'y=1/m=2/o.csv '

# A run reads the folder that it replaces.
begin
input='"lake/*/*.csv"' sink 'path: lake/all.csv' 'partition_by: id' 'partition_columns: keep' 'if_exists: replace_all'
expect_exit 0 qetl run p.yaml
expect_eq 'files' "$(files lake)" 'id=1/all.csv id=2/all.csv id=3/all.csv ' || cat err

# error and append: the folder as a whole, before rows move; unless the name tells one run's files from another's.
begin
expect_exit 2 qetl run p.yaml
expect_text err 'lake: the folder has files already'
input=second.csv sink 'path: lake/other.csv' 'partition_by: country'
expect_exit 2 qetl run p.yaml
input=second.csv sink 'path: "lake/o-{run.date}.csv"' 'partition_by: country'
expect_exit 0 qetl run p.yaml
expect_exit 2 qetl run p.yaml
input=second.csv sink 'path: lake/o.csv' 'partition_by: country' 'if_exists: append'
expect_exit 0 qetl run p.yaml
mkdir -p void/empty/.hidden && touch void/.hidden
input=second.csv sink 'path: void/o.csv' 'partition_by: country'
expect_exit 0 qetl run p.yaml

# A run that fails changes nothing.
begin
for how in replace_all replace_partitions; do
    printf 'id,country\n4,FR\nx,FR\ny,IT\n' >bad.csv
    input=bad.csv sink 'path: lake/o.csv' 'partition_by: country' "if_exists: $how"
    sed -i 's#path: bad.csv#path: bad.csv, format: {type: csv, types: {id: bigint}}#; 1a max_rejected: 0' p.yaml
    expect_exit 1 qetl run p.yaml
    expect_eq "$how: nothing new" "$(files lake)" 'country=DE/o.csv country=FR/o.csv '
    expect_eq "$how: nothing left" "$(ls -d lake*) $(hidden)" 'lake 0'
done

# What cannot be replaced is told before rows move.
refused() { # CODE TEXT OPTION…
    local code=$1 text=$2
    shift 2
    input=second.csv sink "$@"
    expect_exit "$code" qetl run p.yaml
    expect_text err "$text"
}
refused 2 'is one file' 'path: lake.csv' 'if_exists: replace_all'
refused 2 'is one file' 'path: lake.csv' 'if_exists: replace_partitions'
refused 2 'folders of partition_by' 'path: "lake/{country}.csv"' 'if_exists: replace_partitions'
refused 2 'needs a folder' 'path: "{country}.csv"' 'if_exists: replace_all'
refused 2 'needs a folder' 'path: "/{country}.csv"' 'if_exists: replace_all'
refused 3 'a file system is mounted there' 'path: "/proc/{country}.csv"' 'if_exists: replace_all'
refused 2 'leads out' 'path: "lake/{country}/../../x.csv"' 'if_exists: replace_all'
echo file >plain
refused 3 'Not a directory' 'path: "plain/{country}.csv"' 'if_exists: replace_all'
rm -rf lake/country=FR && mkdir elsewhere && ln -s ../elsewhere lake/country=FR
refused 3 'leads out of lake' 'path: lake/o.csv' 'partition_by: country' 'if_exists: replace_partitions'
expect_eq 'nothing' "$(files elsewhere)" ''
expect_eq 'nothing hidden' "$(hidden)" 0

# Killed at any time: the old folder or the new one, whole; the old one is never gone; the next run removes what is left.
seq 1 3000 | awk 'BEGIN {print "id,k"} {print $1 "," $1 % 60}' >many.csv
sed 's/^\([0-9]*\),/\1000,/' many.csv >others.csv
rows() { find "$@" -name o.csv -exec tail -qn +2 {} + 2>/dev/null | sort -n | md5sum; }
rm -rf lake*
input=many.csv sink 'path: lake/o.csv' 'partition_by: k'
expect_exit 0 qetl run p.yaml
old=$(rows lake)
cp -r lake kept
new=$(tail -n +2 others.csv | cut -d, -f1 | sort -n | md5sum)
for delay in 0.01 0.03 0.05 0.07 0.1; do
    rm -rf lake lake.* && cp -r kept lake
    input=others.csv sink 'path: lake/o.csv' 'partition_by: k' 'if_exists: replace_all'
    "$QETL" run p.yaml >/dev/null 2>&1 &
    pid=$!
    sleep "$delay"
    kill -KILL $pid 2>/dev/null
    wait $pid 2>/dev/null
    case $(rows lake) in
    "$old") pass "killed after $delay: the old folder" ;;
    "$new") expect_eq "killed after $delay: the new folder, and a backup" "$(rows lake.*.bak)" "$old" ;;
    *) fail "killed after $delay: neither" ;;
    esac
    expect_exit 0 qetl run p.yaml
    expect_eq 'the new folder' "$(rows lake)" "$new"
    # what the killed run staged may lie there until its pipeline is run in that folder again
    expect_eq 'nothing hidden, or what was killed' "$(($(hidden) <= 1))" 1
    rm -rf .*qetl*
done
