# SPDX-License-Identifier: Apache-2.0
"""Runs a command as a whole process and takes its wall time, CPU time and peak memory."""

import os
import subprocess
import threading
import time


def _resident_kb(pid):
    """Anonymous and shared memory: the page cache of mapped input is nobody's."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as status:
            kb = {name: value for name, _, value in (line.partition(":") for line in status)}
    except OSError:
        return 0
    return sum(int(kb[name].split()[0]) for name in ("RssAnon", "RssShmem") if name in kb)


def _watch(pid, done, peak):
    while not done.wait(0.004):
        peak[0] = max(peak[0], _resident_kb(pid))


class Failed(Exception):
    """The command did not do its work."""


def run(command, env=None, stdout=None):
    """{"wall_s", "cpu_s", "rss_mb", "out"}; raises Failed with what it said."""
    started = time.perf_counter()
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, env=env, stdout=stdout or subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
        done, peak = threading.Event(), [0]
        watcher = threading.Thread(target=_watch, args=(process.pid, done, peak))
        watcher.start()
        said = {}

        def drain(name, stream):
            said[name] = stream.read() if stream else b""

        readers = [threading.Thread(target=drain, args=(name, getattr(process, name)))
                   for name in ("stdout", "stderr")]
        for reader in readers:
            reader.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        done.set()
        for thread in (watcher, *readers):
            thread.join()
    if process.returncode:
        raise Failed(f"{command[0]}: exit {process.returncode}: {said['stderr'].decode()[-800:]}")
    return {"wall_s": wall, "cpu_s": usage.ru_utime + usage.ru_stime,
            "rss_mb": (peak[0] or usage.ru_maxrss) / 1024, "out": said["stdout"]}


def median(values):
    """The middle one, or the mean of the two in the middle."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
