#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills replays of dead letters with SIGKILL and repeats them: each letter is sent through once, none is lost, none doubled.

Usage: replays.py KILLS [SEED] [SINKS...]

A series is a pipeline run to its end, with rejected rows; then their replay in a corrected pipeline, which rejects half of
them again; then that of the others in one that takes them all. Both replays are killed again and again, at a named
failpoint, in front of or behind some system call, or after some time, and at last run to their end. A kill counts only if
the process died by it. Ends with "N passed, N failed": passed are series whose outputs and letters were right.
"""
import collections
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import kills  # noqa: E402
import rig  # noqa: E402

ROWS = 1500
MOST = 6  # kills of one replay
BAD = [i for i in range(ROWS) if rig.is_bad(i)]
AGAIN = [i for i in BAD if i % 2 == 0]
# A replay has one epoch, of which no barrier tells.
POINTS = [point for point in kills.POINTS if point not in ("source.cut", "recover.restore")]
FILE = "{plugin: file, input: z, path: out.ndjson, if_exists: append}"
SQLITE = "{plugin: sqlite, input: z, path: out.db, table: rows}"
SINKS = {"file": f"out: {FILE}"}
if rig.has_plugin("sink", "sqlite"):
    SINKS.update({"sqlite": f"out: {SQLITE}", "both": f"out: {SQLITE}\n  copy: {FILE}"})


def pipeline(kind, types, transform):
    return (f"name: letters\nbatch_rows: 50\nmax_rejected: 100000\nsources:\n"
            f"  in: {{plugin: file, path: in.csv, format: {{type: csv, types: {{v: {types}}}}}}}\n"
            f"transforms:\n  z: {{plugin: compute, input: in, set: {{{transform}}}}}\nsinks:\n  {SINKS[kind]}\n")


class Replay(rig.Pipeline):
    def write(self, folder, rows=ROWS):
        rig.write_csv(os.path.join(folder, "in.csv"), rows)
        for name, types, transform in (("p", "bigint", 'w: "v"'), ("half", "text", 'v: "id * 3", w: "id * 3 / (id % 2)"'),
                                       ("all", "text", 'v: "id * 3", w: "id * 3"')):
            with open(os.path.join(folder, f"{name}.yaml"), "w", encoding="utf-8") as file:
                file.write(pipeline(self.name, types, transform))


def command(name):
    return [rig.PROGRAM, "dlq", "replay", f"{name}.yaml", "--state", "state"]


def letters_wrong(folder, finished):
    """From the lines alone: how often each was replayed, and what became of it."""
    ids, marks, again, waiting = {}, collections.Counter(), collections.Counter(), []
    with open(os.path.join(folder, "dead-letters/letters.ndjson"), encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    for line in lines:
        if "replayed" in line:
            for what in line["replayed"]:
                marks.update(range(what[0], what[1] + 1) if isinstance(what, list) else [what])
        else:
            ids[line["id"]] = line["row"] - 1
            again.update([line["again"]] if "again" in line else [])
    waiting = sorted(row for number, row in ids.items() if not marks[number])
    if any(n > 1 for n in marks.values()) or any(n > 1 for n in again.values()):
        return f"letters that were replayed twice: {[n for n in marks if marks[n] > 1][:3]}, {[n for n in again if again[n] > 1][:3]}"
    if not set(again) <= set(marks) <= set(ids):
        return "what was rejected again, or replayed, is no letter"
    return rig.compare("letters that wait", waiting, [] if finished else AGAIN)


def outputs_wrong(folder, kind, finished):
    wanted = [i for i in range(ROWS) if not rig.is_bad(i) or finished or i not in AGAIN]
    wrong = None
    if kind != "sqlite":
        wrong = rig.compare("out.ndjson", sorted(rig.ndjson(os.path.join(folder, "out.ndjson"))), wanted)
    return wrong or (rig.sqlite_rows(None, folder, wanted) if kind != "file" else None)


class Series(kills.Series):
    def __init__(self, kind, draw, tally):
        super().__init__(Replay(kind, "", None), draw, tally, MOST)
        self.kind = kind

    def means(self):
        draw, how = self.draw, self.draw.random()
        if how < 0.6:
            deciding = kills.BY_STORE if self.kind != "file" else kills.BY_SINK
            point = self.tally.deal(draw, [point for point in POINTS if point not in deciding])
            return f"{point}:1", {"QETL_FAILPOINT": f"{point}:1"}, None
        if how < 0.9 and kills.SHIMMED:
            call = f"any:{draw.randint(20, 420)}:{draw.choice(('KILL', 'DIE'))}"
            return "call", {"LD_PRELOAD": f"{rig.SHIMS}/fail.so", "QETL_SHIM": call}, None
        return "time", {}, draw.uniform(0.001, 0.05)

    def until_over(self, name, most):
        ended = None
        for _ in range(most):
            plan = self.means()
            self.told.append(f"{name}: {plan[0]} {plan[1].get('QETL_SHIM', '')}")
            ended = self.strike(command(name), plan, True)
            if ended:
                break
        if not ended:
            done = subprocess.run(command(name), cwd=self.folder, env=rig.environment(self.folder), stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)
            ended = done.returncode, done.stdout.decode(errors="replace")
        return f"{name}: exit {ended[0]}: {ended[1][:1500]}" if ended[0] else None

    def live(self):
        code, said = rig.run(self.folder)
        if code:
            return f"the run: exit {code}: {said[:600]}"
        for name in ("half", "all"):
            wrong = self.until_over(name, self.draw.randint(0, MOST))
            wrong = wrong or letters_wrong(self.folder, name == "all") or outputs_wrong(self.folder, self.kind, name == "all")
            if wrong:
                return f"{name}: {wrong}"
        return None


def series(kind, seed, tally):
    live = Series(kind, random.Random(seed), tally)
    wrong = "it did not come to its end"
    try:
        wrong = live.live()
    except (OSError, ValueError, KeyError, sqlite3.Error) as error:
        wrong = f"{type(error).__name__}: {error}"
    finally:
        kept = wrong and os.environ.get("QETL_PROOF_KEEP")
        if not kept:
            shutil.rmtree(live.folder, ignore_errors=True)
    with tally.lock:
        tally.series += 1
        if wrong:
            history = "\n    ".join(live.told[-12:])
            tally.wrong.append(f"{kind}, seed {seed}: {wrong}\n    {history}{chr(10) + '    ' + live.folder if kept else ''}")
            print(f"not ok - {tally.wrong[-1]}", flush=True)


def work(kinds, most_kills, draw, tally):
    while tally.kills < most_kills and len(tally.wrong) < rig.ENOUGH:
        series(draw.choice(kinds), draw.randrange(1 << 32), tally)


def main():
    count = int(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else int(os.environ.get("SEED", "1"))
    kinds = sys.argv[3:] or list(SINKS)
    print(f"seed {seed}", flush=True)
    tally, draw = kills.Tally(), random.Random(seed)
    threads = [threading.Thread(target=work, args=(kinds, count, random.Random(draw.randrange(1 << 32)), tally))
               for _ in range(min(4, 2 * os.cpu_count()))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"{tally.kills} kills in {tally.series} series of {len(BAD)} letters; {tally.missed} processes ended before their kill")
    print("  by means: " + ", ".join(f"{how} {n}" for how, n in sorted(tally.hows.items())))
    print("  by sinks: " + ", ".join(f"{name} {n}" for name, n in sorted(tally.of.items())))
    print("  by failpoint: " + ", ".join(f"{point} {tally.points[point]}" for point in POINTS))
    rare = [point for point in POINTS if tally.points[point] < 3 and point != "decide.prepared"]
    if rare and count >= 300 and not tally.wrong and len(kinds) == len(SINKS):
        tally.wrong.append(f"failpoints hit less than three times: {rare}")
        print(f"not ok - {tally.wrong[-1]}")
    if tally.kills < count and not tally.wrong:
        tally.wrong.append("threads that ended early")
    print(f"{tally.series - len(tally.wrong)} passed, {len(tally.wrong)} failed")
    return 1 if tally.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
