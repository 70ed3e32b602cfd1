#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Numbers that pass through as text are proven to be of their type all the same: at each limit, many rows together.
. "$(dirname "$0")/lib.sh"

cat >make.py <<'PY'
import random
random.seed(3)
limits = {"smallint": (15, None), "integer": (31, None), "bigint": (63, None), "decimal(5,2)": (5, 2), "decimal(3,3)": (3, 3), "decimal(20,9)": (20, 9)}
def fits(kind, text):
    if text == "":
        return True
    bits, scale = limits[kind]
    body = text[1:] if text[:1] in "+-" else text
    if scale is None:
        return body.isdigit() and -(1 << bits) <= int(text) < 1 << bits
    whole, _, fraction = body.partition(".")
    return (whole + fraction).isdigit() and len(fraction.rstrip("0")) <= scale and len(whole.lstrip("0")) <= bits - scale
def cell(kind):
    bits, scale = limits[kind]
    r = random.random()
    if r < .1: return ""
    if scale is None:
        most = len(str(1 << bits))
        edge = random.choice([0, 1, (1 << bits) - 1, 1 << bits, 10 ** random.randrange(most)])
        text = str(random.choice([edge, random.randrange(10 ** random.randint(1, most))]))
        return "-" + text if r < .2 else "0" + text if r < .25 else text + "x" if r < .27 else text
    text = "".join(random.choices("0123456789", k=random.randint(1, bits - scale + 1 if random.random() < .2 else max(1, bits - scale))))
    text = str(int(text))
    if random.random() < .8:
        text += "." + "".join(random.choices("0123456789", k=random.randint(1, scale + (random.random() < .1))))
    return "-" + text if r < .2 else text
for kind in limits:
    name = kind.split("(")[0] + kind[-2:-1] if "(" in kind else kind
    rows = [(str(i), cell(kind)) for i in range(3000)]
    with open(name + ".csv", "w") as f, open(name + ".good", "w") as g, open(name + ".types", "w") as t:
        f.write("id,v\n" + "".join(f"{i},{c}\n" for i, c in rows))
        g.write("".join(i + "\n" for i, c in rows if fits(kind, c)))
        t.write(kind)
PY
python3 make.py
for types in *.types; do
    name=${types%.types}
    for cpu in avx512 avx2 portable; do
        printf 'max_rejected: 3000\nsources:\n  in: {plugin: file, path: %s.csv, format: {type: csv, types: {v: "%s"}}}\nsinks:\n  to: {plugin: file, input: in, path: %s.%s.ndjson}\n' "$name" "$(cat "$types")" "$name" "$cpu" >p.yaml
        QETL_CPU=$cpu expect_exit 0 qetl run p.yaml
        jq -r .id "$name.$cpu.ndjson" >got
        expect_same got "$name.good"
        expect_eq 'some are rejected' "$(($(wc -l <got) < 2990 && $(wc -l <got) > 100))" 1
    done
    expect_same "$name.avx2.ndjson" "$name.portable.ndjson"
    expect_same "$name.avx512.ndjson" "$name.portable.ndjson"
done
