#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Builds the ring with each planted fault of core/ring/plant.h and shows that the explorer (model) or
# the stress program (stress) sees it; builds it with none and shows that neither complains. Run
# from anywhere; needs only a C compiler. Takes a few minutes.

set -u
cd "$(dirname "$0")/.." || exit 2
CC=${CC:-gcc}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT INT TERM
flags="-std=gnu11 -Wall -Wextra -O2 -Icore -Isdk -pthread"
wraps=-Wl,--wrap=syscall,--wrap=clock_gettime,--wrap=aligned_alloc,--wrap=free
passed=0
failed=0

build_model() {
    for source in core/ring/ring.c core/ring/parker.c tests/model_ring.c; do
        $CC $flags -fsanitize=thread -U__SANITIZE_THREAD__ -Wno-tsan -DQETL_RING_SPIN=0 \
            "-DQETL_PLANT=$1" -c "$source" -o "$work/$(basename "$source" .c).o" || exit 2
    done
    $CC $flags tests/model_explore.c tests/model_memory.c tests/model_tsan.c "$work/ring.o" \
        "$work/parker.o" "$work/model_ring.o" $wraps -o "$work/model" || exit 2
}

build_stress() {
    $CC $flags "-DQETL_PLANT=$1" tests/stress_ring.c core/ring/ring.c core/ring/parker.c \
        -o "$work/stress" || exit 2
}

run_model() {
    timeout 300 "$work/model" >"$work/out" 2>&1
}

run_stress() {
    timeout 100 "$work/stress" 1000000 1 >"$work/out" 2>&1
}

verdict() {
    if [ "$1" -eq 0 ]; then
        passed=$((passed + 1))
        echo "ok      $2"
    else
        failed=$((failed + 1))
        echo "NOT OK  $2"
    fi
}

seen_by() {
    "run_$1"
    [ $? -ne 0 ]
    verdict $? "plant $2 seen by $1: $(grep -m 1 -E '\): |hung|round [0-9]+:|Assert' "$work/out" ||
        echo 'nothing said')"
}

for name in $(sed -n 's/^ *QETL_PLANT_[A-Z_]* = \([1-9][0-9]*\).*/\1/p' core/ring/plant.h); do
    build_model "$name"
    case $name in
    11) # the explorer sees memory and schedules; what free forgets is the stress program's
        build_stress "$name"
        seen_by stress "$name"
        ;;
    *)
        seen_by model "$name"
        ;;
    esac
    case $name in
    5 | 6 | 7 | 10) # those that do not hang on a race of a few instructions
        build_stress "$name"
        seen_by stress "$name"
        ;;
    esac
done

build_model 0
build_stress 0
run_model
verdict $? "no plant, model: $(tail -n 1 "$work/out")"
run_stress
verdict $? "no plant, stress: $(tail -n 1 "$work/out")"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
