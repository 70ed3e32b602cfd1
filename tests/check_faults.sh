#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Some hundred calls and allocations that fail; make soak-faults has each of them fail.
set -uo pipefail

here=$(dirname "$0")
count=240
case ${QETL_SANITIZER:-} in
'') ;;
*)
    echo "skipped: what makes calls fail is called before a sanitizer is ready"
    exit 77
    ;;
esac
python3 "$here/proof/faults.py" "$count" "${SEED:-1}" && # and what hinders reading a state that is there
    exec python3 "$here/proof/faults.py" 120 "${SEED:-1}" read,stat increment-both
