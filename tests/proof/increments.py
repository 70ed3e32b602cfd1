# SPDX-License-Identifier: Apache-2.0
"""Pipelines that load what is new since their last run: between runs their input grows, late rows come, rows change.

A series has several turns, each of which is killed again and again until it is done. What all of them together have written
is each version of a row once: nothing below the watermark again, nothing of what came within the lag forgotten.
"""
import collections
import json
import os
import sqlite3

import rig

TURNS = 3
LAG = 40


def versions(turn, rows):
    """What is added in a turn, as (id, at): new ones, late ones within the lag, and old ones that were changed."""
    share = rows // TURNS
    first = turn * share
    added = [(i, i) for i in range(first, first + share)]
    if turn:
        added += [(rows + first + n, first - 1 - n) for n in range(0, LAG, 3)]  # late
        added += [(n * 7, first + n) for n in range(0, share, 11)]  # changed
    return added


def turn_of(folder):
    with open(os.path.join(folder, "turn"), encoding="utf-8") as file:
        return json.load(file)


def whole_row(version):
    number, at = version
    return {"id": number, "k": number % 7, "v": number * 3, "at": at}


class Incremental(rig.Pipeline):
    """As its base class, in turns."""

    turns = TURNS

    def __init__(self, name, kind, sinks):
        super().__init__(name, "", None, letters=False)
        self.kind, self.sinks = kind, sinks

    def write(self, folder, rows=rig.ROWS):
        os.makedirs(folder, exist_ok=True)
        if self.kind == "csv":
            with open(os.path.join(folder, "in.csv"), "w", encoding="utf-8") as file:
                file.write("id,k,v,at,pad\n")
        else:
            with sqlite3.connect(os.path.join(folder, "in.db")) as db:
                db.execute("create table rows (id integer, k integer, v integer, at integer, pad text)")
            db.close()
        self.grow(folder, 0, rows)
        rig.write_pipeline(folder, self.text(rows))

    def begin(self, folder, rows=rig.ROWS):
        self.write(folder, rows)
        code, said = rig.run(folder)
        if code:
            raise RuntimeError(f"{self.name}: exit {code}: {said[:1000]}")
        self.grow(folder, 1, rows)

    def standing(self, folder):
        stage, number, _ = rig.stage(folder, self.name)
        return stage if number > turn_of(folder)["since"] else 0

    def grow(self, folder, turn, rows=rig.ROWS):
        with open(os.path.join(folder, "turn"), "w", encoding="utf-8") as file:
            json.dump({"turn": turn, "since": rig.stage(folder, self.name)[1]}, file)
        added = [(*whole_row(version).values(), rig.PAD[version[0] % 9:]) for version in versions(turn, rows)]
        if self.kind == "csv":
            with open(os.path.join(folder, "in.csv"), "a", encoding="utf-8") as file:
                file.writelines(",".join(map(str, line)) + "\n" for line in added)
            return
        with sqlite3.connect(os.path.join(folder, "in.db")) as db:
            db.executemany("insert into rows values (?, ?, ?, ?, ?)", added)
        db.close()

    def text(self, rows):
        reads = {"csv": "plugin: file, path: in.csv, format: {type: csv, types: {id: bigint, k: bigint, v: bigint, at: bigint}}",
                 "sqlite": "plugin: sqlite, path: in.db, table: rows"}[self.kind]
        return (f"name: {self.name}\nbatch_rows: 50\nbatch_bytes: 4096\ncheckpoint: {{every: 1ms}}\n"
                f"sources:\n  in: {{{reads}, incremental: {{cursor: at, lag: {LAG}, key: id}}}}\n"
                f"transforms:\n{rig.PULSE}sinks:\n{self.sinks}")

    def check(self, folder, rows=rig.ROWS):
        try:
            wanted = [whole_row(version) for turn in range(turn_of(folder)["turn"] + 1) for version in versions(turn, rows)]
            for name, found in (("out.ndjson", self.lines(folder)), ("out.db", self.table(folder))):
                wrong = found is not None and difference(name, found, wanted)
                if wrong:
                    return wrong
            return None
        except (OSError, ValueError, sqlite3.Error) as error:
            return f"{type(error).__name__}: {error}"

    def lines(self, folder):
        if "out.ndjson" not in self.sinks:
            return None
        with open(os.path.join(folder, "out.ndjson"), encoding="utf-8") as file:
            return [{key: value for key, value in json.loads(line).items() if key != "pad"} for line in file]

    def table(self, folder):
        if "out.db" not in self.sinks:
            return None
        with sqlite3.connect(f"file:{folder}/out.db?mode=ro", uri=True) as db:
            found = db.execute("select id, k, v, at from rows").fetchall()
        db.close()
        return [dict(zip(("id", "k", "v", "at"), line)) for line in found]


def difference(name, found, wanted):
    got, due = (collections.Counter(tuple(line.values()) for line in lines) for lines in (found, wanted))
    lost, more = due - got, got - due
    if not lost and not more:
        return None
    return f"{name}: {sum(lost.values())} lost {list(lost)[:3]}, {sum(more.values())} doubled or foreign {list(more)[:3]}"


FILE = "  out: {plugin: file, input: p, path: out.ndjson, if_exists: append}\n"
TABLE = "  table: {plugin: sqlite, input: p, path: out.db, table: rows}\n"
PIPELINES = [Incremental("increment", "csv", FILE)]
if rig.has_plugin("sink", "sqlite"):
    PIPELINES += [Incremental("increment-sqlite", "csv", TABLE), Incremental("increment-table", "sqlite", FILE),
                  Incremental("increment-both", "sqlite", FILE + TABLE)]
ALL = rig.PIPELINES + PIPELINES


def by_name(name):
    return next(pipeline for pipeline in (*ALL, rig.NOWHERE) if pipeline.name == name)
