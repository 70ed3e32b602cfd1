#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Recordings that are cut off, at every place of a small one: what is whole up to there is played, what cannot be is
# told, and no plugin is called as no host would call it. And folders that hold no recording.
. "$(dirname "$0")/lib.sh"
libs=${QETL_PLUGIN_PATH%%:*}

printf 'n,name\n1,a\n2,b\n3,c\n' >in.csv
cat >p.yaml <<'YAML'
name: p
sources:
  in: {plugin: file, path: in.csv, format: {type: csv, types: {n: bigint}}}
transforms:
  some: {plugin: filter, input: in, where: n > 1}
sinks:
  out: {plugin: "null", input: some}
YAML
expect_exit 0 qetl run -q p.yaml --no-state --workers 1 --record rec --record-of some
expect_exit 0 qetl plugin replay rec "$libs/filter.so"
expect_text out '^the same: 4 calls of 1 instances$'

# A sanitizer takes its time for each process: fewer places then.
python3 - "$QETL" "$libs/filter.so" "$([ -z "$QETL_SANITIZER" ] && echo 5 || echo 61)" >told 2>&1 <<'PY'
import os, re, shutil, subprocess, sys
qetl, library, step = sys.argv[1], sys.argv[2], int(sys.argv[3])
kinds = {"whole": r"^the same: 4 calls", "part": r"^note: (entries \d+ to \d+ are missing|the recording has no end).*\n(note: .*\n)*the same: [0-4] calls",
         "none": r"(its first entry is missing|no instance that plugin 'filter' could play|does not begin as a file of a recording)"}
seen = dict.fromkeys(kinds, 0)
for name in sorted(os.listdir("rec")):
    data = open("rec/" + name, "rb").read()
    for size in [*range(0, 17), *range(17, len(data), step), len(data)]:
        shutil.rmtree("cut", ignore_errors=True)
        shutil.copytree("rec", "cut")
        os.truncate("cut/" + name, size)
        run = subprocess.run([qetl, "plugin", "replay", "cut", library], capture_output=True, text=True, timeout=60)
        kind = next((k for k, pattern in kinds.items() if re.search(pattern, run.stdout + run.stderr)), None)
        assert kind and run.returncode == (2 if kind == "none" else 0), (name, size, run)
        seen[kind] += 1
print(all(seen.values()))
PY
echo True | expect_file told

# A file of it that is gone is a hole.
rm -r cut
cp -r rec cut
rm cut/0*
expect_exit 0 qetl plugin replay cut "$libs/filter.so"
expect_text out '^note: entries [0-9]+ to [0-9]+ are missing'

# What is no recording, or one of something else, or somebody's already.
mkdir empty
expect_exit 2 qetl plugin replay empty "$libs/filter.so"
expect_exit 2 qetl plugin replay in.csv "$libs/filter.so"
expect_text err "'in.csv': Not a directory"
expect_exit 2 qetl plugin replay no-such-folder "$libs/filter.so"
expect_exit 2 qetl plugin replay rec "$libs/ndjson.so"
expect_text err "no instance that plugin 'ndjson' could play"
expect_exit 3 qetl run -q p.yaml --no-state --record rec
expect_exit 3 qetl run -q p.yaml --no-state --record in.csv
for n in 1 2 3 4; do
    (
        qetl run -q p.yaml --no-state --record shared >"shared$n" 2>&1
        echo $? >"code$n"
    ) &
done
wait
expect_eq 'who recorded into one folder at once' "$(sort code? | uniq -c | awk '{ print $1, $2 }' | paste -sd ' ')" '1 0 3 3'
expect_exit 0 qetl plugin replay shared "$libs/filter.so"
