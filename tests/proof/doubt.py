#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What nobody can decide any more is refused, and what holds an epoch up is named.

Usage: doubt.py

A run is killed behind an epoch, and then somebody takes away what that epoch names, changes it, or sets the outputs or the
state back to an earlier day. The next run ends with a documented exit code, says what it is, and touches nothing; begun anew,
it comes to the right output. Ends with "N passed, N failed".
"""
import glob
import json
import os
import re
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import increments  # noqa: E402
import rig  # noqa: E402
from garbage import contents, database  # noqa: E402

failed = passed = 0


def verdict(what, wrong):
    global failed, passed
    failed, passed = failed + bool(wrong), passed + (not wrong)
    print(f"{'not ok' if wrong else 'ok'} - {what}{': ' + wrong if wrong else ''}", flush=True)


class Early(Exception):
    """A run was over before it came to the epoch that was asked for."""


def killed_at(folder, point):
    code, said = rig.run(folder, "--workers", "2", env=rig.environment(folder, QETL_FAILPOINT=point))
    if code == 0:
        raise Early
    if code == -9 and rig.stage(folder, os.listdir(f"{folder}/state")[0])[2]:
        raise Early
    if code != -9:
        raise RuntimeError(f"it was to be killed at {point}, and ended with {code}: {said[:800]}")


def staged(folder):
    found = glob.glob(f"{folder}/.out.ndjson.*.part")
    if len(found) != 1:
        raise RuntimeError(f"staged: {found}")
    return found[0]


def shorten(path):
    os.truncate(path, 10)


def change(path):
    """What was written for good, and what stands behind that, which comes again."""
    with open(path, "r+b") as file:
        content = file.read()
        file.seek(0)
        file.write(content.replace(b"stands", b"stood!"))


def set_back(folder, what):
    """Another epoch is decided; then what was kept of the one before takes its place."""
    kept = f"{folder}.kept"
    copy, remove = (shutil.copytree, shutil.rmtree) if os.path.isdir(f"{folder}/{what}") else (shutil.copy, os.unlink)
    if what == "out.db":
        database(f"{folder}/{what}", "pragma wal_checkpoint(truncate)")
    copy(f"{folder}/{what}", kept)
    killed_at(folder, "settle.after:2")
    remove(f"{folder}/{what}")
    for log in ("-wal", "-shm", "-journal"):
        if os.path.exists(f"{folder}/{what}{log}"):
            os.unlink(f"{folder}/{what}{log}")
    copy(kept, f"{folder}/{what}")
    remove(kept)


GONE = "it is gone|is not there any more|were written for good"
DOUBTS = [
    ("plain", "commit.after:1", "a staged file that is gone", lambda f: os.unlink(staged(f)), "it is gone"),
    ("plain", "commit.after:1", "a staged file that is another", lambda f: shutil.copy(staged(f), f"{f}/x") and os.replace(f"{f}/x", staged(f)),
     "it is another file than the one that was written"),
    ("plain", "commit.after:1", "a staged file that is shorter", lambda f: shorten(staged(f)), "were written for good"),
    ("append", "decide.before:3", "an appended file that is gone", lambda f: os.unlink(f"{f}/out.ndjson"), GONE),
    ("append", "decide.before:9", "an appended file that is shorter", lambda f: shorten(f"{f}/out.ndjson"), GONE),
    ("append", "decide.before:3", "an appended file that was changed", lambda f: change(f"{f}/out.ndjson"), "it was changed in the meantime"),
]
if rig.has_plugin("sink", "sqlite"):
    DOUBTS += [
        ("sqlite", "settle.after:1", "a database that was set back", lambda f: set_back(f, "out.db"), "the rows between would be lost"),
        ("sqlite", "settle.after:1", "a database that is gone", lambda f: os.unlink(f"{f}/out.db"), "the rows between would be lost"),
        ("sqlite", "settle.after:1", "a state that was set back", lambda f: set_back(f, "state"), "would write rows twice"),
    ]


def append_at(folder):
    """A file that is appended to, as it was."""
    with open(f"{folder}/out.ndjson", "w", encoding="utf-8") as file:
        file.write(json.dumps(rig.row(rig.FORMER)) + "\n")


def outputs(folder):
    """Of a database, its rows: whose turn it is stands there, too."""
    found = contents(folder, ("state/", "dead-letters", "out.db"))
    if os.path.exists(f"{folder}/out.db") and database(f"{folder}/out.db", "select count(*) from sqlite_schema where name = 'rows'")[0][0]:
        found["out.db"] = database(f"{folder}/out.db", "select count(*), sum(id) from rows")
    return found


def doubt(*which):
    """What is wrong, or None."""
    for _ in range(20):
        try:
            return doubt_once(*which)
        except Early:
            continue
    return "no run was long enough"


def doubt_once(name, point, harm, text):
    pipeline, folder = increments.by_name(name), rig.scratch()
    pipeline.write(folder)
    try:
        killed_at(folder, point)
        harm(folder)
        before = outputs(folder)
        code, said = rig.run(folder)
        if code not in (1, 3) or not re.search(text, said) :
            return f"exit {code}, and it does not say '{text}': {said[:800]}"
        if outputs(folder) != before:
            return f"exit {code}, and outputs were changed: {sorted(outputs(folder))}"
        if rig.run(folder)[0] != code:
            return "another run does not refuse it"
        for output in glob.glob(f"{folder}/out.*"):
            os.unlink(output)
        if name == "append":
            append_at(folder)
        shutil.rmtree(f"{folder}/dead-letters")  # of the run that is given up
        code, said = rig.run(folder, "--full-refresh")
        return f"begun anew: exit {code}: {said[:800]}" if code else pipeline.check(folder)
    finally:
        shutil.rmtree(folder)


def late():
    """Of a run whose transform takes its time: the alarm names it, and says how far its queues are filled."""
    folder = rig.scratch()
    rig.write_csv(f"{folder}/in.csv", 400)
    rig.write_pipeline(folder, "name: late\nbatch_rows: 50\nbatch_bytes: 4096\nmax_rejected: 1000\ncheckpoint: {every: 1ms, timeout: 30ms}\n"
                       "sources:\n  in: {plugin: file, path: in.csv, format: {type: csv, types: {v: bigint}}}\n"
                       "transforms:\n  slow: {plugin: pulse, input: in, pause_us: 150000, every: 100}\n"
                       "sinks:\n  out: {plugin: file, input: slow, path: out.ndjson}\n")
    try:
        code, said = rig.run(folder)
        alarms = [line for line in said.splitlines() if "has waited longer than checkpoint.timeout" in line]
        named = [line for line in alarms if "slow" in line and "in to slow: " in line]
        epochs = [line.split("epoch ")[1].split()[0] for line in alarms]
        if code or not named or len(epochs) != len(set(epochs)):
            return f"exit {code}: {said[:1500]}"
        wrong = rig.compare("out.ndjson", rig.ndjson(f"{folder}/out.ndjson"), [i for i in range(400) if not rig.is_bad(i)])
        if wrong:
            return wrong
        with open(f"{folder}/p.yaml", encoding="utf-8") as file:
            patient = file.read().replace("timeout: 30ms", "timeout: 1h").replace("name: late", "name: patient").replace("out.ndjson", "out2.ndjson")
        rig.write_pipeline(folder, patient)
        code, said = rig.run(folder)
        return f"exit {code}, and an alarm for nothing: {said[:800]}" if code or "has waited longer" in said else None
    finally:
        shutil.rmtree(folder)


def main():
    for name, point, what, harm, text in DOUBTS:
        verdict(f"{name}: {what}", doubt(name, point, harm, text))
    verdict("checkpoint.timeout raises an alarm", late())
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
