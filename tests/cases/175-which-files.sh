#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Which files of folders and patterns are read, and in which order: one pair of runs for each option.
. "$(dirname "$0")/lib.sh"

mkdir -p in/a/b/c in/.dot
file() {
    printf 'id\n%s\n' "$2" >"in/$1"
    touch -d "$3" "in/$1"
}
file p-1.csv 1 2024-01-01T00:00:00Z
file p-2.csv 22 2024-03-01T00:00:00Z
file p-10.csv 10000 2024-02-01T00:00:00Z
file a/q.csv 3 2024-01-01T00:00:00Z
file a/b/r.csv 4 2024-01-01T00:00:00Z
file a/b/c/s.csv 5 2024-01-01T00:00:00Z
file .h.csv 6 2024-01-01T00:00:00Z
file .dot/i.csv 7 2024-01-01T00:00:00Z
ln -s p-1.csv in/p-9.csv

# ids PATH OPTIONS…: what is read
ids() {
    local path=$1
    shift
    printf 'name: x\nsources:\n  in:\n    plugin: file\n    format: csv\n    path: %s\n' "$path" >p.yaml
    printf '    %s\n' "$@" >>p.yaml
    printf 'sinks:\n  out: {plugin: file, input: in, path: o.csv, if_exists: replace}\n' >>p.yaml
    qetl run p.yaml >out 2>err || { echo "exit $?" && cat err; }
    tail -n +2 o.csv 2>/dev/null | tr '\n' ' ' | sed 's/ $//'
    rm -f o.csv*
}
expect_ids() {
    local wanted=$1
    shift
    expect_eq "$*" "$(ids "$@")" "$wanted"
}

expect_ids '1 10000 22 1' in
expect_ids '3 1 10000 22 1' in 'depth: 1'
expect_ids '4 3 1 10000 22 1' in 'depth: 2'
expect_ids '5 4 3 1 10000 22 1' '"in/**/*.csv"'
expect_ids '1 10000 22 1' '"in/**/*.csv"' 'depth: 0'
expect_ids '3 1 10000 22 1' '"in/**/*.csv"' 'depth: 1'
expect_ids '6 1 10000 22 1' in 'hidden: true'
expect_ids '7 6 5 4 3 1 10000 22 1' in 'hidden: true' 'depth: 9'
expect_ids '6 1 10000 22 1' '"in/*.csv"' 'hidden: true'
expect_ids '1 10000 22' in 'symlinks: skip'
expect_ids '1 10000 22' '"in/*.csv"' 'symlinks: skip'
expect_ids '10000 22' in 'exclude: ["p-1.csv", "*-9.csv"]'
expect_ids '3' in 'depth: 9' 'exclude: ["p-*", b]'
expect_ids '1 10000 22 1' in 'depth: 9' 'exclude: "in/a/**"'
expect_ids '1 22 10000' in 'order: natural' 'symlinks: skip'
expect_ids '10000 22 1' in 'order: natural' 'symlinks: skip' 'descending: true'
expect_ids '1 10000 22' in 'order: modified' 'symlinks: skip'
expect_ids '1 22 10000' in 'order: size' 'symlinks: skip'
expect_ids '22 10000 1' in 'symlinks: skip' 'descending: true'
expect_ids '10000 22' in 'modified_since: 2024-01-15'
expect_ids '22' in 'modified_since: "2024-02-01T01:00:00+00:30"'
expect_ids '10000 22' in 'modified_since: "2024-02-01T01:00:00+01:00"'
expect_ids '1 10000 1' in 'modified_before: 2024-02-15'
expect_ids '1 10000 22 1' in 'modified_before: 1h'
printf 'id\n8\n' >in/young.csv
expect_ids '8' in 'modified_since: 1h'
expect_ids '1 10000 22 1' in 'modified_before: 1h'
rm in/young.csv
ids in 'modified_since: 2024-02-31' >got
expect_text got 'neither a time nor an age'
expect_text got 'exit 2'

# Nothing that matches.
ids '"in/*.txt"' >got
expect_text got 'exit 2'
expect_ids '' '"in/*.txt"' 'no_match: empty'
mkdir empty
ids empty >got
expect_text got 'no_match'
expect_ids '' empty 'no_match: empty'
ids in 'modified_since: 2030-01-01' >got
expect_text got 'exit 2'
expect_ids '' in 'modified_since: 2030-01-01' 'no_match: empty'
ids in/absent.csv 'no_match: empty' >got
expect_text got 'no such file'

# What is gone or may not be read. root may read everything, so that another user has to try.
ln -s loop in/loop
ids in >got
expect_text got 'loop: cannot be'
expect_ids '1 10000 22 1' in 'unreadable: skip'
expect_text err 'in/loop: passed over: Too many levels'
rm in/loop
mkdir in/closed && printf 'id\n9\n' >in/closed/t.csv && chmod 0 in/closed
chmod 0 in/a/q.csv
if [ "$(id -u)" = 0 ]; then
    chmod 777 . && chmod o+rx "$XDG_RUNTIME_DIR"
    qetl() {
        setpriv --reuid=65534 --regid=65534 --clear-groups env XDG_STATE_HOME="$PWD/state" timeout 60 "$QETL" "$@"
    }
fi
if [ "$(id -u)" != 0 ] || setpriv --reuid=65534 --regid=65534 --clear-groups "$QETL" --version >/dev/null 2>&1; then
    ids '"in/**/*.csv"' >got
    expect_text got 'closed: cannot be looked into'
    expect_ids '5 4 1 10000 22 1' '"in/**/*.csv"' 'unreadable: skip'
    expect_text err 'closed: cannot be looked into: passed over'
    expect_text err 'q\.csv: passed over'
fi
unset -f qetl
chmod 755 in/closed

# Thousands of files, one descriptor: the limit is far below their number.
mkdir many
python3 - <<'PY'
for n in range(2500):
    open("many/%d.csv" % n, "w").write("id\n%d\n" % n)
PY
(ulimit -n 64 && "$QETL" run --from 'many/*.csv' --to all.csv >out 2>err) || fail 'many files' "$(cat err)"
expect_eq 'rows' "$(tail -n +2 all.csv | sort -n | uniq | wc -l)" 2500
