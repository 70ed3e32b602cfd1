#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The source rest keeps the rules of the ABI: `qetl plugin check`, against a server.
# tsan: no
. "$(dirname "$0")/rest-lib.sh"

[ -z "$QETL_SANITIZER" ] || skip_all 'the check starves malloc, which sanitizers do not take'
serve --rows 100
cat >options.json <<J
{"source rest": {"options": {"url": "$base/cursor", "private_hosts": ["127.0.0.1"], "records": "/data",
    "pagination": {"kind": "cursor", "param": "after", "from": "/next_cursor", "limit": 30}}}}
J
expect_exit 0 qetl plugin check "${QETL_PLUGIN_PATH%%:*}/rest_source.so" --options options.json --json
expect_json out '.result.broken == 0 and .result.held >= 39'
