#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Indexes as nobody should make them, and a server that sends what it should not.

usage: indexes.py craft GOOD.json SECRET.qsecret FOLDER
       indexes.py sign LIST.json SECRET.qsecret     (the list alone, signed, to stdout)
       indexes.py serve FOLDER PORT_FILE [--tls CERT KEY]

craft reads a good index, and writes FOLDER/NAME/index.json with one thing changed in each, signed by the
secret unless the signature is the point; FOLDER/refusals has a line "NAME CODE TEXT" for each. The signature
is made by ed25519.py: nothing that qetl uses has a part in it.

serve offers FOLDER over HTTP, and beside it, in place of the first part of a path:
  /redirect-N/…  N redirects to itself, then the file      /redirect-away/…  to another host
  /to/URL        a redirect to that URL (quoted)           /status-N/…       that status, with a body
  /endless/…     the file, and zeros without end, no length given
  /long/…        says that it has a terabyte               /cut/…            half of the file, all of its length
  /short/…       half of the file, and half of the length  /headers/…        headers without end
  /silent/…      never answers                             /auth/…           wants reader:secret
  /hold/…        a package once FOLDER/go is there; the rest at once
Each path that was asked for is a line of FOLDER/requests.
"""

import base64
import copy
import datetime
import http.server
import json
import os
import ssl
import sys
import time
import urllib.parse

import ed25519


def text_of(body):
    return (json.dumps(body, indent=1) + "\n").encode()


def signature_of(text, key):
    return text_of(
        {
            "type": "qetl-signature/1",
            "key": base64.b64encode(key.public).decode(),
            "signature": base64.b64encode(key.sign(text)).decode(),
        }
    )


def moment(days):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


class Craft:
    def __init__(self, good, secret, folder):
        with open(good, encoding="utf-8") as file:
            self.good, _ = json.JSONDecoder().raw_decode(file.read())
        with open(secret, encoding="utf-8") as file:
            self.key = ed25519.Key(base64.b64decode(json.load(file)["seed"]))
        self.folder = folder
        self.lines = []

    def write(self, name, code, text, data):
        os.makedirs(f"{self.folder}/{name}", exist_ok=True)
        with open(f"{self.folder}/{name}/index.json", "wb") as file:
            file.write(data)
        if code != "-":
            self.lines.append(f"{name} {code} {text}\n")

    def change(self, name, code, text, change):
        """A list that is signed, and yet wrong."""
        body = copy.deepcopy(self.good)
        answer = change(body)
        raw = answer if isinstance(answer, bytes) else text_of(body)
        self.write(name, code, text, raw + signature_of(raw, self.key))

    def put(self, name, code, text, path, value):
        def change(body):
            at = body
            for part in path[:-1]:
                at = at[part]
            at[path[-1]] = value

        self.change(name, code, text, change)

    def all(self):
        damaged = "index_damaged"
        first = ["packages", 0]
        self.change("good", "-", "-", lambda body: None)
        # Times.
        self.change("expired", "index_expired", "good until", lambda b: b.update(issued=moment(-9), expires=moment(-1)))
        self.change("future", "index_clock", "yet to come", lambda b: b.update(issued=moment(1), expires=moment(9)))
        self.change("backwards", damaged, "no index", lambda b: b.update(issued=moment(9), expires=moment(1)))
        for name, value in [("day", "2999-02-30T00:00:00Z"), ("zone", "2999-01-01T00:00:00+00:00"), ("word", "never"), ("space", "2999-01-01 00:00:00Z"), ("fraction", "2999-01-01T00:00:00.0Z"), ("year", "29990-01-01T00:00:00Z")]:
            self.put(f"time-{name}", damaged, "no index", ["expires"], value)
        # Words.
        for name, path, value in [
            ("name", ["name"], "../x"), ("name-empty", ["name"], ""), ("version-zero", ["version"], 0), ("version-less", ["version"], -1),
            ("version-text", ["version"], "5"), ("version-real", ["version"], 1.5), ("version-huge", ["version"], 2**70), ("version-last", ["version"], 2**63 - 1), ("version-large", ["version"], 2**53), ("unknown", ["url"], "http://x"),
            ("packages", ["packages"], {}), ("package", first, 5), ("package-name", first + ["name"], "../../x"), ("package-version", first + ["version"], "1"),
            ("package-platform", first + ["platform"], "../linux-x-y"), ("package-libc", first + ["libc"], "new"), ("package-abi", first + ["abi", "min"], "1"),
            ("package-size", first + ["size"], 1 << 40), ("package-size-less", first + ["size"], -1), ("package-size-zero", first + ["size"], 0),
            ("package-hash", first + ["sha256"], "0" * 63), ("package-hash-upper", first + ["sha256"], "A" * 64), ("package-digest", first + ["digest"], ""),
            ("package-file", first + ["file"], "/etc/passwd"), ("package-components", first + ["components"], [1]), ("package-summary", first + ["summary"], "x" * 5000),
        ]:  # fmt: skip
            self.put(name, damaged, "no index", path, value)
        self.put("later", "index_format", "another format", ["type"], "qetl-index/2")
        self.put("other-type", damaged, "no index", ["type"], "qetl-package/1")
        self.change("twice", damaged, "no index", lambda b: b["packages"].insert(0, copy.deepcopy(b["packages"][0])))
        self.change("unsorted", damaged, "no index", lambda b: b["packages"].reverse())
        self.change("missing", damaged, "no index", lambda b: b["packages"][0].pop("libc") and None)
        self.change("spaces", damaged, "no index", lambda b: json.dumps(b).encode() + b"\n")
        self.change("double-key", damaged, "no index", lambda b: text_of(b).replace(b'"name"', b'"name": "evil",\n "name"', 1))
        self.change("letters", damaged, "no index", lambda b: text_of(b).replace(b'"summary": "', b'"summary": "\xc3\xbc', 1))
        self.change("no-text", damaged, "no index", lambda b: b"\xff\xfe\n")
        self.change("deep", damaged, "no index", lambda b: b"[" * 100000 + b"]" * 100000 + b"\n")
        # Signatures.
        raw = text_of(self.good)
        own = signature_of(raw, self.key)
        stranger = ed25519.Key(os.urandom(32))
        claimed = json.loads(signature_of(raw, stranger))
        claimed["key"] = json.loads(own)["key"]
        other = copy.deepcopy(self.good)
        other["version"] += 1
        self.write("stranger", "untrusted_key", "not trusted", raw + signature_of(raw, stranger))
        self.write("claimed", damaged, "no index", raw + text_of(claimed))
        self.write("moved", damaged, "no index", text_of(other) + own)
        self.write("unsigned", damaged, "no index", raw)
        self.write("signed-twice", damaged, "no index", raw + own + own)
        self.write("behind", damaged, "no index", raw + own + b"\n")
        self.write("before", damaged, "no index", b" " + raw + own)
        self.write("prefixed", damaged, "no index", text_of(other) + raw + own)
        self.write("empty", damaged, "no index", b"")
        self.write("nul", damaged, "no index", raw + b"\0" + own)
        self.write("html", damaged, "no index", b"<!doctype html>\n<title>Welcome</title>\n" * 100)
        self.write("half", damaged, "no index", (raw + own)[: len(raw) // 2])
        self.write("large", "download_size", "more than", raw + own + b" " * (17 << 20))
        with open(f"{self.folder}/refusals", "w", encoding="utf-8") as file:
            file.writelines(self.lines)


class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def finish_with(self, status, headers=(), body=b""):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def file_body(self, path):
        with open(self.translate_path(path), "rb") as file:
            return file.read()

    def raw(self, length, body):
        self.send_response(200)
        if length is not None:
            self.send_header("Content-Length", str(length))
        else:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def do_GET(self):
        with open(os.path.join(self.server.folder, "requests"), "a", encoding="utf-8") as file:
            file.write(self.path + "\n")
        try:
            self.answer()
        except (ConnectionError, ssl.SSLError):
            self.close_connection = True

    def answer(self):
        word, _, rest = self.path[1:].partition("/")
        kind, _, number = word.rpartition("-")
        if kind == "redirect" and number.isdigit():
            left = int(number)
            self.finish_with(302, [("Location", f"/redirect-{left - 1}/{rest}" if left > 1 else f"/{rest}")])
        elif word == "redirect-away":
            self.finish_with(302, [("Location", f"http://localhost:{self.server.server_port}/{rest}")])
        elif word == "to":
            self.finish_with(301, [("Location", urllib.parse.unquote(rest.split("/")[0]))])
        elif kind == "status":
            self.finish_with(int(number), body=b"not this time" * 100)
        elif word == "endless":
            self.raw(None, self.file_body("/" + rest))
            while True:
                self.wfile.write(bytes(1 << 16))
        elif word == "long":
            self.raw(1 << 40, self.file_body("/" + rest))
        elif word in ("cut", "short"):
            body = self.file_body("/" + rest)
            half = body[: len(body) // 2]
            self.raw(len(body) if word == "cut" else len(half), half)
        elif word == "headers":
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
            while True:
                self.wfile.write(b"X-More: " + b"x" * 1000 + b"\r\n")
        elif word == "hold":
            while rest.endswith(".qpkg") and not os.path.exists(os.path.join(self.server.folder, "go")):
                time.sleep(0.02)
            self.path = "/" + rest
            super().do_GET()
        elif word == "silent":
            time.sleep(3600)
        elif word == "auth":
            wanted = "Basic " + base64.b64encode(b"reader:secret").decode()
            if self.headers.get("Authorization") == wanted:
                self.path = "/" + rest
                super().do_GET()
            else:
                self.finish_with(401, [("WWW-Authenticate", 'Basic realm="x"')])
        else:
            super().do_GET()


def serve(folder, port_file, tls):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), lambda *a: Handler(*a, directory=folder))
    server.daemon_threads = True
    server.folder = folder
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    with open(port_file + ".new", "w", encoding="utf-8") as file:
        file.write(str(server.server_port))
    os.rename(port_file + ".new", port_file)
    server.serve_forever()


def sign(body, secret):
    with open(secret, encoding="utf-8") as file:
        key = ed25519.Key(base64.b64decode(json.load(file)["seed"]))
    with open(body, encoding="utf-8") as file:
        raw = text_of(json.load(file))
    sys.stdout.buffer.write(raw + signature_of(raw, key))


if __name__ == "__main__":
    if sys.argv[1] == "craft":
        Craft(*sys.argv[2:5]).all()
    elif sys.argv[1] == "sign":
        sign(*sys.argv[2:4])
    else:
        serve(sys.argv[2], sys.argv[3], sys.argv[5:7] if sys.argv[4:5] == ["--tls"] else None)
