#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Memory stays within --memory and the program's own, whatever runs through.
# tsan: no
. "$(dirname "$0")/lib.sh"

[ -z "$QETL_SANITIZER" ] || skip_all 'a sanitizer needs memory of its own'
[ "${QETL_LONG:-}" ] && rows=10000000 || rows=3000000
printf 'id\n1\n' >tiny.csv
small=$(peak_kib "$QETL" run --from tiny.csv --to tiny.ndjson -q)
for way in '--workers 2' '--driver pull'; do
    rm -f out.ndjson
    # shellcheck disable=SC2086
    peak=$("$QETL_TOOLS/gen_orders" --rows $rows 2>truth | peak_kib "$QETL" run --from - --from-format csv \
        --to null: --where "quantity * unit_price > 1" --memory 64MiB -q $way)
    expect_eq 'exit' $? 0
    limit=$((small + 64 * 1024))
    [ "$peak" -le "$limit" ] && pass "$way: peak $peak KiB of $limit" || fail "$way: peak $peak KiB, over $limit"
done
# A slow reader must not make the buffers grow.
"$QETL_TOOLS/gen_orders" --rows 600000 2>truth >in.csv
{ "$QETL" run --from in.csv --to - --to-format ndjson --memory 64MiB --json-file report.json -q; } |
    { sleep 2; wc -l; } >lines
expect_eq 'rows' "$(cat lines)" 600000
expect_json report.json ".result.peak_rss_bytes <= ($small + 65536) * 1024"
