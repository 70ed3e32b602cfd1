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
until_eq 'nothing is left of it there' 0 pg_sessions
sql -c "SELECT pg_terminate_backend($holder)" >/dev/null
wait "$locker" 2>/dev/null

# time limits
expect_exit 3 run_to "query: 'SELECT pg_sleep(60)::text AS x', statement_timeout_ms: 100"
expect_text err 'statement timeout'
expect_text err 'statement_timeout_ms'
expect_stops

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
until_eq 'it reads' 1 pg_sessions
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
once=$quick quick='retry: {attempts: 4, first: 10ms}'
expect_exit 1 run_to 'table: t'
quick=$once
expect_text err 'too many connections for role "one"; again in .*; should that not help: raise the limit of connections, or end others$'
expect_eq 'a mend is said at once, and once' "$(grep -c '; again in' err), $(grep -c 'should that not help' err)" '3, 1'
# as many as there is room for, which the sink's is a part of; rows are there once
fewer() { # CONNECTIONS LIMIT
    pipeline fewer "$quick, table: t, connections: 4" "plugin: postgres, $pg_to, database: shop, $quick, table: copied, mode: replace"
    expect_exit 0 qetl run fewer.yaml --no-state --json-file json
    expect_text err "shop@.*: the table is read by $1 connections, not 4, as there is no room for more \($2\)"
    expect_eq "by $1" "$(jq '.result.components[] | select(.id == "in") | .replicas' json), $(sql -c 'SELECT count(*), count(DISTINCT id) FROM copied')" "$1, 100000|100000"
}
sql -c 'ALTER ROLE one CONNECTION LIMIT 4' -c 'GRANT CREATE ON SCHEMA public TO one'
fewer 3 'CONNECTION LIMIT 4 of the role one'
sql -c 'ALTER ROLE one CONNECTION LIMIT 2'
fewer 1 'CONNECTION LIMIT 2 of the role one'
sql -c 'ALTER ROLE one CONNECTION LIMIT -1' -c 'ALTER DATABASE shop CONNECTION LIMIT 4'
fewer 3 'CONNECTION LIMIT 4 of the database shop'
sql -c 'ALTER DATABASE shop CONNECTION LIMIT -1' -c 'ALTER SYSTEM SET max_connections = 7' # of which 3 are for superusers
pg_restart
fewer 3 'max_connections of the server, 7'
