#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Some hundred calls and allocations that fail; make soak-faults has each of them fail.
set -uo pipefail

here=$(dirname "$0")
count=240
case ${QETL_SANITIZER:-} in
'') ;;
address)
    count=60
    export ASAN_OPTIONS="${ASAN_OPTIONS:-}:verify_asan_link_order=0" # allocations come by the shim first
    ;;
*)
    echo "skipped: not under this sanitizer"
    exit 77
    ;;
esac
python3 "$here/proof/faults.py" "$count" "${SEED:-1}" && # and what hinders reading a state that is there
    exec python3 "$here/proof/faults.py" $((count / 2)) "${SEED:-1}" read,stat increment-both
