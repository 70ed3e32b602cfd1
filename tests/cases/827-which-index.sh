#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Which index decides about a name: the first that has it, unless another one's key is there for that name; and none behind
# one that cannot be had. A line that is wrong, a pipe, a name with stars are that index's affair.
. "$(dirname "$0")/lib.sh"
late_libraries

unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY
packed() { # NAME FOLDER [VERSION]: the plugin touch under a name of five letters
    rm -rf made
    mkdir -p made "$2"
    for end in so qetl.json; do sed "s/touch/$1/g; s/0\.1\.0/${3:-0.1.0}/g" "$QETL_TEST_PLUGINS/touch.$end" >"made/$1.$end"; done
    qetl plugin pack made --out "$2" --key acme.qsecret >/dev/null || fail "no $1"
}
index() { # FOLDER KEY
    qetl plugin index "$1" --name "$(basename "$1")" --key "$2.qsecret"
}
list() {
    qetl plugin list --packages --json | jq -c '[.result.packages[] | [.name, .version]]'
}
for name in acme inner outer; do expect_exit 0 qetl plugin keygen "$name"; done
expect_exit 0 qetl key add acme.qkey --plugins '*'
expect_exit 0 qetl key add inner.qkey --plugins 'to*' --indexes
expect_exit 0 qetl key add outer.qkey --plugins '*' --indexes
packed touch inner
packed tulip inner
packed tough outer
packed touch outer 0.9.0
packed tulip outer 0.9.0
packed other outer
for name in inner outer; do expect_exit 0 index "$name" "$name"; done
both=(--index inner --index outer)
refused() { # CODE MESSAGE COMMAND…
    expect_exit 3 qetl plugin "${@:3}" --json
    expect_eq 'code' "$(jq -r .error.code out)" "$1"
    expect_eq "says $2" "$(jq -r .error.message out | grep -cE "$2")" 1
    expect_eq 'nothing is installed' "$(list)" '[]'
}

# ---- a name that the key is there for ----
refused index_claimed 'the index `outer` has tough, a name that belongs to the index `inner` \(.*/inner\), which does not have it' install tough "${both[@]}"
expect_eq 'how to mend it' "$(jq -r '[.. | .suggestion? // empty][0]' out)" "if that is the one that is meant: --index '$PWD/outer'"
refused index_scope 'the index `inner` has tulip, with which its key `inner` is not trusted; the indexes behind it are not asked' install tulip "${both[@]}"
expect_exit 0 qetl plugin install other "${both[@]}" # a * claims nothing
expect_exit 0 qetl plugin install tough --index outer
expect_exit 3 qetl plugin upgrade tough "${both[@]}"
expect_exit 0 qetl plugin install touch --index outer --index inner
expect_eq 'the order' "$(list)" '[["other","0.1.0"],["touch","0.9.0"],["tough","0.1.0"]]'
expect_exit 0 qetl plugin remove other touch tough
expect_exit 0 qetl plugin install touch "${both[@]}"
expect_eq 'the inner one' "$(list)" '[["touch","0.1.0"]]'
expect_exit 0 qetl plugin remove touch
# Two keys that are there for it: the first that has it.
expect_exit 0 qetl key add outer.qkey --plugins '*' -p 'tough' --indexes --replace
expect_exit 0 qetl plugin install tough "${both[@]}"
expect_exit 0 qetl plugin remove tough

# A key in two files: what either allows, whichever comes first.
expect_exit 0 qetl key remove inner
expect_exit 0 qetl key add outer.qkey --plugins '*' --indexes --replace
for pair in 'tough touch' 'touch tough'; do
    # shellcheck disable=SC2086
    set -- $pair
    expect_exit 0 qetl key add inner.qkey --plugins "$1" --indexes --name a
    expect_exit 0 qetl key add inner.qkey --plugins "$2" --indexes --name b
    expect_exit 0 qetl plugin search --index inner --json
    expect_eq 'what it may name' "$(jq -c '[.result.packages[].name]' out)" '["touch"]'
    refused index_claimed 'the index `outer` has tough, a name that belongs to the index `inner`' install tough "${both[@]}"
    expect_exit 0 qetl key remove a
done
expect_exit 0 qetl key add inner.qkey --plugins touch --indexes --name a
expect_exit 0 qetl key add inner.qkey --plugins 'to*' --indexes --name b --expires 2020-01-01 # no more
expect_exit 0 qetl plugin install tough "${both[@]}"
expect_exit 0 qetl plugin remove tough
expect_exit 0 qetl key add inner.qkey --plugins 'to*' --indexes --replace

expect_exit 2 qetl plugin install oter "${both[@]}"
expect_text err 'did you mean `other`'

# ---- behind one that cannot be had ----
refused index_missing 'there is no index' install touch --index nowhere --index inner
expect_eq 'and what it means' "$(jq -r '[.. | .message? // empty] | join(" ")' out | grep -c 'touch is not looked for behind the index nowhere, which cannot be had')" 1
expect_exit 0 qetl plugin install touch --index inner --index nowhere
expect_text err 'nowhere: warning: there is no index'
expect_exit 3 qetl plugin upgrade --index inner --index nowhere
expect_exit 0 qetl plugin upgrade touch --index inner --index nowhere
expect_exit 0 qetl plugin remove touch

# ---- lines that are wrong ----
config=$XDG_CONFIG_HOME/qetl/indexes
lines() {
    printf '%s\n' "$@" >"$config"
}
lines "$PWD/inner" '# and' 'some where' 'ftp://127.0.0.1/x' "$PWD/outer" 'http://127.0.0.1:1/x?y'
expect_exit 2 qetl plugin search
for text in "indexes:3: error: 'some where' is no place" "indexes:4: error: 'ftp://127.0.0.1/x' is no place.*neither http" 'indexes:6: error: .*has a query'; do expect_text err "$text"; done
expect_text out '^touch +0\.1\.0'
expect_text out '^other '
expect_exit 0 qetl plugin install touch
expect_text err 'indexes:3: warning'
expect_exit 3 qetl plugin install other
expect_text err 'other is not looked for behind the index some where'
qetl doctor --json >look
expect_json look '[.result.findings[] | select(.code == "bad_index")] | length == 3'
expect_json look '[.result.checks[] | select(.check == "indexes" and (.says | test("release 1")))] | length == 2'
expect_exit 0 qetl plugin remove touch

# ---- no plain files ----
rm "$config" && mkfifo "$config"
timeout 20 "$QETL" plugin search 2>err
expect_eq 'a pipe in place of the list' $? 2
expect_text err 'indexes: error: cannot read this file: it is no plain file'
expect_exit 0 qetl plugin install touch --index inner
rm "$config"
mkdir piped
mkfifo piped/index.json
timeout 20 "$QETL" plugin search --index piped 2>err
expect_eq 'a pipe in place of an index' $? 3
timeout 20 "$QETL" plugin index piped --name piped --key outer.qsecret 2>err
expect_eq 'also where one is made' $? 2
rm piped/index.json && mkfifo piped/a.qpkg
for command in "index piped --name piped --key outer.qsecret" "install piped" "install piped/a.qpkg" "verify piped/a.qpkg"; do
    # shellcheck disable=SC2086
    timeout 20 "$QETL" plugin $command 2>err
    expect_eq "a pipe in place of a package: $command" $? 2
    expect_text err 'it is no plain file'
done

# ---- folders whose names have stars ----
mkdir 'a*[b]' axb
cp inner/touch-*.qpkg 'a*[b]'
cp outer/tough-*.qpkg axb
expect_exit 0 qetl plugin index 'a*[b]' --name stars --key outer.qsecret --json
expect_json out '.result.packages == 1'
expect_eq 'just those of that folder' "$(jq -rs '.[0].packages[].name' 'a*[b]/index.json')" touch
expect_exit 0 qetl plugin install 'a*[b]'
expect_eq 'also installed' "$(list)" '[["touch","0.1.0"]]'
expect_exit 2 qetl plugin install made
expect_text err 'made is a folder here, and there is no package .* in it'
expect_text err 'what an index has of the name made is asked for from another folder'

# ---- many versions of one name: each is looked at once ----
mkdir many
jq -s '.[0] as $list | $list | .name = "many" | .packages = [range(1; 20001) as $n | $list.packages[0] | .version = "0.0.\($n)" |
    if $n < 20000 then .platform = (if .platform == "linux-aarch64-glibc" then "linux-x86_64-glibc" else "linux-aarch64-glibc" end) else . end]' \
    inner/index.json >list.json
python3 "$root/tests/indexes.py" sign list.json outer.qsecret >many/index.json
timeout 60 "$QETL" plugin search --index many >out 2>err
expect_eq 'it ends' $? 0
expect_text out '^touch +0\.0\.20000 '
