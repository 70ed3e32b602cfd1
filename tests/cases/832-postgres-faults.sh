#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What befalls the source `postgres` while it reads: locks, time limits, connections that are cut, a server that goes down, a run that is stopped. A line
# that says what to do, a ledger that balances, and no row that is half or twice.
# tsan: no
. "$(dirname "$0")/postgres-lib.sh"
pg_serve
sql -c "CREATE TABLE t AS SELECT i AS id, repeat('x', 200) || i AS x FROM generate_series(1, 100000) i" -c 'ALTER TABLE t ADD PRIMARY KEY (id)' -c 'ANALYZE'
sql --csv -c 'SELECT * FROM t ORDER BY id' >wanted
quick='retry: {attempts: 2, first: 10ms}'
run_to() { # OPTIONS: into out.csv
    pipeline faults "$quick, $1" 'plugin: file, path: out.csv, if_exists: replace'

    rm -f out.csv
    qetl run faults.yaml -q --json-file json
}
backends() {
    sql -c "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'qetl'"
}
until_eq() { # WHAT WANTED COMMAND…
    local what=$1 wanted=$2 got
    shift 2
    for _ in $(seq 600); do
        got=$("$@")
        [ "$got" = "$wanted" ] && break
        sleep 0.05
    done
    expect_eq "$what" "$got" "$wanted"
}

# nobody there, nobody answers
to=$pg_to
pg_to="host: 127.0.0.1, port: $(pg_free_port), user: q"
expect_exit 1 run_to 'table: t'
expect_text err 'Connection refused'
expect_text err 'see whether the server is up'
pg_proxy 0
pg_to="host: 127.0.0.1, port: $proxy_port, user: q"
expect_exit 1 run_to 'table: t, connect_timeout_ms: 200, sslmode: disable'
expect_text err 'no answer within 200 ms'
pg_to=$to

# who holds the table
sql -c "BEGIN; LOCK TABLE t; SELECT 1 AS locked; SELECT pg_sleep(600)" >/dev/null 2>&1 &
locker=$!
until_eq 'it is locked' 1 sql -c "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND relation = 't'::regclass AND granted"
holder=$(sql -c "SELECT pid FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND relation = 't'::regclass")
expect_exit 3 run_to 'table: t, lock_timeout_ms: 100'
expect_text err "lock timeout \(pid $holder of q, active since"
expect_text err 'lock_timeout_ms'
# a run that is stopped while it waits
pipeline waits 'table: t, lock_timeout_ms: 0' 'plugin: file, path: waits.csv'
background "$QETL" run waits.yaml -q
until_eq 'it waits' 1 sql -c "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'qetl' AND wait_event_type = 'Lock'"
interrupt_and_wait INT
expect_eq 'stopped while it waited for a lock' "$code" 130
until_eq 'nothing is left of it there' 0 backends
sql -c "SELECT pg_terminate_backend($holder)" >/dev/null
wait "$locker" 2>/dev/null

# time limits
expect_exit 3 run_to "query: 'SELECT pg_sleep(60)::text AS x', statement_timeout_ms: 100"
expect_text err 'statement timeout'
expect_text err 'statement_timeout_ms'
# a run that is stopped while the server is at work, and one whose rows nobody wants any more
pipeline sleeps "query: 'SELECT pg_sleep(600)::text AS x'" 'plugin: file, path: sleeps.csv'
background "$QETL" run sleeps.yaml -q
until_eq 'it is at work' 1 sql -c "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'qetl' AND state = 'active'"
interrupt_and_wait INT
expect_eq 'stopped in the middle of a statement' "$code" 130
until_eq 'the statement is cancelled' 0 backends
pipeline few "query: 'SELECT generate_series(1, 1000000000) AS i'" 'plugin: file, path: few.csv'
sed -i 's/^sinks: {out: {input: in/transforms: {some: {plugin: limit, input: in, rows: 5}}\nsinks: {out: {input: some/' few.yaml
expect_exit 0 qetl run few.yaml -q
expect_eq 'a limit' "$(sed 1d few.csv | paste -sd ' ')" '1 2 3 4 5'
until_eq 'the statement is cancelled' 0 backends

# cut in the middle
for bytes in 20000 3000000 15000000; do
    pg_proxy $bytes
    pg_to="host: 127.0.0.1, port: $proxy_port, user: q"
    expect_exit 1 run_to 'table: t, sslmode: disable'
    expect_text err 'reading ends: (server closed the connection|could not receive|SSL|connection)|no connection'
    expect_absent out.csv
    expect_json json '.summary == null or .summary.balanced'
done
# with a key it goes on, on a way that lets through more each time
for bytes in 3000000 12000000 -1; do
    pg_proxy $bytes
    pg_to="host: 127.0.0.1, port: $proxy_port, user: q"
    pipeline goes "$quick, table: t, key: id, sslmode: disable" 'plugin: file, path: goes.csv, if_exists: append'
    echo 'checkpoint: {every: 10ms}' >>goes.yaml
    qetl run goes.yaml -q --json-file json >out 2>err
    code=$?
done
expect_eq 'it came to its end' "$code" 0
expect_eq 'with every row, once' "$(sed 1d goes.csv | md5sum)" "$(md5sum <wanted)"
pg_to=$to

# the server goes down, and comes up again
sql -c "CREATE VIEW slow AS SELECT id, x FROM (SELECT *, CASE WHEN id % 5000 = 0 THEN pg_sleep(0.1) END FROM t ORDER BY id) s"
pipeline down 'retry: {attempts: 100, first: 20ms, most: 200ms}, breaker: false, table: slow, key: id' 'plugin: file, path: down.csv, if_exists: append'
echo 'checkpoint: {every: 10ms}' >>down.yaml
"$QETL" run down.yaml -q --json-file json >out 2>err </dev/null &
pid=$!
until_eq 'it reads' 1 backends
sleep 0.3
pg_stop immediate
sleep 0.3
pg_up
wait "$pid"
expect_eq 'it waited for the server' "$?" 0
expect_eq 'with every row, once' "$(sed 1d down.csv | md5sum)" "$(md5sum <wanted)"
expect_json json '.summary.balanced'

# a column that is dropped while a run reads has to wait for it
sql -c 'CREATE TABLE d AS SELECT i AS id, i AS gone FROM generate_series(1, 5) i' -c "CREATE FUNCTION nap(int) RETURNS int LANGUAGE sql AS 'SELECT \$1 FROM pg_sleep(0.3)'"
pipeline drops "query: 'SELECT nap(id) AS id, gone FROM d'" 'plugin: file, path: drops.csv'
"$QETL" run drops.yaml -q >out 2>err </dev/null &
pid=$!
until_eq 'it reads' 1 sql -c "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'qetl' AND state = 'active' AND query LIKE 'COPY%'"
sql -c 'ALTER TABLE d DROP COLUMN gone'
wait "$pid"
expect_eq 'it came to its end' "$?" 0
expect_eq 'with all its columns' "$(paste -sd ' ' drops.csv)" 'id,gone 1,1 2,2 3,3 4,4 5,5'
expect_exit 2 qetl run drops.yaml -q -s sinks.out.path=again.csv
expect_text err 'column "gone" does not exist'
# too many connections
sql -c 'ALTER ROLE q CONNECTION LIMIT -1' -c 'CREATE ROLE one LOGIN CONNECTION LIMIT 0' -c 'GRANT SELECT ON t TO one'
pg_hba 'local all one trust'
pg_to="host: $pg_socket, port: $pg_port, user: one"
expect_exit 1 run_to 'table: t'
expect_text err 'too many connections for role'
