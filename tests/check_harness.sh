#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tsan: no
# The harness sees failures: a failing, crashing, leaking, empty or lying test program is not passed.
. "$(dirname "$0")/cases/lib.sh"

suite=$root/tests/run-suite
verdict() { # wanted exit code, wanted counts, program…
    local wanted=$1 counts=$2
    shift 2
    expect_exit "$wanted" "$suite" "$@"
    expect_text out "^# suite .*: $counts, [0-9.]+ s\$"
}
build() { # name, flags…; the source comes on stdin
    local name=$1
    shift
    "${CC:-cc}" -x c -g -o "$name.t" - "$@" -lcriterion || fail "cannot build $name"
}

build good <<'C'
#include <criterion/criterion.h>
Test(a, b) { cr_assert(1); }
C
verdict 0 '1 passed, 0 failed' ./good.t
build bad <<'C'
#include <criterion/criterion.h>
Test(a, good) { cr_assert(1); }
Test(a, bad) { cr_assert(0); }
C
verdict 1 '1 passed, 1 failed' ./bad.t
build crash <<'C'
#include <criterion/criterion.h>
Test(a, crash) { *(volatile int *)0 = 1; }
C
verdict 1 '0 passed, 1 failed' ./crash.t
build leaving <<'C'
#include <criterion/criterion.h>
#include <unistd.h>
Test(a, leaves) { _exit(3); }
C
verdict 1 '0 passed, 1 failed' ./leaving.t
build leak -fsanitize=address <<'C'
#include <criterion/criterion.h>
#include <stdlib.h>
Test(a, leak) { volatile char *p = malloc(100); p[0] = 1; p = NULL; }
C
verdict 1 '1 passed, 1 failed' ./leak.t
build undefined -fsanitize=undefined <<'C'
#include <criterion/criterion.h>
Test(a, shift) { volatile int n = 40; volatile int m = 1 << n; (void)m; }
C
verdict 1 '1 passed, 1 failed' ./undefined.t
"${CC:-cc}" -x c -g -fsanitize=thread -o race.t - -pthread <<'C' || fail 'cannot build race'
#include <pthread.h>
static int n;
static void *add(void *p) { for (int i = 0; i < 1000; i++) n++; return p; }
int main(void) { pthread_t t; pthread_create(&t, 0, add, 0); add(0); pthread_join(t, 0); return 0; }
C
verdict 1 '0 passed, [1-9][0-9]* failed' ./race.t
build empty <<'C'
#include <criterion/criterion.h>
C
verdict 1 '0 passed, 1 failed' ./empty.t

script() {
    cat >"$1"
    chmod +x "$1"
}
script watched.sh <<'S'
log=$(sed 's/.*log_path=\([^:]*\).*/\1/' <<<"$ASAN_OPTIONS")
echo '==7==Unable to get registers from thread 6.' >"$log.7" # of a process that was killed at its end
echo '2 passed, 0 failed'
S
verdict 0 '2 passed, 0 failed' ./watched.sh
script plain.py <<<'print("3 passed, 0 failed")'
verdict 0 '3 passed, 0 failed' ./plain.py
script lying.py <<<'print("3 passed, 1 failed")'
verdict 1 '3 passed, 1 failed' ./lying.py
script wrong.py <<<'import sys; print("3 passed, 0 failed"); sys.exit(4)'
verdict 1 '3 passed, 1 failed' ./wrong.py
script killed.sh <<<'kill -9 $$'
verdict 1 '0 passed, 1 failed' ./killed.sh
script skipped.sh <<<'exit 77'
verdict 77 '0 passed, 0 failed' ./skipped.sh
script hung.sh <<<'sleep 60'
export QETL_SUITE_SECONDS=1
verdict 1 '0 passed, 1 failed' ./hung.sh
