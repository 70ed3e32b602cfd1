# SPDX-License-Identifier: Apache-2.0
"""A way to a PostgreSQL server on 127.0.0.1 that breaks once, where rows are committed: usage: pg_commit_cutter.py PORT lost|unanswered FILE. Its own port
stands in FILE.port. The first COMMIT behind rows is lost on its way, or its answer is: FILE.cut appears then, and when FILE.go does both ends are cut off. All
else passes, before and after."""
import os
import sys
import threading
import time

import tcp_way

target, lost, place = int(sys.argv[1]), sys.argv[2] == "lost", sys.argv[3]
lock = threading.Lock()
broken = False


def breaks():
    """True once."""
    global broken
    with lock:
        first, broken = not broken, True
        return first


class Way:
    def __init__(self, client):
        self.client, self.server = client, tcp_way.reach(target)
        self.copied = self.dumb = False

    def ask(self):
        while data := self.client.recv(65536):
            self.copied = self.copied or b"FROM STDIN" in data
            if not (self.copied and b"COMMIT\0" in data and breaks()):
                self.server.sendall(data)
                continue
            self.dumb = True
            if not lost:
                self.server.sendall(data)
            open(place + ".cut", "w", encoding="utf-8").close()
            while not os.path.exists(place + ".go"):
                time.sleep(0.02)
            return

    def answer(self):
        while data := self.server.recv(65536):
            if not self.dumb:
                self.client.sendall(data)
        while self.dumb and not os.path.exists(place + ".go"):
            time.sleep(0.02)

    def go(self, side):
        try:
            side()
        except OSError:
            pass
        tcp_way.shut(self.client, self.server)


def serve(client):
    try:
        way = Way(client)
    except OSError:  # the server is down
        client.close()
        return
    threading.Thread(target=way.go, args=(way.ask,), daemon=True).start()
    way.go(way.answer)


tcp_way.listen(place + ".port", serve)
