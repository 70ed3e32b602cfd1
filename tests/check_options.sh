#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every option of every plugin, and every value that an option may have of a few, stands in some test
# with a value. What it changes there only the test can say; what stands nowhere is tested by nobody.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)

exec python3 - "$root" <<'P'
import glob
import json
import os
import re
import sys

root = sys.argv[1]
texts = []
for pattern in ("tests/cases/*.sh", "tests/test_*.c", "tests/fuzz_*.c", "tests/diff_*.py", "tests/diagnostics/**/*"):
    for path in glob.glob(os.path.join(root, pattern), recursive=True):
        if os.path.isfile(path):
            texts.append(open(path, encoding="utf-8", errors="replace").read())
# NAME: VALUE in YAML, "NAME": VALUE in JSON and C, NAME=VALUE for --set.
NAMED = re.compile(r"""([a-z][a-z_0-9]*)\\?["']?\s*[:=]""")
names_of = [(set(NAMED.findall(text)), text) for text in texts]


def stands(name, value):
    """A test that gives the option has the value as a word, or in quotes if it is none."""
    word = re.escape(value)
    if re.fullmatch(r"[\w.-]+", value, re.ASCII):
        word = r"(?<![\w-])" + word + r"(?![\w-])"
    else:
        escaped = re.escape(json.dumps(value)[1:-1])
        word = r"""["'](?:""" + word + "|" + escaped + r""")\\?["']"""
    return any(name in names and re.search(word, text) for names, text in names_of)


passed = failed = 0
MANY = 8  # of a longer list, some are enough


def count(found, what):
    global passed, failed
    passed += found
    failed += not found
    if not found:
        print(f"not ok - {what} stands in no test")


def options_of(schema, prefix=""):
    for name, option in sorted(schema.get("properties", {}).items()):
        yield prefix + name, name, option
        yield from options_of(option, prefix + name + ".")


for path in sorted(glob.glob(os.path.join(root, "plugins/*/*.qetl.json"))):
    for component in json.load(open(path, encoding="utf-8"))["components"]:
        where = f"{component['kind']} {component['id']}"
        for full, name, option in options_of(component.get("options", {})):
            count(any(name in names for names, _ in names_of), f"{where}: {full}")
            choices = [c for c in option.get("enum", []) if isinstance(c, str)]
            if option.get("type") == "boolean":
                choices = [str(not option.get("default", False)).lower()]
            seen = [c for c in choices if c == option.get("default") or stands(name, c)]
            if len(choices) > MANY:
                count(len(seen) >= MANY // 2, f"{where}: {full}: most of its values")
                continue
            for choice in choices:
                count(choice in seen, f"{where}: {full}: {choice}")
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
P
