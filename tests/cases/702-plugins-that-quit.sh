#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A plugin that ends the process, or crashes, in a call or in a thread of its own, fails the run, and is named. One that
# has nothing to say, and says it again and again, too.
# tsan: no (it has signal handlers and ways out of its own)
. "$(dirname "$0")/lib.sh"

pipeline() { # what the source, the transform and the sink have beside their plugin
    rm -rf out.csv report.json dead-letters
    cat >p.yaml <<YAML
name: quitting
sources:
  numbers: {plugin: quits$1}
transforms:
  pass: {plugin: quits, input: numbers$2}
sinks:
  out: {plugin: quits, input: pass$3}
  file: {plugin: file, input: numbers, path: out.csv, if_exists: replace}
YAML
}
run() { qetl run p.yaml --plugin-dir "$QETL_TEST_PLUGINS" --no-state "$@"; }

pipeline '' '' ''
expect_exit 0 run
expect_eq 'rows, where nobody quits' "$(wc -l <out.csv)" 1001

# Whatever way it goes, and with whatever code.
for how in 'exit:exit(0)' '_exit:_exit(0)' '_Exit:_Exit(7)' 'quick_exit:quick_exit(0)' 'errx:exit(0)'; do
    said=${how#*:}
    pipeline ", call: next, how: ${how%:*}" '' ''
    expect_exit 1 run --json
    expect_text err "^error: component 'numbers' \(quits\) ended the process in next: ${said//[()]/.}$"
    expect_absent out.csv
    pipeline ", call: next, how: thread ${how%:*}" '' ''
    expect_exit 1 run
    expect_text err "^error: component .*'numbers' \(quits\).* ended the process in a thread of its own: ${said//[()]/.}$"
    expect_absent out.csv
done

# In any call; of any kind.
for call in create start describe open stop; do
    pipeline ", call: $call, how: exit" '' ''
    expect_exit 1 run
    expect_text err "component 'numbers' \(quits\) ended the process in $call: exit\(0\)"
done
for place in 2_bind 2_process 3_open 3_write; do
    words=('' '' '')
    words[${place%_*} - 1]=", call: ${place#*_}, how: exit"
    pipeline "${words[@]}"
    expect_exit 1 run
    expect_text err "component '(pass|out)' \(quits\) ended the process in ${place#*_}: exit\(0\)"
    expect_absent out.csv
done
# Behind the end of a run, too.
pipeline ', call: destroy, how: exit' '' ''
expect_exit 1 run
expect_text err "component 'numbers' \(quits\) ended the process in destroy"
expect_eq 'what was decided before stays' "$(wc -l <out.csv)" 1001
# A thread of qetl's is not a plugin's to end.
pipeline ', call: next, how: pthread_exit' '' ''
for workers in 1 4; do
    expect_exit 1 run --workers $workers
    expect_text err "component 'numbers' \(quits\) ended a thread of qetl in next: pthread_exit\(\)"
done
# Its own thread is, and what it has forked.
for how in 'thread pthread_exit' fork; do
    pipeline ", call: start, how: $how" '' ''
    expect_exit 0 run
    expect_eq "rows: $how" "$(wc -l <out.csv)" 1001
done

# Whose crash it is; AddressSanitizer has words of its own.
if [ "$QETL_SANITIZER" != address ]; then
    for how in fault:memory.fault abort:abort; do
        pipeline '' '' ", call: write, how: ${how%:*}"
        expect_exit 1 run
        expect_text err "^error: component 'out' \(quits\) crashed in write: ${how#*:}$"
        pipeline '' '' ", call: write, how: thread ${how%:*}"
        expect_exit 1 run
        expect_text err "^error: component .*'out' \(quits\).* crashed in a thread of its own: ${how#*:}$"
        expect_no_text err 'qetl itself'
    done
    # A stack that is full leaves room for saying whose it is: of a worker, of the program's own thread.
    for place in next process write create; do
        words=('' '' '')
        case $place in next | create) at=0 ;; process) at=1 ;; *) at=2 ;; esac
        words[at]=", call: $place, how: recursion"
        pipeline "${words[@]}"
        expect_exit 1 run
        expect_text err "^error: component '(numbers|pass|out)' \(quits\) crashed in $place: its stack is full"
        expect_text err 'mend: report it to its author'
    done
    expect_exit 1 run --driver pull
    expect_text err "^error: component 'numbers' \(quits\) crashed in create: its stack is full"
fi

# What was decided is gone on from: it was not the end.
cat >resumed.yaml <<YAML
name: resumed
checkpoint: {every: 5ms}
sources:
  numbers: {plugin: lapse, rows: 5000, batch_rows: 100, pause_us: 500}
sinks:
  quitter: {plugin: quits, input: numbers, how: exit late}
  out: {plugin: lapse, input: numbers, path: out.lapse}
YAML
rm -f out.lapse.*
expect_exit 1 qetl run resumed.yaml --plugin-dir "$QETL_TEST_PLUGINS" --state state --json-file report.json
expect_text err "component 'quitter' \(quits\) ended the process in write: exit\(0\)"
expect_absent report.json
QUITS_NEVER=1 expect_exit 0 qetl run resumed.yaml --plugin-dir "$QETL_TEST_PLUGINS" --state state --json-file report.json
expect_json report.json '.summary.balanced and .result.state.was_complete == false'
seq 0 4999 >expected
sort -n out.lapse.* >got
expect_same got expected

# ---- nothing, said again and again ----

pipeline ', how: no batch' '' ''
expect_exit 1 run --json-file report.json
expect_text err "source 'numbers' \(quits\): next answered QETL_BATCH and moved no batch to the host"
expect_text err 'mend: mend the plugin: QETL_IDLE says that there is nothing now, QETL_END that nothing will come'
expect_json report.json '.error.code == "no_batch"'
expect_absent out.csv
pipeline ', how: no rows' '' ''
expect_exit 1 run
expect_text err "source 'numbers' \(quits\): next answered a million batches of no rows, one after the other"
# Now and then is no fault.
pipeline ', how: a few without' '' ''
expect_exit 0 run
expect_eq 'rows between empty batches' "$(wc -l <out.csv)" 1001

# A transform, too.
pipeline '' ', how: more' ''
expect_exit 1 run --json-file report.json
expect_text err "transform 'pass' \(quits\): process answered QETL_MORE a million times, one after the other, and no row with it"
expect_text err 'mend: mend the plugin: QETL_NEED_INPUT says'
expect_json report.json '.error.code == "no_rows"'
pipeline '' ', how: a few more' ''
expect_exit 0 run

# ---- a column of another layout than it has ----

pipeline ', how: texts' '' ''
expect_exit 1 run
expect_text err "source 'numbers' \(quits\): column 'n': it has [0-9]+ buffers, and its type has 2; batch 1 .*the fault is the plugin's"

# ---- how many rows a sink took ----

# Who says nothing took all but those that it rejected.
pipeline '' '' ', how: rejects'
expect_exit 0 run --json-file report.json
expect_json report.json '.summary.balanced and (.result.components[] | select(.id == "out") | .rows_in == 1000 and .rows_out == 990 and .rows_rejected == 10)'
# Who says something else has lost rows.
for wrong in 'says none:100 rows in, 0 written' 'says more:100 rows in, 101 written'; do
    pipeline '' '' ", how: ${wrong%:*}"
    expect_exit 1 run
    expect_text err "sink 'out' \(quits\): the ledger does not balance: ${wrong#*:}, 0 rejected"
done
