#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# qetl run --abi-trace: which calls cross the border between core and plugins, in their order; what is
# never told (values, secrets); what it changes (nothing); and where it goes.
. "$(dirname "$0")/lib.sh"
export QETL_PLUGIN_PATH=$QETL_PLUGIN_PATH:$QETL_TEST_PLUGINS

printf 'id,name\n1,ann\n2,bob\n3,eve\n4,zoe-the-fourth\n' >in.csv
cat >p.yaml <<'YAML'
name: p
sources:
  in: {plugin: file, path: in.csv, format: csv}
transforms:
  some: {plugin: filter, input: in, where: id > 2}
sinks:
  out: {plugin: file, path: out.ndjson, input: some, if_exists: replace}
YAML

expect_exit 0 qetl run -q p.yaml --no-state --driver pull # from now on there is a former file to keep

# Calls to plugins, in the order in which they came back; one thread, so that there is one order.
expect_exit 0 qetl run -q p.yaml --no-state --driver pull --abi-trace
cp err trace
awk '$4 == ">" { print $3, $5 }' trace >calls
expect_file calls <<'CALLS'
in/file#1 create
in/file#1 start
in/file#1 describe
in/file#1 get_extension
in/file#1 plan_splits
in/file#1 open
in/csv#2 create
in/csv#2 describe
in/file#1 next
in/csv#2 infer
some/filter#3 create
some/filter#3 bind
out/file#4 create
out/file#4 start
out/file#4 describe
out/file#4 get_extension
out/ndjson#5 create
out/ndjson#5 describe
out/ndjson#5 forms
in/file#1 get_extension
in/file#1 objects.list
out/file#4 get_extension
out/file#4 objects.list
in/csv#2 open_decode
out/ndjson#5 open_encode
out/file#4 open
in/csv#6 create
in/csv#6 open_decode
out/ndjson#7 create
out/ndjson#7 open_encode
in/csv#2 frame
in/file#1 next
in/csv#6 decode
some/filter#3 process
in/csv#6 decode_late
out/ndjson#7 encode
out/file#4 get_extension
out/file#4 sink-append.continues
out/file#4 write
out/file#4 prepare
out/file#4 commit
out/file#4 stop
out/ndjson#7 destroy
in/csv#6 destroy
out/ndjson#5 destroy
out/file#4 destroy
some/filter#3 destroy
in/csv#2 destroy
in/file#1 destroy
CALLS

# Arguments, answers, durations; what plugins call in turn.
expect_text trace '^ *[0-9]+\.[0-9]{3} [0-9]+ in/csv#6 > decode data=35B object=in.csv offset=8 = OK [0-9]+us rows=4 records=4 '
expect_text trace ' some/filter#3 > process kind=1 rows=4 batch=1cols = OUTPUT [0-9]+us rows=2 row_map=\[2,3\] rows_filtered=2$'
expect_text trace " some/filter#3 < expr.compile text='id > 2' option=/where = OK [0-9]+us$"
expect_text trace ' some/filter#3 < binder.read column=0 form=1 = 0 '
expect_text trace ' out/file#4 > open stream=0 schema=\(id:text,name:text\) = OK '
expect_text trace ' out/file#4 < outputs.add uri=out.ndjson rows=2 bytes=[0-9]+ = '
expect_text trace ' in/csv#2 < options.text pointer=/delimiter = '
expect_text trace ' in/file#1 < plan_splits.write data=[0-9]+B = OK '
expect_no_text trace 'zoe|\beve\b|bob'
expect_file out.ndjson <<'ROWS'
{"id":3,"name":"eve"}
{"id":4,"name":"zoe-the-fourth"}
ROWS

# For machines: the same calls, each an object.
expect_exit 0 qetl run -q p.yaml --no-state --driver pull --abi-trace=t.ndjson
expect_eq 'stderr' "$(cat err)" ''
expect_eq 'mode of the file' "$(stat -c %a t.ndjson)" 600
jq -r 'select(.to == "plugin") | "\(.component)/\(.plugin)#\(.instance) \(.call)"' t.ndjson >calls.json
expect_same calls calls.json
expect_eq 'calls in all' "$(jq -s 'length' t.ndjson)" "$(grep -cE ' [<>] ' trace)"
jq -s '[.[] | select(.call == "process")][0] | del(.at_us, .thread, .lasted_us)' t.ndjson >process.json
expect_json process.json '. == {component: "some", plugin: "filter", instance: 3, to: "plugin", call: "process",
    in: {kind: 1, rows: 4, batch: {columns: 1}}, answer: "OUTPUT", out: {rows: 2, row_map: [2, 3], rows_filtered: 2}}'
jq -s '[.[] | select(.call == "create" and .component == "some")][0].in.options' t.ndjson >options.json
expect_json options.json '. == {where: "id > 2"}'
expect_no_text t.ndjson 'zoe|\beve\b|bob'

# Rows that are rejected: which one and why in one word, but not what stands in it.
printf 'id,name\n1,ann\nforty-two,bob\n' >in.csv
expect_exit 0 qetl run -q p.yaml --no-state -s 'sources.in.format={type: csv, types: {id: bigint}}' --abi-trace=t.txt
expect_text t.txt ' in/csv#[0-9]+ < reject row=1 column=0 code=[a-z_]+ message=[0-9]+B bytes=[0-9]+B = '
expect_no_text t.txt 'forty'

# Secrets: those of the manifest, however short, and those that were put in.
cat >secret.yaml <<'YAML'
name: secret
sources:
  in: {plugin: fault, rows: 3, password: "${secret:P}"}
sinks:
  out: {plugin: "null", input: in}
YAML
for P in hunter-two-and-more ab; do
    for file in s.txt s.ndjson; do
        P=$P expect_exit 0 qetl run -q secret.yaml --no-state --abi-trace=$file
        expect_no_text $file 'hunter|"ab"'
    done
    jq -s '[.[] | select(.call == "create" and .component == "in")][0].in.options' s.ndjson >options.json
    expect_json options.json '.password == "***" and .rows == 3'
done

# Threads: nothing is lost, and each line is whole.
awk 'BEGIN { print "id,name"; for (i = 0; i < 30000; i++) printf "%d,name %d\n", i, i }' >in.csv
expect_exit 0 qetl run -q p.yaml --no-state --workers 4 -s batch_bytes=16KiB
cp out.ndjson plain.ndjson
expect_exit 0 qetl run -q p.yaml --no-state --workers 4 -s batch_bytes=16KiB --abi-trace=t.ndjson
expect_same out.ndjson plain.ndjson
expect_eq 'rows that were decoded' "$(jq -s '[.[] | select(.call == "decode") | .out.rows] | add' t.ndjson)" 30000
expect_eq 'rows that were written' "$(jq -s '[.[] | select(.call == "write") | .out.rows_written] | add' t.ndjson)" 29997
expect_eq 'each that was made was destroyed' "$(jq -s '[.[] | select(.call == "create")] | length' t.ndjson)" \
    "$(jq -s '[.[] | select(.call == "destroy")] | length' t.ndjson)"

# A call that never comes back is told, too.
if [ -z "$QETL_SANITIZER" ]; then
    expect_exit 1 qetl run -q secret.yaml --no-state -s sources.in.password=x -s sources.in.fault=crash --abi-trace=c.txt
    expect_text err 'crashed in next'
    expect_text c.txt ' in/fault#1 > next max_rows=[0-9]+ .* = did not return$'
fi

# Where it goes: not over what the pipeline has, and not into nothing without a word.
expect_exit 2 qetl run -q p.yaml --no-state --abi-trace=in.csv
expect_text err '--abi-trace'
expect_eq 'rows of the input' "$(wc -l <in.csv)" 30001
expect_exit 3 qetl run -q p.yaml --no-state --abi-trace=no-such-folder/t.txt
expect_text err "'no-such-folder/t.txt' cannot be written: No such file"
expect_exit 0 qetl run p.yaml --no-state --abi-trace=/dev/full
expect_text err "'/dev/full' is not whole: No space left"
expect_exit 2 qetl preview p.yaml --abi-trace
expect_text err 'it is an option of qetl run'
expect_exit 0 qetl run --help
expect_text out '--abi-trace\[=FILE\]'

# Extensions of components: columns of objects, parts, what stands there already.
cat >ext.yaml <<'YAML'
name: ext
sources:
  in: {plugin: file, path: in.csv, format: csv, metadata: {f: name, r: row}}
sinks:
  out: {plugin: file, path: "parts/{g}.csv", input: in}
YAML
printf 'id,g\n1,a\n2,b\n3,a\n' >in.csv
expect_exit 0 qetl run -q ext.yaml --no-state --driver pull --abi-trace=e.txt
expect_text e.txt ' in/file#1 > object-columns.schema = OK [0-9]+us schema=\(f:text,r:bigint\)$'
expect_text e.txt ' in/file#1 > object-columns.values = OK [0-9]+us row=1cols$'
expect_text e.txt ' out/file#[0-9]+ > sink-parts.columns schema=.* = 1 [0-9]+us columns=\[1\] leave_out='
expect_text e.txt ' out/file#[0-9]+ > write rows=2 bytes=[0-9]+B keys=\[1\] = OK '
expect_eq 'rows with their files' "$(tail -qn +2 parts/a.csv)" "1,a,in.csv,1
3,a,in.csv,3"
