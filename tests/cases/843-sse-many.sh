#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# 500 streams in one process: no thread for any of them, no time where nothing comes, and what each of them brings arrives.
# tsan: no
. "$(dirname "$0")/sse-lib.sh"
ulimit -n "$(ulimit -Hn)"
serve
streams=500

many() { # PLUGIN: many.json; of sse only one says something of its own accord, and the others are told their columns
    local query='?hello=1' more=''
    {
        echo '{"name": "many", "sources": {'
        for i in $(seq $streams); do
            echo "\"s$i\": {\"plugin\": \"$1\", \"url\": \"$base/live$query\", \"private_hosts\": [\"127.0.0.1\"]$more}$([ "$i" = $streams ] || echo ,)"
            [ "$1" = sse_events ] || query='' more=', "format": {"type": "json", "types": {"n": "bigint"}}'
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
    await "$plugin: and known" 120 arrived "$([ $plugin = sse ] && echo 1 || echo $streams)"
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

# A stream that says nothing holds up no other: told its columns it begins without; else it is named, and begins with its first event.
two() { # MODE [OPTIONS of the quiet one]
    cat >two.yaml <<Y
name: two
mode: $1
sources:
  quiet: {plugin: sse, url: "$base/live", private_hosts: [127.0.0.1]${2:-}}
  busy: {plugin: sse, url: "$base/events?count=50&after=hold", private_hosts: [127.0.0.1]}
transforms: {all: {plugin: union, input: [quiet, busy]}}
sinks: {out: {plugin: stdout, input: all, format: ndjson}}
Y
    "$QETL" run two.yaml -q --no-state >rows 2>err </dev/null &
    pid=$!
}
listens_one() { [ "$(control /_state | jq .listeners)" = 1 ]; }
warned() { grep -q 'quiet: nothing has come yet' err; }
say_one() {
    control /_send 'data: {"id": 0, "text": "at last"}

' >sent
}
end_two() {
    await "$1: all has arrived" 120 arrived 51
    kill -TERM $pid
    wait $pid
    expect_eq "$1: it ends in good order" $? 0
    expect_eq "$1: what the quiet one said" "$(grep -c '"at last"' rows)" 1
}
for mode in stream hybrid; do
    two $mode ', format: {type: json, types: {id: bigint, text: text}}'
    await "$mode: the busy one arrives" 120 arrived 50
    await "$mode: the quiet one listens" 60 listens_one
    say_one
    end_two $mode
    expect_eq "$mode: nobody waits for it" "$(grep -c 'has come yet' err)" 0
done
two hybrid
await 'it is said who is waited for' 120 warned
expect_eq 'and nothing is guessed' "$(wc -l <rows)" 0
say_one
end_two undeclared

# What keeps a connection alive begins no epochs.
pipeline beats "url: \"$base/events?count=3&beat=0.05&after=hold\", replays: true"
echo 'checkpoint: {every: 20ms}' >>beats.yaml
"$QETL" run beats.yaml --json >beats.json 2>err </dev/null &
pid=$!
connected() { [ "$(requests)" -ge 1 ]; }
await 'it listens' 60 connected
sleep 2
kill -TERM $pid
wait $pid
expect_eq 'it ends in good order' $? 0
expect_json beats.json '.summary.rows_in == 3'
expect_json beats.json '.. | objects | select(has("barriers")).barriers <= 4'
