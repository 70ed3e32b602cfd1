#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Replays of dead letters that are killed and repeated; make soak-kills does thousands.
set -uo pipefail

here=$(dirname "$0")
count=150
case ${QETL_SANITIZER:-} in
'') ;;
address) count=40 ;;
*)
    echo "skipped: not under this sanitizer"
    exit 77
    ;;
esac
exec python3 "$here/proof/replays.py" "$count" "${SEED:-1}"
