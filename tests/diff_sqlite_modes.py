#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The modes of the sink sqlite against a simulation (sink_modes.py)."""
import os
import sqlite3
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from sink_modes import compare, quoted  # noqa: E402


class Sqlite:
    sink = {"plugin": "sqlite", "path": "x.db"}

    def begin(self, folder):
        self.path = os.path.join(folder, "x.db")
        with sqlite3.connect(self.path) as db:
            db.execute("CREATE TABLE other (x)")
        db.close()

    def stands(self, table):
        with sqlite3.connect(self.path) as db:
            columns = [row[1] for row in db.execute(f"PRAGMA table_info({quoted(table)})")]
            rows = db.execute(f"SELECT * FROM {quoted(table)}").fetchall() if columns else []
            tables = sorted(row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'") if row[0] != "_qetl_epochs")
        db.close()
        return sorted(rows, key=repr), columns, tables


sys.exit(compare(Sqlite(), int(os.environ.get("QETL_DIFF_ROUNDS", "12"))))
