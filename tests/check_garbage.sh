#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Some hundred damaged states; make soak-faults has all of them.
set -uo pipefail

here=$(dirname "$0")
count=240
case ${QETL_SANITIZER:-} in
'') ;;
address)
    count=40
    export ASAN_OPTIONS="${ASAN_OPTIONS:-}:verify_asan_link_order=0" # what records calls is loaded first
    ;;
*)
    echo "skipped: not under this sanitizer"
    exit 77
    ;;
esac
exec python3 "$here/proof/garbage.py" "$count" "${SEED:-1}"
