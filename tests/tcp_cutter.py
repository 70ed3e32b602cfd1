# SPDX-License-Identifier: Apache-2.0
"""A way to a server on 127.0.0.1 that breaks: usage: tcp_cutter.py PORT BYTES FILE [OWN]. Behind BYTES bytes from the server, of all connections
together, each is cut; -1: never; 0: bytes are taken, and nobody answers. Its own port (0: any)
stands in FILE."""
import os
import socket
import sys
import threading

target, left, place = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
lock = threading.Lock()
silent = left == 0


def allowed(size):
    """How many of so many bytes may pass."""
    global left
    with lock:
        if left < 0:
            return size
        taken = min(left, size)
        left -= taken
        return taken


def forward(source, sink, counts):
    try:
        while data := source.recv(65536):
            passes = allowed(len(data)) if counts else len(data)
            sink.sendall(data[:passes])
            if passes < len(data):
                break
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def serve(client):
    if silent:
        while client.recv(65536):
            pass
        return
    server = socket.create_connection(("127.0.0.1", target))
    threading.Thread(target=forward, args=(client, server, False), daemon=True).start()
    forward(server, client, True)


listener = socket.create_server(("127.0.0.1", int(sys.argv[4]) if len(sys.argv) > 4 else 0))
with open(place + ".new", "w", encoding="utf-8") as file:
    file.write(str(listener.getsockname()[1]))
os.rename(place + ".new", place)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
