# SPDX-License-Identifier: Apache-2.0
"""Values of JSON with what RFC 8259 says of them: y (must be taken), n (must be refused), and i (left to those who
read it), with what this reader does instead: taken or refused. And a strict oracle, out of Python's json."""
import json

MARK = b"\xef\xbb\xbf"  # may stand at the front of a file
DEPTH = 64  # levels inside a record


class Number(str):
    """A number as it is spelled."""


def unlike(pairs):
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise ValueError("a key twice")
    return [("{}", None), *pairs]


def no_constant(name):
    raise ValueError(name)


DECODER = json.JSONDecoder(parse_float=Number, parse_int=Number, parse_constant=no_constant, object_pairs_hook=unlike)


def whole(value, level=0):
    """No half of a surrogate pair, and not too deep."""
    if level > DEPTH:
        raise ValueError("too deep")
    if isinstance(value, str):
        value.encode("utf-8")
    elif isinstance(value, (list, tuple)):
        deeper = level + isinstance(value, list)
        for part in value:
            whole(part, deeper)
    return value


def strict(data):
    """The value; ValueError: it is none. Objects are lists of pairs, which begin with ("{}", None)."""
    return whole(DECODER.decode(data.decode("utf-8")))


def strict_many(data):
    """Values one behind the other."""
    text, at, values = data.decode("utf-8"), 0, []
    while True:
        while text[at:at + 1] in (" ", "\t", "\n", "\r") and at < len(text):
            at += 1
        if at == len(text):
            return values
        value, at = DECODER.raw_decode(text, at)
        values.append(whole(value))


def numbers():
    good = ["0", "-0", "1", "-1", "9", "10", "1234567890", "9007199254740993", "9223372036854775807", "9223372036854775808",
            "-9223372036854775808", "-9223372036854775809", "18446744073709551616", "1" * 39, "1" * 400, "0.0", "-0.0", "0.5",
            "1.50", "1.000000000000000000001", "0." + "0" * 300 + "1", "1e5", "1E5", "1e+5", "1e-5", "1E-05", "0e0", "0e+1",
            "1.5e300", "-1.5E-300", "123.456e78", "1" + "0" * 50 + "e-50"]
    bad = ["+1", "01", "-01", "00", "-", "--1", "-+1", "- 1", ".5", "-.5", "1.", "1.e5", "-1.", "1e", "1e+", "1e-", "1E", "1.5e",
           "1e1.5", "0x10", "0b1", "0o7", "1_000", "1,000", "1 000", "1a", "1..2", "1.2.3", "1e5e5", "NaN", "-NaN", "nan", "Infinity",
           "-Infinity", "+Infinity", "inf", "∞", "１", "٣", "1\u00a0", "1f", "1L", "1d", "0e", "1.e1", "1/2", "1eE2", "0.1.2", "1e 5", "- 0"]
    either = [("1e400", "taken"), ("-1e400", "taken"), ("1e-500", "taken"), ("1e99999999999999999999", "taken"),
              ("123456789" * 100 + ".5", "taken")]
    return good, bad, either


def strings():
    good = ['""', '"a"', '"\\""', '"\\\\"', '"\\/"', '"/"', '"\\b\\f\\n\\r\\t"', '"\\u0041"', '"\\u00e9"', '"\\u00E9"', '"\\uFfFf"',
            '"\\u0000"', '"a\\u0000b"', '"\\u001f"', '"\\u007f"', '"\x7f"', '"\\ud83d\\ude00"', '"\\uD83D\\uDE00"', '"x\\ud800\\udc00y"',
            '"\\udbff\\udfff"', '"é"', '"€"', '"😀"', '"\u2028\u2029"', '"\ufeff"', '"\ufffe\uffff"', '"\U0010ffff"', '"\x80"', '"\ud7ff"',
            '"\ue000"', '"\\\\u0041"', '"\\\\\\""', '"' + "a" * 5000 + '"', '"' + "\\n" * 700 + '"', '"{\\"a\\":1}"', '"]}"', '"//"', '"/* */"',
            '"\\u2028"', '"\\ufdd0"', '"null"', '"1"'] + [f'"{"x" * n}\\t"' for n in (7, 8, 15, 16, 31, 32, 62, 63, 64, 65)]
    bad = ['"', '"a', '"\\"', '"\\', '"\\u', '"\\u0', '"\\u00"', '"\\u004"', '"\\u004g"', '"\\u-041"', '"\\u 041"', '"\\U0041"', '"\\x41"',
           '"\\a"', '"\\0"', '"\\\'"', '"\\v"', '"\\e"', '"\\ "', '"\\é"', '"\t"', '"\r"', '"\x00"', '"\x1f"', '"\x01a"', "'a'", "`a`", "a",
           '"a"b"', '"a""b"', '"\\ud800"', '"\\ud800a"', '"\\ud800\\n"', '"\\ud800\\ud800"', '"\\udc00"', '"a\\udfff"', '"\\udc00\\ud800"',
           '"\\ud800\\u0041"', '"\\ud800\\"', '"\\ud800\\u"', '"\\ud800\\udc0"', '"\\uD83D\\\\uDE00"', '“a”', '"a\\\tb"'] + [
               f'"{"x" * n}\x1f"' for n in (7, 15, 31, 63, 64)]
    return good, bad, []


def structures():
    good = ["null", "true", "false", "[]", "{}", "[ ]", "{ }", "[1]", "[1,2]", " [ 1 , 2 ] ", "[[]]", "[{}]", '{"a":1}', '{"":1}', '{"a":{}}',
            '{"a":[],"b":{}}', ' { "a" : 1 , "b" : 2 } ', '[null,true,false,"",0,{},[]]', '{"a":1,"A":2}', '{"é":1,"e\u0301":2}',
            '{"a b":1,"a\\nb":2}', '{"\\u0000":1}', "\t1\t", "\r1", "[1,\t2]", '[[[[[[[[[[1]]]]]]]]]]', "[" + "0," * 999 + "0]",
            "{" + ",".join(f'"k{i}":{i}' for i in range(300)) + "}", '{"a":{"a":{"a":1}}}', '[{"a":1},{"a":"x"},{"b":[]}]', '[1,"a"]',
            "[" * (DEPTH - 2) + "]" * (DEPTH - 2)]
    bad = ["", " ", "[", "]", "{", "}", "[}", "{]", "[1", "[1,", "[1,]", "[,1]", "[,]", "[1,,2]", "[1 2]", "[1:2]", "[1;2]", "[1]]", "[1}", "[[1]",
           "{1:2}", "{a:1}", "{'a':1}", '{"a"}', '{"a":}', '{"a":1', '{"a":1,', '{"a":1,}', '{,"a":1}', '{"a":1,,"b":2}', '{"a":1 "b":2}',
           '{"a" 1}', '{"a"::1}', '{"a"=1}', '{"a":1;"b":2}', '{"a":1]', '{"a":1}}', '{"a":1,"a":2}', '{"a":1,"\\u0061":2}',
           '{"x":{"a":1,"b":2,"a":3}}', "{" + ",".join(f'"k{i % 40}":{i}' for i in range(41)) + "}",
           '{"x":[' + "{" + ",".join(f'"\\u00{65 + i % 20}":0' for i in range(21)) + "}]}", '[{"a":1,"a":1}]', '{null:1}', '{true:1}', '{[]:1}', '{"a":1,null}', "{,}", "[null,]", "True", "FALSE",
           "Null", "NULL", "nul", "tru", "fals", "nulll", "truefalse", "true false", "undefined", "None", "1 2", "[] []", "{} {}", "/**/1", "1//a",
           "[1/**/]", "#1", "1#", "[1,#\n2]", "\ufeff1", "\x001", "1\x00", "[1\x00]", "\x0b1", "\x0c1", "\u00a01", "\u20281", "\u00851", "\u200b1",
           "[\u00a01]", "[1,2", '{"a":[}', '[{"a":]}', "[" * 10000, '{"a":' * 5000, '{"a":[' * 3000, "<a/>", "a: 1", "- 1", "(1)", "@", "$", "*",
           '[1,"a]', '{"a":"b}', '{"a', '{"a"', '{"a":"\\"}', "[tru]", "[nan]", "[NaN]", '{"a":Infinity}', "[-Infinity]", "[01]", "[1.]", "[+1]"]
    either = [("[" * n + "]" * n, "taken" if n < DEPTH else "refused") for n in (63, 64, 65, 500, 10000)] + [
        ('{"a":' * n + "1" + "}" * n, "taken" if n < DEPTH else "refused") for n in (63, 64, 65, 10000)]
    return good, bad, either


def bytes_alone():
    """What is no text at all, within a string and without."""
    broken = [b"\xff", b"\xfe", b"\x80", b"\xbf", b"\xc3", b"\xc3\x28", b"\xc0\x80", b"\xc0\xaf", b"\xc1\xbf", b"\xe2\x82", b"\xe2\x28\xa1",
              b"\xe0\x80\xaf", b"\xe0\x9f\xbf", b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xed\xa0\xbd\xed\xb8\x80", b"\xf0\x9f\x98", b"\xf0\x80\x80\x80",
              b"\xf0\x8f\xbf\xbf", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xf8\x88\x80\x80\x80", b"\xfc\x84\x80\x80\x80\x80", b"\xe9"]
    for i, data in enumerate(broken):
        yield f"bytes-{i}", "n", b'"' + data + b'"'
        yield f"bytes-long-{i}", "n", b'"' + b"x" * (20 + 3 * i) + data + b"yyy" + b'"'
        yield f"bytes-key-{i}", "n", b'{"' + data + b'":1}'
        yield f"bytes-bare-{i}", "n", data
        yield f"bytes-listed-{i}", "n", b"[" + data + b"]"
    yield "utf-16le", "n", '"a"'.encode("utf-16-le")
    yield "utf-16be", "n", "[1]".encode("utf-16-be")
    yield "utf-32", "n", "1".encode("utf-32-le")


def documents():
    """(name, y or n or taken or refused, bytes) of each."""
    for name, (good, bad, either) in (("number", numbers()), ("string", strings()), ("structure", structures())):
        for kind, texts in (("y", good), ("n", bad)):
            for i, text in enumerate(texts):
                data = text.encode("utf-8", "surrogatepass")
                yield f"{name}-{kind}-{i}", "n" if "\ud7ff" < text[1:2] < "\ue000" else kind, data
                if name != "structure":
                    yield f"{name}-{kind}-{i}-listed", kind, b"[" + data + b"]"
                    yield f"{name}-{kind}-{i}-member", kind, b'{"k":' + data + b"}"
        for i, (text, verdict) in enumerate(either):
            yield f"{name}-i-{i}", verdict, text.encode("utf-8")
    yield from bytes_alone()
