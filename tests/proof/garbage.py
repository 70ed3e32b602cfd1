#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Gives the program states that are cut off, overwritten, of a later version, or no state at all.

Usage: garbage.py CASES [SEED]     CASES 0: all of them

A run that was killed behind a decision leaves a state; it is damaged, and the run shall go on. Either that comes to the right
output all the same, or it is refused: a documented exit code, a message, no output touched, and what was there is kept,
byte for byte, under some name. Ends with "N passed, N failed".
"""
import os
import random
import shutil
import sqlite3
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import disk as disks  # noqa: E402
import rig  # noqa: E402

ROWS = 500
NAME = "queue"


def contents(folder, leave_out=()):
    found = {}
    for base, _, files in os.walk(folder):
        for name in files:
            path = os.path.relpath(os.path.join(base, name), folder)
            if not path.startswith(leave_out):
                with open(os.path.join(base, name), "rb") as file:
                    found[path] = file.read()
    return found


class Place:
    """A folder whose run was killed behind its third decision, made again for each case: handles name whole paths."""

    def __init__(self):
        self.base = rig.scratch()
        self.folder = f"{self.base}/made"
        rig.by_name(NAME).write(self.folder, ROWS)
        code, said = rig.run(self.folder, "--driver", "pull", env=rig.environment(self.folder, QETL_FAILPOINT="decide.after:3"))
        if code != -9:
            sys.exit(f"it was to be killed, and ended with {code}: {said}")
        self.disk = disks.Disk(self.folder)
        self.device = os.stat(self.folder).st_dev
        self.files = contents(f"{self.folder}/state/{NAME}", ("lock", "state.db-shm"))

    def make(self):
        shutil.rmtree(self.folder)
        table = disks.make(disks.leave(self.disk, "all", None), self.disk, self.folder, self.device)
        with open(f"{self.base}/inodes", "w", encoding="utf-8") as file:
            file.write(table)

    def run(self):
        env = rig.environment(self.folder, LD_PRELOAD=f"{rig.SHIMS}/record.so", QETL_INODES=f"{self.base}/inodes")
        return rig.run(self.folder, "--driver", "pull", seconds=30, env=env)


def damages(files, draw, most):
    """(what is told, file, its new content)"""
    for name, content in files.items():
        for size in range(len(content)):
            yield f"{name} cut off at {size} of {len(content)}", name, content[:size]
        for _ in range(most or 2000):
            at, many = draw.randrange(len(content)), draw.choice((1, 1, 4, 16, 512))
            noise = bytes(draw.randrange(256) for _ in range(many))
            yield f"{name} with {many} other bytes at {at}", name, (content[:at] + noise + content[at + many:])[:len(content)]
        for size in (0, 1, 16, 100, 512, 4096, 5120, 100000):
            yield f"{name} of {size} random bytes", name, draw.randbytes(size)
            yield f"{name} of {size} zeros", name, bytes(size)
        yield f"{name} with bytes behind it", name, content + b"garbage"
        yield f"{name} gone", name, None


def later_version(folder):
    """As a later version would write it: another number of the format."""
    path = f"{folder}/state/{NAME}/state.db"
    db = sqlite3.connect(path)
    version = db.execute("pragma user_version").fetchone()[0]
    db.execute(f"pragma user_version = {version + 1}")
    db.commit()
    db.execute("pragma wal_checkpoint(truncate)")
    db.close()


def judge(folder, before, damaged, code, said):
    pipeline = rig.by_name(NAME)
    if code == 124 or code < 0 or code not in rig.DOCUMENTED or "crashed" in said:
        return f"exit {code}: {said[:1000]}"
    if code == 0:
        wrong = pipeline.check(folder, ROWS)
        return f"exit 0, but {wrong}" if wrong else None
    if "error" not in said or "state" not in said:
        return f"exit {code}, and it does not say what of the state: {said[:400]}"
    after = contents(folder, ("state/", "page"))
    if after != {path: content for path, content in before.items() if not path.startswith("state/")}:
        return f"exit {code}, and files were changed: {sorted(set(after) ^ set(before))}"
    if damaged and damaged not in contents(f"{folder}/state").values():
        return f"exit {code}, and what was there is there no more: {os.listdir(f'{folder}/state/{NAME}')}"
    return None


def try_case(place, name, content, tally, told):
    place.make()
    folder = place.folder
    path = f"{folder}/state/{NAME}/{name}"
    if content is None:
        os.unlink(path)
    elif content == "later":
        later_version(folder)
    else:
        with open(path, "wb") as file:
            file.write(content)
    before = contents(folder)
    code, said = place.run()
    wrong = judge(folder, before, content if isinstance(content, bytes) and name == "state.db" else None, code, said)
    if not wrong and content == "later":
        kept = contents(folder).get(f"state/{NAME}/{name}") == before[f"state/{NAME}/{name}"]
        wrong = None if code and kept else f"exit {code}, a later version's state is {'kept' if kept else 'changed'}"
    with tally["lock"]:
        tally["done"] += 1
        tally["refused"] += code != 0
        if wrong:
            tally["wrong"] += 1
            print(f"not ok - {told}: {wrong}", flush=True)


def work(place, queue, tally):
    while tally["wrong"] < 8:
        with tally["lock"]:
            if not queue:
                break
            told, name, content = queue.pop()
        try_case(place, name, content, tally, told)
    shutil.rmtree(place.base)


def main():
    most = int(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else int(os.environ.get("SEED", "1"))
    print(f"seed {seed}", flush=True)
    draw = random.Random(seed)
    places = [Place() for _ in range(min(4, 2 * os.cpu_count()))]
    queue = list(damages(places[0].files, draw, most))
    draw.shuffle(queue)
    total = len(queue)
    queue = (queue[:most] if most else queue) + [("a later version", "state.db", "later")]
    tally = {"lock": threading.Lock(), "done": 0, "refused": 0, "wrong": 0}
    threads = [threading.Thread(target=work, args=(place, queue, tally)) for place in places]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"{tally['done']} damages of {total}, {tally['refused']} refused, the others did no harm")
    print(f"{tally['done'] - tally['wrong']} passed, {tally['wrong']} failed")
    return 1 if tally["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
