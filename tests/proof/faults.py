#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes every call to the system and every allocation of small runs fail, once and from then on.

Usage: faults.py CASES [SEED] [CLASS,CLASS...] [PIPELINE...]     CASES 0: all of them; CLASS: of calls, as in ERRORS

A run under a fault ends by itself, without a signal, with a documented exit code and, if that is not 0, with a message; an
fsync that failed with EIO is not passed over. The next run, without a fault, comes to the right output. Beside that: a file
system that is full at any moment, and has room again. Ends with "N passed, N failed".
"""
import collections
import glob
import os
import random
import shutil
import sqlite3
import struct
import subprocess
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import increments  # noqa: E402
import rig  # noqa: E402

ROWS = 300
NEEDED = ("csv", "ndjson", "file_source", "file_sink", "sqlite_source", "sqlite_sink", "queue")
PATIENCE_S = 60  # SQLite waits ten seconds for a lock, which is tried twice
ERRORS = {"write": ("ENOSPC", "EIO", "EINTR", "SHORT"), "sync": ("EIO", "ENOSPC", "EINTR"), "rename": ("EIO", "ENOSPC", "EACCES"),
          "link": ("EIO", "ENOSPC"), "unlink": ("EIO", "EACCES"), "truncate": ("EIO", "ENOSPC"), "open": ("EMFILE", "EACCES", "EINTR", "ENOSPC"),
          "mkdir": ("ENOSPC", "EACCES"), "read": ("EIO", "EINTR", "SHORT"), "close": ("EIO", "EINTR"), "mmap": ("ENOMEM",),
          "stat": ("EIO", "ENOMEM"), "lock": ("ENOLCK", "EINTR"), "thread": ("EAGAIN",), "alloc": ("ENOMEM",)}
# The C library keeps a name where newlocale(3) finds no room for the rest of it. What its loader keeps of libraries is its own, which
# a sanitizer knows where no other malloc stands before its own.
NOT_OURS = "leak:_nl_normalize_codeset\nleak:ld-linux-\n"
SANITIZED = os.environ.get("QETL_SANITIZER") == "address"


def install_few(folder):
    """What these pipelines need, and no more: of a small run, each manifest is read."""
    for where in (rig.PLUGINS, rig.TEST_PLUGINS):
        for name in NEEDED:
            for path in glob.glob(f"{where}/{name}.*"):
                os.symlink(path, f"{folder}/{os.path.basename(path)}")
    os.mkdir(f"{folder}/none")
    rig.PLUGINS, rig.TEST_PLUGINS = folder, f"{folder}/none"
    with open(f"{folder}/not-ours", "w", encoding="utf-8") as file:
        file.write(NOT_OURS)


def preloaded():
    """Allocations come by before a sanitizer has them, calls to the system behind it."""
    name = subprocess.run([*os.environ.get("CC", "gcc").split(), "-print-file-name=libasan.so"], capture_output=True, text=True, check=True).stdout if SANITIZED else ""
    return f"{rig.SHIMS}/starve.so {name.strip()} {rig.SHIMS}/fail.so"


PRELOADED = preloaded()


def shim(**more):
    return {"LD_PRELOAD": PRELOADED, "LSAN_OPTIONS": f"suppressions={rig.PLUGINS}/not-ours:print_suppressions=0", **more}


def way_of(pipeline):
    """One thread: the n-th call is the same each time, or nearly so."""
    return ["--driver", "pull"] if pipeline.name not in ("two", "pair") else ["--workers", "2"]


def count(pipeline):
    """How many calls of each class a run makes, and one of each place that allocates."""
    folder = rig.scratch()
    pipeline.begin(folder, ROWS)
    rig.run(folder, *way_of(pipeline), env=rig.environment(folder, **shim(QETL_SHIM_COUNT=f"{folder}/counts")))
    counted = f"{folder}/counts"
    folder = f"{folder}/again"  # hashing takes time, so that there are more epochs
    pipeline.begin(folder, ROWS)
    env = rig.environment(folder, **shim(QETL_SHIM_STACKS=f"alloc:{folder}/stacks"))
    env["ASAN_OPTIONS"] = env.get("ASAN_OPTIONS", "") + ":detect_leaks=0"  # what looks at stacks keeps a little
    done = subprocess.run(["setarch", "-R", *rig.command(*way_of(pipeline))], cwd=folder, env=env, capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"{pipeline.name}: exit {done.returncode} without a fault: {done.stdout.decode()} {done.stderr.decode()}")
    with open(counted, encoding="utf-8") as file:
        counts = {line.split()[0]: int(line.split()[1]) for line in file}
    with open(f"{folder}/stacks", "rb") as file:
        content = file.read()
    places = collections.defaultdict(list)
    for n, stack in enumerate(struct.unpack(f"{len(content) // 8}Q", content)):
        places[stack].append(n + 1)
    shutil.rmtree(os.path.dirname(counted))
    return counts, list(places.values())


def cases_of(pipeline, every_allocation):
    counts, places = count(pipeline)
    print(f"{pipeline.name}: {', '.join(f'{name} {n}' for name, n in counts.items() if name != 'any')}; {len(places)} places that allocate", flush=True)
    for name, errors in ERRORS.items():
        if name == "alloc":
            numbers = range(1, counts["alloc"] + 1) if every_allocation else sorted({n for place in places for n in (place[0], place[len(place) // 2], place[-1])})
        else:
            numbers = range(1, counts[name] + 1)
        for n in numbers:
            for error in errors:
                for on in ("", "+"):
                    # nobody is interrupted for ever; and a sanitizer's runtime needs memory for its threads
                    if not on or (error != "EINTR" and (error != "SHORT" or name in ("read", "write")) and not (SANITIZED and name == "alloc")):
                        yield pipeline, f"{name}:{n}{on}:{error}"


def go_on(pipeline, folder):
    """What is wrong with the run behind the fault, or None."""
    if pipeline.standing(folder) != rig.FINISHED:
        code, said = rig.run(folder, *way_of(pipeline))
        if code:
            return f"the next run: exit {code}: {said[:1500]}"
    wrong = pipeline.check(folder, ROWS)
    return f"behind the next run: {wrong}" if wrong else None


def judge(pipeline, fault, folder, code, said, struck):
    if "CHECK failed: sanitizer_" in said:
        return None  # the sanitizer's runtime had none to begin a thread with, and ended the process
    if code == 127 and said.strip() == "out of memory":
        return None  # said by the dynamic loader, which ends the process itself
    if code == 124:
        return f"it hangs: {said[-600:]}"
    if code < 0 or code not in rig.DOCUMENTED or "crashed" in said:
        return f"exit {code}: {said[:1500]}"
    if "Sanitizer" in said or "runtime error" in said:
        return said[:3000]
    if code and "error" not in said and not fault.startswith("alloc"):
        return f"exit {code} without a message: {said[:300]!r}"
    if code == 0 and struck and fault.startswith("sync") and fault.endswith("EIO") and "its state could not note that" not in said:
        return "an fsync failed, and the run ended well"
    if code == 0:
        wrong = pipeline.check(folder, ROWS)
        if wrong:
            return f"exit 0, but {wrong}"
    return None


def standing(folder):
    """All files, and when each was last written to."""
    paths = [os.path.join(where, name) for where, _, names in os.walk(folder) for name in names if name != "fired"]
    return {path: (about.st_ino, about.st_size, about.st_mtime_ns) for path in paths for about in (os.stat(path),)}


def suffer(pipeline, fault, folder):
    """A run under a fault. (did it come to that call, exit code, what it said, did it leave all as it was)."""
    pipeline.begin(folder, ROWS)
    before = standing(folder)
    fired = f"{folder}/fired"
    env = rig.environment(folder, **shim(QETL_SHIM=fault, QETL_SHIM_FIRED=fired))
    code, said = rig.run(folder, *way_of(pipeline), seconds=PATIENCE_S, env=env)
    return os.path.exists(fired), code, said, before == standing(folder)


def callers(pipeline, fault):
    """Of the call that fails, from another run, as far as the program says who they are."""
    folder = rig.scratch()
    told = f"{folder}/callers"
    pipeline.begin(folder, ROWS)
    rig.run(folder, *way_of(pipeline), seconds=PATIENCE_S, env=rig.environment(folder, **shim(QETL_SHIM=fault, QETL_SHIM_CALLERS=told)))
    lines = []
    if os.path.exists(told):
        with open(told, encoding="utf-8") as file:
            lines = file.readlines()[2:12]
    shutil.rmtree(folder, ignore_errors=True)
    return "".join(f"  called by {line}" for line in lines)


def try_case(pipeline, fault):
    folder = rig.scratch()
    try:
        struck, code, said, untouched = suffer(pipeline, fault, folder)
        wrong = judge(pipeline, fault, folder, code, said, struck) or (None if untouched else go_on(pipeline, folder))
        return struck, code, f"{wrong}\n{callers(pipeline, fault)}" if wrong else None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Tally:
    def __init__(self):
        self.lock = threading.Lock()
        self.struck = 0
        self.done, self.exits, self.classes = 0, collections.Counter(), collections.Counter()
        self.wrong = []


def work(queue, tally):
    while len(tally.wrong) < rig.ENOUGH:
        with tally.lock:
            if not queue:
                return
            pipeline, fault = queue.pop()
        struck, code, wrong = try_case(pipeline, fault)
        with tally.lock:
            tally.done += 1
            tally.struck += struck
            tally.exits[code] += 1
            tally.classes[fault.split(":")[0]] += 1
            if wrong:
                tally.wrong.append(fault)
                print(f"not ok - {pipeline.name}, {fault}: {wrong}", flush=True)


# ---- a file system that is full ----

def mounted(folder, kib):
    os.makedirs(folder)
    return subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kib}k", "tmpfs", folder], capture_output=True, check=False).returncode == 0


def fill(pipeline, folder, kib):
    """What is wrong, or None; and whether it was full."""
    pipeline.begin(folder, ROWS)
    code, said = rig.run(folder, *way_of(pipeline))
    if code < 0 or code not in rig.DOCUMENTED or (code and "No space left" not in said and "full" not in said):
        return f"{kib} KiB: exit {code}: {said[:1000]}", True
    subprocess.run(["mount", "-o", "remount,size=64m", folder], check=True)
    return go_on(pipeline, folder), code != 0


def full_disks(pipelines, draw, tally, most):
    tried = full = 0
    for kib in draw.sample(range(36, 420, 4), most):
        pipeline = draw.choice(pipelines)
        base = rig.scratch()
        folder = f"{base}/small"
        if not mounted(folder, kib):
            print("# a file system of a fixed size cannot be mounted here: not tried")
            shutil.rmtree(base)
            return
        try:
            wrong, was_full = fill(pipeline, folder, kib)
        except (OSError, RuntimeError, sqlite3.Error):  # not even the input has room
            wrong, was_full = None, False
        finally:
            subprocess.run(["umount", "-l", folder], check=True)
            shutil.rmtree(base)
        tried, full = tried + 1, full + was_full
        if wrong:
            tally.wrong.append("full")
            print(f"not ok - {pipeline.name}, a file system of {kib} KiB: {wrong}", flush=True)
    tally.done += tried
    print(f"{tried} file systems of 36 to 416 KiB, {full} of which became full")


def main():
    most = int(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else int(os.environ.get("SEED", "1"))
    words = sys.argv[3:]
    classes = set(words.pop(0).split(",")) if words and set(words[0].split(",")) <= set(ERRORS) else set(ERRORS)
    names = words or [name for name in ("plain", "sqlite-file", "increment-both") if any(p.name == name for p in increments.ALL)]
    pipelines = [increments.by_name(name) for name in names]
    few = rig.scratch()
    install_few(few)
    print(f"seed {seed}", flush=True)
    rig.IMPATIENT = True
    draw, tally = random.Random(seed), Tally()
    queue = [case for pipeline in pipelines for case in cases_of(pipeline, most == 0 and not SANITIZED) if case[1].split(":")[0] in classes]
    draw.shuffle(queue)
    total = len(queue)
    if most:
        queue = [case for case in queue if not (case[1].startswith("lock") and "+" in case[1])]  # they take long
        # as many allocations as calls
        calls = [case for case in queue if not case[1].startswith("alloc")]
        queue = (calls[:most // 2 if "alloc" in classes else most] + [case for case in queue if case[1].startswith("alloc")])[:most]
    if classes == set(ERRORS):
        full_disks(pipelines, draw, tally, 40 if most == 0 else 8)
    threads = [threading.Thread(target=work, args=(queue, tally)) for _ in range(min(8, 4 * os.cpu_count()))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"{tally.done} cases of {total}, of which {tally.struck} came to the call that fails; by class: " + ", ".join(f"{name} {n}" for name, n in sorted(tally.classes.items())))
    print("  exit codes: " + ", ".join(f"{code}: {n}" for code, n in sorted(tally.exits.items())))
    shutil.rmtree(few)
    rig.tell_counts(cases=tally.done, struck=tally.struck, classes=tally.classes, exits={str(code): n for code, n in tally.exits.items()})
    print(f"{tally.done - len(tally.wrong)} passed, {len(tally.wrong)} failed")
    return 1 if tally.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
