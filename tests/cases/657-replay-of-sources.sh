#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# qetl plugin replay of sources: a recording holds what they handed out, not what they read. They are
# given it again, or a copy, and say where it is gone; what came behind them needs none of it.
. "$(dirname "$0")/rest-lib.sh"
libs=${QETL_PLUGIN_PATH%%:*}

# Files: in another folder, though splits and positions of the recording name the first one.
mkdir old new
for part in 1 2; do
    awk -v part=$part 'BEGIN { print "n,name"; for (i = 1; i <= 2000; i++) printf "%d,name %d of %d\n", i % 40, i, part }' >old/$part.csv
done
cat >p.yaml <<'YAML'
name: p
batch_bytes: 4KiB
sources:
  in: {plugin: file, path: old/*.csv, format: {type: csv, types: {n: bigint}}}
sinks:
  out: {plugin: file, path: out.ndjson, input: in, if_exists: replace}
YAML
expect_exit 0 qetl run -q p.yaml --no-state --workers 1 --record rec
mv old/*.csv new
expect_exit 0 qetl plugin replay rec "$libs/csv.so"
expect_exit 2 qetl plugin replay rec "$libs/file_source.so" --json
expect_json out '.error.code == "source_gone" and (.error.message | test("cannot read again what it read then: start failed: .*old"))'
expect_exit 0 qetl plugin replay rec "$libs/file_source.so" -s 'path=new/*.csv' --json
expect_json out '.result | .same and .compared > 5 and .notes == []'
sed -i '$s/of 2/of 3/' new/2.csv
expect_exit 1 qetl plugin replay rec "$libs/file_source.so" -s 'path=new/*.csv' --json
expect_json out '.result | .difference.function == "next" and (.notes | any(test("read now may be other")))'

# A service: gone, another in its place, and one that has other rows.
serve --rows 12
cat >service.yaml <<YAML
name: service
sources:
  in: {plugin: rest, url: "$base/page", private_hosts: ["127.0.0.1"], pagination: {kind: page, limit: 4}}
sinks:
  out: {plugin: file, path: service.ndjson, input: in}
YAML
expect_exit 0 qetl run -q service.yaml --no-state --record service
kill "$server"
expect_exit 0 qetl plugin replay service "$libs/ndjson.so"
expect_exit 2 qetl plugin replay service "$libs/rest_source.so" --json
expect_json out '.error.code == "source_gone"'
serve --rows 12
expect_exit 0 qetl plugin replay service "$libs/rest_source.so" -s "url=$base/page"
kill "$server"
serve --rows 11
expect_exit 1 qetl plugin replay service "$libs/rest_source.so" -s "url=$base/page"
expect_text out '^note: in is a source, and read again'
