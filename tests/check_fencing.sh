#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Stale processes change nothing.
set -uo pipefail

here=$(dirname "$0")
count=50
case ${QETL_SANITIZER:-} in
'') ;;
address)
    count=10
    ;;
*)
    echo "skipped: not under this sanitizer"
    exit 77
    ;;
esac
exec python3 "$here/proof/fencing.py" "$count" "${SEED:-1}"
