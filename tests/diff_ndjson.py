#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""qetl's ndjson against Python's json: generated records go through the binary, and what comes out must
be what Python reads, numbers by their spelling.

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


class Number(str):
    """A number as it was spelled."""


def check(what, got, expected):
    global passed, failed
    if got == expected:
        passed += 1
        return
    failed += 1
    print(f"FAILED {what}\n  got      {got!r:.2000}\n  expected {expected!r:.2000}")


def exact(line):
    """A record as pairs: numbers as spelled, key order kept, duplicate keys seen."""
    return json.loads(line, parse_float=Number, parse_int=Number, object_pairs_hook=lambda pairs: pairs)


def run(folder, source, target, *more, rejected=0):
    report = os.path.join(folder, "report.json")
    command = [QETL, "run", "--from", source, "--to", target, "--json-file", report, *more]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=folder)
    if done.returncode != 0:
        check(" ".join(command), (done.returncode, done.stderr), (0, ""))
        return False
    with open(report, encoding="utf-8") as file:
        summary = json.load(file)["summary"]
    check("the ledger balances", (summary["balanced"], summary["rows_rejected"]), (True, rejected))
    return True


def convert(text, source_type, target_type, *more, rejected=0):
    """The text as a file of one format, run into a file of the other."""
    with tempfile.TemporaryDirectory(prefix="diff-ndjson-") as folder:
        source = os.path.join(folder, "in." + source_type)
        target = os.path.join(folder, "out." + target_type)
        with open(source, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        if not run(folder, source, target, *more, rejected=rejected):
            return None
        with open(target, encoding="utf-8", newline="") as file:
            return file.read()


ALPHABET = ["a", "b", "Z", "0", " ", '"', "\\", "/", "\n", "\r", "\t", "\b", "\f", "\0", "\x1f", "\x7f", ",",
            "{", "}", "[", ":", "é", "ß", "€", "急", "😀", "\u2028", "\uffff", "'", "long run of plain text "]


def random_text(rng, most=12):
    return "".join(rng.choice(ALPHABET) for _ in range(rng.randrange(most)))


def random_number(rng, kind):
    sign = rng.choice(["", "-"])
    digits = str(rng.randrange(10 ** rng.randrange(1, 19)))[:17]
    if kind == "integer":
        return sign + digits
    if kind == "wide":
        return sign + str(rng.randrange(10 ** 18, 10 ** 37))
    if kind == "decimal":
        return sign + digits[:14] + "." + "".join(rng.choice("0123456789") for _ in range(rng.randrange(1, 6)))
    return sign + digits[:8] + rng.choice(["", ".50"]) + rng.choice("eE") + rng.choice(["", "+", "-", "-0"]) + str(
        rng.randrange(30))


def random_nested(rng, depth=0):
    """JSON text, blanks included, that must survive as it is."""
    kind = rng.randrange(7 if depth < 4 else 4)
    blank = rng.choice(["", "", " ", "\t"])
    if kind == 0:
        return random_number(rng, rng.choice(["integer", "decimal", "real"]))
    if kind == 1:
        return json.dumps(random_text(rng), ensure_ascii=rng.random() < 0.5)
    if kind < 4:
        return rng.choice(["true", "false", "null"])
    if kind < 6:
        return "[" + ("," + blank).join(random_nested(rng, depth + 1) for _ in range(rng.randrange(4))) + "]"
    return "{" + ("," + blank).join(
        f'"k{i}":{blank}' + random_nested(rng, depth + 1) for i in range(rng.randrange(4))) + "}"


def random_token(rng, kind):
    if kind == "text":
        return json.dumps(random_text(rng), ensure_ascii=rng.random() < 0.5)
    if kind == "boolean":
        return rng.choice(["true", "false"])
    if kind == "nested":
        return "[" + random_nested(rng, 1) + "]"
    if kind == "mixed":
        return random_token(rng, rng.choice(["text", "boolean", "nested", "integer", "real"]))
    return random_number(rng, kind)


KINDS = ["text", "boolean", "nested", "mixed", "integer", "wide", "decimal", "real"]


def random_columns(rng, kinds):
    names = []
    while len(names) < rng.randrange(1, 9):
        name = rng.choice(["id", "name", "a", "ab", "é", "a \"b\"", "x" * 40, "y" * 80, "k"]) + str(len(names))
        names.append((name, rng.choice(kinds)))
    return names


def random_record(rng, columns, style):
    members = []
    for name, kind in columns:
        chance = rng.random()
        if chance < 0.1:
            continue
        token = "null" if chance < 0.2 else random_token(rng, kind)
        members.append(json.dumps(name, ensure_ascii=rng.random() < 0.2) + style[1] + token)
    if rng.random() < 0.1:
        rng.shuffle(members)
    return "{" + style[0].join(members) + "}"


STYLES = [(",", ":"), (", ", ": "), (" , ", " :\t")]


def ordered(record, names):
    """A record in the order of the columns: what is missing stays missing."""
    pairs = dict(record)
    return [(name, pairs[name]) for name in names if name in pairs]


def first_seen(records):
    names = []
    for record in records:
        names += [name for name, _ in record if name not in names]
    return names


def lines_to_lines(rng):
    columns = random_columns(rng, KINDS)
    style = rng.choice(STYLES)
    lines = [random_record(rng, columns, style if rng.random() < 0.9 else rng.choice(STYLES))
             for _ in range(rng.choice([1, 7, 400]))]
    end = rng.choice(["\n", "\r\n", "\n\n"])
    out = convert(end.join(lines) + rng.choice(["", end]), "ndjson", "ndjson")
    if out is None:
        return
    records = [exact(line) for line in lines]
    names = first_seen(records)
    got = [exact(line) for line in out.splitlines() if line] if "\u2028" not in out else [
        exact(line) for line in out.split("\n") if line]
    check("ndjson -> ndjson", got, [ordered(record, names) for record in records])


def csv_text(value):
    """How a JSON value stands in a CSV cell; NULL is nothing."""
    if value is None:
        return ""
    if value is True or value is False:
        return "true" if value else "false"
    return str(value)


def lines_to_csv(rng):
    columns = random_columns(rng, ["text", "boolean", "integer", "wide", "decimal", "real"])
    lines = [random_record(rng, columns, rng.choice(STYLES)) for _ in range(rng.choice([2, 300]))]
    records = [exact(line) for line in lines]
    names = first_seen(records)
    # csv readers do not tell NUL and bare returns apart from what they mean by them
    if len(names) < 2 or any(c in line for c in ("\\u0000", "\\r") for line in lines):
        return
    out = convert("\n".join(lines), "ndjson", "csv")
    if out is None:
        return
    rows = list(csv.reader(io.StringIO(out, newline=""), strict=True))
    check("header", rows[0], names)
    expected = [[csv_text(dict(record).get(name)) for name in names] for record in records]
    check("ndjson -> csv", rows[1:], expected)


def csv_to_lines(rng):
    kinds = [rng.choice(["text", "integer", "decimal"]) for _ in range(rng.randrange(2, 7))]
    names = [f"c{i}" for i in range(len(kinds))]
    rows = [[None if rng.random() < 0.1 else random_cell(rng, kind) for kind in kinds]
            for _ in range(rng.choice([3, 300]))]
    rows[0] = [random_cell(rng, kind) for kind in kinds]
    source = io.StringIO(newline="")
    source.write(",".join(names) + "\n")
    for row in rows:
        source.write(",".join(csv_cell(cell, kind) for cell, kind in zip(row, kinds)) + "\n")
    out = convert(source.getvalue(), "csv", "ndjson")
    if out is None:
        return
    expected = [[(name, csv_value(cell, kind)) for name, cell, kind in zip(names, row, kinds)] for row in rows]
    check("csv -> ndjson", [exact(line) for line in out.split("\n") if line], expected)


def random_cell(rng, kind):
    if kind == "text":
        return "t" + random_text(rng).replace("\0", "").replace("\r", "")
    return random_number(rng, kind)


def csv_cell(cell, kind):
    if cell is None:
        return ""
    return '"' + cell.replace('"', '""') + '"' if kind == "text" else cell


def csv_value(cell, kind):
    if cell is None or kind == "text":
        return cell
    return Number(cell)


BROKEN = ['{"a":01}', '{"a":1,"a":2}', "[1]", '{"a":"\\ud800"}', '{"a":"\t"}', '{"a":1} x', '{"a":tru}', "{",
          '{"a":1,}', '{"a":nan}', '{"a":"\\x"}']


def broken_lines(rng):
    """Broken records are counted and left out; the others are not touched."""
    good = [f'{{"a":{i},"b":{json.dumps(random_text(rng))}}}' for i in range(rng.randrange(1, 60))]
    bad = rng.sample(BROKEN, rng.randrange(1, len(BROKEN)))
    lines = good[1:] + bad
    rng.shuffle(lines)
    out = convert("\n".join([good[0]] + lines) + "\n", "ndjson", "ndjson", rejected=len(bad))
    if out is not None:
        kept = [exact(good[0])] + [exact(line) for line in lines if line not in bad]
        check("the rest of a broken file", [exact(line) for line in out.split("\n") if line], kept)


def main():
    print(f"seed {SEED}, {ROUNDS} rounds")
    rng = random.Random(SEED)
    for _ in range(ROUNDS):
        lines_to_lines(rng)
        lines_to_csv(rng)
        csv_to_lines(rng)
        broken_lines(rng)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
