#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# docs/reference/expressions.md says what the tables of functions say.
set -uo pipefail

page=$QETL_SOURCE/docs/reference/expressions.md
if diff -u "$page" <("$QETL_TOOLS/expr_docs_driver"); then
    echo "1 passed, 0 failed"
else
    echo "FAIL write it anew: tests/bin/expr_docs_driver >docs/reference/expressions.md"
    echo "0 passed, 1 failed"
    exit 1
fi
