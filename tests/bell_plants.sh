#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Plants one fault at a time in a copy of what hushes and rings the bells of tasks, or says who may dwell in a call, and
# shows that tests/test_bells.c sees it. A plant whose text is not found in its source fails: it has to be kept up.
set -uo pipefail

# shellcheck source=tests/plants-lib.sh
. "$(dirname "$0")/plants-lib.sh"

# The source that stands in $work/plant.c instead of $1: the test's exit code, or 3 if it does not build
tried() {
    if ! $CC -std=gnu11 -D_GNU_SOURCE= -O0 -w -fvisibility=hidden -Isdk -Icore -I"$(dirname "$1")" -c -o "$work/plant.o" \
        "$work/plant.c" || ! $CC -o "$work/test" "$work/plant.o" "$build/tests/test_bells.o" -Wl,--start-group \
        "$build/libqetl.a" "$build/libqetl_sdk.a" -Wl,--end-group -lcriterion -ljansson -lyaml -lpcre2-8 -lnettle -lsqlite3 \
        -larchive -lzstd -lsodium -lm -pthread >"$work/out" 2>&1; then
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

cp core/run/slumber.c "$work/plant.c"
tried core/run/slumber.c
verdict $? "no plant: $(tail -n 1 "$work/out")"
plant 'what was called for is not looked at' core/run/slumber.c 'if (was_called(task, happened))' 'if (false)'
plant 'its time is not looked at' core/run/slumber.c '(time_has_come(task) ||' '(false ||'
plant 'a wake is not looked at' core/run/slumber.c '!= root->wakes_seen' '!= root->wakes_seen && false'
plant 'a ring is not looked at' core/run/slumber.c 'if (qetl_edge_depth_for(' 'if (false && qetl_edge_depth_for('
plant 'it is hushed behind the look' core/run/slumber.c 'qetl_bell_ring(task->bell);' 'qetl_bell_ring(task->bell); qetl_bell_hush(task->bell);'
plant 'who works is hushed' core/run/slumber.c 'if (!only_waits(task))' 'if (false)'
plant 'a wake rings no bell' core/host/host.c 'if (bell)' 'if (false)'
plant 'no bell hangs at the ring' core/run/bells.c 'i < task->n_inputs' 'i < 0'
plant 'no time is rung for' core/run/bells.c 'if (at <= now_ns)' 'if (false)'
plant 'whoever waits may dwell' core/run/dwell.c '<= run->options.workers' '> 0'

plants_end
