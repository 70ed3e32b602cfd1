#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Whose the names are: a key's patterns bind the components that it signs, too, as those are what pipelines name; and no
# package takes the extensions of files that another format has.
. "$(dirname "$0")/lib.sh"

mkdir plain
for name in file_source csv lines file_sink stdout; do
    cp "${QETL_PLUGIN_PATH%%:*}/$name.so" "${QETL_PLUGIN_PATH%%:*}/$name.qetl.json" plain
done
export QETL_PLUGIN_PATH=$PWD/plain

# made FOLDER OLD PLUGIN COMPONENT [EXTENSIONS]: the plugin OLD (a path without .so) under other names of as many letters or one less,
# its extensions in as many bytes
made() {
    mkdir -p "made/$1"
    python3 - "$2" "made/$1/x" "$3" "$4" "${5-}" <<'PY'
import re
import sys
source, target, plugin, component, extensions = sys.argv[1:]
old = source.rsplit("/", 1)[1]
for end in (".so", ".qetl.json"):
    with open(source + end, "rb") as file:
        text = file.read()
    start = text.index(b'{\n  "id": "%s"' % old.encode())
    head, body = text[:start].replace(b"\0%s\0" % old.encode(), b"\0%s\0" % component.encode().ljust(len(old), b"\0")), text[start:]
    at = 0
    for name in (plugin, component):
        was = b'"id": "%s"' % old.encode()
        new = (b'"id": "%s"' % name.encode()).ljust(len(was)) if len(name) < len(old) else b'"id": "%s"' % name.encode()
        if len(name) == len(old) + 1:
            new = b'"id":"%s"' % name.encode()
        assert len(new) == len(was), name
        at = body.index(was, at)
        body = body[:at] + new + body[at + len(was):]
        at += len(new)
    if extensions:
        was = re.search(rb'"extensions": \[([^\]]*)\]', body)
        assert len(extensions) <= len(was[1])
        body = body[: was.start(1)] + extensions.encode().ljust(len(was[1])) + body[was.end(1):]
    body = body.replace(b"\0%s\0" % old.encode(), b"\0%s\0" % component.encode().ljust(len(old), b"\0"))
    text = head + body
    if old == "lines": # its other format
        text = text.replace(b'"id": "raw"', b'"id": "rw%s"' % plugin[4:].encode()).replace(b"\0raw\0", b"\0rw%s\0" % plugin[4:].encode())
    with open(target + end, "wb") as file:
        file.write(text)
PY
    rm -f "made/$1"/*.qpkg
    qetl plugin pack "made/$1" --out "made/$1" ${key:+--key "$key"} >/dev/null || fail "$1 cannot be packed"
}
key=acme.qsecret touch=$QETL_TEST_PLUGINS/touch lines=$PWD/plain/lines
expect_exit 0 qetl plugin keygen acme

# ---- components have their plugin's name, or one that the key may sign ----
expect_exit 0 qetl key add acme.qkey --plugins 'to*'
made foreign "$touch" tough kafka
for command in install verify; do
    expect_exit 3 qetl plugin "$command" made/foreign/*.qpkg --json
    expect_json out '.error.code == "key_out_of_scope" and (.error.message | contains("the plugin tough brings the sink `kafka`, with whose name the key `acme`"))'
    expect_eq 'how to mend it' "$(jq -r '[.. | .suggestion? // empty][0]' out | grep -c 'add `kafka` to what it may sign')" 1
done
expect_exit 0 qetl plugin verify made/foreign/*.qpkg --key acme.qkey # by this key, whatever it signed
expect_exit 0 qetl key add acme.qkey --plugins 'to*' -p kafka --replace
expect_exit 0 qetl plugin install made/foreign
expect_text out '^tough 0\.1\.0 is installed: sink kafka$'
# Whoever takes the word from the key, takes it from what is installed.
printf 'id\n1\n' >in.csv
expect_exit 0 qetl key add acme.qkey --plugins 'to*' --replace
printf 'sources: {s: {plugin: file, path: in.csv}}\nsinks: {t: {plugin: kafka, input: s}}\n' >p.yaml
expect_exit 3 qetl run -q --no-state p.yaml
expect_text err 'with whose name the key `acme` that signed it is not trusted'
expect_exit 0 qetl plugin remove tough
# The plugin's own name, with or without more words.
made own "$touch" to_x to_x
made more "$touch" to to_it
for word in own more; do
    expect_exit 0 qetl plugin install "made/$word"
    expect_exit 0 qetl plugin remove "$(jq -r '.result.packages[0].name' <(qetl plugin list --packages --json))"
done
made begins "$touch" to toto
expect_exit 0 qetl key add acme.qkey --plugins 'to' --replace
expect_exit 3 qetl plugin install made/begins
# Less than its name is another word, also without its kind.
made less "$touch" x-sink x
expect_exit 0 qetl key add acme.qkey --plugins 'x-*' --replace
expect_exit 3 qetl plugin install made/less
expect_text err 'the plugin x-sink brings the sink `x`, with whose name the key `acme` that signed it is not trusted'
expect_exit 0 qetl key add acme.qkey --plugins 'x*' --replace
expect_exit 0 qetl plugin install made/less
expect_exit 0 qetl plugin remove x-sink

# ---- a word by a file of the key that has expired: nothing new comes by it, and what is installed goes on, aloud ----
expect_exit 0 qetl key add acme.qkey --plugins kafka --expires 2020-02-29 --name acme --replace
expect_exit 0 qetl key add acme.qkey --plugins 'to*' --name words
expect_exit 3 qetl plugin install made/foreign --json
expect_json out '.error.code == "key_expired" and (.error.message | contains("the sink `kafka`, with whose name the key `acme` that signed it was trusted until 2020-02-29"))'
sed -i 's/2020-02-29/2999-12-31/' "$XDG_CONFIG_HOME/qetl/trusted-keys/acme.qkey"
expect_exit 0 qetl plugin install made/foreign
expect_exit 0 qetl plugin audit
expect_no_text err .
sed -i 's/2999-12-31/2020-02-29/' "$XDG_CONFIG_HOME/qetl/trusted-keys/acme.qkey"
expect_exit 0 qetl plugin audit
expect_text err 'warning: the plugin tough brings the sink `kafka`, with whose name the key `acme` that signed it was trusted until 2020-02-29'
expect_exit 0 qetl key remove acme
expect_exit 0 qetl plugin remove tough

# ---- what nobody signed has no name that a key is there for; its others are said ----
key='' made nobody "$touch" tough kafka
for plugins in 'kaf*' 'to*' tough; do
    expect_exit 0 qetl key add acme.qkey --plugins "$plugins" --expires 2020-02-29 --replace
    expect_exit 3 qetl plugin install made/nobody --allow-unsigned --json
    expect_json out '.error.code == "claimed_name" and (.error.message | test("belongs to the key `acme`"))'
    expect_exit 3 qetl plugin install made/nobody --allow-unsigned --change-signer
    expect_exit 3 qetl plugin verify made/nobody/*.qpkg --allow-unsigned
done
expect_exit 0 qetl key add acme.qkey --plugins '*' -p '?*' -p '*?' -p '?????' -p 'x*' --replace # those are there for no name
expect_exit 0 qetl plugin install made/nobody --allow-unsigned
expect_text err 'warning: pipelines that name the sink `kafka` get it from the plugin tough, which nobody signed'
expect_exit 0 qetl plugin audit
expect_no_text err 'pipelines that name'
expect_exit 0 qetl key add acme.qkey --plugins 'kaf*' --replace
expect_exit 3 qetl run -q --no-state p.yaml
expect_text err 'nobody signed the plugin tough, and the name of the sink `kafka` belongs to the key `acme`'
expect_exit 0 qetl plugin remove tough

# ---- a name that another key is there for: any name (*), or the plugin's alone, is none ----
expect_exit 0 qetl plugin keygen other
expect_exit 0 qetl key add other.qkey --plugins '*'
key=other.qsecret made bare "$touch" kafka kafka
for option in --downgrade --change-signer; do
    expect_exit 3 qetl plugin install made/bare "$option" --json
    expect_json out '.error.code == "claimed_name" and (.error.message | contains("the name of the plugin `kafka` belongs to the key `acme`, and no pattern of the key `other`"))'
    expect_eq 'how to mend it' "$(jq -r '[.. | .suggestion? // empty][0]' out | grep -c 'if both may sign it, add `kafka` to /.*/other.qkey')" 1
done
expect_exit 3 qetl plugin verify made/bare/*.qpkg
expect_exit 0 qetl key add other.qkey --plugins '*' -p kafka --replace # both may
expect_exit 0 qetl plugin install made/bare
expect_exit 0 qetl run -q --no-state p.yaml
expect_no_text err .
expect_exit 0 qetl key add other.qkey --plugins '*' --replace
expect_exit 3 qetl run -q --no-state p.yaml
expect_text err 'the name of the plugin `kafka` belongs to the key `acme`'
expect_exit 0 qetl key add acme.qkey --plugins '*' --replace # nobody's any more
expect_exit 0 qetl run -q --no-state p.yaml
expect_exit 0 qetl plugin remove kafka
# Nor is its own word, where that is another one's.
key=other.qsecret made tail "$touch" to to_it
expect_exit 0 qetl key add acme.qkey --plugins 'to_*' --replace
for plugins in to '*'; do
    expect_exit 0 qetl key add other.qkey --plugins "$plugins" --replace
    expect_exit 3 qetl plugin install made/tail
    expect_text err 'the name of the sink `to_it` belongs to the key `acme`, and no pattern of the key `other` that signed the plugin to is'
done
expect_exit 0 qetl key add other.qkey --plugins to -p 'to_i?' --replace
expect_exit 0 qetl plugin install made/tail
expect_exit 0 qetl plugin remove to
expect_exit 0 qetl key remove other

# ---- extensions ----
expect_exit 0 qetl key add acme.qkey --plugins 'line*' -p 'rw*' --replace
made claims "$lines" linez linez '".my.csv",".q"'
printf 'id,n\n1,2\n' >a.my.csv
run() { # FROM TO OPTION…
    qetl run -q --no-state --from "$1" --to "$2.txt" --to-format csv "${@:3}"
}
expect_exit 0 run a.my.csv out
kept=$(cat out.txt)
expect_exit 0 qetl plugin install made/claims
expect_text err 'files called \*\.my\.csv do not mean the format `linez`: they are those of `csv`, of the plugin csv'
expect_no_text err '\*\.q '
expect_exit 0 run a.my.csv out2
expect_eq 'read as before' "$(cat out2.txt)" "$kept"
expect_exit 0 run a.my.csv out3 --from-format linez
expect_eq 'by its name' "$(wc -l <out3.txt)" 3
cp a.my.csv a.q
expect_exit 0 run a.q out4
expect_eq 'by what nobody else has' "$(wc -l <out4.txt)" 3
made rival "$lines" linex linex '".csv", ".q"'
expect_exit 0 qetl plugin install made/rival
expect_text err 'files called \*\.csv do not mean the format `linex`'
expect_text err 'files called \*\.q may mean the format `linex` or `linez` of the plugin linez from now on'
expect_exit 0 run in.csv out5
expect_exit 2 run a.q out6
expect_text err 'the name `a\.q` may mean the format `line[xz]` of the plugin line[xz], or `line[xz]` of line[xz]'
expect_text err 'add  --from-format NAME with `line[xz]` or `line[xz]`'
expect_exit 0 run a.q out6 --from-format linex
