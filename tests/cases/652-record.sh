#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# qetl run --record and qetl plugin replay: what is recorded is played to every kind of plugin again with
# the same answers; a plugin that has become another is found out, with call, row and column; kills,
# rings, secrets, private columns, damage.
. "$(dirname "$0")/lib.sh"
libs=${QETL_PLUGIN_PATH%%:*}
export QETL_PLUGIN_PATH=$QETL_PLUGIN_PATH:$QETL_TEST_PLUGINS

awk 'BEGIN { print "n,name"; for (i = 1; i <= 3000; i++) printf "%s,name %d\n", i % 100 == 50 ? "" : i % 40, i }' >in.csv
cat >p.yaml <<'YAML'
name: p
batch_bytes: 4KiB
sources:
  in: {plugin: file, path: in.csv, format: {type: csv, types: {n: bigint}}}
transforms:
  sum: {plugin: drift, input: in, column: n, token: "${T:-open sesame}"}
sinks:
  out: {plugin: file, path: out.ndjson, input: sum, if_exists: replace}
YAML

# Recording changes nothing, and is for its owner alone.
expect_exit 0 qetl run -q p.yaml --no-state --workers 1
cp out.ndjson plain.ndjson
expect_exit 0 qetl run -q p.yaml --no-state --workers 1 --record rec
expect_same out.ndjson plain.ndjson
expect_eq 'mode of the folder' "$(stat -c %a rec)" 700
expect_eq 'modes of the files' "$(stat -c %a rec/* | sort -u)" 600
expect_eq 'the secret is in no file' "$(grep -lr 'sesame' rec)" ''

# What each plugin answered it answers again, without the input: but sources, which read it.
mv in.csv away.csv
for lib in csv ndjson; do
    expect_exit 0 qetl plugin replay rec "$libs/$lib.so" --json
    expect_json out '.result | .same and .compared > 5 and .difference == null and .notes == []'
done
expect_exit 2 qetl plugin replay rec "$libs/file_source.so"
expect_text err 'in is a source, and cannot read again what it read then: [a-z_]+ failed: .*in\.csv'
expect_text err 'mend: a recording holds what a source handed out, not what it read: put that back, or name a copy'
expect_exit 0 qetl plugin replay rec "$libs/file_source.so" -s path=away.csv
expect_text out '^the same: [0-9]+ calls of 1 instances$'
sed '7s/name 6/name 7/' away.csv >in.csv
expect_exit 1 qetl plugin replay rec "$libs/file_source.so" -s path=in.csv
expect_text out '^note: in is a source, and read again: what it read now may be other'
expect_text out '^differs at entry [0-9]+, call [0-9]+: next of in$'
mv away.csv in.csv
expect_exit 0 qetl plugin replay rec "$libs/file_source.so"
expect_text out '^the same: [0-9]+ calls of 1 instances$'

# A sink writes: elsewhere, or not at all.
expect_exit 2 qetl plugin replay rec "$libs/file_sink.so"
expect_text err 'it would write to what it wrote to then'
expect_text err 'mend: name another target: -s path='
expect_same out.ndjson plain.ndjson
expect_exit 0 qetl plugin replay rec "$libs/file_sink.so" -s path=copy.ndjson
expect_same copy.ndjson plain.ndjson

# Secrets have to be given again.
drift=$QETL_TEST_PLUGINS/drift.so
expect_exit 2 qetl plugin replay rec "$drift"
expect_text err 'option `token` of sum held a secret, which was not recorded'
expect_text err 'mend: give one: -s token=VALUE'
expect_exit 2 qetl plugin replay rec "$drift" -s tokem=x
expect_text err 'the component has no such option'
expect_exit 0 qetl plugin replay rec "$drift" -s token=x
first=$(cat out)
expect_exit 0 qetl plugin replay rec "$drift" -s token=x
expect_eq 'twice the same' "$(cat out)" "$first"

# Another plugin: each thing that it does otherwise is named.
differs() { # HOW FILTER
    QETL_DRIFT=$1 expect_exit 1 qetl plugin replay rec "$drift" -s token=x --json
    expect_json out ".ok == false and .result.same == false and (.result.difference | .component == \"sum\" and $2)"
}
differs value '.function == "process" and .what == "batch" and .row == 12 and .column == "total" and .expected == "91" and .got == "92"'
differs name '.function == "bind" and .what == "binder.derive: field" or .what == "binder.derive: field: metadata"'
differs code '.function == "process" and .what == "reject: code" and (.got | test("null"))'
differs filter '.function == "process" and .what == "rows"'
differs failure '.function == "process" and .what == "what it told the host" and .got == "error: thirteen is no number"'
QETL_DRIFT=value expect_exit 1 qetl plugin replay rec "$drift" -s token=x
expect_text out "^  batch, row 12, column 'total'$"
expect_text out '^  expected  91$'
expect_text out '^  got       92$'
if [ -z "$QETL_SANITIZER" ]; then
    QETL_DRIFT=crash expect_exit 1 qetl plugin replay rec "$drift" -s token=x
    expect_text err "component 'sum' \(drift\) crashed in process"
fi

# One component alone, and nobody else's calls.
expect_exit 0 qetl run -q p.yaml --no-state --record one --record-of sum
expect_exit 2 qetl plugin replay one "$libs/csv.so"
expect_text err 'it has sum \(transform drift\)$'
expect_exit 0 qetl plugin replay one "$drift" -s token=x --component sum
expect_exit 2 qetl plugin replay rec "$libs/csv.so" --component sum
expect_exit 2 qetl run -q p.yaml --no-state --record no --record-of summ
expect_text err 'did you mean sum'
expect_exit 2 qetl run -q p.yaml --no-state --record-of sum
expect_exit 3 qetl run -q p.yaml --no-state --record one
expect_text err 'it holds something already'
expect_absent no

# A ring: the recording is no larger than it may, and says what is missing.
expect_exit 0 qetl run p.yaml --no-state --workers 1 --record ring --record-most 256KiB
expect_text err "the recording in 'ring' wrapped: its first [0-9]+ files gave way"
expect_eq 'it is no larger' "$(($(cat ring/* | wc -c) <= 262144))" 1
expect_exit 1 qetl plugin replay ring "$drift" -s token=x
expect_text out '^note: entries [0-9]+ to [0-9]+ gave way to later ones'
expect_exit 0 qetl plugin replay ring "$libs/ndjson.so"

# … and what is too large for it is left out, and told.
expect_exit 0 qetl run -q p.yaml --no-state --workers 1 --record small --record-most 64KiB
expect_eq 'it is no larger' "$(($(cat small/* | wc -c) <= 65536))" 1
expect_exit 0 qetl plugin replay small "$libs/file_sink.so" -s path=small.ndjson
expect_text out '^note: what went into entry [0-9]+, write of out, was not kept'

# Killed while it records: what was whole is played.
cat >slow.yaml <<'YAML'
name: slow
batch_bytes: 4KiB
sources:
  in: {plugin: file, path: in.csv, format: {type: csv, types: {n: bigint}}, rate_limit: 500/s}
transforms:
  sum: {plugin: drift, input: in, column: n}
sinks:
  out: {plugin: file, path: killed.ndjson, input: sum}
YAML
for round in 1 2 3; do
    "$QETL" run -q slow.yaml --no-state --workers $((round * 2 - 1)) --record "killed$round" >/dev/null 2>&1 &
    victim=$!
    for _ in $(seq 3000); do # until so many calls of process are in it, and their answers
        [ "$(cat "killed$round"/0*.qetlrec 2>/dev/null | grep -ao 'process' | wc -l)" -ge $((round * 2)) ] && break
        sleep 0.02
    done
    kill -KILL $victim
    wait $victim 2>/dev/null
    expect_exit 0 qetl plugin replay "killed$round" "$drift" --json
    expect_json out '.result | .same and .compared >= 4 and (.notes | any(test("has no end")))'
done
# … and a frame of which a half was written is none.
last=$(ls killed1/0*.qetlrec | tail -1)
truncate -s -3 "$last"
expect_exit 0 qetl plugin replay killed1 "$drift"

# Damage is told, with its place.
cp -r rec bad
printf 'X' | dd of=bad/000001.qetlrec bs=1 seek=2000 conv=notrunc status=none
cp bad/000001.qetlrec bad/000002.qetlrec
cp bad/000001.qetlrec bad/000003.qetlrec
expect_exit 2 qetl plugin replay bad "$libs/csv.so"
expect_text err "recording 'bad/000001.qetlrec': it is damaged at byte [0-9]+ of [0-9]+"
mkdir none
expect_exit 2 qetl plugin replay none "$libs/csv.so"
expect_text err 'there is no file of a recording in it'
expect_text err 'mend: name a folder that .qetl run … --record DIR. has written'
expect_exit 2 qetl plugin replay nowhere "$libs/csv.so"
expect_text err 'mend: name a folder'
echo nothing of the kind >none/base.qetlrec
expect_exit 2 qetl plugin replay none "$libs/csv.so"
expect_text err 'does not begin as a file of a recording does'
expect_exit 3 qetl plugin replay rec missing.so
expect_text err "'missing.so': No such file"
# One that is installed, by its name or a component's.
expect_exit 0 qetl plugin replay rec csv
expect_exit 0 qetl plugin replay rec file-sink -s path=named.ndjson
expect_exit 0 qetl plugin replay rec drift --plugin-dir "$QETL_TEST_PLUGINS" -s token=x
expect_exit 2 qetl plugin replay rec nobody
expect_text err 'no plugin of this name is installed'

# Columns that are never to be stored are not.
expect_exit 2 qetl run -q p.yaml --no-state --record private -s 'dead_letters={private: [name]}'
expect_text err "column 'name' is never to be stored"
expect_absent private

# Beside many threads: each instance on its own, in the order in which it was called.
sed 's/drift/filter/; s/column: n, token: .*}/where: n > 3}/' p.yaml >many.yaml
expect_exit 0 qetl run -q many.yaml --no-state --workers 4 --record many
for lib in csv ndjson filter; do
    expect_exit 0 qetl plugin replay many "$libs/$lib.so" --json
    expect_json out '.result | .same and .compared > 5 and .notes == []'
done
expect_exit 0 qetl plugin replay many "$libs/csv.so"
expect_text out '^the same: [0-9]+ calls of [5-9] instances$'

# A disk that is full, as files may not grow: the run goes on, and says that the recording does not, which is good up to there.
awk 'BEGIN { print "n,name"; for (i = 1; i <= 20000; i++) printf "%d,name %d\n", i % 40, i }' >large.csv
sed 's/in\.csv/large.csv/; s/plugin: file, path: out.ndjson/plugin: "null"/; s/, if_exists: replace//' p.yaml >full.yaml
(
    trap '' XFSZ
    ulimit -f 400
    qetl run -q full.yaml --no-state --workers 4 --record full --json-file report.json >out 2>err
)
expect_eq 'exit code of a run whose recording found no room' $? 0
expect_text err "the recording in 'full' is not whole: File too large"
expect_json report.json '.ok and .summary.rows_out == 20000'
expect_exit 0 qetl plugin replay full "$libs/csv.so" --json
expect_json out '.result | .same and .compared > 3 and (.notes | any(test("has no end")))'

# Secrets: in options, in expressions, in names of files, and so in positions and handles.
mkdir kept
cp in.csv kept/in-canary-sesame.csv
cat >secret.yaml <<'YAML'
name: secret
sources:
  in: {plugin: file, path: "kept/in-${secret:T}.csv", format: {type: csv, types: {n: bigint}}}
transforms:
  some: {plugin: filter, input: in, where: "name <> '${secret:T}'"}
  sum: {plugin: drift, input: some, column: n, token: "${T}"}
sinks:
  out: {plugin: file, path: "kept/out-${secret:T}.ndjson", input: sum, if_exists: replace}
YAML
for round in 1 2; do
    for how in txt ndjson; do
        T=canary-sesame expect_exit 0 qetl run secret.yaml --state state --workers 4 --record "secret$round$how" --abi-trace="trace$round.$how" \
            --json-file report.json
        cp err "told$round.$how"
    done
done
expect_eq 'files of recordings and traces' "$(($(find secret* trace* told* -type f | wc -l) >= 16))" 1
expect_eq 'secrets in them' "$(grep -lra canary secret1* secret2* trace* told* report.json)" ''
expect_exit 0 qetl plugin replay secret1txt "$drift" -s token=x
expect_exit 0 qetl plugin replay secret1txt "$libs/csv.so"
expect_exit 0 qetl plugin replay secret1txt "$libs/file_source.so" -s path=kept/in-canary-sesame.csv
expect_text out '^note: what went into entry [0-9]+, open of in, was not kept \(it was too large, held a secret'

# No folder for it.
expect_exit 3 qetl run -q p.yaml --no-state --record /dev/null/x
expect_text err "cannot hold a recording"
