#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random dialects of csv over random tables: what qetl reads must be the table, cell by cell, and what it writes
must be read as the table by Python's csv, or by the reader of tests/dialects.py where Python's does not know the
dialect. Hundreds of files go through one process, under several numbers of workers, drivers and sizes of chunks.

QETL: the binary. QETL_PLUGIN_PATH: its plugins. QETL_DIFF_SEED, QETL_DIFF_ROUNDS: what to repeat."""
import csv
import io
import json
import os
import random
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from dialects import Dialect, Table, parse  # noqa: E402
from many_runs import Checks, Runs, scratch  # noqa: E402

SEED = int(os.environ.get("QETL_DIFF_SEED", "20260101"))
ROUNDS = int(os.environ.get("QETL_DIFF_ROUNDS", "6"))
FILES = 100
WAYS = [["--workers", "1"], ["--workers", "3"], ["--driver", "pull"], ["--workers", "4", "--validate", "full"]]
checks = Checks()


def rows_of_ndjson(data):
    """Each row as pairs; numbers as they are spelled."""
    return [json.loads(line, parse_float=str, parse_int=str, object_pairs_hook=list)
            for line in data.decode("utf-8").split("\n") if line]


def first_difference(got, expected):
    for i, (g, e) in enumerate(zip(got, expected)):
        if g != e:
            cells = [(a, b) for a, b in zip(g, e) if a != b]
            return f"row {i}, {len(g)} cells, not {len(e)}: {cells!r:.300}"
    return f"{len(got)} rows, not {len(expected)}"


def compare(what, data, got, expected):
    checks.that(got == expected, f"{what}\n  {first_difference(got, expected) if got != expected else ''}\n"
                                 f"  of {data[:300]!r}")


def read_many(rng, folder, number):
    """Written by us, or by Python's csv; read by qetl."""
    runs = Runs(folder, f"read{number}", rng.choice(WAYS), rng.choice([4096, 8192, 262144]))
    trials = []
    for i in range(FILES):
        dialect = Dialect(rng)
        table = Table(rng, dialect)
        data, rejected = dialect.write(rng, table)
        runs.add(i, data, dialect.reader_options(rng, table), {"type": "ndjson"})
        trials.append((dialect, table, data, rejected))
    done = runs.go(checks)
    for i, (dialect, table, data, rejected) in enumerate(trials if done else []):
        expected = [list(zip(table.names, row)) for row in table.expected]
        got = [[tuple(pair) for pair in row] for row in rows_of_ndjson(runs.output(i))]
        compare(f"reading {dialect}", data, got, expected)
        counts = runs.counts(i)
        checks.that(counts == (len(expected) + rejected, rejected),
                    f"counts {counts}, {rejected} rejected, reading {dialect}\n  of {data[:300]!r}")


def table_as_ndjson(table):
    return "".join(json.dumps(dict(zip(table.names, row)), ensure_ascii=False) + "\n"
                   for row in table.rows).encode("utf-8")


def write_many(rng, folder, number):
    """Written by qetl; read by Python's csv or by us, and by qetl again."""
    runs = Runs(folder, f"write{number}", rng.choice(WAYS), rng.choice([4096, 262144]))
    again = Runs(folder, f"again{number}", rng.choice(WAYS), rng.choice([4096, 262144]))
    trials = []
    for i in range(FILES):
        dialect = Dialect(rng, for_writer=True)
        table = Table(rng, dialect, plain=True)
        types = {name: "text" for name in table.names}
        runs.add(i, table_as_ndjson(table), {"type": "ndjson", "types": types}, dialect.writer_options(rng))
        trials.append((dialect, table))
    if not runs.go(checks):
        return
    for i, (dialect, table) in enumerate(trials):
        data = runs.output(i)
        text = dialect.decoded(data)
        rows = [table.names] * dialect.header + table.rows
        if dialect.python_reads():
            read = list(csv.reader(io.StringIO(text, newline=""), strict=True, **dialect.python()))
            plain = [["" if c is None else c for c in row] for row in rows]
            null = dialect.nulls[0]
            compare(f"Python reads what was written as {dialect}", data, read,
                    [[null if c is None else c for c in row] for row in rows] if null else plain)
        compare(f"what was written as {dialect}", data, parse(dialect, text), rows)
        again.add(i, data, dialect.reader_options(rng, table, same=True), {"type": "ndjson"})
    if again.go(checks):
        for i, (dialect, table) in enumerate(trials):
            names = table.names if dialect.header else [f"column{k + 1}" for k in range(len(table.names))]
            got = [[tuple(pair) for pair in row] for row in rows_of_ndjson(again.output(i))]
            compare(f"qetl reads what it wrote as {dialect}", runs.output(i), got,
                    [list(zip(names, row)) for row in table.rows])


def main():
    print(f"seed {SEED}, {ROUNDS} rounds of {2 * FILES} files")
    for number in range(ROUNDS):
        rng = random.Random(f"{SEED} {number}")
        with scratch("diff-dialects-") as folder:
            read_many(rng, folder, number)
            write_many(rng, folder, number)
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
