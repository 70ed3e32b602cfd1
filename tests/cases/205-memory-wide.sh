#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Records with few of many keys, and rows of very many columns, do not become batches of many times their size.
# tsan: no
. "$(dirname "$0")/lib.sh"

[ -z "$QETL_SANITIZER" ] || skip_all 'a sanitizer needs memory of its own'
# 4,000 records of 4,000 columns: 256 MB of views if they stood in one batch
awk 'BEGIN { for (i = 0; i < 4000; i++) printf "{\"k%d\":1}\n", i }' >keys.ndjson
peak=$(peak_kib "$QETL" run --from keys.ndjson --to out.ndjson -q --workers 2)
expect_same keys.ndjson out.ndjson
[ "$peak" -le 200000 ] && pass "sparse keys: peak $peak KiB" || fail "sparse keys: peak $peak KiB"
# 20,000 columns; short rows are rejected, not padded in memory
awk 'BEGIN { for (i = 0; i < 20000; i++) printf "%sc%d", i ? "," : "", i; print ""
             for (r = 0; r < 20; r++) { for (i = 0; i < 20000; i++) printf "%s%d", i ? "," : "", i % 10; print "" }
             for (r = 0; r < 20000; r++) print "1" }' >wide.csv
peak=$(peak_kib "$QETL" run --from wide.csv --to out.csv -q --workers 2)
expect_eq 'rows' "$(wc -l <out.csv)" 21
[ "$peak" -le 330000 ] && pass "wide rows: peak $peak KiB" || fail "wide rows: peak $peak KiB"
