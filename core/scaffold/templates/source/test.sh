# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Runs the plugin in pipelines and compares what they write.
. ./testing.sh

mkdir inbox inbox/folder
printf 12345 >inbox/b.txt
printf '' >inbox/a.txt
printf x >inbox/c.csv
TZ=UTC touch -t 202601021530.00 inbox/*
cat >pipeline.yaml <<YAML
name: files
sources:
  files: {plugin: newplugin, path: inbox}
sinks:
  out: {plugin: file, input: files, path: out.csv, if_exists: replace}
YAML

run pipeline.yaml
cat >wanted.csv <<CSV
name,size,modified
a.txt,0,2026-01-02 15:30:00+00
b.txt,5,2026-01-02 15:30:00+00
c.csv,1,2026-01-02 15:30:00+00
CSV
same 'one row a file, by name' out.csv wanted.csv

run pipeline.yaml --set sources.files.suffix=.csv
printf 'name,size,modified\nc.csv,1,2026-01-02 15:30:00+00\n' >wanted.csv
same 'suffix' out.csv wanted.csv

refused 'a folder that is not there' 'nowhere: No such file' pipeline.yaml --set sources.files.path=nowhere

touch "inbox/$(printf 'z\377')"
run pipeline.yaml --set sources.files.suffix='' --set max_rejected=1
grep -q '"code":"bad_utf8"' dead-letters/files.ndjson || fail 'a name that is no UTF-8 is a dead letter'
pass 'a name that is no UTF-8 is a dead letter'
rm inbox/z*

# No row twice, and none is missing.
i=0
while [ $i -lt 300 ]; do
    i=$((i + 1))
    : >"inbox/$(printf 'n%03d' $i)"
done
cat >long.yaml <<YAML
name: long
checkpoint: {every: 1ms}
batch_rows: 1
sources:
  files: {plugin: newplugin, path: inbox, rate_limit: 150/s}
transforms:
  names: {plugin: select, input: files, columns: [name]}
sinks:
  out: {plugin: file, input: names, path: "long-{epoch}.csv"}
YAML
killed_run_goes_on 'long-*.csv' long.yaml
cat long-*.csv | grep -v '^name$' >got
{ echo a.txt; echo b.txt; echo c.csv; seq -f 'n%03g' 300; } >wanted
same 'a run that was killed goes on' got wanted
