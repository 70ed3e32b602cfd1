#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A package that brings a component which another plugin has is refused when it is installed, and not by the next
# run; where an installed package comes from is told.
. "$(dirname "$0")/lib.sh"

depot=$XDG_DATA_HOME/qetl/plugins
mkdir plain
for name in file_source csv file_sink stdout; do
    cp "${QETL_PLUGIN_PATH%%:*}/$name.so" "${QETL_PLUGIN_PATH%%:*}/$name.qetl.json" plain
done
export QETL_PLUGIN_PATH=$PWD/plain

# made NAME ID COMPONENT [VERSION]: the plugin touch under other names of as many letters; JSON has room for one more
made() {
    mkdir -p "made/$1"
    python3 - "$QETL_TEST_PLUGINS/touch" "made/$1/touch" "$2" "$3" "${4:-0.1.0}" <<'PY'
import sys
source, target, plugin, component, version = sys.argv[1:]
for end in (".so", ".qetl.json"):
    with open(source + end, "rb") as file:
        text = file.read()
    start = text.index(b'{\n  "id": "touch"')
    head, body = text[:start], text[start:]
    for name in (plugin, component):
        old = b'"id": "touch"'
        new = (b'"id": "%s"' if len(name) == 5 else b'"id":"%s"') % name.encode()
        assert len(new) == len(old), name
        body = body.replace(old, b'"\0"' + new, 1).replace(b'"\0"', b"")
        at = body.index(new) + len(new)
        head, body = head + body[:at], body[at:]
    with open(target + end, "wb") as file:
        file.write((head + body).replace(b"0.1.0", version.encode()))
PY
    rm -f "made/$1"/*.qpkg
    qetl plugin pack "made/$1" --out "made/$1" --key acme.qsecret >/dev/null || fail "$1 cannot be packed"
}
expect_exit 0 qetl plugin keygen acme
expect_exit 0 qetl key add acme.qkey --plugins '*'
refused() { # FOLDER MESSAGE MEND
    expect_exit 3 qetl plugin install "made/$1" --json
    expect_json out '.error.code == "component_clash"'
    expect_eq 'it says' "$(jq -r .error.message out | grep -cE "$2")" 1
    expect_eq 'and how to mend it' "$(jq -r '[.. | .suggestion? // empty][0]' out | grep -cE "$3")" 1
    expect_exit 0 qetl plugin list
    expect_eq 'nothing is left of it' "$(find "$depot/unborn" -mindepth 1 | wc -l)" 0
}

# ---- one that came with qetl ----
made bundled other stdout
refused bundled 'brings the sink `stdout`, which the plugin stdout [0-9.]+ has already \(.*plain/stdout.qetl.json\)' 'another name'
expect_absent "$depot/installed.json"
# The same plugin, of another version, takes its place: that is an upgrade.
expect_exit 0 qetl plugin info stdout --json
kept=$(jq -r '.result.components[0].library' out)
expect_eq 'before' "$kept" "$PWD/plain/stdout.so"

# ---- one of another package ----
made one touch touch
made two tough touch
expect_exit 0 qetl plugin install made/one
refused two 'brings the sink `touch`, which the plugin touch 0.1.0 has already \(.*, a package of yours\)' 'qetl plugin remove touch; or ask'
expect_eq 'one is installed' "$(jq -r '[.packages[].name] | join(" ")' "$depot/installed.json")" touch
# Both at once: the first is there when the second is looked at.
expect_exit 0 qetl plugin remove touch
mkdir both
cp made/one/*.qpkg made/two/*.qpkg both
expect_exit 3 qetl plugin install both
expect_text err 'brings the sink `touch`'
expect_eq 'the first of them' "$(jq -r '[.packages[].name] | join(" ")' "$depot/installed.json")" touch
# Another version of itself is no clash; nor is what was removed.
made later touch touch 0.2.0
expect_exit 0 qetl plugin install made/later
expect_exit 0 qetl plugin remove touch
expect_exit 0 qetl plugin install made/two
expect_exit 0 qetl plugin remove tough

# ---- where it comes from ----
before=$(date -u +%s)
expect_exit 0 qetl plugin install made/one/../one/touch-0.1.0-*.qpkg
after=$(date -u +%s)
expect_exit 0 qetl plugin info touch --json
expect_json out '.result.components[0].package | .name == "touch" and .version == "0.1.0" and .signed_by == "acme" and .used and (.system | not) and
    .findings == [] and (.digest | length == 64) and (.from | test("^/.*/made/one/touch-0.1.0-[^/]*.qpkg$")) and (.from | contains("..") | not)'
since=$(jq -r '.result.components[0].package.since' out)
expect_eq 'since when' "$((before <= $(date -u -d "$since" +%s) && $(date -u -d "$since" +%s) <= after))" 1
expect_exit 0 qetl plugin info touch
expect_text out '^  package touch 0.1.0, for you$'
expect_text out '^    digest [0-9a-f]{64}$'
expect_text out '^    signed by the key acme$'
expect_text out "^    since  $since\$"
expect_text out "^    from   $PWD/made/one/touch-0.1.0-.*.qpkg\$"
# Installed again, it is here since it was first, and comes from where it came last.
jq '.packages[0].since = "2001-02-03T04:05:06Z"' "$depot/installed.json" >list && cat list >"$depot/installed.json"
cp made/one/*.qpkg both/
expect_exit 0 qetl plugin install both/touch-0.1.0-*.qpkg
expect_exit 0 qetl plugin info touch
expect_text out '^    since  2001-02-03T04:05:06Z$'
expect_text out "^    from   $PWD/both/"
# Lists of before that was kept.
jq 'del(.packages[].since, .packages[].from)' "$depot/installed.json" >list && cat list >"$depot/installed.json"
expect_exit 0 qetl plugin info touch --json
expect_json out '.result.components[0].package | .since == null and .from == null'
expect_exit 0 qetl plugin info touch
expect_no_text out '^    (since|from)'
# Expired, unsigned: it says so; and of what is in no package, nothing.
expect_exit 0 qetl key add acme.qkey --plugins '*' --expires 2024-12-31 --replace
expect_exit 0 qetl plugin info touch
expect_text out '^    but    the key `acme` .* until 2024-12-31$'
expect_exit 0 qetl plugin remove touch
qetl plugin pack made/one --out made --replace >/dev/null
expect_exit 0 qetl plugin install made/touch-0.1.0-*.qpkg --allow-unsigned
expect_exit 0 qetl plugin info touch
expect_text out '^    signed by nobody whom you trust$'
expect_text out '^    but    nobody signed the plugin touch 0.1.0'
expect_exit 0 qetl plugin info csv --json
expect_json out '[.result.components[].package] | all(. == null)'
