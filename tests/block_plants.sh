#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Plants one fault at a time in a copy of how the source `postgres` takes rows by columns, and shows that
# tests/test_postgres_source_block.c sees it. A plant whose text is not found in its source fails: it has to be kept up.
set -uo pipefail

# shellcheck source=tests/plants-lib.sh
. "$(dirname "$0")/plants-lib.sh"
postgres=plugins/sources/postgres_source
flags=("-I$(pkg-config --variable=includedir libpq)" -std=gnu11 -D_GNU_SOURCE= -O0 -w -fvisibility=hidden -Isdk -I"$postgres")

# The source that stands in $work/plant.c instead of $1: the test's exit code, or 3 if it does not build
tried() {
    local object objects=()
    for object in "$build/$postgres"/*.o; do
        [ "$object" = "$build/${1%.c}.o" ] || objects+=("$object")
    done
    if ! $CC "${flags[@]}" -c -o "$work/plant.o" "$work/plant.c" ||
        ! $CC -o "$work/test" "$work/plant.o" "$build/tests/test_postgres_source_block.o" -Wl,--start-group "${objects[@]}" \
            "$build"/plugins/shared/postgres/*.o "$build/tests/libsupport.a" "$build/libqetl_testhost.a" "$build/libqetl.a" \
            "$build/libqetl_sdk.a" -Wl,--end-group -lcriterion -lpq -ljansson -lyaml -lpcre2-8 -lnettle -lsqlite3 -larchive \
            -lzstd -lsodium -lm -pthread >"$work/out" 2>&1; then
        return 3
    fi
    (ulimit -c 0 && timeout 60 "$work/test" >"$work/out" 2>&1)
}

# name, source, the text in it, the fault
plant() {
    planted "$@" || return
    tried "$2"
    [ $? = 1 ] && grep -q '\[FAIL\]' "$work/out"
    verdict $? "$1: $(grep -m 1 -o 'FAIL.*' "$work/out" || tail -n 1 "$work/out")"
}

cp "$postgres/block.c" "$work/plant.c"
tried "$postgres/block.c"
verdict $? "no plant: $(tail -n 1 "$work/out")"
plant 'texts of a block that is refused stay' "$postgres/block.c" 'column_back(&c->columns[i], c->env);' ';'
plant 'a refused block is taken' "$postgres/block.c" 'taken && i < c->n_columns; i++) {' 'i < c->n_columns; i++) {'
plant 'the fields of the first row stay' "$postgres/block.c" 'if (b->rows > 1)' 'if (b->rows < 0)'
plant 'room for rows alone counts' "$postgres/block.c" ' || size > BLOCK_BYTES - b->size' ' || false'
plant 'wide rows of many columns' "$postgres/block.c" 'most = most < 1 ? 1 :' 'most ='
plant 'who was NULL stays NULL' "$postgres/put.c" 'c->validity && i < run->rows' 'false'
plant 'a NULL is no value' "$postgres/put.c" 'f->size < 0 ? put_null(c, env, row + i) : put' 'f->size < 0 ? COLUMN_TAKEN : put'
plant 'letters beyond ASCII are not looked at' "$postgres/put.c" 'if ((first | rest) & HIGH_BITS)' 'if (first & HIGH_BITS)'
plant 'what stands behind a text is part of it' "$postgres/put.c" '(UINT64_C(1) << 8 * size) - 1' 'UINT64_MAX'
plant 'the version is part of the text' "$postgres/put.c" 'put_text_of_run(c, env, row, data + 1, size - 1)' 'put_text_of_run(c, env, row, data, size)'
plant 'fields may be fewer' "$postgres/block.c" 'wire_int16(row) != b->n_fields' 'wire_int16(row) < b->n_fields'
plant 'a row may go on' "$postgres/copy.c" 'return in.at == in.end;' 'return true;'

plants_end
