#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Plants one fault at a time in a copy of a source of a parser, and shows that its fuzzer finds it within seconds, from
# the corpus in the tree: workbooks, Avro, archives and positions, lines, event streams, layouts, documents, pipelines, what
# PostgreSQL sends, manifests and the notes of libraries, packages and the list of those that are installed. (CSV and JSON: format_plants; records: binary_plants.) A plant whose text is not found in its source fails.
set -uo pipefail

# shellcheck source=tests/plants-lib.sh
. "$(dirname "$0")/plants-lib.sh"
export QETL_SOURCE=$PWD QETL_FUZZ_SECONDS=8 ASAN_OPTIONS=detect_leaks=0
flags=("-I$(pkg-config --variable=includedir libpq)" -std=gnu11 -D_GNU_SOURCE= -O1 -g -w "-fsanitize=address,undefined" -fno-sanitize-recover=undefined)
libraries=(-larchive -lexpat -lxlsxwriter -lcurl -lcrypto -lz -lsnappy -lzstd -lbz2 -llzma -ljansson -lyaml -lpcre2-8 -lnettle -lpq -lsodium -lm -pthread)

# A plugin's objects but the planted one, and what its tests share; of the core, the planted object comes before the library.
rest_of() {
    local folder object
    folder=$(dirname "$1")
    case $folder in
    plugins/*)
        for object in "$build/$folder"/*.o $([[ $folder != */sse_source ]] || echo "$build"/plugins/shared/http/*.o); do
            [ "$object" = "$build/${1%.c}.o" ] || echo "$object"
        done
        for object in "$build/plugins/shared/$(basename "$folder" | sed 's/_.*//')"/*.o; do # what it shares with its sink
            [ ! -e "$object" ] || echo "$object"
        done
        echo "$build/tests/rigs/$(basename "$folder").a"
        ;;
    esac
}

# name, fuzzer, source, the text in it, the fault
plant() {
    local objects out
    planted "$1" "$3" "$4" "$5" || return
    mapfile -t objects < <(rest_of "$3")
    if ! $CC "${flags[@]}" -Isdk -Icore -I"$(dirname "$3")" -c -o "$work/plant.o" "$work/plant.c" ||
        ! $CC -fsanitize=address,undefined -o "$work/$2" "$build/tests/$2.o" "$build/tests/fuzz_main.o" "$work/plant.o" -Wl,--start-group \
            "${objects[@]}" "$build/tests/libsupport.a" "$build/libqetl.a" "$build/libqetl_sdk.a" -Wl,--end-group "${libraries[@]}"; then
        verdict 1 "$1: it does not build"
        return
    fi
    out=$(ulimit -c 0; { timeout 60 "$work/$2" >"$work/out" 2>&1; echo $?; } 2>/dev/null)
    if [ -z "$4" ]; then
        verdict "$out" "$1: $2 finds nothing"
        return
    fi
    verdict $((out == 0 || out == 124)) "$1: $2: $(grep -am 1 -E 'ERROR|runtime error|not held|ssert' "$work/out" | tr -cd '[:print:]' | cut -c 1-90)"
}

xlsx=plugins/formats/xlsx avro=plugins/formats/avro file=plugins/sources/file_source lines=plugins/formats/lines binary=plugins/formats/binary postgres=plugins/sources/postgres_source
sse=plugins/sources/sse_source
plant "no plant" fuzz_xlsx $xlsx/sheet.c '' ''
plant "a string that is one too far" fuzz_xlsx $xlsx/sheet.c 'i >= b->n_strings' 'i > b->n_strings'
plant "a cell before the first" fuzz_xlsx $xlsx/sheet.c 's->column >= s->range.column &&' ''
plant "rows that are rejected are not counted" fuzz_xlsx $xlsx/decode.c 'out->records = x->records - x->first_record;' 'out->records = x->rows;'
plant "the marker of a block may lie behind the end" fuzz_avro $avro/frame.c 'end - p < out->size + AVRO_SYNC_BYTES' 'end - p < out->size'
plant "a block of less than no rows" fuzz_avro $avro/frame.c 'if (*numbers[i] < 0)' 'if (false)'
plant "a byte is left where it was" fuzz_file_source $file/feed.c '*begin += n;' '*begin += n - (n > 60);'
plant "a separator may begin in what is passed over" fuzz_lines $lines/frame.c 'io->size - l->separator_size + 1;' 'io->size;'
plant "room for one name" fuzz_binary_layout $binary/layout_number.c 'calloc(json_object_size(map), ' 'calloc(1, '
plant "a size may stand behind its row" fuzz_postgres_source $postgres/copy.c 'in.end - in.at < 4' 'false'
plant "what is behind a decimal's end is cut off" fuzz_postgres_source $postgres/number.c '*digit % by == 0' 'true'
plant "a quote stands bare in a letter" fuzz_postgres_source $postgres/json_text.c "c == '\"' || " ''
plant "a condition that is half known stays" fuzz_postgres_source $postgres/predicate.c 'back_to(j, before);' ';'
plant "a line that comes in two pieces" fuzz_sse_source $sse/parser.c '(!end || p->line.size)' '(!end)'
plant "an end of two bytes ends two lines" fuzz_sse_source $sse/parser.c "p->after_cr = *end == '\\r';" ''
plant "an event without data is one" fuzz_sse_source $sse/parser.c 'if (!p->data.size) {' 'if (!p->data.size && p->type.size) {'
plant "an escape has a digit less" fuzz_document core/config/scalar_place.c 'take_code(w, 4)' 'take_code(w, 3)'
plant "mistakes that were told are forgotten" fuzz_pipeline core/pipeline/pipeline.c ' || has_error(findings, first)' ''
plant "what is refused is a manifest" fuzz_manifest core/plugin/manifest.c 'return findings->errors > before ? -1 : 0;' 'return 0;'
plant "a note may be longer than its library" fuzz_manifest core/plugin/elf_note.c ' || note.n_descsz > end - desc' ''
plant "a list has two texts" fuzz_package core/package/contents.c 'contents && !qetl_canonical_is(qetl_package_contents_write(contents), text, size)' '0'
plant "a name leads out" fuzz_package core/package/contents_check.c 'if (fault)' 'if (0)'
plant "a library's table may lie behind its end" fuzz_package core/plugin/elf_image.c 'offset > image->size || ' ''
plant "a package is called as it likes" fuzz_installed core/depot/depot_list.c '!qetl_package_is_name(name) || ' ''
plant "a digest is any text" fuzz_installed core/depot/depot_list.c '!is_digest(digest) ||' ''
plant "two versions are used" fuzz_installed core/depot/depot_list.c '(active && qetl_depot_find(depot, name, NULL)) ||' ''
plant "where it came from is forgotten" fuzz_installed core/depot/depot_list.c 'entry->from ? qetl_json_text(entry->from) : NULL' 'NULL'

plants_end
