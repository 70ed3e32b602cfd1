#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two processes of one pipeline that both believe to be alone: the stale one changes nothing.

Usage: fencing.py ROUNDS [SEED] [PIPELINE...]

A process is stopped (SIGSTOP) at a failpoint, and its lock taken away, as by a file system on which locks do not reach far
enough. Another process goes on, and then the first one again: it has to end, not with 0, and to leave the state as the other
one had it. In the end no row is lost, and none doubled. Ends with "N passed, N failed".
"""
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import increments  # noqa: E402
import rig  # noqa: E402

POINTS = ["begin", "source.cut", "sink.prepare.before", "sink.prepare.after", "decide.before", "decide.after", "commit.before",
          "commit.between", "commit.after"]
FREE = ["commit.before", "commit.after", "settle.before", "settle.after"]  # no transaction of a database is open


def state_of(folder, name):
    """All that the state's database says, read from a copy."""
    copy = f"{folder}/copy"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(f"{folder}/state/{name}", copy)
    if not os.path.exists(f"{copy}/state.db"):
        return None
    db = sqlite3.connect(f"{copy}/state.db")
    found = [db.execute(f"select * from {table} order by 1").fetchall() for table in ("head", "epoch", "past")]
    db.close()
    shutil.rmtree(copy)
    return found


def play(pipeline, point, n, draw):
    """What is wrong, or None; and whether the first process came as far as to be fenced."""
    folder = rig.scratch()
    pipeline.write(folder)
    # with a thread alone, no other one holds a transaction of a database at that moment
    driver = ["--workers", "2"] if draw.random() < 0.5 and "sqlite" not in pipeline.name else ["--driver", "pull"]
    env = rig.environment(folder, QETL_FAILPOINT=f"{point}:{n}+")
    with open(f"{folder}.said", "w+b") as said:
        first = subprocess.Popen(rig.command(*driver), cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        _, status = os.waitpid(first.pid, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            shutil.rmtree(folder)
            return None, False
        try:
            os.unlink(f"{folder}/state/{pipeline.name}/lock")
            code, other = rig.run(folder, "--workers", "1")
            before = state_of(folder, pipeline.name)
        finally:
            os.kill(first.pid, signal.SIGCONT)
            _, status = os.waitpid(first.pid, 0)
            first.returncode = status
        stale = os.waitstatus_to_exitcode(status)
        said.seek(0)
        words = said.read().decode(errors="replace")
    os.unlink(f"{folder}.said")
    after = state_of(folder, pipeline.name)
    wrong = None
    if stale not in rig.DOCUMENTED or code not in rig.DOCUMENTED:
        wrong = f"exit {stale} and {code}: {words[:800]} {other[:800]}"
    elif before is not None and code == 0 and before != after:
        wrong = f"the stale process ended with {stale}, and changed the state: {before} {after}: {words[:600]}"
    elif pipeline.standing(folder) != rig.FINISHED and rig.run(folder)[0] != 0:
        wrong = f"nobody can go on: {rig.run(folder)[1][:800]}"
    wrong = wrong or pipeline.check(folder)
    shutil.rmtree(folder, ignore_errors=True)
    return wrong and f"{wrong} (the other: exit {code})", code == 0 and stale != 0


def main():
    rounds = int(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else int(os.environ.get("SEED", "1"))
    names = sys.argv[3:] or [name for name in ("queue", "append", "nowhere", "sqlite-queue", "sqlite-file") if any(p.name == name for p in (*rig.PIPELINES, rig.NOWHERE))]
    print(f"seed {seed}", flush=True)
    draw, failed, fenced = random.Random(seed), 0, 0
    for i in range(rounds):
        pipeline, n = increments.by_name(names[i % len(names)]), draw.randint(1, 3)
        point = draw.choice(FREE if "sqlite" in pipeline.name else POINTS)
        wrong, was = play(pipeline, point, 1 if point == "begin" else n, draw)
        fenced += was
        if wrong:
            failed += 1
            print(f"not ok - {pipeline.name}, stopped at {point}:{n}: {wrong}", flush=True)
        if failed >= rig.ENOUGH:
            break
    if not fenced and not failed:
        failed = 1
        print("not ok - nobody was ever fenced")
    print(f"{fenced} of {rounds} stale processes went on behind one that had finished the run, and were fenced")
    print(f"{rounds - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
