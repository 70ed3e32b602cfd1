# SPDX-License-Identifier: Apache-2.0
"""What the proofs of recovery share: pipelines, how they are run, and a checker that knows nothing of qetl's code.

Environment: QETL_BUILD, the build's folder; QETL_PROOF, another program instead of its tests/bin/qetl_failpoints;
QETL_PLUGIN_PATH and QETL_TEST_PLUGINS as for all tests. A pipeline is tried in a folder of its own in memory, if there is one.
"""
import collections
import glob
import gzip
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get("QETL_BUILD", os.path.join(ROOT, "build"))
PROGRAM = os.environ.get("QETL_PROOF", os.path.join(BUILD, "tests/bin/qetl_failpoints"))
PLUGINS = os.environ.get("QETL_PLUGIN_PATH", os.path.join(BUILD, "plugins/lib"))
TEST_PLUGINS = os.environ.get("QETL_TEST_PLUGINS", os.path.join(BUILD, "tests/plugins/lib"))
SHIMS = os.environ.get("QETL_SHIMS", os.path.join(BUILD, "tests/shim"))
ENOUGH = int(os.environ.get("QETL_PROOF_WRONG", "5"))  # of wrong outcomes: a proof looks no further
DOCUMENTED = {0, 1, 2, 3, 4, 130, 143}
ROWS = 3000
PATIENCE_S = 60  # with one run; behind it, it hangs
IMPATIENT = False  # calls that fail are tried again for less than a second
DRIVERS = (("--driver", "pull"), ("--workers", "1"), ("--workers", "2"))
FORMER = -7  # the id of a row that stands in a file which is appended to
SECOND = 100000  # where the ids of a second source begin
PAD = "what stands here is of no account and fills the line " * 2
# As in tests/shim/failpoint.c.
POINTS = ["", "source.cut", "sink.prepare.before", "sink.prepare.after", "decide.before", "decide.after", "commit.before",
          "commit.between", "commit.after", "recover.before", "recover.commit", "recover.restore", "begin", "finish",
          "settle.before", "settle.after", "decide.prepared"]
PHASES = ["before prepare", "prepared", "decided", "committing", "recovering"]
PHASE_OF = {"": "recovering", "source.cut": "before prepare", "sink.prepare.before": "before prepare",
            "sink.prepare.after": "prepared", "decide.before": "prepared", "decide.prepared": "prepared", "decide.after": "decided",
            "settle.before": "decided", "settle.after": "decided", "commit.before": "decided",
            "commit.between": "committing", "commit.after": "committing", "recover.before": "recovering",
            "recover.commit": "recovering", "recover.restore": "recovering", "begin": "before prepare",
            "finish": "before prepare"}


def has_plugin(kind, name):
    return any(os.path.exists(os.path.join(folder, f"{name}_{kind}.so")) or os.path.exists(os.path.join(folder, f"{name}.so"))
               for folder in PLUGINS.split(":"))


def scratch():
    return tempfile.mkdtemp(prefix="qetl-proof-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)


def row(i):
    return {"id": i, "k": i % 7, "v": i * 3}


def is_bad(i):
    return i % 97 == 13


def write_csv(path, rows, compress=False, begin=0):
    """Some rows are rejected: their third cell is no number. All are long, so that there are many places to cut at."""
    text = "id,k,v,pad\n" + "".join(f"{i},{i % 7},{'bad' if is_bad(i) else i * 3},{PAD[i % 9:]}\n" for i in range(begin, begin + rows))
    if compress:
        with open(path, "wb") as file:
            file.write(gzip.compress(text.encode(), mtime=0))
    else:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


def write_pipeline(folder, text):
    if IMPATIENT:
        for plugin in ("file", "sqlite"):
            text = text.replace(f"plugin: {plugin},", f"plugin: {plugin}, retry: {{budget: 300ms, most: 100ms}},")
    with open(os.path.join(folder, "p.yaml"), "w", encoding="utf-8") as file:
        file.write(text)


def fewer_epochs(folder):
    """Most runs have dozens of them; of these the last, in which files get their names, is one of three."""
    path = os.path.join(folder, "p.yaml")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace("every: 1ms", "every: 1h").replace("pause_us: 200}", "pause_us: 200, every: 25}").replace("pause_us: 300}", "pause_us: 300, every: 25}"))


class Pipeline:
    """One pipeline, the files it reads, and what its outputs have to hold."""

    def __init__(self, name, parts, expected, source="csv", letters=True, options="", promise=None):
        self.name, self.parts, self.expected, self.source, self.letters = name, parts, expected, source, letters
        self.options = options
        # what qetl says of it; of an acknowledging source it says less, but in these runs nothing is doubled
        self.promise = promise or ("at-least-once" if source == "queue" else "exactly-once")

    def write(self, folder, rows=ROWS):
        os.makedirs(folder, exist_ok=True)
        if self.source in ("csv", "pair"):
            write_csv(os.path.join(folder, "in.csv"), rows)
        if self.source == "pair":
            write_csv(os.path.join(folder, "in2.csv"), rows // 2, begin=SECOND)
        elif self.source == "gz":
            write_csv(os.path.join(folder, "in.csv.gz"), rows, True)
        if "if_exists: append" in self.parts:
            with open(os.path.join(folder, "out.ndjson"), "w", encoding="utf-8") as file:
                file.write(json.dumps(row(FORMER)) + "\n")
        if "out.db, table: rows, mode:" in self.parts:
            write_former(folder)
        write_pipeline(folder, self.text(rows))

    turns = 1  # so often its input grows, and it is run anew

    def begin(self, folder, rows=ROWS):
        """As write; the last turn is yet to come."""
        self.write(folder, rows)

    def standing(self, folder):
        """The stage of this turn's newest epoch; 0: it has none yet."""
        return stage(folder, self.name)[0]

    def text(self, rows):
        sources = {"csv": "{plugin: file, path: in.csv, format: {type: csv, types: {v: bigint}}}",
                   "gz": "{plugin: file, path: in.csv.gz, format: {type: csv, types: {v: bigint}}}",
                   "queue": f"{{plugin: queue, path: gone, rows: {rows}, batch_rows: 50, pause_us: 150}}"}
        sources["pair"] = f"{sources['csv']}\n  in2: {sources['csv'].replace('in.csv', 'in2.csv')}"
        return (f"name: {self.name}\nbatch_rows: 50\nbatch_bytes: 4096\nmax_rejected: 100000\n"
                f"checkpoint: {{every: 1ms}}\n{self.options}"
                f"sources:\n  in: {sources[self.source]}\n{self.parts}")

    def ids(self, rows):
        second = range(SECOND, SECOND + rows // 2) if self.source == "pair" else ()
        return [i for i in (*range(rows), *second) if self.source == "queue" or not is_bad(i)]

    def check(self, folder, rows=ROWS):
        """What is wrong with the outputs, or None."""
        try:
            wrong = self.expected(self, folder, self.ids(rows))
            if not wrong and self.letters and self.source != "queue":
                good = set(self.ids(rows))
                second = range(SECOND, SECOND + rows // 2) if self.source == "pair" else ()
                wrong = check_letters(folder, self.name, [i for i in (*range(rows), *second) if i not in good])
            return wrong
        except (OSError, ValueError, sqlite3.Error, EOFError) as error:
            return f"{type(error).__name__}: {error}"


def compare(what, got, wanted):
    """Lists of ids, in order or (what names a set) as bags."""
    if got == wanted:
        return None
    counted, due = collections.Counter(got), collections.Counter(wanted)
    lost = [i for i in due if counted[i] < due[i]]
    doubled = [i for i, n in counted.items() if n > due[i] > 0]
    foreign = sorted(set(counted) - set(wanted))
    if not (lost or doubled or foreign):
        return f"{what}: rows out of order"
    return f"{what}: {len(lost)} lost {lost[:3]}, {len(doubled)} doubled {doubled[:3]}, {len(foreign)} foreign {foreign[:3]}"


def check_letters(folder, name, wanted):
    """A process that finds the file in use by another writes one of its own."""
    letters = []
    for path in [os.path.join(folder, "dead-letters", f"{name}.ndjson"), *glob.glob(os.path.join(folder, "dead-letters", f"{name}-*.ndjson"))]:
        with open(path, encoding="utf-8") as file:
            letters += [json.loads(line) for line in file]
    rejected = [letter for letter in letters if not letter.get("undecided")]
    # rows count from 1, and ids from 0
    got = sorted(letter["row"] - 1 + (SECOND if letter["object"] == "in2.csv" else 0) for letter in rejected)
    return compare("dead letters", got, wanted)


def ndjson(path, opener=open):
    with opener(path, "rb") as file:
        content = file.read()
    if content and not content.endswith(b"\n"):
        raise ValueError(f"{path}: its last line is torn")
    rows = [json.loads(line) for line in content.splitlines()]
    for found in rows:
        if {key: int(found[key]) for key in ("id", "k", "v")} != row(int(found["id"])):
            raise ValueError(f"{path}: a row that never was: {found}")
    return [int(found["id"]) for found in rows]


def one_file(name, keep=lambda i: True, opener=open, ordered=True, former=()):
    def expected(_, folder, ids):
        got = ndjson(os.path.join(folder, name), opener)
        return compare(name, got if ordered else sorted(got), [*former, *(i for i in ids if keep(i))])
    return expected


def all_of(*checks):
    def expected(pipeline, folder, ids):
        for check in checks:
            wrong = check(pipeline, folder, ids)
            if wrong:
                return wrong
        return None
    return expected


def partitioned(_, folder, ids):
    for k in range(7):
        wrong = compare(f"k={k}", ndjson(os.path.join(folder, f"out/{k}.ndjson")), [i for i in ids if i % 7 == k])
        if wrong:
            return wrong
    visible = {name for name in os.listdir(os.path.join(folder, "out")) if not name.startswith(".")}
    foreign = sorted(visible - {f"{k}.ndjson" for k in range(7)})
    return f"foreign files: {foreign}" if foreign else None


def twice(_, folder, ids):
    """Both sides of a diamond: each row of one side once, and of the other once."""
    got = ndjson(os.path.join(folder, "out.ndjson"))
    return compare("out.ndjson", sorted(got), sorted([i for i in ids if i % 7 < 5] + [i for i in ids if i % 7 > 2]))


def counted(column):
    def expected(_, folder, ids):
        if column == "sqlite":
            with sqlite3.connect(f"file:{folder}/out.db?mode=ro", uri=True) as db:
                got = db.execute("select n, s from sums").fetchall()
        else:
            with open(os.path.join(folder, "sums.ndjson"), encoding="utf-8") as file:
                got = [tuple(json.loads(line).values()) for line in file]
        got = [tuple(int(value) for value in line) for line in got]
        wanted = [(len(ids), sum(3 * i for i in ids))]
        return None if got == wanted else f"sums: {got}, wanted {wanted}"
    return expected


def sqlite_rows(_, folder, ids, name="out.db", more_allowed=False):
    with sqlite3.connect(f"file:{folder}/{name}?mode=ro", uri=True) as db:
        got = db.execute("select id, k, v from rows order by id, rowid").fetchall()
    for line in got:
        if line != tuple(row(line[0]).values()):
            return f"{name}: a row that never was: {line}"
    got = [line[0] for line in got]
    return compare(name, sorted(set(got)) if more_allowed else got, ids)


def write_former(folder):
    """A table that was there before: of each row, whatever becomes of it, and of one that no row is about."""
    path = os.path.join(folder, "out.db")
    if os.path.exists(path):
        os.remove(path)
    with sqlite3.connect(path) as db:
        db.execute("create table rows (id integer primary key, k bigint, v bigint)")
        db.executemany("insert into rows values (?, ?, -1)", [(i, i % 7) for i in (*range(ROWS), FORMER)])
    db.close()


def former_rows(gone, written):
    """Of the rows that were there those are gone that `gone` says, and those of the run are there if they were written."""
    def expected(_, folder, ids):
        with sqlite3.connect(f"file:{folder}/out.db?mode=ro", uri=True) as db:
            got = db.execute("select id, k, v from rows order by id").fetchall()
            tables = db.execute("select name from sqlite_schema where name glob '_qetl_new_*'").fetchall()
        if tables:
            return f"out.db: left behind: {tables}"
        coming = set(ids)
        former = [i for i in (FORMER, *range(ROWS)) if not gone(i, coming)]
        wanted = {i: (i, i % 7, -1) for i in former} | ({i: tuple(row(i).values()) for i in ids} if written else {})
        return None if got == [wanted[i] for i in sorted(wanted)] else f"out.db: {len(got)} rows, wanted {len(wanted)}, or others"
    return expected


def versions(_, folder, ids):
    """The rows of a key are versions of one another, one behind the other."""
    with sqlite3.connect(f"file:{folder}/out.db?mode=ro", uri=True) as db:
        got = db.execute('select k, v, valid_from, valid_to, is_current from versions order by valid_from').fetchall()
    following = {}
    for i in ids:
        following[i % 7] = following.get(i % 7, []) + [i]
    after = {i: chain[n + 1] if n + 1 < len(chain) else None for chain in following.values() for n, i in enumerate(chain)}
    wanted = [(i % 7, row(i)["v"], i, after[i], after[i] is None) for i in ids]
    return None if got == wanted else f"versions: {len(got)}, wanted {len(wanted)}, or others"


def both_databases(_, folder, ids):
    """Each decides for itself: rows of one come again where the other has not got them yet."""
    return sqlite_rows(_, folder, ids, "out.db", True) or sqlite_rows(_, folder, ids, "other.db", True)


PULSE = "  p: {plugin: pulse, input: in, pause_us: 200}\n"
SUMS = '  g: {plugin: aggregate, input: p, set: {n: "count(*)", s: "sum(v)"}}\n'
PIPELINES = [
    Pipeline("plain", f"transforms:\n{PULSE}sinks:\n  out: {{plugin: file, input: p, path: out.ndjson}}\n", one_file("out.ndjson")),
    Pipeline("packed", f"transforms:\n{PULSE}  f: {{plugin: filter, input: p, where: \"k <> 3\"}}\n"
             "sinks:\n  out: {plugin: file, input: f, path: out.ndjson.gz}\n",
             one_file("out.ndjson.gz", lambda i: i % 7 != 3, gzip.open), source="gz"),
    Pipeline("parts", f"transforms:\n{PULSE}sinks:\n  out: {{plugin: file, input: p, path: \"out/{{k}}.ndjson\"}}\n", partitioned),
    Pipeline("below", f"transforms:\n{PULSE}sinks:\n  out: {{plugin: file, input: p, path: below/out.ndjson}}\n", one_file("below/out.ndjson")),
    Pipeline("append", f"transforms:\n{PULSE}sinks:\n  out: {{plugin: file, input: p, path: out.ndjson, if_exists: append}}\n",
             one_file("out.ndjson", former=[FORMER])),
    Pipeline("queue", f"transforms:\n{PULSE}sinks:\n  out: {{plugin: file, input: p, path: out.ndjson}}\n", one_file("out.ndjson"),
             source="queue"),
    Pipeline("sums", f"transforms:\n{PULSE}{SUMS}sinks:\n  out: {{plugin: file, input: g, path: sums.ndjson}}\n", counted("file")),
    Pipeline("diamond", f"transforms:\n{PULSE}  a: {{plugin: filter, input: p, where: \"k < 5\"}}\n  b: {{plugin: filter, input: p, where: \"k > 2\"}}\n"
             "  u: {plugin: union, input: [a, b]}\nsinks:\n  out: {plugin: file, input: u, path: out.ndjson}\n", twice),
    Pipeline("pair", f"transforms:\n{PULSE}  q: {{plugin: pulse, input: in2, pause_us: 300}}\n  u: {{plugin: union, input: [p, q]}}\n"
             "sinks:\n  out: {plugin: file, input: u, path: out.ndjson}\n  alone: {plugin: file, input: q, path: alone.ndjson}\n",
             all_of(one_file("out.ndjson", ordered=False), one_file("alone.ndjson", lambda i: i >= SECOND)), source="pair"),
    Pipeline("two", f"transforms:\n{PULSE}  f: {{plugin: filter, input: p, where: \"k <> 3\"}}\nsinks:\n"
             "  one: {plugin: file, input: p, path: one.ndjson}\n  other: {plugin: file, input: f, path: other.ndjson.gz}\n",
             all_of(one_file("one.ndjson"), one_file("other.ndjson.gz", lambda i: i % 7 != 3, gzip.open))),
]
if has_plugin("sink", "sqlite"):
    SQLITE = "{plugin: sqlite, input: p, path: out.db, table: rows}"
    PIPELINES += [
        Pipeline("sqlite", f"transforms:\n{PULSE}sinks:\n  out: {SQLITE}\n", sqlite_rows),
        Pipeline("sqlite-sums", f"transforms:\n{PULSE}{SUMS}sinks:\n  out: {{plugin: sqlite, input: g, path: out.db, table: sums}}\n",
                 counted("sqlite")),
        Pipeline("sqlite-file", f"transforms:\n{PULSE}sinks:\n  out: {SQLITE}\n  copy: {{plugin: file, input: p, path: out.ndjson}}\n",
                 all_of(sqlite_rows, one_file("out.ndjson"))),
        Pipeline("sqlite-two", f"transforms:\n{PULSE}sinks:\n  out: {SQLITE}\n  other: {SQLITE.replace('out.db', 'other.db')}\n",
                 both_databases, promise="at-least-once"),
        *[Pipeline(f"sqlite-{mode}", f"transforms:\n{PULSE}sinks:\n  out: {{plugin: sqlite, input: p, path: out.db, table: rows, mode: {mode}, key: id, new_columns: evolve}}\n",
                   former_rows(gone, mode != "delete"))
          for mode, gone in (("truncate", lambda i, coming: True), ("replace", lambda i, coming: True),
                             ("upsert", lambda i, coming: i in coming), ("delete", lambda i, coming: i in coming))],
        Pipeline("sqlite-scd2", f"transforms:\n{PULSE}sinks:\n  out: {{plugin: sqlite, input: p, path: out.db, table: versions, mode: scd2, key: k, "
                 "history: {at: id}}\n", versions),
        Pipeline("sqlite-queue", f"transforms:\n{PULSE}sinks:\n  out: {SQLITE}\n", sqlite_rows, source="queue"),
    ]


# Its sink notices nothing: what keeps a stale process from deciding is the state alone.
NOWHERE = Pipeline("nowhere", f"transforms:\n{PULSE}sinks:\n  out: {{plugin: \"null\", input: p}}\n", lambda *_: None, source="queue")


def environment(folder, **more):
    return {"QETL_PLUGIN_PATH": PLUGINS, "PATH": os.environ["PATH"], "XDG_RUNTIME_DIR": folder, "LC_ALL": "C.UTF-8",
            "HOME": folder, **{name: os.environ[name] for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS") if name in os.environ}, **more}


def command(*more, state="state"):
    return [PROGRAM, "run", "p.yaml", "--state", state, "--plugin-dir", TEST_PLUGINS, "--no-control", *more]


def run(folder, *more, seconds=None, env=None, state="state"):
    """Runs it to its end; (exit code, what it said). A hang is exit code 124."""
    try:
        done = subprocess.run(command(*more, state=state), cwd=folder, env=env or environment(folder), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds or PATIENCE_S, check=False)
        return done.returncode, done.stdout.decode(errors="replace")
    except subprocess.TimeoutExpired as hung:
        return 124, (hung.stdout or b"").decode(errors="replace")


def stage(folder, name):
    """(stage, number, is it the last) of the newest decided epoch, read from a copy: a reader would tidy up what the next run has to."""
    state = os.path.join(folder, "state", name)
    if not os.path.exists(os.path.join(state, "state.db")):
        return 0, 0, 0
    with tempfile.TemporaryDirectory(dir=folder) as copy:
        for file in ("state.db", "state.db-wal"):
            if os.path.exists(os.path.join(state, file)):
                shutil.copy(os.path.join(state, file), copy)
        db = sqlite3.connect(os.path.join(copy, "state.db"))
        found = db.execute("select stage, number, final from epoch where stage > 1 order by number desc limit 1").fetchone()
        db.close()
    return found or (0, 0, 0)


def tell_counts(**counts):
    """For the record of a long run, beside what people read."""
    print("# counts " + json.dumps(counts))


def check_promise(pipeline):
    """What is checked is what qetl claims. What is wrong, or None."""
    folder = scratch()
    pipeline.write(folder, 10)
    code, said = run(folder, "--dry-run")
    shutil.rmtree(folder)
    paths = [line.split()[-1] for line in said.splitlines() if " > " in line and line.endswith(("-once", "-effort"))]
    if code or not paths or set(paths) != {pipeline.promise}:
        return f"{pipeline.name}: exit {code}, {pipeline.promise} is checked, and claimed are {paths}: {said[-500:]}"
    return None


FINISHED = 4
