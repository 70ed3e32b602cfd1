#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The example plugin, built as its README says, carries its manifest as an ELF note, also when stripped.
set -euo pipefail

source_dir=$(cd "${QETL_SOURCE:-$(dirname "$0")/..}" && pwd)
example=$source_dir/sdk/examples/c
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
failed=0

check() {
    local what=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $what"
    fi
}

# The note's description, taken out by its own sizes: three words, "qetl" padded to 8 bytes, the bytes.
note_manifest() {
    objcopy --dump-section .note.qetl="$work/note" "$1" /dev/null
    local size
    size=$(od -A n -t u4 -j 4 -N 4 "$work/note" | tr -d ' ')
    tail -c +21 "$work/note" | head -c "$size"
}

note_is_shown() {
    readelf -n "$1" 2>/dev/null | grep -A 2 'Owner.*Data size' | grep -q '^ *qetl .*0x'
}

note_is_manifest() {
    note_manifest "$1" | cmp - "$example/upper.qetl.json"
}

note_is_loaded() {
    readelf -lW "$1" | grep -q '^ *NOTE.*0x.* R '  && readelf -SW "$1" | grep -q '\.note\.qetl *NOTE.* A '
}

entry_is_exported_alone() {
    [ "$(nm -D --defined-only "$1" | awk '{ print $3 }' | tr '\n' ' ')" = "qetl_plugin_entry " ]
}

# $1: name of the result; the rest: the compiler and what is special
build() {
    local name=$1
    shift
    (cd "$example" && "$@" -O2 -Wall -Wextra -Werror -fPIC -shared -fvisibility=hidden \
        -I"$source_dir/sdk" -o "$work/$name.so" upper.c "$source_dir"/sdk/src/*.c \
        -Wl,--exclude-libs,ALL -D_GNU_SOURCE=)
}

compilers=("${CC:-gcc} -std=gnu11")
if command -v clang >/dev/null; then
    compilers+=("clang -std=gnu11")
fi
for compiler in "${compilers[@]}"; do
    read -r -a words <<<"$compiler"
    build upper "${words[@]}"
    check "$compiler: readelf -n shows the note" note_is_shown "$work/upper.so"
    check "$compiler: the note is the manifest" note_is_manifest "$work/upper.so"
    check "$compiler: the note is loaded" note_is_loaded "$work/upper.so"
    strip --strip-all "$work/upper.so"
    check "$compiler, stripped: readelf -n shows the note" note_is_shown "$work/upper.so"
    check "$compiler, stripped: the note is the manifest" note_is_manifest "$work/upper.so"
    check "$compiler: nothing but the entry is exported" entry_is_exported_alone "$work/upper.so"
done

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
