#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Wide rows from PostgreSQL into PostgreSQL, more of them than --memory allows: `make soak-postgres` takes 20 GB of them.
# tsan: no
. "$(dirname "$0")/lib.sh"
expect_exit 0 env QETL="$QETL" "${PYTHON3:-python3}" "$root/tests/proof/postgres_wide.py" 200
expect_text out '3 passed, 0 failed'
grep 'GB in' out
