# SPDX-License-Identifier: Apache-2.0
"""Expressions with functions, choices and patterns for diff_expr.py, written so that PostgreSQL reads them too."""

LIKE_PIECES = ["a", "b", "%", "%", "_", "long", "e", "\\%", "\\\\", "ä", "Z", "12", ".", "A", "twelve", "\\_", "é"]
REGEX = ["a", "^a", "b$", "[0-9]+", "(a)(b)?", "[[:alpha:]]+", "\\d+", "^.*$", "x*", "^$", "[^a-z ]", "\\mtext\\M", "\\y\\w+\\y",
         "(\\w)\\w*\\s", "t(h|w)", "[A-Z]{2}", "^\\s*$", "(", "é|ä", "\\.", "e.", "\\S+$", "(?:a|e)l", "zebra", "de", "(a|D)(B|E)", "[.:-]\\d\\d", "\\Aa",
         "[\\w.]+\\Z"]
FLAGS = ["", "i", "g", "x", "gi", "n", "q", "z"]
SETS = ["' '", "'a'", "'ab'", "'0.'", "''", "'äé '", "u"]


class Functions:
    """Texts of one kind each; leaves are columns of the generator's schema."""

    def __init__(self, generator):
        self.g = generator
        self.rng = generator.rng

    def text(self):
        rng = self.rng
        return rng.choice(["t", "u", "t", "u", "t", "(t || u)", "(left(t, 0) || 'abc')", "(left(u, 0) || 'Ärger über Öl')", "(left(t, 0) || 'a,b,,c')",
                           "(left(u, 0) || 'Hello wORLD 7up')", "NULL",
                           f"CAST({rng.choice('ijsl')} AS text)"])

    def count(self):
        return self.rng.choice(["0", "1", "2", "3", "5", "-1", "-2", "12", "100", "(s % 7)", "(i % 5)", "s % 3 + 2", "NULL::integer"])

    def pattern(self):
        return "'" + "".join(self.rng.choice(LIKE_PIECES) for _ in range(self.rng.randrange(0, 5))).replace("'", "''") + "'"

    def regex(self):
        return "'" + self.rng.choice(REGEX) + "'"

    def flags(self):
        return "'" + self.rng.choice(FLAGS) + "'"

    def texts(self):
        rng, t, n = self.rng, self.text, self.count
        return rng.choice([
            lambda: f"{rng.choice(['lower', 'upper', 'initcap', 'reverse', 'btrim', 'ltrim', 'rtrim', 'md5', 'quote_literal'])}({t()})",
            lambda: f"{rng.choice(['left', 'right', 'repeat'])}({t()}, {n()})",
            lambda: f"{rng.choice(['lpad', 'rpad'])}({t()}, {n()})",
            lambda: f"{rng.choice(['lpad', 'rpad'])}({t()}, {n()}, {t()})",
            lambda: f"{rng.choice(['substr', 'substring'])}({t()}, {n()})",
            lambda: f"{rng.choice(['substr', 'substring'])}({t()}, {n()}, {n()})",
            lambda: f"SUBSTRING({t()} FROM {n()} FOR {n()})",
            lambda: f"SUBSTRING({t()} FOR {n()})",
            lambda: f"SUBSTRING({t()} FROM {self.regex()})",
            lambda: f"{rng.choice(['btrim', 'ltrim', 'rtrim'])}({t()}, {rng.choice(SETS)})",
            lambda: f"TRIM({rng.choice(['BOTH', 'LEADING', 'TRAILING', ''])} {rng.choice(SETS)} FROM {t()})",
            lambda: f"TRIM({t()})",
            lambda: f"replace({t()}, {rng.choice(['t', 'u', chr(39) + 'a' + chr(39), chr(39) * 2])}, {t()})",
            lambda: f"translate({t()}, {rng.choice(['u', chr(39) + 'aeä1' + chr(39)])}, {rng.choice(['t', chr(39) + 'xé' + chr(39)])})",
            lambda: f"split_part({t()}, {rng.choice([chr(39) + ',' + chr(39), chr(39) + 'a' + chr(39), 'u', chr(39) * 2])}, {n()})",
            lambda: f"overlay({t()} PLACING {t()} FROM {n()})",
            lambda: f"OVERLAY({t()} PLACING {t()} FROM {n()} FOR {n()})",
            lambda: f"concat({t()}, {rng.choice(['i', 'b', 'n', 'da', 'NULL', '1.50'])}, {t()})",
            lambda: f"concat_ws({t()}, {rng.choice(['i', 'b', 'n', 'ts', 'NULL'])}, {t()}, u)",
            lambda: f"chr({rng.choice(['i', 's', '(i % 300)', '955', '128512'])})",
            lambda: f"to_hex({rng.choice(['i', 'l', '(i % 20)', '255'])})",
            lambda: f"regexp_replace({t()}, {self.regex()}, {rng.choice([chr(39) + 'X' + chr(39), chr(39) + '<' + chr(92) + '1>' + chr(39), chr(39) + '[' + chr(92) + '&]' + chr(39)])})",
            lambda: f"regexp_replace({t()}, {self.regex()}, '-', {self.flags()})",
            lambda: f"regexp_replace({t()}, {self.regex()}, '#', {n()}, {n()})",
            lambda: f"regexp_substr({t()}, {self.regex()})",
            lambda: f"regexp_match({t()}, {self.regex()})",
            lambda: f"{rng.choice(['sha224', 'sha256', 'sha384', 'sha512'])}({t()})",
            lambda: f"encode({t()}, {rng.choice(['hex', 'base64', 'hex', 'none']).join([chr(39)] * 2)})",
            lambda: f"decode({t()}, {rng.choice(['hex', 'base64']).join([chr(39)] * 2)})",
            lambda: f"decode(encode({t()}, 'base64'), 'base64')",
            lambda: f"regexp_substr({t()}, {self.regex()}, {n()}, {n()})",
        ])()

    def integers(self):
        rng, t, n = self.rng, self.text, self.count
        return rng.choice([
            lambda: f"{rng.choice(['length', 'char_length', 'character_length', 'octet_length', 'bit_length', 'ascii'])}({t()})",
            lambda: f"strpos({t()}, {t()})",
            lambda: f"hash64({t()})",
            lambda: f"POSITION({t()} IN {t()})",
            lambda: f"regexp_count({t()}, {self.regex()})",
            lambda: f"regexp_count({t()}, {self.regex()}, {n()}, {self.flags()})",
            lambda: f"regexp_instr({t()}, {self.regex()}, {n()}, {n()})",
            lambda: f"abs({rng.choice('ijsl')})",
            lambda: f"(@ {rng.choice('ijsl')})",
            lambda: f"mod({rng.choice('ijsl')}, {rng.choice('ijsl')})",
            lambda: f"{rng.choice(['gcd', 'lcm'])}({rng.choice('ijsl')}, {rng.choice('ijsl')})",
            lambda: f"({rng.choice('ijsl')} {rng.choice(['&', '|', '#'])} {rng.choice('ijsl')})",
            lambda: f"({rng.choice('ijsl')} {rng.choice(['<<', '>>'])} {rng.choice(['1', '3', 'i', 's', '31', '63'])})",
            lambda: f"(~ {rng.choice('ijsl')})",
            lambda: f"width_bucket({rng.choice(['d', 'r', 'i'])}, {rng.choice(['-10', '0', 'r', '100'])}, {rng.choice(['10', 'r', '0'])}, {n()})",
        ])()

    def decimals(self):
        rng, n = self.rng, self.count
        column = rng.choice(["n", "m", "n", "(n * 3)", "(n - m)", "1.25", "-2.5", "(i * 0.5)"])
        return rng.choice([
            lambda: f"{rng.choice(['round', 'trunc', 'ceil', 'ceiling', 'floor', 'abs', 'sign'])}({column})",
            lambda: f"{rng.choice(['round', 'trunc'])}({column}, {rng.choice(['0', '1', '2', '3', '-1', '-3', '(s % 4)', '40', '-40'])})",
            lambda: f"mod({column}, {rng.choice(['n', 'm', '0.3', 'i'])})",
            lambda: f"div({column}, {rng.choice(['n', 'm', '0.3', 'i', '7'])})",
            lambda: f"{rng.choice(['greatest', 'least'])}({column}, {rng.choice(['n', 'm', 'i', 'NULL'])}, 0.5)",
        ])()

    def reals(self):
        rng = self.rng
        value = rng.choice(["d", "r", "d", "i", "(d / 1e30)", "(d * 0.001)", "2", "s", "NULL::double precision", "(i % 2)"])
        return rng.choice([
            lambda: f"{rng.choice(['ceil', 'floor', 'round', 'trunc', 'sign', 'abs', 'sqrt', 'cbrt', 'exp', 'ln', 'log', 'log10'])}({rng.choice(['d', 'r', value.replace('2', 'd')])})",
            lambda: f"{rng.choice(['sin', 'cos', 'tan', 'cot', 'asin', 'acos', 'atan', 'sinh', 'cosh', 'tanh', 'asinh', 'acosh', 'atanh', 'degrees', 'radians'])}({value})",
            lambda: f"power({value}, {rng.choice(['d', '2', '0.5::double precision', 'r', '-1', 'i'])})",
            lambda: f"({value} ^ {rng.choice(['d', '2', 'r', 's'])})",
            lambda: f"({value} * pi())",
            lambda: f"atan2({value}, {rng.choice(['d', 'r', '1'])})",
        ])()

    def booleans(self):
        rng, t = self.rng, self.text
        no = rng.choice(["", "NOT "])
        return rng.choice([
            lambda: f"({t()} {no}LIKE {self.pattern()})",
            lambda: f"({t()} {no}LIKE {self.pattern()})",
            lambda: f"({t()} {no}ILIKE {self.pattern()})",
            lambda: f"({t()} {no}LIKE {rng.choice(['u', 't', 'u || ' + chr(39) + '%' + chr(39)])})",
            lambda: f"({t()} {no}LIKE {self.pattern()} ESCAPE {rng.choice([chr(39) + '!' + chr(39), chr(39) * 2, chr(39) + 'a' + chr(39), chr(39) + 'ä' + chr(39)])})",
            lambda: f"({t()} {rng.choice(['~', '~*', '!~', '!~*'])} {self.regex()})",
            lambda: f"regexp_like({t()}, {self.regex()}, {self.flags()})",
            lambda: f"starts_with({t()}, {rng.choice(['u', chr(39) + 'a' + chr(39), chr(39) * 2])})",
            lambda: f"({self.integers()} {rng.choice(['=', '<', '>='])} {self.integers()})",
            lambda: f"({self.texts()} {rng.choice(['=', '<', '<>'])} {self.texts()})",
        ])()

    # ---- choices ----

    def value(self, kind):
        g = self.g
        return {"integer": lambda: self.rng.choice(["i", "j", "s", "l", "1", "NULL", g.integer(1), self.integers()]),
                "real": lambda: self.rng.choice(["d", "r", "i", "n", g.real(1)]),
                "text": lambda: self.rng.choice(["t", "u", "'x'", "NULL", g.text(1), self.texts()]),
                "boolean": lambda: self.rng.choice(["b", "c", "NULL", g.boolean(1), self.booleans()]),
                "decimal": lambda: self.rng.choice(["n", "m", "i", "1.5", "NULL", g.decimal(1)]),
                "date": lambda: self.rng.choice(["da", "db", "NULL", g.date(1), "'2024-02-29'"]),
                "stamp": lambda: self.rng.choice(["ts", "tz", "da", "'2024-01-01 10:00:00'"]),
                "time": lambda: self.rng.choice(["ti", "NULL", "ts::time"])}[kind]()

    def choice(self):
        rng, g = self.rng, self.g
        kind = rng.choice(["integer", "integer", "real", "text", "text", "boolean", "decimal", "date", "stamp", "time"])
        v = lambda: self.value(kind)
        condition = lambda: rng.choice(["b", "c", g.boolean(1), self.booleans(), "i <> 0", "i IS NULL"])
        form = rng.randrange(10)
        if form == 9:  # one computation in a branch and outside of it
            part = rng.choice([f"(100 / nullif(i, {rng.choice('013')}))", "(j / i)", "(7 % s)", "(i * j)"])
            return f"(CASE WHEN {condition()} THEN {part} ELSE 0 END {rng.choice(['+', '=', '<'])} {part})"
        if form < 3:
            whens = " ".join(f"WHEN {condition()} THEN {v()}" for _ in range(rng.randrange(1, 4)))
            return f"CASE {whens} {rng.choice(['', 'ELSE ' + v()])} END"
        if form == 3:
            whens = " ".join(f"WHEN {rng.choice(['1', '2', 'j', '100 / i', 'NULL'])} THEN {v()}" for _ in range(rng.randrange(1, 4)))
            return f"CASE {rng.choice(['i', 's', 'l'])} {whens} ELSE {v()} END"
        if form == 4:
            return f"coalesce({', '.join(v() for _ in range(rng.randrange(1, 4)))})"
        if form == 5:
            return f"nullif({v()}, {v()})"
        if form == 6:
            return f"{rng.choice(['greatest', 'least'])}({', '.join(v() for _ in range(rng.randrange(1, 4)))})"
        if form == 7:
            return f"CASE WHEN i <> 0 THEN 100 / i WHEN i IS NULL THEN j / s ELSE {rng.choice(['j', '7 % s'])} END"
        return f"coalesce(nullif(i, 0), 100 / {rng.choice('js')}, length({self.text()}))"

    def expression(self):
        return self.rng.choice([self.texts, self.texts, self.integers, self.decimals, self.reals, self.booleans, self.booleans,
                                self.choice, self.choice])()
