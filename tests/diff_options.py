#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every option of every format and of the sources and sinks of files, with every value of those that have a list of
them: a run with it differs from the same run without. What a run is, is its exit code, the files that it wrote and the
codes of what it rejected. The manifests say which options there are; an option without an experiment here is a failure.

QETL: the binary. QETL_PLUGIN_PATH: its plugins."""
import glob
import json
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor

from option_experiments import EXPERIMENTS, SAME, SCENARIOS

TREE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
QETL = os.path.abspath(os.environ.get("QETL", os.path.join(TREE, "build/qetl")))
CACHE = os.path.join(os.path.abspath(os.environ.get("QETL_BUILD", os.path.join(TREE, "build"))), "tests/cache")
passed, failed = 0, []


def check(what, good, more=""):
    global passed
    if good:
        passed += 1
    else:
        failed.append(what)
        print(f"not ok - {what} {more}")


def options_of(schema, prefix=""):
    for name, option in sorted(schema.get("properties", {}).items()):
        yield prefix + name, option
        yield from options_of(option, prefix + name + ".")


def values_of(option):
    """Those of a list, but for what an option is anyway."""
    if option.get("type") == "boolean":
        return [not option.get("default", False)]
    return [v for v in option.get("enum", []) if v != option.get("default")]


def members(path):
    """A workbook holds the time at which it was made."""
    with zipfile.ZipFile(path) as book:
        return {n: book.read(n) for n in book.namelist() if n != "docProps/core.xml"}


def contents(folder):
    found = {}
    for path in glob.glob(os.path.join(folder, "out", "**"), recursive=True):
        if os.path.isfile(path):
            name = re.sub(r"\d{8}T\d{6}Z", "TIME", os.path.relpath(path, folder))
            if path.endswith(".xlsx"):
                found[name] = members(path)
            else:
                with open(path, "rb") as file:
                    found[name] = file.read()
    return found


def letters(folder):
    path = os.path.join(folder, "letters.ndjson")
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return sorted(json.loads(line)["code"] for line in file)


def run(experiment, option=None, value=None):
    """What comes of it: all that the option may change."""
    with tempfile.TemporaryDirectory() as folder:
        for name, data in experiment.files(value).items():
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(data if isinstance(data, bytes) else data.encode())
        experiment.prepare(folder)
        pipeline = experiment.pipeline(option, value)
        pipeline["dead_letters"] = "letters.ndjson"
        with open(os.path.join(folder, "p.json"), "w", encoding="utf-8") as file:
            json.dump(pipeline, file)
        done = subprocess.run([QETL, "run", "p.json"], cwd=folder, capture_output=True, stdin=subprocess.DEVNULL,
                              timeout=300)
        if re.search(rb"Sanitizer|runtime error:", done.stderr):
            return -1, done.stderr.decode()[-600:], []
        if done.returncode in (0, 1, 3):
            return done.returncode, contents(folder), letters(folder)
        return done.returncode, done.stderr.decode()[-600:], []


def without_it(experiment, value):
    """Once for all values, where the input is the same."""
    if callable(experiment.given) or callable(experiment.more):
        return run(experiment, None, value)
    with experiment.lock:
        if experiment.base is None:
            experiment.base = run(experiment, None, value)
    return experiment.base


def experiments():
    for path in sorted(glob.glob(os.path.join(TREE, "plugins/*/*.qetl.json"))):
        with open(path, encoding="utf-8") as file:
            components = json.load(file)["components"]
        for component in components:
            where = f"{component['kind']} {component['id']}"
            if where in EXPERIMENTS:
                for name, option in options_of(component["options"]):
                    yield where, name, option


def try_value(where, name, experiment, value):
    without, with_it = without_it(experiment, value), run(experiment, name, value)
    ended = without[0] in (0, 1, 2, 3) and with_it[0] in (0, 1, 3)
    differs = without != with_it
    return f"{where}: {name}: {json.dumps(value)}", ended and differs == ((where, name) not in SAME), (without, with_it)


def main():
    if subprocess.run([os.path.join(TREE, ".ci", "duckdb"), CACHE]).returncode:
        sys.exit("libduckdb cannot be had")
    os.environ["QETL_DUCKDB_LIBRARY"] = os.path.join(CACHE, "libduckdb.so")
    jobs, known = [], set()
    for where, name, option in experiments():
        known.add(f"{where}: {name}")
        experiment = EXPERIMENTS[where].get(name)
        if (where, name) in SCENARIOS:
            with open(os.path.join(TREE, "tests/cases", SCENARIOS[where, name]), encoding="utf-8") as file:
                check(f"{where}: {name} stands in its scenario", re.search(rf"\b{name}\b", file.read()))
            continue
        check(f"{where}: {name} has an experiment", experiment is not None)
        for one in experiment or []:
            jobs += [(where, name, one, value) for value in one.values]
        tried = [value for one in experiment or [] for value in one.values]
        check(f"{where}: {name}: all its values are tried", all(v in tried for v in values_of(option)),
              str([v for v in values_of(option) if v not in tried]))
    for where, table in EXPERIMENTS.items():
        for name in table:
            check(f"{where} has {name}", f"{where}: {name}" in known)
    with ThreadPoolExecutor(2) as pool:
        for what, good, results in pool.map(lambda job: try_value(*job), jobs):
            check(what, good, f"\n    without {str(results[0])[:300]}\n    with    {str(results[1])[:300]}")
    print(f"{passed} passed, {len(failed)} failed")
    sys.exit(1 if failed else 0)


main()
