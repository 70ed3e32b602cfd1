#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Dead letters against an oracle: the rows of a run, and those of the replay by the corrected pipeline, are the rows of a run of
the corrected pipeline; also when replays are killed at random moments.

QETL: the binary. QETL_PLUGIN_PATH: its plugins. QETL_SEED, QETL_ROUNDS: of the kills."""
import json
import os
import random
import subprocess
import sys
import tempfile
import time

QETL = os.environ.get("QETL", "./qetl")
SEED = int(os.environ.get("QETL_SEED", "20261121"))
ROUNDS = int(os.environ.get("QETL_ROUNDS", "25"))
rng = random.Random(SEED)
passed = failed = 0


def check(what, got, expected):
    global passed, failed
    if got == expected:
        passed += 1
        return
    failed += 1
    print(f"FAILED {what}")


PIPELINE = """name: orders
sources:
  orders: {{plugin: file, path: {name}.{extension}, format: {format}}}
transforms:
  ratio: {{plugin: compute, input: orders, set: {{share: "{share}", year: "extract(year from day)"}}}}
  recent: {{plugin: filter, input: ratio, where: "{where}"}}
sinks:
  out: {{plugin: file, input: recent, path: {out}, if_exists: append}}
"""
BAD = {"share": "100 / quantity", "where": "year > 1990 AND 100 / (year - 2003) < 1000"}
GOOD = {"share": "100 / nullif(quantity, 0)", "where": "year > 1990"}


def write(folder, file_name, **words):
    words = {"format": "{type: csv, types: {quantity: bigint, day: date}}", "extension": "csv", "name": "in"} | words
    with open(os.path.join(folder, file_name), "w", encoding="utf-8") as file:
        file.write(PIPELINE.format(**words))


def qetl(folder, *words, wanted=(0,)):
    done = subprocess.run([QETL, *words], cwd=folder, capture_output=True, text=True, timeout=300)
    if done.returncode not in wanted:
        print(f"FAILED {words}: exit {done.returncode}\n{done.stderr}")
        sys.exit(1)
    return done


def rows(folder, name):
    path = os.path.join(folder, name)
    return sorted(open(path, encoding="utf-8").read().splitlines()) if os.path.exists(path) else []


def make(folder, n):
    """Dirty and clean, with spellings that have to survive."""
    dirty, clean = [], []
    for i in range(n):
        quantity = rng.choice([str(rng.randrange(1, 500)), "0", "007", "00"])
        day = f"{rng.randrange(1985, 2020)}-0{rng.randrange(1, 10)}-1{rng.randrange(10)}"
        name = rng.choice(["a", "", '"b,c"', "ä", '"d""e"', " x "])
        price = rng.choice(["1.50", "10", "0.10", ""])
        clean.append(f"{i},{quantity},{name},{price},{day}")
        dirty.append(clean[-1].replace(f",{quantity},", ",many,", 1) if rng.random() < 0.2 else clean[-1])
    for name, lines in ("in.csv", dirty), ("clean.csv", clean):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write("id,quantity,name,price,day\n" + "".join(line + "\n" for line in lines))
    return dirty, clean


def correct(folder, dirty, clean):
    """By hand: each line that the decoder rejected, as it should have been."""
    for line in qetl(folder, "dlq", "export", "bad.yaml", "--component", "orders").stdout.splitlines():
        letter = json.loads(line)
        index = dirty.index(letter["original"].rstrip("\n"))
        qetl(folder, "dlq", "edit", "bad.yaml", str(letter["id"]), "--original", clean[index])


def killed(folder, words):
    """Whether it died of it."""
    process = subprocess.Popen([QETL, *words], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    time.sleep(rng.uniform(0.01, 0.09))
    process.kill()
    errors = process.communicate()[1]
    if process.returncode > 0:
        print(f"FAILED {words}: exit {process.returncode}\n{errors.decode()}")
        sys.exit(1)
    return process.returncode < 0


def once(folder, kills):
    dirty, clean = make(folder, 150 if kills else 400)
    write(folder, "bad.yaml", out="out.csv", **BAD)
    write(folder, "good.yaml", out="out.csv", **GOOD)
    write(folder, "wanted.yaml", out="wanted.csv", name="clean", **GOOD)
    qetl(folder, "run", "-q", "bad.yaml")
    before = rows(folder, "out.csv")
    correct(folder, dirty, clean)
    deaths = sum(killed(folder, ["dlq", "replay", "good.yaml"]) for _ in range(kills))
    qetl(folder, "dlq", "replay", "good.yaml")
    qetl(folder, "run", "-q", "wanted.yaml", "-s", "name=wanted")
    got, wanted = rows(folder, "out.csv"), rows(folder, "wanted.csv")
    if got != wanted:
        print(f"lost {[r for r in wanted if r not in got][:3]}, more {[r for r in got if r not in wanted][:3]}")
    check(f"rows, {deaths} kills", got, wanted)
    check("no letter waits", [row for row in qetl(folder, "dlq", "export", "good.yaml").stdout.splitlines()
                              if '"attempts"' in row], [])
    check("the run itself rejected some", len(before) < len(wanted), True)
    return deaths


print(f"seed {SEED}")
total = 0
for number in range(5):
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["XDG_STATE_HOME"] = os.path.join(scratch, "state")
        total += once(scratch, ROUNDS // 3 if number > 1 else 0)
check("replays that died of it", total > 0, True)
print(f"{total} kills")
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
