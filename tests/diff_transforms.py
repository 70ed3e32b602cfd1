#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""qetl's transforms against SQLite and Python's own arithmetic: generated tables go through pipelines of
random shape, with any number of workers and any size of batches, and what comes out, what is filtered,
rejected and reduced must be what the others say.

QETL: the binary. QETL_PLUGIN_PATH: its plugins. QETL_DIFF_SEED, QETL_DIFF_ROUNDS: what to repeat."""
import csv
import json
import math
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
from decimal import ROUND_HALF_UP, Decimal, localcontext

QETL = os.environ.get("QETL", "./qetl")
SEED = int(os.environ.get("QETL_DIFF_SEED", "20260107"))
ROUNDS = int(os.environ.get("QETL_DIFF_ROUNDS", "12"))
WAYS = [["--workers", "1"], ["--workers", "2"], ["--workers", "4"], ["--driver", "pull"]]
passed = failed = 0


def check(what, got, expected):
    global passed, failed
    if got == expected:
        passed += 1
        return
    failed += 1
    print(f"FAILED {what}\n  got      {got!r:.1500}\n  expected {expected!r:.1500}")


class Table:
    """Rows of k (0..), n (integer), d (two decimals), t (text), f (double); cells may be NULL."""

    def __init__(self, rng, rows):
        def some(value):
            return None if rng.random() < 0.08 else value
        self.rows = [(k, some(rng.randrange(-20, 60)), some(Decimal(rng.randrange(-99999, 99999)) / 100),
                      some(rng.choice(["a", "b,c", "long text of many bytes", "é", "x|y|z", "q"])),
                      some(rng.uniform(-1, 1) * 10 ** rng.randrange(-9, 15))) for k in range(rows)]

    def write(self, path):
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write("k,n,d,t,f\n")
            writer = csv.writer(file, lineterminator="\n")
            for k, n, d, t, f in self.rows:
                writer.writerow([k, "" if n is None else n, "" if d is None else f"{d:.2f}",
                                 "" if t is None else t, "" if f is None else repr(f)])

    def sqlite(self):
        base = sqlite3.connect(":memory:")
        base.execute("CREATE TABLE a (k INTEGER, n INTEGER, d INTEGER, t TEXT, f REAL)")
        base.executemany("INSERT INTO a VALUES (?,?,?,?,?)",
                         [(k, n, None if d is None else int(d * 100), t, f) for k, n, d, t, f in self.rows])
        return base


def pipeline(folder, transforms, outputs, batch):
    sources = {"a": {"plugin": "file", "path": "in.csv", "format": {"type": "csv", "types": {
        "k": "bigint", "n": "integer", "d": "decimal(12,2)", "t": "text", "f": "double"}}}}
    sinks = {f"out_{name}": {"plugin": "file", "path": f"{name}.csv", "input": port, "if_exists": "replace"}
             for name, port in outputs.items()}
    with open(os.path.join(folder, "p.json"), "w", encoding="utf-8") as file:
        json.dump({"name": "diff", "dead_letters": "letters", "batch_bytes": batch, "sources": sources,
                   "transforms": transforms, "sinks": sinks}, file)


def run(folder, way, outputs):
    """The report's components, and the rows of each output."""
    command = [QETL, "run", "p.json", "--json", "--validate", "full", *way]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=folder)
    if done.returncode != 0:
        check(" ".join(command), (done.returncode, done.stdout[-800:], done.stderr[-800:]), (0, "", ""))
        return None, {}
    report = json.loads(done.stdout)
    check("the ledger balances", report["summary"]["balanced"], True)
    tables = {}
    for name in outputs:
        with open(os.path.join(folder, f"{name}.csv"), encoding="utf-8", newline="") as file:
            tables[name] = list(csv.reader(file))[1:]
    return report["summary"], tables


def keys(rows):
    return [int(row[0]) for row in rows]


def column(base, sql):
    return [row[0] for row in base.execute(sql)]


def job_route(rng, table, base):
    a, b = rng.randrange(-20, 60), rng.randrange(-500, 500)
    transforms = {"r": {"plugin": "route", "input": "a", "default": "rest",
                        "routes": {"few": f"100 / (n - {a}) > 3", "many": f"d > {b} AND n IS NOT NULL"}}}
    outputs = {"few": "r.few", "many": "r.many", "rest": "r.rest"}
    trunc = f"CAST(100 / (n - {a}) AS INTEGER) > 3"
    wanted = {"few": column(base, f"SELECT k FROM a WHERE n <> {a} AND {trunc}"),
              "many": column(base, f"SELECT k FROM a WHERE n <> {a} AND NOT {trunc} AND d > {b * 100}"),
              "rest": column(base, f"SELECT k FROM a WHERE (n <> {a} OR n IS NULL) AND NOT "
                                   f"COALESCE({trunc}, 0) AND NOT COALESCE(d > {b * 100} AND n IS NOT NULL, 0)")}
    rejected = column(base, f"SELECT COUNT(*) FROM a WHERE n = {a}")[0]
    return transforms, outputs, wanted, {"rows_rejected": rejected}


def job_union(rng, table, base):
    cut = rng.randrange(-20, 60)
    transforms = {"x": {"plugin": "filter", "input": "a", "where": f"n < {cut}"},
                  "y": {"plugin": "select", "input": "a", "columns": ["t", "k"]},
                  "u": {"plugin": "union", "input": ["x", "y"]},
                  "s": {"plugin": "select", "input": "u", "columns": ["k", "n", "t"]}}
    low = column(base, f"SELECT k FROM a WHERE n < {cut}")
    wanted = {"all": sorted(low + column(base, "SELECT k FROM a"))}
    return transforms, {"all": "s"}, wanted, {"rows_rejected": 0, "rows_filtered": len(table.rows) - len(low)}


def job_limit(rng, table, base):
    rows, offset, every = rng.randrange(0, 900), rng.randrange(0, 300), rng.randrange(1, 9)
    transforms = {"c": {"plugin": "compute", "input": "a", "set": {"n": "n + 1", "x": "n * 2"}},
                  "w": {"plugin": "filter", "input": "c", "where": "x <> 10"},
                  "e": {"plugin": "sample_rows", "input": "w", "every": every, "offset": offset % 5},
                  "l": {"plugin": "limit", "input": "e", "rows": rows, "offset": offset}}
    kept = column(base, "SELECT k FROM a WHERE (n + 1) * 2 <> 10 ORDER BY k")[offset % 5::every]
    return transforms, {"out": "l"}, {"out": kept[offset:offset + rows]}, {"rows_rejected": 0}


def job_explode(rng, table, base):
    transforms = {"e": {"plugin": "explode", "input": "a", "column": "t", "separator": "|", "empty": "null"},
                  "w": {"plugin": "filter", "input": "e", "where": "n >= 0"}}
    wanted = [k for k, n, _, t, _ in table.rows if n is not None and n >= 0 for _ in (t or "").split("|")]
    return transforms, {"out": "w"}, {"out": wanted}, {"rows_rejected": 0}


JOBS = [job_route, job_union, job_limit, job_explode]


def aggregate_expected(table, cut):
    rows = [row for row in table.rows if row[1] is None or row[1] != cut]
    n = [row[1] for row in rows if row[1] is not None]
    d = [row[2] for row in rows if row[2] is not None]
    f = [row[4] for row in rows if row[4] is not None]
    t = [row[3].encode() for row in rows if row[3] is not None]
    product = [row[1] * row[2] for row in rows if row[1] is not None and row[2] is not None]
    quotient = [int(1000 / (x - cut)) for x in n]
    with localcontext() as context:
        context.prec = 60
        average = (sum(d) / len(d)).quantize(Decimal("1e-8"), ROUND_HALF_UP) if d else ""
    return [str(len(rows)), str(sum(n)) if n else "", f"{sum(product):.2f}" if product else "",
            f"{average:f}" if d else "", math.fsum(f) if f else None, str(min(n)) if n else "",
            f"{max(d):.2f}" if d else "", min(t).decode() if t else "", max(t).decode() if t else "",
            str(sum(quotient)) if quotient else ""]


def check_aggregate(rng, table, folder, batch):
    cut = rng.randrange(-20, 60)
    transforms = {"g": {"plugin": "aggregate", "input": "a", "set": {
        "rows": "count(*)", "n": "sum(n)", "p": "sum(n * d)", "m": "avg(d)", "f": "sum(f)", "least": "min(n)",
        "most": "max(d)", "first": "min(t)", "last": "max(t)", "q": f"sum(1000 / (n - {cut}))"}}}
    pipeline(folder, transforms, {"out": "g"}, batch)
    expected = aggregate_expected(table, cut)
    for way in WAYS:
        summary, tables = run(folder, way, ["out"])
        if not summary:
            continue
        row = tables["out"][0]
        got = row[:4] + [float(row[4]) if row[4] else None] + row[5:]
        check(f"aggregate {way} cut {cut} batch {batch}", got, expected)
        lost = sum(1 for r in table.rows if r[1] == cut)
        check("reduced", (summary["rows_reduced"], summary["rows_rejected"]), (len(table.rows) - lost, lost))


def check_job(job, rng, table, base, folder, batch):
    transforms, outputs, wanted, counts = job(rng, table, base)
    pipeline(folder, transforms, outputs, batch)
    for way in WAYS:
        summary, tables = run(folder, way, outputs)
        if not summary:
            continue
        for name in outputs:
            got = keys(tables[name])
            check(f"{job.__name__} {name} {way} batch {batch}", sorted(got) if job is job_union else got,
                  wanted[name])
        for name, count in counts.items():
            check(f"{job.__name__} {name}", summary[name], count)


def main():
    print(f"# seed {SEED}, {ROUNDS} rounds")
    for number in range(ROUNDS):
        rng = random.Random(SEED + number)
        table = Table(rng, rng.choice([0, 1, 50, 3000, 9000]))
        batch = rng.choice(["64KiB", "256KiB", "1MiB"])
        with tempfile.TemporaryDirectory(prefix="diff-transforms-") as folder:
            table.write(os.path.join(folder, "in.csv"))
            base = table.sqlite()
            if number % 3 == 0:
                check_aggregate(rng, table, folder, batch)
            check_job(JOBS[number % len(JOBS)], rng, table, base, folder, batch)
            base.close()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


sys.exit(main())
