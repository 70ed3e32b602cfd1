#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# An audit refuses what a run refuses, and verify what install refuses, in the same words.
. "$(dirname "$0")/lib.sh"

depot=$XDG_DATA_HOME/qetl/plugins
mkdir plain
for name in file_source csv file_sink; do
    cp "${QETL_PLUGIN_PATH%%:*}/$name.so" "${QETL_PLUGIN_PATH%%:*}/$name.qetl.json" plain
done
export QETL_PLUGIN_PATH=$PWD/plain
made() { # FOLDER VERSION
    mkdir -p "$1"
    for end in so qetl.json; do sed "s/0\.1\.0/$2/g" "$QETL_TEST_PLUGINS/touch.$end" >"$1/touch.$end"; done
    expect_exit 0 qetl plugin pack "$1" --out "$1" --key acme.qsecret
}
expect_exit 0 qetl plugin keygen acme
expect_exit 0 qetl key add acme.qkey --plugins '*'
made one 0.1.0
made two 0.2.0
printf 'id\n1\n' >in.csv
printf 'sources: {s: {plugin: file, path: in.csv}}\nsinks: {t: {plugin: touch, input: s}}\n' >p.yaml
expect_exit 0 qetl plugin install one/*.qpkg
expect_exit 0 qetl plugin lock p.yaml
cp p.yaml.lock good

# ---- audits ----
both() { # CODE MESSAGE [OPTION…]: what a run says, audits say of the pipeline, and with --system as well
    local code message
    expect_exit 3 qetl run -q --no-state p.yaml --json
    code=$(jq -r .error.code out) message=$(jq -r .error.message out)
    expect_eq 'a run' "$code: $([[ $message =~ $2 ]] && echo so)" "$1: so"
    for how in '' --system; do
        # shellcheck disable=SC2086
        expect_exit 3 qetl plugin audit $how p.yaml --json
        expect_eq "an audit $how" "$(jq --arg c "$code" --arg m "$message" '[.error.findings[] | select(.code == $c and .message == $m)] | length > 0' out)" true
    done
}
expect_exit 0 qetl plugin audit --system p.yaml
expect_exit 0 qetl key add acme.qkey --plugins 'x-*' --replace
both key_out_of_scope 'not trusted with the plugin .touch.'
expect_exit 3 qetl plugin audit --system p.yaml.lock
expect_exit 0 qetl key remove acme
both untrusted_key 'not trusted here'
expect_exit 0 qetl key add acme.qkey --plugins '*'
content=$(echo "$depot"/content/*)
chmod u+w "$content"/*
printf x >>"$content/touch.so"
both package_changed 'not the one that was installed'
truncate -s -1 "$content/touch.so"
chmod o+w "$content/touch.so"
both cannot_load 'others on this machine may change'
chmod o-w "$content/touch.so"
expect_exit 0 qetl plugin audit --system p.yaml
sed -i 's/plugin: touch/plugin: nothing/' p.yaml
expect_exit 2 qetl run -q --no-state p.yaml
expect_exit 2 qetl plugin audit p.yaml
expect_text err 'p.yaml:2:.*there is no sink plugin `nothing`'
expect_exit 0 qetl plugin audit p.yaml.lock
sed -i 's/plugin: nothing/plugin: touch/' p.yaml
# A lock that leads nowhere is none that is missing.
for change in 'ln -s nowhere p.yaml.lock' 'mkdir p.yaml.lock' 'mkfifo p.yaml.lock' 'ln -s p.yaml.lock p.yaml.lock'; do
    rm p.yaml.lock
    $change
    expect_exit 3 qetl run -q --no-state p.yaml
    expect_text err '^p.yaml.lock: error: this lock cannot be read'
    expect_exit 3 qetl plugin audit p.yaml
    rmdir p.yaml.lock 2>/dev/null || rm p.yaml.lock
    touch p.yaml.lock
done
# Large, of nothing but platforms: it is read in no time.
python3 - >p.yaml.lock <<'PY'
print('{\n "type": "qetl-lock/1",\n "platforms": {')
print(",\n".join(f'  "linux-x{n:06d}-glibc": []' for n in range(30000)))
print(" }\n}")
PY
expect_exit 3 qetl run -q --no-state p.yaml
expect_text err 'was not locked for machines such as this one'
cp good p.yaml.lock
# What came with qetl is exchanged while it is locked: it is not run.
cat >exchange.py <<'PY'
import os, shutil
other = open("plain/csv.so", "rb").read()
while not os.path.exists("enough") and os.getppid() != 1:
    with open("csv.new", "wb") as file:
        file.write(other)
    os.rename("csv.new", "plain/csv.so")
PY
python3 exchange.py &
exchanger=$!
ran=0 refused=0 other=0
for _ in $(seq 30); do
    qetl run -q --no-state p.yaml >out 2>err
    case $? in
    0) ran=$((ran + 1)) ;;
    3) if grep -q 'became another one after it was compared' err; then refused=$((refused + 1)); else other=$((other + 1)); fi ;;
    *) other=$((other + 1)) ;;
    esac
done
: >enough
wait "$exchanger"
echo "    $ran ran, $refused were refused, $other"
expect_eq 'neither ran, nor refused for it' "$other" 0
expect_eq 'some were refused' "$((refused > 0))" 1

# ---- verify ----
verified() { # CODE MESSAGE FILE [OPTION…]
    local command
    for command in verify install; do
        expect_exit 3 qetl plugin $command "${@:3}" --json
        expect_json out ".error.code == \"$1\" and (.error.message | test(\"$2\"))"
    done
}
expect_exit 0 qetl plugin verify two/*.qpkg
expect_exit 0 qetl plugin install two/*.qpkg
expect_exit 0 qetl plugin verify two/*.qpkg
verified downgrade 'older than 0.2.0' one/*.qpkg
expect_exit 0 qetl plugin verify one/*.qpkg --downgrade
expect_exit 0 qetl plugin verify one/*.qpkg --any-platform --key acme.qkey
mkdir again
cp two/touch.* again
echo more >again/README
expect_exit 0 qetl plugin pack again --out again --key acme.qsecret
verified version_reused 'another package of touch 0.2.0' again/*.qpkg
mkdir tough
for end in so qetl.json; do sed '0,/"id": "touch"/s//"id": "tough"/' "$QETL_TEST_PLUGINS/touch.$end" >"tough/touch.$end"; done
expect_exit 0 qetl plugin pack tough --out tough --key acme.qsecret
verified component_clash 'brings the sink `touch`' tough/*.qpkg
chmod o+w "$depot"
verified unsafe_packages 'others on this machine' two/*.qpkg
chmod o-w "$depot"
expect_exit 3 qetl plugin verify --system two/*.qpkg
expect_text err 'not trusted here'
