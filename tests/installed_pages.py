#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What installed pages and headers name is installed. Usage: installed_pages.py SHARE INCLUDE MAN…, the folders share/qetl and include/qetl and
manual pages. Links of pages lead somewhere, to the heading that they name; `docs/…` and `sdk/…` are files of SHARE, `NAME.md` is one of its pages,
qetl/NAME.h a header. Prints a line for each that is not, and how many were looked at; ends with 1 if one is not."""
import glob
import os
import re
import sys

share, include, manuals = sys.argv[1], sys.argv[2], sys.argv[3:]
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)\s]+)\)")
NAMED = re.compile(r"(?<![\w./@=-])((?:docs|sdk)/[\w./-]*\w)")
PAGE = re.compile(r"(?<![\w./-])((?:reference/)?[a-z][\w-]*\.md)\b")
HEADER = re.compile(r"(?<![\w./-])(qetl/[a-z_]+\.h)\b")
FENCE = re.compile(r"^```.*?^```", re.S | re.M)
BUILT_HERE = re.compile(r"(?:docs/generate-reference|sdk/abi/(?:compare|describe|[A-Z0-9.]*N?\.?[A-Z]+\.txt|1\.N\.txt))$")
looked, wrong = 0, []


def slug(heading):
    heading = re.sub(r"`|\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w\- ]", "", heading.lower().strip()).replace(" ", "-")


def headings(path):
    text = FENCE.sub("", open(path, encoding="utf-8").read())
    return {slug(line.lstrip("#")) for line in text.splitlines() if re.match(r"#+ ", line)}


def expect(good, path, what):
    global looked
    looked += 1
    if not good:
        wrong.append(f"{path}: {what}")


def look_at_links(path, text):
    for target in LINK.findall(FENCE.sub("", text)):
        name, _, anchor = target.partition("#")
        file = os.path.normpath(os.path.join(os.path.dirname(path), name)) if name else path
        expect(os.path.exists(file), path, f"a link to {target}")
        if anchor and file.endswith(".md") and os.path.exists(file):
            expect(anchor in headings(file), path, f"a link to the heading {target}")


def look_at_names(path, text):
    for name in NAMED.findall(text):
        if not BUILT_HERE.match(name) and "arrow.apache.org" not in name:
            expect(os.path.exists(os.path.join(share, name)), path, name)
    for name in HEADER.findall(text):
        expect(os.path.exists(os.path.join(os.path.dirname(include), name)), path, name)


pages = sorted(glob.glob(os.path.join(share, "**", "*.md"), recursive=True))
for page in pages:
    content = open(page, encoding="utf-8").read()
    look_at_links(page, content)
    if "/reference/" not in page and "/decisions/" not in page and not page.endswith(("install.md", "debian.md")):
        look_at_names(page, re.sub(r"https?://\S+", "", content))
others = glob.glob(os.path.join(include, "*.h")) + [f for f in glob.glob(os.path.join(share, "sdk", "**", "*.*"), recursive=True) if os.path.isfile(f)]
for other in sorted(others):
    look_at_names(other, re.sub(r"https?://\S+|\(arrow\.apache\.org\S+", "", open(other, encoding="utf-8").read()))
for manual in manuals:
    for name in PAGE.findall(open(manual, encoding="utf-8").read().replace("\\", "")):
        expect(os.path.exists(os.path.join(share, "docs", name)), manual, name)
print("\n".join(wrong))
print(f"# {len(pages)} pages, {len(others)} other files, {len(manuals)} manual pages: {looked} names and links")
sys.exit(1 if wrong else 0)
