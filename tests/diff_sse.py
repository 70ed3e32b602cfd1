#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Event streams drawn at random, and what qetl makes of them, against a reader written from the standard (WHATWG HTML, 9.2.6) that has the whole
text at hand. The server writes them in pieces.

QETL: the binary. QETL_PLUGIN_PATH: its plugins. QETL_DIFF_SEED, QETL_DIFF_ROUNDS: what to repeat."""
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
import urllib.request

# libraries that come late: see cases/rest-lib.sh
os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":intercept_tls_get_addr=0"

QETL = os.path.abspath(os.environ.get("QETL", "./qetl"))
TREE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SEED = int(os.environ.get("QETL_DIFF_SEED", "20260101"))
ROUNDS = int(os.environ.get("QETL_DIFF_ROUNDS", "25"))
for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
    os.environ.pop(name, None)


def expected(raw):
    """[type, last event ID or None, data] of each event."""
    text = raw.decode("utf-8").removeprefix("\ufeff")
    lines = re.split("\r\n|\n|\r", text)[:-1]  # the last one did not end
    events, data, kind, own, last = [], "", "", None, ""
    for line in lines:
        if not line:
            last = last if own is None else own
            if data:
                events.append([kind or "message", last or None, data[:-1]])
            data, kind, own = "", "", None
        elif not line.startswith(":"):
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if name == "data":
                data += value + "\n"
            elif name == "event":
                kind = value
            elif name == "id" and "\0" not in value:
                own = value
    return events


WORDS = ["", " ", "  x", "a", "1", "é", "日本", "\U0001f600", ":", "a: b", "data", "\ufeff", "{}", '"', "\t", "\0", "x" * 70, "\u2028", "\x0b", "\x0c", "\x85"]
NAMES = ["data"] * 8 + ["event", "id", "id", "retry", "", "", "Data", "data ", "ID", "\ufeffdata", "whatever"]


def drawn(rng):
    def line():
        name = rng.choice(NAMES)
        sep = rng.choice([":", ": ", ": ", ":  ", ""])
        return name + sep + "".join(rng.choice(WORDS) for _ in range(rng.randrange(3)))
    own = rng.choice(["\n", "\r", "\r\n", None])
    text = rng.choice(["", "", "\ufeff", "\ufeff\ufeff"])
    for _ in range(rng.randrange(60)):
        text += "" if rng.random() < 0.4 else line()
        text += own or rng.choice(["\n", "\r", "\r\n"])
    return re.sub("retry: ?[0-9]+", "retry: 1", text + rng.choice(["", "data: cut", "\n\n"])).encode("utf-8")


def read(base, raw, chunk):
    urllib.request.urlopen(urllib.request.Request(f"{base}/_raw", data=raw, method="PUT")).read()
    source = {"plugin": "sse_events", "url": f"{base}/raw?chunk={chunk}", "private_hosts": ["127.0.0.1"], "reconnect": False}
    with open("p.json", "w", encoding="utf-8") as out:
        json.dump({"name": "p", "sources": {"in": source}, "sinks": {"out": {"plugin": "stdout", "input": "in", "format": "ndjson"}}}, out)
    done = subprocess.run([QETL, "run", "p.json", "-q", "--no-state"], capture_output=True, stdin=subprocess.DEVNULL, timeout=120)
    if done.returncode:
        return done.stderr.decode()
    return [[row["event"], row["id"], row["data"]] for row in map(json.loads, done.stdout.split(b"\n")[:-1])]


def main():
    os.chdir(tempfile.mkdtemp())
    server = subprocess.Popen([sys.executable, os.path.join(TREE, "tests", "sse_server.py"), "--port-file", "port", "--journal", "journal"])
    passed = failed = events = 0
    try:
        for _ in range(1200):
            if os.path.exists("port"):
                break
            time.sleep(0.05)
        base = "http://127.0.0.1:" + open("port", encoding="ascii").read()
        for n in range(ROUNDS):
            raw = drawn(random.Random(f"{SEED} {n}"))
            wanted = expected(raw)
            events += len(wanted)
            for chunk in (0, 1, 7):
                got = read(base, raw, chunk)
                passed += got == wanted
                if got != wanted:
                    failed += 1
                    print(f"FAILED seed {SEED}, round {n}, pieces of {chunk}: {raw!r}\n  got    {got!r:.1500}\n  wanted {wanted!r:.1500}")
    finally:
        server.kill()
        server.wait()
    print(f"{events} events of {ROUNDS} streams, seed {SEED}")
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not events else 0)


main()
