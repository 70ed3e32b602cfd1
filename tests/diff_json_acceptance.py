#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is JSON and what is not, by RFC 8259: each document of tests/json_documents.py as a value in a line of ndjson,
in a list, one behind the other, and at a pointer; whether it is read, passed or left out. Then documents changed at
random, against Python's json made strict: there is a rejection exactly where Python refuses.

QETL: the binary. QETL_PLUGIN_PATH: its plugins. QETL_DIFF_SEED, QETL_DIFF_ROUNDS: what to repeat."""
import os
import random
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import json_documents as known  # noqa: E402
from many_runs import Checks, Runs, scratch  # noqa: E402

SEED = int(os.environ.get("QETL_DIFF_SEED", "20260101"))
ROUNDS = int(os.environ.get("QETL_DIFF_ROUNDS", "4"))
WAYS = [["--workers", "1"], ["--workers", "3"], ["--driver", "pull"]]
BATCH = 300
sys.setrecursionlimit(50000)
checks = Checks()


def record(n, value):
    return b'{"n":%d,"v":' % n + value + b"}"


def three(value):
    return [record(0, b"0"), record(1, value), record(2, b"0")]


TYPED = {"types": {"v": "json"}}
# name: format of the source, what the file is, and the columns that are read
SHAPES = {
    "lines": ({"type": "ndjson", **TYPED}, lambda v: b"\n".join(three(v)) + b"\n", ["n", "v"]),
    "lines, unread": ({"type": "ndjson", **TYPED}, lambda v: b"\n".join(three(v)), ["n"]),
    "lines, inferred": ({"type": "ndjson"}, lambda v: b"\n".join(record(i, v if i == 1 else v) for i in (1, 2)), ["n", "v"]),
    "list": ({"type": "json", **TYPED}, lambda v: b"[" + b",".join(three(v)) + b"]", ["n", "v"]),
    "concatenated": ({"type": "json", **TYPED}, lambda v: b" ".join(three(v)), ["n", "v"]),
    "at a pointer": ({"type": "json", "records": "/a~1b/1", **TYPED},
                     lambda v: b'{"x":[1,{}],"a/b":[0,[' + b",\n".join(three(v)) + b'],[]],"y":{}}', ["n", "v"]),
    "beside the pointer": ({"type": "json", "records": "/r", **TYPED},
                           lambda v: b'{"x":' + v + b',"r":[' + record(0, b"0") + b"]}", ["n", "v"]),
}


def rows_of(data):
    try:
        return [known.strict(line) for line in data.split(b"\n") if line]
    except ValueError as error:
        return [[("{}", None), ("what came out is no JSON", str(error))]]


def add(runs, key, shape, value):
    options, build, columns = SHAPES[shape]
    runs.add(key, build(value), options, {"type": "ndjson"})
    if columns != ["n", "v"]:
        runs.pipeline.setdefault("transforms", {})[f"t{key}"] = {"plugin": "select", "input": f"s{key}", "columns": columns}
        runs.pipeline["sinks"][f"o{key}"]["input"] = f"t{key}"


def pair_row(n, value, shape):
    members = [("{}", None), ("n", known.Number(n)), ("v", value)]
    return members[:2] if shape == "lines, unread" else members


def expected_of(shape, value):
    if shape == "lines, inferred":
        return [pair_row(n, value, shape) for n in (1, 2)]
    if shape == "beside the pointer":
        return [pair_row(0, "0", shape)]
    return [pair_row(n, value if n == 1 else known.Number(0), shape) for n in range(3)]


def judge(runs, key, shape, name, verdict, data):
    what = f"{name} ({shape}): {data[:60]!r}"
    rows_in, rejected = runs.counts(key)
    rows = rows_of(runs.output(key))
    if verdict in ("y", "taken"):
        value = known.DECODER.decode(data.decode("utf-8"))
        checks.that((rows_in, rejected) == (len(rows), 0) and rows == expected_of(shape, value), f"taken: {what}: {rejected} rejected, {rows!r:.200}")
        return
    if shape == "beside the pointer":  # which is passed over, and not proven; yet it costs no row silently
        checks.that(rejected > 0 or rows == expected_of(shape, None), f"counts of {what}: {rejected} rejected, {rows!r:.200}")
        return
    checks.that(rejected > 0, f"refused: {what}: nothing was rejected, {rows!r:.200}")
    checks.that(rows_in == len(rows) + rejected, f"counts of {what}: {rows_in}, {len(rows)} and {rejected} rejected")
    if shape in ("lines", "lines, unread"):
        checks.that((rows_in, rejected, len(rows)) == (3, 1, 2), f"the lines around {what}: {rows!r:.200}")


def corpus(rng):
    todo = []
    for name, verdict, data in known.documents():
        shapes = [s for s in SHAPES if not (s.startswith("lines") and b"\n" in data)]
        todo += [(s, name, verdict, data) for s in (rng.sample(shapes, 2) if name.endswith(("listed", "member")) else shapes)]
    rng.shuffle(todo)
    for first in range(0, len(todo), BATCH):
        part = todo[first:first + BATCH]
        with scratch("diff-json-") as folder:
            runs = Runs(folder, "runs", rng.choice(WAYS), rng.choice([4096, 262144]))
            for key, (shape, _, _, data) in enumerate(part):
                add(runs, key, shape, data)
            if runs.go(checks):
                for key, (shape, name, verdict, data) in enumerate(part):
                    judge(runs, key, shape, name, verdict, data)


def oracle_agrees():
    for name, verdict, data in known.documents():
        try:
            known.strict(data)
            good = True
        except (ValueError, RecursionError):
            good = False
        if "-i-" not in name:
            checks.that(good == (verdict == "y"), f"the oracle of {name} {data[:60]!r}: {good}")


# ---- changed at random ----

PIECES = [b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b"0", b"1", b"-", b".", b"e", b"u", b"\\u", b"\\ud83d", b"\\ude00", b"null",
          b"true", b" ", b"\t", b"\r", b"\x00", b"\x1f", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xef\xbb\xbf", b'""', b'"k":1,', b"/"]


def random_value(rng, depth):
    kind = rng.randrange(8 if depth else 5)
    if kind < 2:
        return rng.choice([b"0", b"-1.5e3", b"12345678901234567890", b"0.10", b"7"])
    if kind < 4:
        return b'"' + b"".join(rng.choice([b"a", "é😀".encode(), b"\\n", b"\\u0041", b"\\ud83d\\ude00", b"x" * 33, b"{", b","])
                               for _ in range(rng.randrange(4))) + b'"'
    if kind == 4:
        return rng.choice([b"null", b"true", b"false"])
    if kind < 7:
        return b"[" + b",".join(random_value(rng, depth - 1) for _ in range(rng.randrange(4))) + b"]"
    return b"{" + b",".join(b'"k%d":' % i + random_value(rng, depth - 1) for i in range(rng.randrange(4))) + b"}"


def changed(rng, data):
    for _ in range(rng.choice([0, 1, 1, 1, 2, 3])):
        at, kind = rng.randrange(len(data) + 1), rng.randrange(4)
        until = min(len(data), at + rng.choice([1, 1, 2, 8]))
        if kind == 0:
            data = data[:at] + rng.choice(PIECES) + data[at:]
        elif kind == 1:
            data = data[:at] + data[until:]
        elif kind == 2:
            data = data[:at] + rng.choice(PIECES) + data[until:]
        else:
            data = data[:until] + data[at:]
    return data


def oracle(parse, data):
    try:
        return parse(data)
    except (ValueError, RecursionError):
        return None


def is_record(value):
    return isinstance(value, list) and value[:1] == [("{}", None)]


def oracle_lines(data):
    """Each line: its record, or None."""
    data = data[len(known.MARK):] if data.startswith(known.MARK) else data
    lines = [line[:-1] if line.endswith(b"\r") else line for line in data.split(b"\n")]
    values = [oracle(known.strict, line) for line in lines if line.strip(b" \t\r")]
    return [value if is_record(value) else None for value in values]


def oracle_documents(data):
    """Records of documents one behind the other; None: something is refused."""
    data = data[len(known.MARK):] if data.startswith(known.MARK) else data
    values = oracle(known.strict_many, data)
    if values is None:
        return None
    records = []
    for value in values:
        records += [value] if is_record(value) else value if isinstance(value, list) else [value]
    return records if all(is_record(value) for value in records) else None


def by_keys(records):
    """Columns stand in the order in which they were seen first."""
    return [sorted(record[1:], key=lambda pair: pair[0]) for record in records]


def mutants(rng):
    with scratch("diff-json-") as folder:
        runs = Runs(folder, "runs", rng.choice(WAYS), rng.choice([4096, 262144]))
        trials = []
        for key in range(BATCH):
            lines = rng.random() < 0.5
            records = [record(i, random_value(rng, 3)) for i in range(rng.randrange(1, 5))]
            data = changed(rng, (b"\n" if lines else rng.choice([b" ", b"", b"\n"])).join(records))
            if not lines and rng.random() < 0.6:
                data = changed(rng, b"[" + b",".join(records) + b"]")
            data = (known.MARK if rng.random() < 0.1 else b"") + data
            types = {"n": "json", "v": "json"}
            runs.add(key, data, {"type": "ndjson" if lines else "json", "types": types, "new_columns": "drop"}, {"type": "ndjson"})
            trials.append((lines, data))
        if not runs.go(checks):
            return
        for key, (lines, data) in enumerate(trials):
            compare(runs, key, lines, data)


def compare(runs, key, lines, data):
    rows, (rows_in, rejected) = rows_of(runs.output(key)), runs.counts(key)
    if lines:
        values = oracle_lines(data)
        good = [value for value in values if value is not None]
        checks.that(by_keys(rows) == by_keys(good) and rejected == len(values) - len(good),
                    f"lines {data!r:.300}: {rejected} rejected\n  {rows!r:.300}\n  {good!r:.300}")
        return
    values = oracle_documents(data)
    checks.that(rows_in == len(rows) + rejected, f"counts of {data!r:.300}")
    if values is None:
        checks.that(rejected > 0, f"documents {data!r:.300}: nothing is rejected\n  {rows!r:.300}")
    else:
        checks.that(rejected == 0 and by_keys(rows) == by_keys(values),
                    f"documents {data!r:.300}: {rejected} rejected\n  {rows!r:.300}\n  {values!r:.300}")


def main():
    print(f"seed {SEED}, {sum(1 for _ in known.documents())} documents, {ROUNDS} rounds of {BATCH} changed ones")
    oracle_agrees()
    corpus(random.Random(SEED))
    for number in range(ROUNDS):
        mutants(random.Random(f"{SEED} {number}"))
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
