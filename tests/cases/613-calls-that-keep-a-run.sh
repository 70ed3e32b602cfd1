#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A run that is to end, and waits for a call that does not heed its interrupt, says so: the component, the call, how
# long, and what ends it. Another signal does.
. "$(dirname "$0")/lib.sh"
# A program that ends at once waits for none of its threads.
export TSAN_OPTIONS="${TSAN_OPTIONS-} report_thread_leaks=0"

pipeline() { # what the source and the sink have beside their plugin; the sink's plugin
    cat >p.yaml <<YAML
sources:
  numbers: {plugin: lapse, rows: 2000, batch_rows: 250$1}
sinks:
  out: {plugin: ${3-lapse, path: out.lapse}, input: numbers$2}
YAML
}
run() { # until it is well under way
    rm -f trace
    : >err
    background "$QETL" run p.yaml --plugin-dir "$QETL_TEST_PLUGINS" --no-state --abi-trace=trace
    wait_until grep -q ' out/.* > open' trace 2>/dev/null
    sleep 2
}
said='the run is to end, and has waited for [0-9]+ s for its'
rest='which was interrupted and has not returned; another signal ends the program at once'
option='; the component.s option `call_timeout` limits how long a call may take'

for call in next write; do
    pipeline ', call: next, how: deaf' ''
    [ $call = next ] || pipeline '' ', call: write, how: deaf'
    run
    kill -TERM "$pid"
    wait_until grep -q 'the run is to end' err
    expect_text err "$said $call, $rest$option"
    kill -0 "$pid" && pass 'and it waits' || fail 'it has ended'
    interrupt_and_wait INT
    expect_eq "the second signal, in $call" "$code" 130
done

# Nobody has sent a signal: another component has failed.
pipeline ', call: next, how: deaf, at: 2, call_timeout: 1h' ', fault: error' fault
run
wait_until grep -q 'the run is to end' err
expect_text err "$said next, $rest\$"
interrupt_and_wait TERM
expect_eq 'the first signal' "$code" 143

# What heeds its interrupt is not spoken of.
pipeline ', call: next, how: hangs' ''
run
interrupt_and_wait TERM
expect_eq 'it ends' "$code" 143
expect_no_text err 'is to end'
