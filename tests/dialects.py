# SPDX-License-Identifier: Apache-2.0
"""Random dialects of csv, random tables, and a reader and a writer of our own that go by the reference page of the
format, character by character."""
import codecs
import csv
import io

CODECS = {"utf-8": "utf-8", "latin1": "latin-1", "windows-1252": "cp1252", "iso-8859-15": "iso8859-15",
          "windows-1251": "cp1251", "koi8-r": "koi8-r", "cp437": "cp437", "shift_jis": "cp932", "euc-jp": "euc-jp",
          "gb18030": "gb18030", "big5": "big5", "euc-kr": "euc-kr", "utf-16": "utf-16-le", "utf-16le": "utf-16-le",
          "utf-16be": "utf-16-be"}
HALF_ASCII = {"shift_jis", "gb18030", "big5"}  # the second byte of a character may be ASCII
LETTERS = {"utf-8": "éß€急😀\ufeff\u2028", "latin1": "éßÿ\xa0", "windows-1252": "é€“”", "iso-8859-15": "é€Š",
           "windows-1251": "жЩё", "koi8-r": "жЩё", "cp437": "é╬ß", "shift_jis": "表ソポあｱ能", "euc-jp": "表ソあ能",
           "gb18030": "表急€é😀", "big5": "功許急", "euc-kr": "한국가", "utf-16": "éĊഊ急😀，",
           "utf-16le": "éĊഊ急😀∢", "utf-16be": "éĊഊ急😀∢"}
CODES = {"\n": "n", "\r": "r", "\t": "t", "\b": "b", "\v": "v", "\f": "f", "\0": "0", "\x1a": "Z"}


NONSENSE = "\udcff"  # becomes bytes without a meaning


def meaningless(error):
    wide = {"utf-16-le": b"\x00\xd8", "utf-16-be": b"\xd8\x00"}
    return wide.get(error.encoding, b"\xff"), error.end


codecs.register_error("meaningless", meaningless)


class Dialect:
    def __init__(self, rng, for_writer=False):
        self.encoding = "utf-8" if rng.random() < 0.5 else rng.choice(list(CODECS))
        low = self.encoding in HALF_ASCII
        self.delimiter = rng.choice([",", ",", ";", "\t", ":", " "] if low else
                                    [",", ",", ";", "\t", "|", "^", "~", " ", "||", "<>", "::", "|-|", "aba", "\x1f", "\x01"])
        self.quote = rng.choice(['"', '"', '"', "'", ""] if low else ['"', '"', '"', "'", "`", "", "\x1e"])
        self.escape = rng.choice(["", "", "", "!" if low else "\\", "%"])
        self.codes = bool(self.escape) and rng.random() < 0.4
        self.doubled = not self.escape or rng.random() < 0.3
        self.newline = rng.choice(["\n", "\n", "\r\n", "\r"])
        self.header = rng.random() < 0.8
        self.bom = rng.random() < 0.2
        self.nulls = rng.choice([[""], [""], ["", "NA"], ["NULL"], ["NA", "n/a"], ["-"]])
        if self.escape and rng.random() < 0.4:
            self.nulls = [self.escape + "N"]
        self.comment = rng.choice([None, None, None, "#", "//"])
        if self.comment and self.comment[0] in self.delimiter + self.escape + self.quote:
            self.comment = None
        self.trim = rng.choice(["none", "none", "unquoted", "all"])
        self.blank = "reject" if for_writer else rng.choice(["reject", "reject", "skip"])
        self.skip = 0 if for_writer else rng.choice([0, 0, 0, 1, 3])
        self.ragged = "reject" if for_writer else rng.choice(["reject", "reject", "pad"])
        self.quoting = rng.choice(["minimal", "all", "nonnumeric"]) if self.quote else "minimal"
        self.mark, self.thousands = rng.choice([(".", ""), (".", ""), (",", ""), (",", "."), (".", "'"), (".", ",")])
        if for_writer or not self.quote or self.thousands in self.nulls:
            self.mark, self.thousands = ".", ""
        self.doubled = self.doubled and bool(self.quote)
        if rng.random() < 0.35:
            self.plain(rng)

    def plain(self, rng):
        """The dialects that are read and written by vector instructions."""
        self.encoding, self.delimiter = "utf-8", rng.choice(",;\t|")
        self.quote, self.escape, self.codes, self.doubled = rng.choice("\"'"), "", False, True
        self.comment, self.trim, self.blank, self.mark, self.thousands = None, "none", "reject", ".", ""
        self.newline = rng.choice(["\n", "\r\n"])
        self.nulls = rng.choice([[""], ["", "NA"], ["NULL"]])

    def __str__(self):
        return " ".join(f"{k}={v!r}" for k, v in sorted(vars(self).items()))

    def clean(self, text, first, must_hold=True):
        """The text, or what of it the dialect can hold; cells at the edges keep clear of what is undecided."""
        if self.encoding not in ("utf-8", "utf-16", "utf-16le", "utf-16be", "gb18030"):
            text = text.encode(CODECS[self.encoding], "ignore").decode(CODECS[self.encoding])
        if not self.quote and not self.escape:
            text = text.replace("\ufeff", "")
            text = "".join(c for c in text if c not in self.delimiter + "\r\n")
            if self.trim != "none":
                text = text.strip(" \t")
            if first and self.comment and text.startswith(self.comment):
                text = "c" + text
            if (text in self.nulls or not text) and must_hold:
                text = "x" + text
        if self.trim == "all":
            text = text.strip(" \t") # whatever is at the ends of a cell is lost, in quotes too
        if not self.quote and not text and "" in self.nulls and must_hold:
            text = "x" # nothing tells it from NULL
        if self.codes and not self.quote and text in self.nulls and text[:1] in CODES.values():
            text = "x" + text # its escape would be a code
        return "b" + text if first and text.startswith("\ufeff") else text

    # ---- options ----

    def common_options(self):
        options = {"type": "csv", "delimiter": self.delimiter, "quote": self.quote, "header": self.header,
                   "null": self.nulls, "encoding": self.encoding, "trim": self.trim}
        if self.escape:
            options.update(escape=self.escape, escape_codes=self.codes)
        if self.comment:
            options["comment"] = self.comment
        return options

    def reader_options(self, rng, table, same=False):
        options = {**self.common_options(), "blank_lines": self.blank, "skip_lines": self.skip, "ragged": self.ragged}
        if self.newline == "\r":
            options["newline"] = "cr"
        if self.mark != ".":
            options["decimal_mark"] = self.mark
        if self.thousands:
            options["thousands"] = self.thousands
        names = table.names if self.header or not same else [f"column{k + 1}" for k in range(len(table.names))]
        if not self.header and not same:
            options["names"] = table.names
        if same or self.thousands or self.mark != "." or rng.random() < 0.5:
            options["types"] = {n: "text" for n, k in zip(names, table.kinds) if k == "text" or same}
        return options

    def writer_options(self, rng):
        return {**self.common_options(), "quoting": self.quoting, "bom": self.bom and self.encoding == "utf-8",
                "newline": {"\n": "lf", "\r\n": "crlf", "\r": "cr"}[self.newline]}

    # ---- Python's csv ----

    def python_reads(self):
        """Whether Python's reader reads what qetl writes in this dialect: it has no codes, and no comments; what is
        escaped outside of quotes is a line end to it all the same."""
        return len(self.delimiter) == 1 and not self.codes and not (self.escape and self.quote) and not (
            self.escape and not self.quote) and bool(self.quote) and self.newline != "\r" and self.delimiter != " "

    def python_writes(self):
        return (len(self.delimiter) == 1 and not self.codes and self.quote and not self.comment and
                self.trim == "none" and self.delimiter != " " and not self.doubled == bool(self.escape))

    def python(self):
        return {"delimiter": self.delimiter, "quotechar": self.quote, "escapechar": self.escape or None,
                "doublequote": not self.escape}

    def decoded(self, data):
        if self.encoding == "utf-16" and data[:2] == b"\xff\xfe":
            data = data[2:]
        if self.encoding == "utf-8" and data[:3] == b"\xef\xbb\xbf":
            data = data[3:]
        return data.decode(CODECS[self.encoding])

    def encoded(self, text):
        mark = "\ufeff" if self.bom and self.encoding.startswith("utf") or self.encoding == "utf-16" else ""
        return (mark + text).encode(CODECS[self.encoding], "meaningless")

    # ---- writing ----

    def special(self, cell, first):
        return ((cell + self.delimiter).find(self.delimiter) != len(cell) or
                any(c in cell for c in self.quote + self.escape + "\r\n") or
                cell in self.nulls or (first and self.comment and cell.startswith(self.comment)) or
                (first and cell.startswith("\ufeff")) or
                (self.trim != "none" and cell.strip(" \t") != cell))

    def escaped(self, cell, stops, at=()):
        """Escapes before those of stops, before escapes, and at these places."""
        out = ""
        for i, c in enumerate(cell):
            if self.codes and c in CODES and (c in stops or c in "\n\r\0"):
                out += self.escape + CODES[c]
            else:
                out += (self.escape if c in stops or c == self.escape or i in at else "") + c
        return out

    def quoted(self, cell):
        if self.escape and not self.doubled:
            return self.quote + self.escaped(cell, self.quote) + self.quote
        if self.escape:
            cell = self.escaped(cell, "")
        return self.quote + cell.replace(self.quote, self.quote * 2) + self.quote

    def bare(self, cell, first):
        """Without quotes: what is special is escaped. None: that cannot be."""
        at = set()
        if cell in self.nulls or cell[:1] == "\ufeff" or (first and self.comment and cell.startswith(self.comment)):
            at.add(0)
        if self.trim != "none":
            at.update(i for i in (0, len(cell) - 1) if cell[i:i + 1] in (" ", "\t"))
        if (not cell and at) or (self.codes and any(cell[i] in "0bnrtvfZ" for i in at)):
            return None
        at.update(i for i in range(len(cell)) if (cell + self.delimiter).find(self.delimiter, i) == i)
        return self.escaped(cell, self.quote + "\r\n", at)

    def stands_bare(self, cell, first):
        """Its quotes are text without ado."""
        return (bool(self.quote) and not self.escape and self.quote in cell[1:] and
                cell.strip(" \t")[:1] != self.quote and not self.special(cell.replace(self.quote, "q"), first))

    def spelled(self, rng, cell, first):
        if cell is None:
            return rng.choice(self.nulls)
        must = self.special(cell, first)
        if self.escape and (not self.quote or (must and rng.random() < 0.4)):
            text = self.bare(cell, first)
            if text is not None:
                return text
        assert self.quote or not must, (str(self), cell)
        text = self.quoted(cell) if self.quote and (must or rng.random() < 0.25) else cell
        if self.trim != "none" and rng.random() < 0.3 and self.delimiter not in " \t" and not (first and not text):
            text = rng.choice([" ", "\t", "  "]).replace(self.delimiter[0], " ") + text + rng.choice(["", " "])
        return cell if self.stands_bare(cell, first) and len(cell) % 2 else text

    def line(self, rng, cells):
        return self.delimiter.join(self.spelled(rng, c, i == 0) for i, c in enumerate(cells))

    def write(self, rng, table):
        """Data, and how many of its rows are to be rejected. What table.expected holds is settled here."""
        # Python puts no quotes around a return that ends no line of its own
        if self.python_writes() and rng.random() < 0.4 and not any("\r" in (c or "") for row in table.rows for c in row):
            return self.python_write(rng, table), 0
        lines = [rng.choice(["made by a program", 'a "quote', "", ",,;\t", "# "]).replace("\r", "")
                 for _ in range(self.skip)]
        rejected, expected = 0, []
        if self.header:
            lines.append(self.line(rng, table.names))
        for row, value in zip(table.rows, table.expected):
            self.noise(rng, lines)
            rejected += self.bad_rows(rng, lines, table, expected)
            line = self.line(rng, row)
            if not line:
                continue # an empty line is another question
            lines.append(line)
            expected.append(value)
        if not expected or rng.random() < 0.5:
            lines.append("")
        table.expected = expected
        return self.encoded(self.newline.join(lines)), rejected

    def noise(self, rng, lines):
        """Lines that are no rows."""
        if len(lines) <= self.skip:
            return
        if self.comment and rng.random() < 0.1:
            lines.append(self.comment + rng.choice(["", " a comment", self.quote, self.delimiter * 3]))
        if self.blank == "skip" and rng.random() < 0.1:
            lines.append("")

    def bad_rows(self, rng, lines, table, expected):
        """A row of another length than it should have."""
        n = len(table.names)
        if rng.random() < 0.02 and len(lines) > self.skip and table.kinds[-1] == "text" and self.encoding[:2] in ("ut", "eu", "gb", "bi"):
            lines.append(self.delimiter.join(["7"] * (n - 1) + ["x" + NONSENSE + "x"]))
            return 1
        if rng.random() >= 0.05 or len(lines) <= self.skip or n < 2 or not table.rows:
            return 0
        padded = self.ragged == "pad"
        if padded and "" not in self.nulls and table.kinds[-1] != "text":
            return 0 # what is empty is no number, if the column is one
        if n > 2 and rng.random() < 0.5:
            lines.append(self.delimiter.join(["7"] * (n - 1)))
            if padded:
                expected.append(["7"] * (n - 1) + [None if "" in self.nulls else ""])
            return 0 if padded else 1
        lines.append(self.delimiter.join(["7"] * (n + 1)))
        return 1

    def python_write(self, rng, table):
        out = io.StringIO(newline="")
        writer = csv.writer(out, lineterminator=self.newline, quoting=rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
                            **self.python())
        rows = [[("" if k == "text" else "7") if c is None else c for c, k in zip(row, table.kinds)] for row in table.rows]
        values = [["7" if v is None else v for v in row] for row in table.values]
        for row in [table.names] * self.header + rows:
            writer.writerow(row)
        self.skip = 0
        # what stood without quotes may be a spelling of NULL
        read = parse(self, out.getvalue())
        table.expected = [[c if k == "text" else v for c, v, k in zip(*pair, table.kinds)]
                          for pair in zip(read[self.header:], values)]
        return self.encoded(out.getvalue())


def parse(d, text):
    """Rows of a text, None for NULL. It takes what the reference page says for granted, and asserts it."""
    try:
        return parse_rows(d, text)
    except AssertionError as error:
        return [[repr(error)]]


def parse_rows(d, text):
    rows, row, at, size = [], [], 0, len(text)
    while at < size:
        if not row and d.comment and text.startswith(d.comment, at):
            ends = [e for e in (text.find(c, at) for c in ("\n" if d.newline != "\r" else "\r")) if e >= 0]
            at = min(ends) + 1 if ends else size
            continue
        cell, at, state = parse_cell(d, text, at)
        row.append(cell)
        if state == "line":
            rows.append(row)
            row = []
        elif at == size:
            row.append(None if "" in d.nulls else "")
            rows.append(row)
    return rows


def parse_cell(d, text, at):
    """The cell, where it ends behind its delimiter, and whether that was a line's end."""
    begin, size, out, quoted = at, len(text), [], False # of out: characters, and whether an escape keeps them
    blanks = " \t".replace(d.delimiter[0], "") if d.trim != "none" else ""
    start = at
    while start < size and text[start] in blanks:
        start += 1
    if d.quote and text[start:start + 1] == d.quote:
        quoted, at = True, start + 1
        while True:
            assert at < size, ("open quote", str(d), text[begin:])
            c = text[at]
            if d.escape and c == d.escape:
                out.append((unescaped(d, text[at + 1]), True))
                at += 2
            elif c != d.quote or text[at + 1:at + 2] == d.quote:
                out.append((c, False))
                at += 1 + (c == d.quote)
            else:
                at += 1
                break
        while at < size and text[at] in blanks:
            at += 1
    while True:
        if at >= size or text.startswith(d.newline, at) or (d.newline == "\n" and text.startswith("\r\n", at)):
            kind, behind = "line", at + (2 if d.newline != "\r" and text.startswith("\r\n", at) else 1)
            break
        if text.startswith(d.delimiter, at):
            kind, behind = "cell", at + len(d.delimiter)
            break
        assert not quoted, ("behind a quote", str(d), text[begin:at + 1])
        escaped = d.escape and text[at] == d.escape
        assert escaped or not d.quote or text[at] != d.quote, ("bare quote", str(d), text[begin:at + 1])
        out.append((unescaped(d, text[at + 1]), True) if escaped else (text[at], False))
        at += 1 + bool(escaped)
    if not quoted or d.trim == "all":
        while out and out[-1][0] in blanks and not out[-1][1]:
            out.pop()
        while out and out[0][0] in blanks and not out[0][1]:
            out.pop(0)
    cell = "".join(c for c, _ in out)
    if not quoted and (text[begin:at].strip(blanks or "\0") in d.nulls if any(kept for _, kept in out) else cell in d.nulls):
        return None, behind, kind
    return cell, behind, kind


def unescaped(d, c):
    if d.codes:
        return {v: k for k, v in CODES.items()}.get(c, c)
    return c


class Table:
    """Names, kinds and rows of cells as they are spelled; expected: as they are to be read. plain: text alone."""

    def __init__(self, rng, dialect, plain=False):
        n = rng.choice([1, 2, 2, 3, 4, 5, 9, 40]) if dialect.quote else rng.choice([2, 3, 4, 9])
        rows = rng.choice([1, 2, 3, 5, 8, 20, 60, 400 if n < 6 else 60])
        self.kinds = ["text" if plain else rng.choice(["text", "text", "integer", "decimal"]) for _ in range(n)]
        self.pieces = ["a", "Z9", " ", ",", ";", "\t", "|", '"', "'", "\n", "\r\n", "\r", "007", "10.50", "NA", "NULL",
                       "-", "#", "//", "\\", "!", "%", "N", "n", "0", "\x1e", "\x1f", "\x01", dialect.delimiter,
                       dialect.delimiter[:-1], dialect.delimiter[:1], dialect.quote, dialect.escape, "a longer run of plain text ", "",
                       *LETTERS[dialect.encoding]]
        if dialect.newline != "\n" or not dialect.quote or plain:
            self.pieces = [p for p in self.pieces if "\r" not in p] # told apart from line ends by few
        self.names = self.draw_names(rng, dialect, n)
        self.rows, self.values = [], []
        for _ in range(rows):
            cells = [self.cell(rng, dialect, k, i == 0, n) for i, k in enumerate(self.kinds)]
            self.rows.append([spelled for spelled, _ in cells])
            self.values.append([value for _, value in cells])
        self.expected = self.values

    def draw_names(self, rng, dialect, n):
        names = []
        for i in range(n):
            name = dialect.clean("".join(rng.choice(self.pieces) for _ in range(rng.randrange(3))), i == 0)
            name = (f"{name}.{i}" if rng.random() < 0.5 else f"c{i}_{name}").replace("\r", "") # which no name may hold
            names.append(dialect.clean(name, i == 0))
        return names

    def cell(self, rng, dialect, kind, first, n):
        """How it is spelled, and what it is."""
        if dialect.nulls and rng.random() < 0.12 and not (n == 1 and "" in dialect.nulls):
            return None, None
        if kind == "text":
            text = "".join(rng.choice(self.pieces) for _ in range(rng.choice([0, 1, 2, 3, 6, 30 if rng.random() < 0.1 else 2])))
            if rng.random() < 0.2:
                text = text[:1] + "x" * rng.randrange(50) + rng.choice(self.pieces)
            text = dialect.clean(text, first)
            if n == 1 and not dialect.quote and not text:
                text = "x"
            return text, text
        return self.number(rng, dialect, kind)

    def number(self, rng, dialect, kind):
        sign, whole = rng.choice(["", "-"]), str(rng.randrange(10 ** rng.randrange(1, 12)))
        fraction = "".join(rng.choice("0123456789") for _ in range(rng.randrange(1, 4))) if kind == "decimal" else ""
        grouped = whole
        if dialect.thousands and rng.random() < 0.6:
            grouped = f"{int(whole):,}".replace(",", dialect.thousands)
        value = sign + whole + ("." + fraction if fraction else "")
        return sign + grouped + (dialect.mark + fraction if fraction else ""), value
