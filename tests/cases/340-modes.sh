#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Modes: a typed line comes out at once; batch_rows, batch_bytes and linger_ms change the batches.
. "$(dirname "$0")/lib.sh"

# Opens a run whose stdin is descriptor 7 and whose output is out.txt.
typed() {
    mkfifo lines
    "$QETL" run --from - --from-format csv --to - -q "$@" <lines >out.txt 2>err.txt &
    pid=$!
    exec 7>lines
    rm lines
}
typed_end() {
    exec 7>&-
    wait "$pid"
    code=$?
}
lines_soon() { # COUNT
    local tries
    for ((tries = 0; tries < 3000; tries++)); do
        [ "$(wc -l <out.txt)" -ge "$1" ] && break
        sleep 0.01
    done
    wc -l <out.txt
}

for mode in stream hybrid; do
    typed --mode $mode --to-format ndjson --where 'amount > 1' --compute 'twice=amount * 2'
    printf 'id,amount\n' >&7
    sleep 0.05
    expect_eq "$mode: a header alone says nothing of types" "$(wc -c <out.txt)" 0
    printf '1,5\n' >&7
    expect_eq "$mode: the first row comes out" "$(lines_soon 1)" 1
    printf '2,6' >&7
    sleep 0.05
    expect_eq "$mode: a piece of a line waits" "$(wc -l <out.txt)" 1
    printf '0\n3,7\n' >&7
    expect_eq "$mode: until its line feed" "$(lines_soon 3)" 3
    printf '4,8' >&7
    typed_end
    expect_eq "$mode ends well" "$code" 0
    expect_file out.txt <<'END'
{"id":1,"amount":5,"twice":10}
{"id":2,"amount":60,"twice":120}
{"id":3,"amount":7,"twice":14}
{"id":4,"amount":8,"twice":16}
END
done

typed --mode batch --to-format csv
printf 'id\n1\n' >&7
sleep 0.1
expect_eq 'batch: rows wait for more' "$(wc -c <out.txt)" 0
typed_end
expect_eq 'batch: until the input ends' "$(wc -l <out.txt)" 2

# One line under way, by every way in: the next is sent once the last came out, else the tool gives up.
for way in 'csv pipe' 'csv fifo' 'csv follow' 'ndjson pipe' 'ndjson fifo' 'ndjson follow' 'binary pipe' 'binary fifo' 'binary follow'; do
    for options in '--mode stream --workers 2' '--mode stream --driver pull' '--mode hybrid --workers 2'; do
        # shellcheck disable=SC2086
        expect_exit 0 "$QETL_TOOLS/bench_latency" "$QETL" --format ${way% *} --via ${way#* } --seconds 0.1 --rate 0 $options
        expect_text out ' 2000 lines '
    done
done
# A writer that pauses between rows, and one that has no more to say for now.
"$QETL_TOOLS/bench_latency" "$QETL" --seconds 2 --rate 10 --mode stream >latency.txt
expect_exit 0 awk '/lines\/s/ { exit !($6 < 60000) }' latency.txt # no row waits for the next one, 100 ms later
expect_exit 0 awk '/idle/ { exit !($2 <= 20) }' latency.txt
expect_exit 0 awk '/rows per batch/ { exit !($4 < 5) }' latency.txt # a machine that stalls joins a few

# While those who take a batch are busy it grows: until linger_ms, or until they have time for it. The sink
# takes 50 ms for each, so that queues fill. On a machine that is slow to begin, the writer is slower, too.
lingering() { # MODE LINGER_MS: how many batches 40 rows make that come one by one
    {
        printf 'id\n0\n'
        sleep "$begin" # types are inferred once nothing more comes for a while
        for i in $(seq 40); do
            echo "$i"
            sleep "$pause"
        done
    } |
        "$QETL" run lingering.yaml --plugin-dir "$QETL_TEST_PLUGINS" --workers 2 -q --json-file report.json --mode "$1" -s linger_ms="$2"
    jq '.result.components[] | select(.id == "in") | .batches' report.json
}
cat >lingering.yaml <<'END'
sources: {in: {plugin: file, path: '-', format: csv}}
sinks: {slow: {plugin: fault, input: in, fault: slow}}
END
for slow in '0.1 0.001' '1 0.02' '5 0.02' '5 0.1'; do
    begin=${slow% *} pause=${slow#* }
    none=$(lingering hybrid 0) long=$(lingering hybrid 60000) stream=$(lingering stream 60000)
    [ "$none" -ge $((long + 4)) ] && [ "$stream" -ge $((long + 12)) ] && break
done
echo "# batches of 41 rows: $none without, $long with linger_ms, $stream in stream mode"
[ "$none" -ge $((long + 4)) ] && pass 'linger_ms: fewer batches' || fail "$none batches, $long with linger_ms"
[ "$stream" -ge $((long + 12)) ] && pass 'stream mode does not linger' || fail "$stream batches, $long with linger_ms"
expect_json report.json '.result.mode == "stream" and .summary.rows_out == 41'
expect_json report.json '.result.components[0] | .rows_per_batch * .batches - 41 | fabs < 0.001'

seq 1 30000 | sed '1i id' >ids.csv
batches() {
    "$QETL" run --from ids.csv --to null: --json-file report.json -q "$@"
    jq '.result.components[] | select(.id == "in") | .batches' report.json
}
expect_eq 'batch_rows' "$(batches -s batch_rows=1000 -s batch_bytes=64MiB)" 30
expect_eq 'no batch_rows' "$(batches -s batch_bytes=64MiB)" 1
small=$(batches -s batch_bytes=8KiB) large=$(batches -s batch_bytes=64KiB)
[ "$small" -ge $((4 * large)) ] && pass 'batch_bytes' || fail "$small batches of 8 KiB, $large of 64 KiB"
"$QETL" run --from ids.csv --to - --to-format csv -q --where 'id % 3 = 0' -s batch_rows=7 >sliced.csv
"$QETL" run --from ids.csv --to - --to-format csv -q --where 'id % 3 = 0' >whole.csv
expect_same sliced.csv whole.csv

expect_exit 2 "$QETL" run --from ids.csv --to - --to-format csv --mode fast
expect_text err "batch, stream"
