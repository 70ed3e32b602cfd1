#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A server of rows over HTTP, for tests: it pages in each way, fails in each way, checks who asks, and writes down every request.

    rest_server.py --port-file FILE --journal FILE [--rows N] [--pad BYTES] [--late SECONDS] [--tls CERT KEY [--clients CERT]]
                   [--keys DIRECTORY]

The port stands in FILE once it listens. Rows: {"id": 1…N, "name": "row-1", "amount": 0.01, "note": …}.

GET or POST, parameters in the query or, of a POST, in a JSON body:
  /offset  offset, limit     /page  page, limit       /cursor  after, limit (keyset: {"data", "next_cursor", "has_more", "total"})
  /next    after, limit ({"data", "next": URL or null})  /link  after, limit (a list; Link: <…>; rel="next")
  /keyset  after (an id; also in "variables" of a body, or as [id]), limit, since (a moment; gte. may stand before it): {"data", "has_more",
           "state": "partial" or "complete", "left", "at": [id]}, headers X-Cursor and X-Next; each row has "at", the id-th minute of 2026
  /plain   all rows      /plan  what one plan of rows is: {"data": {"items": […]}, "total"}
and beside them
  shape=list|data|deep       where the rows stand          type=json|ndjson|csv   how they are written
  drift=1   each row has a text whose length changes with every request    packed=gzip|deflate|br|zstd  if that is welcome
  stuck=1   the cursor, or page, never changes                              beyond=404  in place of an empty page
  relative=1  next URLs without scheme and host     elsewhere=URL  they lead there instead
  short=1   every third page lacks half of its rows, which come with the next (page and offset: not)
A path may begin with /secure/basic, /secure/bearer, /secure/header, /secure/query, /secure/oauth, /secure/jwt or /secure/aws; POST /token
gives tokens, by client credentials, by the refresh token at hand (of which there is another one then, with ?rotate=1) and for claims that
were signed; ?late=SECONDS later. Signatures are checked here, by the public keys RS256.pem and ES256.pem in the folder of --keys.
/redirect?to=URL&status=302, /bomb?bytes=N&packed=gzip, /echo (the request as one row) and /status/N serve single purposes.

GET /one/ID is a row by itself, /lines/ID its ID % 4 lines; beyond the last row 404.

Rows are taken by POST /in (a JSON object, an array, NDJSON or a form; {"records": […]} is opened), PUT, PATCH and DELETE /in/ID; parameters:
  bad=N     rows whose id is a multiple of N are refused: alone with 422, among others all of them are
  multi=1   each row has a status of its own: {"items": [{"index": {"status": 201}}, {"index": {"status": 422, "error": {"reason": …}}}]}
  named=1   those that were refused alone: {"errors": [{"index": 3, "message": …}]}
  later=N   with multi: rows whose id is a multiple of N have 503 the first time
  twice=409 a row whose id is there already has this status; without it, it is kept twice
A request with a header Idempotency-Key (or X-Event) that was there before gets the same answer and changes nothing; with another body it
gets 422, as draft-ietf-httpapi-idempotency-key-header says. GET /_kept: all rows, in the order in which they came.

PUT /_faults sets what goes wrong, a JSON list; each has what it is for: "on" (the n-th request for rows, from 1) or "where" (parameters),
"times" (default 1), and what happens:
  {"status": 429, "retry_after": "1", "body": …}   {"reset": BYTES}   {"late": SECONDS}   {"stall": BYTES}   {"slow": BYTES_PER_SECOND}
  {"gone": true}: it is served, and the connection ends without an answer     {"status": 404, "endless": true}: what it says has no end
  {"cut_json": BYTES}   {"short_length": N}   {"long_length": N}   {"bad_chunk": true}   {"type": "text/html"}   {"redirect": URL}
  {"together": N}: nobody has an answer before N have asked
PUT /_rows with N: from now on there are N rows. GET /_requests: how many there were for rows.
"""
import argparse
import asyncio
import base64
import calendar
import gzip
import json
import os
import ssl
import subprocess
import time
import urllib.parse
import zlib

from rest_admission import Admission



def packed_by(*program):
    return lambda body: subprocess.run(program, input=body, stdout=subprocess.PIPE, check=True).stdout


PACKINGS = {"gzip": lambda body: gzip.compress(body, 9), "deflate": zlib.compress, "br": packed_by("brotli", "-c", "-q", "4"), "zstd": packed_by("zstd", "-qc")}
PHRASES = {200: "OK", 201: "Created", 204: "No Content", 301: "Moved", 302: "Found", 307: "Temporary Redirect", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden",
           404: "Not Found", 408: "Timeout", 429: "Too Many Requests", 500: "Error", 502: "Bad Gateway", 503: "Unavailable", 504: "Timeout"}


class Rows:
    def __init__(self, count, pad):
        self.pad = "x" * pad
        self.cache = []
        self.count = count

    def json(self, first, last, drift):
        """Rows first … last - 1, from 0, joined by commas."""
        while len(self.cache) < last:
            i = len(self.cache) + 1
            self.cache.append(b'{"id":%d,"name":"row-%d","amount":%d.%02d,"note":"%s"}' % (i, i, i // 100, i % 100, self.pad.encode()))
        rows = self.cache[first:last]
        if drift:
            rows = [row[:-1] + b',"served":"%s"}' % (b"y" * ((drift * 7 + n) % 23)) for n, row in enumerate(rows)]
        return rows


class Request:
    def __init__(self, method, target, headers, body):
        self.method, self.headers, self.body = method, headers, body
        self.target = target
        split = urllib.parse.urlsplit(target)
        self.path = urllib.parse.unquote(split.path)
        self.query = dict(urllib.parse.parse_qsl(split.query, keep_blank_values=True))
        self.params = dict(self.query)
        if body and body[:1] == b"{":
            try:
                value = json.loads(body)
                value.update(value.get("variables", {}))
                self.params.update({k: json.dumps(v) if isinstance(v, list) else str(v) for k, v in value.items() if v is not None})
            except ValueError:
                pass
        elif body and headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            self.params.update(urllib.parse.parse_qsl(body.decode()))

    def number(self, name, default):
        text = self.params.get(name, "")
        return int(text) if text.lstrip("-").isdigit() else default


class Server(Admission):
    def __init__(self, options):
        self.rows = Rows(options.rows, options.pad)
        self.journal = open(options.journal, "a", buffering=1, encoding="utf-8")
        self.faults, self.data_requests, self.requests = [], 0, 0
        super().__init__("https" if options.tls else "http", options.keys)
        self.connections = 0
        self.kept, self.keys, self.put_off = [], {}, set()
        self.late = options.late
        self.together = []

    # ---- rows ----

    def shaped(self, request, rows, more):
        kind = request.params.get("type", "json")
        if kind == "ndjson":
            return "application/x-ndjson", b"".join(row + b"\n" for row in rows)
        if kind == "csv":
            lines = [b"id,name,amount,note\n"]
            for row in rows:
                value = json.loads(row, parse_float=str)
                lines.append(f"{value['id']},{value['name']},{value['amount']},{value['note']}\n".encode())
            return "text/csv", b"".join(lines)
        shape = request.params.get("shape", "list" if more is None else "data")
        listed = b"[" + b",".join(rows) + b"]"
        if shape == "list":
            return "application/json", listed
        if shape == "deep":
            listed = b'{"first":[1,[2]],"items":' + listed + b',"last":{"items":[{"id":-1}]}}'
        tail = b"".join(b',"%s":%s' % (k.encode(), json.dumps(v).encode()) for k, v in (more or {"total": self.rows.count}).items())
        return "application/json", b'{"note":"a \\"quote\\" and ]}","data":' + listed + tail + b"}"

    def span(self, request):
        limit = max(1, min(request.number("limit", 100), 100000))
        count, path = self.rows.count, request.path
        if path == "/page":
            page = 1 if request.params.get("stuck") else request.number("page", 1)
            first = (page - 1) * limit
        elif path == "/offset":
            first = 0 if request.params.get("stuck") else request.number("offset", 0)
        elif path in ("/cursor", "/next", "/link"):
            after = request.params.get("after", "")
            first = int(base64.urlsafe_b64decode(after).decode().removeprefix("after:")) if after else 0
        elif path == "/keyset":
            after = request.params.get("after") or "0"
            first = max(int(after.strip("[]")), self.since(request.params.get("since")))
        else:
            return 0, count
        first = max(0, first)
        return min(first, count), min(first + limit, count)

    @staticmethod
    def since(text):
        """How many rows are older than that: row N is of the N-th minute of 2026."""
        if not text:
            return 0
        text = text.removeprefix("gte.")
        start = calendar.timegm((2026, 1, 1, 0, 0, 0))
        if text.isdigit():
            seconds = int(text) if len(text) < 12 else int(text) / 1000
        else:
            form = "%Y-%m-%dT%H:%M:%SZ" if "T" in text else "%Y-%m-%d"
            seconds = calendar.timegm(time.strptime(text, form))
        return max(0, -(-int(seconds - start) // 60) - 1)

    def address(self, request, after):
        query = {**request.query, "after": after}
        url = f"{request.full_path}?{urllib.parse.urlencode(query)}"
        if "elsewhere" in query:
            return query["elsewhere"]
        return url if query.get("relative") else f"{self.scheme}://{request.headers.get('host')}{url}"

    def page(self, request):
        first, last = self.span(request)
        drift = self.requests if request.params.get("drift") else 0
        headers, more = {}, None
        if request.params.get("short") and last > first and (first // max(1, last - first)) % 3 == 1:
            last = first + max(1, (last - first) // 2)
        rows = self.rows.json(first, last, drift)
        ended = last >= self.rows.count
        cursor = base64.urlsafe_b64encode(f"after:{last}".encode()).decode()
        if request.params.get("stuck") and request.path in ("/cursor", "/next", "/link"):
            ended, cursor = False, base64.urlsafe_b64encode(b"after:0").decode()
        if request.path == "/cursor":
            more = {"next_cursor": None if ended else cursor, "has_more": not ended, "total": self.rows.count}
        elif request.path == "/next":
            more = {"next": None if ended else self.address(request, cursor)}
        elif request.path == "/link" and not ended:
            headers["link"] = f'<{self.address(request, "")}>; rel="first", <{self.address(request, cursor)}>; title="more, much"; rel="next last"'
        elif request.path == "/plan":
            request.params["shape"] = "deep"
        elif request.path == "/keyset":
            rows = [row[:-1] + b',"at":"%s"}' % time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(1767225600 + 60 * (first + 1 + n))).encode()
                    for n, row in enumerate(rows)]
            more = {"has_more": not ended, "state": "complete" if ended else "partial", "left": 0 if ended else 1, "at": [last]}
            if not ended:
                headers = {"x-cursor": str(last), "x-next": self.address(request, str(last))}
        elif request.path == "/page" and request.params.get("shape") == "data":
            more = {"total": self.rows.count, "pages": -(-self.rows.count // max(1, request.number("limit", 100)))}
        if not rows and request.params.get("beyond") == "404":
            return 404, {}, b'{"error":"no such page"}', 0
        kind, body = self.shaped(request, rows, more)
        return 200, {"content-type": kind, **headers}, body, len(rows)

    def one(self, request):
        _, kind, ident = request.path.split("/", 2)
        number = int(ident) if ident.isdigit() else 0
        if ident == "odd":
            return 200, {"score": "many"}
        if ident == "wrong":
            return 422, {"error": "that is no id"}
        if not 1 <= number <= self.rows.count:
            return 404, {"error": "nobody"}
        if kind == "lines":
            return 200, {"data": [{"sku": f"s{number}-{i}", "n": i} for i in range(number % 4)]}
        return 200, {"name": f"row-{number}", "address": {"city": f"city \"{number % 7}\""}, "score": number / 4, "big": 9007199254740993 + number,
                     "text": str(number), "ok": number % 2 == 0, "none": None, "tags": ["a", number]}

    # ---- rows that come ----

    @staticmethod
    def brought(request):
        kind = request.headers.get("content-type", "")
        text = request.body.decode()
        if kind == "application/x-www-form-urlencoded":
            return [dict(urllib.parse.parse_qsl(text, keep_blank_values=True))] if text else []
        if kind == "application/x-ndjson":
            return [json.loads(line) for line in text.splitlines()]
        value = json.loads(text) if text else []
        if isinstance(value, dict) and isinstance(value.get("records"), list):
            value = value["records"]
        return value if isinstance(value, list) else [value]

    def refusal(self, row, params):
        """None, or (status, why)"""
        ident = row.get("id") if isinstance(row, dict) else None
        number = int(ident) if str(ident).isdigit() else 0
        if "bad" in params and number and number % int(params["bad"]) == 0:
            return 422, f"row {number} is bad"
        if "twice" in params and any(str(kept.get("id")) == str(ident) for kept in self.kept):
            return int(params["twice"]), f"row {number} is there"
        if "later" in params and number % int(params["later"]) == 0 and number not in self.put_off:
            self.put_off.add(number)
            return 503, f"row {number} later"
        return None

    def keep_one(self, request):
        """PUT, PATCH, DELETE of /in/ID"""
        ident = request.path[4:]
        at = next((i for i, row in enumerate(self.kept) if str(row.get("id")) == ident), None)
        if request.method == "DELETE":
            if at is None:
                return 404, {"error": f"no row {ident}"}
            del self.kept[at]
            return 204, None
        row = self.brought(request)[0]
        bad = self.refusal({"id": ident}, request.query)
        if bad:
            return bad[0], {"error": bad[1]}
        if request.method == "PATCH" and at is None:
            return 404, {"error": f"no row {ident}"}
        if at is None:
            self.kept.append({"id": ident, **row})
        else:
            self.kept[at] = {**self.kept[at], **row} if request.method == "PATCH" else {"id": ident, **row}
        return 200, {"id": ident}

    def keep_some(self, request):
        rows, params = self.brought(request), request.query
        bad = [self.refusal(row, params) for row in rows]
        each = "multi" in params or "named" in params
        if not each and any(bad):
            status, why = next(b for b in bad if b)
            return status, {"error": why if len(rows) == 1 else f"{sum(map(bool, bad))} of {len(rows)} rows are bad"}
        self.kept += [row for row, b in zip(rows, bad) if not b]
        if "multi" in params:
            return 200, {"errors": any(bad), "items": [{"index": {"status": b[0], "error": {"reason": b[1]}} if b else {"status": 201}} for b in bad]}
        if "named" in params:
            return 200, {"errors": [{"index": i, "message": b[1]} for i, b in enumerate(bad) if b]}
        return 201, {"taken": len(rows)}

    def take(self, request):
        key = request.headers.get("idempotency-key") or request.headers.get("x-event")
        if key in self.keys:
            body, answer = self.keys[key]
            return answer if body == (request.method, request.full_path, request.body) else (422, {"error": "this key was there with another body"})
        answer = self.keep_one(request) if request.path.startswith("/in/") else self.keep_some(request)
        if key and answer[0] < 300:
            self.keys[key] = (request.method, request.full_path, request.body), answer
        return answer

    # ---- what goes wrong ----

    def fault(self, request):
        for fault in self.faults:
            if fault.get("times", 1) <= 0:
                continue
            at = fault.get("on")
            if at is not None and not at <= self.data_requests:
                continue
            if any(request.params.get(k) != str(v) for k, v in fault.get("where", {}).items()):
                continue
            fault["times"] = fault.get("times", 1) - 1
            return fault
        return None

    def answer(self, request):
        """(status, headers, body, rows, fault)"""
        request.full_path = request.path
        path = request.path
        if path.startswith("/_"):
            return self.control(request) + (0, None)
        if path == "/token":
            return self.token(request) + (0, {"late": float(request.query.get("late", 0))})
        if path == "/redirect":
            return int(request.params.get("status", 302)), {"location": request.params.get("to", "/redirect")}, b"moved", 0, None
        if path.startswith("/status/"):
            return int(path[8:]), {}, request.params.get("body", "as asked").encode(), 0, None
        self.data_requests += 1
        if path.startswith("/secure/"):
            kind, rest = (path[8:].split("/", 1) + [""])[:2]
            request.path = "/" + rest
            if not self.admitted(kind, request):
                return 401, {"www-authenticate": "Bearer"}, json.dumps({"error": "who are you?", "got": request.headers.get("authorization")}).encode(), 0, None
        fault = self.fault(request)
        if fault and "status" in fault:
            headers = {"retry-after": str(fault["retry_after"])} if "retry_after" in fault else {}
            if "type" in fault:
                headers["content-type"] = fault["type"]
            return fault["status"], headers, fault.get("body", '{"error":"not now"}').encode(), 0, fault
        if fault and "redirect" in fault:
            return 302, {"location": fault["redirect"]}, b"", 0, fault
        if request.method == "HEAD":
            return 405, {}, b"", 0, fault
        if request.path.startswith(("/one/", "/lines/")):
            status, value = self.one(request)
            return status, {"content-type": "application/json"}, json.dumps(value).encode(), 0, fault
        if request.path == "/in" or request.path.startswith("/in/"):
            status, value = self.take(request)
            return status, {"content-type": "application/json"}, json.dumps(value).encode() if value is not None else b"", 0, fault
        if request.path == "/echo":
            row = {"method": request.method, "path": request.full_path, "query": request.query, "headers": request.headers, "body": request.body.decode()}
            return 200, {"content-type": "application/json"}, json.dumps([row]).encode(), 1, fault
        if request.path == "/bomb":
            body = b"[" + b" " * int(request.params.get("bytes", 1 << 28)) + b"]"
            packing = request.params.get("packed", "gzip")
            return 200, {"content-type": "application/json", "content-encoding": packing}, PACKINGS[packing](body), 0, fault
        if request.path not in ("/offset", "/page", "/cursor", "/next", "/link", "/keyset", "/plain", "/plan"):
            return 404, {}, b'{"error":"no such thing"}', 0, fault
        status, headers, body, rows = self.page(request)
        packing = request.params.get("packed")
        if packing and packing in request.headers.get("accept-encoding", ""):
            body, headers["content-encoding"] = PACKINGS[packing](body), packing
        if fault and "type" in fault:
            headers["content-type"] = fault["type"]
        return status, headers, body, rows, fault

    def control(self, request):
        if request.path == "/_faults":
            self.faults = json.loads(request.body)
            self.data_requests = 0
        elif request.path == "/_rows":
            self.rows.count = int(request.body)
        elif request.path == "/_token_seconds":
            self.token_seconds = float(request.body)
        elif request.path == "/_kept":
            if request.method == "PUT":
                self.kept, self.keys, self.put_off = json.loads(request.body), {}, set()
            return 200, {"content-type": "application/json"}, json.dumps(self.kept).encode()
        elif request.path == "/_revoke":
            self.tokens = {}
        elif request.path == "/_refresh":
            self.refresh_token = request.body.decode()
        return 200, {"content-type": "application/json"}, json.dumps({"requests": self.data_requests, "connections": self.connections}).encode()

    # ---- the wire ----

    async def gather(self, count):
        mine = asyncio.get_running_loop().create_future()
        self.together.append(mine)
        if len(self.together) == count:
            for other in self.together:
                other.set_result(None)
            self.together = []
        await mine

    async def send(self, writer, status, headers, body, fault):
        fault = fault or {}
        if "together" in fault:
            await self.gather(fault["together"])
        cut = body[:fault["cut_json"]] if "cut_json" in fault else body
        length = len(cut) + fault.get("long_length", 0) - fault.get("short_length", 0)
        headers = {"server": "rows", **headers}
        if "bad_chunk" in fault:
            headers["transfer-encoding"] = "chunked"
        elif status != 204 and "endless" not in fault:
            headers["content-length"] = str(length)
        await asyncio.sleep(fault.get("late", self.late))
        if "gone" in fault:
            writer.transport.abort()
            return False
        head = f"HTTP/1.1 {status} {PHRASES.get(status, 'Status')}\r\n" + "".join(f"{k}: {v}\r\n" for k, v in headers.items()) + "\r\n"
        writer.write(head.encode())
        if "bad_chunk" in fault:
            writer.write(b"10\r\n" + cut[:16] + b"\r\nZZ\r\n" + cut[16:])
            return False
        if "reset" in fault:
            writer.write(cut[:fault["reset"]])
            await writer.drain()
            writer.transport.abort()
            return False
        if "endless" in fault:
            while not writer.is_closing():
                writer.write(b"on and on " * 6554)
                await writer.drain()
            return False
        if "stall" in fault:
            writer.write(cut[:fault["stall"]])
            await writer.drain()
            await asyncio.sleep(fault.get("seconds", 30))
            return False
        if "slow" in fault:
            step = max(1, fault["slow"] // 20)
            for at in range(0, len(cut), step):
                writer.write(cut[at:at + step])
                await writer.drain()
                await asyncio.sleep(0.05)
            return True
        if status != 204:
            writer.write(cut)
        await writer.drain()
        return not ("short_length" in fault or "long_length" in fault)

    async def read(self, reader):
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        method, target, _ = lines[0].split(" ", 2)
        headers = {}
        for line in lines[1:]:
            if line:
                name, value = line.split(":", 1)
                headers[name.strip().lower()] = value.strip()
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        return Request(method, target, headers, body)

    async def serve(self, reader, writer):
        self.connections += 1
        number, keep = self.connections, True
        try:
            while keep:
                request = await self.read(reader)
                at = time.time()
                self.requests += 1
                status, headers, body, rows, fault = self.answer(request)
                body = b"" if request.method == "HEAD" else body
                if not request.path.startswith("/_"):
                    self.journal.write(json.dumps({
                        "n": self.requests, "at": round(at, 6), "connection": number, "method": request.method, "path": request.full_path,
                        "query": request.query, "headers": request.headers, "body": request.body.decode("utf-8", "replace"), "status": status,
                        "rows": rows, "packed": headers.get("content-encoding"), "fault": {k: v for k, v in (fault or {}).items() if k not in ("times", "on", "where")} or None}) + "\n")
                keep = await self.send(writer, status, headers, body, fault)
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()


async def end_with(parent):
    """Nobody else may be left to end it, or be waiting for what it has inherited."""
    while os.getppid() == parent:
        await asyncio.sleep(0.3)
    os._exit(0)


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port-file", required=True)
    parser.add_argument("--journal", required=True)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--pad", type=int, default=0)
    parser.add_argument("--late", type=float, default=0)
    parser.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"))
    parser.add_argument("--clients", metavar="CERT", help="with --tls: who does not show a certificate signed by this one is not let in")
    parser.add_argument("--keys", default=".")
    options = parser.parse_args()
    context = None
    if options.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*options.tls)
        if options.clients:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(options.clients)
    server = Server(options)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=context, limit=1 << 20)
    port = listening.sockets[0].getsockname()[1]
    with open(options.port_file + ".tmp", "w", encoding="ascii") as out:
        out.write(str(port))
    os.rename(options.port_file + ".tmp", options.port_file)
    orphaned = asyncio.get_running_loop().create_task(end_with(parent))
    async with listening:
        await listening.serve_forever()
    orphaned.cancel()


if __name__ == "__main__":
    parent = os.getppid()
    os.closerange(3, 1024)  # locks of whoever began the test, above all
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass
