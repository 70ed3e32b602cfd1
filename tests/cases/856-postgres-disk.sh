#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The disk of the server is full while the sink `postgres` writes: one line that says so and what to do, whole epochs in the table, and the rest of the rows once there is room.
# tsan: no
# A file system of its own, which goes with the script.
[ -n "${own_mounts:-}" ] || exec unshare --mount --propagation private env own_mounts=1 bash "$0"
. "$(dirname "$0")/postgres-lib.sh"
pg_serve
mkdir small
mount -t tmpfs -o size=6m,mode=777 none small || fail 'no file system can be mounted: this runs as root'
chmod 755 . && pg_as mkdir "$scratch/small/space"
sql -c "CREATE TABLESPACE small LOCATION '$scratch/small/space'"
awk 'BEGIN { print "id,k,x"; for (i = 1; i <= 20000; i++) printf "%d,%d,%0800d\n", i, i % 4000, i }' >in.csv
for mode in append upsert; do
    key=id keys=20000
    [ $mode = append ] || key=k keys=4000
    sql -c "CREATE TABLE $mode (id int, k int, x text, PRIMARY KEY ($key)) TABLESPACE small"
    cat >$mode.yaml <<Y
name: $mode
batch_rows: 500
checkpoint: {every: 10ms}
sources: {in: {plugin: file, path: in.csv, format: {type: csv, types: {id: integer, k: integer, x: text}}}}
sinks: {out: {input: in, plugin: postgres, $pg_to, database: shop, table: $mode, mode: $mode}}
Y
    expect_exit 3 qetl run $mode.yaml -q --json-file json
    expect_eq 'one line tells it' "$(grep -c 'error: ' err)" 1
    expect_text err "sink 'out' \(postgres\): shop@.*: .*could not extend file .*: No space left on device"
    expect_text err 'make room on the server.s disks'
    expect_json json '.summary.balanced != false and .summary.rows_rejected == 0'
    # of an epoch all rows are there, or none: those from the first on, without a gap
    expect_eq 'no part of an epoch' "$(sql -c "SELECT count(*) = count(DISTINCT id) AND count(*) = least(coalesce(max(id), 0), $keys) AND coalesce(max(id), 0) < 20000 FROM $mode")" t
    mount -o remount,size=200m "$scratch/small"
    expect_exit 0 qetl run $mode.yaml -q
    expect_eq 'every row, once there is room' "$(sql -c "SELECT count(*), sum(id) FROM $mode")" "$keys|$((keys * (40001 - keys) / 2))"
    sql -c "DROP TABLE $mode" -c 'CHECKPOINT'
    mount -o remount,size=6m "$scratch/small"
done
# a query that the server sorts on its disk
sql -c "ALTER ROLE q SET temp_tablespaces = 'small'" -c "ALTER ROLE q SET work_mem = '64kB'"
pipeline sorts "query: 'SELECT i, repeat(md5(i::text), 16) AS x FROM generate_series(1, 40000) i ORDER BY md5(i::text)'" 'plugin: file, path: sorted.csv'
expect_exit 3 qetl run sorts.yaml -q --json-file json
expect_eq 'one line tells it' "$(grep -c 'error: ' err)" 1
expect_text err "source 'in' \(postgres\): shop@.*: .*could not write .*: No space left on device"
expect_text err 'make room on the server.s disks'
expect_absent sorted.csv
expect_json json '.summary == null or .summary.balanced'
mount -o remount,size=200m "$scratch/small"
expect_exit 0 qetl run sorts.yaml -q
expect_eq 'once there is room' "$(sed 1d sorted.csv | wc -l)" 40000
pg_stop immediate
umount small
