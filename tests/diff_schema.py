#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`qetl schema` against Python's jsonschema: what qetl takes the schema takes, and of what qetl refuses for
a word, a type or a limit, the schema refuses all.

QETL: the binary. QETL_PLUGIN_PATH: its plugins."""
import glob
import json
import os
import re
import subprocess
import sys

import jsonschema
import yaml

QETL = os.environ.get("QETL", "./qetl")
TREE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WRONG = os.path.join(TREE, "tests", "diagnostics")
# What a schema can know.
TELLS = {"unknown_key", "wrong_type", "missing_key", "unknown_value", "wrong_size", "out_of_range", "wrong_form",
         "unknown_plugin", "unknown_format", "missing_value", "source_with_input", "format_not_taken", "bad_id",
         "missing_input", "no_sources", "no_sinks", "bad_size"}
# Of those, what it leaves to qetl: an empty list may be an input.
LEAVES = {"numbers-as-text.yaml", "port-unknown.yaml"}
passed = failed = 0


def check(what, good, *more):
    global passed, failed
    if good:
        passed += 1
        return
    failed += 1
    print(f"FAILED {what}", *more, sep="\n  ")


class Core(yaml.SafeLoader):
    """YAML 1.2's scalars, as qetl reads them: yes and 007 and dates are text."""


Core.yaml_implicit_resolvers = {}
for tag, pattern, first in (("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
                            ("int", r"^-?(?:0|[1-9][0-9]*)$", "-0123456789"),
                            ("float", r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$", "-0123456789"),
                            ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""])):
    Core.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), list(first))


def load(text, name):
    try:
        return json.loads(text) if name.endswith(".json") else yaml.load(text, Core)
    except (yaml.YAMLError, json.JSONDecodeError, ValueError):
        return None


def validator(**more):
    answer = subprocess.run([QETL, "schema", "--compact"], check=True, capture_output=True, text=True,
                            env=os.environ | more)
    schema = json.loads(answer.stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def mistakes(schema, document):
    return [f"{error.json_path}: {error.message:.150}" for error in schema.iter_errors(document)]


def check_good():
    schema = validator()
    texts = {}
    for page in glob.glob(f"{TREE}/**/*.md", recursive=True):
        for i, block in enumerate(re.findall(r"^```yaml\n(.*?)^```", open(page, encoding="utf-8").read(), re.M | re.S)):
            texts[f"{os.path.relpath(page, TREE)} {i + 1}"] = block
    for path in glob.glob(f"{TREE}/docs/**/*.yaml", recursive=True):
        if not path.endswith(".test.yaml"):
            texts[os.path.relpath(path, TREE)] = open(path, encoding="utf-8").read()
    for script in glob.glob(f"{TREE}/tests/cases/*.sh"):
        for i, block in enumerate(re.findall(r"<<'EOF'\n(.*?)^EOF$", open(script, encoding="utf-8").read(), re.M | re.S)):
            texts[f"{os.path.basename(script)} {i + 1}"] = block
    seen = 0
    for name, text in texts.items():
        document = load(text, name)
        if not isinstance(document, dict) or not {"sources", "sinks"} <= document.keys():
            continue
        answer = subprocess.run([QETL, "validate", "-", "--json"], input=text, capture_output=True, text=True)
        error = json.loads(answer.stdout)["error"]
        if error and any(finding["code"] not in ("undefined_variable", "undefined_secret") for finding in error["findings"]):
            continue
        seen += 1
        found = mistakes(schema, document)
        check(f"{name} is good", not found, *found)
    check("good pipelines were found", seen >= 10, seen)


def check_wrong():
    schema = validator(QETL_PLUGIN_PATH=os.path.join(WRONG, "plugins"))
    seen = 0
    for path in sorted(glob.glob(f"{WRONG}/*.yaml") + glob.glob(f"{WRONG}/*.json")):
        name = os.path.basename(path)
        codes = set(re.findall(r"^[^:]+:\d+:\d+: (\w+)", open(path.rpartition(".")[0] + ".expect", encoding="utf-8").read(),
                               re.M))
        text = open(path, "rb").read().decode("utf-8", "replace")
        document = load(text, name)
        if document is None or not codes & TELLS or name in LEAVES or "${" in text:
            continue
        seen += 1
        check(f"{name} is wrong: {codes & TELLS}", mistakes(schema, document))
    check("wrong pipelines were found", seen >= 40, seen)


def check_editor():
    """What an editor shows: descriptions of every option, and choices of plugins."""
    schema = validator().schema
    definitions = schema["$defs"]
    check("plugins to choose", "file" in definitions["source"]["properties"]["plugin"]["anyOf"][0]["enum"])
    for name, definition in definitions.items():
        if "." not in name:
            continue
        for option, words in definition["properties"].items():
            check(f"{name}.{option} is described", words.get("description") or "$ref" in words, words)
    file = {"sources": {"a": {"plugin": "file", "path": "x.csv", "format": "${FORMAT}"}}, "max_rejected": "${MAX}",
            "sinks": {"b": {"plugin": "file", "path": "y.csv", "input": "a", "if_exists": "${IF}"}}}
    found = mistakes(validator(), file)
    check("placeholders may stand anywhere", not found, *found)
    file["sinks"]["b"]["if_exists"] = "maybe"
    check("a wrong choice is seen", mistakes(validator(), file))


check_good()
check_wrong()
check_editor()
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
