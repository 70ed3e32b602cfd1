#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Values of one numeric type as another, against Python's decimals: CAST of unsigned integers to every type of number,
and what union makes of every pair of types, with the greatest and least values of each.

QETL: the binary. QETL_PLUGIN_PATH: its plugins."""
import csv
import itertools
import json
import os
import subprocess
import sys
import tempfile
from decimal import Decimal, localcontext

QETL = os.environ.get("QETL", "./qetl")
EDGES = {"smallint": ["-32768", "32767"], "integer": ["-2147483648", "2147483647"],
         "bigint": ["-9223372036854775808", "9223372036854775807"], "smallint unsigned": ["0", "65535"],
         "integer unsigned": ["0", "4294967295"], "bigint unsigned": ["7", "18446744073709551615"],
         "decimal(5,2)": ["-123.45", "999.99"], "decimal(16,3)": ["-1.001", "9999999999999.999"],
         "real": ["1.5", "-0.25"], "double": ["1e300", "-2.5"]}
INTEGERS = {"smallint": (-2**15, 2**15 - 1), "integer": (-2**31, 2**31 - 1), "bigint": (-2**63, 2**63 - 1),
            "smallint unsigned": (0, 2**16 - 1), "integer unsigned": (0, 2**32 - 1), "bigint unsigned": (0, 2**64 - 1)}
DECIMALS = [(3, 0), (4, 4), (5, 2), (19, 0), (20, 0), (20, 1), (22, 2), (38, 10), (38, 18), (38, 19)]
passed = failed = 0


def check(what, got, expected):
    global passed, failed
    if got == expected:
        passed += 1
        return
    failed += 1
    print(f"FAILED {what}: expected {expected!r}, got {got!r}")


def run(document, folder, *more):
    path = os.path.join(folder, "pipeline.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(document | {"dead_letters": os.path.join(folder, "dead.ndjson")}, file)
    answer = subprocess.run([QETL, "run", "-q", path, *more], check=True, capture_output=True, text=True, timeout=300)
    return list(csv.DictReader(answer.stdout.splitlines()))


def source(folder, name, types, rows):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(types)
        writer.writerows(rows)
    return {"plugin": "file", "path": path, "format": {"type": "csv", "types": types}}


def as_decimal(value, precision, scale):
    with localcontext() as context:
        context.prec = 100
        return f"{value:.{scale}f}" if abs(value).scaleb(scale) < Decimal(10)**precision else None


def casts(folder):
    """A row that does not fit is rejected, and no other; whole batches, and rows on their own."""
    targets = {name: lambda v, m=limits: str(v) if m[0] <= v <= m[1] else None for name, limits in INTEGERS.items()}
    targets |= {f"decimal({p},{s})": lambda v, p=p, s=s: as_decimal(v, p, s) for p, s in DECIMALS}
    for name in ("smallint unsigned", "integer unsigned", "bigint unsigned"):
        values = sorted({Decimal(v) for limits in INTEGERS.values() for v in limits if 0 <= v <= INTEGERS[name][1]} |
                        {Decimal(v) for v in (0, 1, 5, 9, 10, 999, 1000, 2**53 + 1, 2**63) if v <= INTEGERS[name][1]})
        rows = source(folder, "cast.csv", {"v": name}, [[v] for v in values])
        for target, expected in targets.items():
            for size in (1, 65536):
                cast = {"plugin": "compute", "input": "in", "set": {"t": f"CAST(v AS {target})"}}
                got = run({"batch_rows": size, "sources": {"in": rows}, "transforms": {"cast": cast},
                           "sinks": {"out": {"plugin": "stdout", "input": "cast", "format": "csv"}}}, folder)
                wanted = {str(v): expected(v) for v in values}
                check(f"{name} as {target}, {size} rows a batch", {row["v"]: row["t"] for row in got},
                      {v: t for v, t in wanted.items() if t is not None})


def widened(ours, theirs, text):
    """The value as the wider of two types spells it."""
    if ours == theirs:
        return text
    if {ours, theirs} & {"real", "double"}:
        return float(text)
    scales = [int(name[:-1].split(",")[1]) for name in (ours, theirs) if name.startswith("decimal")]
    return f"{Decimal(text):.{max(scales, default=0)}f}"


def unions(folder):
    """Each pair is a column; computing over it has its cells be values."""
    pairs = list(itertools.product(EDGES, EDGES))
    inputs = {f"in{side}": source(folder, f"in{side}.csv", {f"c{i}": pair[side] for i, pair in enumerate(pairs)},
                                  [[EDGES[pair[side]][row] for pair in pairs] for row in (0, 1)]) for side in (0, 1)}
    for workers in ("1", "2"):
        got = run({"sources": inputs, "transforms": {
            "both": {"plugin": "union", "input": list(inputs)},
            "made": {"plugin": "compute", "input": "both", "set": {f"c{i}": f"+c{i}" for i in range(len(pairs))}}},
            "sinks": {"out": {"plugin": "stdout", "input": "made", "format": "csv"}}}, folder, "--workers", workers)
        for i, (a, b) in enumerate(pairs):
            wanted = [widened(*pair, text) for pair in ((a, b), (b, a)) for text in EDGES[pair[0]]]
            cells = [row[f"c{i}"] for row in got]
            if {a, b} & {"real", "double"}:
                cells, wanted = [float(cell) for cell in cells], [float(value) for value in wanted]
            check(f"union of {a} and {b}, {workers} workers", sorted(cells), sorted(wanted))


with tempfile.TemporaryDirectory() as scratch:
    casts(scratch)
    unions(scratch)
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
