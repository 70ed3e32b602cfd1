# SPDX-License-Identifier: Apache-2.0
"""Whether a decimal really needs more than 38 digits where the engine says so.

The smallest part of an expression that the engine cannot compute in a row is sought; it is excused only if PostgreSQL's
value of it, or of one of its operands, has no place among 38 digits at the scale that the part is computed at.
"""
import decimal
import re

DIGITS = 38
SETUP = r"""
CREATE FUNCTION part_value(e text, k int) RETURNS text AS $$
DECLARE one text;
BEGIN
  EXECUTE 'SELECT ((' || e || ')::numeric)::text FROM t WHERE id = ' || k INTO one;
  RETURN one;
EXCEPTION WHEN OTHERS THEN RETURN NULL;
END $$ LANGUAGE plpgsql;
"""
BETWEEN = re.compile(r"\s(?:\+|-|\*|/|%|=|<>|!=|<=|>=|<|>|\|\||AND|OR|NOT|IN|BETWEEN|IS|DISTINCT|FROM|THEN|WHEN|ELSE|CASE|END|AS|NULL"
                     r"|TRUE|FALSE|UNKNOWN|,)(?=\s)|,|\bCASE\s|\bNOT\s|\bEND\b|::\w+(?:\([\d,]+\))?")


def split(text):
    """The operands of the outermost level: what stands between operators, words and commas."""
    depth, quoted, flat = 0, False, []
    for c in text:
        quoted ^= c == "'"
        depth -= c == ")" and not quoted
        flat.append("_" if depth or quoted or c == "'" else c)
        depth += c == "(" and not quoted
    flat = "".join(flat)
    pieces, at = [], 0
    for found in BETWEEN.finditer(flat):
        pieces.append(text[at:found.start()])
        at = found.end()
    return [piece.strip() for piece in pieces + [text[at:]] if piece.strip()]


def children(text):
    pieces = split(text)
    if len(pieces) > 1 or (pieces and pieces[0] != text):
        return pieces
    call = re.match(r"^(-\s*)?(\w*)\s*\((.*)\)$", text, re.S)
    if call:
        return [call.group(3)] if not call.group(2) else split(call.group(3))
    return [text[1:].strip()] if text[:1] in "-@~" and len(text) > 1 else []


class Widths:
    def __init__(self, pg, engine):
        self.pg = pg
        self.engine = engine
        self.answers = {}
        pg.ask(SETUP)

    def renew(self):
        """Other rows."""
        self.answers = {}

    def answer(self, text):
        if text not in self.answers:
            self.answers[text] = self.engine.ask(text)
        return self.answers[text]

    def overflows(self, text, row):
        return self.answer(text).get("errors", {}).get(str(row)) == "numeric_overflow"

    def smallest(self, text, row):
        """Parts that overflow although none of their own parts does."""
        inner = [part for child in children(text) for part in self.smallest(child, row)]
        return inner or ([text] if self.overflows(text, row) else [])

    def scale(self, text):
        match = re.match(r"decimal\(\d+,(\d+)\)", self.answer(text).get("type", ""))
        return int(match.group(1)) if match else 0

    def value(self, text, row):
        quoted = text.replace("'", "''")
        said = self.pg.ask(f"SELECT coalesce(part_value('{quoted}', {row}), '-')").strip()
        return decimal.Decimal(said) if re.match(r"^-?\d+(\.\d+)?$", said) else None

    def needs_more(self, text, row):
        parts = [text] + children(text)
        scale = max(self.scale(part) for part in parts)
        for part in parts:
            value = self.value(part, row)
            if value is not None and abs(value) >= decimal.Decimal(10) ** (DIGITS - scale):
                return True
        return False

    def is_wide(self, text, row):
        return any(self.needs_more(part, row) for part in self.smallest(text, row))
