#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Packages for all users: whose keys speak for them, who may read and who may change them, and which is used
# where a user has one, too. The folders of the machine are those of a mount namespace, in which nobody else lives.
if [ -z "${QETL_APART-}" ]; then
    options=--mount
    [ "$(id -u)" = 0 ] || options='--user --map-root-user --mount'
    # shellcheck disable=SC2086
    if ! unshare $options true 2>/dev/null; then
        echo 'skipped: this machine permits no mount namespaces'
        exit 77
    fi
    # shellcheck disable=SC2086
    QETL_APART=$([ "$(id -u)" = 0 ] && echo root || echo alone) exec unshare $options "$0"
fi
. "$(dirname "$0")/lib.sh"
late_libraries
export QETL_APART

# ---- a machine of our own ----
chmod 755 "$scratch" "$runtime"
of_machine() { # CHECK: the folder of all users
    qetl doctor --json | jq -r --arg c "$1" '[.result.checks[] | select(.check == $c)][1].says | sub("^[^/]*"; "")'
}
system_depot=$(of_machine packages)
system_keys=$(of_machine keys)
made_here=()
apart() { # DIR: empty, and gone with this namespace
    local at=$1
    while [ ! -d "$at" ]; do at=$(dirname "$at"); done
    if [[ $QETL_BUILD/ == "$at"/* ]]; then # its mount would hide the program
        at=$1
        while [ ! -d "$(dirname "$at")" ]; do at=$(dirname "$at"); done
        mkdir -p "$1" && made_here+=("$1:$(dirname "$at")")
        at=$1
    fi
    mount -t tmpfs -o mode=755 tmpfs "$at" || fail "no place for $1"
}
apart "$(dirname "$(dirname "$system_depot")")"
apart "$(dirname "$(dirname "$system_keys")")"
leave() {
    local pair at
    local i
    for ((i = ${#made_here[@]}; i-- > 0;)); do
        pair=${made_here[i]}
        umount -l "${pair%:*}"
        at=${pair%:*}
        while [ "$at" != "${pair#*:}" ] && rmdir "$at" 2>/dev/null; do at=$(dirname "$at"); done
    done
    finish
}
trap leave EXIT

mkdir -p plain made home
for name in file_source csv file_sink; do
    cp "${QETL_PLUGIN_PATH%%:*}/$name.so" "${QETL_PLUGIN_PATH%%:*}/$name.qetl.json" plain
done
cp "$QETL" program
QETL=$PWD/program # where others can reach it
export QETL QETL_PLUGIN_PATH=$PWD/plain
for v in 0.1.0 0.2.0 0.3.0; do
    mkdir -p "made/$v"
    for end in so qetl.json; do sed "s/0\.1\.0/$v/g" "$QETL_TEST_PLUGINS/touch.$end" >"made/$v/touch.$end"; done
done
printf 'id\n1\n' >in.csv
printf 'sources: {s: {plugin: file, path: in.csv}}\nsinks: {t: {plugin: touch, input: s}}\n' >p.yaml
for v in 0.1.0 0.2.0 0.3.0; do sed "s/touch,/touch@$v,/" p.yaml >"p-$v.yaml"; done
expect_exit 0 qetl plugin keygen machine
expect_exit 0 qetl plugin keygen mine
for key in machine mine; do
    mkdir "by-$key"
    for v in 0.1.0 0.2.0 0.3.0; do expect_exit 0 qetl plugin pack "made/$v" --out "by-$key" --key "$key.qsecret"; done
done
chmod -R a+rX .
# The user: another one where there is another one, else by other folders alone.
chmod 777 home
if [ "$QETL_APART" = root ]; then
    user() { setpriv --reuid=12345 --regid=12345 --clear-groups env -u XDG_RUNTIME_DIR -u XDG_STATE_HOME -u XDG_DATA_HOME -u XDG_CONFIG_HOME HOME="$PWD/home" timeout 60 "$QETL" "$@"; }
else
    user() { env -u XDG_STATE_HOME -u XDG_DATA_HOME -u XDG_CONFIG_HOME HOME="$PWD/home" timeout 60 "$QETL" "$@"; }
fi
run() { user run -q --no-state "$@"; }
used() { user plugin list --packages --json | jq -c '[.result.packages[] | [.version, .system, .used]]'; }

# ---- keys: the machine's alone speak for the machine ----
expect_exit 0 qetl key add mine.qkey --plugins touch
expect_exit 3 qetl plugin install --system by-mine/touch-0.1.0-*.qpkg
expect_text err 'not trusted here'
expect_absent "$system_depot/installed.json"
umask 077 # what is for all is read by all, whatever the administrator's habits
rm -rf "$system_depot" && expect_exit 2 qetl plugin remove --system nothing
expect_exit 0 qetl key add --system machine.qkey --plugins touch
expect_exit 0 qetl plugin install --system by-machine/touch-0.1.0-*.qpkg
umask 022
expect_eq 'modes of folders' "$(find "$system_depot" "$system_keys" -type d -printf '%m %U %G\n' | sort -u)" '755 0 0'
expect_eq 'modes of files' "$(find "$system_depot" "$system_keys" -type f -printf '%m %U %G\n' | sort -u)" $'444 0 0\n600 0 0\n644 0 0'
expect_eq 'what is 644' "$(find "$system_depot" "$system_keys" -type f -perm 644 -printf '%f\n' | sort | paste -sd' ')" 'installed.json machine.qkey users'
expect_eq 'what is 600, so that nobody else may hold it' "$(find "$system_depot" -type f -perm 600 -printf '%f\n')" lock

# ---- it is everybody's ----
expect_exit 0 run p.yaml
expect_exit 0 run p-0.1.0.yaml
expect_eq 'all users have it' "$(used)" '[["0.1.0",true,true]]'
user plugin info touch >out
expect_text out '^  package touch 0.1.0, for all users$'
expect_text out '^    signed by the key machine$'
if [ "$QETL_APART" = root ]; then
    cp -a "$system_depot" before
    for change in 'install --system by-machine/touch-0.2.0-*.qpkg' 'remove --system touch'; do
        # shellcheck disable=SC2086
        expect_exit 3 user plugin $change
        expect_text err 'denied'
    done
    expect_exit 3 user key add --system mine.qkey --plugins '*'
    expect_exit 0 diff -r before "$system_depot"
fi

# ---- a user has one, too: it goes before that of all users, whichever is newer ----
expect_exit 3 user plugin install by-mine/touch-0.2.0-*.qpkg
expect_text err 'not trusted here'
expect_exit 0 user plugin install by-machine/touch-0.2.0-*.qpkg # the machine's keys are good for it
expect_eq 'the user goes first' "$(used)" '[["0.2.0",false,true],["0.1.0",true,false]]'
for v in 0.1.0 0.2.0; do expect_exit 0 run "p-$v.yaml"; done
user doctor --json >look
expect_json look '[.result.findings[] | select(.code == "shadowed_plugin") | .severity] == ["note"]'
expect_exit 0 qetl plugin install --system by-machine/touch-0.3.0-*.qpkg
expect_eq 'also where it is older' "$(used)" '[["0.2.0",false,true],["0.1.0",true,false],["0.3.0",true,false]]'
expect_exit 0 run p-0.3.0.yaml
user doctor --json >look
expect_json look '[.result.findings[] | select(.code == "shadowed_plugin" and .severity == "warning") | .message] | length == 1 and
    (.[0] | test("touch 0.3.0, from a package of all users, is not used: the older 0.2.0, from a package of yours"))'
expect_json look '[.result.findings[] | select(.code == "shadowed_plugin") | .suggestion | test("qetl plugin remove touch@0.2.0$")] | all'
expect_exit 0 user plugin remove touch
expect_eq 'the others stay' "$(used)" '[["0.1.0",true,false],["0.3.0",true,true]]'
expect_exit 2 user plugin remove touch
# The very same one at both places.
expect_exit 0 user plugin install by-machine/touch-0.3.0-*.qpkg
expect_eq 'one of two that are alike' "$(used)" '[["0.3.0",false,true],["0.1.0",true,false],["0.3.0",true,false]]'
expect_exit 0 run p-0.3.0.yaml
# What the user has is damaged, or unknown: that of all users does not come in its place, unless it is asked for. The other way it does not matter.
own=$PWD/home/.local/share/qetl/plugins
for fault in 'rm -rf content/*' 'echo x >installed.json'; do
    cp -a "$own" kept
    (cd "$own" && bash -c "chmod -R u+w .; $fault")
    expect_exit 3 run p.yaml
    expect_text err 'error: .*sink `touch` cannot be had'
    expect_exit 0 run p-0.1.0.yaml
    [[ $fault = echo* ]] || expect_exit 3 run p-0.3.0.yaml
    rm -rf "$own"
    mv kept "$own"
done
cp -a "$system_depot" kept
cp -a "$own" kept-own
chmod -R u+w "$system_depot" "$own"
for library in {"$system_depot","$own"}/content/*/touch.so; do printf x >>"$library"; done
expect_exit 3 user plugin audit
expect_text err 'touch 0\.1\.0 is damaged: `touch\.so`'
expect_text err 'or remove it: qetl plugin remove --system touch@0\.1\.0'
expect_text err 'or remove it: qetl plugin remove touch@0\.3\.0' # the user's own
rm -rf "$system_depot" "$own"
mv kept "$system_depot"
mv kept-own "$own"
cp "$system_depot/installed.json" kept
echo x >"$system_depot/installed.json"
expect_exit 0 run p.yaml
expect_text err "warning: the list of installed packages cannot be understood"
expect_exit 3 run p-0.1.0.yaml
cp kept "$system_depot/installed.json"
expect_exit 0 user plugin remove touch

# ---- what a user trusts is that user's alone ----
expect_exit 0 user key add mine.qkey --plugins touch
expect_exit 3 user plugin install by-mine/touch-0.2.0-*.qpkg
expect_text err 'touch 0\.2\.0 is older than 0\.3\.0, which all users have'
expect_exit 3 user plugin install by-mine/touch-0.2.0-*.qpkg --downgrade --json
expect_json out '.error.code == "signer_changed" and .error.message == "touch 0.3.0, which all users have, is signed by the key `machine`; 0.2.0, which is to follow, is signed by another one"'
# Also where that one is damaged; and its words are nobody else's then.
spoiled=$system_depot/content/$(jq -r '.packages[] | select(.version == "0.3.0").digest' "$system_depot/installed.json")/touch.qetl.json
chmod o+w "$spoiled"
for key in mine machine; do
    expect_exit 3 user plugin install "by-$key"/touch-0.2.0-*.qpkg
    expect_text err 'touch 0\.2\.0 is older than 0\.3\.0, which all users have'
done
mkdir made/tulip by-tulip
for end in so qetl.json; do
    sed '0,/"id": "touch"/s//"id": "tulip"/' "$QETL_TEST_PLUGINS/touch.$end" >"made/tulip/touch.$end"
done
expect_exit 0 qetl plugin keygen tulip
expect_exit 0 qetl plugin pack made/tulip --out by-tulip --key tulip.qsecret
chmod -R a+rX by-tulip tulip.qkey
expect_exit 0 user key add tulip.qkey --plugins tulip -p touch
expect_exit 3 user plugin install by-tulip/*.qpkg
expect_text err 'error: the installed package touch 0.3.0 is damaged'
chmod o-w "$spoiled"
expect_exit 3 user plugin install by-tulip/*.qpkg
expect_text err 'brings the sink `touch`, which the plugin touch 0.3.0 has already'
expect_exit 3 user plugin verify by-mine/touch-0.3.0-*.qpkg
expect_exit 0 user plugin install by-mine/touch-0.2.0-*.qpkg --downgrade --change-signer
expect_text err 'warning: touch 0\.3\.0, which all users have, is signed by the key `machine`'
expect_text err 'from now on `touch` is this 0\.2\.0, and no longer 0\.3\.0, which all users have'
expect_exit 0 run p.yaml
expect_exit 0 user plugin install by-mine/touch-0.3.0-*.qpkg # by whoever signed the one before, which is the user's
expect_exit 0 user plugin remove touch
mv "$system_keys/machine.qkey" kept.qkey
expect_exit 0 user plugin install by-mine/touch-0.3.0-*.qpkg # a key that is gone keeps nothing
expect_exit 0 user plugin remove touch
expect_exit 0 user key add machine.qkey --plugins touch
expect_exit 3 run p.yaml
expect_text err 'signed by a key that is not trusted'
mv kept.qkey "$system_keys/machine.qkey"
expect_exit 0 run p.yaml

# ---- root in the home of somebody else: no file is left that its owner could not change ----
if [ "$QETL_APART" = root ]; then
    sudo_e() { env -u XDG_DATA_HOME -u XDG_CONFIG_HOME HOME="$PWD/$1" timeout 60 "$QETL" "${@:2}"; }
    expect_exit 3 sudo_e home plugin remove touch
    expect_text err 'home/.local/share/qetl/plugins: error: you are root, and this folder belongs to the user 12345'
    for command in 'plugin install by-machine/touch-0.3.0'-*.qpkg 'key add machine.qkey --plugins touch' 'key remove machine' 'plugin search --index by-machine'; do
        # shellcheck disable=SC2086
        expect_exit 3 sudo_e home $command
        expect_text err 'mend: run it as that user'
    done
    expect_eq 'root has nothing there' "$(find home -user 0 -mindepth 1 | wc -l)" 0
    mkdir empty && chown 12345 empty
    expect_exit 0 sudo_e empty key add machine.qkey --plugins touch
    expect_text err 'empty: warning: you are root, in a folder of the user 12345'
    expect_exit 0 sudo_e empty plugin install by-machine/touch-0.3.0-*.qpkg
    expect_eq 'it is said once' "$(grep -c 'empty/.local: warning\|empty: warning' err)" 1
fi

# ---- others may not change what all use ----
for open in "$system_depot" "$system_keys" "$system_keys/machine.qkey"; do
    mode=$(stat -c %a "$open")
    chmod o+w "$open"
    expect_exit 3 run p.yaml
    expect_text err 'others on this machine may change'
    chmod "$mode" "$open"
done
if [ "$QETL_APART" = root ]; then
    chown 23456 "$system_depot"
    expect_exit 3 run p.yaml
    expect_text err 'others on this machine may change'
    chown 0 "$system_depot"
fi
expect_exit 0 run p.yaml

# ---- a component that another one has ----
mkdir made/tough
for end in so qetl.json; do
    sed '0,/"id": "touch"/s//"id": "tough"/' "$QETL_TEST_PLUGINS/touch.$end" >"made/tough/touch.$end"
done
expect_exit 0 qetl plugin keygen tough
expect_exit 0 qetl plugin pack made/tough --out made --key tough.qsecret
chmod a+r made/*.qpkg tough.qkey
expect_exit 0 user key add tough.qkey --plugins 'to*'
expect_exit 0 qetl key add tough.qkey --plugins 'to*'
expect_exit 3 user plugin install made/tough-*.qpkg
expect_text err 'brings the sink `touch`, which the plugin touch 0.3.0 has already .*, a package of all users'
expect_exit 0 qetl plugin remove --system touch
expect_eq 'nothing is left' "$(find "$system_depot/content" "$system_depot/unborn" -mindepth 1 | wc -l)" 0
# What the administrator has for himself is not in the way of all others.
expect_exit 0 qetl plugin install made/tough-*.qpkg
expect_exit 0 qetl plugin install --system by-machine/touch-0.1.0-*.qpkg
expect_exit 0 run p.yaml

# ---- a key that is removed by one of those who trust it ----
expect_exit 0 qetl key add machine.qkey --plugins touch
expect_text err 'the same key is trusted as `machine`, too'
expect_exit 3 qetl key remove machine --json
expect_json out '.error.code == "key_still_trusted" and (.error.message | test("by all users")) and (.error.findings[0].suggestion | test("key remove --system machine")) and (.result.removed | length == 1)'
expect_exit 0 qetl key add machine.qkey --plugins touch
chmod o+w "$system_keys/machine.qkey"
expect_exit 3 qetl key remove machine
expect_text err 'the key still stands here, as `machine`, and is trusted by all users of this machine once others may not change it'
expect_exit 0 qetl key remove --system machine
expect_exit 3 run p.yaml
