#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# explode and flatten over NDJSON and CSV, in any number of workers, against a few lines of Python.
. "$(dirname "$0")/lib.sh"

python3 - <<'PY'
import json, random
rng = random.Random(5)
with open("in.ndjson", "w") as rows, open("want.csv", "w") as want, open("in.csv", "w") as texts, \
        open("want.txt", "w") as parts:
    want.write("id,at_city,at_geo_lat,nth,line_sku,line_n\n")
    texts.write("id,tags,rest\n")
    parts.write("id,tag,rest\n")
    for i in range(12000):
        lines = [{"sku": f"s{rng.randrange(999)}", "n": rng.randrange(9)} for _ in range(rng.choice([0, 1, 2, 7]))]
        at = None if i % 11 == 3 else {"city": f"c{i % 17}", "geo": None if i % 5 == 2 else {"lat": i % 90}}
        rows.write(json.dumps({"id": i, "at": at, "line": lines}, separators=(",", ":")) + "\n")
        for nth, line in enumerate(lines, 1):
            lat = at["geo"]["lat"] if at and at["geo"] else ""
            want.write(f'{i},{at["city"] if at else ""},{lat},{nth},{line["sku"]},{line["n"]}\n')
        tags = [f"t{k}" for k in range(rng.choice([0, 1, 3]))]
        texts.write(f'0{i},{"|".join(tags)},1.{i % 10}0\n')
        for tag in tags or [""]:
            parts.write(f'0{i},{tag},1.{i % 10}0\n')
PY
cat >p.yaml <<'YAML'
name: nested
sources:
  a: {plugin: file, path: in.ndjson}
transforms:
  e: {plugin: explode, input: a, column: line, ordinality: nth}
  f: {plugin: flatten, input: e}
  s: {plugin: select, input: f, columns: [id, at_city, at_geo_lat, nth, line_sku, line_n]}
sinks:
  out: {plugin: file, input: s, path: out.csv}
YAML
cat >t.yaml <<'YAML'
name: texts
sources:
  a: {plugin: file, path: in.csv}
transforms:
  e: {plugin: explode, input: a, column: tags, separator: "|", as: tag, empty: "null"}
sinks:
  out: {plugin: file, input: e, path: out.txt, format: csv}
YAML
for way in '--workers 1' '--workers 3' '--driver pull'; do
    rm -f out.csv out.txt
    # shellcheck disable=SC2086
    expect_exit 0 qetl run p.yaml $way --json --validate full
    expect_json out '.summary.balanced'
    expect_same out.csv want.csv
    # shellcheck disable=SC2086
    expect_exit 0 qetl run t.yaml $way --json --validate full
    expect_json out '.summary.balanced'
    expect_same out.txt want.txt
done
sed 's/column: line,/column: lime,/' p.yaml >typo.yaml
expect_exit 2 qetl run typo.yaml
expect_text err 'typo.yaml:5:.*lime'
expect_text err 'did you mean "line"'
