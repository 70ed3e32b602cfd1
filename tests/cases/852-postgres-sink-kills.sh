#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The sink `postgres` in each of its modes, killed in all phases of an epoch, and its server with it: every row once, no former one, nothing left behind. `make
# soak-postgres` does it some thousand times.
# tsan: no
. "$(dirname "$0")/lib.sh"
kills=50 restarts=2
[ -z "$QETL_SANITIZER" ] || kills=10 restarts=1
expect_exit 0 env QETL_BUILD="$QETL_BUILD" QETL_TEST_PLUGINS="$QETL_TEST_PLUGINS" "${PYTHON3:-python3}" "$root/tests/proof/postgres_kills.py" $kills "${SEED:-1}" $restarts
expect_text out "restarts of the server: [1-9]"
expect_text out '[1-9][0-9]* passed, 0 failed'
grep '^  ' out
