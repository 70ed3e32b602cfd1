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
            "mlr": os.environ.get("MLR") or shutil.which("mlr")}
    for name, program in (("duckdb", "peer_duckdb"), ("simdjson", "peer_simdjson"),
                          ("canonical", "canonical"), ("gen_orders", "gen_orders"), ("ceilings", "ceilings")):
        have[name] = str(folder / program) if (folder / program).exists() else None
    if have["libduckdb"] and not os.path.exists(have["libduckdb"]):
        have["libduckdb"] = None
    return have


def generate(folder, rows, have, names=("csv", "ndjson", "ten")):
    """The inputs: a row depends on the seed and its number alone."""
    files = {}
    inputs = {"csv": (rows, "csv"), "ndjson": (rows, "ndjson"), "ten": (10, "csv")}
    for name in names:
        n, kind = inputs[name]
        files[name] = str(folder / f"orders-{n}.{kind}")
        with open(files[name], "wb") as out:
            subprocess.run([have["gen_orders"], "--rows", str(n), "--format", kind], stdout=out,
                           stderr=subprocess.DEVNULL, check=True)
    return files
