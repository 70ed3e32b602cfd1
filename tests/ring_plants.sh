#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Builds the ring with each planted fault of core/ring/plant.h and shows that the explorer (model) or
# the stress program (stress) sees it; builds it with none and shows that neither complains. Run
# from anywhere; needs only a C compiler. Takes about two minutes.

set -u
# shellcheck source=tests/plants-lib.sh
. "$(dirname "$0")/plants-lib.sh"
flags="-std=gnu11 -Wall -Wextra -O2 -Icore -Isdk -pthread"
wraps=-Wl,--wrap=syscall,--wrap=clock_gettime,--wrap=aligned_alloc,--wrap=free

build_model() {
    for source in core/ring/ring.c core/ring/parker.c tests/model_ring.c; do
        $CC $flags -fsanitize=thread -U__SANITIZE_THREAD__ -Wno-tsan -DQETL_RING_SPIN=0 \
            "-DQETL_PLANT=$1" -c "$source" -o "$work/$(basename "$source" .c).o" || exit 2
    done
    $CC $flags tests/model_explore.c tests/model_memory.c tests/model_tsan.c "$work/ring.o" \
        "$work/parker.o" "$work/model_ring.o" $wraps -o "$work/model" || exit 2
}

# What hangs is given a minute: they run beside the explorer.
start_stress() {
    $CC $flags "-DQETL_PLANT=$1" tests/stress_ring.c core/ring/ring.c core/ring/parker.c \
        -o "$work/stress$1" || exit 2
    {
        timeout 300 "$work/stress$1" 1000000 1 >"$work/stress$1.out" 2>&1
        echo $? >"$work/stress$1.code"
    } &
}

run_model() {
    timeout 600 "$work/model" >"$work/model.out" 2>&1
}

seen() { # plant, by which, its exit code, what it wrote
    [ "$3" -ne 0 ]
    verdict $? "plant $1 seen by $2: $(grep -m 1 -E '\): |hung|round [0-9]+:|Assert' "$4" || echo 'nothing said')"
}

# Those that do not hang on a race of a few instructions, and what free forgets: the explorer sees memory and schedules.
stress_sees='5 6 7 10 11'
for name in 0 $stress_sees; do
    start_stress "$name"
done
for name in $(sed -n 's/^ *QETL_PLANT_[A-Z_]* = \([1-9][0-9]*\).*/\1/p' core/ring/plant.h); do
    [ "$name" != 11 ] || continue
    build_model "$name"
    run_model
    seen "$name" model $? "$work/model.out"
done

build_model 0
run_model
verdict $? "no plant, model: $(tail -n 1 "$work/model.out")"
wait
for name in $stress_sees; do
    seen "$name" stress "$(cat "$work/stress$name.code")" "$work/stress$name.out"
done
verdict "$(cat "$work/stress0.code")" "no plant, stress: $(tail -n 1 "$work/stress0.out")"

plants_end
