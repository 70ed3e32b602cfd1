# SPDX-License-Identifier: Apache-2.0
"""What the modes of a sink of a database make of a table, against a simulation: runs of drawn rows, keys, modes and columns over one table and one
history; names and values want to be SQL. What stands in the database, as others read it, must be what the simulation says, and so must the number of
rejected rows.

A database is told by a class: sink (options), stands(table) -> (rows, columns, tables), begin(), HOSTILE (names). QETL: the binary.
QETL_PLUGIN_PATH: its plugins. QETL_DIFF_SEED, QETL_DIFF_ROUNDS: what to repeat."""
import json
import os
import random
import subprocess
import tempfile

QETL = os.environ.get("QETL", "./qetl")
SEED = int(os.environ.get("QETL_DIFF_SEED", "20261122"))
WAYS = [["--workers", "1"], ["--workers", "4"], ["--driver", "pull"]]
SCRATCH = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
HOSTILE = ["orders", 'we"ird', "x'); DROP TABLE other; --", "a\"; DROP TABLE other; --", "[b]", "`c`", "select", "a.b", "?1", ":v", "$x", "%s", "%Q",
           "é 日本", "tab\tnewline\n", "/*", "--", "''", "\\", "0", " ", "rowid", "a" * 60]
passed = failed = 0


def check(what, got, expected):
    global passed, failed
    if got == expected:
        passed += 1
        return
    failed += 1
    print(f"FAILED {what}\n  got      {got!r:.1500}\n  expected {expected!r:.1500}")


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def names(draw, n):
    """So many that are different, also where letters have no case."""
    while True:
        got = draw.sample(HOSTILE[1:], n)
        if len({name.lower() for name in got}) == n and "rowid" not in got:
            return got


def run(database, folder, draw, rows, sink):
    with open(os.path.join(folder, "in.ndjson"), "w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    types = {name: "bigint" if number else "text" for name, number in sink.pop("types").items()}
    pipeline = {"checkpoint": {"every": draw.choice(["1ms", "1h"])}, "batch_rows": draw.choice([1, 7, 1000]),
                "sources": {"in": {"plugin": "file", "path": "in.ndjson", "format": {"type": "ndjson", "types": types}}},
                "sinks": {"out": {"input": "in", **database.sink, **sink}}}
    with open(os.path.join(folder, "p.json"), "w", encoding="utf-8") as file:
        json.dump(pipeline, file)
    done = subprocess.run([QETL, "run", "p.json", "--json", *draw.choice(WAYS)], cwd=folder, capture_output=True, text=True, check=False,
                          env={**os.environ, "HOME": folder, "XDG_STATE_HOME": folder + "/state"})
    return done.returncode, json.loads(done.stdout)


class Table:
    """One that the modes work on, each row under its key."""

    def __init__(self, name, columns):
        self.name, self.key, self.all, self.columns, self.rows = name, columns[0], columns, [], {}

    def expect(self, mode, policy, given, rows):
        """The exit code, and how many rows are rejected; the table is as it should be then."""
        columns, former, rejected = list(self.columns), dict(self.rows), 0
        if mode == "replace" or not columns:
            columns = list(given)
        fresh = [name for name in given if name not in columns and mode != "delete"]
        if fresh and policy == "freeze":
            return 2, 0
        if fresh and policy == "evolve":
            columns += fresh
        if mode in ("truncate", "replace"):
            former = {}
        for row in rows:
            key = row[self.key]
            if policy == "reject" and any(row[name] is not None for name in fresh):
                rejected += 1
            elif key is None or mode in ("append", "truncate", "replace") and key in former:
                rejected += 1
            elif mode == "delete":
                former.pop(key, None)
            else:
                # a column that the rows do not bring keeps what it has
                former[key] = {**former.get(key, {}), **{name: value for name, value in row.items() if name in columns}}
        self.columns, self.rows = columns, former
        return 0, rejected

    def stands(self):
        return sorted((tuple(row.get(name) for name in self.columns) for row in self.rows.values()), key=repr)


class Versions:
    """A history: of each key its versions, the last is current."""

    def __init__(self):
        self.of = {}

    def take(self, key, value, at):
        """Whether the row is rejected."""
        chain = self.of.setdefault(key, [])
        if not chain or (at > chain[-1][0] and chain[-1][1] != value):
            chain.append((at, value))
        elif at < chain[-1][0]:
            return (at, value) not in chain
        elif at == chain[-1][0]:
            chain[-1] = (at, value)
        return False

    def stands(self):
        rows = []
        for key, chain in self.of.items():
            for n, (at, value) in enumerate(chain):
                last = n + 1 == len(chain)
                rows.append((key, value, at, None if last else chain[n + 1][0], int(last)))
        return sorted(rows, key=repr)


def table_round(database, number, draw, folder):
    columns = names(draw, 4)
    table = Table(draw.choice(HOSTILE), columns)
    for step in range(8):
        mode = draw.choice(["append", "truncate", "replace", "upsert", "delete"]) if step else "append"
        policy = draw.choice(["freeze", "evolve", "reject", "drop"])
        given = columns[:3] if draw.random() < 0.6 else columns
        rows = [{name: draw.choice([None, *HOSTILE]) for name in given} for _ in range(draw.randrange(1, 60))]
        for row in rows:
            row[table.key] = None if draw.random() < 0.05 else draw.randrange(-5, 40)
        wanted = table.expect(mode, policy, given, rows)
        code, answer = run(database, folder, draw, rows, {"table": table.name, "mode": mode, "key": table.key, "new_columns": policy,
                                                "types": {name: name == table.key for name in given}})
        what = f"round {number}, step {step}: {mode}, {policy}, {len(given)} columns of {table.name!r}"
        check(f"{what}: exit", code if code == wanted[0] else (code, answer["error"]), wanted[0])
        if code == 0:
            check(f"{what}: rejected", answer["summary"]["rows_rejected"], wanted[1])
            check(f"{what}: balanced", answer["summary"]["balanced"], True)
        got = database.stands(table.name)
        check(f"{what}: rows", got[0], table.stands())
        check(f"{what}: columns", got[1], table.columns)
        check(f"{what}: tables", got[2], sorted(["other", table.name]))


def history_round(database, number, draw, folder):
    key, value, at = names(draw, 3)
    options = dict(zip(("valid_from", "valid_to", "is_current"), (name + "!" for name in names(draw, 3))))
    versions, clock = Versions(), 0
    for step in range(5):
        rows, rejected = [], 0
        for _ in range(draw.randrange(1, 80)):
            clock += draw.choice([0, 1, 1, 5])
            when = clock if draw.random() < 0.9 else clock - draw.randrange(10)
            rows.append({key: draw.randrange(6), value: draw.choice([None, "a", "A", *HOSTILE[:3]]), at: when})
            rejected += versions.take(rows[-1][key], rows[-1][value], when)
        code, answer = run(database, folder, draw, rows, {"table": "history; --", "mode": "scd2", "key": key, "history": {**options, "at": at},
                                                "types": {key: True, value: False, at: True}})
        what = f"round {number}, step {step} of a history"
        check(f"{what}: exit", code, 0)
        check(f"{what}: rejected", answer["summary"] and answer["summary"]["rows_rejected"], rejected)
        got = database.stands("history; --")
        check(f"{what}: versions", got[0], versions.stands())
        check(f"{what}: columns", got[1], [key, value, *options.values()])


def compare(database, rounds):
    """The exit code."""
    print(f"# seed {SEED}, {rounds} rounds")
    for number in range(rounds):
        draw = random.Random(f"{SEED} {number}")
        with tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
            database.begin(folder)
            table_round(database, number, draw, folder)
            history_round(database, number, draw, folder)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0
