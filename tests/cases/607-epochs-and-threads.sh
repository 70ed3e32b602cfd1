#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs of many threads with a barrier each millisecond, of which some are ended midway and go on: nothing is lost, doubled
# or, under ThreadSanitizer, raced for.
. "$(dirname "$0")/lib.sh"

export QETL_BUILD QETL_TEST_PLUGINS QETL_PROOF=$QETL
expect_exit 0 python3 "$root/tests/proof/threads.py" 20 "${SEED:-1}"
expect_text out '^20 passed, 0 failed$'
grep -v '^[0-9]* passed' out # what else it says
