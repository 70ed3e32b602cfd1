#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Files that other programs made: those of tests/samples, public ones, against what stands beside them, or what pyarrow and
fastavro read; and such that programs make here and now, sqlite3, Miller and jq, of one table.

QETL: the binary. QETL_PLUGIN_PATH: its plugins."""
import datetime as dt
import glob
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
from base64 import b64encode
from decimal import Decimal

QETL = os.path.abspath(os.environ.get("QETL", "./qetl"))
TREE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CACHE = os.path.abspath(os.path.join(os.environ.get("QETL_BUILD", os.path.join(TREE, "build")), "tests", "cache"))
SAMPLES = os.path.join(TREE, "tests", "samples")
if subprocess.run([os.path.join(TREE, ".ci", "duckdb"), CACHE]).returncode:
    sys.exit("libduckdb and pyarrow cannot be had")
os.environ["QETL_DUCKDB_LIBRARY"] = os.path.join(CACHE, "libduckdb.so")
sys.path.insert(0, os.path.join(CACHE, "python"))
import pyarrow as pa  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402

passed = failed = 0


def check(what, got, wanted):
    global passed, failed
    if got == wanted:
        passed += 1
        return
    failed += 1
    print(f"FAILED {what}\n  got    {got!r:.700}\n  wanted {wanted!r:.700}")


def run(path, options="{}", format_name=None):
    """Exit code, rows and how many were rejected."""
    for name in ("out.ndjson", "letters.ndjson"):
        if os.path.exists(name):
            os.unlink(name)
    told = ["--from-format", format_name] if format_name else []
    done = subprocess.run([QETL, "run", "--from", path, *told, "--to", "out.ndjson", "--json", "-s", "dead_letters=letters.ndjson",
                           "-s", f"sources.in.format={options}"][:-2 if options == "{}" else None],
                          capture_output=True, stdin=subprocess.DEVNULL, timeout=300)
    rows = [json.loads(line, parse_float=Decimal) for line in open("out.ndjson", encoding="utf-8")] if os.path.exists("out.ndjson") else None
    summary = json.loads(done.stdout).get("summary") or {}
    check(f"{path}: the ledger", summary.get("balanced", True), True)
    return done.returncode, rows, summary.get("rows_rejected"), done.stdout.decode()


def shown(value):
    """As qetl writes it."""
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, dt.datetime):
        text = value.isoformat()
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if isinstance(value, list):
        pairs = value and all(isinstance(v, tuple) for v in value)
        return [{"key": shown(k), "value": shown(v)} for k, v in value] if pairs else [shown(v) for v in value]
    if isinstance(value, dict):
        return {k: shown(v) for k, v in value.items()}
    return value


def spectrum():
    for path in sorted(glob.glob(os.path.join(SAMPLES, "spectrum-*.csv"))):
        name = os.path.basename(path)
        with open(path[:-4] + ".json", encoding="utf-8") as file:
            wanted = json.load(file)
        options = {}
        if "coordinates" in name:  # quotes within cells, which RFC 4180 does not allow, but are text to all
            wanted["Contact Phone Number"] = "2095257564"  # another one stands in the two files
        header = (wanted if isinstance(wanted, list) else [wanted])[0]
        options.update(type="csv", types={key: "text" for key in header})
        code, rows, rejected, _ = run(path, json.dumps(options))
        rows = [{k: v or "" for k, v in row.items()} for row in rows or []]
        check(name, (code, rows, rejected), (0, wanted if isinstance(wanted, list) else [wanted], 0))


def parquet():
    for path in sorted(glob.glob(os.path.join(SAMPLES, "*.parquet"))):
        name = os.path.basename(path)
        code, rows, rejected, told = run(path)
        if name.startswith("bad-"):
            check(name, (code, rows, name in told), (1, None, True))
            continue
        if name.startswith("int96"):  # one is after the year 294246, which is the last
            check(name, (code, len(rows), rejected), (0, 5, 1))
            continue
        table = pq.read_table(path)
        for column, kind in zip(table.schema.names, table.schema.types):
            for row in rows if kind == pa.float32() else []:  # written in as few digits as tell it
                row[column] = struct.unpack("f", struct.pack("f", row[column]))[0]
        check(name, (code, shown(rows), rejected), (0, shown(table.to_pylist()), 0))


def which_of_them():
    """Of several files the one that is at fault is named."""
    os.makedirs("several")
    for i, name in enumerate(("nulls.snappy", "bad-PARQUET-1481", "nulls.snappy")):
        shutil.copy(os.path.join(SAMPLES, name + ".parquet"), f"several/{i}.parquet")
    check("a footer", re.findall(r"several/\d", run("several/*.parquet", format_name="parquet")[3])[:1], ["several/1"])
    with open(os.path.join(SAMPLES, "nulls.snappy.parquet"), "rb") as file:
        data = bytearray(file.read())
    data[4:12] = b"\xff" * 8
    for name in ("several/1.parquet", "several/2.parquet"):
        with open(name, "wb") as file:
            file.write(data)
    told = run("several/*.parquet", format_name="parquet")[3]
    check("a page", re.findall(r"several/\d\S+ or one behind it", told)[:1] or told[:300], ["several/0.parquet or one behind it"])


def avro():
    weather = [run(path)[:3] for path in sorted(glob.glob(os.path.join(SAMPLES, "weather*.avro")))]
    check("weather", [w == weather[0] for w in weather[:2] + weather[3:]], [True] * (len(weather) - 1))
    check("weather", weather[0], (0, [{"station": s, "time": t, "temp": k} for s, t, k in (
        ("011990-99999", -619524000000, 0), ("011990-99999", -619506000000, 22), ("011990-99999", -619484400000, -11),
        ("012650-99999", -655531200000, 111), ("012650-99999", -655509600000, 78))], 0))
    check("the same in another order", sorted(map(str, weather[2][1])), sorted(map(str, weather[0][1])))
    for name, rows, rejected in (("avro-1237-good", 2, 0), ("avro-1238-good", 2, 0), ("person-10", 10, 0), ("with-union", 3, 0),
                                 ("bad-avro-1237", 1, 2), ("bad-avro-1238-truncated", 0, 1)):
        code, got, lost, _ = run(os.path.join(SAMPLES, name + ".avro"))
        check(name, (code, len(got), lost), (0, rows, rejected))


def programs():
    """One table as others write it."""
    table = [(1, "plain", 1.5), (2, 'a "quote", a comma', -0.25), (3, "two\nlines", 0), (4, "", 1e300), (5, "\u00e9 \U0001f600", None)]
    wanted = [{"n": n, "t": t, "x": x} for n, t, x in table]
    values = ", ".join("({}, '{}', {})".format(n, t.replace("'", "''"), "NULL" if x is None else repr(float(x))) for n, t, x in table)
    script = f"CREATE TABLE t (n INTEGER, t TEXT, x REAL); INSERT INTO t VALUES {values};"

    def sqlite(name, *mode):
        with open(name, "wb") as out:
            subprocess.run(["sqlite3", *mode, ":memory:", script + " SELECT * FROM t;"], stdout=out, check=True)

    def made(name, *command):
        with open(name, "wb") as out:
            subprocess.run(command, stdout=out, check=True)

    def same(name, options="{}", rows_wanted=None):
        rows_wanted = rows_wanted or wanted
        code, rows, rejected, told = run(name, options)
        numbers = [{**r, "x": None if r["x"] is None else float(r["x"]), "t": r["t"] or ""} for r in rows or []]
        check(name, (code, numbers, rejected), (0, rows_wanted, 0) if code == 0 else told)

    sqlite("sqlite.csv", "-csv", "-header")
    same("sqlite.csv", "{type: csv, types: {x: double}}")
    sqlite("sqlite.json", "-json")
    same("sqlite.json")
    made("jq.ndjson", "jq", "-c", ".[]", "sqlite.json")
    same("jq.ndjson")
    made("jq.json", "jq", "{rows: ., of: \"jq\"}", "sqlite.json")
    same("jq.json", "{type: json, records: /rows}")
    made("jq-ascii.ndjson", "jq", "-ac", ".[]", "sqlite.json")
    same("jq-ascii.ndjson")
    for flag, name in (("--ocsv", "mlr.csv"), ("--ojson", "mlr.json"), ("--ojsonl", "mlr.ndjson")):
        made(name, "mlr", "--icsv", flag, "head", "-n", "4", "sqlite.csv")  # it has no NULL
        same(name, f"{{type: {name[4:]}, types: {{x: double, t: text}}}}", wanted[:4])


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    spectrum()
    parquet()
    which_of_them()
    avro()
    programs()
    os.chdir("/")
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
