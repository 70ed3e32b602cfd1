#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills runs with SIGKILL, lets them go on, and reads what they wrote: no row lost, none doubled.

Usage: kills.py KILLS [SEED] [PIPELINE...]

A series is one pipeline in a fresh folder, run and killed again and again, and at last run to its end. A kill is at a named
failpoint, in front of or behind some system call, or after some time; it counts only if the process died by it. Half of
them strike a process that is recovering. Ends with "N passed, N failed": passed are series whose outputs were right.
"""
import collections
import json
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import threading
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import increments  # noqa: E402
import rig  # noqa: E402

RECOVERING = ["recover.before", "recover.commit", "recover.restore"]
BY_SINK, BY_STORE = ["decide.prepared", "settle.before", "settle.after"], ["decide.after"]  # as who decides
POINTS = [point for point in rig.POINTS if point]
NAMED = [point for point in rig.POINTS if point and point not in (*RECOVERING, *BY_SINK, *BY_STORE)]
LEAST_SHARE = 0.05
SHIMMED = not os.environ.get("QETL_SANITIZER")  # a sanitizer's runtime wants to be first


class Repeated(rig.Pipeline):
    """Run anew when it is over, and in between once without state: letters of all runs stand in one file."""

    turns = 3

    def __init__(self):
        super().__init__("repeated", f"transforms:\n{rig.PULSE}sinks:\n  out: {{plugin: file, input: p, path: out.ndjson, "
                         "if_exists: replace}\n", rig.one_file("out.ndjson"), letters=False)

    def past(self, folder):
        """(how many turns are over, the epoch that they ended with)"""
        path = os.path.join(folder, "past")
        if not os.path.exists(path):
            return 0, 0
        with open(path, encoding="utf-8") as file:
            return json.load(file)

    def standing(self, folder):
        stage, number, _ = rig.stage(folder, self.name)
        return stage if number > self.past(folder)[1] else 0

    def grow(self, folder, turn, rows=rig.ROWS):
        with open(os.path.join(folder, "past"), "w", encoding="utf-8") as file:
            json.dump([turn, rig.stage(folder, self.name)[1]], file)
        alone = [word for word in rig.command() if word not in ("--state", "state")] + ["--no-state"]
        subprocess.run(alone, cwd=folder, env=rig.environment(folder), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=60, check=True)

    def check(self, folder, rows=rig.ROWS):
        runs = 2 * self.past(folder)[0] + 1
        bad = [i for i in range(rows) if rig.is_bad(i)]
        return super().check(folder, rows) or rig.check_letters(folder, self.name, sorted(bad * runs))


NAMED_ONLY = [Repeated()]


class Tally:
    def __init__(self):
        self.kills = self.missed = self.series = 0
        self.phases, self.points, self.hows = collections.Counter(), collections.Counter(), collections.Counter()
        self.wrong, self.exits, self.rows = [], collections.Counter(), 0
        self.of = collections.Counter()
        self.lock = threading.Lock()
        self.decks = {}

    def deal(self, draw, points):
        """Each of the points comes once before any comes again."""
        with self.lock:
            deck = self.decks.setdefault(tuple(points), [])
            if not deck:
                deck += points
                draw.shuffle(deck)
            return deck.pop()


def page_read(page):
    with open(page, "rb") as file:
        numbers = struct.unpack(f"{len(rig.POINTS) + 1}I", file.read(4 * (len(rig.POINTS) + 1)))
    return rig.POINTS[numbers[0]], dict(zip(rig.POINTS[1:], numbers[2:]))


class Series:
    def __init__(self, pipeline, draw, tally, most):
        self.pipeline, self.draw, self.tally, self.most = pipeline, draw, tally, most
        self.folder = rig.scratch()
        self.page = os.path.join(self.folder, "page")
        self.told = []
        pipeline.write(self.folder)
        if draw.random() < 0.4:
            rig.fewer_epochs(self.folder)
            self.told.append("few epochs")

    def plan(self, resumes):
        """(what is told of it, environment, seconds): where the next process dies."""
        draw, decides = self.draw, any(name in self.pipeline.name for name in ("sqlite", "postgres"))
        if resumes and draw.random() < (0.75 if self.most > 8 else 0.9):
            if draw.random() < 0.6 or not SHIMMED:
                point, n = self.tally.deal(draw, RECOVERING), draw.choice((1, 1, 1, 2))
                return f"{point}:{n}", {"QETL_FAILPOINT": f"{point}:{n}"}, None
            n = draw.randint(60, 330)
            return "call", {"LD_PRELOAD": f"{rig.SHIMS}/fail.so", "QETL_SHIM": f"any:{n}:{draw.choice(('KILL', 'DIE'))}"}, None
        how = draw.random()
        if how < 0.75:
            point = self.tally.deal(draw, BY_SINK if decides and draw.random() < 0.35 else NAMED if decides else NAMED + BY_STORE)
            n = 1 if point in ("begin", "finish") else draw.choice((1, 2, 3, draw.randint(1, 20)))
            return f"{point}:{n}", {"QETL_FAILPOINT": f"{point}:{n}"}, None
        if how < 0.87 and SHIMMED:
            n = int(draw.triangular(60, 900, 300))
            return "call", {"LD_PRELOAD": f"{rig.SHIMS}/fail.so", "QETL_SHIM": f"any:{n}:{draw.choice(('KILL', 'DIE'))}"}, None
        return "time", {}, draw.uniform(0.001, 0.05)

    def once(self, resumes):
        """One process: None: it was killed; else its exit code and what it said."""
        told, more, seconds = self.plan(resumes)
        driver = self.draw.choice(rig.DRIVERS)
        self.told.append(f"{told} {' '.join(driver)} {more.get('QETL_SHIM', '')}")
        return self.strike(rig.command(*driver), (told, more, seconds), resumes)

    def strike(self, command, plan, resumes):
        told, more, seconds = plan
        with open(self.page, "wb") as file:
            file.write(bytes(4096))
        process = subprocess.Popen(command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   env=rig.environment(self.folder, QETL_FAILPOINT_PAGE=self.page, **more))
        if seconds is not None:
            time.sleep(seconds)
            process.kill()
        try:
            said = process.communicate(timeout=rig.PATIENCE_S)[0].decode(errors="replace")
        except subprocess.TimeoutExpired:
            process.kill()
            return 124, process.communicate()[0].decode(errors="replace")
        if process.returncode == -signal.SIGKILL:
            self.count(told, resumes)
            return None
        with self.tally.lock:
            self.tally.missed += 1
        return process.returncode, said

    def count(self, told, resumes):
        last, counts = page_read(self.page)
        point = told.split(":")[0] if ":" in told else last
        phase = rig.PHASE_OF[point]
        if point == "" and not resumes:
            phase = "before prepare"
        if point in ("recover.before", "recover.commit") and not resumes:
            phase = "before prepare"
        tally = self.tally
        with tally.lock:
            tally.kills += 1
            tally.of[self.pipeline.name] += 1
            tally.phases[phase] += 1
            tally.hows["named" if ":" in told else told] += 1
            if ":" in told:
                tally.points[point] += 1
        self.told[-1] += f" -> killed, {phase}, {sum(counts.values())} points passed"

    def turn(self):
        """Kills until the run is over, at most so often. What is wrong, or None."""
        for _ in range(self.most):
            stage = self.pipeline.standing(self.folder)
            if stage == rig.FINISHED:
                return None
            ended = self.once(stage > 0)
            if ended and ended[0] == 0:
                return None
            if ended:
                return f"exit {ended[0]}: {ended[1][-1500:]}"
        if self.pipeline.standing(self.folder) == rig.FINISHED:
            return None
        code, said = rig.run(self.folder, *self.draw.choice(rig.DRIVERS))
        return f"the last run: exit {code}: {said[-1500:]}" if code else None

    def live(self):
        """Turn by turn. What is wrong, or None."""
        for turn in range(self.pipeline.turns):
            if turn:
                self.pipeline.grow(self.folder, turn)
                self.told.append(f"turn {turn}")
            wrong = self.turn() or self.pipeline.check(self.folder)
            if wrong:
                return wrong
        return None


def series(pipeline, seed, tally, most):
    live = Series(pipeline, random.Random(seed), tally, most)
    wrong = None
    try:
        wrong = live.live()
    except Exception:  # whatever it is: nobody knows how this series ended
        wrong = traceback.format_exc()
    finally:
        kept = wrong and os.environ.get("QETL_PROOF_KEEP")
        if not kept:
            shutil.rmtree(live.folder, ignore_errors=True)
    with tally.lock:
        tally.series += 1
        tally.rows += rig.ROWS
        if wrong:
            history = "\n    ".join(live.told[-12:])
            tally.wrong.append(f"{pipeline.name}, seed {seed}: {wrong}\n    {history}{chr(10) + '    ' + live.folder if kept else ''}")
            print(f"not ok - {tally.wrong[-1]}", flush=True)


def work(pipelines, kills, draw, tally, most):
    while tally.kills < kills and len(tally.wrong) < rig.ENOUGH:
        with tally.lock:
            pipeline = pipelines[tally.series % len(pipelines)] if draw.random() < 0.5 else draw.choice(pipelines)
            seed = draw.randrange(1 << 32)
        series(pipeline, seed, tally, most)


def report(tally, kills, all_pipelines, points=POINTS):
    """points: those that can be reached."""
    print(f"{tally.kills} kills in {tally.series} series of {rig.ROWS} rows; {tally.missed} processes ended before their kill")
    print("  by phase: " + ", ".join(f"{phase} {tally.phases[phase]} ({100 * tally.phases[phase] / max(1, tally.kills):.0f} %)" for phase in rig.PHASES))
    print("  by means: " + ", ".join(f"{how} {n}" for how, n in sorted(tally.hows.items())))
    print("  by pipeline: " + ", ".join(f"{name} {n}" for name, n in sorted(tally.of.items())))
    print("  by failpoint: " + ", ".join(f"{point} {tally.points[point]}" for point in POINTS))
    short = [phase for phase in rig.PHASES if tally.phases[phase] < (LEAST_SHARE if kills >= 1000 else LEAST_SHARE / 2) * tally.kills]
    rare = [point for point in points if tally.points[point] < (3 if kills >= 1000 else 1)]
    if tally.kills < kills and not tally.wrong:
        tally.wrong.append(f"only {tally.kills} kills of {kills}")
        print(f"not ok - {tally.wrong[-1]}")
    counts = all_pipelines and kills >= 200 and not tally.wrong
    if counts and tally.phases["recovering"] < 0.5 * tally.kills:
        tally.wrong.append("less than half of the kills struck a recovery")
        print(f"not ok - {tally.wrong[-1]}")
    if short and counts:
        tally.wrong.append(f"phases too rarely struck: {short}")
        print(f"not ok - {tally.wrong[-1]}")
    if rare and counts:
        tally.wrong.append(f"failpoints hit too rarely: {rare}")
        print(f"not ok - {tally.wrong[-1]}")


def main():
    kills = int(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else int(os.environ.get("SEED", "1"))
    known = [*increments.ALL, *NAMED_ONLY]
    pipelines = [next(pipeline for pipeline in known if pipeline.name == name) for name in sys.argv[3:]] or increments.ALL
    print(f"seed {seed}", flush=True)
    for pipeline in pipelines:
        wrong = rig.check_promise(pipeline)
        if wrong:
            print(f"not ok - {wrong}\n0 passed, 1 failed")
            return 1
    tally, draw = Tally(), random.Random(seed)
    most = int(os.environ.get("QETL_PROOF_MOST", "12" if kills >= 2000 else "6"))
    threads = [threading.Thread(target=work, args=(pipelines, kills, random.Random(draw.randrange(1 << 32)), tally, most))
               for _ in range(min(4, 2 * os.cpu_count()))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    report(tally, kills, not sys.argv[3:])
    rig.tell_counts(kills=tally.kills, series=tally.series, ended_before_their_kill=tally.missed, phases=tally.phases,
                    means=tally.hows, failpoints=tally.points, pipelines=tally.of)
    print(f"{tally.series - len(tally.wrong)} passed, {len(tally.wrong)} failed")
    return 1 if tally.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
