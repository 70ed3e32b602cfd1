#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The pipelines in docs/examples/sse, run against a server in place of the services that they name.
# tsan: no
. "$(dirname "$0")/sse-lib.sh"
serve
mkdir secrets
printf 'canary-model-1' >secrets/MODEL_TOKEN
chmod 600 secrets/*

cp "$root"/docs/examples/sse/*.yaml .
for name in changes answer; do
    expect_exit 0 qetl lint $name.yaml --secrets-dir secrets
done
expect_exit 0 qetl run changes.yaml -q --no-state -s "sources.edits.url=$base/events?count=40&close=15" -s 'sources.edits.private_hosts=[127.0.0.1]' \
    -s sources.edits.reconnect_ms=10
expect_eq 'changes' "$(jq .id edits.ndjson | tr '\n' ' ')" "$(seq 2 2 40 | tr '\n' ' ')"
printf 'data: {"text": "%s"}\n\n' There are seven. >raw
printf 'data: [DONE]\n\ndata: {"text": "never"}\n\n' >>raw
curl -sS -X PUT --data-binary @raw "$base/_raw" >sent
expect_exit 0 qetl run answer.yaml -q --no-state --secrets-dir secrets -s "sources.pieces.url=$base/raw?bearer=canary-model-1" \
    -s 'sources.pieces.private_hosts=[127.0.0.1]'
expect_eq 'answer' "$(jq -r .piece out | tr '\n' ' ')" 'There are seven. '
expect_eq 'it was asked' "$(jq -r 'select(.path == "/raw") | .method + " " + (.body | fromjson | .question)' journal)" 'POST How many rows are there?'
