#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# One fault stops those whom it concerns: a run is told of a damaged package, an unreadable list or key that it does not use, and goes on;
# nothing else takes the place of what is damaged, and nothing becomes good by it.
. "$(dirname "$0")/lib.sh"

depot=$XDG_DATA_HOME/qetl/plugins keys=$XDG_CONFIG_HOME/qetl/trusted-keys
mkdir plain
plugins=$QETL_PLUGIN_PATH
for name in file_source csv file_sink; do
    cp "${QETL_PLUGIN_PATH%%:*}/$name.so" "${QETL_PLUGIN_PATH%%:*}/$name.qetl.json" plain
done
export QETL_PLUGIN_PATH=$PWD/plain
packed() { # PLUGIN VERSION [KEY]: its package's name
    rm -rf made && mkdir -p made by
    for end in so qetl.json; do sed "s/0\.1\.0/$2/g" "$1.$end" >"made/$(basename "$1").$end"; done
    qetl plugin pack made --out by --replace ${3:+--key "$3.qsecret"} || echo missing
}
printf 'id\n1\n' >in.csv
for sink in touch touch@0.1.0 null file; do
    printf 'sources: {s: {plugin: file, path: in.csv}}\nsinks: {t: {plugin: "%s", input: s}}\n' "$sink" >"$sink.yaml"
done
sed 's/"file"/file, path: out.csv, if_exists: replace/' -i file.yaml
sed 's/"touch"/beside, file: words\/one.txt, folder: words, out: got/' touch.yaml >beside.yaml
run() {
    qetl run -q --no-state "$@"
}
refused() { # FILE CODE TEXT
    expect_exit 3 run "$1" --json
    expect_json out ".error.code == \"$2\" and (.error.message | test(\"$3\"))"
}
for name in acme other; do
    expect_exit 0 qetl plugin keygen "$name"
    expect_exit 0 qetl key add "$name.qkey" --plugins '*'
done
expect_exit 0 qetl plugin install "$(packed "$QETL_TEST_PLUGINS/touch" 0.1.0 acme)"
expect_exit 0 qetl plugin install "$(packed "$QETL_TEST_PLUGINS/touch" 0.2.0 acme)"
mkdir -p made/words && packed "$QETL_TEST_PLUGINS/beside" 0.1.0 other >/dev/null
mkdir -p made/words && echo first >made/words/one.txt
expect_exit 0 qetl plugin pack made --out by --replace --key other.qsecret
expect_exit 0 qetl plugin install by/beside-*.qpkg
content_of() { # NAME VERSION
    echo "$depot/content/$(jq -r ".packages[] | select(.name == \"$1\" and .version == \"$2\").digest" "$depot/installed.json")"
}
for file in touch touch@0.1.0 beside file; do expect_exit 0 run "$file.yaml"; done

# ---- a package ----
spoiled=$(content_of beside 0.1.0)/CONTENTS
chmod u+w "$spoiled"
printf ' ' >>"$spoiled"
for file in touch touch@0.1.0 file; do
    expect_exit 0 run "$file.yaml"
    expect_text err 'warning: the installed package beside 0.1.0 is damaged: its list of files was changed'
done
refused beside.yaml package_damaged 'sink `beside` cannot be had: the installed package beside 0.1.0 is damaged'
expect_exit 3 run beside.yaml
expect_text err 'install it again, or remove it: qetl plugin remove beside@0.1.0'
for command in '3 plugin audit' '3 plugin list' '3 plugin info beside' '1 doctor'; do
    # shellcheck disable=SC2086
    expect_exit ${command%% *} qetl ${command#* }
    cat out >>err
    expect_text err 'error: the installed package beside 0.1.0 is damaged'
done
expect_exit 0 qetl plugin info touch
expect_exit 0 qetl plugin install by/beside-*.qpkg
expect_exit 0 run beside.yaml
expect_no_text err warning
# Its words are nobody else's meanwhile, whatever is wrong with it; who repairs it is not kept from that.
rm -rf made && mkdir -p made
for end in so qetl.json; do sed '0,/"id": "touch"/s//"id": "tough"/' "$QETL_TEST_PLUGINS/touch.$end" >"made/touch.$end"; done
tough=$(qetl plugin pack made --out by --key other.qsecret)
expect_exit 3 qetl plugin install "$tough" --json
expect_json out '.error.code == "component_clash"'
for fault in 'chmod o+w' 'rm -f'; do
    $fault "$(content_of touch 0.2.0)/touch.qetl.json"
    for command in install verify; do
        expect_exit 3 qetl plugin "$command" "$tough"
        expect_text err 'error: the installed package touch 0.2.0 is damaged: `touch.qetl.json` '
        expect_text err 'note: tough 0.1.0 is not installed, as nobody can say which names are taken'
    done
    expect_eq 'it has no place' "$(jq -c '[.packages[].name] | unique' "$depot/installed.json")" '["beside","touch"]'
    expect_exit 0 qetl plugin verify by/touch-0.2.0-*.qpkg
    expect_exit 0 qetl plugin install by/touch-0.2.0-*.qpkg
    expect_exit 0 run touch.yaml
    expect_no_text err damaged
done
chmod o+w "$(content_of beside 0.1.0)/beside.qetl.json" "$(content_of touch 0.2.0)/touch.qetl.json" # two: one after the other
expect_exit 0 qetl plugin install by/touch-0.2.0-*.qpkg
expect_exit 0 qetl plugin install by/beside-*.qpkg
# Also where somebody has come by the word before.
cp "$depot/installed.json" kept
expect_exit 0 qetl plugin remove touch
expect_exit 0 qetl plugin install "$tough"
jq --slurpfile kept kept '.packages += [$kept[0].packages[] | select(.name == "touch" and .active)]' "$depot/installed.json" >both
cp both "$depot/installed.json"
expect_exit 0 qetl plugin install by/touch-0.2.0-*.qpkg
expect_text err 'warning: it brings the sink `touch`, which the plugin tough 0.1.0 has as well'
expect_exit 0 qetl plugin remove tough
expect_exit 0 run touch.yaml
expect_exit 0 qetl plugin install by/touch-0.1.0-*.qpkg --downgrade
expect_exit 0 qetl plugin install by/touch-0.2.0-*.qpkg
# The version in use is damaged: no other has its name.
spoiled=$(content_of touch 0.2.0)/touch.qetl.json
chmod u+w "$spoiled"
printf ' ' >>"$spoiled"
refused touch.yaml package_damaged 'sink `touch` cannot be had: .* touch 0.2.0 is damaged: its manifest was changed'
expect_exit 0 run touch@0.1.0.yaml
expect_exit 0 run file.yaml
expect_exit 0 qetl plugin remove touch@0.2.0
expect_exit 0 run touch.yaml
# One may bring what is not called after it: then the machine is to be mended, and not the pipeline.
expect_exit 2 run null.yaml
chmod u+w "$(content_of beside 0.1.0)"
rm "$(content_of beside 0.1.0)/beside.qetl.json"
expect_exit 3 run null.yaml
expect_text err 'there is no sink plugin `null`'
expect_exit 0 qetl plugin install by/beside-*.qpkg

# ---- the list ----
cp "$depot/installed.json" kept
echo x >"$depot/installed.json"
expect_exit 0 run file.yaml
expect_text err 'warning: the list of installed packages cannot be understood'
refused touch.yaml bad_packages 'sink `touch` cannot be had: the list of installed packages cannot be understood'
cp kept "$depot/installed.json"
# It is lost, and what it named is there: nothing of that goes, and nobody takes its place.
echo '{"type": "qetl-seen/1", "indexes": []}' >"$depot/seen.json"
mkdir none && qetl plugin index none --name none --key other.qsecret
find "$depot/content" | sort >before
rm "$depot/installed.json"
expect_exit 0 run file.yaml
expect_text err 'warning: the list of installed packages is missing, and packages are there'
refused touch.yaml bad_packages 'sink `touch` cannot be had: the list of installed packages is missing'
for command in "plugin install $tough" 'plugin remove touch' 'plugin forget none' 'plugin audit'; do
    # shellcheck disable=SC2086
    expect_exit 3 qetl $command
    cat out >>err
    expect_text err 'error: the list of installed packages is missing'
done
expect_exit 1 qetl doctor
expect_no_text out 'still here'
find "$depot/content" | sort >after
expect_same before after
cp kept "$depot/installed.json"
expect_exit 0 run touch.yaml
# What is to be done about it leaves what was seen of indexes as it is.
cp -a "$depot" before.d
for fault in rm 'sed -i 1d'; do
    $fault "$depot/installed.json"
    expect_exit 3 qetl plugin install by/beside-*.qpkg --json
    mend=$(jq -r '[.. | .suggestion? // empty][0]' out)
    expect_eq 'it says how' "${mend#*, after: }" "rm -rf $depot/installed.json $depot/content"
    bash -c "${mend#*, after: }"
    expect_exit 0 qetl plugin install by/beside-*.qpkg
    expect_exit 0 run beside.yaml
    expect_same before.d/seen.json "$depot/seen.json"
    rm -rf "$depot"
    cp -a before.d "$depot"
done
chmod o+w "$depot"
expect_exit 0 run file.yaml
expect_text err 'warning: others on this machine may change the packages'
refused touch.yaml unsafe_packages 'others on this machine may change'
expect_exit 3 qetl plugin install by/beside-*.qpkg
chmod o-w "$depot"

# ---- a key ----
expect_exit 0 qetl plugin install "$(packed "${plugins%%:*}/null" 0.3.0)" --allow-unsigned
expect_exit 0 run null.yaml
for fault in 'echo x >' 'chmod o+w'; do
    cp "$keys/other.qkey" kept
    bash -c "$fault $keys/other.qkey"
    expect_exit 0 run touch.yaml
    expect_text err 'warning: (this is no public key of qetl|others on this machine may change which keys are trusted)'
    refused beside.yaml untrusted_key 'beside'
    refused null.yaml claimed_name 'nobody signed the plugin null 0.3.0, and its name may belong to a key that cannot be read'
    expect_exit 3 qetl plugin install by/beside-*.qpkg
    expect_exit 3 qetl plugin audit
    expect_exit 1 qetl doctor
    chmod o-w "$keys/other.qkey"
    cp kept "$keys/other.qkey"
done
# The whole folder may be elsewhere, and not be there just now; or somebody else may have moved it away.
gone() { # TEXT: nothing of the keys' is known, and so nobody's claim has ended
    expect_exit 0 run file.yaml
    expect_text err "warning: $1"
    refused beside.yaml untrusted_key beside
    for command in "install by/touch-0.3.0-linux-x86_64-glibc.qpkg" "install by/null-0.3.0-linux-x86_64-glibc.qpkg --allow-unsigned"; do
        # shellcheck disable=SC2086
        expect_exit 3 qetl plugin ${command/linux-x86_64-glibc/*}
        expect_text err "error: $1"
    done
    expect_exit 3 qetl plugin audit
    expect_exit 1 qetl doctor
}
packed "$QETL_TEST_PLUGINS/touch" 0.3.0 other >/dev/null
mv "$keys" elsewhere
ln -s "$PWD/nowhere" "$keys"
gone 'this folder of trusted keys cannot be read: No such file'
rm "$keys"
mv "${keys%/*}" config
ln -s "$PWD/nowhere" "${keys%/*}" # also further up
gone 'this folder of trusted keys cannot be read: No such file'
rm "${keys%/*}"
mv config "${keys%/*}"
chmod g+w "${keys%/*}"
gone 'others on this machine may change which keys are trusted'
mv elsewhere "$keys"
gone 'others on this machine may change which keys are trusted'
chmod g-w "${keys%/*}"
# Where there is no home there are packages, and keys nowhere.
expect_exit 3 env -u HOME -u XDG_CONFIG_HOME "$QETL" plugin install by/touch-0.3.0-*.qpkg
expect_text err 'there is a folder of packages, and none of keys'
expect_exit 0 env -u HOME -u XDG_CONFIG_HOME "$QETL" run -q --no-state file.yaml
expect_text err 'warning: there is a folder of packages, and none of keys'
expect_exit 0 env -u HOME -u XDG_CONFIG_HOME -u XDG_DATA_HOME "$QETL" run -q --no-state file.yaml
expect_no_text err warning
for file in touch beside null; do expect_exit 0 run "$file.yaml"; done
