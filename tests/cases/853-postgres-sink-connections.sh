#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# How the sink `postgres` comes to its server, and what `conns test` says of it; the example in docs/examples/postgres.
# tsan: no
. "$(dirname "$0")/postgres-lib.sh"
pg_serve
pg_tls
pg_restart
pg_hba 'host all loader 127.0.0.1/32 scram-sha-256' 'hostssl all secure 127.0.0.1/32 cert'
sql -c "CREATE ROLE loader LOGIN PASSWORD 'pass word:1'" -c 'CREATE ROLE reader LOGIN' -c 'CREATE SCHEMA sales' -c 'GRANT ALL ON SCHEMA public, sales TO loader, reader' \
    -c "CREATE FUNCTION is_tls() RETURNS bool LANGUAGE sql AS 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()'" \
    -c "CREATE TABLE t (id int, who text DEFAULT current_user, name text DEFAULT current_setting('application_name'), tls bool DEFAULT is_tls())" \
    -c 'ALTER TABLE t OWNER TO loader'
export HOME=$scratch/house
mkdir house
printf 'id\n1\n' >in.csv
# writes WHAT WANTED OPTIONS: what the session was that wrote; fails CODE PATTERN OPTIONS
run_with() {
    cat >p.yaml <<Y
name: p
sources: {in: {plugin: file, path: in.csv, format: {type: csv, types: {id: integer}}}}
sinks: {out: {input: in, plugin: postgres, retry: {attempts: 1}, table: t, $1}}
Y
    qetl run p.yaml -q --no-state
}
writes() {
    expect_exit 0 run_with "$3"
    expect_eq "$1" "$(sql -c 'DELETE FROM t RETURNING who, name, tls')" "$2"
}
fails() {
    expect_exit "$1" run_with "$3"
    expect_text err "$2"
}
local="host: 127.0.0.1, port: $pg_port, database: shop, user: loader"
writes 'a password, a name' 'loader|nightly load|f' "$local, password: 'pass word:1', sslmode: disable, application_name: nightly load"
fails 3 'password authentication failed' "$local, password: wrong"
printf '127.0.0.1:%s:shop:loader:pass word\\:1\n' "$pg_port" >house/other
chmod 600 house/other
writes 'a password file' 'loader|qetl|f' "$local, passfile: '$PWD/house/other', sslmode: disable"
writes 'TLS' 'loader|qetl|t' "$local, passfile: '$PWD/house/other', sslmode: verify-full, sslrootcert: ca.crt"
pg_hba 'hostssl all reader 127.0.0.1/32 cert'
sql -c 'ALTER TABLE t OWNER TO reader'
writes 'a certificate' 'reader|qetl|t' "host: 127.0.0.1, port: $pg_port, database: shop, user: reader, sslmode: verify-full, sslrootcert: ca.crt, sslcert: reader.crt, sslkey: reader.key"
printf '[shop]\nhost=%s\nport=%s\ndbname=shop\nuser=q\n' "$pg_socket" "$pg_port" >house/.pg_service.conf
writes 'a service' 'q|qetl|f' 'service: shop'
pg_proxy 0
fails 1 'no answer within 200 ms' "host: 127.0.0.1, port: $proxy_port, user: q, connect_timeout_ms: 200, sslmode: disable"
sql -c "CREATE FUNCTION nap() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(60); RETURN new; END'" -c 'CREATE TRIGGER nap BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION nap()'
fails 3 'statement timeout' 'service: shop, statement_timeout_ms: 300'
expect_text err 'statement_timeout_ms'

# what is told before a run
sql -c 'DROP TRIGGER nap ON t' -c 'CREATE VIEW seen AS SELECT 1 AS id'
sed -i 's/table: t, .*/table: t, service: shop, mode: upsert}}/' p.yaml
for line in 'table: t|ok|table public.t of 4 columns (mode: append)' 'table: new, mode: replace|ok|there is no table new yet, and it can be made in public (mode: replace)' \
    'table: new, mode: delete|failed|there is no table new' 'table: new, create: false|failed|there is no table new' 'table: seen|failed|seen is a view' \
    'table: new, schema: none|failed|there is no schema none'; do
    IFS='|' read -r options status says <<<"$line"
    sed -i "s/retry: {attempts: 1}.*/retry: {attempts: 1}, service: shop, $options}}/" p.yaml
    qetl conns test p.yaml --json >out 2>err
    expect_json out ".result.connections[] | select(.component == \"out\") | .status == \"$status\" and (.says | contains(\"$says\"))"
done
expect_eq 'nothing was made' "$(sql -c "SELECT count(*) FROM pg_class WHERE relname IN ('new', '_qetl_epochs')")" 0

# the example, against this server in place of the one that it names
pg_hba 'host all loader 127.0.0.1/32 scram-sha-256'
mkdir secrets
printf 'pass word:1' >secrets/SHOP_PASSWORD
chmod 600 secrets/*
cp "$root/docs/examples/postgres/load.yaml" .
example() {
    expect_exit 0 qetl run load.yaml -q --secrets-dir secrets -s sinks.out.host=127.0.0.1 -s sinks.out.port="$pg_port" -s sinks.out.sslrootcert="$scratch/ca.crt"
}
expect_exit 0 qetl lint load.yaml --secrets-dir secrets
printf 'order_id,updated_at,total\n1,2024-01-01T00:00:00Z,10.50\n2,2024-01-01T00:00:00Z,20\n' >orders.csv
example
printf 'order_id,updated_at,total,note\n2,2024-01-02T00:00:00Z,25,more\n3,2024-01-02T00:00:00Z,30,\n' >orders.csv
example
expect_eq 'new ones, and new values' "$(sql -c 'SELECT order_id, total, note FROM sales.orders ORDER BY 1' | paste -sd ' ')" '1|10.50| 2|25.00|more 3|30.00|'
# state tells how far the database came
expect_exit 0 qetl run load.yaml -q --secrets-dir secrets -s sinks.out.host=127.0.0.1 -s sinks.out.port="$pg_port" -s sinks.out.sslrootcert="$scratch/ca.crt"
expect_eq 'epochs' "$(sql -c "SELECT count(*) FROM sales._qetl_epochs WHERE pipeline = 'load-orders' AND epoch >= 3")" 1

# the rights that the page lists for each mode are enough, and each is needed
sed -n '/^```sql$/,/^```$/p' "$root/docs/reference/sink-postgres.md" | sed '/^```/d; s/loader/newcomer/g' >rights.sql
sql -c 'REVOKE CONNECT, TEMPORARY ON DATABASE shop FROM PUBLIC' -c 'DROP TABLE sales._qetl_epochs'
grep -v -- ' -- ' rights.sql | sql
pg_hba 'local all newcomer trust'
printf 'id,x\n1,a\n2,b\n' >in.csv
loads() { # MODE
    sql -c 'TRUNCATE sales.orders' -c "INSERT INTO sales.orders (id, x) VALUES (9, 'former')"
    cat >rights.yaml <<Y
name: rights-$1
sources: {in: {plugin: file, path: in.csv, format: {type: csv, types: {id: integer}}}}
sinks: {out: {input: in, plugin: postgres, retry: {attempts: 1}, host: $pg_socket, port: $pg_port, user: newcomer, database: shop, schema: sales, table: orders, mode: $1, key: id}}
Y
    qetl run rights.yaml -q
}
lines=0
while IFS= read -r line; do
    for mode in $(sed 's/.*-- //; s/,//g' <<<"$line"); do
        sql -c 'DROP TABLE IF EXISTS sales.orders' -c 'CREATE TABLE sales.orders (id int PRIMARY KEY, x text)'
        [ "$mode" != scd2 ] || sql -c 'ALTER TABLE sales.orders ADD valid_from timestamptz DEFAULT now(), ADD valid_to timestamptz, ADD is_current bool DEFAULT true'
        sql -c "${line% --*}"
        expect_exit 0 loads "$mode"
        for right in $(sed 's/GRANT \(.*\) ON.*/\1/; s/,//g' <<<"$line"); do
            sql -c "REVOKE $right ON sales.orders FROM newcomer"
            expect_exit 3 loads "$mode"
            sql -c "${line% --*}"
        done
        lines=$((lines + 1))
    done
done < <(grep -- ' -- ' rights.sql)
expect_eq 'modes of the page' "$lines" 5
