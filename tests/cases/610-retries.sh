#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Failures that pass are waited out, in sources, transforms and sinks; rates are kept; nothing is lost by either.
. "$(dirname "$0")/lib.sh"

run() { qetl run p.yaml --plugin-dir "$QETL_TEST_PLUGINS" --json-file report.json "$@"; }

pipeline() { # SOURCE TRANSFORM SINK: what each has beside its plugin
    cat >p.yaml <<YAML
sources:
  numbers: {plugin: fault, rows: 1000, batch_rows: 100$1}
transforms:
  pass: {plugin: fault, input: numbers$2}
sinks:
  out: {plugin: file, input: pass, path: out.csv, if_exists: replace}
  other: {plugin: fault, input: pass$3}
YAML
}

quick='retry: {first: 1ms, most: 5ms}, breaker: false'
for place in 1 2 3; do
    words=('' '' '')
    words[place - 1]=", fault: transient, at: 4, times: 3, $quick"
    pipeline "${words[@]}"
    expect_exit 0 run --workers 1
    expect_eq "lines, place $place" "$(tail -n +2 out.csv | sort -n | uniq | wc -l)" 1000
    expect_json report.json '.summary.balanced and .summary.rows_in == 1000'
    expect_json report.json '[.result.components[].retries] | add == 3'
    expect_json report.json '.result.components | all(.breaker == "closed")'
    expect_eq "told, place $place" "$(grep -c 'failed for the moment: the other side is busy; again in' err)" 3
done

# Without retries, and where the budget or the attempts end, the run fails; nothing is there.
rm -f out.csv
for retry in 'retry: false' 'retry: {attempts: 3, first: 1ms}' 'retry: {budget: 50ms, first: 10ms}'; do
    pipeline '' '' ", fault: transient, at: 2, times: 1000000, $retry, breaker: false"
    expect_exit 1 run
    expect_text err 'the other side is busy'
    expect_absent out.csv
done
expect_text err 'given up after [0-9]+ attempts in 0\.[0-9] s'
pipeline '' '' ', fault: transient, at: 2, times: 1000000, retry: {attempts: 3, first: 1ms}, breaker: false'
expect_exit 1 run
expect_text err 'given up after 3 attempts'
pipeline '' '' ', fault: transient, at: 2, times: 1000000, retry: false'
expect_exit 1 run
expect_no_text err 'given up'

# The breaker: its pause is longer than all waits together.
pipeline '' '' ', fault: transient, at: 2, times: 3, retry: {first: 1ms, most: 1ms}, breaker: {failures: 3, pause: 300ms, most: 1s}'
expect_exit 0 run
expect_text err 'again in 300 ms, since it failed so often .breaker open'
expect_no_text err 'again in 0 ms'
expect_json report.json '.result.timing.processing_s > 0.3'

# Rates: 1000 rows, less what may be made up for and the last batch.
for words in 'rate_limit: 2000/s' 'rate_limit: {calls: 20/s}' 'rate_limit: {rows: 120000/m}'; do
    pipeline "" "" ", $words"
    expect_exit 0 run
    expect_json report.json '.result.timing.processing_s > 0.35'
    pipeline ", $words" "" ""
    expect_exit 0 run
    expect_json report.json '.result.timing.processing_s > 0.35'
done
pipeline ', rate_limit: 1500/s' '' '' # no more at once than in a twentieth of a second
expect_exit 0 run
expect_json report.json '.result.components[0].batches == 14'
printf 'sources: {in: {plugin: file, path: out.csv, rate_limit: {bytes: 8KiB/s}}}\nsinks: {out: {plugin: file, input: in, path: copy.csv, rate_limit: {bytes: 8KiB/s}}}\n' >p.yaml
expect_exit 0 run
expect_same out.csv copy.csv

# What is wrong with the words is told with its place.
pipeline '' '' ', retry: {budget: 5}, breaker: {pause: 10}, rate_limit: fast'
expect_exit 2 qetl validate p.yaml --plugin-dir "$QETL_TEST_PLUGINS"
expect_text err 'retry'
pipeline '' '' ', retry: {budget: 5 minutes}'
expect_exit 2 qetl validate p.yaml --plugin-dir "$QETL_TEST_PLUGINS"
expect_text err 'p\.yaml:7:55: error: this is no length of time'
expect_text err '250ms, 30s, 5m'
pipeline '' '' ', rate_limit: {calls: 10}'
expect_exit 2 qetl validate p.yaml --plugin-dir "$QETL_TEST_PLUGINS"
expect_text err '`calls` must be text'
pipeline '' '' ', retry: {tries: 3}'
expect_exit 2 qetl validate p.yaml --plugin-dir "$QETL_TEST_PLUGINS"
expect_text err 'attempts'
