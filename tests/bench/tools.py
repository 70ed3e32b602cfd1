# SPDX-License-Identifier: Apache-2.0
"""The programs that are measured, and what they read.

Programs come from the environment: QETL, QETL_PLUGIN_PATH, QETL_TOOLS (gen_orders and this folder's programs), LIBDUCKDB,
ZSV, MLR. README.md says where each is had.
"""

import os
import pathlib
import shutil
import subprocess


def find_tools():
    """Paths of the programs; None where one is missing."""
    folder = pathlib.Path(os.environ.get("QETL_TOOLS", "tests/bin"))
    have = {"qetl": os.environ.get("QETL", "./qetl"), "libduckdb": os.environ.get("LIBDUCKDB"),
            "zsv": os.environ.get("ZSV") or shutil.which("zsv"),
            "mlr": os.environ.get("MLR") or shutil.which("mlr"),
            "gawk": os.environ.get("GAWK") or shutil.which("gawk")}
    for name, program in (("duckdb", "peer_duckdb"), ("simdjson", "peer_simdjson"),
                          ("canonical", "canonical"), ("gen_orders", "gen_orders"), ("ceilings", "ceilings"),
                          ("records_by_hand", "peer_records")):
        have[name] = str(folder / program) if (folder / program).exists() else None
    if have["libduckdb"] and not os.path.exists(have["libduckdb"]):
        have["libduckdb"] = None
    return have


def generate(folder, rows, have, names=("csv", "ndjson", "ten", "records")):
    """The inputs: a row depends on the seed and its number alone. Binary records are smaller: 18 for each ten orders."""
    orders = [have["gen_orders"], "--rows"]
    inputs = {"csv": [*orders, str(rows), "--format", "csv"], "ndjson": [*orders, str(rows), "--format", "ndjson"],
              "ten": [*orders, "10", "--format", "csv"],
              "records": [have["records_by_hand"], "generate", str(rows * 18 // 10)]}
    files = {}
    for name in names:
        files[name] = str(folder / f"input-{name}.{({'ten': 'csv', 'records': 'bin'}).get(name, name)}")
        with open(files[name], "wb") as out:
            subprocess.run(inputs[name], stdout=out, stderr=subprocess.DEVNULL, check=True)
    return files
