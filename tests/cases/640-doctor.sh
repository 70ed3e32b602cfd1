#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# qetl doctor: each thing that may be wrong with an installation, a state, its outputs and its dead
# letters is found, with its file and its mend; nothing is changed without --repair; and what comes of
# a repair is what the next run is right with.
. "$(dirname "$0")/lib.sh"
late_libraries

points=$QETL_TOOLS/qetl_failpoints
awk 'BEGIN { print "id,v,pad"; for (i = 0; i < 2000; i++)
    printf "%d,%s,%s\n", i, i % 500 == 13 ? "bad" : i, "some more text so that it is long enough" }' >in.csv
grep -v bad in.csv >wanted.csv
pipeline() { # NAME OUTPUT_OPTIONS
    cat >"$1.yaml" <<YAML
name: $1
checkpoint: {every: 10ms}
batch_bytes: 4KiB
sources:
  in: {plugin: file, path: in.csv, format: {type: csv, types: {v: bigint}}, rate_limit: 20000/s}
sinks:
  out: {$2, input: in}
YAML
}
state=$XDG_STATE_HOME/qetl

# What must not change: every file and folder but what the script itself writes.
snapshot() {
    find . "$state" ! -path . ! -name out ! -name err ! -name before ! -name after ! -name '*.json' -printf '%p %y %m %T@ %s\n' | sort
    find . "$state" -type f ! -path ./out ! -path ./err ! -name before ! -name after ! -name '*.json' -exec sha256sum {} + | sort
}

# look CODE PIPELINE: what the doctor finds; nothing on disk is another afterwards
look() {
    snapshot >before
    expect_exit "$1" qetl doctor --deep "$2" --json
    snapshot >after
    expect_same before after
    cp out look.json
    expect_json look.json '.command == "doctor" and (.ok | type) == "boolean" and .result.deep and (.result.repair | not)'
    # What each answer has, and of which kind.
    expect_json look.json '.result | (.open | type) == "number" and .repaired == 0 and ([.checks[] | (.check, .status, .says | type)] | all(. == "string")) and
        ([.findings[] | (.code, .severity, .message, .suggestion | type)] | all(. == "string")) and
        ([.findings[] | select(.repair != null and .repair != "offered")] == []) and
        .open == ([.findings[] | select(.severity != "note")] | length)'
    [ "$1" = 0 ] || expect_json look.json '.ok == false and .error.code != null'
}
# found SEVERITY CODE FILE_PATTERN MESSAGE_PATTERN MEND_PATTERN
found() {
    expect_eq "finding $2" "$(jq -r --arg s "$1" --arg c "$2" --arg f "$3" --arg m "$4" --arg d "$5" \
        '[.result.findings[] | select(.severity == $s and .code == $c and (.file // "" | test($f)) and (.message | test($m)) and (.suggestion // "" | test($d)))] | length' look.json)" 1
}
found_nothing() {
    expect_eq 'findings' "$(jq -r '[.result.findings[].code] | join(" ")' look.json)" ''
}
says() { # CHECK PATTERN
    expect_eq "$1 says $2" "$(jq -r --arg c "$1" --arg p "$2" '[.result.checks[] | select(.check == $c and (.says | test($p)))] | length' look.json)" 1
}
# repair CODE PIPELINE REPAIRED
repair() {
    expect_exit "$1" qetl doctor --deep --repair "$2" --json
    cp out look.json
    expect_json look.json ".result.repair and .result.repaired == $3"
}
# killed_at NAME POINT OPTION…: a run of the pipeline that was killed there, and nothing else left of it
fresh() {
    chmod -R u+rwx "$state" 2>/dev/null
    rm -rf "$state" dead-letters x.* .x.* x x.db*
}
killed_at() {
    fresh
    QETL_FAILPOINT=$2 timeout 60 "$points" run -q "$1.yaml" "${@:3}" >out 2>err
    expect_eq "killed at $2" $? 137
}
# killed_behind NAME POINT: at the first time that it comes there with rows behind it
killed_behind() {
    local n
    for n in 1 2 3 4 5 6 7 8; do
        killed_at "$1" "$2:$n" -s sources.in.rate_limit=3000/s
        [ "$(qetl state show "$1" --json | jq .result.rows)" -lt 50 ] || return 0
    done
}
whole() { # NAME FILE: the run comes to its end, with all rows once
    expect_exit 0 qetl run -q "$1.yaml"
    cut -d, -f1 "$2" | sort >got
    cut -d, -f1 wanted.csv | sort | cmp -s - got && pass "all rows of $1, once" || fail "rows of $1 differ"
    expect_exit 0 qetl doctor --deep "$1"
}

# ---- the installation ----

expect_exit 0 qetl doctor
expect_text out '^- +program +ok +qetl [0-9.]+, plugin ABI [0-9]+\.[0-9]+'
expect_text out '^- +plugins +ok +[0-9]+ plugins, [0-9]+ components that load$'
expect_text out '^- +states +ok '
expect_text out 'run has left one$'
expect_absent "$state"
expect_exit 2 qetl doctor --repair
expect_text err '\-\-repair goes with --deep'
expect_exit 2 qetl doctor nosuch
expect_text err 'there is no state of a pipeline `nosuch`'
mkdir broken
printf 'no library' >broken/odd.so
sed 's/"null"/"odd"/; s/"id": "null-sink"/"id": "odd"/' "$QETL_PLUGIN_PATH/null.qetl.json" >broken/odd.qetl.json
printf '{' >broken/worse.qetl.json
expect_exit 1 qetl doctor --plugin-dir broken --json
expect_json out '[.result.findings[] | select(.file | test("odd.so"))] | length == 1'
expect_json out '[.result.findings[] | select(.file | test("worse.qetl.json"))] | length >= 1'
expect_json out '[.result.checks[] | select(.check == "plugins" and (.status | test("errors?$")))] | length == 1'
# A library that is not there is named, with its package: a copy of one that is asks for another name.
rm -r broken && mkdir broken
cp "$QETL_PLUGIN_PATH/file_source.qetl.json" "$QETL_PLUGIN_PATH/file_source.so" broken
sed -i 's/libarchive\.so\.13/libarchivx.so.17/g' broken/file_source.so
QETL_PLUGIN_PATH=broken expect_exit 1 qetl doctor --json
expect_json out '.result.findings[0] | .code == "missing_library" and (.message | test("needs the library libarchivx.so.17")) and (.suggestion | test("apt install libarchivx17"))'
cp "$QETL_PLUGIN_PATH/file_source.so" broken
chmod o+w broken/file_source.so
QETL_PLUGIN_PATH=broken expect_exit 1 qetl doctor
expect_text err 'file_source\.so: error: .*anyone on this machine may change its code'
rm -r broken

# ---- a state that is sound ----

pipeline one 'plugin: file, path: x.csv, if_exists: replace'
whole one x.csv
look 0 one.yaml
found_nothing
says store 'epoch [0-9]+ finished'
says 'dead letters' '4 waiting, 0 replayed, 0 undecided'
says 'next run' 'begins anew'
look 0 one
says outputs 'of 1 sink'
expect_exit 0 qetl doctor --deep
expect_eq 'no line over 80 columns' "$(awk 'length > 80' out)" ''
expect_text out '^one +store +ok +epoch [0-9]+ finished'
(cd / && expect_exit 0 qetl doctor --deep one --json && expect_json out '[.result.findings[]] == []')

# ---- outputs of a run that is over ----

cp x.csv kept.csv
printf 'more' >>x.csv
look 1 one
found warning output_lost 'x\.csv$' 'it has [0-9]+ bytes, and [0-9]+ were written for good' 'put it back'
truncate -s 100 x.csv
look 1 one
found warning output_lost 'x\.csv$' 'it has 100 bytes' 'put it back'
cp kept.csv other.csv && mv other.csv x.csv # which is another inode
look 1 one
found warning output_lost 'x\.csv$' 'another file than the one that was written' 'put it back'
rm x.csv
look 1 one
found warning output_lost 'x\.csv$' 'the file is gone' 'the next run begins anew'
expect_exit 1 qetl doctor --deep one
expect_text err 'x\.csv: warning: sink .out.: the file is gone'
whole one x.csv
# A pipeline's file that is gone, or says something else by now.
mv one.yaml away.yaml
look 0 one
found note pipeline_gone 'one\.yaml$' 'outputs were not looked at' 'qetl doctor --deep FILE'
mv away.yaml one.yaml

# ---- the store ----

damaged() { # WHAT: the state that stands there is found damaged, set aside, and begun anew
    look 1 one.yaml
    found error state_damaged '/one$' "$1" 'sets it aside|put a copy'
    says 'next run' 'is refused'
    repair 1 one.yaml 0
    expect_json look.json '.result.findings[] | select(.code == "state_damaged") | (.message | test("set aside as state.db.unreadable-")) and (.suggestion | test("full-refresh"))'
    expect_eq 'kept under another name' "$(find "$state/one" -name 'state.db.unreadable-*' ! -name '*-wal' | wc -l)" 1
    look 1 one.yaml
    found error state_damaged '/one$' 'set aside as' 'full-refresh'
    expect_exit 3 qetl run -q one.yaml
    expect_exit 0 qetl run -q one.yaml --full-refresh
    expect_same x.csv wanted.csv
    look 0 one.yaml
    found note state_set_aside '/one$' 'kept as state.db.unreadable-' 'remove it'
    rm "$state"/one/state.db.unreadable-*
}
printf 'garbage garbage garbage' >"$state/one/state.db" && rm -f "$state"/one/state.db-*
damaged 'file is not a database'
truncate -s 5000 "$state/one/state.db" && rm -f "$state"/one/state.db-*
damaged 'malformed|cannot be read'
: >"$state/one/state.db" && rm -f "$state"/one/state.db-*
damaged 'cannot be read'
rm "$state"/one/state.db*
look 1 one.yaml
found error state_damaged '/one$' 'it is gone' 'full-refresh'
expect_exit 0 qetl run -q one.yaml --full-refresh

cp -a "$state/one" copy
rm "$state"/one/state.db* && mkdir "$state/one/state.db"
look 1 one.yaml
found error state_unreadable '/one$' 'it cannot be read: unable to open' 'left as it is'
repair 1 one.yaml 0
expect_absent "$state"/one/state.db.unreadable-*
rm -r "$state/one" && cp -a copy "$state/one"
python3 - "$state/one/state.db" <<'PY'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("PRAGMA user_version = 99")
db.commit()
PY
look 1 one.yaml
found error state_version '/one$' 'written by a later qetl' 'with that qetl'
repair 1 one.yaml 0
expect_absent "$state"/one/state.db.unreadable-*
rm -r "$state/one" && mv copy "$state/one"

# A digest that differs: a row of the head was written by somebody else.
python3 - "$state/one/state.db" <<'PY'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
names = [row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
name = next(n for n in names if "generation" in [c[1] for c in db.execute(f"PRAGMA table_info({n})")])
db.execute(f"UPDATE {name} SET generation = generation + 1")
db.commit()
PY
damaged 'malformed|cannot be read'
# The log was cut: the database is behind what was noted of it.
cp "$state/one/anchor" anchor
fresh
expect_exit 0 qetl run -q one.yaml
python3 - "$state/one/anchor" <<'PY'
import hashlib, sys
number = (1 << 40).to_bytes(8, "little")
open(sys.argv[1], "wb").write(number + hashlib.sha256(number).digest())
PY
damaged 'malformed|cannot be read'
rm anchor

# What a killed process left beside it, and what is none of it.
fresh
expect_exit 0 qetl run -q one.yaml
: >"$state/one/unfinished"
printf x >"$state/one/blob-0123456789012345678901234567890123456789012345678901234567890123"
printf x >"$state/one/README"
look 1 one.yaml
found warning state_left_over '/one$' '2 files, as .* were left by a run that was killed' 'repair'
found note state_strange_file '/one$' 'README is no file of a state' 'move it'
expect_json look.json '[.result.findings[] | select(.repair == "offered")] | length == 1'
repair 0 one.yaml 1
expect_absent "$state"/one/unfinished "$state"/one/blob-*
expect_text "$state/one/README" x
rm "$state/one/README"

# What is too large for the database lies beside it.
pipeline large 'plugin: file, path: "x/{#}.csv", max_rows: 2'
for n in 1 2 3 4 5 6 7 8 9 10; do
    killed_at large "decide.after:$n" -s sources.in.rate_limit=8000/s
    blob=$(find "$state/large" -name 'blob-*' | head -n 1)
    [ -z "$blob" ] || break
done
look 0 large
printf x >>"$blob"
look 1 large
found error state_damaged '/large$' '1 file that its epoch names, as blob-[0-9a-f]+, is missing or changed' 'put a copy'
rm "$blob"
look 1 large
found error state_damaged '/large$' 'is missing or changed' 'sets it aside'
says 'next run' 'is refused'
repair 1 large 0
expect_json look.json '.result.findings[] | select(.code == "state_damaged") | .message | test("set aside as state.db.unreadable-")'
expect_exit 0 qetl run -q large.yaml --full-refresh
expect_eq 'rows of it' "$(cat x/*.csv | grep -vc pad)" 1996
fresh
expect_exit 0 qetl run -q one.yaml

# The name that it has for itself.
cp "$state/one/owner" name
printf 'no name' >"$state/one/owner"
look 1 one.yaml
found error state_name '/one$' 'the file .owner., .* is damaged' 'put a copy of it back'
expect_exit 3 qetl run -q one.yaml
cp name "$state/one/owner"
look 0 one.yaml
printf 'no name' >"$state/one/owner"
repair 0 one.yaml 1
whole one x.csv
rm "$state"/one/owner.unreadable-*

# Owner and mode.
chmod 755 "$state/one"
look 1 one.yaml
found error state_folder '/one$' 'others may look into this state \(mode 0755\)' 'chmod 700'
repair 0 one.yaml 1
expect_eq 'its mode' "$(stat -c %a "$state/one")" 700
chmod 777 "$state"
look 1 one.yaml
found error state_folder 'qetl$' 'others may write into the folder of states' 'chmod go-w'
chmod 700 "$state"
if [ "$(id -u)" = 0 ]; then
    chown 12345 "$state/one"
    look 1 one.yaml
    found error state_folder '/one$' 'belongs to user 12345' 'run as that user'
    repair 1 one.yaml 0
    chown 0 "$state/one"
fi

# ---- runs that were cut short ----

killed_at one sink.prepare.after:1
look 1 one.yaml
found warning left_over '\.part$' 'a run that was killed staged rows there' 'the next run clears it away'
says 'next run' 'begins anew'
repair 0 one.yaml 1
expect_eq 'nothing staged' "$(find . -name '*.part' | wc -l)" 0
whole one x.csv

killed_behind one decide.after
look 0 one
says store 'epoch [0-9]+ decided'
says 'next run' 'commits the outputs of epoch [0-9]+, which is decided, and goes on'
repair 0 one 0
part=$(find . -name '*.part')
behind=$(jq -r '[.result.findings[].message | capture("(?<n>[0-9]+) bytes stand behind").n][0] // "0"' look.json)
truncate -s "-$behind" "$part" # it was faster than the decision
cp -p "$part" kept.bytes
dd if=/dev/zero of="$part" bs=1 count=1 seek=$(($(stat -c %s "$part") - 1)) conv=notrunc status=none
look 1 one
found error output_lost '\.part$' 'it was changed in the meantime' 'full-refresh'
truncate -s 10 "$part"
look 1 one
found error output_lost '\.part$' 'it has 10 bytes, and [0-9]+ were written for good' 'put the file back'
cat kept.bytes >"$part"
printf 'not decided' >>"$part"
look 0 one
found note output_open '\.part$' '11 bytes stand behind what was decided' 'cuts it back'
mv "$part" gone.part
look 1 one
found error output_lost '\.part$' 'the file is gone' 'put the file back'
repair 1 one 0
mv gone.part "$part"
cp "$part" ".x.csv.qetl-aaaaaa.part"
look 1 one
found warning left_over 'aaaaaa\.part$' 'staged rows there' 'repair'
repair 0 one 1
expect_absent ".x.csv.qetl-aaaaaa.part"
expect_eq 'what counts stays' "$(find . -name '*.part')" "$part"
sed -i 's/x.csv/y.csv/' one.yaml
look 1 one.yaml
found warning state_changed '/one$' 'the pipeline has changed since: (sinks\.)?out' 'undo the change'
sed -i 's/y.csv/x.csv/' one.yaml
whole one x.csv

sed -i 's/every: 10ms/every: 1h/' one.yaml # one epoch, the last
killed_at one decide.after:1
look 0 one
found note output_open '\.part$' 'it counts, and is not called .*x\.csv yet' 'gives it that name'
says 'next run' 'gives the outputs of epoch [0-9]+ their names, and is done'
staged=$(find . -name '*.part')
cp "$staged" kept.bytes
truncate -s 10 "$staged"
look 1 one
found error output_lost '\.part$' 'it has 10 bytes, and [0-9]+ were written for good' 'full-refresh'
cat kept.bytes >"$staged"
rm .x.csv.*
look 1 one
found error output_lost 'x\.csv$' 'neither there nor where it was staged' 'full-refresh'
sed -i 's/every: 1h/every: 10ms/' one.yaml

# In place.
pipeline more 'plugin: file, path: x.csv, if_exists: append'
fresh
echo id,v,pad >x.csv
QETL_FAILPOINT=sink.prepare.after:1 "$points" run -q more.yaml >out 2>err
look 0 more.yaml
found note output_open 'x\.csv$' 'killed before it decided anything was appending' 'cuts it back'
whole more x.csv
fresh
for n in 1 2 3 4 5 6 7 8; do
    rm -rf "$state" dead-letters
    echo id,v,pad >x.csv
    QETL_FAILPOINT=commit.after:$n "$points" run -q more.yaml -s sources.in.rate_limit=3000/s >out 2>err
    [ "$(qetl state show more --json | jq .result.rows)" -lt 50 ] || break
done
look 0 more
says 'next run' 'epoch [0-9]'
cp -p x.csv kept.csv
truncate -s 20 x.csv
look 1 more
found error output_lost 'x\.csv$' 'it has 20 bytes' 'put the file back'
cat kept.csv >x.csv
whole more x.csv

# Many files.
pipeline many 'plugin: file, path: "x/{#}.csv", max_rows: 100'
if qetl validate -q many.yaml 2>err; then
    killed_at many sink.prepare.after:1
    look 1 many.yaml
    found warning left_over 'qetl-parts' 'staged rows there' 'clears it away'
    repair 0 many.yaml 1
    expect_eq 'nothing staged' "$(find x -name '.qetl-parts*' | wc -l)" 0
    expect_exit 0 qetl run -q many.yaml
    look 0 many
    found_nothing
    rm x/00002.csv
    truncate -s 5 x/00003.csv
    look 1 many
    found warning output_lost 'x/00002\.csv$' 'the file is gone' 'put it back'
    found warning output_lost 'x/00003\.csv$' 'it has 5 bytes' 'put it back'
    killed_behind many decide.after
    look 0 many
    victim=$(find x -path '*.qetl-parts*' -type f | sort | head -n 1)
    mv "$victim" victim
    look 1 many
    found error output_lost 'qetl-parts' 'the file is gone' 'put the file back'
    mv victim "$victim"
    expect_exit 0 qetl run -q many.yaml
    expect_eq 'nothing staged' "$(find x -name '.qetl-parts*' | wc -l)" 0
    expect_eq 'rows' "$(cat x/*.csv | grep -vc '^id')" "$(grep -vc '^id' wanted.csv)"
else
    fail 'many.yaml is not valid' "$(cat err)"
fi

# ---- a sink that decides ----

pipeline lite 'plugin: sqlite, path: x.db, table: t, create: true'
sed -i 's/every: 10ms/every: 1h/' lite.yaml # no transaction is open behind the one that counts
rows_of_lite() { python3 -c 'import sqlite3; db = sqlite3.connect("x.db"); print(*db.execute("SELECT count(*), count(DISTINCT id) FROM t").fetchone())'; }
rolled_back() { python3 -c 'import sqlite3; sqlite3.connect("x.db").execute("SELECT count(*) FROM sqlite_schema").fetchone()'; }
epoch_set() { python3 -c 'import sqlite3, sys; db = sqlite3.connect("x.db"); db.execute("UPDATE _qetl_epochs SET epoch = ?", [int(sys.argv[1])]); db.commit()' "$1"; }
fresh
expect_exit 0 qetl run -q lite.yaml
look 0 lite
found_nothing
epoch_set 0
look 1 lite
found warning in_doubt '' "sink 'out' knows of none, not of epoch" 'if that was meant'
rm x.db
look 1 lite
found warning output_lost 'x\.db$' 'the database is gone' 'if that was meant'
killed_at lite settle.before:1
rolled_back
look 0 lite
found note epoch_prepared '' "sink 'out' has committed epoch 1" 'the next run counts it'
says 'next run' 'asks the sink that decides whether epoch 1 counts'
killed_at lite decide.before:1
rolled_back
look 0 lite.yaml
printf 'a journal' >x.db-journal
look 0 lite.yaml
found note output_open 'x\.db$' 'a transaction on the database was cut short' 'takes that back'
rm x.db-journal
killed_at lite settle.after:1
rolled_back
look 0 lite
epoch_set 7
look 1 lite
found error in_doubt '' 'has committed epoch 7, but the state ends with epoch 1' 'write rows twice|newer state'
epoch_set 0
look 1 lite
found error in_doubt '' 'knows of none, not of epoch 0|knows of none' 'put it back'
epoch_set 1
cp x.db kept.db
printf 'garbage garbage garbage garbage' | dd of=x.db conv=notrunc status=none
look 1 lite
found error output_lost 'x\.db$' 'the database cannot be read' 'put a copy back'
cp kept.db x.db
expect_exit 0 qetl run -q lite.yaml
expect_eq 'rows in the database, once' "$(rows_of_lite)" '1996 1996'

# ---- dead letters ----

fresh
expect_exit 0 qetl run -q one.yaml
letters=dead-letters/one.ndjson
cp "$letters" kept.ndjson
chmod 644 "$letters"
look 1 one
found warning letters_mode 'one\.ndjson$' 'others may read these dead letters \(mode 0644\)' 'chmod 600'
repair 0 one 1
expect_eq 'their mode' "$(stat -c %a "$letters")" 600
printf '{"id":9,"ti' >>"$letters"
look 1 one
found warning letters_torn 'one\.ndjson$' 'the last line is torn: 11 bytes' 'repair'
repair 0 one 1
expect_same "$letters" kept.ndjson
sed -i '2s/}$/]/' "$letters"
look 1 one
found error letters_damaged 'one\.ndjson$' '1 of 4 dead letters cannot be read: letter 2' 'sets the file aside'
repair 0 one 1
expect_absent "$letters"
expect_eq 'letters set aside' "$(wc -l <"$letters.unreadable")" 4
whole one x.csv
expect_eq 'letters of the next run' "$(wc -l <"$letters")" 4
printf 'this is no letter\n' >"$letters"
look 1 one
found error letters_damaged 'one\.ndjson$' 'cannot be read|something else' 'repair'
repair 0 one 1
expect_eq 'set aside beside the other' "$(ls dead-letters/one.ndjson.unreadable*| wc -l)" 2

killed_behind one decide.after
look 0 one
says 'dead letters' '[0-9]+ waiting, 0 replayed, 0 undecided'
cp "$letters" kept.ndjson
tail -n 1 kept.ndjson | sed 's/^{"id":[0-9]*/{"id":99/; s/"epoch":[0-9]*/"epoch":99/' >>"$letters"
look 0 one
found note letters_undecided 'one\.ndjson$' '^1 letter was not decided' 'takes it back'
: >"$letters"
look 1 one
found error letters_gone 'one\.ndjson$' 'letters are gone' 'put the file back'
rm "$letters"
look 1 one
found error letters_gone 'one\.ndjson$' 'the dead letters are gone' 'put the file back'
cp kept.ndjson "$letters"
sed -i '1s/}$/]/' "$letters"
look 1 one
found error letters_damaged 'one\.ndjson$' 'cannot be read' 'a run goes on from them'
repair 1 one 0
cp kept.ndjson "$letters"
chmod 600 "$letters"
whole one x.csv

sed -i 's/^name: one/&\ndead_letters: {max_size: 64KiB}/' one.yaml
for i in $(seq 60 400); do sed "1!d; s/^{\"id\":[0-9]*/{\"id\":$i/" kept.ndjson; done >"$letters"
chmod 600 "$letters"
look 1 one.yaml
found warning letters_full 'one\.ndjson$' 'the dead letters have [0-9]+% of max_size' 'qetl dlq'
sed -i '/^dead_letters/d' one.yaml

# ---- a state elsewhere, and names that are no text ----

fresh
QETL_FAILPOINT=sink.prepare.after:1 "$points" run -q one.yaml --state elsewhere >out 2>err
expect_exit 0 qetl doctor --deep one.yaml
expect_exit 1 qetl doctor --deep one.yaml --state elsewhere --json
expect_json out '[.result.findings[] | select(.code == "left_over")] | length == 1'
expect_exit 0 qetl doctor --deep one.yaml --state elsewhere --repair --json
expect_json out '.result.repaired == 1'
QETL_FAILPOINT=decide.after:1 "$points" run -q one.yaml --state elsewhere >out 2>err
expect_exit 0 qetl doctor --deep --state "$PWD/elsewhere" one --json
expect_json out '[.result.findings[] | select(.severity != "note")] == []'
expect_exit 0 qetl run -q one.yaml --state elsewhere
mkdir -m 700 "elsewhere/%FF"
expect_exit 0 qetl doctor --deep --state elsewhere --json
expect_json out '[.result.checks[] | select(.check == "next run") | .pipeline] == ["?", "one"]'
rm -r elsewhere

# ---- a run that is at work is left alone ----

fresh
sed 's/rate_limit: [^}]*}/follow: true}/' one.yaml >two.yaml
sed -i 's/^name: one/name: two/' two.yaml
background "$QETL" run -q two.yaml
for _ in $(seq 600); do
    [ ! -f "$state/two/state.db" ] || break
    sleep 0.05
done
expect_exit 0 qetl doctor --deep --repair two --json
expect_json out '.result.checks | map(select(.check == "store"))[0].says | test("process '"$pid"' on .* is at work")'
expect_json out '.result.checks | map(select(.check == "outputs"))[0].says | test("not looked at")'
expect_json out '[.result.findings[]] == []'
interrupt_and_wait INT
expect_eq 'the run ended in good order' "$code" 0
cut -d, -f1 x.csv | sort >got
cut -d, -f1 wanted.csv | sort >ids
expect_same got ids
