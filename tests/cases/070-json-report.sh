#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# --json prints one object of one shape, for success and failure.
. "$(dirname "$0")/lib.sh"

printf 'id,qty\n1,5\n2,x\n3,50\n4,7\n' >in.csv
cat >p.yaml <<'YAML'
name: report
sources:
  orders: {plugin: file, path: in.csv, format: {type: csv, types: {qty: bigint}}}
transforms:
  big: {plugin: filter, input: orders, where: "qty > 6"}
sinks:
  out: {plugin: file, input: big, path: out.ndjson}
YAML
expect_exit 0 qetl run p.yaml --json
expect_json out 'keys == ["command","error","ok","result","summary"]'
expect_json out '.command == "run" and .ok and .error == null'
expect_json out '.summary | keys == ["balanced","bytes_in","bytes_out","rows_added","rows_filtered","rows_in","rows_out","rows_reduced","rows_rejected"]'
expect_json out '.summary | .rows_in == 4 and .rows_out == 2 and .rows_filtered == 1 and .rows_rejected == 1 and .balanced'
expect_json out ".summary.bytes_in == $(wc -c <in.csv) and .summary.bytes_out == $(wc -c <out.ndjson)"
expect_json out '["components", "outputs", "peak_rss_bytes", "timing"] - (.result | keys) == []'
expect_json out '.result.timing | keys == ["finish_s","processing_s","setup_s"] and all(.[]; . >= 0)'
expect_json out '[.result.components[].id] | sort == ["big","orders","out"]'
expect_json out '.result.components | all(.[]; has("id") and has("kind") and has("plugin") and has("rows_in") and has("rows_out") and has("rows_filtered") and has("rows_rejected") and has("rows_added") and has("rows_reduced") and has("seconds"))'
expect_json out '.result.components[] | select(.id == "big") | .kind == "transform" and .plugin == "filter" and .rows_in == 3 and .rows_out == 2 and .rows_filtered == 1'
expect_json out '.result.peak_rss_bytes > 1000000 and (.result.outputs | length >= 1)'
expect_json out '.result.outputs | tostring | contains("out.ndjson")'
expect_eq 'one document' "$(jq -s length out)" 1

# A failure has the same shape, with findings.
rm out.ndjson
sed -i 's/qty > 6/qyt > 6/' p.yaml
expect_exit 2 qetl run p.yaml --json
expect_json out 'keys == ["command","error","ok","result","summary"] and .ok == false'
expect_json out '.error | has("code") and has("message") and (.findings | length >= 1)'
expect_json out '.error.findings[0] | has("code") and has("severity") and has("file") and has("line") and has("column") and has("path") and has("message") and has("suggestion")'
expect_json out '.error.findings[0] | .severity == "error" and (.file | endswith("p.yaml")) and .line == 5'
expect_json out '.error.findings[0] | (.suggestion // "") + .message | contains("qty")'
expect_exit 2 qetl run nothere.yaml --json
expect_json out '.ok == false and .error != null'
expect_exit 0 qetl plugin list --json
expect_json out '.ok and .command == "plugin list"'
