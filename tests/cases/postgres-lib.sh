# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# A PostgreSQL server for scenarios, beside lib.sh: a cluster of its own in a temporary folder, on its own socket and port of
# 127.0.0.1, as another user where this one is root. It ends with the script.
#
#   pg_serve [SETTING…]   starts it; $pg_socket (a folder), $pg_port, $pg_log; superuser q, database shop
#   pg_tls                certificates: $pg_ca, and the server's for localhost; TLS from the next pg_restart on
#   pg_hba LINE…          in front of what stands there; loaded at once
#   sql [ARGUMENT…]       psql as q, unaligned, without headers
#   pg_sessions           how many of the server's are qetl's
#   until_eq WHAT WANTED COMMAND…   as expect_eq, once what the command says is so, or half a minute is over
#   pg_stop MODE, pg_restart
#   read_pg OPTIONS       rows as CSV in `out`; options beside the connection, in one line of YAML
#   pipeline NAME OPTIONS SINK   NAME.yaml, as $pg_to says: the options of the connection
#   expect_stops          runs that are stopped while the server is at work, or with rows under way, leave no statement there
#   pg_proxy BYTES        a way to the server that is cut behind so many bytes from it (-1: never; 0: nothing passes); $proxy_port, which stays

[ -n "${scratch:-}" ] || . "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
late_libraries
for variable in $(compgen -e | grep '^PG'); do unset "$variable"; done
pg_bin=$(for folder in /usr/lib/postgresql/*/bin; do echo "$folder"; done | sort -V | tail -n 1)
pg_folder=
pg_database=shop

pg_as() {
    if [ "$(id -u)" = 0 ]; then
        (cd "$pg_folder" && runuser -u "$(id -un postgres 2>/dev/null || echo nobody)" -- "$@")
    else
        (cd "$pg_folder" && "$@")
    fi
}

pg_free_port() {
    "${PYTHON3:-python3}" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

pg_up() {
    pg_as "$pg_bin/pg_ctl" -D data -w -t 120 -l log start >/dev/null 2>&1
}

pg_serve() {
    [ -x "$pg_bin/initdb" ] || {
        fail 'there is no PostgreSQL server (postgresql-15)'
        exit 1
    }
    pg_folder=$(mktemp -d)
    chmod 755 "$pg_folder"
    [ "$(id -u)" != 0 ] || chown "$(id -un postgres 2>/dev/null || echo nobody)" "$pg_folder"
    pg_socket=$pg_folder pg_log=$pg_folder/log
    pg_as "$pg_bin/initdb" -D data -A trust -U q --lc-collate=C.UTF-8 --lc-ctype=C.UTF-8 -E UTF8 -N >"$scratch/initdb.log" 2>&1 || {
        fail 'initdb' "$(cat "$scratch/initdb.log")"
        exit 1
    }
    local attempt
    for attempt in 1 2 3 4 5; do # somebody may take the port in between
        pg_port=$(pg_free_port)
        printf '%s\n' "listen_addresses = '127.0.0.1'" "port = $pg_port" "unix_socket_directories = '$pg_folder'" 'fsync = off' \
            'shared_buffers = 64MB' 'autovacuum = off' 'jit = off' 'max_wal_size = 256MB' "$@" >"$scratch/settings"
        pg_as tee data/postgresql.auto.conf <"$scratch/settings" >/dev/null
        pg_up && break
    done
    export pg_to="host: $pg_socket, port: $pg_port, user: q"
    psql -h "$pg_socket" -p "$pg_port" -U q -d postgres -X -q -c 'CREATE DATABASE shop' || {
        fail "the server did not start ($attempt)" "$(tail -n 20 "$pg_log")"
        exit 1
    }
}

pg_stop() {
    pg_as "$pg_bin/pg_ctl" -D data -m "$1" -w -t 120 stop >/dev/null 2>&1
}

pg_restart() {
    pg_stop fast
    pg_up || fail 'the server did not start again' "$(tail -n 20 "$pg_log")"
}

pg_hba() {
    printf '%s\n' "$@" 'local all q trust' 'host all q 127.0.0.1/32 trust' >"$scratch/hba"
    pg_as tee data/pg_hba.conf <"$scratch/hba" >/dev/null
    pg_as "$pg_bin/pg_ctl" -D data reload >/dev/null
}

pg_tls() {
    pg_ca=$scratch/ca.crt
    {
        openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 2 -subj '/CN=an authority' &&
            openssl req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=localhost &&
            openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -out server.crt \
                -extfile <(echo 'subjectAltName=DNS:localhost,IP:127.0.0.1') &&
            openssl req -newkey rsa:2048 -nodes -keyout reader.key -out reader.csr -subj /CN=reader &&
            openssl x509 -req -in reader.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -out reader.crt
    } >openssl.log 2>&1 || fail 'certificates' "$(tail -n 5 openssl.log)"
    chmod 600 reader.key
    local file
    for file in ca.crt server.crt server.key; do
        pg_as sh -c "umask 077; cat >data/$file" <"$file"
    done
    sql -c "ALTER SYSTEM SET ssl = on" -c "ALTER SYSTEM SET ssl_ca_file = 'ca.crt'"
}

pg_proxy() {
    [ -z "${proxy:-}" ] || kill "$proxy" 2>/dev/null
    rm -f proxy.port
    "${PYTHON3:-python3}" "$root/tests/tcp_cutter.py" "$pg_port" "$1" proxy.port "${proxy_port:-0}" 2>proxy.err &
    proxy=$!
    for _ in $(seq 600); do
        [ -s proxy.port ] && break
        sleep 0.05
    done
    proxy_port=$(cat proxy.port)
}

sql() {
    psql -h "$pg_socket" -p "$pg_port" -U q -d shop -X -q -A -t -v ON_ERROR_STOP=1 "$@"
}

pg_sessions() {
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

pg_away() {
    [ -z "${proxy:-}" ] || kill "$proxy" 2>/dev/null
    [ -n "$pg_folder" ] || return 0
    pg_stop immediate
    rm -rf "$pg_folder"
}

pg_end() {
    status=$?
    pg_away
    (exit $status)
    finish
}
trap pg_end EXIT

pipeline() {
    cat >"$1.yaml" <<Y
name: $1
sources: {in: {plugin: postgres, $pg_to, database: $pg_database, $2}}
sinks: {out: {input: in, $3}}
Y
}

read_pg() {
    pipeline reading "$1" 'plugin: stdout, format: csv'
    rm -rf dead-letters
    qetl run reading.yaml -q
}

expect_stops() {
    pipeline sleeps "query: 'SELECT pg_sleep(600)::text AS x'" 'plugin: file, path: sleeps.csv'
    background "$QETL" run sleeps.yaml -q
    until_eq 'it is at work' 1 sql -c "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'qetl' AND state = 'active'"
    interrupt_and_wait INT
    expect_eq 'stopped in the middle of a statement' "$code" 130
    until_eq 'the statement is cancelled' 0 pg_sessions
    pipeline few "query: 'SELECT generate_series(1, 1000000000) AS i'" 'plugin: file, path: few.csv'
    sed -i 's/^sinks: {out: {input: in/transforms: {some: {plugin: limit, input: in, rows: 5}}\nsinks: {out: {input: some/' few.yaml
    expect_exit 0 qetl run few.yaml -q
    expect_eq 'a limit' "$(sed 1d few.csv | paste -sd ' ')" '1 2 3 4 5'
    until_eq 'the statement is cancelled' 0 pg_sessions
}
