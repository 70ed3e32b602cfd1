#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Files that lie beside a plugin's library: of a folder as they lie there, of a package as they were signed, from
# memory; never what others have put there, and nothing outside.
. "$(dirname "$0")/lib.sh"

depot=$XDG_DATA_HOME/qetl/plugins
mkdir -p plain made/words/deeper
for name in file_source csv file_sink; do
    cp "${QETL_PLUGIN_PATH%%:*}/$name.so" "${QETL_PLUGIN_PATH%%:*}/$name.qetl.json" plain
done
export QETL_PLUGIN_PATH=$PWD/plain
cp "$QETL_TEST_PLUGINS"/beside.{so,qetl.json} made
echo first >made/words/one.txt
head -c 300000 /dev/zero | tr '\0' 'w' >made/words/two.txt
echo deep >made/words/deeper/three.txt
echo outside >secret
printf 'id\n1\n' >in.csv
read_it() { # CODE FILE [FOLDER [OPTION…]]
    printf 'sources: {s: {plugin: file, path: in.csv}}\nsinks: {t: {plugin: beside, input: s, file: "%s", folder: "%s", out: got}}\n' "$2" "${3-words}" >p.yaml
    rm -f got
    expect_exit "$1" qetl run -q --no-state "${@:4}" p.yaml
}
same_anywhere() { # SEALED [OPTION…]: what has to be so of a folder and of a package
    local sealed=$1
    shift
    read_it 0 words/one.txt words "$@"
    expect_file got <<X
one.txt
two.txt
sealed $sealed
first
X
    read_it 0 words/deeper/three.txt words/deeper "$@"
    expect_file got <<X
three.txt
sealed $sealed
deep
X
    read_it 0 words/two.txt '' "$@"
    expect_eq 'names in the library'"'"'s own folder' "$(head -n 2 got | paste -sd' ')" 'beside.qetl.json beside.so'
    expect_eq 'all of a long file' "$(tail -n +4 got | cmp - made/words/two.txt 2>&1)" ''
    for none in words/four.txt words/one.txt/x words nowhere/x 'w?rds/one.txt'; do
        read_it 0 "$none" nowhere "$@"
        expect_file got <<X
there is none
X
    done
    for bad in ../secret /etc/passwd words/../../secret ./words/one.txt words//one.txt words/. '' words/; do
        read_it 3 "$bad" words "$@"
        expect_text err "the name leads out of the plugin's folder"
    done
    read_it 3 words/one.txt .. "$@"
    expect_text err "the name leads out of the plugin's folder"
}

# ---- of a folder ----
same_anywhere no --plugin-dir made
chmod o+w made/words/one.txt
read_it 3 words/one.txt words --plugin-dir made
expect_text err 'words/one.txt of the plugin beside 0.1.0 cannot be read: anyone on this machine may change it'
chmod o-w made/words/one.txt

# ---- of a package ----
expect_exit 0 qetl plugin keygen acme
expect_exit 0 qetl key add acme.qkey --plugins beside
expect_exit 0 qetl plugin pack made --key acme.qsecret
expect_exit 0 qetl plugin install beside-0.1.0-*.qpkg
same_anywhere yes

# ---- changed since it was installed ----
content=$(echo "$depot"/content/*)
chmod -R u+w "$content"
cp -r "$content" kept
for change in 'echo other >words/one.txt' 'printf x >>words/one.txt' ': >words/one.txt' 'rm words/one.txt' \
    'ln -sf /etc/passwd words/one.txt' 'rm words/one.txt; mkfifo words/one.txt' 'mv words other; ln -s /etc words'; do
    (cd "$content" && bash -c "$change")
    read_it 3 words/one.txt
    expect_text err 'words/one.txt of the plugin beside 0.1.0 cannot be read: it is not the file that was installed'
    expect_no_text got 'first|other|root:'
    rm -rf "$content"
    cp -r kept "$content"
done
# What was not installed is not there, whoever has put it there.
echo more >"$content/words/four.txt"
read_it 0 words/four.txt
expect_file got <<X
one.txt
two.txt
there is none
X

# ---- a file that is exchanged while it is read ----
cat >race.py <<'PY'
import os, sys
target = sys.argv[1]
good = open(target, "rb").read()
texts = [good.replace(b"w", b"E"), good]
round = 0
while os.getppid() != 1 and not os.path.exists("enough"):
    round += 1
    if round % 3:  # another file under its name
        with open(target + ".new", "wb") as file:
            file.write(texts[round % 2])
        os.rename(target + ".new", target)
    else:  # other bytes in the very same file
        with open(target, "r+b") as file:
            file.write(texts[round % 2])
PY
race() { # FOLDER OPTION…: forty runs while it changes
    python3 race.py "$1/words/two.txt" &
    local racer=$!
    ran=0 refused=0 other=0 evil=0
    printf 'sources: {s: {plugin: file, path: in.csv}}\nsinks: {t: {plugin: beside, input: s, file: words/two.txt, out: got}}\n' >p.yaml
    for _ in $(seq 40); do
        rm -f got
        qetl run -q --no-state "${@:2}" p.yaml 2>err
        case $? in 0) ran=$((ran + 1)) ;; 3) refused=$((refused + 1)) ;; *) other=$((other + 1)) ;; esac
        grep -q E got && evil=$((evil + 1))
    done
    : >enough
    wait "$racer"
    rm enough
    echo "    $ran ran, $refused were refused, $other; $evil got what nobody signed"
}
race "$content"
expect_eq 'neither ran nor refused' "$other" 0
expect_eq 'some were refused' "$((refused > 0))" 1
expect_eq 'what nobody signed' "$evil" 0
# Where a folder is trusted as it stands, the writer wins: the test sees what it looks for.
race made --plugin-dir made
expect_eq 'the writer wins elsewhere' "$((evil > 0))" 1
