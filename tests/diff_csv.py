#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""qetl's csv against Python's csv: generated tables go through the binary, and what comes out must be
what Python reads, byte for byte where nothing but quotes may change. Broken rows must be counted as an
independent reader counts them.

QETL: the binary. QETL_PLUGIN_PATH: its plugins. QETL_DIFF_SEED, QETL_DIFF_ROUNDS: what to repeat."""
import csv
import io
import json
import os
import random
import subprocess
import sys
import tempfile

QETL = os.environ.get("QETL", "./qetl")
SEED = int(os.environ.get("QETL_DIFF_SEED", "20260101"))
ROUNDS = int(os.environ.get("QETL_DIFF_ROUNDS", "25"))
passed = failed = 0

PARTS = ["a", "Z9", " ", ",", ";", "\t", '"', "\n", "\r\n", "é", "急", "007", "10.50", "1e5", "NaN", "-",
         "'", "long run of plain text ", "123456789012345678901234567890", "\ufeff"]


def check(what, got, expected):
    global passed, failed
    if got == expected:
        passed += 1
        return
    failed += 1
    print(f"FAILED {what}\n  got      {got!r:.2000}\n  expected {expected!r:.2000}")


def quoted(text):
    return '"' + text.replace('"', '""') + '"'


def canonical(cell, first):
    """A cell as qetl writes it; None is NULL."""
    if cell is None:
        return ""
    if cell == "" or any(c in cell for c in ',"\r\n') or (first and cell.startswith("\ufeff")):
        return quoted(cell)
    return cell


def spelled(rng, cell, delimiter):
    """The same cell, in quotes now and then though it needs none."""
    if cell is None:
        return ""
    must = cell == "" or any(c in cell for c in delimiter + '"\r\n') or cell.startswith("\ufeff")
    return quoted(cell) if must or rng.random() < 0.2 else cell


def random_cell(rng):
    if rng.random() < 0.15:
        return None
    return "".join(rng.choice(PARTS) for _ in range(rng.randrange(4)))


def run(folder, source, target, *more):
    """The report's summary, or None."""
    report = os.path.join(folder, "report.json")
    command = [QETL, "run", "--from", source, "--to", target, "--json-file", report, *more]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=folder)
    if done.returncode != 0:
        check(" ".join(command), (done.returncode, done.stderr), (0, ""))
        return None
    with open(report, encoding="utf-8") as file:
        summary = json.load(file)["summary"]
    check("the ledger balances", summary["balanced"], True)
    return summary


def convert(data, target_name="out.csv", source_name="in.csv", *more):
    with tempfile.TemporaryDirectory(prefix="diff-csv-") as folder:
        source = os.path.join(folder, source_name)
        target = os.path.join(folder, target_name)
        with open(source, "wb") as file:
            file.write(data)
        summary = run(folder, source, target, *more)
        if summary is None:
            return None, None
        with open(target, "rb") as file:
            return summary, file.read()


def round_of_good_rows(rng):
    delimiter, newline = rng.choice([",", ";", "\t"]), rng.choice(["\n", "\r\n"])
    names = [f"column {i}" for i in range(rng.randrange(2, 7))]
    rows = [[random_cell(rng) for _ in names] for _ in range(rng.randrange(30, 120))]
    lines = [delimiter.join(names)]
    lines += [delimiter.join(spelled(rng, cell, delimiter) for cell in row) for row in rows]
    data = newline.join(lines) + rng.choice(["", newline])
    name = {",": "in.csv", ";": "in.csv", "\t": "in.tsv"}[delimiter]
    summary, out = convert(data.encode(), "out.csv", name)
    if summary is None:
        return
    # A last row of NULLs alone, without a line end, is still a row.
    expected = ",".join(names) + "\n"
    expected += "".join(",".join(canonical(c, i == 0) for i, c in enumerate(row)) + "\n" for row in rows)
    check(f"bytes of {data[:80]!r}", out, expected.encode())
    check("rows", (summary["rows_in"], summary["rows_rejected"]), (len(rows), 0))
    read = list(csv.reader(io.StringIO(out.decode(), newline=""), strict=True))
    check("what Python reads", read, [names] + [[c or "" for c in row] for row in rows])


def records(text):
    """The records of a text by the state machine, without careful stretches; (cells, fault) each."""
    out, cells, cell, state, fault = [], [], "", "begin", False
    for at, c in enumerate(text):
        following = text[at + 1:at + 2]
        if state == "quoted":
            state, cell = ("closed", cell) if c == '"' else ("quoted", cell + c)
        elif state == "closed" and c == '"':
            state, cell = "quoted", cell + '"'
        elif c in ",\n":
            cells.append(cell)
            cell, state = "", "begin"
            if c == "\n":
                out.append((cells, fault))
                cells, fault = [], False
        elif state == "begin" and c == '"':
            state = "quoted"
        elif c == "\r" and following == "\n":
            state = "bare"
        else:
            blank = state == "begin" or (state == "bare" and not cell.strip(" \t"))
            fault = fault or state == "closed" or (c == '"' and blank)
            cell, state = cell + c, "bare"
    return out


def round_of_broken_rows(rng):
    pieces = ["1,2,3\n", "a,b,c\n", '"x","y ""z""",w\n', '"two\nlines",,\n', "1,2\n", "1,2,3,4\n",
              '5" pipe,x,y\n', 'a,b"c,5"\n', 'a, "b",c\n', '"a"b,c,d\n', 'x,"y"z",w\n', ",,\n", "\n", "x,y,z\r\n"]
    body = "".join(rng.choice(pieces) for _ in range(rng.randrange(20, 80))) + "1,2,3\n"
    found = records(body)
    good = [cells for cells, fault in found if len(cells) == 3 and not fault]
    summary, out = convert(("k,l,m\n" + body).encode())
    if summary is None:
        return
    check(f"counts of {body[:80]!r}", (summary["rows_in"], summary["rows_rejected"], summary["rows_out"]),
          (len(found), len(found) - len(good), len(good)))
    read = list(csv.reader(io.StringIO(out.decode(), newline=""), strict=True))
    check("the good rows", read[1:], good)


def single_facts():
    for name, data, expected in [
            ("no bytes", b"", b""),
            ("a header alone", b"a,b\n", b"a,b\n"),
            ("a byte order mark", b"\xef\xbb\xbfa,b\r\n1,2\r\n", b"a,b\n1,2\n"),
            ("an open quote", b'a,b\n1,"x\n2,y\n3,z\n', b"a,b\n2,y\n3,z\n"),
            ("bytes that are not UTF-8", b"a,b\n1,\xff\n2,y\n", b"a,b\n2,y\n"),
            ("doubled names", b"a,a\n1,2\n", b"a,a_2\n1,2\n")]:
        _, out = convert(data)
        check(name, out, expected)


def main():
    print(f"seed {SEED}, {ROUNDS} rounds")
    rng = random.Random(SEED)
    single_facts()
    for _ in range(ROUNDS):
        round_of_good_rows(rng)
        round_of_broken_rows(rng)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
