#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Components that fail, block or lose rows: right exit code, the component's name, nothing hangs.
. "$(dirname "$0")/lib.sh"

pipeline() { # kind, further options of the faulty component
    rm -f out.csv
    local kind=$1 options=$2
    seq 1 "${rows:-5000}" | sed '1i id' >in.csv
    {
        echo 'name: faulty'
        case $kind in
        source) printf 'sources:\n  bad: {plugin: fault, %s}\n' "$options" ;;
        *) printf 'sources:\n  good: {plugin: file, path: in.csv}\n' ;;
        esac
        [ "$kind" != transform ] || printf 'transforms:\n  bad: {plugin: fault, input: good, %s}\n' "$options"
        case $kind in
        sink) printf 'sinks:\n  bad: {plugin: fault, input: good, %s}\n  out: {plugin: file, input: good, path: out.csv}\n' "$options" ;;
        *) printf 'sinks:\n  out: {plugin: file, input: bad, path: out.csv}\n' ;;
        esac
    } >p.yaml
}
run_faulty() { # kind, options; then arguments of qetl run
    pipeline "$1" "$2"
    shift 2
    timeout -k 5 60 "$QETL" run p.yaml --plugin-dir "$QETL_TEST_PLUGINS" "$@" >out 2>err </dev/null
}
wants() { # exit code, kind, fault…
    local wanted=$1 kind=$2 fault
    shift 2
    for fault in "$@"; do
        for way in '--workers 2' '--driver pull'; do
            # shellcheck disable=SC2086
            run_faulty "$kind" "fault: $fault" $way
            expect_eq "$kind $fault $way" $? "$wanted"
            [ "$wanted" = 0 ] || expect_text err 'bad'
            [ "$wanted" = 0 ] || expect_absent out.csv
        done
    done
}
wants 0 source none huge
wants 0 transform none reject
wants 0 sink none
wants 1 source error
wants 1 transform error no_output drops bad_map twice
wants 1 sink error drops prepare
wants 2 source create
wants 2 transform create bind
wants 2 sink create
wants 3 source start
wants 3 transform start
wants 3 sink start open
for kind in source transform sink; do
    rows=300000 run_faulty $kind "fault: error, at: 3"
    expect_eq "$kind fails in its third call" $? 1
    expect_text err 'fault in call 3'
    run_faulty $kind 'fault: stop'
    expect_eq "$kind fails in stop" $? 1
    expect_text err 'bad'
done
run_faulty transform 'fault: drops'
expect_text err 'balance|ledger|lost'

# What blocks can be interrupted, and is not waited for.
for kind in source transform sink; do
    for fault in sleep never_wakes; do
        for way in '--workers 2' '--driver pull'; do
            pipeline $kind "fault: $fault"
            # shellcheck disable=SC2086
            background "$QETL" run p.yaml --plugin-dir "$QETL_TEST_PLUGINS" $way
            sleep 0.7
            interrupt_and_wait INT
            expect_eq "$kind $fault $way interrupted" "$code" 130
            expect_absent out.csv
        done
    done
done

# A plugin that crashes when all is done takes nothing back.
run_faulty transform 'fault: destroy'
code=$?
[ "$code" != 0 ] && pass "a crash in destroy is told: $code" || fail 'a crash in destroy went unseen'
expect_eq 'the output is whole' "$(tail -n 1 out.csv)" 5000
