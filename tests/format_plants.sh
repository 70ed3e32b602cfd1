#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Plants one fault at a time in a copy of a source of csv or ndjson, builds that source anew, and shows that a
# differential test, or the replay of a fuzzer's corpus, sees it. A plant whose text is not found in its source fails: it
# has to be kept up.
set -uo pipefail

# shellcheck source=tests/plants-lib.sh
. "$(dirname "$0")/plants-lib.sh"
export QETL_DIFF_FIRST=1 QETL_CPU=portable QETL=${QETL:-$build/qetl}
: "${QETL_PLUGIN_PATH:=$build/plugins/lib}"
mkdir "$work/lib"

# The format's objects, one of them replaced: $1 format, $2 the source, $3 its object
objects() {
    local source object
    for source in plugins/formats/"$1"/*.c; do
        object=$build/${source%.c}.o
        [ "$source" = "$2" ] && object=$3
        printf '%s\n' "$object"
    done
}

# $1 format: whether one of the tests named behind it fails; which one stands in $seer
seen_by() {
    local format=$1 object=$2 source=$3
    shift 3
    for seer in "$@"; do
        case $seer in
        fuzz_*)
            # shellcheck disable=SC2046
            $CC -o "$work/fuzz" "$build/tests/$seer.o" "$build/tests/fuzz_main.o" $(objects "$format" "$source" "$object") \
                -Wl,--start-group "$build/tests/libsupport.a" "$build/libqetl.a" "$build/libqetl_sdk.a" \
                "$build/tests/rigs/$format.a" -Wl,--end-group -ljansson -lyaml -lpcre2-8 -lnettle -lm -pthread || return 2
            (ulimit -c 0 && cd tests/corpus/"${seer#fuzz_}" && QETL_FUZZ_RUNS=20000 QETL_FUZZ_SECONDS=5 "$work/fuzz" ./* >"$work/out" 2>&1 || exit 1; exit 0) 2>/dev/null || return 0
            ;;
        *)
            QETL_DIFF_ROUNDS=2 QETL_PLUGIN_PATH=$work/lib timeout 60 python3 "tests/$seer.py" >"$work/out" 2>&1 || return 0
            ;;
        esac
    done
    return 1
}

# name, source, the text in it, the fault, the tests that may see it
plant() {
    local format file=${2%:*} source=${2#*:}
    format=$(basename "$(dirname "$source")")
    planted "$1" "$file" "$3" "$4" || return
    # of a header, the source that it is planted for is named behind a colon
    cp "$(dirname "$source")"/*.h "$work/"
    if [ "$source" != "$file" ]; then
        mv "$work/plant.c" "$work/$(basename "$file")"
        cp "$source" "$work/plant.c"
    fi
    # shellcheck disable=SC2046
    if ! $CC -std=gnu11 -D_GNU_SOURCE= -O1 -fPIC -fvisibility=hidden -Isdk -Icore -I"$(dirname "$source")" -c -o "$work/plant.o" "$work/plant.c" ||
        ! $CC -shared -fPIC -Wl,--exclude-libs,ALL -o "$work/lib/$format.so" $(objects "$format" "$source" "$work/plant.o") \
            "$build/plugins/lib/$format.note.o" "$build/libqetl_sdk.a" -lm; then
        verdict 1 "$1: it does not build"
        return
    fi
    seen_by "$format" "$work/plant.o" "$source" "${@:5}"
    verdict $? "$1: seen by $seer: $(grep -am 1 -vE '^seed |passed,' "$work/out" | tr -cd '[:print:]' | cut -c 1-90)"
    ln -sf "$QETL_PLUGIN_PATH/$format.so" "$work/lib/$format.so"
}

for file in "$QETL_PLUGIN_PATH"/*.so "$QETL_PLUGIN_PATH"/*.qetl.json; do
    ln -s "$file" "$work/lib/"
done

csv=plugins/formats/csv ndjson=plugins/formats/ndjson
plant "what is known of the next chunk is too much" $csv/frame.c 'f->scanned = scanned - used;' 'f->scanned = scanned - used + (scanned > used);' diff_dialects fuzz_csv
plant "a block forgets that it ended in quotes" $csv/walk.h:$csv/scan_portable.c 's->inside = (uint64_t)((int64_t)inside >> 63);' 's->inside = 0;' diff_dialects fuzz_csv
plant "an escape does not reach into the next chunk" $csv/foreign_scan.c 's->escaped = 1;
        return false;' 'return false;' diff_dialects fuzz_csv
plant "a quote behind blanks is text" $csv/index.c 'if (at > begin && at < ix->ends[i] && data[at] == marks.quote)' 'if (at > begin && data[at] == 1)' diff_csv
plant "quotes are not doubled" $csv/cells.c '            *at++ = s->mark;' '            (void)at;' diff_dialects fuzz_csv
plant "long cells are looked at but for their end" $csv/cells.h:$csv/cells.c 'memcpy(at + size - 16, &v, 16);
    found |= csv_special_in(s, v);' 'memcpy(at + size - 16, &v, 16);' diff_dialects fuzz_csv
plant "long cells that pass are looked at but for their end" $csv/cells.h:$csv/rows_portable.c 'memcpy(at + size - 16, &v, 16);
    found |= csv_special_in(s, v);' 'memcpy(at + size - 16, &v, 16);' diff_csv diff_dialects fuzz_csv
plant "an escaped spelling of NULL is text" $csv/foreign_read.c 'f->cell.size = end - begin;' 'return;' diff_dialects
plant "a quoted cell may be NULL" $csv/foreign_read.c 'r->quoted || r->escaped, !job)' 'false, !job)' diff_dialects
plant "the end of a delimiter is no matter" $csv/foreign_write.c '           ends_like_delimiter(f, w, at) ||' '' diff_dialects fuzz_csv
plant "a half character passes" $csv/foreign_text.c '0xff' "'?'" diff_dialects fuzz_csv
plant "one more cell is a row" $csv/careful.c 'ix->n_rows == 1 && !ix->n_faults &&' 'ix->n_rows >= 1 && ix->n_faults >= 0 &&' diff_csv fuzz_csv
plant "a half of a pair is a character" $ndjson/json.c 'if (low < 0xdc00 || low > 0xdfff)' 'if (low > 0xdfff)' diff_json_acceptance fuzz_ndjson
plant "a pair is put together wrongly" $ndjson/escape.c '(point - 0xd800) << 10' '(point - 0xd800) << 9' diff_ndjson
plant "hexadecimal digits go on to g" $ndjson/json.c "c <= 'f'" "c <= 'g'" diff_json_acceptance
plant "numbers may begin with zeros" $ndjson/json.c "(p - first > 1 && *first == '0')" 'false' diff_json_acceptance
plant "one level more" $ndjson/nested.c 'if (depth + open >= NDJSON_DEPTH_MAX)' 'if (depth + open > NDJSON_DEPTH_MAX)' diff_json_acceptance
plant "many keys are not compared" $ndjson/nested.c 'i < n; i++)
            if (!key_compare(&keys[i - 1]' 'i < 1; i++)
            if (!key_compare(&keys[i - 1]' diff_json_acceptance fuzz_ndjson
plant "an escape at the end of a block is lost" $ndjson/scan.c "scan->escape = p < end || p[-1] == '\\\\';" 'scan->escape = p < end;' diff_json_acceptance fuzz_ndjson_json
plant "a short string is not looked at" $ndjson/json.c "*p != '\\\\' && *p >= 0x20" "*p != '\\\\'" diff_json_acceptance
plant "a comma may be the last" $ndjson/nested.c 'return level->object ? key_push(reader, p) : p;' "if (p < reader->end && *p == close) { *closed = true; return p; } return level->object ? key_push(reader, p) : p;" diff_json_acceptance
plant "a mark of order is part of the record" $ndjson/frame.c 'return n == 3 ? 3 : whole ? 0 : -1;' 'return n == 3 ? 0 : whole ? 0 : -1;' diff_json_acceptance fuzz_ndjson

plants_end
