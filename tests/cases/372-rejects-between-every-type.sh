#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A column of every type that expressions make, and those that pass by, through compute, filter and select with
# rejected rows between: what comes out is what Python says.
. "$(dirname "$0")/lib.sh"

seed=${SEED:-1}
echo "# seed $seed"
cat >rows.py <<'PY'
import datetime, json, random, sys
rng = random.Random(int(sys.argv[1]))
epoch = datetime.datetime(2024, 1, 1)
words = ["", "a", "twelve bytes", "thirteen byte", "a text that is longer than a view", "ä", "quote \" and \\"]
with open("in.ndjson", "w") as rows, open("wanted.ndjson", "w") as wanted:
    for k in range(9000):
        n = rng.choice([None, 0, 1, 2, 3, 5, 7]) if k % 100 > 3 else 0
        w = rng.choice(words)
        l = [rng.randrange(9) for _ in range(rng.randrange(4))] if rng.random() < 0.9 else None
        o = {"x": rng.randrange(100), "y": rng.choice(words)}
        json.dump({"k": k, "n": n, "w": w, "l": l, "o": o}, rows, ensure_ascii=False)
        rows.write("\n")
        if n == 0 or (n is not None and k % n == 1):
            continue
        day = epoch + datetime.timedelta(days=k)
        stamp = epoch + datetime.timedelta(seconds=k)
        null = n is None
        q = None if null else 210 // n
        out = {"k": k, "w": w, "l": l, "o": o,
               "c_bool": None if null else q > 50, "c_int2": q, "c_int4": q, "c_int8": q,
               "c_real": None if null else q / 2, "c_double": None if null else q / 4,
               "c_decimal": None if null else q + k,
               "c_text": None if null else w + str(q), "c_date": None if null else day.strftime("%Y-%m-%d"),
               "c_time": None if null else (datetime.datetime(1, 1, 1) + datetime.timedelta(minutes=q)).strftime("%H:%M:%S"),
               "c_stamp": None if null else stamp.strftime("%Y-%m-%d %H:%M:%S"),
               "c_instant": None if null else stamp.strftime("%Y-%m-%d %H:%M:%S"),
               "c_interval": None if null else f"{q} hours", "c_json": None if null else [q, 1]}
        json.dump(out, wanted, ensure_ascii=False)
        wanted.write("\n")
PY
cat >check.py <<'PY'
import json, re, sys
def plain(name, value):
    if value is None or name not in ("c_interval", "c_stamp", "c_instant"):
        return value
    if name == "c_interval":
        hours = re.match(r"^(?:P?T?)?(\d+)(?::00:00| hours|H)$", value)
        return f"{int(hours.group(1))} hours" if hours else value
    return re.sub(r"(Z|\+00(:00)?)$", "", value.replace("T", " "))
ours = [{n: plain(n, v) for n, v in json.loads(line).items()} for line in open(sys.argv[1])]
wanted = [json.loads(line) for line in open("wanted.ndjson")]
for mine, yours in zip(ours, wanted):
    if mine != yours:
        print("differs:", {n: (mine.get(n), yours.get(n)) for n in yours if mine.get(n) != yours.get(n)}, "k", yours["k"])
        sys.exit(1)
print(len(ours), "rows", "agree" if len(ours) == len(wanted) else f"of {len(wanted)}")
PY
python3 rows.py "$seed"
cat >types.yaml <<'YAML'
sources:
  in: {plugin: file, path: in.ndjson}
transforms:
  fails: {plugin: compute, input: in, set: {
    c_bool: 210 / n > 50, c_int2: CAST(210 / n AS smallint), c_int4: CAST(210 / n AS integer), c_int8: 210 / n,
    c_real: CAST(210 / n AS real) / CAST(2 AS real), c_double: CAST(210 / n AS double) / 4, c_decimal: "CAST(210 / n + k AS decimal(20,0))",
    c_text: w || CAST(210 / n AS text), c_date: "DATE '2024-01-01' + CAST(k AS integer) + CAST(0 * (210 / n) AS integer)",
    c_time: "TIME '00:00' + 210 / n * INTERVAL '1 minute'", c_stamp: "TIMESTAMP '2024-01-01 00:00:00' + (k + 0 * (210 / n)) * INTERVAL '1 second'",
    c_instant: "TIMESTAMPTZ '2024-01-01 00:00:00+00' + (k + 0 * (210 / n)) * INTERVAL '1 second'",
    c_interval: "210 / n * INTERVAL '1 hour'",
    c_json: "CAST('[' || CAST(210 / n AS text) || ', 1]' AS json)"}}
  kept: {plugin: filter, input: fails, where: n IS NULL OR k % n <> 1}
  shown: {plugin: select, input: kept, columns: [k, w, l, o, "c_*"]}
sinks:
  out: {plugin: file, input: shown, path: out.ndjson}
YAML

for run in '' '--driver pull' '--set batch_rows=700'; do
    # shellcheck disable=SC2086
    expect_exit 0 qetl run -q types.yaml $run
    rm -f types.dead.ndjson
    expect_exit 0 python3 check.py out.ndjson
    expect_text out '^[0-9]{4} rows agree$'
    rm -f out.ndjson
done
