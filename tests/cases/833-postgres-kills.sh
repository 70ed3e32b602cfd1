#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The source `postgres` is killed again and again, and goes on behind its key: every row comes once, also by incremental loading of a table that grows
# meanwhile, and nothing of a killed run is left at the server.
# tsan: no
. "$(dirname "$0")/postgres-lib.sh"
RANDOM=${SEED:-1}
echo "# seed ${SEED:-1}"
pg_serve
sql -c "CREATE TABLE t (id bigint, part text, n numeric(12,2), at timestamptz, PRIMARY KEY (part, id))" \
    -c "INSERT INTO t SELECT i, 'p' || i % 7, i / 4.0, timestamptz '2024-01-01 00:00:00+00' + i * interval '1 second' FROM generate_series(1, 150000) i" -c 'ANALYZE'

# until_done PIPELINE KILLS: starts it again and again, and kills it, later where it decided no epoch before
until_done() {
    local kills=0 epoch=0 status="" resumed=0 patience=40 wait before=0
    told=true
    while :; do
        "$QETL" run "$1" --json >out 2>err </dev/null &
        pid=$!
        if [ $kills -lt "$2" ]; then
            wait=$((patience + RANDOM % 150))
            sleep "$((wait / 1000)).$(printf %03d $((wait % 1000)))"
            kill -KILL "$pid" 2>/dev/null && kills=$((kills + 1))
        fi
        wait "$pid" 2>/dev/null
        code=$?
        [ $code = 137 ] || break
        before=$epoch
        qetl state list --json | jq -r --arg of "${1%.yaml}" \
            '.result.states[] | select(.pipeline == $of) | [.status, if .stage == "prepared" or .stage == "none" then 0 else .epoch end] | @tsv' |
            IFS=$'\t' read -r status epoch
        epoch=${epoch:-0} # it was killed before it had a state
        if [ "$epoch" = "$before" ]; then
            patience=$((2 * patience)) # it needs longer here to get anywhere
        else
            resumed=$((resumed + 1))
        fi
        [ "$1" = k.yaml ] && [ "$status" = finished ] && code=0 told=false && break # it was killed on its way out; of loads, the next says that nothing is new
    done
    $told || echo '# it was killed once it had finished, before it said so'
    echo "# $1: $kills kills, $resumed of them behind an epoch"
}
in_order() {
    sql -c "COPY (SELECT * FROM t ORDER BY part, id) TO STDOUT (FORMAT csv)"
}

# A key of two columns; a batch at a time, so that kills come between them.
pipeline k 'table: t, key: [part, id]' 'plugin: file, path: k.csv, if_exists: append'
printf 'checkpoint: {every: 5ms}\nbatch_rows: 500\n' >>k.yaml
until_done k.yaml 12
expect_eq 'it ended well' "$code" 0
expect_eq 'every row, once, in the order of the key' "$(sed 1d k.csv | md5sum)" "$(in_order | md5sum)"
! $told || expect_json out '.summary.balanced'

# What is new, by a cursor, while rows are added between the runs.
sed "s/^name: k/name: i/; s/table: t, key: \[part, id\]/table: t, key: [at, part, id], incremental: {cursor: at, key: [part, id]}/; s/k\.csv/i.csv/" k.yaml >i.yaml
for load in 1 2 3; do
    until_done i.yaml 4
    expect_eq "load $load ended well" "$code" 0
    expect_eq "load $load: every row, once" "$(sed 1d i.csv | sort | md5sum)" "$(in_order | sort | md5sum)"
    sql -c "INSERT INTO t SELECT i, 'new$load', i, timestamptz '2025-01-01 00:00:00+00' + ($load * 100000 + i) * interval '1 second' FROM generate_series(1, 20000) i"
done
sql -c 'CREATE INDEX ON t (at)' -c 'ANALYZE t'
expect_exit 0 qetl run i.yaml -q --json-file json
expect_eq 'the last load' "$(sed 1d i.csv | sort | md5sum)" "$(in_order | sort | md5sum)"
expect_json json '[.result.components[] | select(.id == "in") | .rows_in <= 20001] | any' # the rest stayed at the server
until_eq 'sessions that are left' 0 pg_sessions
