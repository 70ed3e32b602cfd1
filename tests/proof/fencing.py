#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two processes of one pipeline that both believe to be alone: the stale one changes nothing.

Usage: fencing.py ROUNDS [SEED] [PIPELINE...]

A process is stopped (SIGSTOP) at a failpoint, and its lock taken away, as by a file system on which locks do not reach far
enough. Another process goes on, and then the first one again: it has to end, not with 0, and to leave the state as the other
one had it. In the end no row is lost, and none doubled. Ends with "N passed, N failed".
"""
import collections
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
# Who kept the stale process, or the other one, from going on.
KEEPERS = {"the state": "has taken this pipeline's state over", "the table of a sqlite sink": "has written here, and this is run",
           "another file": "since the run began", "the lock of an output": "another process is writing it", "the lock of an appended file": "is appending to it", "the lock of a database": "database is locked"}
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


def keeper(words):
    return next((name for name, text in KEEPERS.items() if text in words), "another finding" if "error" in words else "nobody")


def beside(folder, command, failpoint, deed):
    """What deed() says of a process that stands still, then its exit code and words once it went on. None: it never stopped."""
    with open(f"{folder}.said", "w+b") as said:
        first = subprocess.Popen(command, cwd=folder, env=rig.environment(folder, QETL_FAILPOINT=failpoint), stdin=subprocess.DEVNULL,
                                 stdout=said, stderr=said)
        os.unlink(said.name)
        _, status = os.waitpid(first.pid, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            first.returncode = status
            return None
        try:
            done = deed()
        finally:
            os.kill(first.pid, signal.SIGCONT)
            _, status = os.waitpid(first.pid, 0)
            first.returncode = status
        said.seek(0)
        return done, os.waitstatus_to_exitcode(status), said.read().decode(errors="replace")


def play(pipeline, point, n, draw):
    """What is wrong, or None; and who kept which of the two from going on."""
    folder = rig.scratch()
    pipeline.write(folder)
    if draw.random() < 0.4:
        rig.fewer_epochs(folder)
    # with a thread alone, no other one holds a transaction of a database at that moment
    driver = ["--workers", "2"] if draw.random() < 0.5 and "sqlite" not in pipeline.name else ["--driver", "pull"]

    def other_run():
        os.unlink(f"{folder}/state/{pipeline.name}/lock")
        return *rig.run(folder, "--workers", "1"), state_of(folder, pipeline.name)

    done = beside(folder, rig.command(*driver), f"{point}:{n}+", other_run)
    if not done:
        shutil.rmtree(folder)
        return None, None
    (code, other, before), stale, words = done
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
    kept = f"stale: {keeper(words)}" if code == 0 and stale != 0 else f"other: {keeper(other)}" if code else "none"
    return wrong and f"{wrong} (the other: exit {code})", kept


# ---- each has a state of its own: only the outputs can keep them apart ----

def rows_of(pipeline, folder):
    """The ids that are visible."""
    if "sqlite" in pipeline.name:
        with sqlite3.connect(f"file:{folder}/out.db?mode=ro", uri=True) as db:
            return [number for number, in db.execute("select id from rows order by rowid")]
    return rig.ndjson(f"{folder}/out.ndjson") if os.path.exists(f"{folder}/out.ndjson") else []


def play_apart(pipeline, point, n):
    """What is wrong, or None; and who was kept from going on. The first one is stopped, the other has another state."""
    folder = rig.scratch()
    pipeline.write(folder)
    done = beside(folder, rig.command("--driver", "pull"), f"{point}:{n}+",
                  lambda: (*rig.run(folder, "--workers", "1", state="elsewhere"), rows_of(pipeline, folder)))
    if not done:
        shutil.rmtree(folder)
        return None, None
    (code, other, before), stale, words = done
    after = rows_of(pipeline, folder)
    shutil.rmtree(folder, ignore_errors=True)
    told = f"exit {stale} and {code}: {words[:600]} {other[:600]}"
    wrong = None
    if stale not in rig.DOCUMENTED or code not in rig.DOCUMENTED or (stale and code):
        wrong = f"of two, one at least comes to its end: {told}"
    elif code == 0 and before != after:
        wrong = f"the first one, which is the older, wrote {len(after) - len(before)} rows behind the other: {told}"
    elif after[-len(pipeline.ids(rig.ROWS)):] != pipeline.ids(rig.ROWS):
        wrong = f"what the one has is not whole: {told}"
    return wrong, f"apart, stale: {keeper(words)}" if code == 0 else f"apart, other: {keeper(other)}"


def main():
    rounds = int(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else int(os.environ.get("SEED", "1"))
    names = sys.argv[3:] or [name for name in ("queue", "append", "nowhere", "sqlite-queue", "sqlite-file") if any(p.name == name for p in (*rig.PIPELINES, rig.NOWHERE))]
    print(f"seed {seed}", flush=True)
    draw, failed, kept = random.Random(seed), 0, collections.Counter()
    apart = [name for name in ("plain", "append", "sqlite") if name in (p.name for p in rig.PIPELINES)]
    for i in range(rounds // 5 if not sys.argv[3:] else 0):
        pipeline = increments.by_name(apart[i % len(apart)])
        point, n = draw.choice(FREE[:2]), draw.randint(1, 3)
        wrong, by = play_apart(pipeline, point, n)
        kept[by] += 1
        if wrong:
            failed += 1
            print(f"not ok - {pipeline.name}, apart, stopped at {point}:{n}: {wrong}", flush=True)
    for i in range(rounds):
        pipeline, n = increments.by_name(names[i % len(names)]), draw.randint(1, 3)
        point = draw.choice(FREE if "sqlite" in pipeline.name else POINTS)
        wrong, by = play(pipeline, point, 1 if point == "begin" else n, draw)
        kept[by] += 1
        if wrong:
            failed += 1
            print(f"not ok - {pipeline.name}, stopped at {point}:{n}: {wrong}", flush=True)
        if failed >= rig.ENOUGH:
            break
    due = ["stale: the state", "apart, stale: the table of a sqlite sink", "apart, stale: another file", "apart, other: the lock of an appended file"] if not sys.argv[3:] and rounds >= 50 else []
    never = [who for who in due if not kept[who]]
    if never and not failed:
        failed = 1
        print(f"not ok - what never happened: {never}")
    print("kept from going on, and by whom: " + ", ".join(f"{who} {n}" for who, n in sorted(kept.items(), key=str) if who))
    rig.tell_counts(rounds=rounds, kept_from_going_on={str(who): n for who, n in kept.items() if who})
    print(f"{rounds - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
