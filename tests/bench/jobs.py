# SPDX-License-Identifier: Apache-2.0
"""The jobs, and how each contender is told to do them.

A contender reads {csv}, {ndjson}, {records} or {ten}, and writes {out}, or its stdout becomes {out}. Programs and files in braces are
filled in by `compare`, which also compares every answer with qetl's own: "csv" and "ndjson" by the hash of `canonical`,
"numbers" as the first two numbers of the last line; None is not compared, and README.md says why.
"""

from dataclasses import dataclass, field


@dataclass
class Contender:
    """One program at one job."""

    name: str
    command: list
    answer: str | None
    goal: float | None = None
    runs: list = field(default_factory=list)
    said: object = None


@dataclass
class Job:
    """qetl is the first of the contenders."""

    id: str
    what: str
    contenders: list
    pipeline: str | None = None
    workers: int | None = None

COUNTRIES = "'DE', 'FR', 'NL'"
CSV = "read_csv('{csv}')"
TEXT = "read_csv('{csv}', all_varchar = true)"
COLUMNS = ("order_id", "ts", "customer_id", "product", "category", "country", "quantity", "unit_price",
           "discount", "email", "note")
EVERY_COLUMN = ", ".join(f"count({name})" for name in COLUMNS)


def duckdb(sql):
    """DuckDB with as many threads as qetl has workers, and rows in order."""
    return ["{duckdb}", "{libduckdb}", "SET threads = {workers}", "SET preserve_insertion_order = true", sql]


def copy(query, kind):
    """COPY of a query to the output."""
    how = "FORMAT csv, HEADER" if kind == "csv" else "FORMAT json"
    return duckdb(f"COPY ({query}) TO '{{out}}' ({how})")


def qetl(*options):
    """One line of qetl."""
    return ["{qetl}", "run", "--workers", "{workers}", "-q", *options]


FILTER = f"country IN ({COUNTRIES}) AND quantity * unit_price > 100"
CASTS = f"country IN ({COUNTRIES}) AND quantity::BIGINT * unit_price::DECIMAL(12,2) > 100"

W1_PIPELINE = """\
sources:
  orders: {{plugin: file, path: "{csv}", format: csv}}
transforms:
  sums:
    plugin: aggregate
    input: orders
    set: {{n: "count(*)", total: "sum(quantity * unit_price)"}}
sinks:
  out: {{plugin: file, input: sums, path: "{out}.csv", format: csv}}
"""

W2_PIPELINE = f"""\
sources:
  orders: {{{{plugin: file, path: "{{csv}}", format: csv}}}}
transforms:
  some: {{{{plugin: filter, input: orders, where: "{FILTER}"}}}}
  amounts: {{{{plugin: compute, input: some, set: {{{{amount: "quantity * unit_price"}}}}}}}}
sinks:
  out: {{{{plugin: file, input: amounts, path: "{{out}}.csv", format: csv}}}}
"""

W8_PIPELINE = """\
sources:
  records: {{plugin: file, path: "{records}", format: {{type: binary, struct: "<IQIq32s"}}}}
sinks:
  out: {{plugin: file, input: records, path: "{out}.csv", format: csv}}
"""

SUM_BY_AWK = 'NR > 1 {{ n++; total += $7 * $8 }} END {{ printf "%d %.6f\\n", n, total }}'

JOBS = [
    Job("W1", "CSV -> count, sum of a product", [
        Contender("qetl", qetl("{pipeline}"), "numbers"),
        Contender("duckdb, all columns", duckdb(
            f"SELECT count(*), sum(quantity * unit_price), {EVERY_COLUMN} FROM {CSV}"), "numbers", 8),
        Contender("duckdb, two columns", duckdb(
            f"SELECT count(*), sum(quantity * unit_price) FROM {CSV}"), "numbers"),
        Contender("gawk", ["{gawk}", "-F,", SUM_BY_AWK, "{csv}"], None),
    ], pipeline=W1_PIPELINE),
    Job("W2", "CSV -> filter, computed column -> CSV", [
        Contender("qetl", qetl("{pipeline}"), "csv"),
        Contender("duckdb", copy(
            f"SELECT *, quantity * unit_price AS amount FROM {CSV} WHERE {FILTER}", "csv"), "csv", 8),
        Contender("duckdb, all_varchar", copy(
            "SELECT *, quantity::BIGINT * unit_price::DECIMAL(12,2) AS amount "
            f"FROM {TEXT} WHERE {CASTS}", "csv"), "csv", 5),
    ], pipeline=W2_PIPELINE),
    Job("W2e", "CSV -> CSV, all rows", [
        Contender("qetl", qetl("--from", "{csv}", "--to", "{out}.csv"), "csv"),
        Contender("duckdb", copy(f"SELECT * FROM {CSV}", "csv"), "csv", 6),
        Contender("duckdb, all_varchar", copy(f"SELECT * FROM {TEXT}", "csv"), "csv", 4),
        Contender("zsv select", ["{zsv}", "select", "{csv}", "-o", "{out}"], "csv", 2),
        Contender("miller", ["{mlr}", "--csv", "cat", "{csv}"], "csv"),
    ]),
    Job("W3", "CSV -> NDJSON", [
        Contender("qetl", qetl("--from", "{csv}", "--to", "{out}.ndjson"), "ndjson"),
        Contender("duckdb", copy(f"SELECT * FROM {CSV}", "ndjson"), "ndjson", 6),
        Contender("zsv 2json", ["{zsv}", "2json", "--object", "--compact", "{csv}", "-o", "{out}"], None, 5),
        Contender("miller", ["{mlr}", "--icsv", "--ojsonl", "cat", "{csv}"], "ndjson"),
    ]),
    Job("W4", "NDJSON -> CSV", [
        Contender("qetl", qetl("--from", "{ndjson}", "--to", "{out}.csv"), "csv"),
        Contender("duckdb", copy(
            "SELECT * FROM read_json('{ndjson}', format = 'newline_delimited')", "csv"), "csv", 4),
    ]),
    Job("W4/1", "NDJSON -> CSV, one worker", [
        Contender("qetl", qetl("--from", "{ndjson}", "--to", "{out}.csv"), "csv"),
        Contender("simdjson", ["{simdjson}", "{ndjson}", "{out}"], "csv", 1.2),
    ], workers=1),
    Job("W8", "binary <IQIq32s -> CSV", [
        Contender("qetl", qetl("{pipeline}"), "csv"),
        Contender("by hand, mmap", ["{records_by_hand}", "convert", "{records}", "{out}", "{workers}"], "csv", 0.8),
    ], pipeline=W8_PIPELINE),
    Job("start", "ten rows, CSV -> NDJSON", [
        Contender("qetl", qetl("--from", "{ten}", "--to", "{out}.ndjson"), "ndjson"),
        Contender("duckdb", copy("SELECT * FROM read_csv('{ten}')", "ndjson"), "ndjson", 4),
    ]),
]
