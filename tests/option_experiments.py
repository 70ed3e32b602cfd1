# SPDX-License-Identifier: Apache-2.0
"""What each option is tried with: input that it concerns, and values. For diff_options.py."""
import gzip
import io
import json
import os
import struct
import subprocess
import tarfile
import zipfile

from option_rig import of_sink, of_source, reads, writes

# What changes no byte of the output on purpose: it is tried all the same.
SAME = {("source parquet", "threads"), ("source parquet", "memory_mib"), ("format parquet", "memory_mib"),
        ("sink file", "max_open")}
# What has no end has a scenario.
SCENARIOS = {("source file", "follow"): "360-follow.sh", ("source file", "follow_poll_ms"): "360-follow.sh"}

PARTS = {"in1": "a,b\n1,2\n", "in2": "a,b,c\n3,4,5\n"}
TIMES = [{"d": "2024-12-31", "t": "13:14:15", "s": "2024-12-31T13:14:15", "x": "a;b"}]
SAMPLE = {"latin1": "é", "iso-8859-1": "é", "iso-8859-2": "ž", "iso-8859-5": "ж", "iso-8859-7": "ω", "iso-8859-9": "ş",
          "iso-8859-15": "€", "windows-1250": "ž", "windows-1251": "ж", "windows-1252": "€", "windows-1253": "ω",
          "windows-1254": "ş", "windows-1257": "ž", "koi8-r": "ж", "koi8-u": "ї", "cp437": "é", "cp850": "é",
          "macintosh": "é", "utf-16": "é", "utf-16le": "é", "utf-16be": "é", "shift_jis": "表", "euc-jp": "表",
          "gb18030": "表", "gbk": "表", "big5": "表", "euc-kr": "한", "detect": "€"}
THOUSANDS = [",", " ", "'", "_", "\u00a0", "\u202f"]
# What a byte order mark tells whatever is said.
TOLD = [e for e in SAMPLE if e != "utf-16"]
PYTHON = {"macintosh": "mac_roman", "detect": "windows-1252", "binary": "latin1"}


def encoded(value):
    return f"a,b\n1,x{SAMPLE[value]}\n".encode(PYTHON.get(value, value))


def later(first, last):
    """What comes after a sample of little."""
    return "a,b\n" + f"{first},1\n" * 2000 + f"{last},1\n"


CSV = {
    "delimiter": reads("csv", [":", "||"], "a:b||c:d\n1:2||3:4\n") + writes("csv", [";"], [{"a": 1, "b": 2}]),
    "quote": reads("csv", ["'"], "a,b\n'x,y',2\n'z',\"3,4\"\n") + writes("csv", ["'"], [{"a": "x,y", "b": 2}]),
    "header": reads("csv", [False], "a,b\n1,2\n") + writes("csv", [False], [{"a": 1}]),
    "skip_lines": reads("csv", [1], "x,y\na,b\n1,2\n"),
    "names": reads("csv", [["x", "y"]], "a,b\n1,2\n"),
    "ragged": reads("csv", ["pad"], "a,b\n1,2\n3\n"),
    "new_columns": reads("csv", ["drop", "evolve"], PARTS),
    "blank_lines": reads("csv", ["skip"], "a,b\n1,2\n\n3,4\n"),
    "comment": reads("csv", ["#", "//"], "a,b\n#x\n//y\n1,2\n") + writes("csv", ["#"], [{"a": "#x", "b": "y"}]),
    "trim": reads("csv", ["unquoted", "all"], 'a,b\n x ," y "\n'),
    "escape": reads("csv", ["\\"], 'a,b\n"x\\"y",2\n') + writes("csv", ["\\"], [{"a": 'x"y,'}]),
    "escape_codes": reads("csv", [True], "a,b\nx\\ny,2\n", {"escape": "\\"}),
    "decimal_mark": reads("csv", [","], "a;b\n1,234;2\n") + reads("csv", ["."], "a;b\n1,5;2\n")
    + writes("csv", [","], [{"a": 1.5}], write={"format": {"type": "csv", "delimiter": ";"}}),
    "thousands": reads("csv", THOUSANDS, lambda v: f"a;b\n1{v}000;2\n", {"types": {"a": "bigint"}, "delimiter": ";"})
    + reads("csv", ["."], "a;b\n1.000;2\n", {"types": {"a": "bigint"}, "delimiter": ";", "decimal_mark": ","}),
    "date_format": reads("csv", ["%d.%m.%Y"], "a,b\n31.12.2024,2\n")
    + writes("csv", ["%d.%m.%Y"], TIMES, read={"format": {"type": "ndjson", "types": {"d": "date"}}}),
    "time_format": reads("csv", ["%I:%M %p"], "a,b\n01:30 PM,2\n")
    + writes("csv", ["%I:%M %p"], TIMES, read={"format": {"type": "ndjson", "types": {"t": "time"}}}),
    "timestamp_format": reads("csv", ["%d.%m.%Y %H:%M"], "a,b\n31.12.2024 10:00,2\n")
    + writes("csv", ["%d.%m.%Y %H:%M"], TIMES, read={"format": {"type": "ndjson", "types": {"s": "timestamp"}}}),
    "formats": reads("csv", [{"a": "%d.%m.%Y"}], "a,b\n31.12.2024,31.12.2024\n"),
    "encoding": reads("csv", TOLD, encoded) + writes("csv", ["windows-1252", "utf-16"], [{"a": "é"}]),
    "null": reads("csv", [["NA", "-"]], "a,b\nNA,-\n") + writes("csv", [["NULL"]], [{"a": None, "b": 1}]),
    "types": reads("csv", [{"a": "text"}, {"a": "date"}], "a,b\n1,2\n"),
    "sample_bytes": reads("csv", [1024], later(1, "x"), {"sample_places": 0}),
    "sample_places": reads("csv", [0], "a,b\n" + f"1,{'y' * 1000}\n" * 5000 + "x,y\n" * 9),
    "newline": reads("csv", ["cr"], "a,b\r1,2\n3,4\r5,6\n") + writes("csv", ["crlf", "cr"], [{"a": 1}]),
    "quoting": writes("csv", ["all", "nonnumeric"], [{"a": 1, "b": "x"}]),
    "bom": writes("csv", [True], [{"a": 1}]),
    "spreadsheet_safe": writes("csv", [True], [{"a": "=1+1"}]),
}


def tabbed(name):
    """The same of tsv, but for what is of its own there."""
    found = []
    for one in CSV[name]:
        given = one.given
        if isinstance(given, dict):
            files = {n: t.replace(",", "\t") if isinstance(t, str) and one.kind == "read" else t for n, t in given.items()}
        else:
            def files(value, given=given):
                made = given(value)
                return {n: t.replace(b",", b"\t") if isinstance(t, bytes) and not value.startswith("utf-16") else t
                        for n, t in made.items()}
        more = {k: v for k, v in one.more.items() if k != "delimiter"}
        kind = reads if one.kind == "read" else writes
        made = kind("tsv", one.values, files if kind is reads else [], more, read=one.read)
        made[0].given = files
        found += made
    return found


TSV = {name: tabbed(name) for name in CSV if name not in ("thousands", "decimal_mark", "encoding")}
TSV.update({
    "delimiter": reads("tsv", [","], "a,b\tc\n1,2\t3\n") + writes("tsv", [","], [{"a": 1, "b": 2}]),
    "thousands": reads("tsv", THOUSANDS, lambda v: f"a\tb\n1{v}000\t2\n", {"types": {"a": "bigint"}})
    + reads("tsv", ["."], "a\tb\n1.000\t2\n", {"types": {"a": "bigint"}, "decimal_mark": ","}),
    "decimal_mark": reads("tsv", [","], "a\tb\n1,234\t2\n") + reads("tsv", ["."], "a\tb\n1,5\t2\n"),
    "encoding": reads("tsv", TOLD, lambda v: f"a\tb\n1\tx{SAMPLE[v]}\n".encode(PYTHON.get(v, v))) + writes("tsv", ["utf-16"], [{"a": "é"}]),
    "quote": reads("tsv", ["'"], "a\tb\n'x\ty'\t2\n'z'\t\"3\n") + writes("tsv", ["'"], [{"a": "x\ty", "b": 2}]),
    "comment": reads("tsv", ["#", "//"], "a\tb\n#x\n//y\n1\t2\n"),
})

LINES = {
    "column": reads("lines", ["message"], "x\n"),
    "separator": reads("lines", ["\\0", "--"], b"a\0b--c\n") + writes("lines", ["\\0"], [{"a": "x"}]),
    "carriage_return": reads("lines", ["keep"], "x\r\n"),
    "blank": reads("lines", ["skip"], "x\n\ny\n"),
    "max_bytes": reads("lines", [3], "x\nlonger\n"),
    "encoding": reads("lines", [e for e in SAMPLE if not e.startswith("utf-16") and len(SAMPLE[e].encode()) and e not in
                                ("shift_jis", "euc-jp", "gb18030", "gbk", "big5", "euc-kr", "detect")],
                      lambda v: f"x{SAMPLE[v]}\n".encode(PYTHON.get(v, v))) + reads("lines", ["binary"], b"\xff\n"),
    "invalid": reads("lines", ["replace"], b"x\xff\n"),
    "file_column": reads("lines", ["file"], "x\n"),
    "offset_column": reads("lines", ["at"], "x\ny\n"),
    "nulls": writes("lines", ["reject"], [{"a": None}, {"a": "x"}]),
}

RAW = {
    "column": reads("raw", ["body"], "x\n"),
    "as": reads("raw", ["text"], "x\n"),
    "max_bytes": reads("raw", [3], "longer\n"),
    "file_column": reads("raw", ["", "name"], "x\n"),
    "size_column": reads("raw", ["bytes"], "x\n"),
    "nulls": writes("raw", ["reject"], [{"a": None}, {"a": "x"}]),
}

NDJSON = {
    "types": reads("ndjson", [{"a": "decimal(9,2)"}, {"a": "date"}], '{"a":"1.5"}\n{"a":"2"}\n'),
    "nested": reads("ndjson", ["json"], '{"a":{"b":1}}\n', write={"format": {"type": "avro"}}),
    "new_columns": reads("ndjson", ["drop", "evolve"], '{"a":1}\n' * 300 + '{"a":1,"b":2}\n', {"sample_bytes": 100}),
    "nan": writes("ndjson", ["null", "string"], [{"a": "NaN"}, {"a": "1.5"}], read={"format": {"type": "ndjson", "types": {"a": "double"}}}),
    "sample_bytes": reads("ndjson", [100], '{"a":1}\n' * 300 + '{"a":"x"}\n'),
}
LISTS = '[{"a":1},{"a":2,"b":[{"a":3}]}]'
JSON = {
    "records": reads("json", ["/x/y", "/x"], '{"x":{"y":[{"a":1},{"a":2}]}}'),
    "pretty": writes("json", [True], [{"a": 1, "b": [1]}]),
    "types": reads("json", [{"a": "decimal(9,2)"}], '[{"a":"1.5"}]'),
    "nested": reads("json", ["json"], '[{"a":{"b":1}}]', write={"format": {"type": "avro"}}),
    "new_columns": reads("json", ["drop", "evolve"], "[" + '{"a":1},' * 300 + '{"a":1,"b":2}]', {"sample_bytes": 100}),
    "nan": writes("json", ["null", "string"], [{"a": "NaN"}, {"a": "1.5"}], read={"format": {"type": "ndjson", "types": {"a": "double"}}}),
    "sample_bytes": reads("json", [100], "[" + '{"a":1},' * 300 + '{"a":"x"}]'),
}

AVRO_ROWS = [{"a": i, "b": "x" * 50} for i in range(100)]
AVRO = {
    "codec": writes("avro", ["null", "snappy", "zstandard", "bzip2", "xz"], AVRO_ROWS),
    "level": writes("avro", [1, 9], [{"a": f"{i * i * i % 9973} {i % 37} {i * 7 % 411}"} for i in range(3000)]),
    "block_bytes": writes("avro", [64], AVRO_ROWS),
    "record_name": writes("avro", ["Order"], AVRO_ROWS),
    "namespace": writes("avro", ["com.example"], AVRO_ROWS),
    "names": writes("avro", ["replace"], [{"a b": 1}]),
    "schema": writes("avro", ["s.avsc"], AVRO_ROWS),
}
AVRO["schema"][0].given["s.avsc"] = """{"type": "record", "name": "r", "fields": [{"name": "a", "type": "long"},
    {"name": "b", "type": "string"}]}"""


def avro_long(n):
    return bytes([2 * n]) if n < 64 else bytes([2 * n & 127 | 128, 2 * n >> 7])


def avro_file(fields, rows, codec="null"):
    """A container of records of longs, each row a block, which is not really packed."""
    schema = json.dumps({"type": "record", "name": "r", "fields": [{"name": f, "type": "long"} for f in fields]}).encode()
    made = b"Obj\1" + avro_long(2) + avro_text("avro.schema") + avro_long(len(schema)) + schema
    made += avro_text("avro.codec") + avro_text(codec) + b"\0" + b"s" * 16
    for row in rows:
        block = b"".join(map(avro_long, row))
        if codec == "deflate":
            block = b"\1" + struct.pack("<HH", len(block), len(block) ^ 0xffff) + block
        made += avro_long(1) + avro_long(len(block)) + block + b"s" * 16
    return made


def avro_text(text):
    return avro_long(len(text)) + text.encode()


AVRO.update({
    "new_columns": reads("avro", ["drop", "evolve"], {"in1": avro_file("a", [(1,)]), "in2": avro_file("ab", [(1, 2)])}),
    "max_block": reads("avro", [3], {"in": avro_file("abcd", [(1, 2, 3, 4)], "deflate")}),
})

LAYOUT = '{"name":"pair","fields":[{"name":"k","type":"u8"},{"name":"v","type":"u8"}]}'
BINARY = {
    "struct": reads("binary", ["<H", ">H", "<2B"], b"\1\2\3\4", {"header_bytes": 0}),
    "names": reads("binary", [["k", "v"]], b"\1\2", {"struct": "<BB"}),
    "text": reads("binary", ["binary"], b"ab\0", {"struct": "<3s"}),
    "trim": reads("binary", ["space", "both", "c", "none"], b"a\0b \0" + b"abc  " + b"ab\0  ", {"struct": "<5s"}),
    "encoding": reads("binary", ["latin1", "ibm037"], b"\xc1\xc2", {"struct": "<2s"}) + writes("binary", ["ibm037"], [{"a": "AB"}], {"struct": "<2s"}),
    "header_bytes": reads("binary", [1], b"\1\2\3", {"struct": "<B"}) + writes("binary", [3], [{"a": 1}], {"struct": "<B"}),
    "trailer_bytes": reads("binary", [1], b"\1\2\3", {"struct": "<B"}) + writes("binary", [3], [{"a": 1}], {"struct": "<B"}),
    "layout": reads("binary", ["pair.json"], {"in": b"\1\2", "pair.json": LAYOUT}),
    "catalogue": reads("binary", ["cat"], {"in": b"\1\2\3\4\5\6\7\1" + b"\3\4" * 40, "cat/pair.json": '{"name":"pair","header":{"size":8,"match":[{"at":0,"hex":"0102030405060701"}]},"fields":[{"name":"k","type":"u8"},{"name":"v","type":"u8"}]}'}),
    "fallback": reads("binary", ["ndjson", "none"], "[1,2]\n"),
}


def book(*sheets, strings=()):
    """A workbook of rows of cells as XML attributes and content: ("", 1) is a number."""
    made = io.BytesIO()
    kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("_rels/.rels", f'<Relationships><Relationship Id="r" Type="{kinds}/officeDocument" Target="xl/workbook.xml"/></Relationships>')
        out.writestr("xl/workbook.xml", f'<workbook xmlns:r="{kinds}"><sheets>' + "".join(
            f'<sheet name="S{i}" r:id="r{i}"/>' for i in range(1, len(sheets) + 1)) + "</sheets></workbook>")
        out.writestr("xl/_rels/workbook.xml.rels", "<Relationships>" + "".join(
            f'<Relationship Id="r{i}" Type="{kinds}/worksheet" Target="s{i}.xml"/>' for i in range(1, len(sheets) + 1))
            + f'<Relationship Id="t" Type="{kinds}/sharedStrings" Target="t.xml"/></Relationships>')
        out.writestr("xl/t.xml", "<sst>" + "".join(f"<si><t>{t}</t></si>" for t in strings) + "</sst>")
        for i, rows in enumerate(sheets, 1):
            out.writestr(f"xl/s{i}.xml", "<worksheet><sheetData>" + "".join(
                "<row>" + "".join(f"<c {kind}><v>{value}</v></c>" for kind, value in row) + "</row>" for row in rows)
                + "</sheetData></worksheet>")
    return made.getvalue()


def grid(*rows):
    return [[('t="str"' if isinstance(v, str) else "", v) for v in row] for row in rows]


TABLE = grid(["a", "b"], [1, 2], [3, 4])
XLSX = {
    "sheet": reads("xlsx", [2, "S2"], book(TABLE, grid(["x"], [9]))) + writes("xlsx", ["Orders"], [{"a": 1}], end=".xlsx"),
    "range": reads("xlsx", ["A1:A2", "B:B", "2:3"], book(TABLE)),
    "skip_rows": reads("xlsx", [1], book(TABLE)),
    "header": reads("xlsx", [False], book(TABLE)) + writes("xlsx", [False], [{"a": 1}], end=".xlsx"),
    "blank_rows": reads("xlsx", ["keep"], book(grid(["a"], [1], [], [2]))),
    "errors": reads("xlsx", ["null", "text"], book(grid(["a"], [1]) + [[('t="e"', "#N/A")]])),
    "types": reads("xlsx", [{"a": "double"}, {"a": "date"}], book(grid(["a"], ["1"], ["2"]))),
    "new_columns": reads("xlsx", ["drop", "evolve"], {"in1": book(grid(["a"], [1])), "in2": book(TABLE)}),
    "sample_rows": reads("xlsx", [2], book(grid(["a"], [1], [2], ["x"]))),
    "max_bytes": reads("xlsx", [100], book(TABLE)),
    "max_ratio": reads("xlsx", [2], book(grid(["a"], *[["x" * 4096]] * 5000))),
    "max_strings": reads("xlsx", [64], book([[('t="s"', 0)], [('t="s"', 1)]], strings=("a", "x" * 100))),
    "freeze": writes("xlsx", [False], [{"a": 1}], end=".xlsx"),
    "autofilter": writes("xlsx", [True], [{"a": 1}], end=".xlsx"),
    "overflow": writes("xlsx", ["reject"], [{"a": 1}] * 9, {"max_rows": 5}, end=".xlsx"),
    "max_rows": writes("xlsx", [5], [{"a": 1}] * 9, end=".xlsx"),
}

MANY = [{"a": i % 1000, "b": f"text {i % 77}"} for i in range(5000)]
PARQUET = {
    "compression": writes("parquet", ["snappy", "gzip", "lz4", "brotli", "none"], MANY),
    "compression_level": writes("parquet", [1, 19], MANY),
    "row_group_rows": writes("parquet", [2048], MANY),
    "version": writes("parquet", [2], MANY),
    "memory_mib": writes("parquet", [64], MANY),
    "library": writes("parquet", ["/nowhere/libduckdb.so"], MANY),
}


def parquet(folder, **files):
    """Made by qetl itself, of rows."""
    for name, rows in files.items():
        path = os.path.join(folder, name.replace("__", "/"))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        made_by(folder, rows, path)


def made_by(folder, rows, path):
    text = os.path.join(folder, "rows.ndjson")
    with open(text, "w", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    subprocess.run([os.environ.get("QETL", "qetl"), "run", "--from", text, "--to", path + ".parquet", "-q"], check=True)
    os.unlink(text)


def of_parquet(values, folder_path="in", **files):
    return of_source(values, {}, None, read={"plugin": "parquet", "path": folder_path},
                     prepare=lambda folder: parquet(folder, **files))


ONE = [{"a": 1, "b": "x"}]
PARQUET_SOURCE = {
    "path": of_parquet(["in/g.parquet"], in__f=ONE, in__g=[{"a": 2, "b": "y"}]),
    "new_columns": of_parquet(["drop", "reject"], in__f=ONE, in__g=[{"a": 2, "b": "y", "c": 3}]),
    "hive": of_parquet(["always"], "in/**/*.parquet", **{"in__k=1__f": ONE, "in__f": ONE})
    + of_parquet(["never"], "in/**/*.parquet", **{"in__k=1__f": ONE}),
    "file_column": of_parquet(["file"], in__f=ONE),
    "metadata": of_parquet([["name", "row"], {"n": "row"}], in__f=ONE),
    "binary_as_text": of_source([True], {}, None, read={"plugin": "parquet", "path": "in"}, prepare=lambda folder: bytes_parquet(folder)),
    "threads": of_parquet([1, 4], in__f=MANY),
    "memory_mib": of_parquet([64], in__f=ONE),
    "library": of_parquet(["/nowhere/libduckdb.so"], in__f=ONE),
}


def bytes_parquet(folder):
    os.makedirs(os.path.join(folder, "in"))
    with open(os.path.join(folder, "p.json"), "w", encoding="utf-8") as file:
        json.dump({"sources": {"s": {"plugin": "file", "path": "rows", "format": {"type": "ndjson", "types": {"a": "binary"}}}},
                   "sinks": {"o": {"plugin": "file", "input": "s", "path": "in/f.parquet"}}}, file)
    with open(os.path.join(folder, "rows"), "w", encoding="utf-8") as file:
        file.write('{"a":"YWI="}\n')
    subprocess.run([os.environ.get("QETL", "qetl"), "run", "p.json", "-q"], cwd=folder, check=True)


def packed(*names):
    """Files of one row each in an archive."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as out:
        for i, name in enumerate(names):
            info = tarfile.TarInfo(name)
            info.size = 4
            out.addfile(info, io.BytesIO(b"a\n%d\n" % i))
    return made.getvalue()


def of_age(old, young):
    def prepare(folder):
        os.utime(os.path.join(folder, old), (0, 0))
        os.utime(os.path.join(folder, young), None)
    return prepare


def linked(folder):
    os.symlink("one", os.path.join(folder, "in/two"))


def gone(folder):
    os.symlink("nowhere", os.path.join(folder, "in/two"))


BOMB = {"in": gzip.compress((bytes(range(32, 127)) * 10 + b"\n") * 72000, 9)}
SIZES = {"in/f10": "a\n1\n", "in/f9": "a\n22222\n", "in/g": "a\n333\n"}
FILE_SOURCE = {
    "path": of_source(["in/g", ["in/g", "in/f9"], "in/f*"], SIZES, read={"path": "in"}),
    "depth": of_source([1], {"in/f": "a\n1\n", "in/sub/g": "a\n2\n"}, read={"path": "in"}),
    "descending": of_source([True], SIZES, read={"path": "in"}),
    "exclude": of_source(["f*", ["in/g"]], SIZES, read={"path": "in"}),
    "hidden": of_source([True], {"in/f": "a\n1\n", "in/.g": "a\n2\n"}, read={"path": "in"}),
    "members": of_source(["f*"], {"in": packed("f1", "g1")}),
    "metadata": of_source([["name", "row"], {"n": "byte_offset"}], {"in": "a\n1\n"}),
    "modified_before": of_source(["2001-01-01", "1h"], {"in/f": "a\n1\n", "in/g": "a\n2\n"}, read={"path": "in"}, prepare=of_age("in/f", "in/g")),
    "modified_since": of_source(["2001-01-01", "1h"], {"in/f": "a\n1\n", "in/g": "a\n2\n"}, read={"path": "in"}, prepare=of_age("in/f", "in/g")),
    "no_match": of_source(["empty"], {"in/f": "a\n1\n"}, read={"path": "in/x*", "no_match": "error"}),
    "order": of_source(["natural", "size"], SIZES, read={"path": "in"})
    + of_source(["modified"], {"in/a": "a\n1\n", "in/z": "a\n2\n"}, read={"path": "in"}, prepare=of_age("in/z", "in/a")),
    "symlinks": of_source(["skip"], {"in/one": "a\n1\n"}, read={"path": "in"}, prepare=linked),
    "unpack": of_source(["none"], {"in": packed("f")}, "lines"),
    "unreadable": of_source(["skip"], {"in/one": "a\n1\n"}, read={"path": "in"}, prepare=gone),
    "max_ratio": of_source([10], BOMB, "lines", write={"plugin": "null", "path": None}),
}

STANDS = {"out/o": "a\n7\n"}
ROWS = "".join(json.dumps({"a": i, "b": i % 3}) + "\n" for i in range(9))


def stands(folder):
    os.makedirs(os.path.join(folder, "out"))
    with open(os.path.join(folder, "out/o"), "w", encoding="utf-8") as file:
        file.write("a,b\n7,7\n")


PART = {"path": "out/b={b}/o.csv"}
FILE_SINK = {
    "path": of_sink(["out/x", "out/{b}.csv"], {"in": ROWS}),
    "if_exists": of_sink(["append", "replace"], {"in": ROWS}, prepare=stands)
    + of_sink(["replace_all", "replace_partitions"], {"in": ROWS}, prepare=stands, write={"partition_by": "b"}),
    "compression": of_sink(["gzip", "zstd", "xz", "bzip2", "lz4"], {"in": ROWS}) + of_sink(["none"], {"in": ROWS}, end=".gz"),
    "compression_level": of_sink([1, 9], {"in": "".join(json.dumps({"a": i * i * i % 9973}) + "\n" for i in range(20000))}, end=".gz"),
    "max_bytes": of_sink([1024], {"in": ROWS * 99}),
    "max_open": of_sink([1], {"in": ROWS}, write={"path": "out/{b}.csv"}),
    "max_rows": of_sink([2], {"in": ROWS}),
    "partition_by": of_sink(["b", ["b", "a"]], {"in": ROWS}, end=".csv"),
    "partition_columns": of_sink(["keep"], {"in": ROWS}, end=".csv", write={"partition_by": "b"}),
}

EXPERIMENTS = {
    "format csv": CSV, "format tsv": TSV, "format lines": LINES, "format raw": RAW, "format ndjson": NDJSON, "format json": JSON,
    "format avro": AVRO, "format binary": BINARY, "format xlsx": XLSX, "format parquet": PARQUET,
    "source parquet": PARQUET_SOURCE, "source file": FILE_SOURCE, "sink file": FILE_SINK,
}
