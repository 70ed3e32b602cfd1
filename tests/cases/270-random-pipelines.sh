#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Random pipelines of the plugins, in every mode, looked into, stopped and asked to end: each output is as foretold.
# tsan: no (the program runs there by itself)
. "$(dirname "$0")/lib.sh"

expect_exit 0 timeout -k 5 100 "$QETL_TOOLS/stress_pipes" 150 "${SEED:-1}000"
expect_text out '^150 passed, 0 failed$'
sed 's/^/# /' out
