#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# qetl graph: a tree, Mermaid, Graphviz, JSON; names that mean something to those languages.
. "$(dirname "$0")/lib.sh"

# Manifests are all that a graph needs: a plugin with named outputs, and one with any number of inputs.
mkdir plugins
for kind in split merge; do
    cp "$QETL_TEST_PLUGINS/touch.so" plugins/$kind.so
done
jq '.id = "split" | .components[0] |= (.kind = "transform" | .id = "split" | .inputs = 1 | del(.delivery) | .outputs = {from_option: "/routes"} |
    .options.properties = {routes: {type: "object", description: "routes"}})' "$QETL_TEST_PLUGINS/touch.qetl.json" >plugins/split.qetl.json
jq '.id = "merge" | .components[0] |= (.kind = "transform" | .id = "merge" | del(.delivery) | .inputs = -1 | .options.properties = {})' \
    "$QETL_TEST_PLUGINS/touch.qetl.json" >plugins/merge.qetl.json
cat >p.yaml <<'YAML'
name: 'a "quoted" \ name'
sources:
  orders: {plugin: file, path: in.csv}
transforms:
  parts: {plugin: split, input: orders, routes: {large: "a > 1", small: "a < 1"}}
  big:   {plugin: filter, input: parts.large, where: "a > 3"}
  both:  {plugin: merge, input: [big, parts.small]}
sinks:
  out:   {plugin: file, input: both, path: out.ndjson}
  rest:  {plugin: "null", input: orders}
YAML
expect_exit 0 qetl graph p.yaml --plugin-dir plugins
expect_file out <<'TEXT'
orders  (source: file, csv)
├─ parts  (transform: split)
│  ├─ [large] big  (transform: filter)
│  │  └─ both  (transform: merge)
│  │     └─ out  (sink: file, ndjson)
│  └─ [small] both  (transform: merge)  see above
└─ rest  (sink: null)
TEXT
expect_exit 0 qetl graph p.yaml --plugin-dir plugins --format dot
cp out p.dot
if command -v dot >/dev/null; then
    expect_exit 0 dot -Tjson p.dot
    expect_json out '[.objects[].label] | sort == ["big\\nfilter", "both\\nmerge", "orders\\nfile, csv", "out\\nfile, ndjson", "parts\\nsplit", "rest\\nnull"]'
    expect_json out '(.edges | length) == 6 and ([.edges[].label | select(. // "" | . != "")] | sort) == ["large", "small"]'
    expect_json out '[._ldraw_[] | select(.op == "T").text] == ["a \"quoted\" \\ name"]'
fi
expect_exit 0 qetl graph p.yaml --plugin-dir plugins -f mermaid
cp out p.mmd
expect_eq 'Mermaid: lines that are none' "$(grep -vE '^flowchart LR$|^    n[0-9]+(\[\(|\[\[|\[)"[A-Za-z0-9 ._/#;,-]+<br/>[A-Za-z0-9 ._/#;,-]+"(\)\]|\]\]|\])$|^    n[0-9]+ -->(\|"[A-Za-z0-9 ._/#;-]+"\|)? n[0-9]+$' p.mmd)" ''
expect_eq 'Mermaid: nodes' "$(grep -c 'br/' p.mmd)" 6
expect_eq 'Mermaid: edges' "$(grep -c -- '-->' p.mmd)" 6
expect_text p.mmd 'n[0-9] -->\|"large"\| n[0-9]'
expect_exit 0 qetl graph p.yaml --plugin-dir plugins --json
expect_json out '.result.components | map({(.id): .inputs}) | add | .both == [{component: "big", port: null}, {component: "parts", port: "small"}]'
expect_json out '.result.components | map({(.id): [.kind, .plugin, .format]}) | add | .orders == ["source", "file", "csv"] and .rest == ["sink", "null", null]'
# A one-liner has a graph, too; a wrong file has none.
expect_exit 0 qetl graph --from in.csv --to out.ndjson --where 'a > 1'
expect_eq 'lines' "$(wc -l <out)" 3
sed -i 's/input: both/input: bth/' p.yaml
expect_exit 2 qetl graph p.yaml --plugin-dir plugins
expect_text err 'p\.yaml:9'
expect_eq 'nothing drawn' "$(wc -c <out)" 0
expect_exit 2 qetl graph p.yaml --format svg
expect_text err 'text, mermaid, dot'
