#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each example of a transform's manifest, hence of its reference page, gives what it says it gives.
. "$(dirname "$0")/lib.sh"

cat >make.py <<'PY'
import glob, json, os, sys
root, number = sys.argv[1], 0
for path in sorted(glob.glob(os.path.join(root, "plugins", "transforms", "*.qetl.json"))):
    for component in json.load(open(path, encoding="utf-8"))["components"]:
        for example in component.get("examples", []):
            folder = f"e{number}"
            number += 1
            os.mkdir(folder)
            inputs = example.get("inputs", [example.get("input")])
            outputs = example.get("outputs", {"": example.get("output")})
            source, target = example.get("input_format", "csv"), example.get("output_format", "csv")
            sources, sinks = {}, {}
            for i, text in enumerate(inputs):
                open(f"{folder}/in{i}", "w", encoding="utf-8").write(text)
                sources[f"s{i}"] = {"plugin": "file", "path": f"in{i}", "format": source}
            for name, text in outputs.items():
                open(f"{folder}/want{name}", "w", encoding="utf-8").write(text)
                sinks[f"out{name}"] = {"plugin": "file", "path": f"got{name}", "format": target,
                                       "input": "t." + name if name else "t"}
            transform = {"plugin": component["id"], "input": list(sources), **example["options"]}
            json.dump({"name": "example", "dead_letters": "letters", "sources": sources,
                       "transforms": {"t": transform}, "sinks": sinks}, open(f"{folder}/p.json", "w"))
            print(folder, component["id"], example.get("rejected", 0), int(example.get("output_unordered", False)), *("@" + n for n in outputs))
PY
python3 make.py "$root" >list || fail "the manifests' examples cannot be read"
expect_eq 'there are examples' "$([ -s list ] && echo yes)" yes
while read -r folder ident rejected unordered outputs; do
    cd "$folder" || exit 1
    echo "# $folder: $ident"
    expect_exit 0 qetl run p.json --workers 2 --json
    expect_json out ".summary.rows_rejected == $rejected and .summary.balanced"
    for name in $outputs; do
        if [ "$unordered" = 1 ]; then # all but the header
            { head -n 1 "got${name#@}" && tail -n +2 "got${name#@}" | sort; } >sorted && mv sorted "got${name#@}"
        fi
        expect_same "got${name#@}" "want${name#@}"
    done
    cd ..
done <list
