# SPDX-License-Identifier: Apache-2.0
"""Many small files through one process: a pipeline with a source and a sink for each of them."""
import json
import os
import subprocess
import sys
import tempfile

QETL = os.environ.get("QETL", "./qetl")
SHOWN = int(os.environ.get("QETL_DIFF_SHOWN", "12"))
FIRST = os.environ.get("QETL_DIFF_FIRST")  # ends at the first failure


def scratch(prefix):
    """A folder that goes away; in memory, where there is one: each of thousands of outputs is made durable."""
    memory = "/dev/shm"
    return tempfile.TemporaryDirectory(prefix=prefix, dir=memory if os.access(memory, os.W_OK) else None)


class Checks:
    """Counts, and shows the first failures."""

    def __init__(self):
        self.passed = self.failed = 0

    def that(self, good, what):
        if good:
            self.passed += 1
            return True
        self.failed += 1
        if self.failed <= SHOWN:
            print(f"FAILED {what}")
        if FIRST:
            sys.exit(1)
        return False

    def end(self):
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed else 0


class Runs:
    def __init__(self, folder, name, arguments, batch_bytes):
        self.folder = os.path.join(folder, name)
        os.mkdir(self.folder)
        self.arguments = arguments
        self.pipeline = {"batch_bytes": batch_bytes, "dead_letters": "letters", "sources": {}, "sinks": {}}
        self.report = None
        self.log = ""

    def path(self, name):
        return os.path.join(self.folder, name)

    def add(self, key, data, source_format, sink_format, name=None, **source):
        name = name or f"in{key}"
        with open(self.path(name), "wb") as file:
            file.write(data)
        self.pipeline["sources"][f"s{key}"] = {"plugin": "file", "path": name, "format": source_format, **source}
        self.pipeline["sinks"][f"o{key}"] = {"plugin": "file", "path": f"out{key}", "input": f"s{key}", "format": sink_format}

    def go(self, checks, exits=0):
        with open(self.path("p.json"), "w", encoding="utf-8") as file:
            json.dump(self.pipeline, file)
        done = subprocess.run([QETL, "run", "p.json", "--json-file", "report.json", *self.arguments], capture_output=True,
                              text=True, timeout=120, cwd=self.folder, errors="replace")
        self.log = done.stderr
        if not checks.that(done.returncode == exits, f"exit {done.returncode} of {self.arguments}: {done.stderr[-1500:]}"):
            return False
        with open(self.path("report.json"), encoding="utf-8") as file:
            self.report = json.load(file)
        checks.that(self.report["summary"]["balanced"], "the ledger does not balance")
        self.components = {c["id"]: c for c in self.report["result"]["components"]}
        return True

    def output(self, key):
        with open(self.path(f"out{key}"), "rb") as file:
            return file.read()

    def counts(self, key):
        """Rows that a source read, and rejected ones."""
        component = self.components[f"s{key}"]
        return component["rows_in"], component["rows_rejected"]
