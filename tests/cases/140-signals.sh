#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# SIGINT and SIGTERM end a run cleanly with 130 and 143; a closed pipe quietly with 141.
. "$(dirname "$0")/lib.sh"

interrupted() { # signal, wanted code, further arguments
    local signal=$1 wanted=$2 started
    shift 2
    mkfifo rows
    background "$QETL" run --from rows --from-format csv --to out.csv "$@"
    exec 7<>rows
    printf 'id\n1\n2\n' >&7
    sleep 0.7
    started=$(date +%s%N)
    interrupt_and_wait "$signal"
    exec 7>&-
    expect_eq "SIG$signal $*" "$code" "$wanted"
    [ $(($(date +%s%N) - started)) -lt 15000000000 ] && pass 'at once' || fail 'it took over fifteen seconds'
    expect_absent out.csv
    expect_eq 'nothing is left' "$(find . -name '*out.csv*' | wc -l)" 0
    rm rows
}
interrupted INT 130
interrupted TERM 143
interrupted INT 130 --driver pull

# While a component is being made or opened: once, if it listens; twice, if it does not.
blocked() { # FAULT SIGNAL WANTED TIMES, where the run still sleeps after the first
    local fault=$1 signal=$2 wanted=$3 times=$4 started
    printf 'sources: {in: {plugin: file, path: one.csv}}\nsinks: {out: {plugin: file, input: in, path: out.csv}, slow: {plugin: fault, input: in, fault: %s}}\n' "$fault" >blocked.yaml
    rm -f trace
    background "$QETL" run blocked.yaml --plugin-dir "$QETL_TEST_PLUGINS" --abi-trace=trace
    # A call stands in the trace once it is over: the one before it is waited for.
    case $fault in
    *create) wait_until grep -qs ' slow/.* options.text pointer=/fault' trace ;;
    *start) wait_until grep -qs ' slow/.* > create' trace ;;
    *open) wait_until grep -qs ' slow/.* > describe' trace ;;
    esac
    sleep 0.4
    kill -0 "$pid" 2>/dev/null && pass "$fault blocks" || fail "$fault does not block" "$(cat err)"
    started=$(date +%s%N)
    if [ "$times" = 2 ]; then
        kill -"$signal" "$pid"
        sleep 0.3
        kill -0 "$pid" 2>/dev/null && pass "$fault is deaf" || fail "$fault heard the first"
    fi
    interrupt_and_wait "$signal"
    expect_eq "SIG$signal in $fault" "$code" "$wanted"
    [ $(($(date +%s%N) - started)) -lt 15000000000 ] && pass 'at once' || fail 'it took over fifteen seconds'
    expect_absent out.csv
    expect_no_text err 'error:'
}
printf 'id\n1\n' >one.csv
blocked sleep_in_create INT 130 1
blocked sleep_in_start TERM 143 1
blocked sleep_in_open INT 130 1
blocked deaf_in_create TERM 143 2
blocked deaf_in_open INT 130 2
expect_exit 0 "$QETL" run blocked.yaml --plugin-dir "$QETL_TEST_PLUGINS" -s sinks.slow.fault=none
expect_eq 'what those left behind is gone' "$(find . -name '.out.csv*' | wc -l)" 0
rm out.csv

orders big.csv --rows 200000
"$QETL" run --from big.csv --to - --to-format csv 2>err | head -n 3 >head.csv
expect_eq 'a closed pipe' "${PIPESTATUS[0]}" 141
expect_eq 'quiet' "$(wc -c <err)" 0
head -n 3 big.csv | expect_file head.csv
