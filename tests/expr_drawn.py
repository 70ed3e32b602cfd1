# SPDX-License-Identifier: Apache-2.0
"""How often each function and form of docs/reference/expressions.md was drawn by a differential test."""
import os
import re

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "docs", "reference", "expressions.md")
WORD = re.compile(r"\b([a-z_][a-z0-9_]*)\s*\(")
KEYWORD = re.compile(r"\b(CASE|AT TIME ZONE|IN|BETWEEN|LIKE|ILIKE|IS (?:NOT )?DISTINCT FROM|IS (?:NOT )?(?:NULL|TRUE|FALSE|UNKNOWN)|CAST"
                     r"|EXTRACT|SUBSTRING|TRIM|OVERLAY|POSITION)\b")


def documented():
    """Names of functions by the title of their table; how many examples there are."""
    names, examples, title = {}, 0, ""
    for line in open(PAGE, encoding="utf-8"):
        if line.startswith("## "):
            title = line[3:].strip()
        elif line.startswith("| `"):
            examples += 1
            signature = line.split("`")[1]
            for name in re.findall(r"([a-z][a-z0-9_]*(?:, [a-z][a-z0-9_]*)*) ?\(", signature.split("→")[0]):
                names.update({one: title for one in name.split(", ")})
    return names, examples


class Drawn:
    def __init__(self, titles):
        """titles(title): whether functions of that table are this test's."""
        names, self.examples = documented()
        self.counts = {name: 0 for name, title in names.items() if titles(title)}
        self.total = len(names)

    def add(self, text):
        for name in set(WORD.findall(text.lower())):
            if name in self.counts:
                self.counts[name] += 1

    def report(self, enough):
        """Prints all counts; answers how many were never drawn, 0 where too few expressions were asked for that."""
        print(f"{self.examples} examples and {self.total} functions in the reference; drawn here, {len(self.counts)}: "
              + " ".join(f"{name} {count}" for name, count in sorted(self.counts.items())))
        never = [name for name, count in self.counts.items() if count == 0]
        for name in never if enough else []:
            print(f"FAIL {name} was never drawn")
        return len(never) if enough else 0
