#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A plugin of ABI 1.1 works in this qetl, a qetl of ABI 1.1 works with plugins of 1.0 and of 1.1, and neither reads
# or writes what the other side does not have. 1.1 is made by tests/abi/grow.py; AddressSanitizer looks on.
# tsan: no
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/abi/kept.sh
. "$root/tests/abi/kept.sh"

flags=(-std=gnu11 -D_GNU_SOURCE= -O1 -g -w -fPIC)
[ -z "$QETL_SANITIZER" ] || flags+=('-fsanitize=address,undefined')
expect_exit 0 python3 "$root/tests/abi/grow.py" later
expect_exit 0 "$root/sdk/abi/describe" later/sdk/qetl/plugin.h
mv out later.txt
expect_exit 0 "$root/sdk/abi/compare" "$root/sdk/abi/1.0.txt" later.txt

grown() { # FOLDER, further flags: the plugin of 1.1
    local folder=$1
    shift
    mkdir -p "$folder"
    cp "$root/tests/abi/grown.qetl.json" "$folder"
    expect_exit 0 "${CC:-gcc}" "${flags[@]}" -fvisibility=hidden -shared -Ilater/sdk -I"$kept" -Wa,-I"$root/tests/abi" "$@" \
        -o "$folder/grown.so" "$root/tests/abi/grown.c"
}

used() { # in GROWN_LOG, the sum of a word's numbers
    awk -v word="$1" '{ for (i = 2; i < NF; i++) if ($i == word) sum += $(i + 1) } END { print sum + 0 }' "$GROWN_LOG"
}

plugins=$QETL_PLUGIN_PATH
export GROWN_LOG=$PWD/grown.log

# ---- a plugin of 1.1 in this qetl: it finds nothing of 1.1, and works ----
grown grown
export QETL_PLUGIN_PATH=$PWD/grown:$plugins
kept_runs qetl
for kind in source transform sink format; do
    expect_eq "$kind was there" "$(grep -c "^$kind calls 0 read 0 written 0 events 0$" "$GROWN_LOG" | sed 's/^[1-9].*/yes/')" yes
done
expect_eq 'nothing of 1.1 was used' "$(used calls) $(used read) $(used written) $(used events)" '0 0 0 0'

# A key of 1.1 that is nearly one of 1.0 is no mistake, and told to who looks; in a manifest that claims no more than
# 1.0 it is one. `x-` words are the author's own in either.
expect_exit 0 qetl plugin list
expect_text err 'grown\.qetl\.json:[0-9:]+ warning: `later` is not known to ABI 1\.0'
mkdir near strict
cp grown/grown.so near
sed 's/"later": true/"deliver": "twice", "x-later": [1]/; s/"type": "string"/"x-order": 1, &/' grown/grown.qetl.json >near/grown.qetl.json
sed 's/"max": "1.1"/"max": "1.0"/' near/grown.qetl.json >strict/grown.qetl.json
QETL_PLUGIN_PATH=$PWD/near:$plugins expect_exit 0 qetl plugin list --json
expect_json out '[.result.plugins[] | select(.id == "grown").warnings[] | [.code, .severity]] == [range(5) | ["unknown_key", "warning"]]'
QETL_PLUGIN_PATH=$PWD/near:$plugins expect_exit 0 qetl plugin list
expect_text err 'warning: `deliver` is not known to ABI 1\.0'
expect_text err 'did you mean `delivery`'
expect_no_text err 'warning: `x-'
QETL_PLUGIN_PATH=$PWD/near:$plugins expect_exit 0 qetl plugin info kept_numbers
expect_no_text err warning
QETL_PLUGIN_PATH=$PWD/near:$plugins qetl plugin check near/grown.so --only load >out 2>err
expect_text err 'warning: `deliver` is not known to ABI 1\.0'
QETL_PLUGIN_PATH=$PWD/strict:$plugins qetl plugin list >out 2>err
expect_text err 'error: `deliver` is not known here'
expect_no_text out kept_numbers

# It may say that it cannot do without.
mkdir needy
sed 's/"min": "1.0"/"min": "1.1"/' "$root/tests/abi/grown.qetl.json" >needy/grown.qetl.json
cp grown/grown.so needy
QETL_PLUGIN_PATH=$PWD/needy:$plugins expect_exit 3 qetl run columns.yaml
expect_text err 'it needs ABI 1\.1 to 1\.1, this qetl has 1\.0'
expect_text err 'install a newer qetl'

[ "$QETL_SANITIZER" = address ] || { pass 'the rest is for AddressSanitizer'; exit; }

# ---- one that does not look first is caught ----
careless() { # number of the place, a pipeline that comes by
    grown "careless$1" -DCARELESS="$1"
    QETL_PLUGIN_PATH=$PWD/careless$1:$plugins qetl run "$2" >out 2>err
    caught "plugin $1"
}

caught() {
    if grep -qhE 'ERROR: AddressSanitizer|runtime error' err sanitizer.*; then
        pass "a careless $1 is caught"
    else
        fail "a careless $1 was not caught" "$(tail -n 5 err)"
    fi
    rm -f sanitizer.*
}
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:log_path=$PWD/sanitizer" UBSAN_OPTIONS="${UBSAN_OPTIONS:-}:log_path=$PWD/sanitizer"
printf 'sources: {s: {plugin: file, path: in.bars, format: {type: kept_pipes}}}\nsinks: {t: {plugin: file, input: s, path: careless.csv, if_exists: replace}}\n' >bars.yaml
for place in 1 2 3 4; do
    rm -rf pile state stumbled
    mkdir pile
    careless $place epochs.yaml
done
careless 5 bars.yaml

# ---- a qetl of 1.1 ----
rm -rf later
expect_exit 0 python3 "$root/tests/abi/grow.py" later --host
libraries=$(sed -n -E 's/^(JANSSON_LIBS|YAML_LIBS|PCRE2_LIBS|NETTLE_LIBS|SQLITE3_LIBS|LIBARCHIVE_LIBS|ZSTD_LIBS|SODIUM_LIBS|EDIT_LIBS|LIBS) = //p' "$QETL_BUILD/Makefile")
compile() { # SOURCE
    local object=${1//\//_}
    "${CC:-gcc}" "${flags[@]}" -O0 -Ilater/core -Ilater/sdk -Wa,-I"$root" -c -o "objects/$object.o" "later/$1"
}
export -f compile
export root
host() { # NAME: from objects
    # shellcheck disable=SC2086
    "${CC:-gcc}" "${flags[@]}" -o "$1" objects/*.o $libraries -lm -pthread
}
mkdir objects
(
    cd later || exit
    printf '%s\n' core/*/*.c sdk/src/*.c
) | xargs -P "$(nproc)" -I{} bash -c "flags=(${flags[*]}); compile {}" || fail 'qetl 1.1 does not build'
expect_exit 0 host qetl_later
expect_text <(./qetl_later --version) 'ABI 1\.1'

later() {
    timeout -k 5 120 "$scratch/qetl_later" "$@"
}
mkdir anew
kept_plugins binaries
expect_exit 0 "$kept/build.sh" anew -O1 -g -w -fsanitize=address,undefined
for folder in binaries anew; do
    export QETL_PLUGIN_PATH=$PWD/$folder:$plugins
    kept_runs later
done
: >"$GROWN_LOG"
export QETL_PLUGIN_PATH=$PWD/grown:$plugins
kept_runs later
for word in calls read written events; do
    expect_eq "$word of 1.1" "$(($(used $word) > 0))" 1
done
expect_eq 'what sanitizers found' "$(find . -name 'sanitizer.*' -exec head -n 20 {} +)" ''

# ---- one that does not look first is caught ----
sed -i 's/^    ((table) && (table)->struct_size >= .*/    ((table) \&\& \\/' later/core/host/instance.c
compile core/host/instance.c
expect_exit 0 host qetl_careless
export QETL_PLUGIN_PATH=$PWD/anew:$plugins
timeout -k 5 60 ./qetl_careless run columns.yaml >out 2>err
caught host
