# SPDX-License-Identifier: Apache-2.0
"""How an option is tried: see option_experiments.py and diff_options.py."""
import json
import threading


class Experiment:
    """Values of an option, tried on files with further options of the format (`more`), of the source or the sink."""

    def __init__(self, kind, fmt, values, files, more=None, end="", read=None, write=None, at="format", prepare=None):
        self.kind, self.fmt, self.values, self.given = kind, fmt, values, files
        self.more, self.read, self.write, self.at, self.end = more or {}, read or {}, write or {}, at, end
        self.prepare = prepare or (lambda folder: None)  # what no file is
        self.lock, self.base = threading.Lock(), None

    def files(self, value):
        return self.given(value) if callable(self.given) else self.given

    def pipeline(self, option, value):
        source = {"plugin": "file", "path": "in*", "format": {"type": "ndjson"}, **self.read}
        sink = {"plugin": "file", "input": "s", "path": "out/o" + self.end, "format": {"type": "ndjson"}, **self.write}
        place = {"read": source, "write": sink}[self.kind]
        if self.fmt:
            place["format"] = {"type": self.fmt, **(self.more(value) if callable(self.more) else self.more)}
        if sink["plugin"] == "null":
            del sink["format"]
        if source["plugin"] == "parquet":
            del source["format"]
        if option:
            (place["format"] if self.at == "format" else place)[option] = value
        sink = {k: v for k, v in sink.items() if v is not None}
        return {"sources": {"s": source}, "sinks": {"o": sink}}


def reads(fmt, values, data, more=None, **rest):
    files = (lambda v: {"in": data(v)}) if callable(data) else data if isinstance(data, dict) else {"in": data}
    return [Experiment("read", fmt, values, files, more, **rest)]


def writes(fmt, values, rows, more=None, **rest):
    text = "".join(json.dumps(row) + "\n" for row in rows)
    return [Experiment("write", fmt, values, {"in": text}, more, **rest)]


def of_source(values, files, fmt="csv", **rest):
    return [Experiment("read", fmt, values, files, at="source", **rest)]


def of_sink(values, files, fmt="csv", **rest):
    return [Experiment("write", fmt, values, files, at="sink", **rest)]
