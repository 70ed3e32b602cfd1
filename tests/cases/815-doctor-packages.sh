#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# qetl doctor, about packages, keys, folders and libraries: each thing that may be wrong is found, once,
# with its file and its mend, and following the mend is the end of it.
. "$(dirname "$0")/lib.sh"
late_libraries

depot=$XDG_DATA_HOME/qetl/plugins
trusted=$XDG_CONFIG_HOME/qetl/trusted-keys
mkdir plain
for name in file_source csv file_sink; do
    cp "${QETL_PLUGIN_PATH%%:*}/$name.so" "${QETL_PLUGIN_PATH%%:*}/$name.qetl.json" plain
done
export QETL_PLUGIN_PATH=$PWD/plain

version() { # VERSION FOLDER: the plugin touch as that version, of as many letters as 0.1.0
    mkdir -p "$2/doc"
    sed "s/0\.1\.0/$1/g" "$QETL_TEST_PLUGINS/touch.so" >"$2/touch.so"
    sed "s/0\.1\.0/$1/g" "$QETL_TEST_PLUGINS/touch.qetl.json" >"$2/touch.qetl.json"
    echo "of $1" >"$2/doc/README"
}
look() { # CODE [OPTION…]
    expect_exit "$1" qetl doctor --json "${@:2}"
    cp out look.json
}
# found SEVERITY CODE FILE_PATTERN MESSAGE_PATTERN MEND_PATTERN
found() {
    expect_eq "finding $2" "$(jq -r --arg s "$1" --arg c "$2" --arg f "$3" --arg m "$4" --arg d "$5" \
        '[.result.findings[] | select(.severity == $s and .code == $c and (.file // "" | test($f)) and (.message | test($m)) and (.suggestion // "" | test($d)))] | length' look.json)" 1
}
found_nothing() {
    expect_eq 'findings' "$(jq -r '[.result.findings[].code] | join(" ")' look.json)" ''
}
says() { # CHECK PATTERN
    expect_eq "$1 says $2" "$(jq -r --arg c "$1" --arg p "$2" '[.result.checks[] | select(.check == $c and (.says | test($p)))] | length' look.json)" 1
}

# ---- all is well ----
expect_exit 0 qetl plugin keygen acme
expect_exit 0 qetl key add acme.qkey --plugins touch --expires 2999-12-31
version 0.1.0 made/0.1.0
version 0.2.0 made/0.2.0
for v in 0.1.0 0.2.0; do
    expect_exit 0 qetl plugin pack "made/$v" --key acme.qsecret --out made
    expect_exit 0 qetl plugin install "made/touch-$v"-*.qpkg
done
look 0
found_nothing
says program '^qetl [0-9.]+, plugin ABI [0-9.]+, SQLite'
says packages "^2 for you, 0 of them unsigned: $depot$"
says keys "^1 that you trust: $trusted$"
says folders "looked for in: $PWD/plain"
expect_json look.json '.result.plugins | map(select(.id == "touch")) | length == 2 and all(.abi == "1.0" and .abi_min == "1.0" and .loaded == 1 and
    .signed_by == "acme" and (.package | length == 64)) and map(.used) == [false, true]'
expect_json look.json '.result.plugins | map(select(.id == "csv")) | length == 1 and .[0].package == null and .[0].used'

# ---- files of a package: changed, missing, more, open to others ----
content=$depot/content/$(jq -r '.packages[] | select(.version == "0.1.0") | .digest' "$depot/installed.json")
chmod -R u+w "$content"
cp -r "$content" kept
damaged() { # CHANGE MESSAGE
    (cd "$content" && bash -c "$1")
    look 1
    found error package_damaged "^$depot\$" "touch 0.1.0 is damaged: $2" 'install it again, or remove it: qetl plugin remove touch@0.1.0'
    rm -rf "$content"
    cp -r kept "$content"
}
damaged 'echo x >>doc/README' '`doc/README` was changed'
damaged 'rm doc/README' '`doc/README` is missing'
damaged 'rm doc/README; mkdir doc/README' '`doc/README` is no plain file'
damaged 'ln -sf /etc/passwd doc/README' '`doc/README` is'
damaged 'rm doc/README; mkfifo doc/README' '`doc/README` is no plain file'
damaged 'chmod o+w doc/README' '`doc/README` may be changed by others'
damaged 'chmod g+w doc' '`doc` may be changed by others'
damaged 'echo x >doc/more' '`doc/more` is none of its files'
damaged 'echo x >.hidden' '`.hidden` is none of its files'
damaged 'printf x | dd of=touch.so bs=1 seek=5000 conv=notrunc status=none' '`touch.so` was changed'
damaged 'printf " " >>CONTENTS' 'its list of files was changed'
damaged 'rm CONTENTS' '`CONTENTS` is missing'
rm -rf "$content"
look 1
found error package_damaged "^$depot\$" 'touch 0.1.0 is damaged: its files are missing' 'install it again'
expect_exit 0 qetl plugin install made/touch-0.1.0-*.qpkg --downgrade
look 0
found_nothing
expect_exit 0 qetl plugin remove touch@0.1.0
chmod o+w "$depot"
look 1
found error unsafe_packages "^$depot\$" 'others .* may change' "chmod go-w $depot"
expect_json out '.result.checks[] | select(.check == "packages" and (.says | test("for you"))) | .status == "1 error" and (.says | test("nobody knows what is there"))'
chmod go-w "$depot"
cp "$depot/installed.json" list
echo '{' >"$depot/installed.json"
look 1
found error bad_packages "^$depot/installed.json\$" 'cannot be understood' 'backup; or install all packages again, .*rm -rf'
cp list "$depot/installed.json"

# ---- what was cut short ----
mkdir -p "$depot/unborn/half" "$depot/content/$(printf '0%.0s' {1..64})"
echo x >"$depot/unborn/half/touch.so"
echo x >"$depot/installed.json.123"
look 1
found warning packages_left_over "^$depot\$" '^3 things .* are still here' 'doctor --deep --repair'
expect_json look.json '[.result.findings[] | select(.code == "packages_left_over") | .repair] == ["offered"]'
expect_eq 'it only looked' "$(ls "$depot"/unborn/half/touch.so "$depot/installed.json.123" | wc -l)" 2
# An installation that is under way is no left-over.
exec 3>>"$depot/lock"
flock 3
look 0
found_nothing
exec 3>&-
look 0 --deep --repair
expect_json look.json '.result.repaired == 1 and .result.open == 0'
look 0
found_nothing
expect_absent "$depot/unborn/half" "$depot/installed.json.123"

# ---- keys ----
jq '.expires = "2024-02-29"' "$trusted/acme.qkey" >new && cp new "$trusted/acme.qkey"
look 1
expect_eq 'the key, and the package that it signed' "$(jq '[.result.findings[] | select(.code == "key_expired" and .severity == "warning")] | length' look.json)" 2
found warning key_expired "^$trusted/acme.qkey\$" '`acme` installs nothing new since 2024-02-29' 'qetl key add --replace'
jq --arg day "$(date -u -d '+10 days' +%F)" '.expires = $day' "$trusted/acme.qkey" >new && cp new "$trusted/acme.qkey"
look 0
found note key_expires_soon "^$trusted/acme.qkey\$" 'installs nothing new after' 'ask its owner'
jq '.plugins = ["other"] | .expires = "2999-12-31"' "$trusted/acme.qkey" >new && cp new "$trusted/acme.qkey"
look 1
found error key_out_of_scope "^$depot\$" 'not trusted with the plugin `touch`' 'add `touch`'
cp acme.qkey "$trusted/acme.qkey"
look 1
found warning key_without_scope "^$trusted/acme.qkey\$" 'trusted with no plugin' "qetl key add --replace $trusted/acme.qkey --plugins"
expect_exit 0 qetl key add acme.qkey --plugins touch --replace
chmod o+w "$trusted/acme.qkey"
look 1
found error unsafe_key "^$trusted/acme.qkey\$" 'others .* may change' 'chmod go-w'
chmod o-w "$trusted/acme.qkey"
echo x >"$trusted/other.qkey"
look 1
expect_eq 'a key that cannot be read, once' "$(jq '[.result.findings[] | select(.file | endswith("other.qkey"))] | length' look.json)" 1
rm "$trusted/other.qkey"
look 0
found_nothing

# ---- unsigned ----
expect_exit 0 qetl plugin pack made/0.1.0 --out made --replace
expect_exit 0 qetl key add acme.qkey --plugins '*' --replace
expect_exit 0 qetl plugin install made/touch-0.1.0-*.qpkg --downgrade --allow-unsigned --change-signer
look 1
found warning unsigned_package "^$depot\$" 'nobody signed the plugin touch 0.1.0' ''
says packages '^2 for you, 1 of them unsigned'
expect_exit 0 qetl plugin remove touch@0.1.0

# ---- folders ----
QETL_PLUGIN_PATH=$PWD/plain:$PWD/nowhere look 1
found warning missing_plugin_dir "^$PWD/nowhere\$" 'QETL_PLUGIN_PATH names' 'take it out'
chmod o+w plain
look 1
found error world_writable_dir "^$PWD/plain\$" 'anyone' 'chmod o-w'
chmod o-w plain
mkdir -p open/plugins
cp plain/csv.* open/plugins
chmod 777 open
QETL_PLUGIN_PATH=$PWD/open/plugins look 1
found warning unsafe_plugin_dir "^$PWD/open/plugins\$" 'another folder in its place' "chmod o-w $PWD/open"
chmod 1777 open
QETL_PLUGIN_PATH=$PWD/open/plugins look 0
chmod 755 open
if [ "$(id -u)" = 0 ]; then
    chown 12345 open/plugins
    QETL_PLUGIN_PATH=$PWD/open/plugins look 1
    found warning unsafe_plugin_dir "^$PWD/open/plugins\$" 'belongs to another user' 'folder of yours'
    chown 0:12345 open/plugins
    chmod 775 open/plugins
    QETL_PLUGIN_PATH=$PWD/open/plugins look 1
    found warning unsafe_plugin_dir "^$PWD/open/plugins\$" 'its group may put' 'chmod g-w'
    chown 0:0 open/plugins
    chmod 755 open/plugins
fi
# Shadowed: a folder that was named goes before a package, with or without a newer version.
look 1 --plugin-dir made/0.1.0
found warning shadowed_plugin '/touch.qetl.json$' 'touch 0.2.0, from a package of yours, is not used: the older 0.1.0, from a folder' 'NAME@0.2.0'
look 0 --plugin-dir made/0.2.0
found note shadowed_plugin '/touch.qetl.json$' 'touch 0.2.0, from a package of yours, is not used' 'leave the folder'
look 1 --plugin-dir made/0.1.0 --plugin-dir made/0.2.0
found error duplicate_plugin '0.2.0/touch.qetl.json$' 'offered twice: by made/0.1.0/touch.qetl.json and' 'remove one'
expect_exit 0 qetl plugin remove touch
# Of two folders that of the command line goes before that of the environment: who builds a plugin that is installed, too.
QETL_PLUGIN_PATH=$PWD/plain:$PWD/made/0.1.0 look 0 --plugin-dir made/0.2.0
found note shadowed_plugin '0.1.0/touch.qetl.json$' 'touch 0.1.0, from a folder, is not used: the version 0.2.0, from a folder' 'leave the folder'
QETL_PLUGIN_PATH=$PWD/plain:$PWD/made/0.2.0 look 1 --plugin-dir made/0.1.0
found warning shadowed_plugin '0.2.0/touch.qetl.json$' 'touch 0.2.0, from a folder, is not used: the older 0.1.0, from a folder' 'NAME@0.2.0'
QETL_PLUGIN_PATH=$PWD/plain:$PWD/made/0.1.0:$PWD/made/0.2.0 look 1
found error duplicate_plugin '0.2.0/touch.qetl.json$' 'offered twice: by .*made/0.1.0/touch.qetl.json and' 'remove one'

# ---- libraries that a plugin needs, and that are not there ----
mkdir needy
avro=${QETL_TEST_PLUGINS%/tests/plugins/lib}/plugins/lib/avro
cp "$avro.qetl.json" needy
sed 's/libsnappy\.so\.1/libsnapqy.so.1/; s/libbz2\.so\.1\.0/libzb2.so.1.0/' "$avro.so" >needy/avro.so
look 1 --plugin-dir needy
found error missing_library 'needy/avro.so$' 'plugin avro needs the library libsnapqy.so.1, which is not there' 'apt install libsnapqy1'
found error missing_library 'needy/avro.so$' 'plugin avro needs the library libzb2.so.1.0, which is not there' 'apt install libzb2-1.0'
expect_json look.json '[.result.findings[] | select(.code == "cannot_load")] == [] and (.result.plugins | map(select(.id == "avro")) | .[0].abi == null and .[0].loaded == 0)'
# Of a package as well, for which no folder says where it looks.
mkdir -p made/needy
sed 's/libc\.so\.6/libd.so.6/' "$QETL_TEST_PLUGINS/touch.so" >made/needy/touch.so
cp "$QETL_TEST_PLUGINS/touch.qetl.json" made/needy
expect_exit 0 qetl plugin pack made/needy --out made --key acme.qsecret --replace
expect_exit 0 qetl plugin install made/touch-0.1.0-*.qpkg
look 1
found error missing_library '/touch.so$' 'plugin touch needs the library libd.so.6' 'apt install libd6'
# For people.
expect_exit 1 qetl doctor
expect_text out 'packages .*1 error|plugins .*1 error'
expect_text err 'libd.so.6'
