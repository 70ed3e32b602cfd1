#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a shell is to be told is told so that a shell understands it, whatever folders are called.
. "$(dirname "$0")/lib.sh"

# shellcheck disable=SC2089,SC2090 # just that is asked
home="$PWD/it's \"my\" \$(touch opened) home"
XDG_CONFIG_HOME=$home/config
XDG_DATA_HOME=$home/data
# shellcheck disable=SC2090
export XDG_CONFIG_HOME XDG_DATA_HOME
depot=$XDG_DATA_HOME/qetl/plugins
mkdir -p "$home/plain"
for name in file_source csv; do
    cp "${QETL_PLUGIN_PATH%%:*}/$name.so" "${QETL_PLUGIN_PATH%%:*}/$name.qetl.json" "$home/plain"
done
export QETL_PLUGIN_PATH=$home/plain
printf 'id\n1\n' >in.csv
printf 'sources: {s: {plugin: file, path: %s/in.csv}}\nsinks: {t: {plugin: touch, input: s}}\n' "$PWD" >"$home/p.yaml"
run() {
    qetl run -q --no-state "$home/p.yaml" --json
}
# The command of the mend, from a word of it on, is given to a shell; then all is well again.
obeyed() { # CODE WORD [UP TO]
    expect_exit 3 run
    expect_json out "[.error.findings[].code] | index(\"$1\") != null"
    local mend
    mend=$(jq -r --arg code "$1" '[.error.findings[] | select(.code == $code)][0].suggestion' out)
    mend=$2${mend#*"$2"}
    mend=${mend%%"${3:-%%%}"*}
    PATH=$PWD/bin:$PATH bash -c "$mend" >said 2>&1 || fail "$mend" "$(cat said)"
    expect_absent opened "$home/opened"
}
mkdir bin
ln -s "$QETL" bin/qetl

expect_exit 0 qetl plugin keygen acme
expect_exit 0 qetl key add acme.qkey --plugins touch
expect_exit 0 qetl plugin pack "$QETL_TEST_PLUGINS/touch.so" --key acme.qsecret --out .
expect_exit 0 qetl plugin install touch-*.qpkg
expect_exit 0 run

# ---- folders and files that others may write ----
for at in "$depot" "$depot/content" "$depot/installed.json"; do
    chmod go+w "$at"
    obeyed unsafe_packages chmod
    expect_exit 0 run
done
for at in "$XDG_CONFIG_HOME/qetl/trusted-keys" "$XDG_CONFIG_HOME/qetl/trusted-keys/acme.qkey"; do
    chmod go+w "$at"
    obeyed unsafe_key chmod
    expect_exit 0 run
done
chmod o+w "$home/plain"
obeyed world_writable_dir chmod ,
expect_exit 0 run
chmod o+w "$home/plain/csv.so"
obeyed world_writable_file chmod
expect_exit 0 run

# ---- a list that is lost ----
rm "$depot/installed.json"
obeyed bad_packages 'rm -rf'
expect_absent "$depot/content"
expect_exit 0 qetl plugin install touch-*.qpkg
expect_exit 0 run

# ---- a lock ----
expect_exit 0 qetl plugin lock "$home/p.yaml"
printf x >>"$home/plain/csv.so"
obeyed lock_changed 'qetl plugin lock'
expect_exit 0 run

# ---- what nobody has to quote stands as it is ----
chmod go+w acme.qsecret
expect_exit 3 qetl plugin pack "$QETL_TEST_PLUGINS/touch.so" --key acme.qsecret --replace --out .
expect_text err '^  mend: chmod 600 acme\.qsecret; if'
