#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Container files against fastavro in both directions: random schemas and values, every type, every codec, blocks of
many sizes. What fastavro writes is read into NDJSON and compared value by value; what is written of NDJSON is read by
fastavro, and by the program again."""
import datetime
import decimal
import json
import math
import os
import random
import subprocess
import sys
import tempfile
import uuid

here = os.path.dirname(os.path.abspath(__file__))
BUILD = os.environ.get("QETL_BUILD", os.path.join(here, "..", "build"))
cache = os.path.join(BUILD, "tests", "cache")
if subprocess.run([os.path.join(here, "..", ".ci", "fastavro"), cache]).returncode:
    print("fastavro cannot be had")
    sys.exit(1)
sys.path.insert(0, os.path.join(cache, "fastavro"))
import fastavro  # noqa: E402

QETL = os.environ.get("QETL", "qetl")
SEED = int(os.environ.get("SEED", "1"))
ROUNDS = int(os.environ.get("ROUNDS", "60"))
CODECS = ["null", "deflate", "snappy", "zstandard", "bzip2", "xz"]
UTC = datetime.timezone.utc
EPOCH = datetime.datetime(1970, 1, 1)
passed = failed = 0


def check(what, got, wanted):
    global passed, failed
    if got == wanted:
        passed += 1
        return
    failed += 1
    print(f"not ok - {what}\n    got    {got!r}\n    wanted {wanted!r}"[:3000])


def run(source, source_format, sink, sink_format, workers=None):
    """Copies one file to another and answers the report's summary."""
    pipeline = {"sources": {"in": {"plugin": "file", "path": source, "format": source_format}},
                "sinks": {"out": {"plugin": "file", "path": sink, "if_exists": "replace", "input": "in",
                                  "format": sink_format}}}
    with open("p.json", "w") as file:
        json.dump(pipeline, file)
    command = [QETL, "run", "p.json", "-q", "--json-file", "report.json"] + (["--workers", workers] if workers else [])
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    check("it runs: " + json.dumps(pipeline), (done.returncode, done.stderr), (0, ""))
    if done.returncode:
        return {}
    with open("report.json") as file:
        return json.load(file)["summary"]


def rows_of(path):
    with open(path) as file:
        return [json.loads(line, parse_float=decimal.Decimal) for line in file]


# ---- Random schemas of Avro, values of them, and what is to come out as JSON ----

class Gen:
    def __init__(self, rng):
        self.rng = rng
        self.n = 0

    def name(self, stem):
        self.n += 1
        return f"{stem}{self.n}"

    def text(self):
        letters = "ab \"\\\n,äß€𝄞\x00é"
        return "".join(self.rng.choice(letters) for _ in range(self.rng.choice([0, 1, 5, 12, 13, 40])))

    def type(self, depth=0):
        rng = self.rng
        plain = ["boolean", "int", "long", "float", "double", "string", "bytes", "null"]
        logical = ["date", "time-millis", "time-micros", "timestamp-millis", "timestamp-micros", "local-timestamp-millis",
                   "local-timestamp-micros", "uuid", "decimal", "fixed-decimal"]
        more = ["fixed", "enum", "nullable", "nullable", "nullable", "number-union"]
        nested = ["array", "map", "record", "union"] if depth < 3 else []
        kind = rng.choice(plain + logical + more + nested)
        if kind in plain:
            return kind
        base = {"date": "int", "time-millis": "int", "uuid": "string"}
        if kind in logical[:8]:
            return {"type": base.get(kind, "long"), "logicalType": kind}
        if kind == "decimal":
            precision = rng.choice([1, 5, 18, 19, 38])
            return {"type": "bytes", "logicalType": "decimal", "precision": precision,
                    "scale": rng.randint(0, precision)}
        if kind == "fixed-decimal":
            size = rng.choice([1, 4, 8, 16, 20])
            precision = min(38, int(math.log10(2) * (8 * size - 1)))
            return {"type": "fixed", "size": size, "name": self.name("D"), "logicalType": "decimal",
                    "precision": precision, "scale": rng.randint(0, precision)}
        if kind == "fixed":
            return {"type": "fixed", "size": rng.choice([0, 1, 12, 13, 30]), "name": self.name("F"),
                    "namespace": rng.choice(["x.y", ""])}
        if kind == "enum":
            return {"type": "enum", "name": self.name("E"), "symbols": ["A", "LONG_SYMBOL_OF_MANY_LETTERS", "c"]}
        if kind == "nullable":
            inner = self.type(depth + 1)
            while inner == "null" or isinstance(inner, list):
                inner = self.type(depth + 1)
            return rng.choice([["null", inner], [inner, "null"], [inner]])
        if kind == "number-union":
            return rng.choice([["int", "long"], ["null", "long", "int"], ["float", "double", "null"]])
        if kind == "array":
            return {"type": "array", "items": self.type(depth + 1)}
        if kind == "map":
            return {"type": "map", "values": self.type(depth + 1)}
        if kind == "union":
            return rng.choice([["null", "string", "int"], ["boolean", "string", "null", "double"], ["string", "bytes"]])
        return {"type": "record", "name": self.name("R"), "namespace": rng.choice(["n", "m.o", ""]),
                "fields": [{"name": f"f{i}", "type": self.type(depth + 1)} for i in range(rng.randint(0, 4))]}

    def value(self, t):
        """A value for fastavro, and what NDJSON says of it."""
        rng = self.rng
        if isinstance(t, list):
            return self.union(t)
        if isinstance(t, dict) and "logicalType" in t:
            return self.logical(t)
        kind = t if isinstance(t, str) else t["type"]
        if kind == "null":
            return None, None
        if kind == "boolean":
            v = rng.random() < 0.5
            return v, v
        if kind in ("int", "long"):
            bits = 31 if kind == "int" else 63
            v = rng.choice([0, -1, 1, 63, 64, -64, -65, 2**bits - 1, -2**bits, rng.randint(-2**bits, 2**bits - 1)])
            return v, v
        if kind == "float":
            v = rng.choice([0.0, 1.5, -0.25, 65536.0])
            return v, v
        if kind == "double":
            v = rng.choice([0.0, 1.5, -1e300, 0.1, rng.random()])
            return v, v
        if kind == "string":
            v = self.text()
            return v, v
        if kind in ("bytes", "fixed"):
            size = t["size"] if kind == "fixed" else rng.choice([0, 1, 12, 13, 40])
            v = bytes(rng.randint(0, 255) for _ in range(size))
            return v, ("bytes", v)
        if kind == "enum":
            v = rng.choice(t["symbols"])
            return v, v
        if kind == "array":
            pairs = [self.value(t["items"]) for _ in range(rng.choice([0, 1, 3, 9]))]
            return [p[0] for p in pairs], [p[1] for p in pairs]
        if kind == "map":
            pairs = {self.text() + str(i): self.value(t["values"]) for i in range(rng.choice([0, 1, 3]))}
            return ({k: p[0] for k, p in pairs.items()}, [{"key": k, "value": p[1]} for k, p in pairs.items()])
        pairs = {f["name"]: self.value(f["type"]) for f in t["fields"]}
        return {k: p[0] for k, p in pairs.items()}, {k: p[1] for k, p in pairs.items()}

    def union(self, t):
        branch = self.rng.choice(t)
        value, out = self.value(branch)
        others = [b for b in t if b != "null"]
        if branch == "null" or len(others) == 1 or set(others) <= {"int", "long"} or set(others) <= {"float", "double"}:
            return ((branch, value) if len(others) > 1 and branch != "null" else value), out
        return (branch, value), {b: out if b == branch else None for b in others}

    def logical(self, t):
        rng = self.rng
        kind = t["logicalType"]
        if kind == "decimal":
            digits = rng.choice([0, 1, 10 ** t["precision"] - 1, rng.randint(0, 10 ** t["precision"] - 1)])
            v = decimal.Decimal(digits * rng.choice([1, -1])).scaleb(-t["scale"], decimal.Context(prec=80))
            return v, v
        if kind == "uuid":
            v = uuid.UUID(int=rng.getrandbits(128))
            return v, str(v)
        if kind == "date":
            v = datetime.date.fromordinal(rng.randint(1, 3652059))
            return v, v.isoformat()
        step = 1000 if "millis" in kind else 1
        if kind.startswith("time-"):
            micros = rng.randint(0, 86399999999) // step * step
            v = (EPOCH + datetime.timedelta(microseconds=micros)).time()
            return v, ("time", micros)
        micros = rng.randint(-62135596800000000, 253402300799999999) // step * step
        v = EPOCH + datetime.timedelta(microseconds=micros)
        return (v if kind.startswith("local") else v.replace(tzinfo=UTC)), ("moment", micros)


def moment_of(text):
    for form in ("%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S"):
        try:
            return datetime.datetime.strptime(text.removesuffix("Z"), form)
        except ValueError:
            pass
    raise ValueError(text)


def same(got, wanted):
    """Whether JSON that was read says the value."""
    import base64
    if isinstance(wanted, tuple):
        if not isinstance(got, str):
            return False
        if wanted[0] == "bytes":
            return base64.b64decode(got) == wanted[1]
        if wanted[0] == "time":
            got = "1970-01-01T" + got
        return (moment_of(got) - EPOCH) // datetime.timedelta(microseconds=1) == wanted[1]
    if isinstance(wanted, dict):
        return isinstance(got, dict) and got.keys() == wanted.keys() and all(same(got[k], v) for k, v in wanted.items())
    if isinstance(wanted, list):
        return isinstance(got, list) and len(got) == len(wanted) and all(map(same, got, wanted))
    if isinstance(wanted, bool) or wanted is None or isinstance(wanted, str):
        return got is wanted or (isinstance(wanted, str) and got == wanted)
    if isinstance(wanted, float):
        return not isinstance(got, bool) and isinstance(got, (int, decimal.Decimal)) and float(got) == wanted
    return not isinstance(got, bool) and isinstance(got, (int, decimal.Decimal)) and decimal.Decimal(got) == wanted


def read_round(rng, i):
    gen = Gen(rng)
    schema = {"type": "record", "name": "Root", "namespace": rng.choice(["", "a.b"]),
              "fields": [{"name": f"c{k}", "type": gen.type()} for k in range(rng.randint(1, 8))]}
    pairs = [gen.value(schema) for _ in range(rng.choice([0, 1, 40, 200]))]
    codec = CODECS[i % len(CODECS)]
    with open("in.avro", "wb") as file:
        fastavro.writer(file, fastavro.parse_schema(schema), [p[0] for p in pairs], codec=codec,
                        sync_interval=rng.choice([1, 300, 16000]), strict_allow_default=True)
    summary = run("in.avro", "avro", "out.ndjson", "ndjson")
    if not summary:
        return
    rows = rows_of("out.ndjson")
    check(f"rows of round {i}", (len(rows), summary["rows_rejected"]), (len(pairs), 0))
    wrong = [(r, p[1]) for r, p in zip(rows, pairs) if not same(r, p[1])][:1]
    check(f"values of round {i}: {json.dumps(schema)}", wrong, [])
    # and what is read is written again, with the same rows to come
    run("in.avro", "avro", "again.avro", {"type": "avro", "codec": rng.choice(CODECS), "block_bytes": rng.choice([32, 65536])})
    run("again.avro", "avro", "again.ndjson", "ndjson")
    check(f"there and back in round {i}: {json.dumps(schema)}", rows_of("again.ndjson"), rows)


def has_choice(t):
    """A union of several types is somewhere in it."""
    if isinstance(t, list):
        return len([b for b in t if b != "null"]) > 1 or any(map(has_choice, t))
    if not isinstance(t, dict):
        return False
    return any(has_choice(f["type"]) for f in t.get("fields", [])) or has_choice(t.get("items")) or has_choice(t.get("values"))


def given_round(rng, i):
    """The same rows by the same schema, which is given: fastavro reads the same of both, nulls, names and all."""
    gen = Gen(rng)
    types = [gen.type() for _ in range(rng.randint(1, 8))]
    schema = {"type": "record", "name": "Root", "namespace": "a.b",
              "fields": [{"name": f"c{k}", "type": t} for k, t in enumerate(types) if not has_choice(t)]}
    rows = [gen.value(schema)[0] for _ in range(rng.choice([1, 40]))]
    if not schema["fields"]:
        return
    with open("in.avro", "wb") as file:
        fastavro.writer(file, fastavro.parse_schema(schema), rows)
    with open("given.avsc", "w") as file:
        json.dump(schema, file, indent=2)
    summary = run("in.avro", "avro", "given.avro", {"type": "avro", "schema": "given.avsc", "codec": CODECS[i % len(CODECS)]})
    if not summary:
        return
    with open("in.avro", "rb") as one, open("given.avro", "rb") as other:
        wanted, got = fastavro.reader(one), fastavro.reader(other)
        check(f"the schema of given {i}", json.loads(got.metadata["avro.schema"]), schema)
        check(f"values of given {i}: {json.dumps(schema)}", list(got), list(wanted))


# ---- What the program writes, read by fastavro ----

SQL = ["boolean", "smallint", "integer", "bigint", "bigint unsigned", "real", "double", "decimal(9,2)", "decimal(38,10)",
       "text", "binary", "date", "time", "timestamp", "timestamp with time zone", "integer[]", "struct(a integer, b text[])", "json"]


def sql_value(rng, kind):
    """JSON, and what fastavro is to read."""
    gen = Gen(rng)
    if rng.random() < 0.2:
        return None, None
    if kind == "boolean":
        return True, True
    if kind in ("smallint", "integer", "bigint"):
        bits = {"smallint": 15, "integer": 31, "bigint": 63}[kind]
        v = rng.choice([-2**bits, 2**bits - 1, 0, rng.randint(-99, 99)])
        return v, v
    if kind == "bigint unsigned":
        v = rng.choice([0, 127, 128, 255, 256, 2**63, 2**64 - 1])
        return v, decimal.Decimal(v)
    if kind in ("real", "double"):
        v = rng.choice([0.5, -2.25, 1e10])
        return v, v
    if kind.startswith("decimal"):
        scale = int(kind[:-1].split(",")[1])
        v = decimal.Decimal(rng.choice([0, 1, -1, 127, 128, -128, -129, 255, rng.randint(-10**8, 10**8)])).scaleb(-scale)
        return ("number", v), v
    if kind == "text":
        v = gen.text()
        return v, v
    if kind == "binary":
        v = bytes(rng.randint(0, 255) for _ in range(rng.choice([0, 3, 20])))
        import base64
        return base64.b64encode(v).decode(), v
    if kind == "date":
        v = datetime.date.fromordinal(rng.randint(1, 3652059))
        return v.isoformat(), v
    if kind == "time":
        v = datetime.time(rng.randint(0, 23), 5, 6, rng.choice([0, 120, 500000]))
        return v.isoformat(), v
    if kind.startswith("timestamp"):
        v = EPOCH + datetime.timedelta(seconds=rng.randint(-10**9, 10**10), microseconds=rng.choice([0, 1, 999000]))
        zone = kind.endswith("zone")
        return v.isoformat() + ("Z" if zone else ""), v.replace(tzinfo=UTC) if zone else v
    if kind == "integer[]":
        v = [rng.choice([1, None, -5]) for _ in range(rng.choice([0, 1, 4]))]
        return v, v
    if kind == "json":
        return {"k": [1, "x"]}, '{"k": [1, "x"]}'
    v = {"a": rng.choice([None, 7]), "b": rng.choice([None, [], ["x", None, "yy"]])}
    return v, v


def ndjson_text(row):
    def part(value):
        return format(value[1], "f") if isinstance(value, tuple) else json.dumps(value)
    return "{" + ", ".join(f"{json.dumps(k)}: {part(v)}" for k, v in row.items()) + "}\n"


def write_round(rng, i):
    types = {f"c{k}": rng.choice(SQL) for k in range(rng.randint(1, 8))}
    pairs = [{k: sql_value(rng, t) for k, t in types.items()} for _ in range(rng.choice([1, 30, 500]))]
    with open("in.ndjson", "w") as file:
        file.writelines(ndjson_text({k: p[0] for k, p in row.items()}) for row in pairs)
    codec = CODECS[i % len(CODECS)]
    summary = run("in.ndjson", {"type": "ndjson", "types": types}, "out.avro",
                  {"type": "avro", "codec": codec, "block_bytes": rng.choice([32, 1000, 65536])})
    if not summary:
        return
    with open("out.avro", "rb") as file:
        reader = fastavro.reader(file)
        rows = list(reader)
        check(f"codec of write {i}", reader.codec, codec)
    wrong = [(g, {k: p[1] for k, p in w.items()}) for g, w in zip(rows, pairs) if g != {k: p[1] for k, p in w.items()}][:1]
    check(f"values of write {i}: {types}", (len(rows), wrong), (len(pairs), []))
    run("out.avro", "avro", "again.avro", "avro")
    with open("again.avro", "rb") as file:
        check(f"there and back of write {i}: {types}", list(fastavro.reader(file)), rows)


def main():
    rng = random.Random(SEED)
    print(f"seed {SEED}")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for i in range(ROUNDS):
            read_round(rng, i)
        for i in range(ROUNDS // 2):
            write_round(rng, i)
        given = random.Random(f"{SEED} given")
        for i in range(ROUNDS // 2):
            given_round(given, i)
        os.chdir("/")
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
