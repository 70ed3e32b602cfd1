#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs pipelines of several threads with a barrier each millisecond, ends some of them midway, and has them go on.

Usage: threads.py RUNS [SEED] [PIPELINE...]

Made for ThreadSanitizer: what it reports is a failure. Ends with "N passed, N failed".
"""
import os
import random
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import increments  # noqa: E402
import rig  # noqa: E402

ROWS = 1200
PATIENCE_S = 120


def started(folder, workers):
    return subprocess.Popen(rig.command("--workers", str(workers)), cwd=folder, env=rig.environment(folder), stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def play(pipeline, draw):
    """What is wrong, or None; and how often it was ended."""
    folder = rig.scratch()
    pipeline.begin(folder, ROWS)
    ended = 0
    try:
        while True:
            process = started(folder, draw.randint(2, 6))
            said, code = b"", None
            if ended < 2 and draw.random() < 0.8:
                try:
                    said = process.communicate(timeout=draw.uniform(0.005, 0.2))[0]
                except subprocess.TimeoutExpired:
                    process.send_signal(draw.choice((signal.SIGTERM, signal.SIGINT)))
                    ended += 1
            said += process.communicate(timeout=PATIENCE_S)[0] if process.poll() is None or not said else b""
            code, said = process.returncode, said.decode(errors="replace")
            if "Sanitizer" in said or code not in (0, 130, 143, -signal.SIGTERM, -signal.SIGINT):  # before it listens to them
                return f"exit {code}: {said[:6000]}", ended
            # who is ended after its last epoch is through, before the process is gone, has done all there was to do
            if code == 0 or pipeline.standing(folder) == rig.FINISHED:
                return pipeline.check(folder, ROWS), ended
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main():
    runs = int(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else int(os.environ.get("SEED", "1"))
    pipelines = [increments.by_name(name) for name in sys.argv[3:]] or increments.ALL
    print(f"seed {seed}", flush=True)
    draw, failed, ended = random.Random(seed), 0, 0
    for i in range(runs):
        pipeline = pipelines[(seed + i) % len(pipelines)]
        wrong, times = play(pipeline, draw)
        ended += times
        if wrong:
            failed += 1
            print(f"not ok - {pipeline.name}: {wrong}", flush=True)
    print(f"{ended} processes were ended midway")
    print(f"{runs - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
