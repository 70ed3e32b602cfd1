# SPDX-License-Identifier: Apache-2.0
"""A way to a server on 127.0.0.1 that breaks: usage: tcp_cutter.py PORT BYTES FILE [OWN]. Behind BYTES bytes from the server, of all connections
together, each is cut; -1: never; 0: bytes are taken, and nobody answers. Its own port (0: any)
stands in FILE."""
import sys
import threading

import tcp_way

target, left, place = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
lock = threading.Lock()
silent = left == 0


def allowed(data):
    """As much of it as may pass."""
    global left
    with lock:
        if left < 0:
            return data
        taken = min(left, len(data))
        left -= taken
        return data[:taken]


def serve(client):
    if silent:
        while client.recv(65536):
            pass
        return
    tcp_way.lead(client, target, lambda data: data, allowed)


tcp_way.listen(place, serve, int(sys.argv[4]) if len(sys.argv) > 4 else 0)
