#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Does what a document tells its reader to do. Usage: guide.py DOCUMENT FOLDER, in the environment that the reader has.

What follows a line **`NAME`** is a listing: it becomes the file. **`NAME`**, continued: it is added to the file. From **`NAME`**: it stands in
the file, word for word. Other blocks of sh are typed, one after the other, into one shell, whose working folder is FOLDER in the beginning;
each command has to succeed. A block of text is what the block of sh before it prints; in it … is anything in a line, and a line of its own any number of lines. Prints a line
for each block, and ends with 1 if one is not as the document says."""
import os
import re
import shlex
import subprocess
import sys

MARK = re.compile(r"^(From )?\*\*`([^`]+)`\*\*(, continued)?$")


def blocks(path):
    """(line, language, text, how, name): how is 'type', 'print', 'make', 'add' or 'hold'; text of other languages has a name."""
    mark, inside, number = None, None, 0
    for line in open(path, encoding="utf-8"):
        number += 1
        line = line.rstrip("\n")
        if inside:
            if line == "```":
                yield finish(*inside)
                mark, inside = None, None
            else:
                inside[2].append(line)
        elif line.startswith("```"):
            inside = (number, line[3:], [], mark)
        elif line:
            mark = MARK.match(line)


def finish(number, language, lines, mark):
    text = "".join(line + "\n" for line in lines)
    if mark:
        return number, language, text, "hold" if mark[1] else "add" if mark[3] else "make", mark[2]
    if language == "sh":
        return number, language, text, "type", None
    if language == "text":
        return number, language, text, "print", None
    sys.exit(f"line {number}: a block of {language or 'nothing'} is neither a file nor typed")


def script(steps, out):
    """One shell does it all; each step's output goes to a file of its own, and it stops where one fails."""
    lines = ["set -eu -o pipefail", f"O={shlex.quote(out)}"]
    for step, (number, _, text, how, name) in enumerate(steps):
        lines.append(f"echo {step} >$O/at")
        if how in ("make", "add"):
            redirect = ">" if how == "make" else ">>"
            lines.append(f"cat {redirect}{shlex.quote(name)} <<'END OF LISTING'\n{text}END OF LISTING")
            if how == "add":  # an empty line between the pieces
                lines[-1] = f"echo >>{shlex.quote(name)}\n" + lines[-1]
        elif how == "hold":
            lines.append(f"cp {shlex.quote(name)} $O/{step}.file")
        elif how == "type":
            lines.append(f"{{\n{text}}} >$O/{step}.out 2>$O/{step}.err")
    return "\n".join(lines) + f"\necho {len(steps)} >$O/at\n"


def read(*path):
    try:
        return open(os.path.join(*path), encoding="utf-8", errors="replace").read()
    except FileNotFoundError:
        return ""


def matches(wanted, got):
    pattern = "".join(".*" if line == "…" else re.escape(line).replace("…", "[^\n]*") + "\n"
                      for line in wanted.splitlines())
    return re.fullmatch(pattern, got, re.S)


def verdict(steps, step, out, reached):
    number, language, text, how, name = steps[step]
    if step >= reached:
        return how == "print", read(out, f"{step}.out") + read(out, f"{step}.err")
    if how == "hold":
        return text in read(out, f"{step}.file"), f"{name} does not hold:\n{text}"
    if how == "print":
        got = read(out, f"{step - 1}.out")
        return matches(text, got), f"printed:\n{got}"
    return True, ""


def main():
    document, folder = sys.argv[1:3]
    out = os.path.join(folder, ".steps")
    os.makedirs(out)
    steps = list(blocks(document))
    shell = subprocess.Popen(["bash", "-c", script(steps, out)], cwd=folder, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        shell.wait(timeout=float(os.environ.get("GUIDE_SECONDS", "300")))
    except subprocess.TimeoutExpired:
        print("not ok - it hangs")
    finally:
        try:
            os.killpg(shell.pid, 9)  # what a step has left running
        except ProcessLookupError:
            pass
    reached, bad = int(read(out, "at") or 0), 0
    for step in range(min(reached + 1, len(steps))):
        good, why = verdict(steps, step, out, reached)
        print(f"{'ok' if good else 'not ok'} - line {steps[step][0]}: {steps[step][3]} {steps[step][4] or ''}".rstrip())
        bad += not good
        if not good:
            print("    " + why.strip().replace("\n", "\n    "))
    typed = sum(len(s[2].splitlines()) for s in steps if s[3] == "type")
    listed = sum(len(s[2].splitlines()) for s in steps if s[3] in ("make", "add"))
    words = len(re.sub(r"(?ms)^```.*?^```$", "", read(document)).split())
    print(f"# {len(steps)} blocks: {typed} lines typed, {listed} lines of listings, {words} words")
    sys.exit(bad > 0 or reached < len(steps))


main()
