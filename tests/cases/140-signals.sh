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
    [ $(($(date +%s%N) - started)) -lt 3000000000 ] && pass 'at once' || fail 'it took over three seconds'
    expect_absent out.csv
    expect_eq 'nothing is left' "$(find . -name '*out.csv*' | wc -l)" 0
    rm rows
}
interrupted INT 130
interrupted TERM 143
interrupted INT 130 --driver pull

orders big.csv --rows 200000
"$QETL" run --from big.csv --to - --to-format csv 2>err | head -n 3 >head.csv
expect_eq 'a closed pipe' "${PIPESTATUS[0]}" 141
expect_eq 'quiet' "$(wc -c <err)" 0
head -n 3 big.csv | expect_file head.csv
