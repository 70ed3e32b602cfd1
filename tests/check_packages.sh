#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Some kills of what changes installed packages; make soak-packages does a thousand.
set -uo pipefail

here=$(dirname "$0")
count=200
case ${QETL_SANITIZER:-} in
'') ;;
address) count=20 ;;
*)
    echo "skipped: not under this sanitizer"
    exit 77
    ;;
esac
exec python3 "$here/proof/packages.py" "$count" "${SEED:-1}"
