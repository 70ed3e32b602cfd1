#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A commit that nobody answers: the sink `postgres` finds out whether it counts. The number of its transaction tells that only as long as the server stays up: one
# that crashed may give the same to another, whose commit is none of these rows.
# tsan: no
. "$(dirname "$0")/postgres-lib.sh"
# What a transaction wrote reaches the disk with a commit alone.
pg_serve 'wal_writer_delay = 10s' 'full_page_writes = off' 'checkpoint_timeout = 1h'
printf 'id,x\n1,a\n2,b\n3,c\n' >in.csv
until_file() {
    for _ in $(seq 1200); do
        [ -e "$1" ] && return
        sleep 0.05
    done
    fail "$1 did not appear"
}
commits() { # lost|unanswered OPTIONS…: a run into an empty table, up to that COMMIT; $pid, and $number, its transaction's
    rm -f way.*
    "${PYTHON3:-python3}" "$root/tests/pg_commit_cutter.py" "$pg_port" "$1" way 2>way.err &
    proxy=$!
    until_file way.port
    shift
    sql -c 'DROP TABLE IF EXISTS t' -c 'CREATE TABLE t (id int, x text)'
    cat >lost.yaml <<Y
name: lost
sources: {in: {plugin: file, path: in.csv, format: {type: csv, types: {id: integer}}}}
sinks: {out: {input: in, plugin: postgres, retry: {attempts: 100, first: 50ms, most: 200ms}, host: 127.0.0.1, port: $(cat way.port), user: q, database: shop, sslmode: disable, table: t}}
Y
    "$QETL" run lost.yaml -q "$@" >out 2>err </dev/null &
    pid=$!
    until_file way.cut
    number=$(sql -c "SELECT backend_xid FROM pg_stat_activity WHERE application_name = 'qetl' AND backend_xid IS NOT NULL")
}
crash() {
    pg_stop immediate
    pg_up || fail 'the server did not start again' "$(tail -n 20 "$pg_log")"
}
give_again() { # others commit until one of them has had that number
    while [ "$(sql -c 'SELECT txid_current()')" -lt "$number" ]; do :; done
    expect_eq 'another transaction of that number is committed' "$(sql -c "SELECT txid_status($number)")" committed
}
ends() { # WHAT CODE ROWS
    touch way.go
    wait "$pid"
    expect_eq "$1" "$? $(sql -c 'SELECT count(*) FROM t')" "$2 $3"
    kill "$proxy" 2>/dev/null
}

commits lost --full-refresh
crash
give_again
ends 'a run with a state writes what was lost' 0 3

commits lost --no-state
crash
give_again
ends 'without a state nobody knows, which is said' 1 0
expect_text err 'the server went down while the rows were committed, and nobody can tell whether they are'

commits lost --no-state
crash
ends 'a number that nobody has had is that of nothing' 0 3

for options in --full-refresh --no-state; do
    commits lost $options
    ends "a way that is cut $options" 0 3
    commits unanswered $options
    ends "an answer that is lost $options" 0 3
done
