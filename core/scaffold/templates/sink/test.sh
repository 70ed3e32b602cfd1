# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Runs the plugin in pipelines and compares what they write.
. ./testing.sh

printf 'id\n1\n2\n3\n' >in.csv
cat >pipeline.yaml <<YAML
name: parts
sources:
  numbers: {plugin: file, path: in.csv, format: {type: csv, types: {id: bigint}}}
sinks:
  out: {plugin: newplugin, input: numbers, path: outbox}
YAML

run pipeline.yaml
printf '{"id":1}\n{"id":2}\n{"id":3}\n' >wanted
cat outbox/part-*.ndjson >got
same 'the rows of a run' got wanted

run pipeline.yaml
cat wanted wanted >twice
cat outbox/part-*.ndjson >got
same 'another run adds a file' got twice

run pipeline.yaml --set sinks.out.path=lines --set sinks.out.suffix=.txt --set sinks.out.format=lines
cat lines/part-*.txt >got
printf '1\n2\n3\n' >wanted
same 'suffix, and another format' got wanted

: >file
refused 'a folder that is none' 'file: ' pipeline.yaml --set sinks.out.path=file
printf 'id\n1\nx\n' >in.csv
refused 'a run that fails' 'bad_number\|rejected' pipeline.yaml --set sinks.out.path=none --set max_rejected=0
ls -A none >got
: >wanted
same 'a run that fails shows nothing, and leaves nothing' got wanted

# Each row once, whole, and no hidden file is left.
seq 150000 | sed 's/.*/{"n":&}/' >numbers.ndjson
cat >long.yaml <<YAML
name: long
checkpoint: {every: 1ms}
batch_bytes: 4KiB
sources:
  numbers: {plugin: file, path: numbers.ndjson, rate_limit: 80000/s}
sinks:
  out: {plugin: newplugin, input: numbers, path: long}
YAML
killed_run_goes_on 'long/part-*' long.yaml
cat long/part-* >got
same 'a run that was killed goes on' got numbers.ndjson
find long -name '.*' -type f >got
same 'nothing hidden is left' got wanted
