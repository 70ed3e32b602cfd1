#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A long record does not draw the whole input into memory; signals, limits and closed streams are
# heard; rejected records keep their own numbers and places.
. "$(dirname "$0")/lib.sh"

# One record over batch_bytes, and 100 MB behind it.
{
    printf 'a,b\n1,'
    head -c 1000000 /dev/zero | tr '\0' x
    echo
    yes '2,some more text in a row of a usual length' | head -n 2500000
} >long.csv
if [ -z "$QETL_SANITIZER" ]; then
    kib=$(peak_kib "$QETL" run --from long.csv --to null: --memory 16MiB -q)
    [ "$kib" -lt 65536 ] && pass "$kib KiB for a long record" || fail "$kib KiB for a long record"
fi
rm long.csv

# Several records over max_record in one read: each its own number, in order.
python3 -c '
for i in range(9):
    print("{\"a\":\"%s\"}" % (chr(97 + i) * (200 if i % 3 else 5)))' >mixed.ndjson
cat >mixed.yaml <<'EOF'
max_record: 64
dead_letters: letters.ndjson
sources: {in: {plugin: file, path: mixed.ndjson}}
sinks: {out: {plugin: file, input: in, path: mixed.out.ndjson}}
EOF
expect_exit 0 qetl run mixed.yaml
jq -c '[.row, .byte_offset, .original[6:7]]' letters.ndjson >places
expect_file places <<'EOF'
[2,14,"b"]
[3,223,"c"]
[5,446,"e"]
[6,655,"f"]
[8,878,"h"]
[9,1087,"i"]
EOF

# The rows of a chunk that ends the run were read.
printf 'a,b\n1,2\n3\n' >ragged.csv
cat >fail.yaml <<'EOF'
name: ../up
on_error: fail
sources: {in: {plugin: file, path: ragged.csv}}
sinks: {out: {plugin: file, input: in, path: ragged.out.csv}}
EOF
expect_exit 1 qetl run fail.yaml --json-file report.json
expect_json report.json '.summary.rows_in == 2 and .summary.rows_rejected == 1'
expect_eq 'letters of a pipeline whose name looks like a path' "$(find dead-letters -name "_*" | wc -l)" 1

# A file size limit is an error with a message, and leaves nothing.
yes 1,2 | head -n 200000 | sed '1i a,b' >limit.csv
(
    ulimit -f 100
    expect_exit 3 qetl run --from limit.csv --to limited.csv
    # shellcheck disable=SC2154 # of lib.sh
    exit "$failed"
) || fail 'file size limit'
expect_eq 'nothing is left of it' "$(find . -name '*limited*' | wc -l)" 0

# A closed standard stream is not /dev/null.
"$QETL" run --from ragged.csv --to - --to-format csv >&- 2>err
expect_eq 'closed stdout' $? 3
"$QETL" run --from - --from-format csv --to null: <&- 2>err
expect_eq 'closed stdin' $? 3

# SIGHUP ends a run and cleans up; who ignored a signal before is not ended by it.
mkfifo rows
started() {
    exec 7<>rows
    printf 'id\n1\n' >&7
    sleep 0.7
}
env --default-signal=HUP "$QETL" run --from rows --from-format csv --to hup.csv 2>err &
pid=$!
started
interrupt_and_wait HUP
exec 7>&-
expect_eq SIGHUP "$code" 129
expect_eq 'nothing is left of it' "$(find . -name '*hup.csv*' | wc -l)" 0
env --ignore-signal=HUP,INT "$QETL" run --from rows --from-format csv --to kept.csv 2>err &
pid=$!
started
kill -HUP "$pid"
kill -INT "$pid"
sleep 0.3
printf '2\n' >&7
exec 7>&-
wait "$pid"
expect_eq 'ignored signals' $? 0
expect_file kept.csv <<<$'id\n1\n2'

# Lines that end in carriage returns alone are lines, not one long header.
printf 'a,b\r1,2\r' >mac.csv
expect_exit 0 qetl run --from mac.csv --to mac.ndjson
expect_file mac.ndjson <<<'{"a":1,"b":2}'
