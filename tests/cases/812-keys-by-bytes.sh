#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A key is its bytes, whatever files it stands in: one that is removed is trusted no more, or what still trusts it is said.
. "$(dirname "$0")/lib.sh"

trusted=$XDG_CONFIG_HOME/qetl/trusted-keys
mkdir plain
for name in file_source csv; do
    cp "${QETL_PLUGIN_PATH%%:*}/$name.so" "${QETL_PLUGIN_PATH%%:*}/$name.qetl.json" plain
done
export QETL_PLUGIN_PATH=$PWD/plain
printf 'id\n1\n' >in.csv
printf 'sources: {s: {plugin: file, path: in.csv}}\nsinks: {t: {plugin: touch, input: s}}\n' >p.yaml
for key in acme other; do expect_exit 0 qetl plugin keygen "$key"; done
expect_exit 0 qetl plugin pack "$QETL_TEST_PLUGINS/touch.so" --key acme.qsecret --out .
verify() {
    qetl plugin verify touch-*.qpkg
}
count() {
    find "$trusted" -name '*.qkey' | wc -l
}

# ---- under three names, one of them of a file alone ----
expect_exit 0 qetl key add acme.qkey --plugins touch --expires 2999-12-31
expect_no_text err .
expect_exit 0 qetl key add acme.qkey --plugins '*' --name friend
expect_text err '/acme.qkey: warning: the same key is trusted as `acme`, too'
sed 's/"name": "acme"/"name": "third"/' "$trusted/acme.qkey" >"$trusted/fourth.qkey"
expect_exit 0 qetl key add other.qkey --plugins 'x-*'
expect_exit 0 qetl plugin install touch-*.qpkg
expect_exit 0 qetl run -q --no-state p.yaml
expect_exit 2 qetl key remove nobody
expect_eq 'nobody was removed' "$(count)" 4
expect_exit 0 qetl key remove friend --json
expect_json out '.result.removed | length == 3 and all(test("(acme|fourth|friend).qkey$"))'
expect_eq 'the other one stays' "$(ls "$trusted")" other.qkey
expect_exit 3 verify
expect_exit 3 qetl run -q --no-state p.yaml
expect_text err 'signed by a key that is not trusted'

# ---- by the name of its file, and by itself ----
for operand in third fourth "$(jq -r .key acme.qkey)"; do
    expect_exit 0 qetl key add acme.qkey --plugins touch --name third
    mv "$trusted/third.qkey" "$trusted/fourth.qkey"
    expect_exit 0 verify
    expect_exit 0 qetl key remove "$operand"
    expect_text out "^$(sed 's/[+]/\\+/g' <<<"$operand") is trusted no more$"
    expect_text out "$trusted/fourth.qkey is gone"
    expect_exit 3 verify
done
expect_exit 2 qetl key remove "$(jq -r .key acme.qkey)"

# ---- two keys of one name ----
expect_exit 0 qetl key add acme.qkey --plugins touch
sed 's/"name": "other"/"name": "acme"/' "$trusted/other.qkey" >"$trusted/second.qkey"
expect_exit 2 qetl key remove acme
expect_text err "two keys are called 'acme': .*acme.qkey and .*second.qkey"
expect_eq 'both stay' "$(count)" 3
expect_exit 0 qetl key remove "$(jq -r .key other.qkey)"
expect_eq 'the one that was named' "$(ls "$trusted")" acme.qkey

# ---- replaced: one file, with what was said last ----
expect_exit 0 qetl key add acme.qkey --plugins '*' --name wide
expect_exit 0 verify
expect_exit 0 qetl key add acme.qkey --plugins 'x-*' --name narrow --replace
expect_no_text err .
expect_eq 'one file' "$(ls "$trusted")" narrow.qkey
expect_exit 3 verify
expect_text err 'not trusted with the plugin'

# ---- what is no key can go, too ----
echo x >"$trusted/junk.qkey"
expect_exit 3 verify
expect_exit 0 qetl key remove junk
expect_eq 'it went alone' "$(ls "$trusted")" narrow.qkey
