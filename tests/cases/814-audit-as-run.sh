#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# An audit refuses what a run refuses, and verify what install refuses, in the same words.
. "$(dirname "$0")/lib.sh"

depot=$XDG_DATA_HOME/qetl/plugins
mkdir plain
for name in file_source csv file_sink; do
    cp "${QETL_PLUGIN_PATH%%:*}/$name.so" "${QETL_PLUGIN_PATH%%:*}/$name.qetl.json" plain
done
all_plugins=$QETL_PLUGIN_PATH
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
# A library of a folder is loaded from a copy, which was hashed as it was made.
cp two/touch.so two/touch.qetl.json plain # it makes the file `other` in place of `touched`, where its text is exchanged
expect_exit 0 qetl plugin remove touch
rm p.yaml.lock
expect_exit 0 qetl plugin lock p.yaml
cp p.yaml.lock good
QETL_TOUCH=$PWD/touched QETL_OTHER=$PWD/other
export QETL_TOUCH QETL_OTHER
run() {
    rm -f touched other
    qetl run -q --no-state p.yaml
}
LD_DEBUG=files expect_exit 0 run
expect_text err 'file=/proc/[0-9a-z]+/fd/[0-9]+ \[0\];  dynamically loaded by'
expect_no_text err 'file=.*plain/(touch|csv|file_source)\.so'
mv p.yaml.lock aside
LD_DEBUG=files expect_exit 0 run
expect_text err 'file=.*plain/touch\.so'
mv aside p.yaml.lock
chmod o+w plain/touch.so
expect_exit 3 run
expect_text err 'anyone on this machine may change its code'
chmod o-w plain/touch.so
# Whoever has it mapped changes it without a trace in its times: what was compared runs, or nothing.
cat >exchange.py <<'PY'
import mmap, os
with open("plain/touch.so", "r+b") as file:
    library = mmap.mmap(file.fileno(), 0)
at = library.find(b"QETL_TOUCH\0")
open("begun", "w").close()
while not os.path.exists("enough") and os.getppid() != 1:
    for text in b"QETL_OTHER", b"QETL_TOUCH":
        library[at:at + len(text)] = text
        for _ in range(3000):
            pass
PY
python3 exchange.py &
exchanger=$!
until [ -e begun ]; do sleep 0.05; done
ran=0 refused=0 wrong=0
for _ in $(seq 40); do
    run >out 2>err
    case $? in
    0) ran=$((ran + 1)) ;;
    3) if grep -q 'became another one after it was compared\|has other bytes' err; then refused=$((refused + 1)); else wrong=$((wrong + 1)); fi ;;
    *) wrong=$((wrong + 1)) ;;
    esac
    [ ! -e other ] || wrong=$((wrong + 1))
done
: >enough
wait "$exchanger"
echo "    $ran ran, $refused were refused, $wrong"
expect_eq 'what was not locked never ran' "$wrong" 0
expect_eq 'some were refused' "$((refused > 0))" 1
# One that looks for what lies beside it is loaded where it lies, if it is still that file.
rm -rf plain/touch.* enough
expect_exit 0 qetl plugin install two/*.qpkg
cp "${all_plugins%%:*}/binary.so" "${all_plugins%%:*}/binary.qetl.json" plain
cp -r "${all_plugins%%:*}/layouts" plain
printf 'sources: {s: {plugin: file, path: in.csv, format: {type: binary}}}\nsinks: {t: {plugin: touch, input: s}}\n' >place.yaml
expect_exit 0 qetl plugin lock place.yaml
placed() {
    qetl run -q --no-state place.yaml
}
LD_DEBUG=files expect_exit 0 placed
expect_text err 'file=.*plain/binary\.so'
expect_text err 'file=/proc/[0-9a-z]+/fd/[0-9]+ \[0\];  dynamically loaded by'
cat >exchange.py <<'PY'
import os
other = open("plain/binary.so", "rb").read()
while not os.path.exists("enough") and os.getppid() != 1:
    with open("binary.new", "wb") as file:
        file.write(other)
    os.rename("binary.new", "plain/binary.so")
PY
python3 exchange.py &
exchanger=$!
ran=0 refused=0 wrong=0
for _ in $(seq 30); do
    placed >out 2>err
    case $? in
    0) ran=$((ran + 1)) ;;
    3) if grep -q 'became another one after it was compared' err; then refused=$((refused + 1)); else wrong=$((wrong + 1)); fi ;;
    *) wrong=$((wrong + 1)) ;;
    esac
done
: >enough
wait "$exchanger"
echo "    $ran ran, $refused were refused, $wrong"
expect_eq 'neither ran, nor refused for it' "$wrong" 0
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
