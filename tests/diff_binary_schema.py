#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Layouts at random, right and wrong: what qetl takes the layout's JSON Schema takes; what the schema takes qetl takes,
but for what a schema cannot say (names that refer to others, sums, encodings). The catalogue and the page's examples are right.

QETL: the binary. QETL_PLUGIN_PATH: its plugins. QETL_DIFF_SEED, QETL_DIFF_ROUNDS: what to repeat."""
import copy
import glob
import json
import os
import random
import re
import subprocess
import sys
import tempfile

import jsonschema

QETL = os.environ.get("QETL", "./qetl")
TREE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SEED = int(os.environ.get("QETL_DIFF_SEED", "20260101"))
ROUNDS = int(os.environ.get("QETL_DIFF_ROUNDS", "300"))
# What no schema can tell.
LEAVES = re.compile(
    "two fields are called|no field has a name|must name a whole number|more than 16 MiB|more than 4096 fields|deep|"
    "field .*can never be|must be finer than|width must be a whole number from 1 to|digits cannot have|iconv does not know|"
    "two types have|has two names|two values are called|the epoch dos needs|record_size is|the elements of a list must have|"
    "lies behind the header|within a struct all sizes|a record of no bytes|neither fraction nor|range begins behind|at must be a whole")
passed = failed = 0


def check(what, good, *more):
    global passed, failed
    if good:
        passed += 1
        return
    failed += 1
    print(f"FAILED {what}", *(f"{m!s:.700}" for m in more), sep="\n  ")


def whole(rng):
    field = {"type": rng.choice("iu") + str(8 * rng.randrange(1, 9))}
    meaning = rng.choice(["", "", "scale", "enum", "time", "null", "range"])
    if meaning == "scale":
        field["scale"] = rng.choice([0, 2, 20, 38])
    elif meaning == "enum":
        field["enum"] = {rng.choice(["1", "0x7f", "0"]): "one", "2": "two"}
        if rng.random() < 0.5:
            field["enum_open"] = rng.random() < 0.5
    elif meaning == "time":
        field["time"] = rng.choice([{}, {"epoch": "windows", "unit": "100ns"}, {"epoch": "2000-02-29", "unit": "days"},
                                    {"unit": "s", "fraction": {"type": "u32", "unit": "us"}}, {"epoch": "dos"}])
    elif meaning == "null":
        field["null"] = rng.choice([0, 1, 100])
    elif meaning == "range":
        field["range"] = [0, rng.randrange(100)]
    return field


def some_field(rng, depth=0):
    kind = rng.choice(["whole", "whole", "real", "bool", "text", "text", "bytes", "packed", "pad", "bits", "struct"])
    if kind == "pad":
        return {"pad": rng.choice([1, 3, 1000]), **({"zero": True} if rng.random() < 0.3 else {})}
    if kind == "bits":
        parts = []
        for i in range(rng.randrange(1, 4)):
            part = {"width": rng.randrange(1, 6)}
            if rng.random() < 0.7:
                number = whole(rng)
                number.pop("type")
                part.update(number, name=f"b{i}")
                if rng.random() < 0.3:
                    part["signed"] = True
            parts.append(part)
        return {"type": rng.choice(["u16", "u24", "u64"]), "bits": parts}
    field = {"name": rng.choice("abcdefgh") + str(rng.randrange(30))}
    if kind == "whole":
        field.update(whole(rng))
    elif kind == "real":
        field["type"] = rng.choice(["f16", "f32", "f64"])
    elif kind == "bool":
        field["type"] = "bool"
    elif kind == "packed":
        field.update(type="packed", size=rng.randrange(1, 20))
        field.update(rng.choice([{}, {"scale": 1}, {"sign": "f"}, {"sign": "none", "null": 9}]))
    elif kind in ("text", "bytes"):
        field["type"] = kind
        field.update(rng.choice([{"size": rng.randrange(0, 40)}, {"size": 5}, {"prefix": "u16"}, {"size": 9, "prefix": "u8"}, {"size_field": "a0"}]))
        if kind == "text":
            field.update(rng.choice([{}, {"encoding": "latin1"}, {"null": ""}, {"trim": "c"} if "size" in field and "prefix" not in field else {}]))
    else:
        field.update(type="struct", fields=[some_field(rng, depth + 1) for _ in range(rng.randrange(1, 3))] if depth < 3 else [])
    if rng.random() < 0.2:
        field["endian"] = rng.choice(["little", "big"])
    if rng.random() < 0.15:
        field.update(rng.choice([{"count": 3}, {"count_prefix": "u8"}, {"count_field": "a0"}]))
    return field


def some_layout(rng):
    layout = {"fields": [{"name": "a0", "type": "u8"}] + [some_field(rng) for _ in range(rng.randrange(0, 4))]}
    for key, values in {"name": ["x"], "endian": ["big"], "trailer": [0, 9], "record_size": [3000], "read_only": [True, False],
                        "description": ["of it"],
                        "header": [{}, {"size": 12, "match": [{"at": 0, "text": "AB"}, {"hex": "00ff"}]},
                                   {"size": 8, "count": {"at": 4, "type": "u32"}}, {"size": 8, "bytes": {"type": "i16", "endian": "big"}}],
                        "types": [{"by": "a0", "of": [{"when": 1, "fields": []}, {"when": 2, "name": "two", "fields": [{"name": "z", "type": "u8"}]}]}]
                        }.items():
        if rng.random() < 0.15:
            layout[key] = copy.deepcopy(rng.choice(values))
    return layout


WORDS = ["name", "type", "size", "count", "count_prefix", "count_field", "prefix", "size_field", "encoding", "trim", "endian", "scale",
         "enum", "enum_open", "time", "bits", "null", "range", "sign", "pad", "zero", "fields", "description", "when", "by", "of", "unit",
         "epoch", "fraction", "match", "hex", "text", "at", "width", "signed", "header", "nonsense", "$schema", "summary"]
VALUES = [0, 1, -1, 8, 39, 256, 2**31, 2**63 - 1, -2**63, True, False, None, "", "u8", "i64", "u72", "f32", "f24", "text", "big", "dos", "unix",
          "1999-02-29", "1999-1-1", "s", "fortnights", "c", "none", "zz", "00f", "a0", [], [1, 0], [0, 1], {}, {"1": "x"}, {"0x": "x"}, {"a": 1}, 1.5]


def places(value, path=()):
    yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(inner, path + (key,))


def mutate(rng, layout):
    layout = copy.deepcopy(layout)
    path = rng.choice([p for p in places(layout) if p] or [()])
    if not path:
        return layout
    at = layout
    for key in path[:-1]:
        at = at[key]
    how = rng.random()
    if how < 0.3:
        at[path[-1]] = copy.deepcopy(rng.choice(VALUES))
    elif how < 0.5:
        del at[path[-1]]
    else:
        inner = at[path[-1]]
        at = inner if isinstance(inner, dict) else at
        if isinstance(at, dict):
            at[rng.choice(WORDS)] = copy.deepcopy(rng.choice(VALUES))
    return layout


def answer(folder, layout):
    """None, or what qetl has against it."""
    with open(os.path.join(folder, "layout.json"), "w", encoding="utf-8") as file:
        json.dump(layout, file)
    done = subprocess.run([QETL, "run", "p.json", "--dry-run"], capture_output=True, text=True, timeout=300, cwd=folder)
    check("it ends with 0 or 2, and a reason", done.returncode in (0, 2) and bool(done.returncode) == ("error: " in done.stderr),
          done.returncode, done.stderr, layout)
    return done.stderr if done.returncode else None


def main():
    print(f"seed {SEED}, {ROUNDS} rounds")
    with open(os.path.join(TREE, "docs", "binary-layout.schema.json"), encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    schema = jsonschema.Draft202012Validator(schema)
    good = {path: json.load(open(path, encoding="utf-8")) for path in glob.glob(f"{TREE}/plugins/formats/binary/layouts/*.json")}
    page = open(os.path.join(TREE, "docs", "binary-layouts.md"), encoding="utf-8").read()
    good.update((f"the page's {i}", json.loads(block)) for i, block in enumerate(re.findall(r"^```json\n(.*?)^```", page, re.M | re.S)))
    taken = refused = left = 0
    with tempfile.TemporaryDirectory(prefix="diff-layout-") as folder:
        with open(os.path.join(folder, "p.json"), "w", encoding="utf-8") as file:
            json.dump({"sources": {"in": {"plugin": "file", "path": "in.bin", "format": {"type": "binary", "layout": "./layout.json"}}},
                       "sinks": {"out": {"plugin": "null", "input": "in"}}}, file)
        open(os.path.join(folder, "in.bin"), "w", encoding="utf-8").close()
        for name, layout in good.items():
            check(f"{name}: the schema takes it", schema.is_valid(layout), list(schema.iter_errors(layout)))
            check(f"{name}: qetl takes it", answer(folder, layout) is None)
        for number in range(ROUNDS):
            rng = random.Random(f"{SEED}/{number}")
            layout = some_layout(rng)
            for _ in range(rng.choice([0, 1, 1, 2])):
                layout = mutate(rng, layout)
            against, valid = answer(folder, layout), schema.is_valid(layout)
            taken += against is None
            refused += against is not None and not valid
            left += against is not None and valid
            if against is None:
                check(f"{number}: qetl takes it, so does the schema", valid, json.dumps(layout), [e.message for e in schema.iter_errors(layout)])
            else:
                check(f"{number}: the schema takes it, so does qetl", not valid or LEAVES.search(against), json.dumps(layout), against)
    check("of each kind enough", min(taken, refused) >= ROUNDS // 8, taken, refused, left)
    print(f"{taken} taken, {refused} refused by both, {left} by qetl alone")
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


main()
