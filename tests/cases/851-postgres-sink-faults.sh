#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What befalls the sink `postgres` while it writes: rights that are missing, locks of others, deadlocks, constraints that wait for the end, connections that are
# cut, tables that somebody changes. A line that says what to do, and all rows of an epoch or none.
# tsan: no
. "$(dirname "$0")/postgres-lib.sh"
pg_serve 'deadlock_timeout = 2s'
quick='retry: {attempts: 3, first: 10ms}'
# into NAME SINK_OPTIONS: NAME.yaml, from in.csv
into() {
    cat >"$1.yaml" <<Y
name: $1
batch_rows: ${batch_rows:-65536}
checkpoint: {every: ${every:-1h}}
sources: {in: {plugin: file, path: in.csv, format: {type: csv, types: {id: integer}}}}
sinks: {out: {input: in, plugin: postgres, $quick, ${pg_to}, database: shop, $2}}
Y
}
run_to() {
    into faults "$1"
    qetl run faults.yaml -q --json-file json
}
waiting() {
    sql -c "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'qetl' AND wait_event_type = 'Lock'"
}
printf 'id,x\n1,a\n2,b\n' >in.csv

# rights, one by one
sql -c 'CREATE ROLE loader LOGIN' -c 'CREATE TABLE t (id int PRIMARY KEY, x text)' -c 'REVOKE CREATE ON SCHEMA public FROM PUBLIC' -c 'REVOKE TEMPORARY ON DATABASE shop FROM PUBLIC'
pg_hba 'local all loader trust'
to=$pg_to
pg_to="host: $pg_socket, port: $pg_port, user: loader"
denied() { # OPTIONS PATTERN MEND GRANT…
    local options=$1 pattern=$2 mend=$3
    shift 3
    expect_exit 3 run_to "$options"
    expect_text err "$pattern"
    expect_text err "$mend"
    expect_eq 'one line tells it' "$(grep -c 'error: ' err)" 1
    [ $# = 0 ] || sql "$@"
}
denied 'table: t' '_qetl_epochs cannot be used: permission denied for schema public' 'GRANT CREATE, USAGE ON SCHEMA' -c 'CREATE TABLE _qetl_epochs (pipeline text, component text, epoch bigint NOT NULL, generation bigint NOT NULL, PRIMARY KEY (pipeline, component))' \
    -c 'GRANT SELECT, INSERT, UPDATE ON _qetl_epochs TO loader'
denied 'table: t' 'permission denied for table t' 'INSERT' -c 'GRANT INSERT ON t TO loader'
expect_exit 1 qetl conns test faults.yaml -s sinks.out.mode=upsert --json
expect_text out 'the right INSERT, SELECT, UPDATE on t is missing'
expect_exit 0 run_to 'table: t'
denied 'table: t, mode: truncate' 'permission denied for table t' 'GRANT TRUNCATE' -c 'GRANT TRUNCATE ON t TO loader'
expect_exit 0 run_to 'table: t, mode: truncate'
denied 'table: t, mode: upsert' 'cannot be staged: permission denied to create temporary tables' 'GRANT TEMPORARY ON DATABASE' -c 'GRANT TEMPORARY ON DATABASE shop TO loader'
denied 'table: t, mode: upsert' 'permission denied for table t' 'SELECT, UPDATE' -c 'GRANT SELECT, UPDATE ON t TO loader'
expect_exit 0 run_to 'table: t, mode: upsert'
denied 'table: t, mode: delete' 'permission denied for table t' 'DELETE' -c 'GRANT DELETE ON t TO loader'
expect_exit 0 run_to 'table: t, mode: delete'
denied 'table: t, mode: replace' 'permission denied for schema public|must be owner' 'GRANT CREATE|owns the table'
printf 'id,y\n1,a\n' >in.csv
denied 'table: t, new_columns: evolve' 'must be owner of table t' 'only who owns the table'
denied 'table: fresh' 'the table cannot be created: permission denied' 'create it, and set create: false'
printf 'id,x\n1,a\n2,b\n' >in.csv
sql -c 'REVOKE CONNECT ON DATABASE shop FROM PUBLIC'
denied 'table: t' 'permission denied for database' 'GRANT CONNECT ON DATABASE'
pg_to=$to

# who holds the row, and who is in the way of a truncation
sql -c 'TRUNCATE t' -c "INSERT INTO t VALUES (1, 'old'), (2, 'old')"
sql -c "BEGIN; UPDATE t SET x = 'held' WHERE id = 2; SELECT pg_sleep(600)" >/dev/null 2>&1 &
locker=$!
until_eq 'it is held' 1 sql -c "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND state = 'active' AND wait_event = 'PgSleep'"
holder=$(sql -c "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
expect_exit 3 run_to 'table: t, mode: upsert, lock_timeout_ms: 3000'
expect_text err "lock timeout \(pid $holder of q, active since"
expect_exit 3 run_to 'table: t, mode: truncate, lock_timeout_ms: 3000'
expect_text err "the table cannot be emptied: .*lock timeout \(pid $holder of q, active since"
into waits 'table: t, mode: upsert, lock_timeout_ms: 0'
background "$QETL" run waits.yaml -q
until_eq 'it waits' 1 waiting
interrupt_and_wait INT
expect_eq 'stopped while it waited for a row' "$code" 130
until_eq 'nothing is left of it there' 0 pg_sessions
sql -c "SELECT pg_terminate_backend($holder)" >/dev/null
wait "$locker" 2>/dev/null
expect_eq 'nobody has written' "$(sql -c 'SELECT * FROM t ORDER BY id' | paste -sd ' ')" '1|old 2|old'

# a deadlock costs the epoch, and is done again
sql -c "SET deadlock_timeout = '1h'" -c "BEGIN; UPDATE t SET x = 'other' WHERE id = 2" \
    -c "DO \$\$ BEGIN WHILE NOT EXISTS (SELECT FROM pg_locks WHERE NOT granted) LOOP PERFORM pg_sleep(0.01); END LOOP; END \$\$" \
    -c "UPDATE t SET x = 'other' WHERE id = 1" -c 'COMMIT' >other.out 2>&1 &
other=$!
until_eq 'a row is held' 1 sql -c "SELECT count(*) FROM pg_locks WHERE relation = 't'::regclass AND mode = 'RowExclusiveLock'"
batch_rows=1 into faults 'table: t, mode: upsert'
expect_exit 0 qetl run faults.yaml --log-level warn
expect_text err 'deadlock detected'
wait "$other"
expect_eq 'each wrote, one after the other' "$?, $(sql -c 'SELECT * FROM t ORDER BY id' | paste -sd ' ')" '0, 1|a 2|b'

# so does what the server could not serialize
sql -c 'CREATE TABLE tried (id int, x text)' -c 'CREATE SEQUENCE tries' \
    -c "CREATE FUNCTION tries() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN IF new.id = 2 AND nextval('tries') < 3 THEN RAISE 'could not serialize access' USING ERRCODE = '40001'; END IF; RETURN new; END \$\$" \
    -c 'CREATE TRIGGER tries BEFORE INSERT ON tried FOR EACH ROW EXECUTE FUNCTION tries()'
for mode in append upsert; do
    sql -c 'TRUNCATE tried' -c "SELECT setval('tries', 1, false)" -c 'CREATE UNIQUE INDEX IF NOT EXISTS tried_id ON tried (id)' >/dev/null 2>&1
    batch_rows=1 into faults "table: tried, mode: $mode, key: id"
    expect_exit 0 qetl run faults.yaml --no-state --log-level warn --json-file json
    expect_text err 'could not serialize access'
    expect_eq 'at the third time' "$(sql -c 'SELECT last_value FROM tries'), $(sql -c 'SELECT * FROM tried ORDER BY id' | paste -sd ' ')" '3, 1|a 2|b'
    expect_json json '.summary.balanced and .summary.rows_out == 2'
done

# a constraint that waits for the end of the epoch
sql -c 'CREATE TABLE child (id int PRIMARY KEY, x text, parent int DEFAULT 9 REFERENCES t DEFERRABLE INITIALLY DEFERRED)'
expect_exit 1 run_to 'table: child'
expect_text err 'the epoch cannot be committed: .*violates foreign key constraint "child_parent_fkey" \(Key \(parent\)=\(9\) is not present in table "t"\.\)'
expect_eq 'nothing was written' "$(sql -c 'SELECT count(*) FROM child')" 0
sql -c "INSERT INTO t VALUES (9, 'parent')"
expect_exit 0 run_to 'table: child'

# what depends on a table, and what refers to it
sql -c 'CREATE VIEW seen AS SELECT * FROM child'
expect_exit 2 run_to 'table: child, mode: replace'
expect_text err 'cannot drop table child because other objects depend on it'
expect_text err 'mode: truncate'
expect_eq 'it is as it was' "$(sql -c 'SELECT count(*) FROM seen')" 2
expect_exit 1 run_to 'table: t, mode: truncate'
expect_text err 'cannot truncate a table referenced in a foreign key constraint'
# rights go with a table that is replaced
sql -c 'DROP VIEW seen' -c 'GRANT SELECT ON child TO loader' -c 'GRANT UPDATE (x) ON child TO loader'
expect_exit 0 run_to 'table: child, mode: replace, key: id'
expect_eq 'the rights of others' "$(sql -c "SELECT has_table_privilege('loader', 'child', 'SELECT')"), $(sql -c "SELECT conname FROM pg_constraint WHERE conrelid = 'child'::regclass")" 't, child_pkey'

# somebody changes the table while rows are written: behind the first half of them
sql -c 'CREATE TABLE grows ()'
here() { sql -c 'SELECT count(*) FROM grows'; }
changed() { # POLICY ROWS CHANGE…: so many are there in the end; $code, and $numbers of the run
    local policy=$1 rows=$2
    shift 2
    sql -c 'DROP TABLE grows' -c 'CREATE TABLE grows (id int, x text)'
    (echo id,x && seq 1 2000 | sed 's/$/,x/') >in.csv
    every=5ms into grows "table: grows, new_columns: $policy"
    sed -i 's/path: in.csv/&, follow: true/' grows.yaml
    rm -rf dead-letters
    background "$QETL" run grows.yaml -q --full-refresh --json-file json
    until_eq 'it writes' 2000 here
    sql -c "$@"
    (seq 2001 3000 | sed 's/$/,x/' && seq 3001 4000 | sed 's/$/,/') >>in.csv
    for _ in $(seq 600); do
        kill -0 "$pid" 2>/dev/null && [ "$(here)" != "$rows" ] || break
        sleep 0.05
    done
    interrupt_and_wait INT
    numbers=$(jq -r '[.summary.rows_out, .summary.rows_rejected] | join(" ")' json)
    expect_json json '.summary.balanced'
}
told() { # PATTERN: it ends with one line that says so, and has written no more
    expect_eq 'it is told' "$code, $(grep -c 'error: ' err), $(here)" '2, 1, 2000'
    expect_text err "$1"
}
changed drop 4000 'ALTER TABLE grows ADD COLUMN more int DEFAULT 7, DROP COLUMN x'
expect_eq 'it went on with what there is' "$code, $numbers, $(sql -c 'SELECT count(*), count(DISTINCT id), sum(more) FROM grows')" '0, 4000 0, 4000|4000|28000'
changed evolve 4000 'ALTER TABLE grows DROP COLUMN x'
expect_eq 'it is added again' "$code, $numbers, $(sql -c 'SELECT count(*), count(x), min(id) FILTER (WHERE x IS NOT NULL) FROM grows')" '0, 4000 0, 4000|1000|2001'
changed reject 3000 'ALTER TABLE grows DROP COLUMN x'
expect_eq 'rows with a value for it are rejected' "$code, $numbers, $(sql -c 'SELECT count(*), count(*) FILTER (WHERE id BETWEEN 2001 AND 3000) FROM grows')" '0, 3000 1000, 3000|0'
expect_eq 'each has a letter' "$(jq -r .code dead-letters/grows.ndjson | sort | uniq -c | tr -s ' ')" ' 1000 new_column'
changed freeze 4000 'ALTER TABLE grows DROP COLUMN x'
told 'the table grows has no column x'
changed drop 4000 'ALTER TABLE grows ADD COLUMN must int NOT NULL DEFAULT 1; ALTER TABLE grows ALTER must DROP DEFAULT'
told 'the rows lack must, which is NOT NULL in grows'
changed freeze 4000 'ALTER TABLE grows ALTER COLUMN x TYPE varchar(3), ALTER COLUMN id TYPE bigint'
expect_eq 'of another type, that takes them' "$code, $numbers, $(sql -c 'SELECT count(*), count(DISTINCT id) FROM grows')" '0, 4000 0, 4000|4000'
changed freeze 4000 'ALTER TABLE grows ALTER COLUMN id TYPE boolean USING true'
told 'id of the rows is integer, and id of the table grows is boolean'

(echo id,x && seq 1 40000 | sed 's/$/,x/') >in.csv
sql -c 'CREATE TABLE cut (id int PRIMARY KEY, x text)'
for bytes in 1200 2600 4200 7000 -1; do
    pg_proxy $bytes
    pg_to="host: 127.0.0.1, port: $proxy_port, user: q"
    batch_rows=500 every=20ms into cut 'table: cut, sslmode: disable'
    qetl run cut.yaml -q --json-file json >out 2>err
    code=$?
    [ $bytes = -1 ] || expect_eq "cut behind $bytes bytes" "$code, $(grep -c 'error: ' err)" '1, 1'
    expect_json json '.summary == null or .summary.balanced != false or .ok == false'
done
pg_to=$to
expect_eq 'every row, once' "$code, $(sql -c 'SELECT count(*), min(id), max(id) FROM cut')" '0, 40000|1|40000'

# a stale run may not write where a later one was
into stale 'table: t, mode: upsert'
printf 'id,x\n1,z\n' >in.csv
expect_exit 0 qetl run stale.yaml -q
sql -c "UPDATE _qetl_epochs SET generation = 9223372036854775000 WHERE pipeline = 'stale'"
qetl run stale.yaml -q >out 2>err
expect_text err 'run 9223372036854775000 of the pipeline stale has written here'
