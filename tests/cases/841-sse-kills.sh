#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A stream is read by processes that are killed, over connections that end and break off: with `replays` every event comes once, in its order.
# What the delivery is called says what the server was said to do.
# tsan: no
. "$(dirname "$0")/sse-lib.sh"
RANDOM=${SEED:-1}
echo "# seed ${SEED:-1}"
serve

for plugin in sse sse_events; do
    : >journal
    cat >"k-$plugin.yaml" <<Y
name: k-$plugin
checkpoint: {every: 20ms}
sources: {in: {plugin: $plugin, url: '$base/events?count=9000&rate=3000&reset=700&retry=5', replays: true, private_hosts: [127.0.0.1]}}
sinks: {out: {plugin: file, input: in, path: k-$plugin.ndjson, if_exists: append}}
Y
    kills=0 patience=300 code=137
    while [ $code = 137 ]; do
        "$QETL" run "k-$plugin.yaml" -q >out 2>err </dev/null &
        pid=$!
        if [ $kills -lt 6 ]; then
            wait_ms=$((patience + RANDOM % 400))
            sleep "$((wait_ms / 1000)).$(printf %03d $((wait_ms % 1000)))"
            kill -KILL $pid 2>/dev/null && kills=$((kills + 1))
        fi
        wait $pid 2>/dev/null
        code=$?
        [ $kills -lt 6 ] && [ "$(jq -s '[.[] | .headers["last-event-id"] // "0" | tonumber] | max' journal)" = "${last:-}" ] &&
            patience=$((2 * patience)) # it needs longer here to get anywhere
        last=$(jq -s '[.[] | .headers["last-event-id"] // "0" | tonumber] | max' journal)
    done
    expect_eq "$plugin: it ended well" "$code" 0
    expect_eq "$plugin: every event once, in its order" "$(jq .id "k-$plugin.ndjson" | tr -d '"' | cmp - <(seq 9000) && wc -l <"k-$plugin.ndjson")" 9000
    echo "# $plugin: $kills kills, $(wc -l <journal) requests"
    expect_eq "$plugin: it went on" "$(($(requests '.headers["last-event-id"] == null') < 6))" 1
done

pipeline best "url: $base/events" sse
expect_exit 0 qetl validate best.yaml --json
expect_text out 'best-effort'
expect_exit 2 qetl run best.yaml -q -s delivery=at-least-once
expect_text err 'best-effort'
pipeline once "url: $base/events, replays: true"
expect_exit 0 qetl validate once.yaml --json
expect_text out 'exactly-once'

# A run that is ended by a signal is gone on with by the next one; without `replays`, nobody knows where.
pipeline on "url: '$base/events?count=600&rate=300', replays: true"
sed -i '1a checkpoint: {every: 20ms}' on.yaml
sed -i 's/if_exists: replace/if_exists: append/' on.yaml
for replays in true false; do
    : >journal
    rm -f on.ndjson
    "$QETL" run on.yaml -q -s sources.in.replays=$replays --full-refresh >out 2>err </dev/null &
    pid=$!
    await 'events come' 30 test -s on.ndjson
    kill -TERM $pid
    wait $pid
    expect_exit 0 qetl run on.yaml -q -s sources.in.replays=$replays
    expect_eq "replays $replays: every event" "$(jq -r .id on.ndjson | sort -nu | wc -l)" 600
    expect_eq "replays $replays: requests without an ID" "$(requests '.headers["last-event-id"] == null')" "$([ $replays = true ] && echo 1 || echo 2)"
    [ $replays = false ] || expect_eq 'each once' "$(wc -l <on.ndjson)" 600
done
