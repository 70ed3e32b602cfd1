#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills installs, upgrades, downgrades and removals of packages with SIGKILL, and looks what is left: what was installed before or
what was to be, each package whole and signed by whom it was to be, nothing else.

Usage: packages.py KILLS [SEED]

A series is a fresh folder of packages with a random walk of changes, each of which is tried until it was not killed. Packages come
from files, where each content is signed by two keys and by nobody, or from an index on a server, which has a new release now and then. A kill is in front of or behind a call to the system,
after some time, or when the server has sent just so much of the index or of a package; it counts only if the process died by it.
After each kill seen.json has the release from before or the one that was offered; installed.json is read and every file that it leads to is hashed, by this program alone; a pipeline runs what is used; and the next
change has to go on from there. Ends with "N passed, N failed": passed are series.
"""
import collections
import hashlib
import http.server
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tarfile
import threading
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import rig  # noqa: E402

QETL = os.environ.get("QETL", os.path.join(rig.BUILD, "qetl"))
TOUCH = os.path.join(os.environ.get("QETL_TEST_PLUGINS", os.path.join(rig.BUILD, "tests/plugins/lib")), "touch")
SHIMMED = not os.environ.get("QETL_SANITIZER")  # a sanitizer's runtime wants to be first
VERSIONS = ["0.1.0", "0.2.0", "0.3.0", "0.4.0", "0.5.0"]
SIGNERS = ["acme", "other", "nobody"]
PHASES = ["before", "index", "package", "writing", "renamed", "decided", "behind"]
RELEASES = 14  # of the index
CLASSES = {"sync": 30, "rename": 4, "write": 14, "unlink": 14, "mkdir": 5, "open": 60, "any": 200}
OFTEN = ["rename", "rename", "rename", "rename", "sync", "open", "write"]
STEPS = 12
CONSENT = ["--downgrade", "--change-signer"]


def environment(folder, **more):
    here = {"PATH": os.environ["PATH"], "HOME": folder, "QETL_PLUGIN_PATH": f"{folder}/../plain", "LC_ALL": "C.UTF-8"}
    for name in ("ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS"):
        if name in os.environ:
            here[name] = os.environ[name]
    return {**here, **more}


def qetl(folder, *words, **more):
    return subprocess.run([QETL, *words], cwd=folder, env=environment(folder, **more), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=120, check=False)


def must(folder, *words):
    done = qetl(folder, *words)
    if done.returncode:
        raise RuntimeError(f"{words}: exit {done.returncode}: {done.stdout.decode(errors='replace')[:800]}")


def signature_of(package):
    raw = subprocess.run(["zstd", "-dcq", package], stdout=subprocess.PIPE, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(raw)) as archive:
        return json.load(archive.extractfile("SIGNATURE")) if "SIGNATURE" in archive.getnames() else None


def prepare(top):
    """Packages of each version and signer, and the plugins that a pipeline needs beside them: (the releases of an index, signatures)."""
    os.makedirs(f"{top}/plain")
    built = os.environ.get("QETL_PLUGIN_PATH", os.path.join(rig.BUILD, "plugins/lib")).split(":")[0]
    for name in ("file_source", "csv"):
        for end in (".so", ".qetl.json"):
            shutil.copy(f"{built}/{name}{end}", f"{top}/plain")
    os.makedirs(f"{top}/site")
    signatures = {}
    for signer in SIGNERS[:2]:
        must(top, "plugin", "keygen", signer)
    for version in VERSIONS:
        os.makedirs(f"{top}/made/{version}/docs/more")
        for end in (".so", ".qetl.json"):
            with open(TOUCH + end, "rb") as file:
                text = file.read().replace(b"0.1.0", version.encode())
            with open(f"{top}/made/{version}/touch{end}", "wb") as file:
                file.write(text)
        for i in range(3):
            with open(f"{top}/made/{version}/docs/more/page-{i}", "w", encoding="utf-8") as file:
                file.write(f"{version} {i}\n" * 1000 * i)
        name = f"touch-{version}-linux-{os.uname().machine}-glibc.qpkg"
        for signer in SIGNERS:
            key = [] if signer == "nobody" else ["--key", f"{signer}.qsecret"]
            must(top, "plugin", "pack", f"made/{version}", "--out", "made", *key)
            os.rename(f"{top}/made/{name}", f"{top}/{version}-{signer}.qpkg")
            signatures[version, signer] = signature_of(f"{top}/{version}-{signer}.qpkg")
        os.link(f"{top}/{version}-acme.qpkg", f"{top}/site/{name}")
    must(top, "plugin", "keygen", "acme-index")
    releases = []
    for _ in range(RELEASES):
        must(top, "plugin", "index", "site", "--name", "acme", "--key", "acme-index.qsecret")
        with open(f"{top}/site/index.json", "rb") as file:
            releases.append(file.read())
    return releases, signatures


class Site(http.server.ThreadingHTTPServer):
    """The index and its packages at /SEED/NAME. What is planned for a series: its client dies when so much of one file was sent."""

    daemon_threads = True

    def __init__(self, folder, releases, signatures):
        super().__init__(("127.0.0.1", 0), Page)
        self.folder, self.releases, self.signatures = folder, releases, signatures
        self.release, self.plans = collections.Counter(), {}
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Plan:
    def __init__(self, what, part):
        self.what, self.part = what, part
        self.process = None
        self.known, self.struck = threading.Event(), False


class Page(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        _, seed, name = self.path.split("/")
        what = "index" if name == "index.json" else "package"
        if what == "index":
            body = self.server.releases[self.server.release[seed] - 1]
        else:
            with open(os.path.join(self.server.folder, os.path.basename(name)), "rb") as file:
                body = file.read()
        plan = self.server.plans.get(seed)
        struck = plan is not None and plan.what == what and not plan.struck
        try:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[:int(len(body) * plan.part)] if struck else body)
            self.wfile.flush()
        except OSError:
            return
        if struck and plan.known.wait(60):
            plan.struck = True
            plan.process.kill()


class Tally:
    def __init__(self):
        self.kills = self.missed = self.series = self.runs = 0
        self.phases, self.hows, self.changes, self.both = (collections.Counter() for _ in range(4))
        self.wrong = []
        self.lock = threading.Lock()


class Wrong(Exception):
    pass


class Series:
    def __init__(self, top, seed, tally, site):
        self.top, self.draw, self.tally, self.site, self.seed = top, random.Random(seed), tally, site, str(seed)
        self.place = f"http://127.0.0.1:{site.server_port}/{seed}"
        self.folder = f"{top}/{seed}"
        self.depot = f"{self.folder}/.local/share/qetl/plugins"
        self.held = {}  # version: whether it is the one in use, and who signed it
        self.told = []
        os.makedirs(self.folder)
        for signer in SIGNERS[:2]:
            must(self.folder, "key", "add", f"../{signer}.qkey", "--plugins", "*")
        must(self.folder, "key", "add", "../acme-index.qkey", "--plugins", "touch", "--indexes")
        self.seen = None  # the newest release that this folder was shown
        with open(f"{self.folder}/in.csv", "w", encoding="utf-8") as file:
            file.write("id\n1\n")
        with open(f"{self.folder}/p.yaml", "w", encoding="utf-8") as file:
            file.write("sources: {s: {plugin: file, path: in.csv}}\nsinks: {t: {plugin: touch, input: s}}\n")

    # ---- what is there, without any help of qetl's ----

    def listed(self):
        try:
            with open(f"{self.depot}/installed.json", encoding="utf-8") as file:
                packages = json.load(file)["packages"]
        except FileNotFoundError:
            return {}, {}
        return {p["version"]: (p["active"], self.signer_of(p)) for p in packages}, {p["version"]: p["digest"] for p in packages}

    def signer_of(self, package):
        for signer in SIGNERS:
            if self.site.signatures[package["version"], signer] == package["signature"]:
                return signer
        raise Wrong(f"{package['version']} has a signature that nobody made: {package['signature']}")

    def check_content(self, version, digest):
        content = f"{self.depot}/content/{digest}"
        with open(f"{content}/CONTENTS", "rb") as file:
            text = file.read()
        if hashlib.sha256(text).hexdigest() != digest:
            raise Wrong(f"{version}: CONTENTS is another one")
        listed = json.loads(text)
        if listed["version"] != version:
            raise Wrong(f"{version} is {listed['version']}")
        there = {os.path.relpath(os.path.join(at, name), content) for at, _, names in os.walk(content) for name in names}
        if there != {f["path"] for f in listed["files"]} | {"CONTENTS"}:
            raise Wrong(f"{version} has other files than its list: {sorted(there)}")
        for entry in listed["files"]:
            with open(f"{content}/{entry['path']}", "rb") as file:
                if hashlib.sha256(file.read()).hexdigest() != entry["sha256"]:
                    raise Wrong(f"{version}: {entry['path']} is another one")

    def left_over(self):
        """What nobody names: (beside the content, in it)."""
        _, digests = self.listed()
        names = lambda folder: set(os.listdir(folder)) if os.path.isdir(folder) else set()  # noqa: E731
        beside = names(f"{self.depot}/unborn") | {n for n in names(self.depot) if n.startswith(("installed.json.", "seen.json."))}
        return beside, names(f"{self.depot}/content") - set(digests.values())

    def check_seen(self, allowed):
        try:
            with open(f"{self.depot}/seen.json", encoding="utf-8") as file:
                [sight] = json.load(file)["indexes"]
            self.seen = sight["version"]
        except FileNotFoundError:
            self.seen = None
        if self.seen not in allowed:
            raise Wrong(f"release {self.seen} of the index was seen; it may have been {allowed}")

    def check(self, allowed):
        held, digests = self.listed()
        if held not in allowed:
            raise Wrong(f"{held} is installed; it was {allowed[0]} and was to be {allowed[-1]}")
        for version, digest in digests.items():
            self.check_content(version, digest)
        return held

    def check_run(self):
        used = [version for version, (active, _) in self.held.items() if active]
        done = qetl(self.folder, "run", "-q", "--no-state", "p.yaml")
        with self.tally.lock:
            self.tally.runs += 1
        if done.returncode != (0 if used else 2):
            raise Wrong(f"a run: exit {done.returncode}: {done.stdout.decode(errors='replace')[:600]}")

    # ---- what is done ----

    def choose(self):
        """(its kind, the words, what is installed behind it)"""
        draw, held = self.draw, self.held
        if held and draw.random() < 0.45:
            if draw.random() < 0.3:
                return "remove", ["plugin", "remove", "touch"], {}
            version = draw.choice(sorted(held))
            rest = {v: a for v, a in held.items() if v != version}
            if rest and not any(active for active, _ in rest.values()):
                rest[max(rest)] = True, rest[max(rest)][1]
            return "remove", ["plugin", "remove", f"touch@{version}"], rest
        again = held and (draw.random() < 0.4 or len(held) == len(VERSIONS))
        version = draw.choice(sorted(held) if again else [v for v in VERSIONS if v not in held])
        signer = draw.choice(SIGNERS) if again or draw.random() < 0.5 else "acme"
        behind = {**{v: (False, who) for v, (_, who) in held.items()}, version: (True, signer)}
        kind = ("again" if again and held[version][1] == signer else "signed anew" if again
                else "downgrade" if held and version < max(held) else "upgrade" if held else "install")
        used = [v for v, (active, _) in held.items() if active]
        if signer != "acme" or draw.random() < 0.4:
            return kind, ["plugin", "install", f"../{version}-{signer}.qpkg", *CONSENT, "--allow-unsigned"], behind
        if self.site.release[self.seed] < RELEASES and (not self.seen or draw.random() < 0.6):
            self.site.release[self.seed] += 1
        command = "upgrade" if used and version > used[0] else "install"
        return f"{kind} from the index", ["plugin", command, f"touch@{version}", "--index", self.place, "--change-signer"], behind

    def plan(self, kind):
        if kind.endswith("index") and self.draw.random() < 0.3:
            what = self.draw.choice(["index", "package"])
            self.site.plans[self.seed] = Plan(what, self.draw.choice([0, 0.01, 0.5, 0.99, 1, 1]))
            return f"server {what}", {}, None
        self.site.plans.pop(self.seed, None)
        if SHIMMED and self.draw.random() < 0.85:
            name = self.draw.choice(list(CLASSES) + OFTEN + ["unlink"] * (3 * (kind == "remove")))
            how = self.draw.choice(("KILL", "DIE"))
            return f"{name} {how}", {"LD_PRELOAD": f"{rig.SHIMS}/fail.so",
                                     "QETL_SHIM": f"{name}:{self.draw.randint(1, CLASSES[name])}:{how}"}, None
        return "time", {}, self.draw.uniform(0, 0.04 if SHIMMED else 0.4)

    def phase_of(self, held, old, behind, before, asked):
        beside, inside = self.left_over()
        if held == behind and behind != old:
            return "decided" if beside or inside else "behind"
        if inside - before:
            return "renamed"
        return "writing" if beside else asked or "before"

    def strike(self, kind, words, behind):
        """Whether it was killed."""
        told, more, seconds = self.plan(kind)
        before = self.left_over()[1]
        process = subprocess.Popen([QETL, *words], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, env=environment(self.folder, **more))
        plan = self.site.plans.get(self.seed)
        if plan:
            plan.process = process
            plan.known.set()
        if seconds is not None:
            time.sleep(seconds)
            process.kill()
        said = process.communicate(timeout=120)[0].decode(errors="replace")
        self.told.append(f"{' '.join(words)}: {told} {more.get('QETL_SHIM', '')}: {process.returncode}")
        killed = process.returncode == -signal.SIGKILL
        offered = self.site.release[self.seed] if kind.endswith("index") else self.seen
        self.check_seen([self.seen, offered] if killed or plan and plan.struck else [offered])
        held = self.check([self.held, behind] if killed else [behind])
        if process.returncode not in (0, -signal.SIGKILL):
            raise Wrong(f"exit {process.returncode}: {said[:800]}")
        with self.tally.lock:
            if not killed:
                self.tally.missed += 1
            else:
                self.tally.kills += 1
                self.tally.phases[self.phase_of(held, self.held, behind, before, plan and plan.struck and plan.what)] += 1
                self.tally.hows[told.split()[0]] += 1
                self.tally.changes[kind] += 1
        self.held = held
        return killed

    def live(self):
        for _ in range(STEPS):
            kind, words, behind = self.choose()
            for _ in range(6):
                if not self.strike(kind, words, behind):
                    break
                if self.draw.random() < 0.3:
                    self.check_run()
                if kind == "remove" and self.held == behind:
                    break
            else:
                must(self.folder, *words)
                self.held = self.check([behind])
        # Whoever comes next clears what all those left behind.
        must(self.folder, "plugin", "install", f"../{VERSIONS[0]}-acme.qpkg", *CONSENT)
        self.held = self.check([{**{v: (False, who) for v, (_, who) in self.held.items()}, VERSIONS[0]: (True, "acme")}])
        if any(self.left_over()):
            raise Wrong(f"something is left: {self.left_over()}")
        self.check_run()


def series(top, seed, tally, site):
    live = Series(top, seed, tally, site)
    wrong = None
    try:
        live.live()
    except Wrong as problem:
        wrong = str(problem)
    except Exception:  # whatever it is: nobody knows how this series ended
        wrong = traceback.format_exc()
    shutil.rmtree(live.folder, ignore_errors=True)
    with tally.lock:
        tally.series += 1
        if wrong:
            history = "\n    ".join(live.told[-12:])
            tally.wrong.append(wrong)
            print(f"not ok - seed {seed}: {wrong}\n    {history}", flush=True)


def work(top, kills, draw, tally, site):
    while tally.kills < kills and len(tally.wrong) < 5:
        series(top, draw.randrange(1 << 32), tally, site)


def report(tally, kills):
    print(f"{tally.kills} kills in {tally.series} series; {tally.missed} processes ended before their kill; {tally.runs} runs in between")
    print("  by phase: " + ", ".join(f"{phase} {tally.phases[phase]}" for phase in PHASES))
    print("  by change: " + ", ".join(f"{change} {n}" for change, n in sorted(tally.changes.items())))
    print("  by means: " + ", ".join(f"{how} {n}" for how, n in sorted(tally.hows.items())))
    wrong = [f"only {tally.kills} kills of {kills}"] if tally.kills < kills and not tally.wrong else []
    if SHIMMED:
        least = 0 if kills < 200 else 1 if kills < 500 else kills // 100
        wrong += [f"the phase `{phase}` was struck {tally.phases[phase]} times" for phase in PHASES if tally.phases[phase] < least]
    for one in wrong:
        print(f"not ok - {one}")
    tally.wrong += wrong


def main():
    kills = int(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else int(os.environ.get("SEED", "1"))
    print(f"seed {seed}", flush=True)
    top = rig.scratch()
    tally, draw = Tally(), random.Random(seed)
    try:
        site = Site(f"{top}/site", *prepare(top))
        threads = [threading.Thread(target=work, args=(top, kills, random.Random(draw.randrange(1 << 32)), tally, site))
                   for _ in range(min(4, 2 * os.cpu_count()))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        shutil.rmtree(top, ignore_errors=True)
    report(tally, kills)
    rig.tell_counts(kills=tally.kills, series=tally.series, ended_before_their_kill=tally.missed, runs=tally.runs, phases=tally.phases,
                    changes=tally.changes, means=tally.hows)
    print(f"{max(0, tally.series - len(tally.wrong))} passed, {len(tally.wrong)} failed")
    return 1 if tally.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
