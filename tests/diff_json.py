#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""qetl's json against Python's json: generated documents of every layout go through the binary, and the records
that come out must be what Python reads.

QETL: the binary. QETL_PLUGIN_PATH: its plugins. QETL_DIFF_SEED, QETL_DIFF_ROUNDS: what to repeat."""
import json
import os
import random
import subprocess
import sys
import tempfile

QETL = os.environ.get("QETL", "./qetl")
SEED = int(os.environ.get("QETL_DIFF_SEED", "20260101"))
ROUNDS = int(os.environ.get("QETL_DIFF_ROUNDS", "20"))
passed = failed = 0
TEXTS = ["", "a", "]}", "[{", '"', "\\", "\n", "é", "😀", ",", ":", "a rather long text that is not inlined", "\x01"]


def check(what, got, expected):
    global passed, failed
    if got == expected:
        passed += 1
        return
    failed += 1
    print(f"FAILED {what}\n  got      {got!r:.1500}\n  expected {expected!r:.1500}")


def value(rng, depth):
    kind = rng.randrange(7 if depth else 4)
    if kind < 2:
        return rng.randrange(-1000, 1000)
    if kind == 2:
        return rng.choice([True, False, None])
    if kind == 3:
        return "".join(rng.choice(TEXTS) for _ in range(rng.randrange(4)))
    if kind == 4:
        return [value(rng, depth - 1) for _ in range(rng.randrange(4))]
    return {rng.choice(["x", "y", "z", 'k"]']): value(rng, depth - 1) for _ in range(rng.randrange(4))}


def records_of(rng):
    keys = ["a", "b", "c d", "é", "n\\"]
    return [{k: value(rng, 3) for k in rng.sample(keys, rng.randrange(len(keys) + 1))} for _ in range(rng.randrange(60))]


def dumped(rng, data):
    indent = rng.choice([None, None, 1, 4, "\t"])
    separators = rng.choice([None, (",", ":"), (" , ", " : ")]) if indent is None else None
    return json.dumps(data, indent=indent, separators=separators, ensure_ascii=rng.random() < 0.5)


def with_noise(rng, key, inner):
    """An object that has `key` somewhere among others."""
    members = [(f"noise{i}", value(rng, 3)) for i in range(rng.randrange(4))]
    members.insert(rng.randrange(len(members) + 1), (key, inner))
    return dict(members)


def document(rng, records):
    """Text, and the pointer of the records in it."""
    layout = rng.randrange(5)
    if layout == 0:
        return dumped(rng, records), ""
    if layout == 1:
        return rng.choice(["", " ", "\n", "\r\n"]).join(dumped(rng, r) for r in records), ""
    if layout == 2:
        cut = rng.randrange(len(records) + 1)
        return dumped(rng, records[:cut]) + dumped(rng, records[cut:]) + "\n", ""
    if layout == 3:
        cut = rng.randrange(len(records) + 1)
        return "\n".join(dumped(rng, with_noise(rng, "a/b", with_noise(rng, "items", part)))
                         for part in (records[:cut], records[cut:])), "/a~1b/items"
    return dumped(rng, [value(rng, 2), with_noise(rng, "rows", records), value(rng, 2)]), "/1/rows"


def run(folder, source, target):
    pipeline = {"sources": {"in": {"plugin": "file", **source}}, "sinks": {"out": {"plugin": "file", "input": "in", **target}}}
    name, report = os.path.join(folder, "p.json"), os.path.join(folder, "report.json")
    with open(name, "w", encoding="utf-8") as file:
        json.dump(pipeline, file)
    done = subprocess.run([QETL, "run", name, "--json-file", report, "-q"], capture_output=True, text=True, timeout=300,
                          cwd=folder)
    check("exit", (done.returncode, done.stderr), (0, ""))
    if done.returncode:
        return None
    with open(report, encoding="utf-8") as file:
        summary = json.load(file)["summary"]
    check("the ledger balances", (summary["balanced"], summary["rows_rejected"]), (True, 0))
    with open(os.path.join(folder, target["path"]), encoding="utf-8") as file:
        return file.read()


def round_trip(rng):
    records = records_of(rng)
    text, pointer = document(rng, records)
    with tempfile.TemporaryDirectory(prefix="diff-json-") as folder:
        with open(os.path.join(folder, "in.json"), "w", encoding="utf-8", newline="") as file:
            file.write(text)
        source = {"path": "in.json", "format": {"type": "json", "records": pointer}}
        lines = run(folder, source, {"path": "out.ndjson"})
        if lines is not None:
            check("as lines", [json.loads(line) for line in lines.splitlines()], records)
        pretty = rng.random() < 0.5
        target = {"path": "out.json", "format": {"type": "json", "pretty": pretty}}
        again = run(folder, {"path": "out.ndjson"} if lines and records else source, target)
        if again is None:
            return
        check("as a list", json.loads(again), records)
        expected = json.dumps(records, indent=2, ensure_ascii=False) + "\n"
        if pretty and records and all("\x7f" > c >= " " for r in records for c in json.dumps(r)):
            check("laid out as Python does", json.loads(again), json.loads(expected))
            check("lines", again.count("\n"), expected.count("\n"))


def main():
    rng = random.Random(SEED)
    print(f"seed {SEED}, {ROUNDS} rounds")
    for _ in range(ROUNDS):
        round_trip(rng)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
