#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Conditions that a source judges, beside the same ones judged by qetl.

    pushdown_diff.py build CONDITIONS SOURCE    pushed.json and here.json
    pushdown_diff.py compare CONDITIONS         what differs; then how many conditions there were

A line of CONDITIONS is a column, how its condition is judged by the source (e: exactly, p: in part, n: not at all), and the condition. In pushed.json
each filter has a source of its own, of id and that column; in here.json all filters of a column read the same one, so that none can be handed over.
compare reads the reports pushed.report and here.report, and plan.json (run --dry-run --json of pushed.json), where there is one.
"""
import json
import os
import sys

WORDS = {"e": "exact", "p": "partial", "n": None}


def conditions():
    with open(sys.argv[2], encoding="utf-8") as file:
        return list(enumerate(line.split(" ", 2) for line in file.read().splitlines()))


def read(name, mode="r"):
    with open(name, mode, encoding=None if "b" in mode else "utf-8") as file:
        return file.read()


def build(name):
    document = {"name": name, "timezone": "Europe/Berlin", "sources": {}, "transforms": {}, "sinks": {}}
    for number, (column, _, where) in conditions():
        source = f"s{number}" if name == "pushed" else f"all_{column}"
        document["sources"][source] = {**json.loads(sys.argv[3]), "columns": ["id", column]}
        if name != "pushed":
            document["sinks"][f"of_{source}"] = {"plugin": "null", "input": source}
        document["transforms"][f"f{number}"] = {"plugin": "filter", "input": source, "where": where}
        document["sinks"][f"o{number}"] = {"plugin": "file", "input": f"f{number}", "path": f"{name}/{number}.csv", "format": "csv"}
    with open(f"{name}.json", "w", encoding="utf-8") as file:
        json.dump(document, file)


def components(name):
    return {c["id"]: c for c in json.loads(read(name))["result"]["components"]}


def compare():
    plan, pushed, here = os.path.exists("plan.json") and components("plan.json"), components("pushed.report"), components("here.report")
    number = -1
    for number, (column, word, where) in conditions():
        rows, wanted = (read(f"{name}/{number}.csv", "rb") for name in ("pushed", "here"))
        source, judge, alone = pushed[f"s{number}"], pushed[f"f{number}"], here[f"all_{column}"]
        if rows != wanted:
            print(f"{where}: other rows: {rows}, wanted {wanted}")
        if plan and plan[f"f{number}"].get("pushed") != WORDS[word]:
            print(f"{where}: pushed: {plan[f'f{number}'].get('pushed')}")
        # What cannot be read is no NULL: the database says so, and the row is none that was asked for.
        if source["rows_rejected"] != alone["rows_rejected"] and "IS NULL" not in where:
            print(f"{where}: rejected: {source['rows_rejected']}, wanted {alone['rows_rejected']}")
        if word == "e" and judge["rows_filtered"]:
            print(f"{where}: rows that were left to the filter: {judge['rows_filtered']}")
        if (word == "n") != (source["rows_out"] == alone["rows_out"]):
            print(f"{where}: rows that came: {source['rows_out']}")
    print(f"{number + 1} conditions")


if sys.argv[1] == "build":
    build("pushed")
    build("here")
else:
    compare()
