#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The modes of the sink postgres against a simulation (sink_modes.py), in a server of its own."""
import glob
import json
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from expr_postgres import Postgres  # noqa: E402
from sink_modes import compare, quoted  # noqa: E402

# libraries that come late: see cases/rest-lib.sh
os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":intercept_tls_get_addr=0"


class Server:
    def __init__(self, pg):
        self.pg = pg
        self.sink = {"plugin": "postgres", "host": pg.folder, "user": "q", "database": "postgres"}

    def begin(self, _):
        self.pg.ask("SET client_min_messages = warning; DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE TABLE other (x int)")

    def ask(self, sql):
        return json.loads(self.pg.ask(f"SELECT coalesce(json_agg(x), '[]') FROM ({sql}) q(x)"))

    def stands(self, table):
        text = "'" + table.replace("'", "''") + "'"
        columns = self.ask(f"SELECT attname FROM pg_attribute JOIN pg_class c ON c.oid = attrelid WHERE relname = {text} AND relnamespace = 'public'::regnamespace"
                           " AND relkind = 'r' AND attnum > 0 AND NOT attisdropped ORDER BY attnum")
        values = ", ".join(quoted(name) for name in columns)
        rows = self.ask(f"SELECT json_build_array({values}) FROM {quoted(table)}") if columns else []
        rows = [tuple(int(value) if isinstance(value, bool) else value for value in row) for row in rows]
        tables = self.ask("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> '_qetl_epochs'")
        return sorted(rows, key=repr), columns, sorted(tables)


def main():
    binaries = os.environ.get("PG_BIN") or max(glob.glob("/usr/lib/postgresql/*/bin"), default=None)
    if not binaries:
        print("not ok - there is no PostgreSQL server (postgresql-15)\n0 passed, 1 failed")
        return 1
    pg = Postgres(binaries)
    try:
        return compare(Server(pg), int(os.environ.get("QETL_DIFF_ROUNDS", "4")))
    finally:
        pg.close()


sys.exit(main())
