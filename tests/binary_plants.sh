#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Plants one fault at a time in a copy of a source of the binary format (its parser of layouts, its framer,
# reader, writer, kernels), builds the plugin anew, and shows that a differential test or the replay of a
# fuzzer sees it. A plant whose text is not found in its source fails: it has to be kept up.
set -uo pipefail

# shellcheck source=tests/plants-lib.sh
. "$(dirname "$0")/plants-lib.sh"
here=plugins/formats/binary
export QETL=${QETL:-$build/qetl} QETL_DIFF_FIRST=1 QETL_FUZZ_RUNS=${QETL_FUZZ_RUNS:-3000}

# The plugin's objects but those of the sources named.
objects_but() {
    local object
    for object in "$build/$here"/*.o; do
        [ "$(basename "$object")" = "$1.o" ] || echo "$object"
    done
}

# $1: the test; $2 the source that was built anew, or nothing. What it sees stands in $work/out.
sees() {
    local objects
    mapfile -t objects < <(objects_but "$2")
    [ -z "$2" ] || objects+=("$work/plant.o")
    if [ "$1" = fuzz_binary ]; then
        $CC -o "$work/replay" "$build/tests/$1.o" "$build/tests/fuzz_main.o" "${objects[@]}" -Wl,--start-group "$build/tests/rigs/binary.a" \
            "$build/tests/libsupport.a" "$build/libqetl.a" "$build/libqetl_sdk.a" -Wl,--end-group \
            -lpcre2-8 -lnettle -ljansson -lyaml -lm -pthread || exit 2
        ! "$work/replay" tests/corpus/binary/* >"$work/out" 2>&1
    else
        $CC -shared -o "$work/lib/binary.so" "${objects[@]}" "$build/plugins/lib/binary.note.o" -Wl,--exclude-libs,ALL "$build/libqetl_sdk.a" \
            -ljansson -lm || exit 2
        ! QETL_PLUGIN_PATH=$work/lib timeout 120 python3 "tests/$1.py" >"$work/out" 2>&1
    fi
}

# name, source, the text in it, the fault, the test
plant() {
    planted "$1" "$here/$2.c" "$3" "$4" || return
    if ! $CC -std=gnu11 -D_GNU_SOURCE= -O0 -fPIC -fvisibility=hidden -w -Isdk -I$here -c -o "$work/plant.o" "$work/plant.c"; then
        verdict 1 "$1: it does not build"
        return
    fi
    sees "$5" "$2"
    verdict $? "$1: $(grep -m 1 -E '^FAILED|differ|whole:|ERROR|bort|\.bin' "$work/out" | cut -c 1-100)"
}

mkdir "$work/lib"
for file in "$build"/plugins/lib/*; do
    case $file in */binary.so | *.o | *.d) ;; *) ln -s "$(realpath "$file")" "$work/lib/" ;; esac
done
for test in diff_binary_hostile diff_binary_layout diff_binary_catalogue fuzz_binary; do
    sees $test ''
    verdict $(($? == 0)) "no plant: $test sees nothing"
done

plant "a length's last value is too long" layout_reader 'json_integer_value(value) > greatest' 'json_integer_value(value) > greatest + 1' diff_binary_hostile
plant "a fraction of a second is not looked at" time 'if (rest >= t->unit_ns)' 'if (0)' diff_binary_hostile
plant "a month has 31 days" time 'return d == day;' 'return true;' diff_binary_hostile
plant "seconds before the epoch are rounded up" time 'raw--;' '' diff_binary_hostile
plant "a time in bits begins at the first" value_write '& mask) << f->shift' '& mask)' diff_binary_hostile
plant "a half byte may be ten" value_read 'if (digit > 9)' 'if (digit > 10)' diff_binary_hostile
plant "negative numbers of odd widths are not" value_read 'value |= ~(uint64_t)0 << bits;' '' diff_binary_layout
plant "a NULL is written as what stands there" value_write 'if (!f->null_is)
        return BINARY_NO_NULL;' '' diff_binary_hostile
plant "what reads as NULL is written" value_write 'f->null_is && (int64_t)raw == f->null_value' 'false' diff_binary_hostile
plant "a number is a bit too large" value_write 'raw >= behind)' 'raw > behind)' diff_binary_hostile
plant "spaces of one byte fill all encodings" value_text 'i += space.size)
        memcpy(data + i, space.data, (size_t)space.size);' 'i++)
        data[i] = 32;' diff_binary_hostile
plant "a prefix holds what it cannot" encode 'units >> 8 * f->length_width' 'units >> 8 * f->length_width > 1' diff_binary_hostile
plant "a length may be anything" walk 'said > (uint64_t)(BINARY_RECORD_MAX / width)' 'said == 0 - 1' diff_binary_hostile
plant "a promise that is not kept is no matter" frame '(f->promised && f->left))' 'false)' diff_binary_catalogue
plant "the trailer is a record" frame '.limit = io->size - self->layout.trailer' '.limit = io->size' diff_binary_hostile
plant "the magic bytes are not compared" fit 'memcmp(s->data + m->at, m->bytes, (size_t)m->size)' 'false' diff_binary_catalogue
plant "a rejected record leaves its row" decode 'if (!s->verdicts[r])
            s->map[n++]' 's->map[n++]' diff_binary_hostile
plant "rows forget which record they are" decode 's->map[n++] = (int32_t)r;' 's->map[n] = (int32_t)n, n++;' diff_binary_layout
plant "two names in a struct" layout_field 'if (f->fields[k].name && !strcmp' 'if (0 && !strcmp' diff_binary_hostile
plant "records that come in pieces are counted twice" frame 'x->used - x->from : records' 'x->used - x->from : 2 * records' diff_binary_catalogue
plant "one kernel trims a letter" kernel_avx2 '32 - _lzcnt_u32' '31 - _lzcnt_u32' fuzz_binary
plant "one kernel looks at half of a text" kernel_portable '0x8080808080808080' '0x0000000080808080' fuzz_binary

plants_end
