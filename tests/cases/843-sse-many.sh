#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# 500 streams in one process: no thread for any of them, no time where nothing comes, and what each of them brings arrives.
# tsan: no
. "$(dirname "$0")/sse-lib.sh"
ulimit -n "$(ulimit -Hn)"
serve
streams=500

many() { # PLUGIN: many.yaml
    {
        echo '{"name": "many", "sources": {'
        for i in $(seq $streams); do
            echo "\"s$i\": {\"plugin\": \"$1\", \"url\": \"$base/live?hello=1\", \"private_hosts\": [\"127.0.0.1\"]}$([ "$i" = $streams ] || echo ,)"
        done
        echo "}, \"transforms\": {\"all\": {\"plugin\": \"union\", \"input\": [$(seq -s, -f '"s%g"' $streams)]}},"
        echo '"sinks": {"out": {"plugin": "stdout", "input": "all", "format": "ndjson"}}}'
    } >many.json
}
listens() { [ "$(control /_state | jq .listeners)" = $streams ]; }
arrived() { [ "$(wc -l <rows)" -ge "$1" ]; }
ticks() { awk '{print $14 + $15}' "/proc/$pid/stat"; }

for plugin in sse_events sse; do
    many $plugin
    "$QETL" run many.json -q --no-state >rows 2>err </dev/null &
    pid=$!
    await "$plugin: all are there" 120 listens
    await "$plugin: and known" 120 arrived $streams # sse learns its columns from the first event of each stream, one after the other
    threads=$(awk '/^Threads/ {print $2}' "/proc/$pid/status")
    expect_eq "$plugin: $threads threads" "$((threads < 30))" 1
    # ten seconds after it has connected curl looks at each stream once more
    for _ in 1 2 3 4 5 6 7 8; do
        before=$(ticks)
        sleep 3
        idle=$(($(ticks) - before))
        [ $((idle * 100 < 3 * $(getconf CLK_TCK))) = 1 ] && break
    done
    expect_eq "$plugin: $idle ticks in three seconds" "$((idle * 100 < 3 * $(getconf CLK_TCK)))" 1
    before=$(wc -l <rows)
    control /_send 'data: {"n": 1}

' >sent
    await "$plugin: each event arrives" 60 arrived $((before + streams))
    expect_eq "$plugin: one of each" "$(($(wc -l <rows) - before))" $streams
    kill -TERM $pid
    wait $pid
    expect_eq "$plugin: it ends in good order" $? 0
done
