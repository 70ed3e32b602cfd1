#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Texts of packages and indexes on a terminal: nothing in them that it would obey, or show in another order than it
# stands there.
. "$(dirname "$0")/lib.sh"

mkdir plain made $'fold\e[31mer'
for name in file_source csv; do
    cp "${QETL_PLUGIN_PATH%%:*}/$name.so" "${QETL_PLUGIN_PATH%%:*}/$name.qetl.json" plain
done
export QETL_PLUGIN_PATH=$PWD/plain
# In as many letters, so that the library's note stays where it is.
for end in so qetl.json; do sed 's/Shows that/\\u001b[2JA/; s/loaded/\\u202e/; s/it was\|when i/\\u200b/' "$QETL_TEST_PLUGINS/touch.$end" >"made/touch.$end"; done
expect_eq 'the summary' "$(jq -r '[.summary, .components[].summary] | map(select(test("\u001b"))) | length > 0' made/touch.qetl.json)" true
expect_exit 0 qetl plugin keygen acme
expect_exit 0 qetl key add acme.qkey --plugins '*'
expect_exit 0 qetl plugin keygen acme-index
expect_exit 0 qetl key add acme-index.qkey --plugins '*' --indexes
harmless() { # COMMAND…: none of those bytes in what it says, and what was made of them
    expect_exit 0 "$@"
    cat out err | LC_ALL=C grep -aqE $'[\x01-\x08\x0b-\x1f\x7f]|\xe2\x80[\xae\x8b]' && fail "a terminal would obey: $*" "$(cat -v out err | head -n 5)"
    expect_text out "[\\]x1b|[\\]xe2[\\]x80[\\]xae"
}
cp made/touch.* $'fold\e[31mer'
harmless qetl plugin info touch --plugin-dir $'fold\e[31mer'
expect_exit 0 qetl plugin pack made --out . --key acme.qsecret
expect_exit 0 qetl plugin index . --name acme --key acme-index.qsecret
harmless qetl plugin search touch --index "$PWD"
expect_text out '[\\]xe2[\\]x80[\\]x8b' # nobody sees it
cp touch-*.qpkg $'fold\e[31mer'
expect_exit 0 qetl plugin install $'fold\e[31mer'/touch-*.qpkg
harmless qetl plugin info touch
expect_text out 'from .*/fold\\x1b\[31mer/'
harmless qetl plugin list
# What is wrong, too.
mkdir $'b\u202ead'
echo x >$'b\u202ead/x.qpkg'
expect_exit 3 qetl plugin verify $'b\u202ead/x.qpkg'
expect_text err 'b\\xe2\\x80\\xaead'
# And paths, of what is made.
cd $'fold\e[31mer' || exit 1
printf 'id\n1\n' >in.csv
printf 'sources: {s: {plugin: file, path: in.csv}}\nsinks: {t: {plugin: touch, input: s}}\n' >p.yaml
here=$PWD
mkdir new
harmless qetl plugin lock "$here/p.yaml"
harmless qetl plugin pack ../made --out "$here/new" --key ../acme.qsecret
harmless qetl plugin sign "$here"/new/touch-*.qpkg --key ../acme.qsecret
harmless qetl plugin keygen other --out "$here"
harmless qetl plugin new my-source --kind source --dir "$here"
cp ../*.qpkg ../index.json* "$here" 2>/dev/null
qetl plugin search touch --index "$here" >found 2>&1
harmless qetl plugin forget "$here"
