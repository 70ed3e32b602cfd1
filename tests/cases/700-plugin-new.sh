#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# qetl plugin new: what is made, what is refused and with which mend; nothing is left of what fails.
. "$(dirname "$0")/lib.sh"

list() { find "$1" -mindepth 1 -printf '%P %m\n' | LC_ALL=C sort; }

mkdir here
cd here || exit 1
umask 027
expect_exit 0 qetl plugin new my-source --kind source
expect_text out '^made my-source$'
expect_text out '^  cd my-source$'
sed -n 's/^  \([^ ]*\)$/\1/p' out | LC_ALL=C sort >../told
(cd my-source && find . -type f -printf '%P\n' | LC_ALL=C sort) >../made
expect_same ../told ../made
list my-source >../listed
rm out err
expect_eq 'beside it' "$(ls -A)" my-source
expect_file ../listed <<'LIST'
.github 750
.github/workflows 750
.github/workflows/ci.yml 640
.gitignore 640
Makefile 640
README.md 640
exports.map 640
my-source.c 640
my-source.qetl.json 640
pipeline.yaml 640
test.sh 640
testing.sh 640
LIST
expect_eq 'the folder' "$(stat -c %a my-source)" 750
expect_eq 'names of templates' "$(grep -rlE 'newplugin|SPDX' my-source)" ''
expect_text my-source/README.md 'of `my-source\.c`'
umask 022

langs=(c cpp rust)
# --json: the same, for machines. Each kind in each language has all that it takes.
for lang in "${langs[@]}"; do
    for kind in source transform sink format; do
        expect_exit 0 qetl plugin new "a-$kind" --kind "$kind" --lang "$lang" --dir .. --json
        expect_json out ".ok and .command == \"plugin new\" and .result.kind == \"$kind\" and .result.lang == \"$lang\""
        expect_json out ".result.folder == \"../a-$kind\""
        jq -r '.result.files[]' out | LC_ALL=C sort >told
        (cd "../a-$kind" && find . -type f -printf '%P\n' | LC_ALL=C sort) >made
        expect_same told made
        expect_exit 0 jq -e . "../a-$kind/a-$kind.qetl.json"
        expect_exit 0 python3 -c 'import sys, yaml; [yaml.safe_load(open(f)) for f in sys.argv[1:]]' \
            "../a-$kind/pipeline.yaml" "../a-$kind/.github/workflows/ci.yml"
        expect_exit 0 shellcheck -x -P SCRIPTDIR -s sh "../a-$kind/test.sh"
        rm -rf "../a-$kind"
    done
done

# Names.
before=$(ls -A . ..)
while IFS='|' read -r name mend; do
    expect_exit 2 qetl plugin new --kind sink -- "$name"
    expect_eq "$name: nothing is made" "$(ls -A . ..)" "$before"
    expect_text err 'begins with a letter|at most 64'
    expect_text err "mend: $mend"
done <<'NAMES'
My Source|call it my-source$
2fast|call it fast$
a/b|call it a-b$
../x|call it x$
Straße!|call it stra-e$
-|for example qetl plugin new my-source --kind source$
..|for example qetl plugin new my-source --kind source$
Café au lait|call it caf-au-lait$
_private|call it private$
7|for example
NAMES
expect_exit 2 qetl plugin new '' --kind sink
expect_exit 2 qetl plugin new "$(printf 'a%.0s' $(seq 65))" --kind sink
expect_text err 'at most 64'
expect_exit 0 qetl plugin new "$(printf 'a%.0s' $(seq 64))" --kind sink --quiet
expect_eq 'quiet' "$(cat out err)" ''
rm -rf aaaa*
expect_exit 2 qetl plugin new csv --kind format
expect_text err "a plugin 'csv' is installed already: .*/csv.qetl.json"
expect_exit 2 qetl plugin new file --kind sink
expect_text err "a sink 'file' is installed already"
expect_exit 0 qetl plugin new file --kind transform # no other transform is called that
rm -rf file

# Words.
expect_exit 2 qetl plugin new
expect_text err 'NAME'
expect_exit 2 qetl plugin new x
expect_text err 'mend: give --kind source, transform, sink or format'
expect_exit 2 qetl plugin new x --kind sorce
expect_text err "no kind 'sorce'"
expect_text err 'did you mean --kind source'
expect_exit 2 qetl plugin new x --kind pump
expect_text err 'mend: give --kind source, transform, sink or format'
expect_exit 2 qetl plugin new x --kind sink --lang c++
expect_text err "'c\+\+' is not understood"
expect_text err 'mend: give one of c, cpp, rust'
expect_exit 2 qetl plugin new 'My Source' --kind sorce # both are told
expect_text err 'did you mean --kind source'
expect_text err 'call it my-source'
expect_exit 2 qetl plugin new x y --kind sink
expect_text err "'y' is one too many"
expect_exit 2 qetl plugin new x --kind sink --folder y
expect_text err "no option '--folder'"
expect_exit 2 qetl plugin new x --kind sink --dir ''
expect_text err -- '--dir names nothing'
expect_exit 2 qetl plugin new "$(printf 'a\033[31mb')" --kind sink
expect_text err 'a\\x1b\[31mb'
expect_exit 2 qetl plugin new x --kind sink --lang d --json
expect_json out '.ok == false'

# Places.
cp -r my-source before
expect_exit 2 qetl plugin new my-source --kind sink
expect_text err 'my-source is there already, and not empty'
expect_text err 'mend: choose another name, or another place with --dir'
expect_exit 0 diff -r before my-source
: >flat
expect_exit 2 qetl plugin new flat --kind sink
expect_text err 'flat is there already'
ln -s nowhere dangling
expect_exit 2 qetl plugin new dangling --kind sink
expect_exit 3 qetl plugin new x --kind sink --dir nowhere
expect_text err 'nowhere/x: No such file or directory'
expect_text err 'mend: --dir names a folder that is there'
expect_exit 3 qetl plugin new x --kind sink --dir flat
expect_exit 3 qetl plugin new x --kind sink --dir /proc
expect_text err 'mend: (name a folder that you may write to|--dir)'
expect_exit 0 qetl plugin new x --kind sink --dir "$PWD/" --json # a slash more is none
expect_json out ".result.folder == \"$PWD/x\""
rm -rf x
mkdir empty
expect_exit 0 qetl plugin new empty --kind sink
[ -f empty/Makefile ] && pass 'an empty folder is taken' || fail 'an empty folder is taken'
rm -rf empty before flat dangling my-source out err told made
expect_eq 'nothing is left' "$(ls -A)" ''

# Whatever fails on the way, nothing is left.
[ -z "$QETL_SANITIZER" ] || exit 0
shim=$QETL_BUILD/tests/shim/fail.so
for class in write open mkdir rename; do
    for n in 1 2 5 9; do
        rm -f ../fired
        QETL_PLUGIN_PATH="" LD_PRELOAD=$shim QETL_SHIM="$class:$n:ENOSPC" QETL_SHIM_FIRED=$PWD/../fired "$QETL" plugin new x --kind sink \
            --plugin-dir nowhere >../out 2>../err
        code=$?
        if [ -e ../fired ] && [ ! -e x ]; then
            expect_eq "$class $n fails" "$code" 3
            expect_text ../err 'No space left on device'
            expect_text ../err 'mend: make room'
        fi
        [ ! -e x ] || expect_exit 0 make -C x -n test
        rm -rf x out err
        expect_eq "left behind $class $n" "$(ls -A)" ''
    done
done

# A process that is killed on the way shows nothing; the next one is not hindered.
strace -o trace true 2>/dev/null || exit 0
rm trace
killed=0
for at in mkdir:1 mkdir:2 write:1 write:5 chmod:1 rename:1; do
    QETL_PLUGIN_PATH="" strace -o /dev/null -e inject="${at%:*}:signal=KILL:when=${at#*:}" "$QETL" plugin new x --kind sink \
        --lang rust --plugin-dir nowhere >../out 2>../err
    code=$?
    [ $code -ne 137 ] || killed=$((killed + 1))
    expect_eq "killed at $at" "$code $([ -e x ] && echo there)" '137 '
    expect_exit 0 qetl plugin new x --kind sink --quiet
    expect_exit 0 make -C x -n test
    rm -rf x .x-* out err
done
expect_eq 'processes that were killed' "$killed" 6
expect_eq 'nothing else is left' "$(ls -A)" ''
