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
expect_exit 0 qetl key add acme.qkey --plugins touch --name third
COLUMNS=80 expect_exit 0 qetl key list
expect_eq 'the whole key, to be compared and named' "$(grep -cF " $(jq -r .key acme.qkey)" out)" 1
expect_exit 3 qetl key add acme.qkey --plugins touch --name third
expect_text err 'qetl key add --replace'
expect_exit 3 qetl plugin keygen acme
expect_text err 'choose another name'
for operand in third fourth "$(jq -r .key acme.qkey)"; do
    expect_exit 0 qetl key add acme.qkey --plugins touch --name third --replace
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

# ---- another key had that name: it is said which one goes ----
expect_exit 3 qetl key add other.qkey --plugins 'x-*' --name narrow --json
expect_json out ".error.code == \"key_name_taken\" and .error.message == \"here is another key, \`narrow\` $(jq -r .key acme.qkey)\""
expect_eq 'the way out' "$(jq -r '.error.findings[0].suggestion' out | grep -c -- '^--name gives this one another name')" 1
expect_exit 0 qetl key add other.qkey --plugins 'x-*' --name narrow --replace --json
expect_json out ".result.replaced == [{\"name\": \"narrow\", \"key\": $(jq .key acme.qkey)}]"
expect_exit 0 qetl key add acme.qkey --plugins 'x-*' --name narrow --replace
expect_eq 'it is said' "$(grep -cF "narrow.qkey: warning: here was another key, \`narrow\` $(jq -r .key other.qkey): it is replaced" err)" 1
expect_exit 0 qetl key add acme.qkey --plugins 'x-*' --name wide
expect_exit 0 qetl key add acme.qkey --plugins 'x-*' --name narrow --replace --json
expect_json out '.result.replaced == [] and (.result.removed | length == 1 and all(test("/wide.qkey$")))'

# ---- a key of packages and of indexes has a file for each: what one is replaced by leaves the other ----
expect_exit 0 qetl key add acme.qkey --plugins touch --name listing --indexes
expect_no_text err .
expect_exit 0 qetl key add acme.qkey --plugins touch --name renewed --replace
expect_no_text err .
expect_text out "^  $trusted/narrow.qkey is gone$"
expect_eq 'as packages' "$(ls "$trusted")" "$(printf 'listing.qkey\nrenewed.qkey')"
expect_exit 0 qetl key add acme.qkey --plugins 'x-*' --name lists --indexes --replace --json
expect_json out '.result.removed | length == 1 and all(test("/listing.qkey$"))'
expect_eq 'as indexes' "$(ls "$trusted")" "$(printf 'lists.qkey\nrenewed.qkey')"
expect_exit 0 verify
expect_exit 0 qetl key remove renewed --json
expect_json out '.result.removed | length == 2'
expect_exit 0 qetl key add acme.qkey --plugins 'x-*' --name narrow

# ---- in a file that others may write, which would count again once they may not: it goes as well ----
expect_exit 0 qetl key add acme.qkey --plugins touch --name open
chmod 666 "$trusted/open.qkey"
expect_exit 0 qetl key add acme.qkey --plugins 'x-*' --name narrow --replace
expect_eq 'replaced' "$(ls "$trusted")" narrow.qkey
for mode in 'o+w .' 'g+w . open.qkey' 'o+w open.qkey narrow.qkey'; do
    expect_exit 0 qetl key add acme.qkey --plugins touch --name open
    expect_exit 0 qetl key add other.qkey --plugins 'x-*' --name another
    # shellcheck disable=SC2086
    (cd "$trusted" && chmod ${mode%% *} another.qkey ${mode#* })
    expect_exit 0 qetl key remove open --json
    expect_json out '.result.removed | length == 2 and all(test("(narrow|open).qkey$"))'
    chmod go-w "$trusted"
    expect_eq 'the other one stays' "$(ls "$trusted")" another.qkey
    expect_exit 3 verify
    chmod go-w "$trusted/another.qkey"
    expect_exit 0 qetl key remove another
    expect_exit 0 qetl key add acme.qkey --plugins 'x-*' --name narrow
done
# One of which nobody can say which key it is.
echo x >"$trusted/torn.qkey"
expect_exit 0 qetl key add acme.qkey --plugins touch --name again
expect_exit 3 qetl key remove again
expect_text err 'torn.qkey: error: this is no public key'
expect_eq 'it went, and the other one is said' "$(ls "$trusted")" torn.qkey
rm "$trusted/torn.qkey"
expect_exit 0 qetl key add acme.qkey --plugins 'x-*' --name narrow

# ---- what is no file ----
mkdir "$trusted/folder.qkey"
expect_exit 3 verify
expect_text err 'folder.qkey: error: this key cannot be read: it is no plain file'
expect_text err "mend: ls -l $trusted/folder.qkey shows what it is"
rmdir "$trusted/folder.qkey"

# ---- what is no key can go, too ----
echo x >"$trusted/junk.qkey"
expect_exit 3 verify
expect_exit 0 qetl key remove junk
expect_eq 'it went alone' "$(ls "$trusted")" narrow.qkey

# ---- one name holds one role: what the key signed until now is said ----
expect_exit 0 qetl key add acme.qkey --plugins 'x-*' --name narrow --replace
expect_no_text err .
expect_exit 0 qetl key add acme.qkey --plugins 'x-*' --name narrow --replace --indexes
expect_text err 'narrow.qkey: warning: here the same key was trusted with packages, and is no more'
expect_exit 0 qetl key add acme.qkey --plugins 'x-*' --name narrow --replace
expect_text err 'here the same key was trusted with indexes, and is no more'
expect_text err 'qetl key add KEY.qkey --name NAME --indexes'

# ---- two that replace each other's files: one of them is behind, and its file stays ----
expect_exit 0 qetl key remove narrow
for round in $(seq 8); do
    for name in one two; do
        qetl key add acme.qkey --plugins 'x-*' --name "$name" --replace >"out.$name" 2>"err.$name" &
    done
    wait
    expect_eq "both say so, $round" "$(grep -c ' is trusted (' out.one out.two | cut -d: -f2 | xargs)" '1 1'
    expect_eq "one stays, $round" "$(count)" 1
done

# ---- who changes them waits for who changes them, and says so ----
expect_eq 'nobody else may have it locked' "$(stat -c %a "$trusted/.lock")" 600
before=$(cd "$trusted" && ls && cat ./*.qkey)
exec 9<>"$trusted/.lock"
flock 9
echo $$ >"$trusted/.lock"
qetl key add other.qkey --plugins 'x-*' 9>&- 2>told.add &
adding=$!
qetl key remove "$(jq -r .key acme.qkey)" 9>&- 2>told.remove &
removing=$!
while kill -0 $adding && kill -0 $removing && ! { [ -s told.add ] && [ -s told.remove ]; }; do sleep 0.05; done
for what in add remove; do
    expect_text "told.$what" "waiting for process $$, which changes the trusted keys in $trusted"
done
expect_eq 'nothing is changed' "$(cd "$trusted" && ls && cat ./*.qkey)" "$before"
exec 9>&-
wait $adding
expect_eq 'it was added then' $? 0
wait $removing
expect_eq 'it was removed then' $? 0
expect_eq 'as was said' "$(ls "$trusted")" other.qkey
