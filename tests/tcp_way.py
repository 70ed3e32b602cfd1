# SPDX-License-Identifier: Apache-2.0
"""Ways to a server on 127.0.0.1, for programs that hinder what goes along them."""
import os
import socket
import threading


def reach(port):
    return socket.create_connection(("127.0.0.1", port))


def shut(*ends):
    for end in ends:
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def carry(source, sink, passes):
    """What `passes` makes of the bytes, until it leaves some out or an end is reached."""
    try:
        while data := source.recv(65536):
            out = passes(data)
            sink.sendall(out)
            if len(out) < len(data):
                break
    except OSError:
        pass
    shut(source, sink)


def lead(client, port, there, back):
    """A client to the server and back, until one of them ends; a server that is down ends it."""
    try:
        server = reach(port)
    except OSError:
        client.close()
        return
    threading.Thread(target=carry, args=(client, server, there), daemon=True).start()
    carry(server, client, back)


def listen(place, serve, port=0):
    """Each client in a thread of its own; the port, one that is free for 0, stands in `place` then."""
    listener = socket.create_server(("127.0.0.1", port))
    with open(place + ".new", "w", encoding="utf-8") as file:
        file.write(str(listener.getsockname()[1]))
    os.rename(place + ".new", place)
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
