#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# How the source `postgres` comes to its server: users, passwords, password files, services, TLS; and what it says where it does not.
# tsan: no
. "$(dirname "$0")/postgres-lib.sh"
pg_serve
pg_hba 'host all reader 127.0.0.1/32 scram-sha-256' 'hostssl all secure 127.0.0.1/32 scram-sha-256' 'hostssl all reader ::1/128 scram-sha-256'
sql -c "CREATE ROLE reader LOGIN PASSWORD 'pass word:1'" -c "CREATE ROLE secure LOGIN PASSWORD 'x'" -c 'CREATE TABLE t (id int)' -c 'INSERT INTO t VALUES (1)' \
    -c 'CREATE SCHEMA sales' -c 'CREATE TABLE sales.orders (id int)' -c 'INSERT INTO sales.orders VALUES (7)' -c 'CREATE TABLE hidden (id int)'
sql -c 'GRANT SELECT ON t TO reader, secure'
export HOME=$scratch/house
mkdir house
local="host: 127.0.0.1, port: $pg_port"
fails() { # CODE PATTERN OPTIONS
    expect_exit "$1" read_pg "$3"
    expect_text err "$2"
    expect_eq 'one line tells it' "$(grep -c 'error: ' err)" 1
}
reads() {
    expect_exit 0 read_pg "$1"
    expect_eq "$2" "$(paste -sd ' ' out)" "id ${3:-1}"
}

# who
export QETL_PASSWORD='pass word:1'
export pg_to="$local, user: reader"
reads "password: '\${QETL_PASSWORD}', table: t" 'a password'
fails 3 'password authentication failed' 'password: wrong, table: t'
expect_text err 'password file'
fails 3 'no password supplied' 'table: t'
expect_no_text err "pass word"
printf '127.0.0.1:%s:shop:reader:pass word\\:1\n' "$pg_port" >house/.pgpass
chmod 600 house/.pgpass
reads 'table: t' 'the password file'
mv house/.pgpass house/other
fails 3 'no password supplied' 'table: t'
reads "passfile: '$PWD/house/other', table: t" 'another password file'
chmod 644 house/other
fails 3 'no password supplied' "passfile: '$PWD/house/other', table: t"
chmod 600 house/other
pg_to="$local, user: nobody"
fails 3 'no pg_hba.conf entry|role "nobody" does not exist' 'table: t'
pg_to="$local, user: q"
pg_database=none fails 2 'database "none" does not exist' 'table: t'

# a role that may read, and nothing else
pg_to="$local, user: reader, passfile: '$PWD/house/other'"
fails 3 'permission denied for table hidden' 'table: hidden'
expect_text err 'GRANT SELECT'
fails 3 'permission denied for schema sales' 'schema: sales, table: orders'
sql -c 'GRANT USAGE ON SCHEMA sales TO reader'
fails 3 'permission denied for table orders' 'schema: sales, table: orders'
sql -c 'GRANT SELECT (id) ON sales.orders TO reader'
reads 'schema: sales, table: orders' 'what the page says is enough' 7

# a service, and the environment
printf '[shop]\nhost=127.0.0.1\nport=%s\ndbname=shop\nuser=reader\npassword=pass word:1\n' "$pg_port" >house/.pg_service.conf
sed "s/{plugin.*}}/{plugin: postgres, service: shop, table: t}}/" reading.yaml >service.yaml
expect_exit 0 qetl run service.yaml -q
expect_eq 'a service' "$(paste -sd ' ' out)" 'id 1'
expect_exit 2 qetl run service.yaml -q -s sources.in.service=none
expect_text err 'definition of service "none" not found'
sed "s/{plugin.*}}/{plugin: postgres, table: t}}/" reading.yaml >environment.yaml
PGHOST=$pg_socket PGPORT=$pg_port PGUSER=q PGDATABASE=shop expect_exit 0 qetl run environment.yaml -q
expect_eq 'the environment' "$(paste -sd ' ' out)" 'id 1'

# what the server calls it
pg_to="$local, user: q"
expect_exit 0 read_pg "query: \"SELECT current_setting('application_name') AS id\""
expect_eq 'its name' "$(paste -sd ' ' out)" 'id qetl'
expect_exit 0 read_pg "application_name: nightly export, query: \"SELECT current_setting('application_name') AS id\""
expect_eq 'another name' "$(paste -sd ' ' out)" 'id nightly export'

# TLS
pg_to="$local, user: reader, password: 'pass word:1'"
fails 3 'server does not support SSL' 'sslmode: require, table: t'
pg_tls
pg_restart
tls="query: 'SELECT count(*) AS id FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl'"
reads "$tls, sslmode: disable" 'without' 0
reads "$tls, sslmode: require" 'with'
reads "$tls, sslmode: prefer" 'if it can be had'
reads "$tls, sslmode: allow" 'if there has to be' 0
fails 2 'root certificate file' 'table: t, sslmode: verify-ca'
expect_text err 'sslrootcert'
reads "$tls, sslmode: verify-ca, sslrootcert: ca.crt" 'of a known authority'
reads "$tls, sslmode: verify-full, sslrootcert: ca.crt" 'and with its name'
openssl req -x509 -newkey rsa:2048 -nodes -keyout other.key -out other.crt -days 2 -subj '/CN=another' 2>/dev/null
fails 3 'certificate verify failed' 'table: t, sslmode: verify-full, sslrootcert: other.crt'
pg_to="$local, user: secure, password: x"
fails 3 'no pg_hba.conf entry' 'table: t, sslmode: disable'
reads 'table: t, sslmode: require' 'TLS that the server asks for'
# a certificate of the client
pg_hba 'hostssl all reader 127.0.0.1/32 cert'
pg_to="$local, user: reader, sslmode: verify-full, sslrootcert: ca.crt"
fails 3 'valid client certificate|certificate' 'table: t'
reads 'table: t, sslcert: reader.crt, sslkey: reader.key' 'a certificate of its own'
chmod 644 reader.key
fails 2 'private key file' 'table: t, sslcert: reader.crt, sslkey: reader.key'
pg_hba 'host all reader 127.0.0.1/32 scram-sha-256'
# another host than this one is verified if nothing else is said; a name that leads here stands in for one
name=$(hostname)
if getent hosts "$name" >/dev/null && [ "$name" != localhost ]; then
    sql -c "ALTER SYSTEM SET listen_addresses = '*'"
    pg_hba 'host all reader all scram-sha-256'
    pg_restart
    pg_to="host: $name, port: $pg_port, user: reader, password: 'pass word:1'"
    fails 2 'root certificate file' 'table: t'
    fails 3 'does not match host name' 'table: t, sslrootcert: ca.crt'
    reads "$tls, sslmode: prefer" 'less where it is said'
    sed "s/{plugin.*}}/{plugin: postgres, service: away, table: t}}/" reading.yaml >away.yaml
    printf '[away]\nhost=%s\nport=%s\ndbname=shop\nuser=reader\npassword=pass word:1\n' "$name" "$pg_port" >house/.pg_service.conf
    expect_exit 2 qetl run away.yaml -q
    expect_text err 'root certificate file'
    echo sslmode=require >>house/.pg_service.conf
    expect_exit 0 qetl run away.yaml -q
    printf '[away]\nhostaddr=127.0.0.2\nport=%s\ndbname=shop\nuser=reader\npassword=pass word:1\n' "$pg_port" >house/.pg_service.conf
    expect_exit 2 qetl run away.yaml -q
    expect_text err 'root certificate file'
    PGHOST=$name PGPORT=$pg_port PGUSER=reader PGPASSWORD='pass word:1' PGDATABASE=shop expect_exit 2 qetl run environment.yaml -q
    expect_text err 'root certificate file'
fi

# the example in docs/examples/postgres, run against this server in place of the one that it names
pg_hba 'host all reader 127.0.0.1/32 scram-sha-256'
sql -c 'DROP TABLE sales.orders' -c 'CREATE TABLE sales.orders (order_id int PRIMARY KEY, updated_at timestamptz NOT NULL, paid bool, total numeric(10,2))' \
    -c "INSERT INTO sales.orders SELECT i, timestamptz '2024-01-01 00:00:00+00' + i * interval '1 hour', i % 2 = 0, i FROM generate_series(1, 204) i" \
    -c 'GRANT SELECT ON sales.orders TO reader'
mkdir secrets
printf 'pass word:1' >secrets/SHOP_PASSWORD
chmod 600 secrets/*
cp "$root/docs/examples/postgres/orders.yaml" .
example() {
    expect_exit 0 qetl run orders.yaml -q --secrets-dir secrets -s sources.orders.host=127.0.0.1 -s sources.orders.port="$pg_port" -s sources.orders.sslrootcert="$scratch/ca.crt"
}
expect_exit 0 qetl lint orders.yaml --secrets-dir secrets
example
expect_eq 'the paid ones' "$(sed 1d orders.csv | cut -d, -f1 | paste -sd ' ')" "$(seq 102 2 204 | paste -sd ' ')"
sql -c "INSERT INTO sales.orders VALUES (205, '2024-02-01', true, 500)" -c "UPDATE sales.orders SET updated_at = '2024-02-02', total = 1000 WHERE order_id = 1"
sql -c "UPDATE sales.orders SET updated_at = '2024-02-02', total = 1000 WHERE order_id = 2"
example
expect_eq 'what is new' "$(sed 1d orders.csv | tail -n +53 | cut -d, -f1,4 | paste -sd ' ')" '205,500.00 2,1000.00'
