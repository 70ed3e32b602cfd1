# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL for differential tests: a cluster of its own, or what one said before."""
import hashlib
import json
import os
import pwd
import shutil
import subprocess
import tempfile

class Postgres:
    """A cluster of its own in a temporary folder, asked through psql over a unix socket."""

    def __init__(self, binaries):
        self.folder = tempfile.mkdtemp(prefix="qetl-pg-")
        self.binaries = binaries
        self.user = None
        if os.getuid() == 0:
            self.user = next(u for u in ("postgres", "nobody") if any(p.pw_name == u for p in pwd.getpwall()))
            shutil.chown(self.folder, self.user)
        try:
            self.command("initdb", "-D", "data", "-A", "trust", "-U", "q", "--lc-collate=C", "--lc-ctype=C.UTF-8", "-E", "UTF8", "-N")
            self.command("pg_ctl", "-D", "data", "-w", "-l", "log", "-o",
                         f"-c listen_addresses='' -k {self.folder} -c fsync=off -c timezone=UTC -c jit=off", "start")
        except Exception:
            self.close()
            raise
        self.psql = subprocess.Popen([os.path.join(binaries, "psql"), "-h", self.folder, "-U", "q", "-d", "postgres", "-X", "-q",
                                      "-A", "-t", "-v", "ON_ERROR_STOP=1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def command(self, name, *arguments):
        line = [os.path.join(self.binaries, name), *arguments]
        if self.user:
            line = ["runuser", "-u", self.user, "--", *line]
        subprocess.run(line, cwd=self.folder, check=True, stdout=subprocess.DEVNULL)

    def ask(self, sql):
        """Every query answers one line of JSON."""
        self.psql.stdin.write(sql + ";\n\\echo\n")
        self.psql.stdin.flush()
        lines = []
        while True:
            line = self.psql.stdout.readline()
            if not line:
                raise RuntimeError("psql ended at: " + sql[:300])
            if line == "\n":
                return "".join(lines)
            lines.append(line)

    def close(self):
        if hasattr(self, "psql"):
            self.psql.stdin.close()
            self.psql.wait()
        try:
            self.command("pg_ctl", "-D", "data", "-m", "immediate", "stop")
        except Exception:
            pass
        shutil.rmtree(self.folder, ignore_errors=True)


class State:
    """What a question is about: everything that was said before it and asked nothing."""

    def __init__(self):
        self.said = hashlib.sha1()

    def key(self, sql):
        if not sql.startswith("SELECT"):
            self.said.update(sql.encode())
        return self.said.hexdigest() + sql


class Recording(Postgres):
    """The same, with what it said kept in the file ANSWERS when it ends."""

    def __init__(self, binaries, path):
        self.path = path
        self.answers = {}
        self.state = State()
        super().__init__(binaries)

    def ask(self, sql):
        answer = super().ask(sql)
        self.answers[self.state.key(sql)] = answer
        return answer

    def close(self):
        super().close()
        with open(self.path, "w", encoding="utf-8") as file:
            json.dump(self.answers, file)


class Replay:
    """What PostgreSQL said when the same seed was asked before; what was never asked has no answer."""

    def __init__(self, path):
        self.state = State()
        with open(path, encoding="utf-8") as file:
            self.answers = json.load(file)

    def ask(self, sql):
        return self.answers.get(self.state.key(sql), "-")

    def close(self):
        pass


def postgres_open(binaries):
    path = os.environ.get("ANSWERS")
    if not path:
        return Postgres(binaries)
    return Replay(path) if os.path.exists(path) else Recording(binaries, path)
