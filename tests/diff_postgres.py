#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Source and sink `postgres` against psql: random rows of every type, with edge values and NULLs, in tables with random column names. What qetl
writes as CSV is what `psql --csv` writes; the same with all columns read as text; and a table that goes through qetl into another is the same there, row
for row and type for type.
SEED, ROUNDS, ROWS: others of them."""
import csv
import glob
import io
import json
import os
import random
import subprocess
import sys
import tempfile

from expr_postgres import Postgres

# libraries that come late: see cases/rest-lib.sh
os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":intercept_tls_get_addr=0"

QETL = os.environ.get("QETL") or os.path.join(os.environ.get("QETL_BUILD", "build"), "qetl")
SEED = int(os.environ.get("SEED", "1"))
ROUNDS = int(os.environ.get("ROUNDS", "6"))
ROWS = int(os.environ.get("ROWS", "1500"))
draw, coin = random.Random(SEED), random.Random(SEED)
LETTERS = ["a", "Z", "0", " ", '"', "'", "\\", ",", "\n", "\r", "\t", "ä", "€", "😀", "\u0001", "$1", "--", ";", "%s"]


def text(most=40):
    return "".join(draw.choice(LETTERS) for _ in range(draw.choice((0, 1, 11, 12, 13, draw.randrange(most)))))


def integer(bits):
    return draw.choice((-(1 << (bits - 1)), (1 << (bits - 1)) - 1, 0, -1, draw.randrange(-(1 << (bits - 1)), 1 << (bits - 1)), draw.randrange(1000)))


def decimal(precision, scale):
    digits = "".join(draw.choice("0123456789") for _ in range(draw.randrange(1, precision + 1)))
    digits = draw.choice((digits, "9" * precision, "0", "1" + "0" * (precision - 1))).zfill(scale + 1)
    point = len(digits) - scale
    return draw.choice(("", "-")) + digits[:point] + ("." + digits[point:] if scale else "")


def real(limit):
    return draw.choice(("NaN", "Infinity", "-Infinity", "-0", "0.1", repr(draw.uniform(-1, 1) * 10 ** draw.randrange(-limit, limit)), str(draw.randrange(10**6))))


def day(first=1, last=9999):
    return f"{draw.randrange(first, last + 1):04d}-{draw.randrange(1, 13):02d}-{draw.randrange(1, 29):02d}"


def clock():
    return f"{draw.randrange(24):02d}:{draw.randrange(60):02d}:{draw.randrange(60):02d}" + draw.choice(("", f".{draw.randrange(10**6):06d}"))


def era():
    return draw.choice(("", "", " BC"))


def interval():
    return f"{draw.randrange(-5000, 5000)} months {draw.randrange(-400, 400)} days {draw.randrange(-10**9, 10**9)} seconds {draw.randrange(10**6)} microseconds"


def array():
    items = ["NULL" if draw.random() < 0.1 else str(integer(32)) for _ in range(draw.randrange(4))]
    return "{" + ",".join(items) + "}"


def document():
    return json.dumps(draw.choice([None, True, 1, "x\n", {"a": [1, {"b": "ä\""}], "": None}, [], {}]), ensure_ascii=draw.random() < 0.5)


TYPES = {
    "boolean": lambda: draw.choice("tf"),
    "smallint": lambda: integer(16),
    "integer": lambda: integer(32),
    "bigint": lambda: integer(64),
    "oid": lambda: draw.choice((0, 2**32 - 1, draw.randrange(2**32))),
    "real": lambda: draw.choice(("NaN", "Infinity", "-Infinity", "-0", "0.1", "1e-30", "3.4028235e38", repr(draw.uniform(-9, 9))[:9])),
    "double precision": lambda: real(300),
    "numeric(12,2)": lambda: decimal(12, 2),
    "numeric(38,19)": lambda: decimal(38, 19),
    "numeric(38,0)": lambda: decimal(38, 0),
    "numeric(1,1)": lambda: "0." + str(draw.randrange(10)),
    "numeric(5,0)": lambda: decimal(5, 0),
    "numeric": lambda: draw.choice(("NaN", "Infinity", decimal(30, 7), f"{draw.randrange(10**9)}e{draw.randrange(-50, 60)}")),
    "numeric(100,50)": lambda: decimal(90, 45),
    "text": text,
    "varchar(60)": text,
    "char(7)": lambda: text(7)[:7],
    "name": lambda: draw.choice(("", "a name", "pg_class")),
    "mood": lambda: draw.choice(("sad", "so so", 'q"')),
    "bytea": lambda: "\\x" + bytes(draw.randrange(256) for _ in range(draw.choice((0, 1, 12, 13, 50)))).hex(),
    "date": lambda: draw.choice((day(1, 4000) + era(), day(10000, 5874897), "4713-11-24 BC", "5874897-12-31", "1970-01-01")),
    "time": clock,
    "timetz": lambda: clock() + draw.choice(("+00", "-15:59", "+05:45")),
    "timestamp": lambda: draw.choice((f"{day(1, 4000)} {clock()}{era()}", f"{day(10000, 290000)} {clock()}", "1969-12-31 23:59:59.999999", "4713-11-24 00:00:00 BC")),
    "timestamptz": lambda: draw.choice((f"{day(1, 4000)} {clock()}+0{draw.randrange(10)}{era()}", "2000-01-01 00:00:00+00")),
    "interval": lambda: draw.choice((interval(), "0", "-1 mon", "178000000 years", "1 day -00:00:00.000001")),
    "uuid": lambda: "%032x" % draw.randrange(1 << 128),
    "json": document,
    "jsonb": document,
    "inet": lambda: draw.choice(("10.0.0.1", "10.0.0.1/8", "::1", "fe80::/10")),
    "cidr": lambda: draw.choice(("10.0.0.0/8", "::/0", "1.2.3.4/32")),
    "macaddr": lambda: "08:00:2b:01:02:%02x" % draw.randrange(256),
    "integer[]": array,
    "text[]": lambda: draw.choice(("{}", '{"a,b",NULL,"\\"q\\""}', "{{1,2},{3,4}}", "[2:3]={a,b}")),
    "pair": lambda: draw.choice(("(,)", '(1,"x y")', '(-5,"")')),
    "int4range": lambda: draw.choice(("empty", "[1,5)", "(,)", "[3,)")),
    "tstzrange": lambda: draw.choice(("empty", '["2024-01-01 00:00:00+02","2024-01-02 00:00:00+00")')),
    "money": lambda: draw.choice(("-92233720368547758.08", "0", "12.5")),
    "bit(5)": lambda: "".join(draw.choice("01") for _ in range(5)),
    "bit varying(9)": lambda: "".join(draw.choice("01") for _ in range(draw.randrange(9))),
    "xml": lambda: draw.choice(("<a/>", "text &amp; more", '<a b="1">ä</a>')),
    "tsvector": lambda: draw.choice(("", "a b", "fat:2A cat:3")),
    "point": lambda: draw.choice(("(1,2)", "(-0,NaN)", "(1e300,Infinity)")),
    "box": lambda: "(1,2),(0.1,-5)",
    "price": lambda: decimal(8, 2).lstrip("-"),
    "shout": lambda: "LOUD",
    "txid_snapshot": lambda: "10:20:10,14",
    "pg_lsn": lambda: "16/B374D848",
    '"char"': lambda: draw.choice(("a", "")),
}
SETUP = """CREATE TYPE mood AS ENUM ('sad', 'so so', 'q"');
CREATE TYPE pair AS (a int, b text);
CREATE DOMAIN price AS numeric(10,2) CHECK (value >= 0);
CREATE DOMAIN shout AS text NOT NULL CHECK (value = upper(value))"""


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


class Check:
    def __init__(self, pg, folder):
        self.pg, self.folder = pg, folder
        self.passed = self.failed = 0

    def psql(self, *arguments, given=None):
        line = [os.path.join(self.pg.binaries, "psql"), "-h", self.pg.folder, "-U", "q", "-d", "postgres", "-X", "-q", "-v", "ON_ERROR_STOP=1", *arguments]
        run = subprocess.run(line, input=given, capture_output=True, check=False)
        if run.returncode:
            raise RuntimeError(run.stderr.decode(errors="replace")[:1500])
        return run.stdout

    def read(self, options, more=""):
        pipeline = {"name": "p", "sources": {"in": {"plugin": "postgres", "host": self.pg.folder, "user": "q", "database": "postgres", **options}},
                    "sinks": {"out": {"plugin": "file", "input": "in", "path": "out.csv", "if_exists": "replace"}}}
        path = os.path.join(self.folder, "p.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(pipeline, file)
        run = subprocess.run([QETL, "run", path, "-q", "--no-state", *more.split()], cwd=self.folder, capture_output=True, text=True, timeout=300)
        if run.returncode:
            return None, run.stderr
        with open(os.path.join(self.folder, "out.csv"), "rb") as file:
            return file.read(), run.stderr

    def copy(self, what, name, source, sink):
        """Into another table: the same rows, and the same types."""
        to = {"host": self.pg.folder, "user": "q", "database": "postgres"}
        other = sink["table"]
        pipeline = {"name": "copy", "batch_rows": coin.choice((97, 700, 65536)), "sources": {"in": {"plugin": "postgres", **to, "table": name, **source}},
                    "sinks": {"out": {"plugin": "postgres", "input": "in", **to, **sink}}}
        with open(os.path.join(self.folder, "copy.json"), "w", encoding="utf-8") as file:
            json.dump(pipeline, file)
        run = subprocess.run([QETL, "run", "copy.json", "-q"], cwd=self.folder, capture_output=True, text=True, timeout=300)
        if run.returncode:
            return self.held(what, False, run.stderr[:1500])
        differ = " UNION ALL ".join(f"(SELECT (t.*)::text FROM {a} AS t EXCEPT ALL SELECT (t.*)::text FROM {b} AS t)"
                                    for a, b in ((quoted(name), quoted(other)), (quoted(other), quoted(name))))
        left = self.psql("-A", "-t", "-c", differ + " LIMIT 4").decode()
        types = [self.psql("-A", "-t", "-c", f"SELECT attnum, attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = $${quoted(t)}$$::regclass"
                           " AND attnum > 0 ORDER BY 1") for t in (name, other)]
        self.held(what, not left and types[0] == types[1], left or types)

    def held(self, what, good, why=""):
        self.passed += bool(good)
        self.failed += not good
        if not good:
            print(f"not ok - {what} (seed {SEED}): {why}")

    def wanted(self, sql):
        """Empty texts and NULLs differ in what COPY writes."""
        return self.psql("-c", f"COPY ({sql}) TO STDOUT (FORMAT csv, HEADER)")

    def compare(self, what, got, wanted, errors):
        if got is None:
            return self.held(what, False, errors[:1500])
        mine, theirs = (list(csv.reader(io.StringIO(t.decode(), newline=""))) for t in (got, wanted))
        for ours, other in zip(mine, theirs):
            if ours != other:
                at = next(i for i, (a, b) in enumerate(zip(ours, other)) if a != b)
                return self.held(what, False, f"{mine[0][at]!r}: {ours[at]!r}, psql: {other[at]!r}")
        return self.held(what, got == wanted, f"{len(mine)} rows, psql {len(theirs)}; or quotes differ")


def column_names(n):
    names = []
    while len(names) < n:
        name = draw.choice((f"c{len(names)}", text(20).replace("\u0001", "")[:15] or "x", f"Select {len(names)}"))
        if name not in names and len(name.encode()) < 60:
            names.append(name)
    return names


def table_make(check, name, types):
    columns = column_names(len(types))
    rows = []
    for i in range(ROWS):
        nulls = draw.choice((0, 0, 0.2, 1))
        rows.append([i] + [None if draw.random() < nulls and t != "shout" else str(TYPES[t]()) for t in types])
    given = io.StringIO()
    for row in rows:
        given.write("\t".join("\\N" if v is None else str(v).replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r") for v in row) + "\n")
    made = ", ".join(["qetl_id int PRIMARY KEY"] + [f"{quoted(c)} {t}" for c, t in zip(columns, types)])
    check.psql("-c", f"CREATE TABLE {quoted(name)} ({made})")
    check.psql("-c", f"COPY {quoted(name)} FROM STDIN", given=given.getvalue().encode())
    return columns


def values_of(columns, types):
    """As psql would write them, if it wrote booleans as words."""
    return ", ".join(["qetl_id"] + [f"CASE {quoted(c)} WHEN true THEN 'true' WHEN false THEN 'false' END AS {quoted(c)}" if t == "boolean" else quoted(c)
                                    for c, t in zip(columns, types)])


def round_of(check, number):
    types = draw.sample(list(TYPES), draw.randrange(3, len(TYPES) + 1))
    name = f"t{number} " + draw.choice(("", '"', "';--"))
    columns = table_make(check, name, types)
    wanted = check.wanted(f"SELECT {values_of(columns, types)} FROM {quoted(name)} ORDER BY qetl_id")
    got, errors = check.read({"table": name, "key": "qetl_id"})
    check.compare(f"round {number}, a table", got, wanted, errors)
    got, errors = check.read({"query": f"SELECT * FROM {quoted(name)} ORDER BY qetl_id", "types": {c: "text" for c in columns}})
    check.compare(f"round {number}, all as text", got, check.wanted(f"SELECT * FROM {quoted(name)} ORDER BY qetl_id"), errors)
    some = draw.sample(range(len(columns)), draw.randrange(1, len(columns) + 1))
    got, errors = check.read({"table": name, "columns": ["qetl_id"] + [columns[i] for i in some], "key": ["qetl_id"]})
    wanted = check.wanted(f"SELECT {values_of([columns[i] for i in some], [types[i] for i in some])} FROM {quoted(name)} ORDER BY qetl_id")
    check.compare(f"round {number}, some columns", got, wanted, errors)
    check.copy(f"round {number}, a copy", name, {}, {"table": f"copy of {name}", "mode": "replace"})
    check.copy(f"round {number}, a copy of texts", name, {"types": {c: "text" for c in columns}}, {"table": f"copy of {name}", "mode": "truncate"})
    check.copy(f"round {number}, by key", name, {"key": "qetl_id"}, {"table": f"keys of {name}", "mode": coin.choice(("upsert", "append")), "key": "qetl_id"})


def main():
    binaries = os.environ.get("PG_BIN") or max(glob.glob("/usr/lib/postgresql/*/bin"), default=None)
    if not binaries:
        print("not ok - there is no PostgreSQL server (postgresql-15)\n0 passed, 1 failed")
        return 1
    pg = Postgres(binaries)
    try:
        with tempfile.TemporaryDirectory() as folder:
            check = Check(pg, folder)
            check.psql("-c", SETUP)
            for number in range(ROUNDS):
                round_of(check, number)
    finally:
        pg.close()
    print(f"{check.passed} passed, {check.failed} failed")
    return 1 if check.failed else 0


sys.exit(main())
