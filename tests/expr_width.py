# SPDX-License-Identifier: Apache-2.0
"""Whether some part of an expression needs more than 38 digits in a row, asked of PostgreSQL part by part."""
import re

DIGITS = 38
SETUP = r"""
CREATE FUNCTION part_digits(e text, k int) RETURNS text AS $$
DECLARE one text;
BEGIN
  EXECUTE 'SELECT ((' || e || ')::numeric)::text FROM t WHERE id = ' || k INTO one;
  RETURN one;
EXCEPTION WHEN OTHERS THEN RETURN NULL;
END $$ LANGUAGE plpgsql;
"""


def arguments(text):
    """Split at commas outside of parentheses."""
    parts, depth, last = [], 0, 0
    for i, c in enumerate(text):
        depth += (c == "(") - (c == ")")
        if c == "," and depth == 0:
            parts.append(text[last:i])
            last = i + 1
    return parts + [text[last:]]


def parts_of(text):
    """The expression, what stands in parentheses, calls, arguments, columns and numbers."""
    found, stack = {text}, []
    for i, c in enumerate(text):
        if c == "(":
            stack.append(i)
        elif c == ")" and stack:
            begin = stack.pop()
            inside = text[begin + 1:i]
            found.update(arguments(inside))
            found.update(p.rsplit(" AS ", 1)[0] for p in arguments(inside) if " AS " in p)
            found.add(inside)
            name = re.search(r"[A-Za-z_]+$", text[:begin])
            if name:
                found.add(text[name.start():i + 1])
    found.update(re.findall(r"\b[nmlijs]\b|\d+\.?\d*(?:e\d+)?", text))
    return found


class Widths:
    def __init__(self, pg):
        self.pg = pg
        self.parts = {}
        pg.ask(SETUP)

    def is_wide(self, text, row):
        """The most digits before the point and the most behind it together need more than there are."""
        if text not in self.parts:
            self.parts = {text: parts_of(text)}
        whole = scale = 0
        for part in self.parts[text]:
            quoted = part.replace("'", "''")
            value = self.pg.ask(f"SELECT coalesce(part_digits('{quoted}', {row}), '-')").strip()
            match = re.match(r"^-?(\d+)(?:\.(\d+))?$", value)
            if match:
                whole = max(whole, len(match.group(1).lstrip("0")))
                scale = max(scale, len(match.group(2) or ""))
        if "/" in text:
            scale = max(scale, 16)
        return whole + scale > DIGITS
