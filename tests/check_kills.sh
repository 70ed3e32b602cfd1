#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Some hundred kills and what they leave; make soak-kills does thousands.
set -uo pipefail

here=$(dirname "$0")
count=360
case ${QETL_SANITIZER:-} in
'') ;;
address) count=60 ;;
*)
    echo "skipped: not under this sanitizer"
    exit 77
    ;;
esac
exec python3 "$here/proof/kills.py" "$count" "${SEED:-1}"
