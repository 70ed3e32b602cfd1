#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""qetl's binary against Python's struct: random struct strings over random bytes, read, and written again.

QETL: the binary. QETL_PLUGIN_PATH: its plugins. QETL_DIFF_SEED, QETL_DIFF_ROUNDS: what to repeat."""
import base64
import json
import math
import os
import random
import struct
import subprocess
import sys
import tempfile

QETL = os.environ.get("QETL", "./qetl")
SEED = int(os.environ.get("QETL_DIFF_SEED", "20260101"))
ROUNDS = int(os.environ.get("QETL_DIFF_ROUNDS", "40"))
passed = failed = 0

TYPES = {"c": "binary", "b": "tinyint", "B": "tinyint unsigned", "?": "boolean", "h": "smallint",
         "H": "smallint unsigned", "i": "integer", "I": "integer unsigned", "q": "bigint",
         "Q": "bigint unsigned", "e": "real", "f": "real", "d": "double", "s": "binary", "p": "binary",
         "n": "bigint", "N": "bigint unsigned", "P": "bigint unsigned"}


def check(what, got, expected):
    global passed, failed
    if got == expected:
        passed += 1
        return
    failed += 1
    print(f"FAILED {what}\n  got      {got!r:.1500}\n  expected {expected!r:.1500}")


def random_struct(rng):
    """A struct string, and the code of each of its values."""
    order = rng.choice(["", "@", "=", "<", ">", "!"])
    letters = "xcbB?hHiIlLqQefdsp" + ("nNP" if order in ("", "@") else "")
    text, codes = order, []
    for _ in range(rng.randrange(1, 9)):
        code = rng.choice(letters)
        count = rng.choice(["", "", "", "0", "1", "2", "3", "11", "40"])
        if code == "p" and count == "0":
            count = "1"  # CPython itself fails on 0p
        text += rng.choice(["", "", " "]) + count + code
        if code in "sp":
            codes.append(code)
        elif code != "x":
            codes += [code] * (int(count) if count else 1)
    return text, codes


def run(folder, pipeline):
    path = os.path.join(folder, "pipeline.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(pipeline, file)
    report = os.path.join(folder, "report.json")
    done = subprocess.run([QETL, "run", path, "--json-file", report, "--validate", "full", "-q"], capture_output=True,
                          text=True, timeout=300, cwd=folder)
    if done.returncode:
        check("qetl " + json.dumps(pipeline), (done.returncode, done.stderr), (0, ""))
        return None
    with open(report, encoding="utf-8") as file:
        return json.load(file)["summary"]


def pipeline_of(source, source_format, target, target_format):
    return {"sources": {"in": {"plugin": "file", "path": source, "format": source_format}},
            "sinks": {"out": {"plugin": "file", "input": "in", "path": target, "format": target_format,
                              "if_exists": "replace"}}}


def shown(code, value):
    """A value of struct's as NDJSON has it."""
    if code in "csp":
        return base64.b64encode(value).decode()
    if code in "ef" and not math.isfinite(value) or code == "d" and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def alike(code, got, expected):
    if code in "ef" and isinstance(got, (int, float)):
        return struct.pack("<f", got) == struct.pack("<f", expected)
    return got == expected and isinstance(got, bool) == isinstance(expected, bool)


def round_trip(rng, folder):
    text, codes = random_struct(rng)
    size = struct.calcsize(text)
    if not codes or not size:
        return
    n = rng.choice([1, 2, 7, 3000])
    rest = rng.choice([0, 0, rng.randrange(size)])
    header, trailer = rng.choice([(0, 0), (0, 0), (5, 0), (0, 9), (64, 100)])
    body = rng.randbytes(n * size + rest)
    with open(os.path.join(folder, "in.bin"), "wb") as file:
        file.write(rng.randbytes(header) + body + rng.randbytes(trailer))
    records = list(struct.iter_unpack(text, body[:n * size]))
    plain = {"type": "binary", "struct": text, "text": "binary"}
    if rng.random() < 0.3:
        plain["names"] = [f"n{i}" for i in range(len(codes))]
    names = plain.get("names", [f"column{i + 1}" for i in range(len(codes))])
    options = dict(plain, header_bytes=header, trailer_bytes=trailer)

    summary = run(folder, pipeline_of("in.bin", options, "out.ndjson", {"type": "ndjson", "nan": "string"}))
    if not summary:
        return
    check(f"{text!r}: the ledger", (summary["balanced"], summary["rows_rejected"]), (True, 1 if rest else 0))
    with open(os.path.join(folder, "out.ndjson"), encoding="utf-8") as file:
        rows = [json.loads(line, parse_int=lambda t: -0.0 if t == "-0" else int(t)) for line in file]
    check(f"{text!r}: rows", len(rows), len(records))
    bad = [(got[name], shown(code, value)) for got, record in zip(rows, records)
           for name, code, value in zip(names, codes, record)
           if not alike(code, got[name], shown(code, value))]
    check(f"{text!r}: values that differ", bad[:3], [])

    # What Python would pack of the same values.
    if run(folder, pipeline_of("in.bin", options, "again.bin", plain)):
        with open(os.path.join(folder, "again.bin"), "rb") as file:
            got = file.read()
        if any(code in "ef" for code in codes):  # the payload of a NaN is not kept by every way through Python
            got = b"".join(struct.pack(text, *r) for r in struct.iter_unpack(text, got))
        check(f"{text!r}: written", got, b"".join(struct.pack(text, *r) for r in records))

    # And from what NDJSON says of them.
    finite = [r for r in records if all(not isinstance(v, float) or math.isfinite(v) for v in r)][:50]
    native = text[:1] not in ("=", "<", ">", "!")
    with open(os.path.join(folder, "values.ndjson"), "w", encoding="utf-8") as file:
        for record in finite:
            file.write(json.dumps({m: shown(c, v) for m, c, v in zip(names, codes, record)}) + "\n")
    wide = {"l": "bigint" if native else "integer", "L": "bigint unsigned" if native else "integer unsigned"}
    types = {m: {**TYPES, **wide}[c].replace("tinyint", "smallint") for m, c in zip(names, codes)}
    source = {"type": "ndjson", "types": types}
    if finite and run(folder, pipeline_of("values.ndjson", source, "packed.bin", plain)):
        with open(os.path.join(folder, "packed.bin"), "rb") as file:
            check(f"{text!r}: packed", file.read(), b"".join(struct.pack(text, *r) for r in finite))


def too_large(folder):
    """Where struct.pack refuses, the row is rejected."""
    tried = {"<b": [127, 128, -128, -129], "<H": [0, 65535, 65536, -1], ">i": [2**31 - 1, 2**31, -2**31 - 1],
             "<Q": [2**64 - 1, -1], "<e": [65504.0, 65519.0, 65520.0, -1e9], "<f": [3.4e38, 3.5e38, 1e300],
             ">q": [2**63 - 1, -2**63]}
    for text, values in tried.items():
        good = []
        for value in values:
            try:
                good.append(struct.pack(text, value))
            except (struct.error, OverflowError):
                pass
        with open(os.path.join(folder, "large.ndjson"), "w", encoding="utf-8") as file:
            file.writelines(json.dumps({"v": value}) + "\n" for value in values)
        kind = "double" if text[1] in "ef" else "decimal(38,0)"
        summary = run(folder, pipeline_of("large.ndjson", {"type": "ndjson", "types": {"v": kind}}, "large.bin",
                                          {"type": "binary", "struct": text}))
        if summary:
            check(f"{text}: rejected", summary["rows_rejected"], len(values) - len(good))
            with open(os.path.join(folder, "large.bin"), "rb") as file:
                check(f"{text}: the others", file.read(), b"".join(good))


def main():
    print(f"seed {SEED}, {ROUNDS} rounds")
    for number in range(ROUNDS):
        with tempfile.TemporaryDirectory(prefix="diff-binary-") as folder:
            round_trip(random.Random(f"{SEED}/{number}"), folder)
    with tempfile.TemporaryDirectory(prefix="diff-binary-") as folder:
        too_large(folder)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


main()
