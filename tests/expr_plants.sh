#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Plants one fault at a time in a copy of a source of the expression engine, builds that source anew, and
# shows that a differential test sees it. PostgreSQL is asked once; its answers serve for all plants.
# A plant whose text is not found in its source fails: it has to be kept up.
set -uo pipefail

# shellcheck source=tests/plants-lib.sh
. "$(dirname "$0")/plants-lib.sh"
export SEED=${SEED:-1} FIRST=1
expressions=${EXPR_PLANT_COUNT:-4000} moments=${EXPR_PLANT_MOMENTS:-2000}
echo "seed $SEED, $expressions and $moments expressions"

# $1: the program; what it answers differently stands in $work/out
differs() {
    EXPR_DRIVER=$1 COUNT=$expressions ANSWERS=$work/answers.json python3 tests/diff_expr.py >"$work/out" 2>&1 || return 0
    EXPR_DRIVER=$1 COUNT=$moments ANSWERS=$work/moments.json python3 tests/diff_expr_time.py >"$work/out" 2>&1 && return 1
    [ $? != 77 ] # no PostgreSQL
}

driver_link() {
    $CC ${CFLAGS_PLANT-} -o "$work/driver" "$@" "$build/tests/expr_driver.o" "$build/tests/libsupport.a" \
        "$build/libqetl.a" "$build/libqetl_sdk.a" -lpcre2-8 -lnettle -ljansson -lyaml -lm -pthread
}

# name, source, the text in it, the fault
plant() {
    planted "$@" || return
    if ! $CC -std=gnu11 -D_GNU_SOURCE= -O1 -Isdk -Icore -I"$(dirname "$2")" -c -o "$work/plant.o" "$work/plant.c" ||
        ! driver_link "$work/plant.o"; then
        verdict 1 "$1: it does not build"
        return
    fi
    differs "$work/driver"
    grep -qE '^FAIL|the driver ended' "$work/out"
    verdict $? "$1: $(grep -m 1 -E '^FAIL|the driver ended' "$work/out" | cut -c 1-100)"
}

if ! driver_link; then
    echo "0 passed, 1 failed"
    exit 1
fi
if differs "$work/driver"; then
    cat "$work/out"
    verdict 1 "no plant: no difference"
elif [ ! -s "$work/moments.json" ]; then
    echo "no PostgreSQL found: nothing was compared"
    exit 77
else
    differs "$work/driver"
    verdict $(($? == 0)) "no plant: no difference, nor from what PostgreSQL said before"
fi

plant "a comparison takes equals" core/expr/narrow.c 'COMPARE(less, <)' 'COMPARE(less, <=)'
plant "AND loses NULL" core/expr/kernels_logic.c '(ka & kb) | (ka & ~left) | (kb & ~right)' '~0ULL'
plant "OR forgets a known side" core/expr/kernels_logic.c '(ka & kb) | (ka & left) | (kb & right)' 'ka & kb'
plant "sums of integers overflow unseen" core/expr/kernels_integer.c 'bad |= wide ^ r[i];' ''
plant "decimals of 128 bits overflow unseen" core/expr/kernels_decimal.c '!__builtin_mul_overflow(a, b, out)' '(*out = a * b, true)'
plant "a decimal is rounded down" core/value/number.c 'quotient += rest >= divisor - rest;' ''
plant "LIKE does not know its escape" core/value/like.c 'escaped = is_letter(pattern, at, escape)' 'escaped = false'
plant "an interval drops the rest of its months" core/time/interval.c '(months - out->months) * 30' '(months - months) * 30'
plant "an interval is justified, and keeps its hours" core/time/interval.c 'out->us -= days * EXPR_DAY_US;' ''
plant "a changed offset is not seen" core/time/zone.c '((before < span.until && after < span.until) || before > after)' 'true'
plant "a transition comes a second late" core/time/zone_rules.c '.at <= seconds)' '.at < seconds)'
plant "a cast changes the scale the wrong way" core/expr/kernels_cast_decimal.c 'type.scale - in->node->args[0]->type.scale' 'type.scale'
plant "CASE computes all of its branches" core/expr/eval.c 'outer[w] & ~settled &' 'outer[w] &'
plant "a value is shared with a place that never computed it" core/expr/program.c '|| is_within(p->guard, node->placed))' '|| true)'
plant "a strip is given away before it is read" core/expr/program.c 'arg->last_use == i && !arg->given' '!arg->given'
plant "folding keeps what failed" core/expr/fold.c '!status && !(frame.failed[0] & 1)' '!status'
plant "the last of a JSON array is missed" core/value/json_path.c 'step->to_last ? last - step->to' 'step->to_last ? last - 1 - step->to'
plant "null is a JSON number" core/value/json_path.c 'test->verb == EXPR_PATH_UNEQUAL ? TRUTH_TRUE' 'test->verb == EXPR_PATH_EQUAL ? TRUTH_TRUE'
plant "a regular expression knows no case" core/value/regex.c '*options |= PCRE2_CASELESS;' ''
plant "a group of a match is cut" core/value/regex.c 'ends[2 * group + 1]}' 'ends[2 * group + 1] - (group > 0)}'
plant "IN forgets its NULL" core/expr/kernels_set.c 'if (!set->has_null)' 'if (set->type)'
plant "hexadecimal digits lose a half" core/expr/kernels_digest.c 'bytes[k] >> 4' 'bytes[k] >> 5'
plant "a week belongs to another" core/time/moment_field.c 'return (expr_weekday(days) + 6) % 7 + 1;' 'return (expr_weekday(days) + 5) % 7 + 1;'

plants_end
