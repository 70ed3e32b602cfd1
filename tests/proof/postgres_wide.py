#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Wide rows that a server of its own makes up go from PostgreSQL into PostgreSQL, so many megabytes of them, within what --memory allows.

Usage: postgres_wide.py MEGABYTES [MEMORY_MB]

Rows have 256 KiB, some 4 MiB, and now and then none. A trigger in front of the table keeps the length and the digest of each, so that nothing has to lie on a disk. Ends with "N passed, N failed".
"""
import glob
import hashlib
import os
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [here, os.path.dirname(here)]
import rig  # noqa: E402
from expr_postgres import Postgres  # noqa: E402

# libraries that come late: see cases/rest-lib.sh
os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":intercept_tls_get_addr=0"
QETL = os.environ.get("QETL") or os.path.join(rig.BUILD, "qetl")
WIDEST_MB = 4  # each end holds the widest row some times over
TABLE = """CREATE TABLE kept (id bigint, t text, length bigint, digest text);
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN new.length = length(new.t); new.digest = CASE WHEN new.id % 16 = 0 THEN md5(new.t) END; new.t = NULL; RETURN new; END';
CREATE TRIGGER keep BEFORE INSERT ON kept FOR EACH ROW EXECUTE FUNCTION keep();"""


def width(i):
    return 0 if i % 50 == 7 else WIDEST_MB << 20 if i % 200 == 100 else 256 << 10


def rows_of(megabytes):
    n = total = 0
    while total < megabytes << 20:
        n += 1
        total += width(n)
    return n, total


def measured(command, folder):
    """(exit code, megabytes at most, what it said)"""
    with tempfile.TemporaryFile("w+", dir=folder) as said:
        process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        return process.returncode, usage.ru_maxrss / 1024, said.read()


def main():
    megabytes, memory = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 128
    n, total = rows_of(megabytes)
    times = f"CASE WHEN i % 50 = 7 THEN 0 WHEN i % 200 = 100 THEN {WIDEST_MB << 15} ELSE {256 << 5} END"
    query = f"SELECT i AS id, repeat(md5(i::text), {times}) AS t FROM generate_series(1, {n}) i"
    server, wrong = Postgres(max(glob.glob("/usr/lib/postgresql/*/bin"))), []
    try:
        server.ask(TABLE + " SELECT 1")
        with tempfile.TemporaryDirectory() as folder:
            to = f"host: {server.folder}, user: q, database: postgres"
            with open(os.path.join(folder, "wide.yaml"), "w", encoding="utf-8") as file:
                file.write(f"name: wide\nsources:\n  in: {{plugin: postgres, {to}, query: \"{query}\"}}\nsinks:\n  out: {{plugin: postgres, input: in, {to}, table: kept}}\n")
            began = time.monotonic()
            code, peak, said = measured([QETL, "run", "wide.yaml", "-q", "--no-state", "--memory", f"{memory}MiB"], folder)
            took = time.monotonic() - began
        if code:
            wrong.append(f"exit {code}: {said[-1500:]}")
        got = server.ask("SELECT count(*), coalesce(sum(length), 0), count(digest) FILTER (WHERE digest <> '') FROM kept").strip()
        if not code and got != f"{n}|{total}|{n // 16}":
            wrong.append(f"rows: {got}, wanted {n}|{total}|{n // 16}")
        sample = server.ask("SELECT digest FROM kept WHERE id = 16").strip()
        if not code and sample != hashlib.md5(hashlib.md5(b"16").hexdigest().encode() * (256 << 5)).hexdigest():
            wrong.append("a row is another than was read")
        if peak > memory and not os.environ.get("QETL_SANITIZER"):
            wrong.append(f"it took {peak:.0f} MB of memory, and {memory} were allowed")
    finally:
        server.close()
    print(f"{n} rows of {total / 1e9:.2f} GB in {took:.1f} s, {total / 1e6 / took:.0f} MB/s; at most {peak:.0f} MB with --memory {memory}MiB")
    for what in wrong:
        print(f"not ok - {what}")
    rig.tell_counts(rows=n, bytes=total, seconds=round(took, 1), peak_mb=round(peak))
    print(f"{3 - len(wrong)} passed, {len(wrong)} failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
