#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A server of event streams, for tests: it ends them in each way, remembers what it sent, and writes down every request.

    sse_server.py --port-file FILE --journal FILE [--tls CERT KEY]

The port stands in FILE once it listens.

GET or POST /events: events 1 … count, {"id": N, "text": "event N"}; from Last-Event-ID on, where that is told. Parameters:
  count=N (100)  rate=N a second (0: as fast as can be)  after=end|hold|204 (204) what follows the last: the stream ends, goes on without
  events, or ends and is answered 204 from then on
  close=N  the connection ends after so many events       reset=N  the same, but it breaks off within an event
  ids=0  they have none   ids=same  always 1     types=a,b,…  by turns    retry=MS  says so at the beginning   inclusive=1  sends the last again
  eol=lf|cr|crlf (lf)     chunk=BYTES  written so much at a time          pad=BYTES  longer texts               beat=SECONDS  a comment
  silent=N  from the n-th event on nothing comes any more, on this connection                                   lines=1  data in several lines
  bearer=TOKEN  who does not show it is refused        gzip=1  packed    type=TEXT  the content's, instead of text/event-stream
GET /raw: what was PUT to /_raw, then the stream ends; chunk as above.
GET /live: what is PUT to /_send goes at once to all who listen there; hello=1: an event comes at once.
PUT /_status N TIMES: so often the answer is N, with Retry-After: 1 where N is 429 or 503.
"""
import argparse
import asyncio
import json
import os
import ssl
import time
import urllib.parse
import zlib

EOL = {"lf": "\n", "cr": "\r", "crlf": "\r\n"}


class Request:
    def __init__(self, method, target, headers, body):
        split = urllib.parse.urlsplit(target)
        self.method, self.path, self.headers, self.body = method, split.path, headers, body
        self.query = dict(urllib.parse.parse_qsl(split.query, keep_blank_values=True))

    def number(self, name, default=0):
        return float(self.query.get(name, default))


class Stream:
    """The body of an answer, in chunks."""

    def __init__(self, writer, request):
        self.writer = writer
        self.step = int(request.number("chunk"))
        self.pack = zlib.compressobj(1, zlib.DEFLATED, 31) if request.query.get("gzip") else None

    async def send(self, data):
        if self.pack:
            data = self.pack.compress(data) + self.pack.flush(zlib.Z_SYNC_FLUSH)
        step = self.step or len(data)
        for at in range(0, len(data), step or 1):
            piece = data[at:at + step]
            self.writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            if self.step:
                await self.writer.drain()
                await asyncio.sleep(0)
        await self.writer.drain()

    async def end(self):
        if self.pack:
            tail = self.pack.flush()
            self.writer.write(b"%x\r\n%s\r\n" % (len(tail), tail))
        self.writer.write(b"0\r\n\r\n")
        await self.writer.drain()


class Server:
    def __init__(self, options):
        self.journal = open(options.journal, "a", buffering=1, encoding="utf-8")
        self.requests = self.open = self.most = 0
        self.raw, self.refusals, self.listeners = b"", [], set()

    def event(self, request, n):
        eol = EOL[request.query.get("eol", "lf")]
        text = json.dumps({"id": n, "text": f"event {n}" + "x" * int(request.number("pad"))})
        lines = []
        if request.query.get("types"):
            types = request.query["types"].split(",")
            lines.append(f"event: {types[(n - 1) % len(types)]}")
        if request.query.get("ids") != "0":
            lines.append("id: 1" if request.query.get("ids") == "same" else f"id: {n}")
        if request.query.get("lines"):
            text = text.replace(", ", ",\n").replace("{", "{\n")
        lines += [f"data: {line}" for line in text.split("\n")]
        return (eol.join(lines) + eol + eol).encode()

    async def events(self, request, stream, writer):
        count, rate = int(request.number("count", 100)), request.number("rate")
        first = int(request.headers.get("last-event-id") or 0) + 1
        first -= bool(request.query.get("inclusive") and first > 1)
        silent, last = int(request.number("silent")), count
        limits = [int(request.number(name)) for name in ("close", "reset") if request.query.get(name)]
        if limits:
            last = min(count, first + limits[0] - 1)
        began, batch = time.monotonic(), b""
        if "retry" in request.query:
            await stream.send(f"retry: {request.query['retry']}\n\n".encode())
        for n in range(first, last + 1):
            if first < silent <= n:
                await stream.send(batch)
                await asyncio.sleep(3600)
            batch += self.event(request, n)
            if rate:
                await asyncio.sleep(max(0, began + (n - first + 1) / rate - time.monotonic()))
            if rate or len(batch) > 65536 or n == last:
                await stream.send(batch)
                batch = b""
        if last < count and "reset" in request.query:
            await stream.send(self.event(request, last + 1)[:-9])
            writer.transport.abort()
            return False
        if last == count and request.query.get("after") == "hold":
            while True:
                await asyncio.sleep(request.number("beat", 3600))
                await stream.send(b": still here\n\n")
        await stream.end()
        return True

    async def live(self, stream):
        queue = asyncio.Queue()
        self.listeners.add(queue)
        try:
            while True:
                await stream.send(await queue.get())
        finally:
            self.listeners.discard(queue)

    def control(self, request):
        if request.path == "/_raw":
            self.raw = request.body
        elif request.path == "/_status":
            status, times = request.body.split()
            self.refusals = [int(status)] * int(times)
        elif request.path == "/_send":
            for queue in self.listeners:
                queue.put_nowait(request.body)
        return json.dumps({"requests": self.requests, "open": self.open, "most": self.most, "listeners": len(self.listeners)}).encode()

    def refusal(self, request):
        """(status, headers) of who gets no stream; None: he does."""
        if self.refusals:
            status = self.refusals.pop()
            return status, ("retry-after: 1\r\n" if status in (429, 503) else "")
        if "bearer" in request.query and request.headers.get("authorization") != f"Bearer {request.query['bearer']}":
            return 401, ""
        if request.path not in ("/events", "/raw", "/live"):
            return 404, ""
        told = request.headers.get("last-event-id")
        if request.path == "/events" and request.query.get("after", "204") == "204" and told and int(told) >= request.number("count", 100):
            return 204, ""
        return None

    async def answer(self, request, writer):
        refused = self.refusal(request)
        self.journal.write(json.dumps({
            "n": self.requests, "at": round(time.time(), 6), "method": request.method, "path": request.path, "query": request.query,
            "headers": request.headers, "body": request.body.decode("utf-8", "replace"), "status": refused[0] if refused else 200}) + "\n")
        if refused:
            length = "" if refused[0] == 204 else "content-length: 5\r\n"
            writer.write(f"HTTP/1.1 {refused[0]} No\r\n{refused[1]}{length}\r\n".encode() + (b"" if refused[0] == 204 else b"no!!\n"))
            await writer.drain()
            return True
        kind = request.query.get("type", "text/event-stream; charset=utf-8")
        packed = "content-encoding: gzip\r\n" if request.query.get("gzip") else ""
        writer.write(f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\n{packed}transfer-encoding: chunked\r\n\r\n".encode())
        await writer.drain()
        stream = Stream(writer, request)
        self.open += 1
        self.most = max(self.most, self.open)
        try:
            if request.path == "/events":
                return await self.events(request, stream, writer)
            if request.path == "/live":
                if request.query.get("hello"):
                    await stream.send(b'data: {"n": 0}\n\n')
                await self.live(stream)
            await stream.send(self.raw)
            await stream.end()
            return True
        finally:
            self.open -= 1

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
        keep = True
        try:
            while keep:
                request = await self.read(reader)
                if request.path.startswith("/_"):
                    body = self.control(request)
                    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))
                    await writer.drain()
                    continue
                self.requests += 1
                keep = await self.watched(request, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()

    async def watched(self, request, reader, writer):
        """Who hangs up is not sent to any longer."""
        answer = asyncio.ensure_future(self.answer(request, writer))
        gone = asyncio.ensure_future(reader.read(1)) if request.path in ("/events", "/live") else None
        await asyncio.wait([answer] + ([gone] if gone else []), return_when=asyncio.FIRST_COMPLETED)
        if answer.done():
            if gone:
                gone.cancel()
                return False if answer.exception() else answer.result() and await self.closed(writer)
            return answer.result()
        answer.cancel()
        return False

    @staticmethod
    async def closed(writer):
        """A read may have taken a byte of the next request: that connection is not used again."""
        writer.close()
        return False


async def end_with(parent):
    """Nobody else may be left to end it, or be waiting for what it has inherited."""
    while os.getppid() == parent:
        await asyncio.sleep(0.3)
    os._exit(0)


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port-file", required=True)
    parser.add_argument("--journal", required=True)
    parser.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"))
    options = parser.parse_args()
    context = None
    if options.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*options.tls)
    server = Server(options)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=context, limit=1 << 20, backlog=1024)
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
