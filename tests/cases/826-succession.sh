#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What may take the place of what: nothing older, also than what came with qetl, and nothing that somebody else signed, or
# nobody, unless it is asked for in so many words; decided by what is there when it is installed.
. "$(dirname "$0")/lib.sh"

depot=$XDG_DATA_HOME/qetl/plugins
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY
mkdir plain site
for name in file_source csv null; do
    cp "${QETL_PLUGIN_PATH%%:*}/$name.so" "${QETL_PLUGIN_PATH%%:*}/$name.qetl.json" plain
done
export QETL_PLUGIN_PATH=$PWD/plain
packed() { # PLUGIN VERSION [KEY]: its package's name, in the folder of the key
    rm -rf made && mkdir -p made "by-${3:-nobody}"
    for end in so qetl.json; do sed "s/0\.1\.0/$2/g" "$1.$end" >"made/$(basename "$1").$end"; done
    qetl plugin pack made --out "by-${3:-nobody}" --replace ${3:+--key "$3.qsecret"} || echo missing
}
list() {
    qetl plugin list --packages --json | jq -c '[.result.packages[] | [.version, .used]]'
}
made_of=$QETL_TEST_PLUGINS/touch
for name in acme other index; do expect_exit 0 qetl plugin keygen "$name"; done
for name in acme other; do expect_exit 0 qetl key add "$name.qkey" --plugins '*'; done
expect_exit 0 qetl key add index.qkey --plugins '*' --indexes

# ---- what came with qetl ----
old=$(packed "$PWD/plain/null" 0.0.1 acme) new=$(packed "$PWD/plain/null" 0.2.0 acme)
expect_exit 3 qetl plugin install "$old" --json
expect_json out '.error.code == "downgrade"'
expect_eq 'it says' "$(jq -r .error.message out)" "null 0.0.1 is older than 0.1.0, which came with qetl ($PWD/plain/null.qetl.json)"
expect_absent "$depot/installed.json"
expect_exit 0 qetl plugin install "$new"
expect_text err 'warning: from now on `null` is this 0\.2\.0, and no longer 0\.1\.0, which came with qetl'
expect_exit 0 qetl plugin install "$new"
expect_no_text err 'from now on'
expect_exit 0 qetl plugin remove null
expect_exit 0 qetl plugin install "$old" --downgrade
expect_exit 0 qetl plugin install "$old" # it is there
cp "$old" site
expect_exit 0 qetl plugin index site --name acme --key index.qsecret
expect_exit 0 qetl plugin remove null
expect_exit 3 qetl plugin install null --index site
expect_exit 0 qetl plugin install null@0.0.1 --index site
expect_exit 0 qetl plugin remove null
rm site/null*

# ---- who signed it ----
acme=$(packed "$made_of" 0.1.0 acme) other=$(packed "$made_of" 0.2.0 other) nobody=$(packed "$made_of" 0.3.0) same=$(packed "$made_of" 0.1.0 other)
expect_exit 0 qetl plugin install "$acme"
changed() { # PACKAGE TEXT OPTION…
    expect_exit 3 qetl plugin install "$1" "${@:3}" --json
    expect_json out '.error.code == "signer_changed"'
    expect_eq 'it says' "$(jq -r .error.message out | grep -c "$2")" 1
    expect_eq 'acme stays' "$(list)" '[["0.1.0",true]]'
}
changed "$other" 'touch 0.1.0 is signed by the key `acme`; 0.2.0, which is to follow, is signed by another one'
changed "$same" 'touch 0.1.0 is signed by the key `acme`; 0.1.0, which is to follow, is signed by another one'
changed "$nobody" 'touch 0.1.0 is signed by the key `acme`; 0.3.0, which is to follow, nobody signed' --allow-unsigned
expect_exit 3 qetl plugin install "$nobody" --change-signer
expect_text err 'nobody signed it'
cp "$other" "$nobody" site
expect_exit 0 qetl plugin index site --key index.qsecret
expect_exit 3 qetl plugin upgrade --index site --allow-unsigned
expect_text err '0\.3\.0, which is to follow, nobody signed'
expect_exit 3 qetl plugin upgrade touch@0.2 --index site
expect_exit 3 qetl plugin upgrade touch@0.2 --index site --dry-run --json # the same is refused, and no more
expect_json out '.error.code == "signer_changed" and .result.upgrades == [{"name": "touch", "from": "0.1.0", "to": "0.2.0"}]'
expect_exit 0 qetl plugin upgrade touch@0.2 --index site --dry-run --change-signer
expect_text out '^touch 0\.1\.0 would be upgraded to 0\.2\.0$'
expect_text err 'warning: touch 0\.1\.0 is signed by the key `acme`'
expect_eq 'nothing was changed' "$(list)" '[["0.1.0",true]]'
expect_exit 0 qetl plugin upgrade touch@0.2 --index site --change-signer
expect_text err 'warning: touch 0\.1\.0 is signed by the key `acme`; 0\.2\.0, which is to follow, is signed by another one'
expect_exit 3 qetl plugin install "$acme" --downgrade
expect_exit 0 qetl plugin install "$acme" --downgrade --change-signer
expect_exit 0 qetl plugin install "$nobody" --allow-unsigned --change-signer
expect_exit 0 qetl plugin install "$nobody" --allow-unsigned
expect_exit 0 qetl plugin install "$other" --downgrade # from nobody to somebody
expect_text err 'warning: nobody signed touch 0\.3\.0; 0\.2\.0, which is to follow, is signed by the key `other`'
expect_exit 0 qetl plugin install "$other" --downgrade
expect_no_text err .
expect_exit 0 qetl plugin remove touch
# The day on which a key expires ends no claim; nor does a key that cannot be read.
expect_exit 0 qetl plugin install "$acme"
expect_exit 0 qetl key add acme.qkey --plugins '*' --expires 2020-01-01 --replace
changed "$other" 'touch 0.1.0 is signed by the key `acme`; 0.2.0, which is to follow, is signed by another one'
expect_exit 0 qetl key add acme.qkey --plugins '*' --replace
chmod o+w "$XDG_CONFIG_HOME/qetl/trusted-keys/acme.qkey"
expect_exit 3 qetl plugin install "$other" --json
expect_json out '.error.code == "unsafe_key"'
chmod o-w "$XDG_CONFIG_HOME/qetl/trusted-keys/acme.qkey"
expect_eq 'acme stays' "$(list)" '[["0.1.0",true]]'
expect_exit 0 qetl plugin remove touch
# Where it signed nothing, the name may be its own all the same: nothing else is looked at.
chmod o+w "$XDG_CONFIG_HOME/qetl/trusted-keys/acme.qkey"
expect_exit 3 qetl plugin install "$other" --json
expect_json out '[.error.findings[].code] == ["unsafe_key"]'
chmod o-w "$XDG_CONFIG_HOME/qetl/trusted-keys/acme.qkey"
expect_eq 'nothing came' "$(list)" '[]'
# A key that is not trusted any more keeps nothing.
expect_exit 0 qetl plugin install "$acme"
expect_exit 0 qetl key remove acme
expect_exit 0 qetl plugin install "$other"
expect_exit 0 qetl plugin remove touch
expect_exit 0 qetl key add acme.qkey --plugins '*'

# ---- a folder: by versions, whatever its files are called ----
mkdir folder
for end in so qetl.json; do sed 's/"version": "0\.1\.0"/"version":"0.10.0"/' "$made_of.$end" >"made/touch.$end"; done
expect_exit 0 qetl plugin pack made --out folder --key acme.qsecret
cp "$(packed "$made_of" 0.2.0 acme)" folder
cp "$acme" folder/z.qpkg
expect_exit 0 qetl plugin install folder
expect_eq 'the newest' "$(list)" '[["0.1.0",false],["0.2.0",false],["0.10.0",true]]'
expect_exit 0 qetl plugin remove touch

# ---- while a server was waited for ----
rm site/*.qpkg go 2>/dev/null
cp "$(packed "$made_of" 0.2.0 acme)" site
rm -f site/index.json
expect_exit 0 qetl plugin forget site
expect_exit 0 qetl plugin index site --name acme --key index.qsecret
python3 "$root/tests/indexes.py" serve "$PWD" port 2>serve.err &
server=$!
trap 'kill "$server"; finish' EXIT
for _ in $(seq 600); do
    [ -s port ] && break
    sleep 0.1
done
meanwhile() { # COMMAND…: after the server was asked for the package, and before it answers
    rm -f requests go
    qetl plugin upgrade --index "http://127.0.0.1:$(cat port)/hold/site" >up.out 2>up.err &
    local up=$!
    for _ in $(seq 600); do
        grep -q 'qpkg' requests 2>/dev/null && break
        sleep 0.1
    done
    expect_exit 0 "$@"
    touch go
    wait "$up"
    expect_eq 'the upgrade' $? 0
}
newest=$(packed "$made_of" 0.3.0 acme)
expect_exit 0 qetl plugin install "$acme"
meanwhile qetl plugin install "$newest"
expect_eq 'it goes not back' "$(list)" '[["0.1.0",false],["0.3.0",true]]'
expect_text up.out 'touch 0\.2\.0 is not needed: what was to be upgraded has changed in the meantime'
expect_exit 0 qetl plugin remove touch@0.3.0
meanwhile qetl plugin remove touch
expect_eq 'what was removed stays so' "$(list)" '[]'
expect_exit 0 qetl plugin install "$acme"
meanwhile true
expect_eq 'else it is upgraded' "$(list)" '[["0.1.0",false],["0.2.0",true]]'
