#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Letters of runs that follow one another and are killed, with state and without; make soak-kills does thousands.
set -uo pipefail

here=$(dirname "$0")
count=80
case ${QETL_SANITIZER:-} in
'') ;;
address) count=40 ;;
*)
    echo "skipped: not under this sanitizer"
    exit 77
    ;;
esac
exec python3 "$here/proof/kills.py" "$count" "${SEED:-1}" repeated
