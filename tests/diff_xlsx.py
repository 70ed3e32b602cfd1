#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Workbooks against openpyxl in both directions, and csv -> xlsx -> csv: random tables, byte for byte where a cell
can hold the value. What it cannot hold stands in docs/reference/xlsx-limits.md, whose table is executed here."""
import csv
import datetime
import io
import os
import random
import re
import subprocess
import sys
import tempfile

try:
    import openpyxl
except ImportError:
    if sys.executable != "/usr/bin/python3" and os.path.exists("/usr/bin/python3"):
        os.execv("/usr/bin/python3", ["/usr/bin/python3"] + sys.argv)
    print("skipped: python3-openpyxl is not there")
    sys.exit(77)

QETL = os.environ.get("QETL", "qetl")
SEED = int(os.environ.get("SEED", "1"))
ROUNDS = int(os.environ.get("ROUNDS", "12"))
passed = failed = 0


def check(what, got, wanted):
    global passed, failed
    if got == wanted:
        passed += 1
        return
    failed += 1
    print(f"not ok - {what}\n    got    {got!r}\n    wanted {wanted!r}"[:2000])


def run(source, sink, types="{}"):
    """Copies one file to another; what the program said where it failed, else ''."""
    if os.path.exists(sink):
        os.remove(sink)
    read = "xlsx" if source.endswith("xlsx") else "csv"
    pipeline = (f"{{sources: {{a: {{plugin: file, path: {source}, format: {{type: {read}, types: {types}}}}}}},"
                f" sinks: {{o: {{plugin: file, input: a, path: {sink}}}}}}}")
    with open("p.yaml", "w") as file:
        file.write(pipeline)
    done = subprocess.run([QETL, "run", "p.yaml", "-q"], capture_output=True, text=True, timeout=300)
    return "" if done.returncode == 0 else done.stderr + done.stdout


def random_text(rng):
    alphabet = "abz,;\"'=+-@ äß€😀_x0041_<>&\t\n\u2028" if rng.random() < 0.3 else "abcdefgh xyz"
    return "".join(rng.choice(alphabet) for _ in range(rng.randrange(1, 20)))


def random_date(rng):
    return datetime.date(1900, 3, 1) + datetime.timedelta(days=rng.randrange(0, 2950000))


def random_stamp(rng):
    moment = datetime.datetime.combine(random_date(rng), datetime.time(rng.randrange(24), rng.randrange(60)))
    return moment.replace(second=rng.randrange(60), microsecond=rng.randrange(1000) * 1000)


KINDS = {
    "bigint": lambda rng: rng.randrange(-2**53, 2**53) if rng.random() < 0.5 else rng.randrange(-9, 9),
    "double": lambda rng: float(f"{rng.uniform(-1, 1):.14g}") * 10 ** rng.randrange(-20, 20) + 0.5,
    "boolean": lambda rng: rng.random() < 0.5,
    "text": random_text,
    "date": random_date,
    "timestamp": random_stamp,
    "time": lambda rng: datetime.time(rng.randrange(24), rng.randrange(60), rng.randrange(60)),
}


def fifteen(value):
    return float(f"{value:.15g}") if isinstance(value, float) else value


def table(rng):
    kinds = [rng.choice(list(KINDS)) for _ in range(rng.randrange(1, 7))]
    rows = [[None if rng.random() < 0.1 else fifteen(KINDS[kind](rng)) for kind in kinds]
            for _ in range(rng.randrange(1, 40))]
    for row in rows:  # a row of nothing is no row
        row.append(rng.randrange(1, 1000))
    return kinds + ["bigint"], rows


def spell(value):
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.datetime):
        return re.sub(r"(\.\d*?)0+$", r"\1", value.isoformat(" "))
    return str(value) if isinstance(value, str) else repr(value) if isinstance(value, float) else str(value)


def types_of(kinds):
    return "{" + ", ".join(f"c{i}: {kind}" for i, kind in enumerate(kinds)) + "}"


def as_read(value):
    """openpyxl hands dates back as datetimes, and whole doubles as integers."""
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return datetime.datetime(value.year, value.month, value.day)
    return value


def written(rng):
    """csv -> xlsx: openpyxl sees the values; xlsx -> csv: the same bytes."""
    kinds, rows = table(rng)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([f"c{i}" for i in range(len(kinds))])
    writer.writerows([[spell(value) for value in row] for row in rows])
    with open("in.csv", "w", newline="") as file:
        file.write(out.getvalue())
    check("csv is written as xlsx", run("in.csv", "out.xlsx", types=types_of(kinds)), "")
    seen = [list(row) for row in openpyxl.load_workbook("out.xlsx").active.iter_rows(values_only=True)][1:]
    unescape = [[v.replace("_x005F_x", "_x") if isinstance(v, str) else v for v in row] for row in seen]
    check("what openpyxl sees", unescape, [[as_read(value) for value in row] for row in rows])
    check("xlsx is written as csv", run("out.xlsx", "first.csv", types=types_of(kinds)), "")
    check("and as xlsx again", run("out.xlsx", "again.xlsx", types=types_of(kinds)), "")
    check("which is csv again", run("again.xlsx", "second.csv", types=types_of(kinds)), "")
    with open("first.csv", newline="") as one, open("second.csv", newline="") as two:
        first = one.read()
        check("twice there and back", two.read(), first)
    check("cells", [[as_number(c, k) for c, k in zip(row, kinds)] for row in list(csv.reader(io.StringIO(first)))[1:]],
          [[as_number(spell(v), k) for v, k in zip(row, kinds)] for row in rows])


def as_number(text, kind):
    return float(text) if kind == "double" and text else text


def read(rng):
    """openpyxl writes, qetl reads: without types, as number formats say."""
    kinds, rows = table(rng)
    book = openpyxl.Workbook()
    book.active.append([f"c{i}" for i in range(len(kinds))])
    for row in rows:
        book.active.append([None if isinstance(v, str) else v for v in row])
        for at, value in enumerate(row, 1):
            if isinstance(value, str):  # openpyxl would make formulas of some
                cell = book.active.cell(book.active.max_row, at)
                cell.value = value.replace("_x", "_ x")
                cell.data_type = "s"
    book.save("made.xlsx")
    check("a book of openpyxl", run("made.xlsx", "made.csv", types=types_of(kinds)), "")
    with open("made.csv", newline="") as file:
        cells = list(csv.reader(file))[1:]
    check("its cells", [[as_number(c, k) for c, k in zip(row, kinds)] for row in cells],
          [[as_number(spell(v).replace("_x", "_ x"), k) for v, k in zip(row, kinds)] for row in rows])


def limits():
    """The table of what a workbook does not hold: type, value in csv, what comes back (reject: a dead letter)."""
    page = os.path.join(os.environ.get("QETL_SOURCE", "."), "docs/reference/xlsx-limits.md")
    with open(page) as file:
        rows = re.findall(r"^\| `([^`]+)` \| `([^`]+)` \| `?([^`|]+?)`? \|", file.read(), re.M)
    check("the table has rows", len(rows) > 8, True)
    for kind, value, back in rows:
        with open("in.csv", "w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([["c", "k"], [value, 1]])
        told = run("in.csv", "out.xlsx", types=f'{{c: "{kind}"}}')
        check(f"{kind} {value} is taken", told, "")
        if told:
            continue
        got = [row[0] for row in openpyxl.load_workbook("out.xlsx").active.iter_rows(values_only=True)][1:]
        check(f"{kind} {value}", str(got[0]) if got else "rejected", back)


def other_program():
    """What gnumeric writes: shared strings, its own styles."""
    with open("in.csv", "w") as file:
        file.write("id,day,text,price\n1,2024-02-29,one,1.5\n2,1999-12-31,two,\n3,,one,-7\n")
    try:
        subprocess.run(["ssconvert", "in.csv", "gnumeric.xlsx"], capture_output=True, timeout=300, check=True)
    except FileNotFoundError:
        print("gnumeric is not there: its workbooks are not read")
        return
    check("a book of gnumeric", run("gnumeric.xlsx", "out.csv"), "")
    with open("in.csv") as one, open("out.csv") as two:
        check("its cells", two.read(), one.read())


def main():
    print(f"seed {SEED}, {ROUNDS} rounds")
    rng = random.Random(SEED)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for _ in range(ROUNDS):
            written(rng)
            read(rng)
        limits()
        other_program()
        os.chdir("/")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
