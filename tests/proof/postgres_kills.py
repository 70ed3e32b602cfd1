#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills runs that write to PostgreSQL with SIGKILL, and the server with them, and lets them go on: no row lost, none doubled, nothing left behind.

Usage: postgres_kills.py KILLS [SEED [RESTARTS [PIPELINE...]]]

As kills.py, in a server of its own: each series has a schema there. RESTARTS times the server goes down at once (immediate) while runs are at work, and comes up
again; no run may fail for it. Ends with "N passed, N failed".
"""
import glob
import os
import random
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [here, os.path.dirname(here)]
import kills  # noqa: E402
import rig  # noqa: E402
from expr_postgres import Postgres  # noqa: E402

# libraries that come late: see cases/rest-lib.sh
os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":intercept_tls_get_addr=0"
PATIENT = "retry: {attempts: 200, first: 20ms, most: 200ms}, breaker: false"
kills.BY_SINK += ["commit.between", "commit.after"]  # which decide here
server = None


def psql(sql):
    for _ in range(600):  # it may be down
        done = subprocess.run([os.path.join(server.binaries, "psql"), "-h", server.folder, "-U", "q", "-d", "postgres", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"],
                              input=sql, capture_output=True, text=True, check=False)
        if done.returncode != 2:
            break
        time.sleep(0.1)
    if done.returncode:
        raise ValueError(done.stderr)
    return done.stdout


def schema_of(folder):
    return '"' + os.path.basename(folder) + '"'


class Into(rig.Pipeline):
    """Into a table of the series' schema. former: what is done before, in SQL; table: its rows come from PostgreSQL, too, with these options."""

    def __init__(self, name, sink, expected, former="", table=None):
        super().__init__(name, f"transforms:\n{rig.PULSE}sinks:\n  out: {{plugin: postgres, input: p, TO, {sink}}}\n", expected, letters=not table)
        self.former, self.table = former, table

    def write(self, folder, rows=rig.ROWS):
        super().write(folder, rows)
        schema = schema_of(folder)
        psql(f"DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}; SET search_path = {schema};"
             f"CREATE TABLE src AS SELECT i AS id, i % 7 AS k, i * 3 AS v, repeat('x', 100) AS pad FROM generate_series(0, {rows - 1}) i WHERE i % 97 <> 13;"
             "ALTER TABLE src ADD PRIMARY KEY (id);" + self.former)
        path = os.path.join(folder, "p.yaml")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        to = f"host: {server.folder}, user: q, database: postgres, schema: {schema.strip(chr(34))}, {PATIENT}"
        if self.table:
            text = text.replace("{plugin: file, path: in.csv, format: {type: csv, types: {v: bigint}}}", f"{{plugin: postgres, TO, table: src, {self.table}}}")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace("TO,", to + ","))

    def check(self, folder, rows=rig.ROWS):
        wrong = super().check(folder, rows)
        left = psql(f"SELECT relname FROM pg_class WHERE relnamespace = '{schema_of(folder)}'::regnamespace AND relname LIKE '\\_qetl\\_new%'")
        if not wrong and left:
            wrong = f"left behind: {left}"
        if not wrong:
            psql(f"DROP SCHEMA IF EXISTS {schema_of(folder)} CASCADE")
        return wrong


def rows_are(sql):
    """What the table holds, against the rows of the run."""
    def expected(_, folder, ids):
        got = [tuple(int(v) for v in line.split("|")) for line in psql(f"SET search_path = {schema_of(folder)}; {sql}").split()]
        wanted = [tuple(rig.row(i).values()) for i in ids]
        return None if got == wanted else rig.compare("rows", [line[0] for line in got], ids) or "rows: others than were written"
    return expected


def versions(_, folder, ids):
    got = psql(f"SET search_path = {schema_of(folder)}; SELECT k, v, valid_from, coalesce(valid_to, -1), is_current::int FROM h ORDER BY valid_from").split()
    after = {}
    for at, i in enumerate(ids):
        after[i] = next((other for other in ids[at + 1:at + 20] if other % 7 == i % 7), -1)
    wanted = [f"{i % 7}|{i * 3}|{i}|{after[i]}|{int(after[i] < 0)}" for i in ids]
    return None if got == wanted else f"versions: {len(got)}, wanted {len(wanted)}, or others"


ALL = "SELECT id, k, v FROM t ORDER BY id"
FORMER = "CREATE TABLE t (id int PRIMARY KEY, k int, v int); INSERT INTO t SELECT i, -1, -1 FROM generate_series(0, 300) i WHERE i % 97 <> 13;"
PLAIN = "CREATE TABLE t (id bigint, k smallint, v numeric);"
PIPELINES = [
    Into("postgres-append", "table: t, new_columns: drop", rows_are(ALL), PLAIN),
    # read by several: parts that are gone on with each behind its last row, and parts that begin anew
    Into("postgres-splits", "table: t, new_columns: drop", rows_are(ALL), PLAIN, "key: id, connections: 3"),
    Into("postgres-pages", "table: t, new_columns: drop", rows_are(ALL), PLAIN, "connections: 3"),
    Into("postgres-upsert", "table: t, mode: upsert, key: id, new_columns: evolve", rows_are(ALL), FORMER, "key: id"),
    Into("postgres-replace", "table: t, mode: replace, key: id", rows_are(ALL), FORMER),
    Into("postgres-truncate", "table: t, mode: truncate, new_columns: evolve", rows_are(ALL), FORMER, "key: id"),
    Into("postgres-delete", "table: src, mode: delete, key: id", rows_are("SELECT id, k, v FROM gone ORDER BY id"),
         "CREATE TABLE gone (LIKE src); CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO gone SELECT old.*; RETURN old; END'"
         " SET search_path FROM CURRENT; CREATE TRIGGER note BEFORE DELETE ON src FOR EACH ROW EXECUTE FUNCTION note();"),
    Into("postgres-scd2", "table: h, mode: scd2, key: k, history: {at: id}", versions),
]


def restart(times, kills_in_all, ended, done, tally):
    """Spread over the kills, from the first one on: then there is something to be disturbed."""
    for n in range(times):
        while tally.kills <= n * kills_in_all // times:
            if ended.wait(0.05):
                return
        server.command("pg_ctl", "-D", "data", "-m", "immediate", "-w", "stop")
        server.command("pg_ctl", "-D", "data", "-w", "-t", "120", "-l", "log", "-o", f"-c listen_addresses='' -k {server.folder} -c fsync=off -c timezone=UTC", "start")
        done.append(1)


def main():
    global server
    count = int(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else int(os.environ.get("SEED", "1"))
    restarts = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    pipelines = [pipeline for pipeline in PIPELINES if pipeline.name in sys.argv[4:]] or PIPELINES
    binaries = max(glob.glob("/usr/lib/postgresql/*/bin"), default=None)
    if not binaries:
        print("not ok - there is no PostgreSQL server (postgresql-15)\n0 passed, 1 failed")
        return 1
    print(f"seed {seed}", flush=True)
    server = Postgres(binaries)
    rig.PATIENCE_S = 600  # an epoch of all rows begins again with each restart
    done, ended = [], threading.Event()
    try:
        tally, draw = kills.Tally(), random.Random(seed)
        stopper = threading.Thread(target=restart, args=(restarts, count, ended, done, tally))
        stopper.start()
        threads = [threading.Thread(target=kills.work, args=(pipelines, count, random.Random(draw.randrange(1 << 32)), tally, 12 if count >= 1000 else 6))
                   for _ in range(min(4, 2 * os.cpu_count()))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        ended.set()
        stopper.join()
    finally:
        server.close()
    kills.report(tally, count, count >= 1000 and pipelines is PIPELINES, [point for point in kills.POINTS if point not in kills.BY_STORE])
    print(f"  restarts of the server: {len(done)}")
    if len(done) < restarts and count >= 1000 and not tally.wrong:
        tally.wrong.append("too few restarts")
        print(f"not ok - only {len(done)} restarts of {restarts}")
    rig.tell_counts(kills=tally.kills, restarts=len(done), series=tally.series, ended_before_their_kill=tally.missed, phases=tally.phases,
                    means=tally.hows, failpoints=tally.points, pipelines=tally.of)
    print(f"{tally.series - len(tally.wrong)} passed, {len(tally.wrong)} failed")
    return 1 if tally.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
