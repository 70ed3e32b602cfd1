#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A proxy that makes tunnels (CONNECT, RFC 9110 section 9.3.6) to one server on 127.0.0.1, whatever name is asked for.

    connect_proxy.py PORT_FILE JOURNAL SERVER_PORT [NAME:PASSWORD]

The port stands in PORT_FILE once it listens. Each request's head stands in JOURNAL, as text. With NAME:PASSWORD whoever does not say
them has 407; a tunnel to a host whose name begins with "closed" has 403.
"""
import base64
import os
import sys
import threading

import tcp_way

journal_lock = threading.Lock()


def head_read(client):
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = client.recv(1)
        if not byte:
            return None
        head += byte
    return head.decode("latin-1")


def refused(head, login):
    if not head.startswith("CONNECT "):
        return "405 Method Not Allowed"
    if head.startswith("CONNECT closed"):
        return "403 Forbidden"
    wanted = "proxy-authorization: basic " + base64.b64encode(login.encode()).decode() if login else ""
    if wanted.lower() not in head.lower():
        return '407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="tunnels"'
    return None


def serve(client):
    head = head_read(client)
    if head is None:
        client.close()
        return
    with journal_lock, open(sys.argv[2], "a", encoding="utf-8") as journal:
        journal.write(head)
    why = refused(head, sys.argv[4] if len(sys.argv) > 4 else None)
    if why:
        client.sendall(f"HTTP/1.1 {why}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        client.close()
        return
    client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
    tcp_way.lead(client, int(sys.argv[3]), bytes, bytes)


def end_with(parent):
    while os.getppid() == parent:
        threading.Event().wait(0.2)
    os._exit(0)


threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()
tcp_way.listen(sys.argv[1], serve)
