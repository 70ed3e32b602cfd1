#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Incremental loading against a simulation: a table changes between runs, rows commit late, cursors are equal,
zero, negative, empty or NULL, runs are cut off, watermarks are moved; what all runs together have loaded must be
what a simulation of the rule says, no row lost and none doubled.

QETL: the binary. QETL_PLUGIN_PATH: its plugins. QETL_DIFF_SEED, QETL_DIFF_ROUNDS: what to repeat."""
import csv
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta

QETL = os.environ.get("QETL", "./qetl")
SEED = int(os.environ.get("QETL_DIFF_SEED", "20261121"))
ROUNDS = int(os.environ.get("QETL_DIFF_ROUNDS", "16"))
WAYS = [["--workers", "1"], ["--workers", "4"], ["--driver", "pull"]]
# States are synced at every epoch: memory is quicker.
SCRATCH = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
passed = failed = 0


def check(what, got, expected):
    global passed, failed
    if got == expected:
        passed += 1
        return
    failed += 1
    print(f"FAILED {what}\n  got      {got!r:.1200}\n  expected {expected!r:.1200}")


EPOCH = datetime(2026, 1, 1)
# Of each: what a cell of cursor value n says, the type to declare, the lag as written and in n.
KINDS = {
    "bigint": (str, None, 7, 7),
    "no lag": (str, None, None, 0),
    "decimal(12,2)": (lambda n: f"{n / 4:.2f}", "decimal(12,2)", 1.75, 7),
    "double": (lambda n: repr(n / 4), "double", 1.75, 7),
    "timestamp": (lambda n: str(EPOCH + timedelta(seconds=n)), "timestamp", "7s", 7),
    "date": (lambda n: str((EPOCH + timedelta(days=n)).date()), "date", "7d", 7),
    "text": (lambda n: f"v{n + 1000:06d}", "text", None, 0),
}


def cell_of_mark(kind, mark):
    return f"{mark / 4:g}" if kind == "double" else KINDS[kind][0](mark)


class Oracle:
    """The rule, said once more: below the bound nothing passes; from it on, each key once for each cursor, as long
    as it lies within the lag of the watermark that the run began with, or of the highest cursor."""

    def __init__(self, lag, keyed, nulls):
        self.lag, self.keyed, self.nulls = lag, keyed, nulls
        self.mark, self.seen = None, set()

    def run(self, rows, whole=True):
        """rows: (key, cursor) in the order of reading. Answers the numbers of those that pass."""
        mark, seen, out = self.mark, set(self.seen), []
        start = mark
        for number, (key, cursor) in enumerate(rows):
            if cursor is None:
                if self.nulls == "load":
                    out.append(number)
                continue
            if start is not None and cursor < start - self.lag:
                continue
            mark = cursor if mark is None else max(mark, cursor)
            near = (start is not None and cursor <= start) or cursor >= mark - self.lag
            if self.keyed and key is not None and near:
                if (key, cursor) in seen:
                    continue
                seen.add((key, cursor))
            out.append(number)
        if whole:
            self.mark = mark
            self.seen = {k for k in seen if mark is not None and k[1] >= mark - self.lag}
        return out


class Table:
    def __init__(self, rng):
        self.rng, self.rows, self.now, self.next_key = rng, [], rng.choice([-40, 0, 5]), 0

    def change(self, late, nulls):
        """New rows and updated ones, each with a cursor of now or up to `late` before it."""
        for _ in range(self.rng.randrange(0, 12)):
            self.now += self.rng.choice([0, 0, 1, 2, 5])
            cursor = self.now - self.rng.randrange(0, late + 1)
            if nulls and self.rng.random() < 0.1:
                cursor = None
            if self.rows and self.rng.random() < 0.3:
                index = self.rng.randrange(len(self.rows))
                self.rows[index] = (self.rows[index][0], cursor)
            else:
                self.rows.append((self.next_key, cursor))
                self.next_key += 1
        if self.rng.random() < 0.3:
            self.rng.shuffle(self.rows)

    def write_csv(self, path, cell):
        with open(path, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["at", "id", "extra", "n"])
            for number, (key, cursor) in enumerate(self.rows):
                writer.writerow(["" if cursor is None else cell(cursor), key, f"k{key}", number])

    def write_sqlite(self, path, cell, kind):
        base = sqlite3.connect(path)
        base.execute("DROP TABLE IF EXISTS t")
        base.execute(f"CREATE TABLE t (pk INTEGER PRIMARY KEY, at {kind}, id INTEGER, extra TEXT, n INTEGER)")
        base.executemany("INSERT INTO t VALUES (?,?,?,?,?)",
                         [(n, None if c is None else cell(c), k, f"k{k}", n) for n, (k, c) in enumerate(self.rows)])
        base.commit()
        base.close()


def source_of(table, folder, kind, rng):
    cell, declared, _, _ = KINDS[kind]
    if kind in ("bigint", "no lag", "text") and rng.random() < 0.4:
        path = os.path.join(folder, "t.db")
        table.write_sqlite(path, int if kind != "text" else cell, "TEXT" if kind == "text" else "INTEGER")
        return {"plugin": "sqlite", "path": path, "table": "t"}
    path = os.path.join(folder, "in.csv")
    table.write_csv(path, cell)
    types = {"at": declared} if declared else {"at": "bigint"}
    return {"plugin": "file", "path": path, "format": {"type": "csv", "types": types}}


def qetl(folder, *words):
    env = dict(os.environ, XDG_STATE_HOME=os.path.join(folder, "state"))
    return subprocess.run([QETL, *words], capture_output=True, text=True, timeout=300, env=env, cwd=folder, check=False)


def run(folder, source, incremental, way, limit=None):
    out = os.path.join(folder, "out.csv")
    pipeline = {"name": "inc", "dead_letters": False, "sources": {"in": dict(source, incremental=incremental)},
                "transforms": {}, "sinks": {"out": {"plugin": "file", "input": "in", "path": out,
                                                    "if_exists": "replace"}}}
    if limit is not None:
        pipeline["transforms"] = {"few": {"plugin": "limit", "input": "in", "rows": limit}}
        pipeline["sinks"]["out"]["input"] = "few"
    with open(os.path.join(folder, "p.json"), "w", encoding="utf-8") as file:
        json.dump(pipeline, file)
    done = qetl(folder, "run", "p.json", "--json", *way)
    if done.returncode:
        return f"exit {done.returncode}: {done.stderr or done.stdout}", None
    with open(out, encoding="utf-8", newline="") as file:
        rows = [int(row["n"]) for row in csv.DictReader(file)]
    report = json.loads(done.stdout)
    return rows, next(c for c in report["result"]["components"] if c["id"] == "in.incremental")


def simulate(number, kind):
    rng = random.Random(SEED * 1000 + number)
    keyed, nulls = rng.random() < 0.8, rng.choice(["reject", "load", "skip"])
    _, _, lag, width = KINDS[kind]
    late = rng.choice([0, width, width])
    incremental = {"cursor": "at", "nulls": nulls}
    if lag is not None:
        incremental["lag"] = lag
    if keyed:
        incremental["key"] = rng.choice(["id", ["id", "extra"]])
    table, oracle = Table(rng), Oracle(width, keyed, nulls)
    loaded, versions, floor = [], set(), -10**9
    with tempfile.TemporaryDirectory(prefix="diff-incremental-", dir=SCRATCH) as folder:
        for step in range(rng.randrange(3, 7)):
            what = f"round {number} ({kind}, {incremental}), run {step}"
            table.change(late, True)
            if rng.random() < 0.1 and oracle.mark is not None:
                oracle.mark -= rng.randrange(0, 20)
                oracle.seen = set()
                moved = qetl(folder, "state", "set", "--", "inc", "in", KINDS[kind][0](oracle.mark))
                check(f"{what}: set", moved.returncode, 0)
                loaded, versions, floor = [], set(), oracle.mark - width
            wanted = oracle.run(table.rows)
            got, counts = run(folder, source_of(table, folder, kind, rng), incremental, rng.choice(WAYS))
            check(what, got if isinstance(got, str) else sorted(got), wanted)
            if isinstance(got, str):
                return
            empty = sum(c is None for _, c in table.rows)
            check(f"{what}: rejected", counts["rows_rejected"], empty if nulls == "reject" else 0)
            check(f"{what}: balanced", counts["rows_in"],
                  counts["rows_out"] + counts["rows_filtered"] + counts["rows_rejected"])
            loaded += [table.rows[n] for n in got if table.rows[n][1] is not None]
            versions |= {row for row in table.rows if row[1] is not None and row[1] >= floor}
            if oracle.mark is not None:
                mark = qetl(folder, "state", "get", "inc", "in").stdout.strip()
                check(f"{what}: watermark", mark, cell_of_mark(kind, oracle.mark))
        if keyed:
            check(f"round {number} ({kind}): doubled", len(loaded), len(set(loaded)))
        # Late by no more than the lag is not too late: nothing that was in time ever fell below the bound.
        check(f"round {number} ({kind}): lost", sorted(versions - set(loaded))[:5], [])


def main():
    print(f"# seed {SEED}, {ROUNDS} rounds")
    kinds = sorted(KINDS)
    for number in range(ROUNDS):
        simulate(number, kinds[number % len(kinds)])
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


sys.exit(main())
