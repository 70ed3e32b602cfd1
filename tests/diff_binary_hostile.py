#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Layouts and records that mean harm: refused with the place, or rejected with position and reason; and what writers must not write.

QETL: the binary. QETL_PLUGIN_PATH: its plugins."""
import json
import os
import struct
import subprocess
import sys
import tempfile
import time

QETL = os.environ.get("QETL", "./qetl")
passed = failed = 0
N = {"name": "n", "type": "u8"}


def check(what, got, expected):
    global passed, failed
    if got == expected:
        passed += 1
        return
    failed += 1
    print(f"FAILED {what}\n  got      {got!r:.900}\n  expected {expected!r:.900}")
    if os.environ.get("QETL_DIFF_FIRST"):
        sys.exit(1)


def run(folder, source, source_format, target, target_format):
    """Exit code, what was said, dead letters."""
    pipeline = {"sources": {"in": {"plugin": "file", "path": source, "format": source_format}},
                "sinks": {"out": {"plugin": "file", "input": "in", "path": target, "format": target_format, "if_exists": "replace"}},
                "dead_letters": "dead.ndjson"}
    dead = os.path.join(folder, "dead.ndjson")
    if os.path.exists(dead):
        os.unlink(dead)
    with open(os.path.join(folder, "p.json"), "w", encoding="utf-8") as file:
        json.dump(pipeline, file)
    done = subprocess.run([QETL, "run", "p.json", "--json-file", "report.json", "--validate", "full", "-q"], capture_output=True,
                          text=True, timeout=300, cwd=folder)
    letters = []
    if os.path.exists(dead):
        with open(dead, encoding="utf-8") as file:
            letters = [json.loads(line) for line in file]
    if not done.returncode:
        with open(os.path.join(folder, "report.json"), encoding="utf-8") as file:
            check("the ledger", json.load(file)["summary"]["balanced"], True)
    return done.returncode, done.stderr, letters


def put(folder, name, data):
    with open(os.path.join(folder, name), "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())


def refused(says, layout, message):
    with tempfile.TemporaryDirectory(prefix="diff-hostile-") as folder:
        put(folder, "layout.json", layout if isinstance(layout, (str, bytes)) else json.dumps(layout))
        put(folder, "in.bin", bytes(100))
        began = time.monotonic()
        code, said, _ = run(folder, "in.bin", {"type": "binary", "layout": "./layout.json"}, "out.ndjson", "ndjson")
        check(f"{says}: refused", code, 2)
        check(f"{says}: {message}", message in said, True) if message in said else check(says, said, message)
        check(f"{says}: soon", time.monotonic() - began < 5, True)


def refusals():
    def field(**more):
        return {"fields": [N, {"name": "f", **more}]}

    deep = N
    for _ in range(20):
        deep = {"name": "s", "type": "struct", "fields": [deep]}
    refused("structs in structs", {"fields": [deep]}, "more than 16 deep")
    refused("brackets", b'{"fields": ' + b"[" * 100000, "layout.json:1:")
    refused("100,000 fields", {"fields": [{"name": f"f{i}", "type": "u8"} for i in range(100000)]}, "larger than 1 MiB")
    refused("50,000 paddings", {"fields": [{"pad": 1}] * 50000}, "more than 4096 fields")
    refused("20,000 parts of numbers", {"fields": [{"type": "u64", "bits": [{"width": 1}] * 64}] * 400}, "more than 4096 fields")
    refused("bits and bits", {"fields": [{"type": "u8", "bits": [{"name": "a", "width": 7}, {"name": "b", "width": 2}]}]},
            "fields[0].bits[1]: width must be a whole number from 1 to 1")
    refused("a size near 2^31", field(type="text", size=2**31 - 1), "fields[1]: size must be a whole number from 0 to 16777216")
    refused("a size near 2^63", field(type="bytes", size=2**63 - 1), "size must be a whole number")
    refused("a size beyond 2^63", '{"fields": [{"name": "f", "type": "text", "size": 9223372036854775808}]}', "too big integer")
    refused("a negative size", field(type="text", size=-1), "size must be a whole number")
    refused("sizes that add up", {"fields": [{"name": f"f{i}", "type": "text", "size": 16777216} for i in range(3)]}, "a record of more than 16 MiB")
    refused("a list that is too long", field(type="u64", count=2**20 + 1), "count must be a whole number")
    refused("lists that multiply", field(type="struct", count=2**20, fields=[{"name": "x", "type": "text", "size": 2**20}]), "more than 16 MiB")
    refused("structs that add up", field(type="struct", fields=[{"pad": 16777216}, {"pad": 16777216}, {"name": "x", "type": "u8"}]), "more than 16 MiB")
    refused("no field", {"fields": []}, "a record of no bytes")
    refused("no bytes", {"fields": [{"name": "t", "type": "text", "size": 0}]}, "a record of no bytes")
    refused("no names", {"fields": [{"pad": 8}]}, "no field has a name")
    refused("a struct of paddings", field(type="struct", fields=[{"pad": 8}]), "no field has a name")
    refused("a record that is too small", {**field(type="u64"), "record_size": 8}, "the fields have 9 bytes, record_size is 8")
    refused("a record size of what varies", {**field(type="text", prefix="u8"), "record_size": 80}, "record_size is for records")
    refused("a name twice", {"fields": [N, N]}, "two fields are called n")
    refused("a name twice in a struct", field(type="struct", fields=[N, N]), "two fields are called n")
    refused("a name twice among bits", {"fields": [{"type": "u8", "bits": [{"name": "a", "width": 1}, {"name": "a", "width": 1}]}]}, "two fields are called a")
    refused("a key twice", '{"fields": [], "fields": []}', "duplicate object key")
    refused("no encoding", field(type="text", size=3, encoding="klingon"), "iconv does not know the encoding klingon")
    refused("no unit", field(type="u32", time={"unit": "fortnights"}), "unit must be one of: ns")
    refused("no epoch", field(type="u32", time={"epoch": "stardate"}), "epoch must be unix")
    refused("no such day", field(type="u32", time={"epoch": "2023-02-29"}), "epoch must be unix")
    refused("a day in another form", field(type="u32", time={"epoch": "2023-2-9"}), "epoch must be unix")
    refused("a fraction that is coarser", field(type="u32", time={"unit": "ms", "fraction": {"type": "u16", "unit": "ms"}}), "must be finer")
    refused("a length that nobody says", field(type="text", size_field="m"), "size_field must name a whole number before it")
    refused("a length that comes later", {"fields": [{"name": "t", "type": "text", "size_field": "n"}, N]}, "size_field must name")
    refused("a length that it is itself", field(type="u8", count_field="f"), "count_field must name")
    refused("two lengths", field(type="u8", count=1, count_prefix="u8"), "only one of count")
    refused("a name for what cannot be", field(type="u8", enum={"256": "x"}), "the field can never be 256")
    refused("a name for what is no number", field(type="u8", enum={"0x": "x"}), "0x must be a number that has a name")
    refused("two names", field(type="u8", enum={"1": "x", "0x1": "y"}), "1 has two names")
    refused("a NULL that cannot be", field(type="i8", null=200), "null: the field can never be 200")
    refused("a word of another type", field(type="u8", encoding="latin1"), "there is nothing called encoding here")
    refused("trim of what has its length", field(type="text", prefix="u8", trim="c"), "is not trimmed")
    refused("a flag that is none", field(type="u8", enum={"1": "x"}, enum_open="yes"), "enum_open must be true or false")
    refused("a count behind the header", {"header": {"size": 4, "count": {"at": 2, "type": "u32"}}, "fields": [N]}, "header.count: this lies behind the header")
    refused("magic behind the header", {"header": {"size": 4, "match": [{"at": 2, "text": "abc"}]}, "fields": [N]}, "header.match[0]: this lies behind the header")
    refused("no discriminator", {"fields": [N], "types": {"by": "m", "of": [{"when": 1, "fields": []}]}}, "by must name a whole number")
    refused("no types", {"fields": [N], "types": {"by": "n", "of": []}}, "types.of must be a list of 1 to 256 types")
    refused("a discriminator twice", {"fields": [N], "types": {"by": "n", "of": [{"when": 1, "fields": []}] * 2}}, "two types have the discriminator 1")
    refused("one that cannot be", {"fields": [N], "types": {"by": "n", "of": [{"when": 256, "fields": []}]}}, "the field n can never be 256")
    refused("types that disagree", {"fields": [N], "types": {"by": "n", "of": [{"when": 1, "fields": [{"name": "a", "type": "u8"}]},
                                                                              {"when": 2, "fields": [{"name": "a", "type": "text", "size": 2}]}]}},
            "two fields are called a")
    refused("no JSON", "fields: []", "layout.json:1:")
    refused("an empty file", "", "layout.json:1:")
    refused("no UTF-8", b'{"fields": [{"name": "\xff", "type": "u8"}]}', "layout.json:1:")
    refused("a NUL in a name", '{"fields": [{"name": "a\\u0000b", "type": "u8"}]}', "layout.json:1:")


def rejected(says, layout, data, rows, letters):
    """letters: code, offset of the record, how many bytes of it."""
    with tempfile.TemporaryDirectory(prefix="diff-hostile-") as folder:
        put(folder, "layout.json", json.dumps(layout))
        put(folder, "in.bin", data)
        code, said, dead = run(folder, "in.bin", {"type": "binary", "layout": "./layout.json"}, "out.ndjson", "ndjson")
        check(f"{says}: it runs", (code, said if code else ""), (0, ""))
        if code:
            return
        with open(os.path.join(folder, "out.ndjson"), encoding="utf-8") as file:
            check(f"{says}: rows", [json.loads(line) for line in file], rows)
        check(f"{says}: rejected", sorted((d["code"], d["byte_offset"], d["original_bytes"]) for d in dead), sorted(letters))
        check(f"{says}: rows of it", all(d["object"].endswith("in.bin") and d["row"] >= 1 for d in dead), True)


def records():
    counted = {"fields": [{"name": "c", "type": "u32"}, {"name": "l", "type": "u16", "count_field": "c"}]}
    rejected("a count that lies", counted, struct.pack("<IHI", 1, 7, 2**32 - 1) + b"abcd", [{"c": 1, "l": [7]}], [("unknown_type", 6, 8)])
    rejected("a count beyond the file", counted, struct.pack("<IHI", 1, 7, 5) + b"abcd", [{"c": 1, "l": [7]}], [("remainder", 6, 8)])
    signed = {"fields": [{"name": "c", "type": "i16"}, {"name": "t", "type": "text", "size_field": "c"}]}
    rejected("a negative length", signed, struct.pack("<hch", 1, b"x", -1) + b"abc", [{"c": 1, "t": "x"}], [("unknown_type", 3, 5)])
    wide = {"fields": [{"name": "c", "type": "u64"}, {"name": "t", "type": "bytes", "size_field": "c"}]}
    for size in (2**63 - 1, 2**63, 2**64 - 1, 2**24 + 1, 2**31):
        rejected(f"a length of {size}", wide, struct.pack("<Q", size) + b"abc", [], [("unknown_type", 0, 11)])
    prefixed = {"fields": [{"name": "t", "type": "text", "prefix": "u32"}]}
    rejected("a prefix beyond the file", prefixed, struct.pack("<I2sI", 2, b"ab", 10**6) + b"c", [{"t": "ab"}], [("remainder", 6, 5)])
    rejected("half a prefix", prefixed, struct.pack("<I2sH", 2, b"ab", 1), [{"t": "ab"}], [("remainder", 6, 2)])
    for kind, count in (("u64", 2**63), ("u64", 2**64 - 1), ("i64", 2**63 - 1), ("u64", 2**60)):
        for word in ("count", "bytes"):
            rejected(f"a header whose {word} says {count}", {"header": {"size": 8, word: {"type": kind}}, "fields": [N]},
                     struct.pack("<Q", count) + b"\1\2", [{"n": 1}, {"n": 2}] if count < 2**63 else [],
                     [("remainder", 10, 0)] if count < 2**63 else [])
    union = {"fields": [N], "types": {"by": "n", "of": [{"when": 1, "fields": [{"name": "a", "type": "u8"}]}, {"when": 2, "fields": [{"name": "b", "type": "u16"}]}]}}
    rejected("no type for it", union, b"\1\7\3\1\7", [{"n": 1, "a": 7, "b": None}], [("unknown_type", 2, 3)])
    rejected("a type that is cut", union, b"\1\7\2\1", [{"n": 1, "a": 7, "b": None}], [("remainder", 2, 2)])
    rejected("packed decimals", {"fields": [{"name": "v", "type": "packed", "size": 2}]}, b"\x12\x3c\xa2\x3c\x1f\x3c\x12\x39\x00\x0d\x12\x3b",
             [{"v": 123}, {"v": 0}, {"v": -123}], [("bad_packed", 2, 2), ("bad_packed", 4, 2), ("bad_packed", 6, 2)])
    rejected("enumerations", {"fields": [{"name": "e", "type": "i16", "enum": {"-1": "minus", "1": "one"}}]}, struct.pack("<4h", -1, 0, 1, -32768),
             [{"e": "minus"}, {"e": "one"}], [("unknown_value", 2, 2), ("unknown_value", 6, 2)])
    rejected("moments beyond", {"fields": [{"name": "t", "type": "i64", "time": {"unit": "ms"}}]}, struct.pack("<3q", 1000, 2**63 - 1, -2**63),
             [{"t": "1970-01-01T00:00:01Z"}], [("bad_time", 8, 8), ("bad_time", 16, 8)])
    rejected("days beyond", {"fields": [{"name": "t", "type": "i64", "time": {"unit": "days"}}]}, struct.pack("<3q", 1, 2**31, -2**40),
             [{"t": "1970-01-02"}], [("bad_time", 8, 8), ("bad_time", 16, 8)])
    rejected("fractions beyond", {"fields": [{"name": "t", "type": "u32", "time": {"unit": "s", "fraction": {"type": "i32", "unit": "us"}}}]},
             struct.pack("<IiIiIi", 1, 999999, 1, 1000000, 1, -1), [{"t": "1970-01-01T00:00:01.999999Z"}], [("bad_time", 8, 8), ("bad_time", 16, 8)])
    dos = [(44 << 9 | 13 << 5 | 1) << 16, (44 << 9 | 1 << 5) << 16, (44 << 9 | 1 << 5 | 1) << 16 | 24 << 11, (44 << 9 | 1 << 5 | 1) << 16 | 60 << 5, (44 << 9 | 1 << 5 | 1) << 16 | 30]
    rejected("no dates of DOS", {"fields": [{"name": "t", "type": "u32", "time": {"epoch": "dos"}}]}, struct.pack("<5I", *dos), [], [("bad_time", i * 4, 4) for i in range(5)])
    rejected("bytes that are no text", {"fields": [{"name": "t", "type": "text", "size": 4, "encoding": "utf-16le"}]}, b"a\0b\0\0\xd8\0\0a\0\0\0\xff\xff\xff\xff",
             [{"t": "ab"}, {"t": "a"}, {"t": "\uffff\uffff"}], [("bad_text", 4, 4)])
    rejected("a fault in a list of structs", {"fields": [{"name": "s", "type": "struct", "count": 2, "fields": [{"name": "e", "type": "u8", "enum": {"1": "x"}}]}]},
             b"\1\1\1\2\2\1", [{"s": [{"e": "x"}, {"e": "x"}]}], [("unknown_value", 2, 2), ("unknown_value", 4, 2)])
    rejected("header and trailer of a longer file", {"header": {"size": 5}, "trailer": 5, "fields": [N]}, b"123456789", [], [("remainder", 5, 4)])
    rejected("no more than header and trailer", {"header": {"size": 5}, "trailer": 5, "fields": [N]}, b"1234567890", [], [])
    rejected("a remainder before the trailer", {"trailer": 2, "fields": [{"name": "n", "type": "u16"}]}, b"\1\0\2zz", [{"n": 1}], [("remainder", 2, 1)])
    fields = [{"name": f"f{i}", "type": "text", "prefix": "u8"} for i in range(4000)]
    rejected("4,000 lengths", {"fields": fields}, bytes(4000) + b"\1a" * 4000 + b"\0", [{f["name"]: "" for f in fields}, {f["name"]: "a" for f in fields}], [("remainder", 12000, 1)])


def writes(says, field, values, kind, data, codes):
    """The values that have bytes, and the reasons of the others."""
    with tempfile.TemporaryDirectory(prefix="diff-hostile-") as folder:
        put(folder, "layout.json", json.dumps({"fields": field if isinstance(field, list) else [{"name": "v", **field}]}))
        put(folder, "in.ndjson", "".join(json.dumps({"v": value}) + "\n" for value in values))
        code, said, dead = run(folder, "in.ndjson", {"type": "ndjson", "types": {"v": kind}}, "out.bin", {"type": "binary", "layout": "./layout.json"})
        check(f"{says}: it runs", (code, said if code else ""), (0, ""))
        if code:
            return
        with open(os.path.join(folder, "out.bin"), "rb") as file:
            check(f"{says}: bytes", file.read(), data)
        check(f"{says}: rejected", [d["code"] for d in dead], codes)
        check(f"{says}: whose", {d["column"] for d in dead} <= {"v"} and all(d["row"] >= 1 for d in dead), True)


def writers():
    moment = "timestamp with time zone"
    for bits in (8, 16, 24, 32, 40, 48, 56, 64):
        for letter, least, most in (("i", -2**(bits - 1), 2**(bits - 1) - 1), ("u", 0, 2**bits - 1)):
            packed = b"".join(v.to_bytes(bits // 8, "little", signed=letter == "i") for v in (least, most))
            writes(f"{letter}{bits}", {"type": f"{letter}{bits}"}, [least, most, least - 1, most + 1], "decimal(38,0)", packed, ["too_large"] * 2)
    writes("bits that hold hours", [{"type": "u32", "bits": [{"width": 8}, {"name": "v", "width": 20, "time": {"unit": "h"}}, {"width": 4}]}],
           ["1970-01-02T00:00:00Z", "2089-08-14T16:00:00Z", "1970-01-01T00:30:00Z", "1969-12-31T23:00:00Z"], moment, struct.pack("<I", 24 << 8),
           ["too_large", "not_exact", "too_large"])
    writes("bits with a sign", [{"type": "u16", "bits": [{"width": 3}, {"name": "v", "width": 5, "signed": True}]}], [-16, 15, 16, -17], "integer",
           struct.pack("<HH", 0x10 << 3, 15 << 3), ["too_large"] * 2)
    writes("a fraction that has no room", {"type": "u32", "time": {"unit": "s", "fraction": {"type": "u8", "unit": "us"}}},
           ["1970-01-01T00:00:01.000255Z", "1970-01-01T00:00:01.000256Z"], moment, struct.pack("<IB", 1, 255), ["too_large"])
    writes("before the epoch", {"type": "u64", "time": {"epoch": "windows", "unit": "100ns"}}, ["1601-01-01T00:00:00Z", "1600-12-31T23:59:59Z"], moment, bytes(8), ["too_large"])
    writes("seconds below zero", {"type": "i32", "time": {"unit": "s", "fraction": {"type": "u32", "unit": "us"}}}, ["1969-12-31T23:59:59.25Z"], moment,
           struct.pack("<iI", -1, 250000), [])
    writes("days", {"type": "i16", "time": {"unit": "days"}}, ["1970-01-01", "1969-12-31", "2099-01-01"], "date", struct.pack("<hh", 0, -1), ["too_large"])
    writes("dates of DOS", {"type": "u32", "time": {"epoch": "dos"}}, ["1980-01-01T00:00:00", "2107-12-31T23:59:58", "1979-12-31T00:00:00", "2108-01-01T00:00:00", "2000-01-01T00:00:01"],
           "timestamp", struct.pack("<II", 0x00210000, 0xff9fbf7d), ["too_large", "too_large", "not_exact"])
    writes("a moment that means NULL", {"type": "u32", "null": 0, "time": {"unit": "s"}}, [None, "1970-01-01T00:00:00Z", "1970-01-01T00:00:01Z"], moment,
           struct.pack("<II", 0, 1), ["reads_as_null"])
    writes("names", {"type": "u64", "enum": {"0xffffffffffffffff": "all", "1": "one"}, "enum_open": True}, ["all", "one", "17", "18446744073709551615", "x", "", "-1", "1", "007", "-0", None], "text",
           struct.pack("<QQQ", 2**64 - 1, 1, 17), ["unknown_value", "unknown_value", "unknown_value", "too_large", "unknown_value", "unknown_value", "unknown_value", "no_null"])
    writes("halves", {"type": "f16"}, [1.5, 65504.0, 65520.0, -0.0, 2.0**-24, None], "double", struct.pack("<4e", 1.5, 65504.0, -0.0, 2.0**-24), ["too_large", "no_null"])
    writes("whole numbers as reals", {"type": "f32"}, [16777216, 2**100], "decimal(38,0)", struct.pack("<ff", 2.0**24, 2.0**100), [])
    writes("booleans", {"type": "bool"}, [True, False, None], "boolean", b"\1\0", ["no_null"])
    writes("booleans of numbers", {"type": "bool"}, [1, 0, 2, -1], "integer", b"\1\0", ["too_large"] * 2)
    writes("packed", {"type": "packed", "size": 2, "scale": 1, "null": 999}, [12.3, -0.1, 100, None, 99.9, 0.05], "decimal(10,2)", b"\x12\x3c\x00\x1d\x99\x9c",
           ["too_large", "reads_as_null", "not_exact"])
    writes("lists", {"type": "i8", "count": 2}, [[1, 2], [1], [1, 2, 3], [1, None], [1, 128], None, []], "integer[]", b"\1\2",
           ["wrong_count", "wrong_count", "no_null", "too_large", "no_null", "wrong_count"])
    writes("lists with their count", {"type": "u8", "count_prefix": "u8"}, [[], [1, 2], [0] * 255, [0] * 256, [256]], "integer[]", b"\0\2\1\2\xff" + bytes(255), ["too_long", "too_large"])
    writes("structs", {"type": "struct", "fields": [{"name": "a", "type": "u8"}, {"name": "t", "type": "text", "size": 2, "null": "-"}]},
           [{"a": 1, "t": "xy"}, {"a": 2, "t": None}, {"a": 3, "t": "xyz"}, {"a": None, "t": "x"}, None, {"a": 256, "t": ""}], 'struct(a integer, t text)',
           b"\1xy\2-\0", ["too_long", "no_null", "no_null", "too_large"])
    writes("bytes", {"type": "bytes", "size": 2}, ["", "AAE=", "AAECAw=="], "binary", bytes(2) + b"\0\1", ["too_long"])
    writes("text of 255", {"type": "text", "size": 300, "prefix": "u8"}, ["x" * 255, "x" * 256], "text", b"\xff" + b"x" * 255 + bytes(44), ["too_long"])
    writes("text in UTF-16", {"type": "text", "size": 6, "encoding": "utf-16be", "trim": "space"}, ["ab", "abcd", "\U0001f600"], "text",
           "ab ".encode("utf-16be") + "\U0001f600 ".encode("utf-16be"), ["too_long"])


def main():
    refusals()
    records()
    writers()
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


main()
