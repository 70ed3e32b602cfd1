#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Loses power at every point of recorded runs, and has what the disk then holds recovered: no row lost, none doubled.

Usage: power_loss.py IMAGES [SEED] [PIPELINE...]

Runs are recorded by tests/shim/record.c. Behind each entry of a record several images are made: all that was written has
arrived, nothing that was not synced has, data without names, names without data, and random sectors and names
(disk.py). Images that were seen already are counted, and not tried again. Ends with "N passed, N failed".
"""
import collections
import copy
import os
import random
import shutil
import subprocess
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import disk as disks  # noqa: E402
import increments  # noqa: E402
import rig  # noqa: E402

STAGES = ("none", "prepared", "decided", "committed", "finished")
WAYS = ("all", "none", "data", "names")
ROWS = 500


class Tally:
    def __init__(self, most):
        self.most, self.lock = most, threading.Lock()
        self.total = self.tried = 0
        self.seen, self.ways, self.pipelines, self.stages = set(), collections.Counter(), collections.Counter(), collections.Counter()
        self.records, self.entries, self.turns, self.wrong = 0, 0, 0, []
        self.unexplained = 0

    def full(self):
        return self.tried >= self.most or len(self.wrong) >= rig.ENOUGH


def record(pipeline, draw, folder):
    """Runs it once, be it that it goes on from a killed one; (the disk at the beginning, the entries, was it killed) or None."""
    pipeline.begin(folder, ROWS)
    if draw.random() < 0.4:
        rig.fewer_epochs(folder)
    if draw.random() < 0.5:
        point = draw.choice(("decide.after", "commit.before", "commit.between", "commit.after", "sink.prepare.after"))
        env = rig.environment(folder, QETL_FAILPOINT=f"{point}:{draw.randint(1, 3)}")
        code, _ = rig.run(folder, *draw.choice(rig.DRIVERS), env=env)
        if code == 0:
            return None  # over before it came there
    disk = disks.Disk(folder)
    log = f"{folder}.log"
    env = rig.environment(folder, LD_PRELOAD=f"{rig.SHIMS}/record.so", QETL_RECORD=log)
    kill = draw.random() < 0.3  # and may be killed in turn: the disk then has what it left
    if kill:
        env["QETL_FAILPOINT"] = f"{draw.choice(('decide.after', 'commit.between', 'sink.prepare.after'))}:{draw.randint(1, 4)}"
    code, said = rig.run(folder, *draw.choice(rig.DRIVERS), env=env)
    if code not in (0, -9):
        raise RuntimeError(f"{pipeline.name}: exit {code}: {said[:1500]}")
    entries = disks.read_log(log)
    os.unlink(log)
    return disk, entries, code == -9


def played(recorded):
    disk = copy.deepcopy(recorded[0])
    for entry in recorded[1]:
        disk.play(entry)
    return disk


def check_log(disk, folder):
    """What was recorded is all that happened, or the images are of no worth."""
    tree = disks.leave(disk, "all", None)
    for path, (_, content) in tree.items():
        target = os.path.join(folder, path)
        if content is None:
            if not os.path.isdir(target):
                return f"{path}: no folder"
            continue
        with open(target, "rb") as file:
            if file.read() != content:
                return f"{path}: not what was recorded"
    for base, folders, files in os.walk(folder):
        for name in folders + files:
            path = os.path.relpath(os.path.join(base, name), folder)
            if not path.endswith("-shm") and path not in tree:
                return f"{path}: not recorded"
    return None


def recover(pipeline, folder, table, way):
    """What is wrong behind a recovery, or None."""
    stage = pipeline.standing(folder)
    if stage != rig.FINISHED:
        with open(f"{folder}.inodes", "w", encoding="utf-8") as file:
            file.write(table)
        env = rig.environment(folder, LD_PRELOAD=f"{rig.SHIMS}/record.so", QETL_INODES=f"{folder}.inodes")
        code, said = rig.run(folder, *way, env=env)
        os.unlink(f"{folder}.inodes")
        if code:
            return stage, f"exit {code}: {said[:1200]}"
    return stage, pipeline.check(folder, ROWS)


def describe(entry):
    kind, a, b, name, data = entry
    return f"{kind} {a} {b} {name} {len(data)}"


def try_image(job, tally):
    pipeline, tree, disk, way, place, tail, folder, device = job
    table = disks.make(tree, disk, folder, device)
    stage, wrong = recover(pipeline, folder, table, rig.DRIVERS[place % len(rig.DRIVERS)])
    with tally.lock:
        tally.stages[stage] += 1
        if wrong:
            tally.wrong.append(f"{pipeline.name}, behind entry {place}, {way}: {wrong}\n    " + "\n    ".join(tail))
            print(f"not ok - {tally.wrong[-1]}", flush=True)
            if os.environ.get("QETL_PROOF_KEEP"):
                disks.make(tree, disk, f"{folder}.kept", device)
                print(f"    {folder}.kept", flush=True)
    shutil.rmtree(folder, ignore_errors=True)


def images(pipeline, recorded, draw, tally, per_point, base):
    disk, entries = recorded
    device = os.stat(base).st_dev
    tail = []
    # of a few images, some of each record, from its beginning to its end
    share = min(1, tally.most / 8 / (len(entries) * (len(WAYS) + per_point)))
    for place, entry in enumerate(entries):
        disk.play(entry)
        tail = (tail + [describe(entry)])[-8:]
        for way in WAYS + ("random",) * per_point:
            if draw.random() > share:
                continue
            with tally.lock:
                if tally.full():
                    return
            tree = disks.leave(disk, way, draw)
            key = (pipeline.name, disks.digest(tree))
            with tally.lock:
                tally.total += 1
                if key in tally.seen:
                    continue
                tally.seen.add(key)
                tally.tried += 1
                tally.ways[way] += 1
                tally.pipelines[pipeline.name] += 1
            yield pipeline, tree, disk, way, place, list(tail), f"{base}/recorded", device


def work(pipelines, seed, tally, per_point):
    draw = random.Random(seed)
    while not tally.full():
        with tally.lock:
            tally.turns += 1
            pipeline = pipelines[tally.turns % len(pipelines)]
        base = rig.scratch()
        folder = f"{base}/recorded"
        try:
            recorded = record(pipeline, draw, folder)
            if not recorded:
                continue
            os.rename(folder, f"{base}/after")  # images have its place: handles name whole paths
            wrong = check_log(played(recorded), f"{base}/after")
            if wrong and recorded[2]:  # it died between a call and its entry
                tally.unexplained += 1
                continue
            if wrong:
                raise RuntimeError(f"{pipeline.name}: the record does not explain the folder: {wrong}")
            with tally.lock:
                tally.records += 1
                tally.entries += len(recorded[1])
            for job in images(pipeline, recorded[:2], draw, tally, per_point, base):
                try_image(job, tally)
        except (RuntimeError, subprocess.SubprocessError) as error:
            tally.wrong.append(str(error))
            print(f"not ok - {error}", flush=True)
        finally:
            if not os.environ.get("QETL_PROOF_KEEP"):
                shutil.rmtree(base, ignore_errors=True)


def main():
    most = int(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else int(os.environ.get("SEED", "1"))
    pipelines = [increments.by_name(name) for name in sys.argv[3:]] or increments.ALL
    print(f"seed {seed}", flush=True)
    tally, draw = Tally(most), random.Random(seed)
    threads = [threading.Thread(target=work, args=(pipelines, draw.randrange(1 << 32), tally, 4)) for _ in range(min(4, 2 * os.cpu_count()))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"{tally.tried} images tried of {tally.total} made, the others as one before; of {tally.records} recorded runs with {tally.entries} entries; {tally.unexplained} others died between a call and its entry")
    print("  by way: " + ", ".join(f"{way} {n}" for way, n in sorted(tally.ways.items())))
    print("  by pipeline: " + ", ".join(f"{name} {n}" for name, n in sorted(tally.pipelines.items())))
    print("  state found: " + ", ".join(f"{STAGES[stage]} {n}" for stage, n in sorted(tally.stages.items())))
    rig.tell_counts(images_made=tally.total, images_distinct_and_tried=tally.tried, recorded_runs=tally.records, died_before_their_entry=tally.unexplained, entries=tally.entries,
                    ways=tally.ways, pipelines=tally.pipelines, stages=dict(zip(STAGES, (tally.stages[i] for i in range(5)))))
    print(f"{tally.tried - len(tally.wrong)} passed, {len(tally.wrong)} failed")
    return 1 if tally.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
