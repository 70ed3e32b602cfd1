#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A database that was removed or set back since the run was cut short knows less than the state: to go on would lose rows.
. "$(dirname "$0")/lib.sh"

{
    echo n
    seq 1 40000
} >in.csv
cat >p.yaml <<'YAML'
name: set-back
batch_bytes: 4KiB
checkpoint: {every: 50ms}
sources: {in: {plugin: file, path: in.csv}}
sinks: {out: {plugin: sqlite, input: in, path: out.db, table: t, rate_limit: 20000/s}}
YAML
rows() { sqlite3 out.db 'select count(*), count(distinct n) from t'; }

cut_short() {
    "$QETL" run p.yaml >/dev/null 2>&1 &
    pid=$!
    for _ in $(seq 600); do
        sleep 0.1
        [ "$(sqlite3 out.db 'select max(epoch) > 3 from _qetl_epochs' 2>/dev/null)" = 1 ] && break
    done
    kill -KILL $pid
    wait $pid 2>/dev/null
}
cut_short
expect_eq 'it was cut short' "$(rows | grep -c '40000')" 0
expect_exit 0 qetl run p.yaml
expect_eq rows "$(rows)" '40000|40000'

# Removed.
rm -f out.db*
cut_short
rm -f out.db*
expect_exit 1 qetl run p.yaml
expect_text err "sink 'out' \(sqlite\): it knows of no epoch, but the state of the run with epoch [0-9]+: the rows between would be lost"
expect_text err 'full-refresh'
expect_exit 0 qetl run p.yaml --full-refresh
expect_eq rows "$(rows)" '40000|40000'

# Set back to how it was at an earlier epoch.
rm -f out.db*
cut_short
sqlite3 out.db 'update _qetl_epochs set epoch = epoch - 1'
expect_exit 1 qetl run p.yaml
expect_text err "it ends with epoch [0-9]+, but the state of the run with epoch [0-9]+"
sqlite3 out.db 'update _qetl_epochs set epoch = epoch + 1'
expect_exit 0 qetl run p.yaml
expect_eq rows "$(rows)" '40000|40000'
