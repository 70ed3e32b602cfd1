#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each layout of the catalogue: a file that Python's struct (or wave, or another program) made is found to be of it, has the
values that were put in, and is written again byte for byte; `last` reads what qetl writes.

QETL: the binary. QETL_PLUGIN_PATH: its plugins. QETL_DIFF_SEED: what to repeat."""
import base64
import datetime
import glob
import io
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import uuid
import wave
import zlib

QETL = os.environ.get("QETL", "./qetl")
TREE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SEED = int(os.environ.get("QETL_DIFF_SEED", "20260101"))
passed = failed = 0


def check(what, got, expected):
    global passed, failed
    if got == expected:
        passed += 1
        return
    failed += 1
    print(f"FAILED {what}\n  got      {got!r:.900}\n  expected {expected!r:.900}")
    if os.environ.get("QETL_DIFF_FIRST"):
        sys.exit(1)


def utc(seconds, micros=0):
    text = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    return text + (f".{micros:06d}".rstrip("0") if micros else "") + "Z"


def base(data):
    return base64.b64encode(data).decode()


def utmp(rng):
    kinds = ["empty", "run_level", "boot_time", "new_time", "old_time", "init_process", "login_process", "user_process", "dead_process"]
    body, rows = b"", []
    for number in range(40):
        kind, at, us = rng.randrange(1, 9), 1700000000 + number * 1000, rng.choice([0, 250000, 999999])
        address = rng.randbytes(16)
        line, user, host = f"pts/{number}", rng.choice(["anna", "benjamin"]), rng.choice(["", "10.0.0.7", "häuschen"])
        body += struct.pack("<h2xi32s4s32s256shhiii16s20x", kind, 1000 + number, line.encode(), b"ts/1", user.encode(),
                            host.encode(), 0, 1, -1, at, us, address)
        rows.append({"type": kinds[kind], "pid": 1000 + number, "line": line, "id": "ts/1", "user": user, "host": host,
                     "termination": 0, "exit": 1, "session": -1, "time": utc(at, us), "address": base(address)})
    return body, rows


def lastlog(rng):
    body, rows = b"", []
    for number in range(1002):
        if number not in (0, 7, 1000):
            body += bytes(292)
            rows.append({"time": None, "line": "", "host": ""})
            continue
        at = rng.randrange(1500000000, 1750000000)
        body += struct.pack("<I32s256s", at, b"tty1", b"example.org")
        rows.append({"time": utc(at), "line": "tty1", "host": "example.org"})
    return body, rows


def acct(rng):
    comps = ["user", "system", "memory", None, None, "minor_faults", "major_faults", None]
    body, rows = b"", []
    for number in range(30):
        values = [rng.randrange(65536) for _ in range(8)]
        ids = [rng.randrange(70000) for _ in range(5)]
        flag = rng.choice([0, 1, 2, 8, 16, 27])
        elapsed, name = float(rng.randrange(5000)), rng.choice(["bash", "cron", "sixteen-letters!"])
        body += struct.pack("<BBH6If8H16s", flag, 3, 34816, *ids, 1700000000 + number, elapsed, *values, name.encode())
        row = {"forked": bool(flag & 1), "superuser": bool(flag & 2), "core_dumped": bool(flag & 8), "killed": bool(flag & 16), "version": 3,
               "tty": 34816, **dict(zip(["exit_code", "uid", "gid", "pid", "parent_pid"], ids)), "began": utc(1700000000 + number),
               "elapsed_ticks": elapsed, "io_comp": values[3], "rw_comp": values[4], "swaps_comp": values[7], "command": name}
        for comp, value in zip(comps, values):
            if comp:
                row.update({comp + "_mantissa": value & 8191, comp + "_exponent": value >> 13})
        rows.append(row)
    return body, rows


def gpt(rng):
    """As UEFI 2.10, 5.3 has it, with its checksums."""
    entries, rows = b"", []
    for number in range(128):
        used = number < 3
        kind = uuid.UUID("0fc63daf-8483-4772-8e79-3d69d8477de4").bytes_le if used else bytes(16)
        ident = rng.randbytes(16) if used else bytes(16)
        first, last = (2048 * (number + 1), 2048 * (number + 2) - 1) if used else (0, 0)
        label = ["boot", "wurzel", "データ"][number] if used else ""
        entries += kind + ident + struct.pack("<QQQ", first, last, 0) + label.encode("utf-16le").ljust(72, b"\0")
        rows.append({"type": base(kind), "id": base(ident), "first_sector": first, "last_sector": last, "attributes": 0, "label": label})
    mbr = bytes(446) + struct.pack("<B3sB3sII", 0, b"\0\2\0", 0xee, b"\xff\xff\xff", 1, 99999) + bytes(48) + b"\x55\xaa"
    header = b"EFI PART" + struct.pack("<IIIIQQQQ16sQIII", 0x10000, 92, 0, 0, 1, 99999, 34, 99966, rng.randbytes(16), 2, 128, 128, zlib.crc32(entries))
    header = header[:16] + struct.pack("<I", zlib.crc32(header)) + header[20:]
    return mbr + header.ljust(512, b"\0") + entries + bytes(50000), rows


def idx_labels(rng):
    labels = [rng.randrange(10) for _ in range(500)]
    return struct.pack(">4BI", 0, 0, 8, 1, len(labels)) + bytes(labels), [{"label": n} for n in labels]


def pcap(rng):
    body, rows = struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1), []
    for number in range(50):
        packet, us = rng.randbytes(rng.choice([0, 14, 60, 1500])), rng.randrange(10**6)
        body += struct.pack("<IIII", 1700000000 + number, us, len(packet), len(packet) + 7) + packet
        rows.append({"time": utc(1700000000 + number, us), "captured": len(packet), "length": len(packet) + 7, "packet": base(packet)})
    return body, rows


def shx(rng):
    rows, at = [], 50
    for _ in range(60):
        size = rng.randrange(2, 500)
        rows.append({"offset": at, "length": size})
        at += size + 4
    head = struct.pack(">7i", 9994, 0, 0, 0, 0, 0, 50 + 4 * len(rows)) + struct.pack("<ii8d", 1000, 5, -180, -90, 180, 90, 0, 0, 0, 0)
    return head + b"".join(struct.pack(">ii", r["offset"], r["length"]) for r in rows), rows


def stl(rng):
    body, rows = b"", []
    for number in range(24):
        corners = [[rng.randrange(-999, 999) / 4 for _ in range(3)] for _ in range(4)]
        body += struct.pack("<12fH", *sum(corners, []), number)
        rows.append(dict(zip(["normal", "a", "b", "c"], corners), attributes=number))
    return b"made here".ljust(80, b"\0") + struct.pack("<I", len(rows)) + body, rows


def wav(channels):
    def make(rng):
        values = [rng.randrange(-32768, 32768) for _ in range(600)]
        out = io.BytesIO()
        with wave.open(out, "wb") as file:
            file.setnchannels(channels)
            file.setsampwidth(2)
            file.setframerate(44100)
            file.writeframes(struct.pack("<600h", *values))
        rows = [{"sample": v} for v in values] if channels == 1 else [{"left": a, "right": b} for a, b in zip(values[::2], values[1::2])]
        return out.getvalue(), rows
    return make


MAKERS = {"acct": acct, "gpt": gpt, "idx_labels": idx_labels, "lastlog": lastlog, "pcap": pcap, "shx": shx, "stl": stl, "utmp": utmp,
          "wav_mono": wav(1), "wav_stereo": wav(2)}


def run(folder, source, source_format, target, target_format):
    pipeline = {"sources": {"in": {"plugin": "file", "path": source, "format": source_format}},
                "sinks": {"out": {"plugin": "file", "input": "in", "path": target, "format": target_format, "if_exists": "replace"}}}
    with open(os.path.join(folder, "p.json"), "w", encoding="utf-8") as file:
        json.dump(pipeline, file)
    done = subprocess.run([QETL, "run", "p.json", "--json-file", "report.json", "--validate", "full", "-q", "--log-level", "info"],
                          capture_output=True, text=True, timeout=300, cwd=folder)
    if done.returncode:
        return None, done.stderr
    with open(os.path.join(folder, "report.json"), encoding="utf-8") as file:
        return json.load(file)["summary"], done.stderr


def rows_of(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def try_layout(folder, name, data, rows, layout):
    with open(os.path.join(folder, "in.bin"), "wb") as file:
        file.write(data)
    for says, options in (("found", {"type": "binary"}), ("named", {"type": "binary", "layout": name})):
        summary, log = run(folder, "in.bin", options, "out.ndjson", "ndjson")
        check(f"{name}, {says}: it runs", log if summary is None else "", "")
        if not summary:
            return
        check(f"{name}, {says}: the layout", f"layout {name}{' (it fits the file)' if says == 'found' else ''}," in log, True)
        check(f"{name}, {says}: the ledger", (summary["balanced"], summary["rows_rejected"], summary["rows_out"]), (True, 0, len(rows)))
        bad = [(g, w) for g, w in zip(rows_of(folder, "out.ndjson"), rows) if g != w]
        check(f"{name}, {says}: rows that differ", bad[:1], [])
    header = layout.get("header", {})
    summary, log = run(folder, "in.bin", {"type": "binary", "layout": name}, "again.bin", {"type": "binary", "layout": name})
    if layout.get("read_only") or "count" in header or "bytes" in header:
        check(f"{name}: it cannot be written", (summary, "can be read, not written" in log), (None, True))
        return
    check(f"{name}: written", log if summary is None else "", "")
    with open(os.path.join(folder, "again.bin"), "rb") as file:
        check(f"{name}: the same bytes", file.read() == data, True)


def cut_and_longer(folder, name, data, rows, layout):
    """Half a file, a byte less, a byte more: the whole records, and one that is rejected where bytes are left or missing."""
    header = layout.get("header", {})
    size, promises = header.get("size", 0), "count" in header or "bytes" in header
    stride = 128 if name == "gpt" else (len(data) - size) // len(rows)
    for says, changed in (("half", data[:len(data) // 2]), ("a byte less", data[:-1]), ("a byte more", data + b"\x7f")):
        with open(os.path.join(folder, "cut.bin"), "wb") as file:
            file.write(changed)
        summary, log = run(folder, "cut.bin", {"type": "binary", "layout": name}, "cut.ndjson", "ndjson")
        check(f"{name}, {says}: it runs", log if summary is None else "", "")
        if not summary:
            continue
        got = rows_of(folder, "cut.ndjson")
        check(f"{name}, {says}: what there is", (got, summary["balanced"]), (rows[:len(got)], True))
        if name == "pcap":  # packets have sizes of their own
            check(f"{name}, {says}: the rest", (len(got) > 10, summary["rows_rejected"]), (True, 1))
            continue
        wanted = min(len(rows), (len(changed) - size) // stride)
        rest = wanted < len(rows) if promises else (len(changed) - size) % stride != 0
        check(f"{name}, {says}: the rest", (len(got), summary["rows_rejected"]), (wanted, int(rest)))


def by_last(folder, rng):
    """last(1) reads a wtmp of ours; utmpdump(1) makes one for us."""
    data, rows = utmp(rng)
    with open(os.path.join(folder, "in.bin"), "wb") as file:
        file.write(data)
    run(folder, "in.bin", {"type": "binary", "layout": "utmp"}, "wtmp", {"type": "binary", "layout": "utmp"})
    if not shutil.which("utmpdump"):
        print("no utmpdump")
        return
    dump = subprocess.run(["utmpdump", os.path.join(folder, "wtmp")], capture_output=True, text=True, timeout=300, check=True).stdout
    lines = [line for line in dump.splitlines() if line.startswith("[")]
    check("utmpdump: users", [line.split("] [")[3].strip() for line in lines], [row["user"] for row in rows])
    back = subprocess.run(["utmpdump", "-r"], input=dump.encode(), capture_output=True, timeout=300, check=True).stdout
    with open(os.path.join(folder, "in.bin"), "wb") as file:
        file.write(back)
    summary, log = run(folder, "in.bin", "binary", "out.ndjson", "ndjson")
    check("utmpdump: it runs", log if summary is None else "", "")
    check("utmpdump: pids and times", [(row["pid"], row["time"]) for row in rows_of(folder, "out.ndjson")], [(row["pid"], row["time"]) for row in rows])


def main():
    print(f"seed {SEED}")
    layouts = {os.path.basename(path)[:-5]: json.load(open(path, encoding="utf-8")) for path in glob.glob(f"{TREE}/plugins/formats/binary/layouts/*.json")}
    check("each layout has a sample", sorted(MAKERS), sorted(layouts))
    with tempfile.TemporaryDirectory(prefix="diff-catalogue-") as folder:
        for name, make in MAKERS.items():
            data, rows = make(random.Random(f"{SEED}/{name}"))
            try_layout(folder, name, data, rows, layouts[name])
            cut_and_longer(folder, name, data, rows, layouts[name])
        by_last(folder, random.Random(SEED))
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


main()
