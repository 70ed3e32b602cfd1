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
import increments  # noqa: E402
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


def database(path, *statements):
    db = sqlite3.connect(path)
    found = [db.execute(statement).fetchone() for statement in statements]
    db.commit()
    db.close()
    return found


class Place:
    """A folder whose run was killed behind its third decision, made again for each case: handles name whole paths.

    What was decided stands in the database's log; or, where that was carried over, in the database itself.
    """

    def __init__(self, carried_over):
        self.base = rig.scratch()
        self.folder = f"{self.base}/made"
        increments.by_name(NAME).write(self.folder, ROWS)
        code, said = rig.run(self.folder, "--driver", "pull", env=rig.environment(self.folder, QETL_FAILPOINT="decide.after:3"))
        if code != -9:
            sys.exit(f"it was to be killed, and ended with {code}: {said}")
        if carried_over:
            database(f"{self.folder}/state/{NAME}/state.db", "pragma wal_checkpoint(truncate)")
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


def other_bytes(at, noise):
    return lambda content: (content[:at] + noise + content[at + len(noise):])[:len(content)]


def damages(files, draw, most):
    """(what is told, file, what makes its new content of the old one: places differ)"""
    for name, content in files.items():
        for size in range(len(content)):
            yield f"{name} cut off at {size} of {len(content)}", name, lambda old, size=size: old[:size]
        for _ in range(most or 2000):
            at, many = draw.randrange(len(content)), draw.choice((1, 1, 4, 16, 512))
            yield f"{name} with {many} other bytes at {at}", name, other_bytes(at, draw.randbytes(many))
        for size in (0, 1, 16, 100, 512, 4096, 5120, 100000):
            yield f"{name} of {size} random bytes", name, lambda _, noise=draw.randbytes(size): noise
            yield f"{name} of {size} zeros", name, lambda _, size=size: bytes(size)
        yield f"{name} with bytes behind it", name, lambda old: old + b"garbage"
        yield f"{name} gone", name, None


def less_columns(old):
    """What is read of it stands there as before; what is written has no place."""
    return old.replace(b"rows INTEGER, size INTEGER", b"rows INTEGER  size INTEGER")


def later_version(folder):
    """As a later version would write it: another number of the format."""
    path = f"{folder}/state/{NAME}/state.db"
    version = database(path, "pragma user_version")[0][0]
    database(path, f"pragma user_version = {version + 1}", "pragma wal_checkpoint(truncate)")


def judge(folder, before, damaged, code, said):
    pipeline = increments.by_name(NAME)
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


def try_case(place, name, change, tally, told):
    place.make()
    content = change(place.files[name]) if callable(change) else change
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
    wrong = judge(folder, before, content if isinstance(content, bytes) and name.startswith("state.db") else None, code, said)
    if not wrong and content == "later":
        kept = contents(folder).get(f"state/{NAME}/{name}") == before[f"state/{NAME}/{name}"]
        wrong = None if code and kept else f"exit {code}, a later version's state is {'kept' if kept else 'changed'}"
    with tally["lock"]:
        tally["done"] += 1
        tally["refused"] += code != 0
        if wrong:
            tally["wrong"] += 1
            print(f"not ok - {told}: {wrong}", flush=True)


def work(places, queue, tally):
    while tally["wrong"] < rig.ENOUGH:
        with tally["lock"]:
            if not queue:
                break
            which, (told, name, content) = queue.pop()
        try_case(places[which], name, content, tally, told)
    for place in places:
        shutil.rmtree(place.base)


def main():
    most = int(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else int(os.environ.get("SEED", "1"))
    print(f"seed {seed}", flush=True)
    draw = random.Random(seed)
    pairs = [(Place(False), Place(True)) for _ in range(min(4, 2 * os.cpu_count()))]
    queue = [(which, case) for which in (0, 1) for case in damages(pairs[0][which].files, draw, most)]
    draw.shuffle(queue)
    total = len(queue)
    queue = (queue[:most] if most else queue) + [(which, case) for which in (0, 1) for case in (
        ("a later version", "state.db", "later"), ("state.db with a table of other columns", "state.db", less_columns))]
    tally = {"lock": threading.Lock(), "done": 0, "refused": 0, "wrong": 0}
    threads = [threading.Thread(target=work, args=(places, queue, tally)) for places in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"{tally['done']} damages of {total}, {tally['refused']} refused, the others did no harm")
    rig.tell_counts(damages=tally["done"], refused=tally["refused"])
    print(f"{tally['done'] - tally['wrong']} passed, {tally['wrong']} failed")
    return 1 if tally["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
