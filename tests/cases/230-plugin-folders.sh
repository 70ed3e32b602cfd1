#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Two plugins that offer one thing are an error that names both; refusals.
. "$(dirname "$0")/lib.sh"

mkdir a b open
printf 'id\n1\n' >in.csv
printf 'name: t\nsources: {s: {plugin: file, path: in.csv}}\nsinks: {t: {plugin: touch, input: s}}\n' >p.yaml
cp "$QETL_TEST_PLUGINS"/touch.* a
cp a/touch.so b/other.so
jq '.id = "other"' a/touch.qetl.json >b/other.qetl.json
# One component of two plugins.
expect_exit 3 qetl run p.yaml --plugin-dir a --plugin-dir b
expect_text err 'a/touch'
expect_text err 'b/other'
# One plugin id twice, in one folder or in two: which of them ran would be hidden.
cp a/touch.so a/again.so
cp a/touch.qetl.json a/again.qetl.json
expect_exit 3 qetl run p.yaml --plugin-dir a
expect_text err 'a/touch'
expect_text err 'a/again'
rm a/again.*
cp a/touch.* open
expect_exit 3 qetl run p.yaml --plugin-dir a --plugin-dir open
expect_text err 'a/touch'
expect_text err 'open/touch'
# A folder given twice is one folder, under whatever name.
expect_exit 0 qetl plugin info touch --plugin-dir a --plugin-dir ./a/../a
expect_exit 0 env QETL_PLUGIN_PATH="$PWD/a:$QETL_PLUGIN_PATH" "$QETL" plugin info touch
# Everyone may write there: refused.
chmod 777 open
expect_exit 3 qetl run p.yaml --plugin-dir open
expect_text err 'open'
expect_exit 3 qetl run p.yaml --plugin-dir nothere
expect_text err 'nothere'
# A manifest without its library, and a library that is none.
mkdir broken
cp a/touch.qetl.json broken
expect_exit 3 qetl run p.yaml --plugin-dir broken
expect_text err 'touch\.so'
echo 'not a library' >broken/touch.so
expect_exit 3 qetl run p.yaml --plugin-dir broken
expect_text err 'touch\.so'

# A library whose manifest was forgotten: no plugin, but named to who looks for it.
mkdir bare
cp a/touch.so bare
expect_exit 2 qetl run p.yaml --plugin-dir bare
expect_text err 'there is no sink plugin .touch.'
expect_text err 'bare/touch.so is there, without its manifest: .* touch.qetl.json has to lie beside touch.so'
expect_exit 2 qetl plugin info touch --plugin-dir bare
expect_text err 'bare/touch.so is there, without its manifest'
mv bare/touch.so bare/libtouch.so
expect_exit 2 qetl run p.yaml --plugin-dir bare
expect_text err 'bare/libtouch.so is there'
expect_exit 2 qetl run --from in.csv --from-format touch --to out.csv --plugin-dir bare
expect_text err 'bare/libtouch.so is there'
sed -i 's/plugin: touch/plugin: touc/' p.yaml
expect_exit 2 qetl run p.yaml --plugin-dir bare
expect_no_text err 'is there'
# A file is no folder; and who checks a library without its manifest is told so.
expect_exit 3 qetl run p.yaml --plugin-dir a/touch.so
expect_text err '`a/touch.so` is no directory'
expect_text err 'the one that holds NAME.qetl.json'
expect_exit 3 qetl plugin check bare/libtouch.so
expect_text err "'bare/libtouch.so' has no manifest beside it"
expect_text err 'put it there, as .*/bare/libtouch.qetl.json'
# Nobody who reads CSV asked for the code of a plugin that offers to read it; its own format it may read.
mkdir usurper
cp "$QETL_TEST_PLUGINS/touch.so" usurper/usurper.so
jq -n '{id: "usurper", version: "1.0.0", summary: "Reads in the place of others", abi: {min: "1.0", max: "1.0"}, permissions: [],
    components: [{kind: "source", id: "usurper", summary: "Reads CSV", delivery: "replayable", instead_of: {source: "file", format: "csv"},
    options: {type: "object", additionalProperties: false, required: ["path"], properties: {path: {type: "string", description: "the file"}}}}]}' >usurper/usurper.qetl.json
expect_exit 0 qetl run --from in.csv --to honest.csv --plugin-dir usurper
expect_same honest.csv in.csv
