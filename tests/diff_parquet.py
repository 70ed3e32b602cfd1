#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Parquet against pyarrow, in both directions: tables of random columns, nested ones too, are written by
pyarrow with random encodings, pages and codecs. What qetl reads of them (as NDJSON) and what pyarrow reads
of what qetl wrote must be the table's values.

QETL: the binary. QETL_PLUGIN_PATH: its plugins. QETL_DIFF_SEED, QETL_DIFF_ROUNDS: what to repeat."""
import base64
import datetime as dt
import json
import os
import random
import subprocess
import sys
import tempfile
import uuid
from decimal import Decimal

QETL = os.environ.get("QETL", "./qetl")
SEED = int(os.environ.get("QETL_DIFF_SEED", "20261121"))
ROUNDS = int(os.environ.get("QETL_DIFF_ROUNDS", "12"))
SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CACHE = os.path.join(os.environ.get("QETL_BUILD", os.path.join(SOURCE, "build")), "tests", "cache")
if subprocess.run([os.path.join(SOURCE, ".ci", "duckdb"), CACHE]).returncode:
    sys.exit("libduckdb and pyarrow cannot be had")
os.environ["QETL_DUCKDB_LIBRARY"] = os.path.join(CACHE, "libduckdb.so")
sys.path.insert(0, os.path.join(CACHE, "python"))
import pyarrow as pa  # noqa: E402
import pyarrow.compute  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402

passed = failed = 0
EPOCH = dt.datetime(1970, 1, 1)


def check(what, got, expected):
    global passed, failed
    if got == expected:
        passed += 1
        return
    failed += 1
    print(f"FAILED {what}\n  got      {got!r:.600}\n  expected {expected!r:.600}")


# ---- values, as what they are in pyarrow, and how qetl writes them as JSON ----


def integer(bits, signed=True):
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    kind = getattr(pa, f"{'' if signed else 'u'}int{bits}")()
    return kind, lambda r: r.choice([low, high, 0, r.randint(low, high), r.randint(0, 9)]), lambda v: v


PRECISIONS = [1, 4, 5, 9, 10, 18, 19, 38]


def decimal(r, precision=None):
    precision = precision or r.choice(PRECISIONS)
    scale = r.randint(0, precision)
    limit = 10 ** precision - 1

    def make(r):
        digits = r.choice([limit, -limit, 0, r.randint(-limit, limit), r.randint(0, min(99, limit))])
        return Decimal((digits < 0, tuple(map(int, str(abs(digits)))), -scale))
    return pa.decimal128(precision, scale), make, lambda v: v


def text(r):
    words = ["", "a", "twelve bytes", "thirteen byte", "ä€𝄞", 'quo"te', "line\nfeed", "x" * 300, "0010.50"]
    return r.choice(words) + (str(r.randint(0, 10**6)) if r.random() < 0.5 else "")


def moment(unit, zone=None):
    per_second = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    digits = {"s": 0, "ms": 3, "us": 6, "ns": 9}[unit]

    def make(r):
        return r.choice([0, 1, -1, per_second, r.randint(-4 * 10**9, 8 * 10**9) * per_second + r.randrange(per_second)])

    def shown(v):
        seconds, rest = divmod(v, per_second)
        head = (EPOCH + dt.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
        head = head if len(head) == 19 else head.zfill(19)
        fraction = str(rest).zfill(digits).rstrip("0") if rest else ""
        return head + ("." + fraction if fraction else "") + ("Z" if zone else "")
    return pa.timestamp(unit, zone), make, shown


def time_shown(v):
    return v.isoformat().rstrip("0").rstrip(".") if v.microsecond else v.isoformat()


def scalars(r):
    return [
        lambda: (pa.bool_(), lambda r: r.random() < 0.5, lambda v: v),
        lambda: integer(r.choice([8, 16, 32, 64]), r.random() < 0.6),
        lambda: (pa.float64(), lambda r: r.choice([0.0, -1.5, 1e300, 5e-324, r.random()]), lambda v: v),
        lambda: (pa.float32(), lambda r: r.choice([0.5, -3.25, r.randint(-9999, 9999) / 8]), lambda v: v),
        lambda: decimal(r),
        lambda: (r.choice([pa.string(), pa.large_string()]), text, lambda v: v),
        lambda: (r.choice([pa.binary(), pa.large_binary()]), lambda r: r.randbytes(r.randint(0, 30)),
                 lambda v: base64.b64encode(v).decode()),
        lambda: (pa.binary(7), lambda r: r.randbytes(7), lambda v: base64.b64encode(v).decode()),
        lambda: (pa.date32(), lambda r: dt.date(1, 1, 1) + dt.timedelta(r.randint(0, 3652058)), dt.date.isoformat),
        lambda: (pa.time64("us"), lambda r: dt.time(r.randint(0, 23), r.randint(0, 59), 59, r.choice([0, 500000, 999999])),
                 time_shown),
        lambda: (pa.time32("ms"), lambda r: dt.time(r.randint(0, 23), 1, 2, r.choice([0, 7000])), time_shown),
        lambda: moment(r.choice(["ms", "us"])),
        lambda: moment("us", "UTC"),
        lambda: (pa.timestamp("ns"), lambda r: r.randint(-9 * 10**18, 9 * 10**18), moment("ns")[2]),
        lambda: (pa.uuid(), lambda r: r.randbytes(16), lambda v: str(uuid.UUID(bytes=v))),
        lambda: (pa.dictionary(pa.int32(), pa.string()), lambda r: r.choice(["red", "green", "blue and more"]), lambda v: v),
    ]


def scalar(r):
    return r.choice(scalars(r))()


def every_scalar(r):
    kinds = [make() for make in scalars(r)] + [decimal(r, p) for p in PRECISIONS] + \
        [integer(bits, signed) for bits in (8, 16, 32, 64) for signed in (True, False)]
    return [(kind, nullable(make), shown_or_null(shown)) for kind, make, shown in kinds]


def nullable(make):
    return lambda r: None if r.random() < 0.15 else make(r)


def shown_or_null(shown):
    return lambda v: None if v is None else shown(v)


def list_of(kind, make, shown, most=6):
    def rows(r):
        return [make(r) for _ in range(r.choice([0, 1, r.randint(0, most), 40 if r.random() < 0.02 else 2]))]
    return pa.list_(kind), rows, lambda v: [shown(x) for x in v]


def column(r, depth=0):
    way = r.random() if depth < 3 else 1
    if way > 0.45:
        kind, make, shown = scalar(r)
        while depth and (pa.types.is_dictionary(kind) or isinstance(kind, pa.UuidType)):
            kind, make, shown = scalar(r)
    elif way > 0.2:
        kind, make, shown = list_of(*column(r, depth + 1))
    else:
        fields = [(f"f{i}", *column(r, depth + 1)) for i in range(r.randint(1, 3))]
        kind = pa.struct([(name, kind) for name, kind, _, _ in fields])
        make = (lambda fields: lambda r: {name: one(r) for name, _, one, _ in fields})(fields)
        shown = (lambda fields: lambda v: {name: show(v[name]) for name, _, _, show in fields})(fields)
    return kind, nullable(make), shown_or_null(shown)


# ---- a round ----


def write_options(r, columns):
    options = {"compression": r.choice(["none", "snappy", "gzip", "zstd", "lz4", "brotli"]),
               "data_page_version": r.choice(["1.0", "2.0"]), "use_dictionary": r.random() < 0.5,
               "row_group_size": r.choice([100, 2048, 5000, 10**6]), "data_page_size": r.choice([200, 10**6]),
               "store_schema": r.random() < 0.5, "write_statistics": r.random() < 0.8, "version": "2.6"}
    if not options["use_dictionary"] and r.random() < 0.5:
        reals = [name for name, kind, _, _ in columns if pa.types.is_floating(kind)]
        options["use_byte_stream_split"] = reals  # of other types DuckDB does not read it
    return options


def qetl(what, *arguments):
    run = subprocess.run([QETL, "run", *arguments], capture_output=True, text=True, timeout=120)
    check(f"{what}: exit of {arguments}\n{run.stderr}", run.returncode, 0)
    return run


def canonical(array):
    """Python values; times that Python's own types cannot hold are counts."""
    kind = array.type
    if isinstance(kind, pa.UuidType):
        return [None if v is None else str(uuid.UUID(bytes=v)) for v in array.cast(pa.binary(16)).to_pylist()]
    if pa.types.is_timestamp(kind):
        factor = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}[kind.unit]
        return [None if v is None else v * factor for v in array.cast(pa.int64()).to_pylist()]
    if pa.types.is_struct(kind):
        parts = [canonical(pa.chunked_array([c.field(i) for c in array.chunks], f.type)) for i, f in enumerate(kind)]
        return [dict(zip([f.name for f in kind], row)) if valid else None
                for valid, *row in zip(array.is_valid().to_pylist(), *parts)]
    if pa.types.is_list(kind):
        values = iter(canonical(pa.chunked_array([c.flatten() for c in array.chunks], kind.value_type)))
        sizes = pa.compute.list_value_length(array).to_pylist()
        return [None if n is None else [next(values) for _ in range(n)] for n in sizes]
    return array.to_pylist()


def one_round(number, folder):
    r = random.Random(f"{SEED}/{number}")
    rows = r.choice([1, 7, 2047, 2049, 5000])
    kinds = every_scalar(r) if number == 0 else [column(r) for _ in range(r.randint(1, 8))]
    rows = 3000 if number == 0 else rows
    columns = [(f"c{i}", *kind) for i, kind in enumerate(kinds)]
    values = [[make(r) for _ in range(rows)] for _, _, make, _ in columns]

    def array(v, kind):
        return pa.ExtensionArray.from_storage(kind, pa.array(v, pa.binary(16))) if isinstance(kind, pa.UuidType) \
            else pa.array(v, kind)
    table = pa.table({name: array(v, kind) for (name, kind, _, _), v in zip(columns, values)})
    options = write_options(r, columns)
    what = f"round {number}: {table.schema.to_string(show_field_metadata=False)!r} {rows} rows {options}"
    source, text_file, copy = (os.path.join(folder, f"{number}.{e}") for e in ("parquet", "ndjson", "copy.parquet"))
    pq.write_table(table, source, **options)
    qetl(what, "--from", source, "--to", text_file)
    with open(text_file, encoding="utf-8") as lines:
        read = [json.loads(line, parse_float=Decimal) for line in lines]
    check(f"{what}: rows", len(read), rows)
    for (name, kind, _, shown), v in zip(columns, values):
        check(f"{what}: read {name} {kind}", exact([row[name] for row in read]), exact([shown(x) for x in v]))
    qetl(what, "--from", source, "--to", copy)
    again = pq.read_table(copy)
    for name, kind, _, _ in columns:
        check(f"{what}: written {name} {kind} as {again[name].type}", canonical(again[name]), canonical(table[name]))


def exact(value):
    """All numbers as decimals: a double is what its shortest spelling says."""
    if isinstance(value, list):
        return [exact(x) for x in value]
    if isinstance(value, dict):
        return {k: exact(x) for k, x in value.items()}
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


def too_wide(folder):
    """A file of so many columns that reading it would not end is refused with the reason, and so is writing one."""
    source, text = os.path.join(folder, "wide.parquet"), os.path.join(folder, "wide.csv")
    names = [f"c{i}" for i in range(100000)]
    pq.write_table(pa.table({name: [1] for name in names}), source, store_schema=False)
    with open(text, "w", encoding="utf-8") as file:
        file.write(",".join(names) + "\n" + ",".join("1" for _ in names) + "\n")
    for given, wanted, said in [(source, "wide.ndjson", "wide.parquet has more than 20000 columns"),
                                (text, "again.parquet", "100000 columns are too many for a Parquet file")]:
        wanted = os.path.join(folder, wanted)
        run = subprocess.run([QETL, "run", "--from", given, "--to", wanted], capture_output=True, text=True, timeout=300)
        check(f"{given}: {run.stderr:.400}", (run.returncode, said in run.stderr, os.path.exists(wanted)), (1, True, False))


def main():
    print(f"seed {SEED}, {ROUNDS} rounds")
    with tempfile.TemporaryDirectory() as folder:
        for number in range(ROUNDS):
            one_round(number, folder)
        too_wide(folder)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
