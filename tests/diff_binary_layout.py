#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Layout files against Python: each feature by itself, and random layouts, read and written again.

QETL: the binary. QETL_PLUGIN_PATH: its plugins. QETL_DIFF_SEED, QETL_DIFF_ROUNDS: what to repeat."""
import base64
import datetime
import decimal
import json
import os
import random
import struct
import subprocess
import sys
import tempfile

QETL = os.environ.get("QETL", "./qetl")
SEED = int(os.environ.get("QETL_DIFF_SEED", "20260101"))
ROUNDS = int(os.environ.get("QETL_DIFF_ROUNDS", "20"))
UTC = datetime.timezone.utc
passed = failed = 0


def check(what, got, expected):
    global passed, failed
    if got == expected:
        passed += 1
        return
    failed += 1
    print(f"FAILED {what}\n  got      {got!r:.1200}\n  expected {expected!r:.1200}")
    if os.environ.get("QETL_DIFF_FIRST"):
        sys.exit(1)


def exact(line):
    return json.loads(line, parse_float=decimal.Decimal, parse_int=decimal.Decimal)


def run(folder, source, source_format, target, target_format):
    """The report's summary and the reasons of rejections, or what was said."""
    pipeline = {"sources": {"in": {"plugin": "file", "path": source, "format": source_format}},
                "sinks": {"out": {"plugin": "file", "input": "in", "path": target, "format": target_format,
                                  "if_exists": "replace"}},
                "dead_letters": "dead.ndjson"}
    with open(os.path.join(folder, "p.json"), "w", encoding="utf-8") as file:
        json.dump(pipeline, file)
    for name in ("dead.ndjson",):
        if os.path.exists(os.path.join(folder, name)):
            os.unlink(os.path.join(folder, name))
    done = subprocess.run([QETL, "run", "p.json", "--json-file", "report.json", "--validate", "full", "-q"],
                          capture_output=True, text=True, timeout=300, cwd=folder)
    if done.returncode:
        return None, done.stderr
    with open(os.path.join(folder, "report.json"), encoding="utf-8") as file:
        summary = json.load(file)["summary"]
    check("the ledger", summary["balanced"], True)
    dead = os.path.join(folder, "dead.ndjson")
    codes = []
    if os.path.exists(dead):
        with open(dead, encoding="utf-8") as file:
            codes = [json.loads(line)["code"] for line in file]
    return summary, codes


def read(folder, layout, data, says=""):
    """Rows and reasons."""
    with open(os.path.join(folder, "layout.json"), "w", encoding="utf-8") as file:
        json.dump(layout, file)
    with open(os.path.join(folder, "in.bin"), "wb") as file:
        file.write(data)
    summary, codes = run(folder, "in.bin", {"type": "binary", "layout": os.path.join(folder, "layout.json")},
                         "out.ndjson", {"type": "ndjson", "nan": "string"})
    if summary is None:
        check(says + ": it runs", codes, "")
        return [], []
    with open(os.path.join(folder, "out.ndjson"), encoding="utf-8") as file:
        return [exact(line) for line in file], codes


def again(folder, says):
    """in.bin read and written with the same layout."""
    options = {"type": "binary", "layout": os.path.join(folder, "layout.json")}
    summary, codes = run(folder, "in.bin", options, "again.bin", options)
    check(says + ": written", codes, [])
    if summary is None:
        return b""
    with open(os.path.join(folder, "again.bin"), "rb") as file:
        return file.read()


def spelled(value):
    """As JSON has it, each digit as it is."""
    if isinstance(value, list):
        return "[" + ", ".join(spelled(v) for v in value) + "]"
    return format(value, "f") if isinstance(value, decimal.Decimal) else json.dumps(value)


def written(folder, rows, layout):
    """Rows that never were binary: reasons, and the bytes that the layout makes of them."""
    with open(os.path.join(folder, "rows.ndjson"), "w", encoding="utf-8") as file:
        for row in rows:
            file.write("{" + ", ".join(f"{json.dumps(k)}: {spelled(v)}" for k, v in row.items()) + "}\n")
    with open(os.path.join(folder, "layout.json"), "w", encoding="utf-8") as file:
        json.dump(layout, file)
    summary, codes = run(folder, "rows.ndjson", {"type": "ndjson"}, "made.bin",
                         {"type": "binary", "layout": os.path.join(folder, "layout.json")})
    if summary is None:
        return codes, b""
    with open(os.path.join(folder, "made.bin"), "rb") as file:
        return codes, file.read()


def feature(says, fields, data, rows, codes=(), back=True, **more):
    """One feature: these bytes are these rows, and the rows are these bytes."""
    layout = {"endian": "little", "fields": fields, **more}
    with tempfile.TemporaryDirectory(prefix="diff-layout-") as folder:
        got, reasons = read(folder, layout, data, says)
        check(says, got, [json.loads(json.dumps(row), parse_float=decimal.Decimal, parse_int=decimal.Decimal)
                          for row in rows])
        check(says + ": reasons", reasons, list(codes))
        if back:
            check(says + ": the same bytes again", again(folder, says), data)


def features():
    number = {"name": "n", "type": "u16"}
    feature("endianness of one field", [dict(number, endian="big"), {"name": "m", "type": "u16"}],
            b"\x01\x02\x01\x02", [{"n": 258, "m": 513}])
    feature("endianness of all", [number], b"\x01\x02", [{"n": 258}], endian="big")
    feature("odd widths", [{"name": "a", "type": "i24"}, {"name": "b", "type": "u40", "endian": "big"}],
            b"\xff\xff\xff\0\0\0\1\2", [{"a": -1, "b": 258}])
    feature("padding", [number, {"pad": 3}, {"name": "m", "type": "u8"}], b"\1\0\0\0\0\7", [{"n": 1, "m": 7}])
    feature("record_size", [number], b"\1\0\0\0\0\2\0\0\0\0", [{"n": 1}, {"n": 2}], record_size=5)
    feature("booleans", [{"name": "a", "type": "bool"}], b"\0\1", [{"a": False}, {"a": True}])
    feature("arrays", [{"name": "a", "type": "i16", "count": 3}], struct.pack("<6h", 1, -2, 3, 4, 5, -6),
            [{"a": [1, -2, 3]}, {"a": [4, 5, -6]}])
    feature("an array with its count before it", [{"name": "a", "type": "u8", "count_prefix": "u16"}, number],
            b"\2\0\7\x08\1\0\0\0\2\0", [{"a": [7, 8], "n": 1}, {"a": [], "n": 2}])
    feature("an array that another field counts",
            [number, {"name": "x", "type": "u8"}, {"name": "a", "type": "f32", "count_field": "n"}],
            struct.pack("<HBff", 2, 9, .5, 1.5) + b"\0\0\5", [{"n": 2, "x": 9, "a": [0.5, 1.5]}, {"n": 0, "x": 5, "a": []}])
    feature("structs", [{"name": "p", "type": "struct", "fields": [{"name": "x", "type": "u8"}, {"pad": 1},
                                                                  {"name": "y", "type": "text", "size": 2}]}],
            b"\1\0ab\2\0c\0", [{"p": {"x": 1, "y": "ab"}}, {"p": {"x": 2, "y": "c"}}])
    feature("lists of structs", [{"name": "p", "type": "struct", "count": 2, "fields": [{"name": "x", "type": "u8"}]}],
            b"\1\2\3\4", [{"p": [{"x": 1}, {"x": 2}]}, {"p": [{"x": 3}, {"x": 4}]}])
    for trim, data, text in (("nul", b"a b\0\0\0", "a b"), ("space", b"a\0b   ", "a\0b"), ("c", b"a b\0\0\0", "a b"),
                             ("none", b"a b   ", "a b   ")):
        feature(f"trim {trim}", [{"name": "t", "type": "text", "size": 6, "trim": trim}], data, [{"t": text}])
    feature("trim both", [{"name": "t", "type": "text", "size": 5, "trim": "both"}], b"ab \0 ", [{"t": "ab"}], back=False)
    feature("what stands behind a NUL", [{"name": "t", "type": "text", "size": 5, "trim": "c"}], b"ab\0\xff\xfe",
            [{"t": "ab"}], back=False)
    for encoding in ("latin1", "ibm037", "utf-16le", "utf-16be", "utf-32le", "shift_jis", "windows-1252"):
        text = "Grün" if encoding != "shift_jis" else "漢字"
        codec = {"ibm037": "cp037"}.get(encoding, encoding)
        data = text.encode(codec)
        data += " ".encode(codec) * ((24 - len(data)) // len(" ".encode(codec)))
        feature(f"encoding {encoding}", [{"name": "t", "type": "text", "size": 24, "encoding": encoding, "trim": "space"}],
                data, [{"t": text}])
        feature(f"encoding {encoding}, NULs", [{"name": "t", "type": "text", "size": 24, "encoding": encoding}],
                text.encode(codec).ljust(24, b"\0"), [{"t": text}])
    feature("bytes that mean nothing", [{"name": "t", "type": "text", "size": 2}], b"ab\xff\xfecd", [{"t": "ab"}, {"t": "cd"}],
            ["bad_text"], back=False)
    feature("text with its length before it", [{"name": "t", "type": "text", "prefix": "u8"}, number],
            b"\3abc\1\0\0\2\0", [{"t": "abc", "n": 1}, {"t": "", "n": 2}])
    feature("the same in a field of one size", [{"name": "t", "type": "text", "prefix": "u8", "size": 5}], b"\3abc\0\0\0\0\0\0",
            [{"t": "abc"}, {"t": ""}])
    feature("text as long as another field says", [number, {"name": "t", "type": "text", "size_field": "n"}],
            b"\2\0ab\0\0", [{"n": 2, "t": "ab"}, {"n": 0, "t": ""}])
    feature("bytes", [{"name": "t", "type": "bytes", "size": 3}], b"\0\1\2", [{"t": base64.b64encode(b"\0\1\2").decode()}])
    feature("scaled integers", [{"name": "v", "type": "i32", "scale": 2}], struct.pack("<ii", 12345, -5),
            [{"v": 123.45}, {"v": -0.05}])
    feature("packed decimals", [{"name": "v", "type": "packed", "size": 3, "scale": 2}], b"\x12\x34\x5c\x00\x00\x7d",
            [{"v": 123.45}, {"v": -0.07}])
    feature("packed, no sign", [{"name": "v", "type": "packed", "size": 2, "sign": "none"}], b"\x12\x34", [{"v": 1234}])
    feature("packed, sign f", [{"name": "v", "type": "packed", "size": 2, "sign": "f"}], b"\x12\x3f", [{"v": 123}])
    feature("packed, digits that are none", [{"name": "v", "type": "packed", "size": 2}], b"\x1a\x3c\x12\x34\x12\x3c",
            [{"v": 123}], ["bad_packed", "bad_packed"], back=False)
    feature("bits", [{"type": "u16", "bits": [{"name": "a", "width": 3}, {"width": 5}, {"name": "b", "width": 1},
                                              {"name": "c", "width": 7, "signed": True}]}],
            struct.pack("<H", 5 | 1 << 8 | 127 << 9), [{"a": 5, "b": True, "c": -1}])
    feature("enumerations", [{"name": "e", "type": "u8", "enum": {"1": "one", "0x10": "sixteen"}}], b"\1\x10",
            [{"e": "one"}, {"e": "sixteen"}])
    feature("a value without a name", [{"name": "e", "type": "u8", "enum": {"1": "one"}}], b"\1\2", [{"e": "one"}],
            ["unknown_value"], back=False)
    feature("open enumerations", [{"name": "e", "type": "i8", "enum": {"1": "one"}, "enum_open": True}], b"\1\xfe",
            [{"e": "one"}, {"e": "-2"}])
    feature("NULLs of numbers", [{"name": "n", "type": "i16", "null": -1}], b"\1\0\xff\xff", [{"n": 1}, {"n": None}])
    feature("NULLs of texts", [{"name": "t", "type": "text", "size": 2, "null": ""}], b"ab\0\0", [{"t": "ab"}, {"t": None}])
    feature("NULLs of packed decimals", [{"name": "v", "type": "packed", "size": 2, "null": 999}], b"\x99\x9c\x00\x1c",
            [{"v": None}, {"v": 1}])
    types = {"by": "k", "of": [{"when": 1, "fields": [{"name": "a", "type": "u16"}]},
                               {"when": 2, "name": "two", "fields": [{"name": "b", "type": "text", "size": 3}]},
                               {"when": 3, "fields": []}]}
    tag = {"name": "k", "type": "u8"}
    feature("record types", [tag], b"\1\5\0\2abc\3\1\6\0", [
        {"k": 1, "a": 5, "b": None}, {"k": 2, "a": None, "b": "abc"}, {"k": 3, "a": None, "b": None},
        {"k": 1, "a": 6, "b": None}], types=types)
    feature("record types of one size", [tag], b"\1\5\0\0\2abc\x09\0\0\0\3\0\0\0", [
        {"k": 1, "a": 5, "b": None}, {"k": 2, "a": None, "b": "abc"}, {"k": 3, "a": None, "b": None}],
        ["unknown_type"], types=types, record_size=4, back=False)
    feature("a type that nobody knows ends the file", [tag], b"\1\5\0\x09\1\5\0", [{"k": 1, "a": 5, "b": None}],
            ["unknown_type"], types=types, back=False)
    feature("header and trailer", [number], b"HEAD\0\0\1\0\2\0end", [{"n": 1}, {"n": 2}],
            header={"size": 6, "match": [{"at": 0, "text": "HEAD"}]}, trailer=3, back=False)
    feature("a header that counts", [number], b"\2\0\1\0\2\0\3\0rest", [{"n": 1}, {"n": 2}],
            header={"size": 2, "count": {"at": 0, "type": "u16"}}, back=False)
    feature("a header that counts too many", [number], b"\5\0\1\0\2\0", [{"n": 1}, {"n": 2}], ["remainder"],
            header={"size": 2, "count": {"at": 0, "type": "u16"}}, back=False)
    feature("a header that counts bytes", [number], b"\4\1\0\2\0junk", [{"n": 1}, {"n": 2}],
            header={"size": 1, "bytes": {"at": 0, "type": "u8"}}, back=False)
    feature("bytes that are no whole records", [number], b"\3\1\0\2\0junk", [{"n": 1}], ["remainder"],
            header={"size": 1, "bytes": {"at": 0, "type": "u8"}}, back=False)
    feature("a remainder", [number], b"\1\0\2", [{"n": 1}], ["remainder"], back=False)
    feature("a remainder of what has no fixed size", [{"name": "t", "type": "text", "prefix": "u8"}], b"\1a\5ab", [{"t": "a"}],
            ["remainder"], back=False)
    feature("a file that is shorter than its header", [number], b"abc", [], ["remainder"], header={"size": 6}, back=False)
    feature("a file that is shorter than its trailer", [number], b"abc", [], ["remainder"], trailer=6, back=False)
    feature("an empty file", [number], b"", [], header={"size": 6}, back=False)


def moment(value):
    text = value.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")
    return text + (f".{value.microsecond:06d}".rstrip("0") if value.microsecond else "") + "Z"


def times():
    def field(kind, **time):
        return [{"name": "t", "type": kind, "time": time}]

    base = {"unix": (1970, 1, 1), "windows": (1601, 1, 1), "mac": (1904, 1, 1), "ntp": (1900, 1, 1), "gps": (1980, 1, 6),
            "apple": (2001, 1, 1), "1999-12-31": (1999, 12, 31)}
    for epoch, day in base.items():
        for unit, us in (("s", 10**6), ("ms", 1000), ("us", 1), ("min", 60 * 10**6), ("h", 3600 * 10**6)):
            value = 123456789 if us < 10**7 else 123456
            when = datetime.datetime(*day, tzinfo=UTC) + datetime.timedelta(microseconds=value * us)
            feature(f"{unit} since {epoch}", field("u32", epoch=epoch, unit=unit), struct.pack("<I", value),
                    [{"t": moment(when)}])
        when = datetime.date(*day) + datetime.timedelta(days=-400)
        feature(f"days since {epoch}", field("i16", epoch=epoch, unit="days"), struct.pack("<h", -400),
                [{"t": when.isoformat()}])
    feature("nanoseconds", field("i64", unit="ns"), struct.pack("<q", 1), [{"t": "1970-01-01T00:00:00.000000001Z"}])
    feature("hundreds of nanoseconds", field("u64", epoch="windows", unit="100ns"), struct.pack("<Q", 133500000000000001),
            [{"t": "2024-01-17T21:20:00.0000001Z"}])
    feature("a time beyond the type", field("u64", epoch="windows", unit="100ns"), struct.pack("<QQ", 1, 2**63), [],
            ["bad_time", "bad_time"], back=False)
    feature("seconds and a fraction", field("u32", unit="s", fraction={"type": "u32", "unit": "us"}),
            struct.pack("<II", 10, 250000), [{"t": "1970-01-01T00:00:10.25Z"}])
    feature("dates of DOS", field("u32", epoch="dos"),
            struct.pack("<I", (44 << 9 | 2 << 5 | 29) << 16 | 13 << 11 | 30 << 5 | 5), [{"t": "2024-02-29T13:30:10"}])
    feature("no date of DOS", field("u32", epoch="dos"), struct.pack("<I", (45 << 9 | 2 << 5 | 29) << 16), [], ["bad_time"],
            back=False)


def refusals():
    """Rows that a field cannot hold."""
    tried = [("too_large", {"type": "u8"}, 256), ("too_large", {"type": "i8"}, -129), ("not_exact", {"type": "i32", "scale": 1}, 1.25),
             ("too_large", {"type": "i8", "scale": 1}, 12.8), ("too_large", {"type": "packed", "size": 1}, 10),
             ("too_large", {"type": "packed", "size": 2, "sign": "none"}, -1), ("too_long", {"type": "text", "size": 2}, "abc"),
             ("too_long", {"type": "text", "prefix": "u8"}, "x" * 256), ("trimmed", {"type": "text", "size": 4}, "a\0"),
             ("trimmed", {"type": "text", "size": 4, "trim": "space"}, "a "), ("trimmed", {"type": "text", "size": 4, "trim": "c"}, "a\0b"),
             ("no_letter", {"type": "text", "size": 4, "encoding": "latin1"}, "€"), ("no_null", {"type": "i8"}, None),
             ("no_null", {"type": "text", "size": 3}, None), ("wrong_count", {"type": "text", "size": 3, "trim": "none"}, "ab"),
             ("reads_as_null", {"type": "i8", "null": 5}, 5), ("reads_as_null", {"type": "text", "size": 3, "null": "-"}, "-"),
             ("unknown_value", {"type": "u8", "enum": {"1": "one"}}, "two"), ("wrong_count", {"type": "u8", "count": 2}, [1]),
             ("too_large", {"type": "u8", "count": 2}, [1, 256]), ("too_large", {"type": "u16", "time": {"unit": "s"}}, "2024-01-01T00:00:00Z"),
             ("not_exact", {"type": "u32", "time": {"unit": "s"}}, "2024-01-01T00:00:00.5Z")]
    for code, field, value in tried:
        with tempfile.TemporaryDirectory(prefix="diff-layout-") as folder:
            with open(os.path.join(folder, "layout.json"), "w", encoding="utf-8") as file:
                json.dump({"fields": [{"name": "k", "type": "u8"}, {"name": "v", **field}]}, file)
            with open(os.path.join(folder, "in.ndjson"), "w", encoding="utf-8") as file:
                file.write(json.dumps({"k": 1, "v": value}) + "\n")
            kind = ("integer[]" if isinstance(value, list) else "timestamp with time zone" if "time" in field
                    else "text" if isinstance(value, str) or field["type"] == "text" else "decimal(20,3)")
            summary, codes = run(folder, "in.ndjson", {"type": "ndjson", "types": {"k": "integer", "v": kind}}, "out.bin",
                                 {"type": "binary", "layout": os.path.join(folder, "layout.json")})
            check(f"{field} <- {value!r}", codes, [code])
            if summary:
                check(f"{field}: no bytes", os.path.getsize(os.path.join(folder, "out.bin")), 0)


def random_field(rng, number):
    """A field, the bytes of one random value, and the value as NDJSON has it."""
    name, endian = f"f{number}", rng.choice(["little", "big"])
    kind = rng.choice(["int", "int", "scaled", "text", "packed", "array", "prefixed", "bits", "real"])
    width = rng.randrange(1, 9)
    signed = rng.random() < 0.5
    limit = 2 ** (8 * width - signed)
    field = {"name": name, "type": f"{'i' if signed else 'u'}{8 * width}", "endian": endian}

    def integer():
        value = rng.choice([rng.randrange(-limit if signed else 0, limit), 0, limit - 1])
        return value, value.to_bytes(width, endian, signed=signed)

    def text():
        return "".join(rng.choice("abc xyzäö€") for _ in range(rng.randrange(6))) + "."

    if kind == "int":
        return field, lambda: (lambda v, b: (b, {name: v}))(*integer())
    if kind == "scaled":
        field["scale"] = rng.randrange(0, 6)
        return field, lambda: (lambda v, b: (b, {name: decimal.Decimal(v).scaleb(-field["scale"])}))(*integer())
    if kind == "text":
        size = rng.randrange(20, 50)
        return ({"name": name, "type": "text", "size": size},
                lambda: (lambda t: (t.encode().ljust(size, b"\0"), {name: t}))(text()))
    if kind == "prefixed":
        return ({"name": name, "type": "text", "prefix": "u16", "endian": endian},
                lambda: (lambda t: (len(t.encode()).to_bytes(2, endian) + t.encode(), {name: t}))(text()))
    if kind == "packed":
        size, scale = rng.randrange(1, 19), rng.randrange(3)
        scale = min(scale, size * 2 - 1)

        def packed():
            digits = "".join(rng.choice("0123456789") for _ in range(size * 2 - 1))
            minus = rng.random() < 0.5 and int(digits)
            return (bytes.fromhex(digits + ("d" if minus else "c")),
                    {name: decimal.Decimal(("-" if minus else "") + digits).scaleb(-scale, decimal.Context(prec=40))})
        return {"name": name, "type": "packed", "size": size, "scale": scale}, packed
    if kind == "array":
        count = rng.randrange(4)
        field["count"] = count
        return field, lambda: (lambda many: (b"".join(b for _, b in many), {name: [v for v, _ in many]}))(
            [integer() for _ in range(count)])
    if kind == "bits":
        widths = []
        while sum(widths) < 8 * width and len(widths) < 5:
            widths.append(rng.randrange(2, 12))
        widths = widths[:-1] if sum(widths) > 8 * width else widths
        if not widths:
            return random_field(rng, number)

        def bits():
            values = [rng.randrange(2 ** w) for w in widths]
            whole = sum(v << sum(widths[:i]) for i, v in enumerate(values))
            return whole.to_bytes(width, endian), {f"{name}_{i}": v for i, v in enumerate(values)}
        return ({"type": f"u{8 * width}", "endian": endian,
                 "bits": [{"name": f"{name}_{i}", "width": w} for i, w in enumerate(widths)]}, bits)

    def real():
        value = rng.randrange(-1000, 1000) / 8
        return struct.pack((">" if endian == "big" else "<") + "f", value), {name: decimal.Decimal(value)}
    return {"name": name, "type": "f32", "endian": endian}, real


def random_layouts():
    for number in range(ROUNDS):
        rng = random.Random(f"{SEED}/{number}")
        made = [random_field(rng, i) for i in range(rng.randrange(1, 9))]
        body, rows = b"", []
        for _ in range(rng.choice([1, 3, 500])):
            row = {}
            for _, make in made:
                data, values = make()
                body += data
                row.update(values)
            rows.append(row)
        if not body:
            continue
        layout = {"fields": [field for field, _ in made]}
        with tempfile.TemporaryDirectory(prefix="diff-layout-") as folder:
            got, codes = read(folder, layout, body, str(number))
            bad = [(g, r) for g, r in zip(got, rows) if g != r]
            check(f"{number} {layout}", (len(got), bad[:1], codes), (len(rows), [], []))
            check(f"{number}: again", again(folder, str(number)) == body, True)
            if any(field.get("count") == 0 for field, _ in made):
                continue  # of lists that are all empty nobody knows what is in them
            codes, data = written(folder, rows, layout)
            check(f"{number}: written from values {layout}", (codes, data == body), ([], True))


def main():
    print(f"seed {SEED}, {ROUNDS} rounds")
    features()
    times()
    refusals()
    random_layouts()
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


main()
