#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Workbooks of every kind, made by hand: what cells mean, what sheets leave out, what zips do. Each is read as rows,
which must be the ones that stand here, and that openpyxl sees where it can; or refused, with an exit code and a
message. The ledger balances, and nothing is written anywhere else."""
import io
import json
import os
import random
import re
import struct
import subprocess
import sys
import tempfile
import time
import warnings
import zipfile

try:
    import openpyxl
except ImportError:
    if sys.executable != "/usr/bin/python3" and os.path.exists("/usr/bin/python3"):
        os.execv("/usr/bin/python3", ["/usr/bin/python3"] + sys.argv)
    print("skipped: python3-openpyxl is not there")
    sys.exit(77)

warnings.simplefilter("ignore")
QETL = os.environ.get("QETL", "qetl")
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
DOC = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
passed = failed = 0


def check(what, got, wanted):
    global passed, failed
    if got == wanted:
        passed += 1
        return
    failed += 1
    print(f"not ok - {what}\n    got    {got!r}\n    wanted {wanted!r}"[:2500])


# ---- making ----


def sheet(rows, before="", behind=""):
    return (f'<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="{MAIN}" xmlns:r="{DOC}">{before}'
            f"<sheetData>{rows}</sheetData>{behind}</worksheet>")


def row(number, *cells):
    """Cells are XML, or values, which stand in A, B and so on."""
    made = [c if isinstance(c, str) and c.startswith("<") else cell(f"{chr(65 + i)}{number}", c) for i, c in enumerate(cells)]
    return f'<row r="{number}">{"".join(made)}</row>'


def cell(at, value):
    if isinstance(value, str):
        return f'<c r="{at}" t="inlineStr"><is><t>{value}</t></is></c>'
    return f'<c r="{at}"><v>{value}</v></c>'


def parts(sheets, strings=None, styles=None, workbook="", names=None, states=None):
    """The members of a workbook. sheets: XML of each."""
    names = names or [f"S{i}" for i in range(1, len(sheets) + 1)]
    states = states or [""] * len(sheets)
    made = {"[Content_Types].xml":
            f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
            + "".join(f'<Override PartName="/xl/worksheets/sheet{i}.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
                      for i in range(1, len(sheets) + 1))
            + ('<Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/>' if strings else "")
            + ('<Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/>' if styles else "")
            + "</Types>",
            "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" Type="{DOC}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
            "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{DOC}">{workbook}<sheets>'
            + "".join(f'<sheet name="{n}" sheetId="{i}"{s} r:id="rId{i}"/>' for i, (n, s) in enumerate(zip(names, states), 1)) + "</sheets></workbook>"}
    relations = [f'<Relationship Id="rId{i}" Type="{DOC}/worksheet" Target="worksheets/sheet{i}.xml"/>' for i in range(1, len(sheets) + 1)]
    if strings:
        made["xl/sharedStrings.xml"] = f'<sst xmlns="{MAIN}">{strings}</sst>'
        relations.append(f'<Relationship Id="rIdS" Type="{DOC}/sharedStrings" Target="sharedStrings.xml"/>')
    if styles:
        made["xl/styles.xml"] = styles
        relations.append(f'<Relationship Id="rIdT" Type="{DOC}/styles" Target="styles.xml"/>')
    made["xl/_rels/workbook.xml.rels"] = f'<Relationships xmlns="{PACKAGE}/relationships">{"".join(relations)}</Relationships>'
    for i, xml in enumerate(sheets, 1):
        made[f"xl/worksheets/sheet{i}.xml"] = xml
    return made


def styles(*codes):
    """Cell format i + 1 has number format code i; a number is one that every program knows."""
    own = [(170 + i, c) for i, c in enumerate(codes) if isinstance(c, str)]
    ids = [c if isinstance(c, int) else 170 + i for i, c in enumerate(codes)]
    quote = {'"': "&quot;", "&": "&amp;", "<": "&lt;", ">": "&gt;"}
    return (f'<styleSheet xmlns="{MAIN}"><numFmts count="{len(own)}">'
            + "".join(f'<numFmt numFmtId="{i}" formatCode="{"".join(quote.get(x, x) for x in c)}"/>' for i, c in own)
            + '</numFmts><fonts count="1"><font/></fonts><fills count="1"><fill><patternFill/></fill></fills><borders count="1"><border/></borders>'
            + '<cellStyleXfs count="1"><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/>'
            + "".join(f'<xf numFmtId="{i}" applyNumberFormat="1"/>' for i in ids) + "</cellXfs></styleSheet>")


def save(name, members, how=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(name, "w", how) as out:
        for member, data in (members.items() if isinstance(members, dict) else members):
            out.writestr(member, data)


# ---- reading ----


def run(pattern, options=""):
    """exit code, rows, report, what stands in the dead letters."""
    for old in ("out.ndjson", "dead.ndjson"):
        if os.path.exists(old):
            os.remove(old)
    with open("p.yaml", "w") as out:
        out.write(f"{{dead_letters: dead.ndjson, sources: {{a: {{plugin: file, path: '{pattern}', format: {{type: xlsx{', ' + options if options else ''}}}}}}},"
                  " sinks: {o: {plugin: file, input: a, path: out.ndjson}}}")
    done = subprocess.run([QETL, "run", "p.yaml", "--json"], capture_output=True, timeout=120)
    try:
        report = json.loads(done.stdout)
    except ValueError:
        report = {"error": done.stdout.decode() + done.stderr.decode()}
    read = lambda name: [json.loads(line) for line in open(name)] if os.path.exists(name) else None  # noqa: E731
    return done.returncode, read("out.ndjson"), report, read("dead.ndjson") or [], done.stderr.decode()


def reads(what, members, rows, options="", rejected=(), how=zipfile.ZIP_DEFLATED):
    """rejected: the messages of dead letters, as patterns."""
    if members is not None:
        save("in.xlsx", members, how)
    code, got, report, dead, told = run("in.xlsx", options)
    check(what, (code, got), (0, rows))
    if code:
        print(json.dumps(report.get("error"))[:500], told[:500])
        return
    summary = report["summary"]
    check(f"{what}: the ledger", (summary["balanced"], summary["rows_out"], summary["rows_rejected"]), (True, len(rows), len(rejected)))
    check(f"{what}: dead letters", [bool(re.search(p, d["message"])) for p, d in zip(rejected, dead)] + [len(dead)], [True] * len(rejected) + [len(rejected)])


def refused(what, members, message, options="", code=1):
    if isinstance(members, (bytes, bytearray)):
        with open("in.xlsx", "wb") as out:
            out.write(members)
    elif members is not None:
        save("in.xlsx", members)
    got, rows, report, _, told = run("in.xlsx", options)
    text = json.dumps(report.get("error", "")) + told
    check(f"{what}: exit, no output", (got, rows), (code, None))
    check(f"{what}: {message}", bool(re.search(message, text)) or text[:700], True)
    check(f"{what}: names the file", "in.xlsx" in text, True)


def seen_by_openpyxl(name="in.xlsx", at=None):
    book = openpyxl.load_workbook(name, data_only=True)
    page = book.worksheets[at] if at is not None else book.worksheets[0]
    return [list(r) for r in page.iter_rows(values_only=True)]


# ---- cells ----


def cells_of_every_kind():
    formula = lambda at, kind, value: f'<c r="{at}"{kind}><f>1+1</f><v>{value}</v></c>'  # noqa: E731
    reads("cached values of formulas",
          parts([sheet(row(1, "n", "s", "b", "e", "none", "array", "shared") +
                       '<row r="2">' + formula("A2", "", "1.5") + formula("B2", ' t="str"', "text &amp; more") + formula("C2", ' t="b"', "1") +
                       formula("D2", ' t="e"', "#DIV/0!") + '<c r="E2"><f>A1</f></c>' +
                       '<c r="F2"><f t="array" ref="F2:F3">A1:A2</f><v>7</v></c><c r="G2"><f t="shared" si="0" ref="G2:G3">A2</f><v>8</v></c></row>'
                       '<row r="3">' + formula("A3", "", "-2E-3") + formula("B3", ' t="str"', "") + formula("C3", ' t="b"', "0") +
                       '<c r="F3"><v>9</v></c><c r="G3"><f t="shared" si="0"/><v>10</v></c></row>')]),
          [{"n": 1.5, "s": "text & more", "b": True, "e": "#DIV/0!", "none": None, "array": 7, "shared": 8},
           {"n": -0.002, "s": "", "b": False, "e": None, "none": None, "array": 9, "shared": 10}], "errors: text")
    errors = ["#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#GETTING_DATA", "#SPILL!"]
    book = parts([sheet(row(1, "n", "v") + "".join(row(i, i, f'<c r="B{i}" t="e"><v>{e}</v></c>') for i, e in enumerate(errors, 2)) + row(20, 20, 20))])
    reads("errors are rejected", book, [{"n": 20, "v": 20}], "", [f"cell B{i}: '{re.escape(e)}' is an error" for i, e in enumerate(errors, 2)])
    reads("errors are NULL", book, [{"n": i, "v": None} for i in range(2, 2 + len(errors))] + [{"n": 20, "v": 20}], "errors: 'null'")
    reads("errors are text", book, [{"n": i, "v": e} for i, e in enumerate(errors, 2)] + [{"n": 20, "v": "20"}], "errors: text")
    reads("booleans",
          parts([sheet(row(1, "b", "t") + '<row r="2"><c r="A2" t="b"><v>1</v></c><c r="B2" t="b"><v>0</v></c></row>'
                       '<row r="3"><c r="A3" t="b"><v>0</v></c><c r="B3"><v>1</v></c></row>')]),
          [{"b": True, "t": "false"}, {"b": False, "t": "1"}], "types: {t: text}")
    reads("numbers as they are spelled",
          parts([sheet(row(1, "n", "i") + "".join(row(i, f'<c r="A{i}"><v>{v}</v></c>', i) for i, v in enumerate(
              ["0", "-0", "1E+2", "1e-300", "123456789012345678", "0.1", " 5 ", "4.9406564584124654E-324"], 2) if v != " 5 "))]),
          [{"n": float(v), "i": i} for i, v in enumerate(["0", "-0", "1E+2", "1e-300", "123456789012345678", "0.1", " 5 ", "4.9406564584124654E-324"], 2) if v != " 5 "])
    for bad in ["x", "", "1 2", "1,5", "0x10", "NaN", "INF"]:
        if bad:
            refused(f"no number: {bad}", parts([sheet(row(1, "n") + f'<row r="2"><c r="A2"><v>{bad}</v></c></row>')]), f"cell A2 holds '{bad}'")
    refused("a shared string that is none", parts([sheet(row(1, "n") + '<row r="2"><c r="A2" t="s"><v>3</v></c></row>')], strings="<si><t>x</t></si>"), "cell A2 holds '3'")


def texts():
    strings = ('<si><t>a</t></si><si><t xml:space="preserve"> b  </t></si><si><r><t>rich </t></r><r><rPr><b/></rPr><t xml:space="preserve">run </t></r><r><t>s</t></r></si>'
               '<si><t>読</t><rPh sb="0" eb="1"><t>ヨミ</t></rPh><phoneticPr fontId="1"/></si><si><t/></si><si/><si><t>line&#10;two_x000D__x005F_x0041_</t></si>'
               "<si><r><t>漢</t></r><rPh sb=\"0\" eb=\"1\"><t>カン</t></rPh><r><t>字</t></r></si>")
    at = lambda i, n: f'<c r="A{i}" t="s"><v>{n}</v></c>'  # noqa: E731
    reads("shared strings: kept blanks, runs, phonetics, none at all",
          parts([sheet(row(1, "t", "n") + "".join(row(i, at(i, n), i) for i, n in enumerate(range(8), 2)))], strings=strings),
          [{"t": t, "n": i} for i, t in enumerate(["a", " b  ", "rich run s", "読", "", "", "line\ntwo\r_x0041_", "漢字"], 2)])
    seen = [r[0] for r in seen_by_openpyxl()[1:]]
    check("openpyxl sees the same", seen[:4] + seen[7:], ["a", " b  ", "rich run s", "読", "漢字"])
    inline = ['<is><t>plain</t></is>', '<is><t xml:space="preserve"> x </t></is>', '<is><r><t>ri</t></r><r><t>ch</t></r></is>',
              '<is><t>読</t><rPh sb="0" eb="1"><t>ヨミ</t></rPh></is>', "<is><t>a&lt;b&gt;&amp;&quot;</t></is>", "<is><t><![CDATA[<raw>]]></t></is>", "<is/>"]
    reads("inline strings",
          parts([sheet(row(1, "t", "n") + "".join(row(i, f'<c r="A{i}" t="inlineStr">{x}</c>', i) for i, x in enumerate(inline, 2)))]),
          [{"t": t, "n": i} for i, t in enumerate(["plain", " x ", "rich", "読", 'a<b>&"', "<raw>", None], 2)])
    reads("no list of shared strings, and none wanted", parts([sheet(row(1, "n") + row(2, 1))]), [{"n": 1}])
    missing = parts([sheet(row(1, "n") + '<row r="2"><c r="A2" t="s"><v>0</v></c></row>')], strings="<si><t>x</t></si>")
    del missing["xl/sharedStrings.xml"]
    refused("the shared strings are missing", missing, "cell A2 holds '0'|no xl/sharedStrings.xml")


# ---- dates ----


def dates():
    codes = ["yyyy-mm-dd", "dd/mm/yyyy hh:mm", "[$-409]d\\-mmm\\-yy;@", '"Day" d', "0.00", '"yyyy" 0', "[h]:mm:ss", "mm:ss.0", "General", "[Red]0;[Blue]-0",
             "m/d/yyyy\\ h:mm\\ AM/PM", "mmm-yy", 14, 22, 21, 46, 49, 9, "[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy", "# ?/?"]
    shown = ["2024-02-29", "2024-02-29T12:00:00", "2024-02-29", "2024-02-29", 45351.5, 45351.5, "1088436:00:00", "12:00:00", 45351.5, 45351.5,
             "2024-02-29T12:00:00", "2024-02-29", "2024-02-29", "2024-02-29T12:00:00", "12:00:00", "1088436:00:00", 45351.5, 45351.5, "2024-02-29", 45351.5]
    kinds = ["date" if isinstance(s, str) and len(s) == 10 else "time" if s == "12:00:00" else "" for s in shown]
    values = [45351 if k == "date" else 0.5 if k == "time" else 45351.5 for k in kinds]
    letters = [chr(65 + i) for i in range(len(codes))]
    made = sheet(row(1, *[f"c{i}" for i in range(len(codes))]) +
                 '<row r="2">' + "".join(f'<c r="{x}2" s="{i + 1}"><v>{v}</v></c>' for i, (x, v) in enumerate(zip(letters, values))) + "</row>")
    reads("dates are what their formats say", parts([made], styles=styles(*codes)), [{f"c{i}": s for i, s in enumerate(shown)}])
    reads("from 1904 on", parts([made], styles=styles(*codes), workbook='<workbookPr date1904="1"/>'),
          [{f"c{i}": "2028-03-01" + s[10:] if isinstance(s, str) and s.startswith("2024-02-29") else s for i, s in enumerate(shown)}])
    check("as openpyxl", seen_by_openpyxl()[1][0].isoformat(), "2028-03-01T00:00:00")
    reads("a date without styles is a number", parts([made]), [{f"c{i}": v for i, v in enumerate(values)}])
    missing = parts([made], styles=styles(*codes))
    del missing["xl/styles.xml"]
    reads("or with styles that are missing", missing, [{f"c{i}": v for i, v in enumerate(values)}])
    reads("a format that no style defines", parts([sheet(row(1, "n") + '<row r="2"><c r="A2" s="99"><v>5</v></c></row>')], styles=styles()), [{"n": 5}])
    reads("ISO dates", parts([sheet(row(1, "d", "t") + '<row r="2"><c r="A2" t="d"><v>2024-02-29</v></c><c r="B2" t="d"><v>2024-02-29T13:30:00.5</v></c></row>')]),
          [{"d": "2024-02-29", "t": "2024-02-29T13:30:00.5"}], "types: {d: date, t: timestamp}")
    reads("the 29th of February 1900, which never was, and days that no calendar has",
          parts([sheet(row(1, "d", "n") + "".join(f'<row r="{i}"><c r="A{i}" s="1"><v>{v}</v></c><c r="B{i}"><v>{i}</v></c></row>'
                                                 for i, v in enumerate([61, 60, 1, 2958465, 2958466, -1], 2)))], styles=styles(14)),
          [{"d": "1900-03-01", "n": 2}, {"d": "1900-01-01", "n": 4}, {"d": "9999-12-31", "n": 5}], "types: {d: date}",
          ["cell A3: .60.", "cell A6: .2958466.", "cell A7: .-1."])


# ---- sheets ----


def shapes():
    merged = sheet(row(1, "a", "b", "c") + row(2, 1, "x", "y") + '<row r="3"><c r="A3"><v>2</v></c><c r="B3"/><c r="C3"/></row>' + row(4, 3),
                   behind='<mergeCells count="2"><mergeCell ref="B2:C3"/><mergeCell ref="A4:C4"/></mergeCells>')
    reads("merged cells: the first has the value", parts([merged.replace(cell("C2", "y"), '<c r="C2"/>')]),
          [{"a": 1, "b": "x", "c": None}, {"a": 2, "b": None, "c": None}, {"a": 3, "b": None, "c": None}])
    check("as openpyxl", seen_by_openpyxl()[1:], [[1, "x", None], [2, None, None], [3, None, None]])
    three = [sheet(row(1, "n") + row(2, i)) for i in (1, 2, 3)]
    states = ["", ' state="hidden"', ' state="veryHidden"']
    for i in (1, 2, 3):
        reads(f"sheet {i}, hidden or not", parts(three, states=states), [{"n": i}], f"sheet: {i}")
    reads("by name", parts(three, states=states, names=["A", "B &amp; C", "ä"]), [{"n": 2}], "sheet: 'B & C'")
    refused("no such sheet", parts(three, names=["A", "B", "ä"]), "its sheets: A, B, ä|its sheets: A, B, .u00e4", "sheet: C")
    sparse = sheet(row(1, "a", "b", "c") + '<row r="3"><c r="C3"><v>1</v></c></row><row r="7"/><row r="1000"><c r="A1000"><v>2</v></c></row>'
                   '<row r="1048576"><c r="B1048576"><v>3</v></c></row>')
    rows = [{"a": None, "b": None, "c": 1}, {"a": 2, "b": None, "c": None}, {"a": None, "b": 3, "c": None}]
    reads("rows and cells that are left out", parts([sparse]), rows)
    code, got, report, _, _ = run("in.xlsx", "blank_rows: keep")
    check("blank rows are kept", (code, len(got), got[0], got[1], report["summary"]["balanced"]), (0, 1048575, {"a": None, "b": None, "c": None}, rows[0], True))
    reads("rows and cells without references",
          parts([sheet('<row><c t="inlineStr"><is><t>a</t></is></c><c t="inlineStr"><is><t>b</t></is></c></row><row><c><v>1</v></c><c r="B2"><v>2</v></c></row><row r="9"><c/><c><v>3</v></c></row>')]),
          [{"a": 1, "b": 2}, {"a": None, "b": 3}])
    for told in ("A1", "A1:A1", "A1:XFD1048576", "Z9:A1", "nonsense", ""):
        reads(f"a dimension that lies: {told}", parts([sheet(row(1, "a", "b") + row(2, 1, 2), before=f'<dimension ref="{told}"/>')]), [{"a": 1, "b": 2}])
    wide = sheet(row(1, "a", '<c r="XFD1" t="inlineStr"><is><t>last</t></is></c>') + row(2, 1, '<c r="XFD2"><v>2</v></c>'))
    reads("the last column", parts([wide]), [{"a": 1, "last": 2}])
    for bad in ("XFE2", "ZZZZZZZZ2", "2", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA2"):
        refused(f"column {bad}", parts([sheet(row(1, "a") + f'<row r="2"><c r="{bad}"><v>1</v></c></row>')]), "a cell at no column")
    for bad in ("1048577", "99999999999999999999", "0", "-5", "x"):
        refused(f"row {bad}", parts([sheet(row(1, "a") + f'<row r="{bad}"><c><v>1</v></c></row>')]), "sheet1.xml: row")
    refused("no rows at all", parts([sheet("")]), "no cell has a value there")
    reads("a header alone", parts([sheet(row(1, "a", "b"))]), [])


# ---- several ----


def alike():
    """Thousands of names that are alike take no longer than others; a name that was made is taken, too."""
    reads("names alike", parts([sheet(row(1, "a", "a", "a_2", "a", "a_2") + row(2, 1, 2, 3, 4, 5))]),
          [{"a": 1, "a_2": 2, "a_2_2": 3, "a_3": 4, "a_2_3": 5}])
    n = 16384
    cells = "".join("<c t=\"str\"><v>a</v></c>" for _ in range(n))
    began = time.monotonic()
    reads("16384 names alike", parts([sheet(f"<row>{cells}</row><row>" + "<c><v>1</v></c>" * n + "</row>")]),
          [{"a" + (f"_{i}" if i > 1 else ""): 1 for i in range(1, n + 1)}])
    check("16384 names alike: in time", time.monotonic() - began < 30, True)


def several():
    os.makedirs("many", exist_ok=True)
    save("many/1.xlsx", parts([sheet(row(1, "id", "name", "day") + row(2, 1, "one", '<c r="C2" s="1"><v>45351</v></c>'))], styles=styles(14)))
    save("many/2.xlsx", parts([sheet(row(1, "name", "id") + row(2, "two", 2))]))
    save("many/3.xlsx", parts([sheet(row(1, "extra", "id", "more") + row(2, "<c/>", 3) + row(3, 7.5, 4, "<c/>") + row(4, 8, 5, "x"))]))

    def outcome(options, rejected, rows):
        code, got, report, dead, told = run("many/*.xlsx", options)
        check(f"several: {options}", (code, got), (0, rows))
        if not code:
            check(f"several: {options}: the ledger", (report["summary"]["balanced"], report["summary"]["rows_rejected"]), (True, len(rejected)))
        check(f"several: {options}: dead letters", [(d["code"], d["object"] if "object" in d else None, d["row"]) for d in dead], rejected)
        return told
    base = [{"id": 1, "name": "one", "day": "2024-02-29"}, {"id": 2, "name": "two", "day": None}, {"id": 3, "name": None, "day": None}]
    outcome("new_columns: reject", [("new_column", "many/3.xlsx", 2), ("new_column", "many/3.xlsx", 3)], base)
    outcome("new_columns: drop", [], base + [{"id": i, "name": None, "day": None} for i in (4, 5)])
    outcome("new_columns: evolve", [], [{**b, "extra": None, "more": None} for b in base] +
            [{"id": 4, "name": None, "day": None, "extra": 7.5, "more": None}, {"id": 5, "name": None, "day": None, "extra": 8, "more": "x"}])
    outcome('new_columns: evolve, types: {extra: "decimal(5,2)"}', [], [{**b, "extra": None, "more": None} for b in base] +
            [{"id": 4, "name": None, "day": None, "extra": 7.5, "more": None}, {"id": 5, "name": None, "day": None, "extra": 8, "more": "x"}])
    save("many/2.xlsx", parts([sheet(row(1, "x", "y") + row(2, 1, 2))]))
    code, rows, report, _, told = run("many/*.xlsx", "new_columns: drop")
    check("a header of other names", (code, rows, bool(re.search("many/2.xlsx: its header has none of the columns", json.dumps(report.get("error")) + told))), (1, None, True))


# ---- packages ----

PLAIN = parts([sheet(row(1, "n", "t") + row(2, 1, "x"))])
ROWS = [{"n": 1, "t": "x"}]


def without(*names):
    return {k: v for k, v in PLAIN.items() if k not in names}


def packages():
    refused("no relations of the package", without("_rels/.rels"), "it has no _rels/.rels")
    refused("no relations of the workbook", without("xl/_rels/workbook.xml.rels"), "it has no xl/_rels/workbook.xml.rels")
    refused("no workbook", without("xl/workbook.xml"), "it has no xl/workbook.xml")
    refused("no sheet", without("xl/worksheets/sheet1.xml"), "it has no xl/worksheets/sheet1.xml")
    reads("no content types", without("[Content_Types].xml"), ROWS)
    reads("wrong content types", {**PLAIN, "[Content_Types].xml": '<Types><Override PartName="/xl/workbook.xml" ContentType="image/png"/></Types>'}, ROWS)
    reads("names that would lead out are names", {"../../../../tmp/qetl-slip": "x", "/etc/qetl-slip": "x", "C:\\qetl-slip": "x", **PLAIN}, ROWS)
    check("nothing slipped out", [p for p in ("/tmp/qetl-slip", "/etc/qetl-slip", "qetl-slip", "../qetl-slip") if os.path.exists(p)], [])
    refused("a target that leads out", {**PLAIN, "xl/_rels/workbook.xml.rels": PLAIN["xl/_rels/workbook.xml.rels"].replace("worksheets/sheet1.xml", "../../../../etc/passwd")}, "it has no ../../../etc/passwd|it has no \\.\\./|etc/passwd")
    refused("a target at an address", {**PLAIN, "xl/_rels/workbook.xml.rels": PLAIN["xl/_rels/workbook.xml.rels"].replace("worksheets/sheet1.xml", "http://127.0.0.1:1/x").replace("<Relationship ", '<Relationship TargetMode="External" ')}, "no sheet|it has no")
    for name in ("xl/worksheets/sheet1.xml", "XL/worksheets/Sheet1.xml", "/xl\\worksheets/sheet1.xml"):
        save("twice.xlsx", list(PLAIN.items()) + [(name, sheet(row(1, "n", "t") + row(2, 2, "y")))])
        refused(f"a member twice, as {name}", open("twice.xlsx", "rb").read(), "the zip has .* twice")
    big = zipfile.ZipInfo("xl/worksheets/sheet1.xml")
    with zipfile.ZipFile("in.xlsx", "w", zipfile.ZIP_DEFLATED) as out:
        for name, data in PLAIN.items():
            if name == big.filename:
                with out.open(big, "w", force_zip64=True) as member:
                    member.write(data.encode())
            else:
                out.writestr(name, data)
    reads("zip64", None, ROWS)

    class Stream(io.RawIOBase):  # which cannot seek, so that sizes stand behind the data
        def __init__(self, name):
            self.out = open(name, "wb")

        def writable(self):
            return True

        def write(self, data):
            return self.out.write(data)

        def close(self):
            self.out.close()
    target = Stream("in.xlsx")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
        for name, data in PLAIN.items():
            out.writestr(name, data)
    target.close()
    check("descriptors behind the data", b"PK\x07\x08" in open("in.xlsx", "rb").read(), True)
    reads("data descriptors", None, ROWS)
    reads("stored", PLAIN, ROWS, how=zipfile.ZIP_STORED)


def harm():
    lol = "".join(f'<!ENTITY l{i} "{"".join([f"&l{i - 1};"] * 10)}">' for i in range(1, 10))
    for part in ("xl/worksheets/sheet1.xml", "xl/workbook.xml", "_rels/.rels", "xl/sharedStrings.xml", "xl/styles.xml", "xl/_rels/workbook.xml.rels"):
        book = parts([sheet(row(1, "n") + '<row r="2"><c r="A2" t="s"><v>0</v></c></row>')], strings="<si><t>x</t></si>", styles=styles())
        text = re.sub(r"^<\?xml.*?\?>", "", book[part])
        refused(f"a billion laughs in {part}", {**book, part: f'<!DOCTYPE x [<!ENTITY l0 "lol">{lol}]>' + text}, f"{part} has a document type")
        refused(f"an external entity in {part}", {**book, part: '<!DOCTYPE x SYSTEM "file:///etc/passwd">' + text}, f"{part} has a document type")
    refused("an entity that nobody defined", {**PLAIN, "xl/worksheets/sheet1.xml": sheet(row(1, "n") + row(2, "&nope;"))}, "sheet1.xml, line 1: undefined entity")
    bomb = {**PLAIN, "xl/worksheets/sheet1.xml": sheet(" " * 50_000_000 + row(1, "n"))}
    refused("a bomb of blanks", bomb, "unpacks to more than", "max_ratio: 100")
    refused("a bomb of strings", parts([sheet(row(1, "n") + row(2, 1))], strings="<si><t>" + "x" * 40_000_000 + "</t></si>"), "max_ratio|max_strings|tag of over", "max_ratio: 100")
    refused("many strings", parts([sheet(row(1, "n") + row(2, 1))], strings="<si><t>xxxxxxxx</t></si>" * 20000), "max_strings", "max_strings: 100000")
    refused("broken XML", {**PLAIN, "xl/worksheets/sheet1.xml": sheet(row(1, "n") + "<row><c></row>")}, "sheet1.xml, line 1: mismatched tag")
    refused("no UTF-8", {**PLAIN, "xl/worksheets/sheet1.xml": sheet(row(1, "n") + row(2, "%%")).encode().replace(b"%%", b"\xff\xfe")}, "sheet1.xml, line 1")
    utf16 = {**PLAIN, "xl/worksheets/sheet1.xml": ("\ufeff" + sheet(row(1, "n", "t") + row(2, 1, "ä")).replace("UTF-8", "UTF-16")).encode("utf-16-le")}
    reads("UTF-16", utf16, [{"n": 1, "t": "ä"}])
    save("whole.xlsx", PLAIN)
    data = open("whole.xlsx", "rb").read()
    for size in (0, 3, 4, 30, len(data) // 2, len(data) - 30, len(data) - 1):
        refused(f"cut off after {size} of {len(data)} bytes", data[:size], "no xlsx workbook|damaged or cut off|no file matches")
    rng = random.Random(7)
    outcomes = set()
    for _ in range(40):
        broken = bytearray(data)
        for _ in range(rng.randrange(1, 4)):
            broken[rng.randrange(len(broken))] = rng.randrange(256)
        with open("in.xlsx", "wb") as out:
            out.write(broken)
        code, rows, report, _, _ = run("in.xlsx")
        outcomes.add(code)
        check("a flipped byte is noticed, or does not matter", code in (0, 1) and (rows is None) == (code == 1), True)
    check("most are noticed", outcomes, {0, 1})
    compound = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504
    for stream, message in (("EncryptedPackage", "a password"), ("Workbook", r"before 2007 \(.xls\)"), ("Other", "compound file")):
        entry = stream.encode("utf-16-le").ljust(64, b"\0") + struct.pack("<H", len(stream) * 2 + 2)
        refused(f"a compound file with {stream}", compound + entry.ljust(512, b"\0"), message)
    with zipfile.ZipFile("in.xlsx", "w") as out:
        for name, text in PLAIN.items():
            out.writestr(name, text)
    secret = bytearray(open("in.xlsx", "rb").read())
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = secret.find(mark)
        while place >= 0:
            secret[place + at] |= 1
            place = secret.find(mark, place + 4)
    refused("a password on the zip's members", secret, "is encrypted")


# ---- other programs, and temporary files ----


def programs():
    book = openpyxl.Workbook()
    page = book.active
    page.append(["n", "t", "m"])
    page.append([1, "x", "merged"])
    page.append([2.5, "y", None])
    page.merge_cells("C2:C3")
    page.append([None, "=B2", True])
    book.create_sheet("hidden").sheet_state = "hidden"
    book.save("in.xlsx")
    reads("openpyxl", None, [{"n": 1, "t": "x", "m": "merged"}, {"n": 2.5, "t": "y", "m": None}, {"n": None, "t": None, "m": "true"}])
    with open("in.csv", "w") as out:
        out.write("n,t,d\n1,x,2024-02-29\n2.5,y,\n")
    if os.path.exists("in.xlsx"):
        os.remove("in.xlsx")
    subprocess.run([QETL, "run", "--from", "in.csv", "--to", "in.xlsx", "-q"], check=True)
    reads("libxlsxwriter", None, [{"n": 1, "t": "x", "d": "2024-02-29"}, {"n": 2.5, "t": "y", "d": None}])
    try:
        subprocess.run(["ssconvert", "in.csv", "in.xlsx"], capture_output=True, timeout=300, check=True)
    except FileNotFoundError:
        return
    reads("gnumeric", None, [{"n": 1, "t": "x", "d": "2024-02-29"}, {"n": 2.5, "t": "y", "d": None}])


def temporary():
    """Reading writes nothing; writing leaves nothing, however it ends."""
    save("in.xlsx", PLAIN)
    os.makedirs("tmp", exist_ok=True)
    os.environ["TMPDIR"] = "/nonexistent"
    reads("reading makes no temporary file", None, ROWS)
    os.environ["TMPDIR"] = os.path.abspath("tmp")
    with open("large.csv", "w") as out:
        out.write("a,b\n" + "".join(f"{i},text {i}\n" for i in range(200000)))
    for seconds in (0.05, 0.2, 0.4):
        child = subprocess.Popen([QETL, "run", "--from", "large.csv", "--to", "large.xlsx", "-q"], stderr=subprocess.DEVNULL)
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        if os.path.exists("large.xlsx"):
            os.remove("large.xlsx")
        check(f"nothing is left in TMPDIR after a kill, {seconds} s", os.listdir("tmp"), [])
    os.environ["TMPDIR"] = "/nonexistent"
    done = subprocess.run([QETL, "run", "--from", "in.csv", "--to", "none.xlsx"], capture_output=True, text=True)
    check("no TMPDIR to write with", (done.returncode, "/nonexistent" in done.stderr, os.path.exists("none.xlsx")), (3, True, False))
    del os.environ["TMPDIR"]


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for test in (cells_of_every_kind, texts, dates, shapes, several, packages, harm, programs, temporary):
            test()
        os.chdir("/")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
