#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What runs that were killed have staged is gone once the next run of the pipeline is through: hidden
# files and folders of the sink, what lies beside dead letters, and files of the state. What others
# staged stays.
. "$(dirname "$0")/lib.sh"
late_libraries

points=$QETL_TOOLS/qetl_failpoints
state=$XDG_STATE_HOME/qetl
awk 'BEGIN { print "id,v,k"; for (i = 0; i < 1500; i++) printf "%d,%s,%d\n", i, i % 300 == 13 ? "bad" : i, i % 3 }' >in.csv
grep -v 'bad\|id' in.csv | cut -d, -f1 | sort >wanted

pipeline() { # NAME SINK
    cat >"$1.yaml" <<YAML
name: $1
checkpoint: {every: 5ms}
batch_bytes: 4KiB
sources:
  in: {plugin: file, path: in.csv, format: {type: csv, types: {v: bigint}}, rate_limit: 20000/s}
sinks:
  out: {$2, input: in, format: csv}
YAML
}
pipeline create 'plugin: file, path: o/x.csv'
pipeline replace 'plugin: file, path: o/x.csv, if_exists: replace'
pipeline append 'plugin: file, path: o/x.csv, if_exists: append'
pipeline parts 'plugin: file, path: "o/{k}/x.csv"'
pipeline all 'plugin: file, path: "o/{k}/x.csv", if_exists: replace_all'
pipeline partitions 'plugin: file, path: o/x.csv, partition_by: [k], if_exists: replace_partitions'
pipeline epochs 'plugin: file, path: "o/{epoch}.csv"'

hidden() { # what is staged, noted or left
    find . "$state" \( -name '.*.part' -o -name '.*qetl-parts*' -o -name '.*.begun' -o -name '.*.from' -o -name '.*.new' \
        -o -name 'blob-*' -o -name unfinished -o -name 'new.db*' \) | sort
}
left=0
# try NAME POINT…: runs that are killed there, one after the other, then one that is not
try() {
    local name=$1 point
    shift
    rm -rf o "$state" dead-letters ./*.bak
    case $name in
    replace | append) mkdir o && echo id,v,k >o/x.csv ;;
    all | partitions) mkdir -p o/k=7 && printf 'id,v\n7,7\n' >o/k=7/x.csv ;;
    esac
    for point; do
        QETL_FAILPOINT=$point timeout 60 "$points" run -q "$name.yaml" >out 2>err
        [ $? = 137 ] || return 0 # it was over before it came there
        [ -z "$(hidden)" ] || left=$((left + 1))
    done
    expect_exit 0 qetl run -q "$name.yaml"
    expect_eq "left by $name at $*" "$(hidden)" ''
    find o -name '*.csv' ! -path '*/k=7/*' ! -path '*/.*' ! -path '*.bak/*' -exec cat {} + | cut -d, -f1 | grep -v id | sort >got
    expect_same got wanted
    expect_exit 0 qetl doctor --deep "$name.yaml" --json
    expect_json out '[.result.findings[]] == []'
}
for name in create replace append parts all partitions epochs; do
    for point in source.cut:1 sink.prepare.after:1 decide.before:1 decide.after:1 commit.between:1 commit.after:1 decide.after:3; do
        try $name $point
    done
    try $name sink.prepare.after:1 begin:1 sink.prepare.before:1
    try $name decide.after:2 recover.commit:1 decide.after:1 recover.before:1 commit.before:1 begin:1
    try $name commit.after:1 recover.restore:1 source.cut:1 finish:1
done
[ "$left" -gt 20 ] && pass "$left kills left something" || fail "only $left kills left something"

# What another pipeline staged there is not this one's to clear.
try parts sink.prepare.after:1
QETL_FAILPOINT=sink.prepare.after:1 "$points" run -q parts.yaml -s name=another -s sinks.out.if_exists=replace >out 2>err
expect_eq 'one folder is staged' "$(hidden | grep -c qetl-parts)" 1
expect_exit 0 qetl run -q parts.yaml -s sinks.out.if_exists=replace
expect_eq 'and stays' "$(hidden | grep -c qetl-parts)" 1
expect_exit 0 qetl doctor --deep --repair parts.yaml -s sinks.out.if_exists=replace --json
expect_json out '.result.repaired == 0'
expect_eq 'and stays' "$(hidden | grep -c qetl-parts)" 1
expect_exit 0 qetl run -q parts.yaml -s name=another -s sinks.out.if_exists=replace
expect_eq 'until its own next run' "$(hidden)" ''
