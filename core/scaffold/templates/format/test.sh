# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Runs the plugin in pipelines and compares what they write.
. ./testing.sh

printf '# colours\nsky=blue\n\nformula=a=b\nempty=\nlast=one' >in.newplugin
cat >pipeline.yaml <<YAML
name: pairs
sources:
  pairs: {plugin: file, path: in.newplugin, format: {type: newplugin}}
sinks:
  out: {plugin: file, input: pairs, path: out.csv, if_exists: replace}
YAML

run pipeline.yaml
printf 'key,value\nsky,blue\nformula,a=b\nempty,""\nlast,one\n' >wanted
same 'a row for each pair' out.csv wanted

run pipeline.yaml --set sinks.out.path=copy.newplugin
printf 'sky=blue\nformula=a=b\nempty=\nlast=one\n' >wanted
same 'written again' copy.newplugin wanted

cp wanted in.newplugin
run pipeline.yaml --set sinks.out.path=copy.newplugin --set sinks.out.format='{type: newplugin, separator: ":"}'
tr '=' ':' <wanted | sed 's/a:b/a=b/' >colons
same 'separator' copy.newplugin colons

printf 'a=1\nnonsense\nb=\377\nc=3\n' >in.newplugin
run pipeline.yaml
printf 'key,value\na,1\nc,3\n' >wanted
same 'what is no pair is rejected, and the others go on' out.csv wanted
[ "$(grep -c '"code":"bad_' dead-letters/pairs.ndjson)" = 2 ] || fail 'what is no pair is a dead letter'
pass 'what is no pair is a dead letter'

cat >back.yaml <<YAML
name: back
sources:
  rows: {plugin: file, path: rows.csv}
sinks:
  out: {plugin: file, input: rows, path: back.newplugin}
YAML
printf 'value,key\n1.50,a\n2,b=c\n3,#d\n' >rows.csv
run back.yaml
printf 'a=1.50\n' >wanted
same 'what could not be read again is not written' back.newplugin wanted
printf 'value,name\n1,a\n' >rows.csv
refused 'a column that is missing' '"key" is missing' back.yaml --set sinks.out.path=none.newplugin

# In pieces as small as can be, and by many at once, it is the same.
awk 'BEGIN { for (i = 0; i < 20000; i++) print "key" i "=value " i }' >in.newplugin
run pipeline.yaml --set sinks.out.path=all.newplugin --set batch_bytes=4KiB
same 'many small batches' all.newplugin in.newplugin
