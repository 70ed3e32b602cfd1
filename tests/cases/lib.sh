# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What scenario scripts share. Sourcing it moves into a folder of the script's own, which goes away at
# the end; counts are printed then. A script goes on after a failed check.
#
#   expect_exit CODE COMMAND…   runs it; stdout stands in `out`, stderr in `err` afterwards,
#                               so name no folder of yours like that
#   expect_file FILE            compares with stdin, byte for byte
#   expect_same FILE FILE       byte for byte
#   expect_json FILE FILTER     a jq filter that must yield true
#   expect_text FILE PATTERN    a line matches the extended regular expression
#   expect_no_text FILE PATTERN
#   expect_eq WHAT GOT WANTED
#   expect_absent PATH…
#   orders FILE GEN_OPTION…     generates orders; what is true of them goes to FILE.truth
#   background COMMAND…         starts it with signals as in a terminal; $pid
#   wait_until COMMAND…         succeeds, or $pid is gone, for two minutes at most
#   interrupt_and_wait SIGNAL   sends it to $pid; $code is the exit code, KILL after ten seconds
#   peak_kib COMMAND…           runs it and prints its peak resident memory

set -u
shopt -s lastpipe # "… | expect_file" counts here, and not in a shell of its own
cases=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$cases/../.." && pwd)
: "${QETL_BUILD:=$root/build}"
: "${QETL:=$QETL_BUILD/qetl}"
: "${QETL_PLUGIN_PATH=$QETL_BUILD/plugins/lib}"
: "${QETL_TEST_PLUGINS:=$QETL_BUILD/tests/plugins/lib}"
: "${QETL_TOOLS:=$QETL_BUILD/tests/bin}"
: "${QETL_SANITIZER:=}"
# Cases also pass under another locale; what a case itself sorts stays in one order.
export QETL QETL_PLUGIN_PATH LC_ALL="${QETL_TEST_LOCALE:-C.UTF-8}" NO_COLOR=1

passed=0
failed=0
scratch=$(mktemp -d)
XDG_RUNTIME_DIR=$(mktemp -d) # sockets of runs: a place that no other script looks at
export XDG_RUNTIME_DIR
runtime=$XDG_RUNTIME_DIR
XDG_STATE_HOME=$runtime/state # nor does any see what another keeps of its runs
XDG_DATA_HOME=$runtime/data   # or what somebody installed, and whom he trusts
XDG_CONFIG_HOME=$runtime/config
export XDG_STATE_HOME XDG_DATA_HOME XDG_CONFIG_HOME
cd "$scratch" || exit 1

# LeakSanitizer takes thread-local memory of libraries that come late for what it is not, and ends in its own fault: for cases of
# plugins that have such libraries, or that load all.
late_libraries() {
    export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}intercept_tls_get_addr=0"
}

finish() {
    status=$?
    cd / && rm -rf "$scratch" "$runtime"
    [ "$status" = 0 ] || [ "$status" = 77 ] || { echo "not ok - the script ended with $status"; failed=$((failed + 1)); }
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ] || exit 1
    exit "$status"
}
trap finish EXIT

pass() {
    passed=$((passed + 1))
    echo "ok - $*"
}

fail() {
    failed=$((failed + 1))
    echo "not ok - line ${BASH_LINENO[1]}: $1"
    shift
    local line
    for line in "$@"; do
        echo "    $line"
    done
}

skip_all() {
    echo "skipped: $*"
    exit 77
}

# A hang is a failure with exit 124, not a wait.
qetl() {
    timeout -k 5 "${QETL_RUN_SECONDS:-60}" "$QETL" "$@"
}

expect_exit() {
    local wanted=$1 got
    shift
    "$@" >out 2>err </dev/null
    got=$?
    if [ "$got" = "$wanted" ]; then
        pass "exit $got: $*"
    else
        fail "$*: exit $got, wanted $wanted" "$(head -c 3000 out)" "$(head -c 6000 err)"
    fi
}

expect_file() {
    cat >wanted.tmp
    if cmp -s "$1" wanted.tmp; then
        pass "$1"
    else
        fail "$1 is not as wanted" "$(diff wanted.tmp "$1" 2>&1 | head -n 20 | cat -A | cut -c 1-300)"
    fi
    rm -f wanted.tmp
}

expect_same() {
    if cmp -s "$1" "$2"; then
        pass "$1 = $2"
    else
        fail "$1 and $2 differ" "$(cmp "$1" "$2" 2>&1)" "$(diff "$1" "$2" 2>&1 | head -n 6 | cut -c 1-300)"
    fi
}

expect_json() {
    if [ "$(jq "$2" "$1" 2>&1)" = true ]; then
        pass "$1: $2"
    else
        fail "$1: not so: $2" "$(head -c 2000 "$1" 2>&1)"
    fi
}

expect_text() {
    if grep -Eq -- "$2" "$1"; then
        pass "$1 says $2"
    else
        fail "$1 does not say $2" "$(head -n 20 "$1" 2>&1)"
    fi
}

expect_no_text() {
    if grep -Eq -- "$2" "$1"; then
        fail "$1 says $2" "$(head -n 20 "$1")"
    else
        pass "$1 does not say $2"
    fi
}

expect_eq() {
    if [ "$2" = "$3" ]; then
        pass "$1: $2"
    else
        fail "$1: $2, wanted $3"
    fi
}

expect_absent() {
    local path
    for path in "$@"; do
        if [ -e "$path" ]; then
            fail "$path is there" "$(ls -l "$path")"
        else
            pass "$path is not there"
        fi
    done
}

orders() {
    local file=$1
    shift
    "$QETL_TOOLS/gen_orders" "$@" >"$file" 2>"$file.truth" || fail "gen_orders $*" "$(cat "$file.truth")"
}

truth() {
    jq ".$2" "$1.truth"
}

background() {
    env --default-signal=INT,TERM,PIPE "$@" >out 2>err </dev/null &
    pid=$!
}

wait_until() {
    for _ in $(seq 2400); do
        "$@" && break
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.05
    done
}

interrupt_and_wait() {
    kill -"$1" "$pid"
    for _ in $(seq 300); do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    kill -KILL "$pid" 2>/dev/null && echo "# it had to be killed"
    wait "$pid" 2>/dev/null
    # shellcheck disable=SC2034
    code=$?
}

peak_kib() {
    python3 -c '
import os, sys
pid = os.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(pid, 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status) & 255)' "$@"
}
