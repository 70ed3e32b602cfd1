#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""csv into each format and back: the csv that comes is the one that went, byte for byte, but for what stands in
docs/reference/format-limits.md. Each row of its table must be seen here, and nothing else may differ.

QETL: the binary. QETL_PLUGIN_PATH: its plugins. QETL_SOURCE: the tree."""
import io
import json
import os
import random
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from dialects import Dialect, parse  # noqa: E402
from many_runs import Checks, Runs, scratch  # noqa: E402

PAGE = os.path.join(os.environ.get("QETL_SOURCE", "."), "docs/reference/format-limits.md")
checks = Checks()
TEXTS = ["plain", "", "  blanks ", "a,b;c|d", 'say "so"', "two\nlines", "carriage\r\nreturn", "bare\rreturn", "tab\there", "\ttab", "é", "😀急", "e\u0301",
         "\ufeffmark", "=1+1", "NULL", "007", "1e5", "true", "\\N", "{}", "null", "\x01", "\x1f\x1e", "\u2028", "\u0085", "ends\n", "x" * 33000]
VALUES = {
    "boolean": ["true", "false"],
    "smallint": ["-32768", "32767"],
    "integer": ["-2147483648", "2147483647"],
    "bigint": ["0", "-9223372036854775808", "9007199254740993", "9223372036854775807"],
    "real": ["0.1", "3.4028235e+38", "1e-45", "-0", "NaN", "Infinity"],
    "double": ["0.1", "0.30000000000000004", "1.7976931348623157e+308", "5e-324", "-0", "NaN", "Infinity", "-Infinity"],
    "decimal(20,2)": ["0.00", "-0.01", "123456789012345678.99"],
    "decimal(38,10)": ["0.0000000001", "-1234567890123456789012345678.0123456789"],
    "text": TEXTS,
    "binary": ["\\x", "\\x00ff", "\\xe9"],
    "date": ["0001-01-01", "1899-12-31", "1970-01-01", "2024-02-29", "9999-12-31"],
    "time": ["00:00:00", "12:34:56.789", "23:59:59.999999"],
    "timestamp": ["0001-01-01 00:00:00", "1969-12-31 23:59:59.999999", "2024-02-29 12:00:00.001", "9999-12-31 23:59:59"],
    "timestamp with time zone": ["1969-12-31 23:59:59.999999+00", "2024-02-29 12:00:00.5+00"],
}
# name: plugin that it needs, format written, and whether types are declared in reading it
FORMATS = {
    "csv": ("csv", {"type": "csv"}, True),
    "csv, `quoting: all`, `newline: crlf`": ("csv", {"type": "csv", "quoting": "all", "newline": "crlf"}, True),
    "csv, `quote: \"\"`, `escape: \"\\\\\"`": ("csv", {"type": "csv", "quote": "", "escape": "\\", "escape_codes": True, "null": ["\\N"]}, True),
    "csv, `encoding: utf-16`": ("csv", {"type": "csv", "encoding": "utf-16", "delimiter": ";"}, True),
    "csv, `encoding: latin1`": ("csv", {"type": "csv", "encoding": "latin1"}, True),
    "tsv": ("csv", {"type": "tsv"}, True),
    "ndjson": ("ndjson", {"type": "ndjson"}, True),
    "ndjson, `nan: string`": ("ndjson", {"type": "ndjson", "nan": "string"}, True),
    "json": ("ndjson", {"type": "json", "pretty": True}, True),
    "xlsx": ("xlsx", {"type": "xlsx"}, False),
    "parquet": ("parquet", {"type": "parquet"}, False),
    "avro": ("avro", {"type": "avro"}, False),
    "binary": ("binary", {"type": "binary"}, False),
}
# Formats of one column, whose rows have nothing to tell them by: each value by itself, in a file of its own.
ALONE = {
    "lines": ("lines", lambda kind: {"type": "lines", "encoding": "binary" if kind == "binary" else "utf-8"}),
    "lines, `separator: \"\\0\"`": ("lines", lambda kind: {"type": "lines", "separator": "\\0", "encoding": "binary" if kind == "binary" else "utf-8"}),
    "raw": ("lines", lambda kind: {"type": "raw", "as": "binary" if kind == "binary" else "text", "file_column": ""}),
}
ALONE_NULL = "<null>"
# The field of a layout that a type is written into; what has none goes as text.
LAYOUT = {
    "boolean": {"type": "bool"}, "smallint": {"type": "i16"}, "integer": {"type": "i32"}, "bigint": {"type": "i64"},
    "real": {"type": "f32"}, "double": {"type": "f64"}, "decimal(20,2)": {"type": "packed", "size": 11, "scale": 2},
    "binary": {"type": "bytes", "prefix": "u16"},
    "date": {"type": "i32", "time": {"epoch": "unix", "unit": "days"}},
    "timestamp with time zone": {"type": "i64", "time": {"epoch": "unix", "unit": "us"}},
}
WRITER_ALONE = ("quoting", "newline", "bom", "pretty", "nan")


def table_of(values):
    out = io.StringIO(newline="")
    out.write("id,v\n")
    for i, value in enumerate([None, *values]):
        text = "" if value is None else '"' + value.replace('"', '""') + '"'
        out.write(f"{i},{text}\n")
    return out.getvalue().encode("utf-8")


def rows_of(data):
    """id: the cell, None for NULL; a quoted nothing is text."""
    dialect = Dialect(random.Random(0))
    dialect.plain(random.Random(0))
    dialect.delimiter, dialect.quote, dialect.newline, dialect.nulls = ",", '"', "\n", [""]
    return dict(tuple(row) for row in parse(dialect, data.decode("utf-8"))[1:])


def typed(kind):
    return {"types": {"id": "integer", "v": kind}}


def planned(folder, plan, kind):
    """Of binary, the layout of this type."""
    if plan["type"] != "binary":
        return plan
    path = os.path.join(folder, f"{kind}.json")
    field = LAYOUT.get(kind, {"type": "text", "prefix": "u32"})
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"fields": [{"name": "id", "type": "i32"}, {"name": "v", **field}]}, file)
    return {**plan, "layout": path}


def into(folder, name, plan):
    """csv → the format, and what csv makes of it alone."""
    runs = Runs(folder, name, ["--workers", "2"], 262144)
    for key, kind in enumerate(VALUES):
        runs.add(key, table_of(VALUES[kind]), {"type": "csv", **typed(kind)}, planned(folder, plan, kind))
    return runs if runs.go(checks) else None


def back(folder, name, runs, plan, declared):
    again = Runs(folder, name, ["--workers", "2"], 262144)
    for key, kind in enumerate(VALUES):
        reading = {k: v for k, v in planned(folder, plan, kind).items() if k not in WRITER_ALONE}
        again.add(key, runs.output(key), {**reading, **(typed(kind) if declared else {})}, {"type": "csv"},
                  f"in{key}.{plan['type']}")
    return again if again.go(checks) else None


def shown(text):
    """As it stands in the table."""
    if text is None:
        return "NULL"
    if len(text) > 100:
        return f"{len(text):,} letters {text[0]}"
    return json.dumps(text)[1:-1].replace("|", "\\u007c").replace("`", "\\u0060")


def differences(folder, first, number, name):
    _, plan, declared = FORMATS[name]
    runs = into(folder, f"into{number}", plan)
    again = runs and back(folder, f"back{number}", runs, plan, declared)
    for key, kind in enumerate(VALUES if again else []):
        sent, got = rows_of(first.output(key)), rows_of(again.output(key))
        same = first.output(key) == again.output(key)
        checks.that(same == (sent == got), f"{name}, {kind}: cells are equal, and bytes are not")
        checks.that(list(got) == [i for i in sent if i in got], f"{name}, {kind}: the order of rows")
        for i, text in sent.items():
            value = "NULL" if i == "0" else shown(VALUES[kind][int(i) - 1])
            if i not in got or text != got[i]:
                yield name, kind, value, shown(got[i]) if i in got else "rejected"
            else:
                checks.that(True, "")


def alone(folder, number, name):
    """The same of a format of one column."""
    cells = [(kind, value) for kind in VALUES for value in [None, *VALUES[kind]]]
    csv = {"type": "csv", "null": [ALONE_NULL]}
    there, again = (Runs(folder, f"{way}{number}", ["--workers", "2"], 262144) for way in ("alone", "home"))
    for key, (kind, value) in enumerate(cells):
        data = "v\n" + (ALONE_NULL if value is None else '"' + value.replace('"', '""') + '"') + "\n"
        there.add(key, data.encode("utf-8"), {**csv, "types": {"v": kind}}, ALONE[name][1](kind))
    if not there.go(checks):
        return
    for key, (kind, _) in enumerate(cells):
        again.add(key, there.output(key), {**ALONE[name][1](kind), "column": "v"}, csv)
    if not again.go(checks):
        return
    dialect = Dialect(random.Random(0))
    dialect.plain(random.Random(0))
    dialect.delimiter, dialect.quote, dialect.newline, dialect.nulls = ",", '"', "\n", [ALONE_NULL]
    for key, (kind, value) in enumerate(cells):
        rows = parse(dialect, again.output(key).decode("utf-8"))[1:]
        got = rows[0][0] if rows else "rejected"
        if not checks.that(len(rows) == 1 - there.components[f"o{key}"]["rows_rejected"], f"{name}, {kind}: {len(rows)} rows of {value!r}"):
            continue
        if not rows or got != value:
            yield name, kind, "NULL" if value is None else shown(value), shown(got) if rows else "rejected"


def documented():
    """What stands in the table: the difference, and why. any: of every type that has no row of its own."""
    rows = []
    with open(PAGE, encoding="utf-8") as page:
        for line in page:
            cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
            if line.startswith("| ") and len(cells) == 5 and cells[0] != "format":
                rows.append((cells[0], cells[1].strip("`"), cells[2][1:-1], cells[3][1:-1] if cells[3].startswith("`") else cells[3], cells[4]))
    for name, kind, value, got, why in rows:
        own = [row[1] for row in rows if row[0] == name and row[2] == value]
        for one in [k for k in VALUES if k not in own] if kind == "any" else [kind]:
            yield (name, one, value, got), why


def duckdb():
    """Whether Parquet can be tried: its library is fetched once, as for tests/diff_parquet.py."""
    cache = os.path.join(os.environ.get("QETL_BUILD", "build"), "tests", "cache")
    os.environ["QETL_DUCKDB_LIBRARY"] = os.path.join(cache, "libduckdb.so")
    return not subprocess.run([os.path.join(os.path.dirname(PAGE), "../../.ci/duckdb"), cache], check=False).returncode


def available(name):
    folders = os.environ.get("QETL_PLUGIN_PATH", "").split(":")
    plugin = {**FORMATS, **ALONE}[name][0]
    return any(os.path.exists(os.path.join(f, plugin + ".so")) for f in folders) and (
        name != "parquet" or duckdb())


def main():
    known = dict(documented())
    names = [name for name in [*FORMATS, *ALONE] if available(name)]
    seen = []
    with scratch("diff-round-trip-") as folder:
        first = into(folder, "first", {"type": "csv"})
        for number, name in enumerate(names if first else []):
            seen += alone(folder, number, name) if name in ALONE else differences(folder, first, number, name)
    for row in seen:
        checks.that(row in known, f"not in {PAGE}: | {row[0]} | `{row[1]}` | `{row[2]}` | " + (row[3] if row[3] == "rejected" else f"`{row[3]}`") + " | why |")
    for row in known:
        checks.that(row in seen or row[0] not in names, f"in {PAGE}, and not so: {row}")
    print("formats:", ", ".join(names))
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
