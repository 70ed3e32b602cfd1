#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""csv with no option said: delimiter, quote, line ends, byte order marks and types of random tables are found, or what
is unsure is told: a table that comes out otherwise than it was written has a warning or rejected rows, and no row is
ever lost silently. A table whose quote is the apostrophe may be a whole table without, too, which nothing tells apart:
the log says that it was guessed. What is only offered (a header that looks like data, decimal commas) has its warning.

QETL: the binary. QETL_PLUGIN_PATH: its plugins. QETL_DIFF_SEED, QETL_DIFF_ROUNDS: what to repeat."""
import json
import os
import random
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from dialects import Dialect, Table  # noqa: E402
from many_runs import Checks, Runs, scratch  # noqa: E402

SEED = int(os.environ.get("QETL_DIFF_SEED", "20260101"))
ROUNDS = int(os.environ.get("QETL_DIFF_ROUNDS", "5"))
FILES = 150
RIGHT = 0.93  # of tables with a header and two columns or more
checks = Checks()
decimals = []  # whether numbers with a decimal comma were read as such


class Number(str):
    """A number in JSON, as it is spelled."""


def draw(rng):
    dialect = Dialect(rng)
    dialect.plain(rng)
    dialect.skip, dialect.ragged, dialect.header, dialect.nulls, dialect.blank = 0, "reject", rng.random() < 0.85, [""], "reject"
    dialect.newline = rng.choice(["\n", "\n", "\r\n", "\r"])
    dialect.encoding = rng.choice(["utf-8", "utf-8", "utf-8", "utf-16"])
    if dialect.delimiter != "," and rng.random() < 0.3:
        dialect.mark = ","
    if dialect.encoding == "utf-16" or dialect.newline == "\r":
        dialect.quote = '"'  # apostrophes are looked for in the plain kind
    table = Table(rng, dialect)
    while len(table.names) < 2 or len(table.rows) < 3:
        table = Table(rng, dialect)
    # what speaks against an apostrophe that quotes, or a return that ends lines
    spoils = '"\r' if dialect.quote == "'" else "\n" if dialect.newline == "\r" else ""
    for spoil in spoils:
        table.names = [name.replace(spoil, "q") for name in table.names]
        table.rows = [[c and c.replace(spoil, "q") for c in row] for row in table.rows]
        table.values = [[c and c.replace(spoil, "q") for c in row] for row in table.values]
    return dialect, table


def written(rng, dialect, table):
    """All rows are good ones."""
    lines = [dialect.line(rng, table.names)] if dialect.header else []
    lines += [dialect.line(rng, row) for row in table.rows]
    return dialect.encoded(dialect.newline.join(lines) + rng.choice(["", dialect.newline]))


def expected_of(dialect, table, found=True):
    """Numbers are numbers, but where they have a decimal comma that was not found; columns of nothing are text."""
    rows = []
    for spelled, values in zip(table.rows, table.values):
        rows.append([(name, s if kind == "text" or not found else None if v is None else Number(v))
                     for name, kind, s, v in zip(table.names, table.kinds, spelled, values)])
    return rows


def same(got, expected):
    """Text that is a number by chance may be one; what is to be a number must be."""
    return len(got) == len(expected) and all(
        [n for n, _ in g] == [n for n, _ in e] and all(
            a == b and (not isinstance(b, Number) or isinstance(a, Number)) for (_, a), (_, b) in zip(g, e))
        for g, e in zip(got, expected))


def rows_of(data):
    return [json.loads(line, parse_int=Number, parse_float=Number, object_pairs_hook=list)
            for line in data.decode("utf-8").split("\n") if line]


def hints(dialect, table, log):
    """What is offered, where the columns ask for it."""
    columns = [[row[i] for row in table.rows if row[i] is not None] for i in range(len(table.names))]
    for cells, kind, name in zip(columns, table.kinds, table.names):
        if dialect.mark == "," and dialect.header and kind == "decimal" and cells:
            checks.that(f"column {name} looks like numbers with a decimal comma" in log or "numbers with a decimal comma are found" in log or "\n" in name, f"no word of the decimal comma of {name}: {log}")
    first = [table.rows[0][i] for i, kind in enumerate(table.kinds) if kind != "text"]
    below = all(any(row[i] is not None for row in table.rows[1:]) for i, kind in enumerate(table.kinds) if kind != "text")
    if not dialect.header and dialect.mark == "." and first and None not in first and below:
        checks.that("the first row looks like data" in log, f"no word of a first row that is data: {table.rows[:2]!r:.200}, {log}")


def commas(table):
    """The cells of its columns of numbers."""
    return [[c for c, kind in zip(row, table.kinds) if kind != "text"] for row in table.rows]


def judge(runs, key, dialect, table, data):
    """Whether it was right."""
    rows_in, rejected = runs.counts(key)
    got = rows_of(runs.output(key))
    log = "\n".join(line for line in runs.log.split("\n") if f" s{key}: " in line)
    checks.that(rows_in == len(got) + rejected, f"counts of {dialect}: {rows_in}, {len(got)}, {rejected}")
    got = [[tuple(pair) for pair in row] for row in got]
    right = same(got, expected_of(dialect, table)) and not rejected
    if dialect.mark == "," and dialect.header and any("," in (c or "") for row in commas(table) for c in row):
        decimals.append(right)
        right = right or (same(got, expected_of(dialect, table, False)) and not rejected)
    silent = not (right or rejected or "apostrophe" in log)
    if dialect.header:
        checks.that(not silent,
                    f"wrong, and not a word of it: {dialect}\n  {got[:2]!r:.300}\n  {expected_of(dialect, table)[:2]!r:.300}\n  {data[:300]!r}\n  {log}")
    if dialect.quote == '"' and (right or not dialect.header):
        hints(dialect, table, log)
    return right


def main():
    print(f"seed {SEED}, {ROUNDS} rounds of {FILES} files")
    asked = found = 0
    for number in range(ROUNDS):
        rng = random.Random(f"{SEED} {number}")
        with scratch("diff-detection-") as folder:
            runs = Runs(folder, "runs", rng.choice([["--workers", "1"], ["--workers", "3"]]), rng.choice([4096, 262144]))
            trials = []
            for key in range(FILES):
                dialect, table = draw(rng)
                data = written(rng, dialect, table)
                runs.add(key, data, {"type": "csv"}, {"type": "ndjson"})
                trials.append((dialect, table, data))
            if not runs.go(checks):
                continue
            for key, trial in enumerate(trials):
                right = judge(runs, key, *trial)
                asked += trial[0].header
                found += right and trial[0].header
    print(f"{sum(decimals)} of {len(decimals)} tables with decimal commas were read with them;", end=" ")
    print(f"{found} of {asked} tables were found as they are")
    checks.that(found >= RIGHT * asked, f"only {found} of {asked} tables were found as they are")
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
