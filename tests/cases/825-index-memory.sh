#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What is kept of indexes that were seen: of each by its name and its key, so that nobody else's key has a say in its
# numbers; and how it is forgotten.
. "$(dirname "$0")/lib.sh"

depot=$XDG_DATA_HOME/qetl/plugins
last=9007199254740991 # release
for name in acme acme-index other-index; do expect_exit 0 qetl plugin keygen "$name"; done
for name in acme-index other-index; do expect_exit 0 qetl key add "$name.qkey" --plugins '*' --indexes; done
mkdir made site rogue
for end in so qetl.json; do cp "$QETL_TEST_PLUGINS/touch.$end" made; done
expect_exit 0 qetl plugin pack made --out site --key acme.qsecret
index() { # FOLDER KEY OPTION…
    qetl plugin index "$1" --key "$2.qsecret" "${@:3}"
}
numbered() { # RELEASE FOLDER KEY: the index of site under that number
    jq -s ".[0] | .version = $1" site/index.json >list.json
    python3 "$root/tests/indexes.py" sign list.json "$3.qsecret" >"$2/index.json.new" && mv "$2/index.json.new" "$2/index.json"
}
refused() { # CODE PLACE
    expect_exit 3 qetl plugin search --index "$2" --json
    expect_eq "$2" "$(jq -r .error.code out)" "$1"
}
expect_exit 0 index site acme-index --name acme

# ---- another key's numbers are its own ----
numbered "$last" rogue other-index
expect_exit 0 qetl plugin search --index rogue
expect_exit 0 qetl plugin search --index site
expect_text out '^touch'
expect_eq 'what is kept' "$(jq -c '[.indexes[] | [.name, .version]]' "$depot/seen.json")" "[[\"acme\",$last],[\"acme\",1]]"
expect_eq 'by which key' "$(jq -r '.indexes[1].key' "$depot/seen.json")" "$(jq -r .key acme-index.qkey)"
# At a place that is known another key is another index, until it is forgotten.
cp -r site mirror
expect_exit 0 qetl plugin search --index mirror
cp rogue/index.json site/index.json
refused index_other site
expect_eq 'it says' "$(jq -r .error.message out | grep -c 'the index `acme` was signed by another key until now')" 1
expect_eq 'how to mend it' "$(jq -r '[.. | .suggestion? // empty][0]' out)" "if whoever runs it tells you so: qetl plugin forget $PWD/site"
expect_exit 2 qetl plugin forget nowhere
expect_text err "no index was seen at 'nowhere'"
expect_exit 0 qetl plugin forget site
expect_text out '^site is forgotten, and what was seen of it elsewhere$'
expect_exit 0 qetl plugin search --index site
expect_exit 0 qetl plugin forget rogue --json
expect_json out '.result.forgotten == 2'
expect_eq 'nothing is kept' "$(jq -c .indexes "$depot/seen.json")" '[]'
cp mirror/index.json site/index.json

# ---- nobody else may change it, or where indexes are ----
mkdir -p "$XDG_CONFIG_HOME/qetl"
echo "$PWD/site" >"$XDG_CONFIG_HOME/qetl/indexes"
expect_exit 0 qetl plugin search
for at in "$depot/seen.json" "$XDG_CONFIG_HOME/qetl/indexes" "$XDG_CONFIG_HOME/qetl"; do
    chmod g+w "$at"
    expect_exit 3 qetl plugin search --json
    expect_eq "$at" "$(jq -r .error.code out)" unsafe_file
    expect_eq 'how to mend it' "$(jq -r '[.. | .suggestion? // empty][0]' out)" "it must belong to you or to root: chmod go-w $at"
    expect_exit 3 qetl plugin install touch
    expect_absent "$depot/content"/*
    chmod g-w "$at"
done
expect_exit 0 qetl plugin search
# Nor where their links are.
for at in "$depot/seen.json" "$XDG_CONFIG_HOME/qetl/indexes"; do
    mkdir own open
    mv "$at" own/kept
    ln -s ../own/kept open/link
    ln -s "$PWD/open/link" "$at"
    expect_exit 0 qetl plugin search
    for place in open own own/kept; do
        chmod o+w $place
        expect_exit 3 qetl plugin search --json
        expect_eq "behind a link, $place" "$(jq -r .error.code out)" unsafe_file
        chmod o-w $place
    done
    rm "$at" && mv own/kept "$at"
    rm -r own open
done
# What is larger than it can be is not read in part.
cp "$XDG_CONFIG_HOME/qetl/indexes" kept
truncate -s 2M "$XDG_CONFIG_HOME/qetl/indexes"
expect_exit 2 qetl plugin search
expect_text err 'indexes: error: cannot read this file: File too large'
mv kept "$XDG_CONFIG_HOME/qetl/indexes"
# What is elsewhere, and not there just now, is not forgotten.
for at in "$depot/seen.json" "$XDG_CONFIG_HOME/qetl/indexes"; do
    mv "$at" kept
    ln -s "$PWD/nowhere" "$at"
    expect_exit 2 qetl plugin search
    expect_text err "$at: error: cannot read this file: No such file or directory"
    qetl plugin install touch >out 2>err && fail "installed without $at"
    expect_absent "$depot/content"/*
    rm "$at"
    mv kept "$at"
done
expect_exit 0 qetl plugin search
rm "$XDG_CONFIG_HOME/qetl/indexes"
qetl plugin forget site >out 2>err

# ---- one that begins anew ----
numbered 7 mirror acme-index
expect_exit 0 qetl plugin search --index mirror
refused index_older site
expect_eq 'it names where' "$(jq -r '[.error.message, (.. | .suggestion? // empty)] | join(" ")' out | grep -c "seen already ($PWD/mirror).*forget $PWD/mirror")" 1
expect_exit 0 qetl plugin forget "$PWD/mirror/"
expect_exit 0 qetl plugin search --index site
# What is forgotten is believed once more, and no longer.
cp site/index.json mirror/index.json
numbered 2 site acme-index
expect_exit 0 qetl plugin search --index site
refused index_older mirror

# ---- as an early qetl kept it, without keys: its numbers count where they were seen, and the key comes to them ----
seen=$depot/seen.json
jq '.indexes |= [.[] | del(.key)]' "$seen" >old.json
cp old.json "$seen"
expect_eq 'no key is in it' "$(jq '[.indexes[] | select(.key)] | length' "$seen") $(jq '.indexes | length' "$seen")" '0 1'
numbered 1 site acme-index
refused index_older site
numbered 2 site acme-index
expect_exit 0 qetl plugin search --index site
expect_eq 'the key is kept' "$(jq -c --arg p "$PWD/site" '[.indexes[] | select(.place == $p) | [.version, .key]]' "$seen")" "[[2,\"$(jq -r .key acme-index.qkey)\"]]"
cp rogue/index.json site/index.json
refused index_other site
cp old.json "$seen"
expect_exit 0 qetl plugin forget "$PWD/site"
numbered 2 site acme-index
# What cannot be understood is said, with what to do.
cp "$seen" kept.json
for try in ' :the file is empty:rm ' 'x:it is no JSON:rm ' '{"type"_"qetl-seen/1"}:it has other words:rm ' '{"type"_"qetl-seen/2", "indexes"_[]}:another version of qetl:newest qetl'; do
    IFS=: read -r text why mend <<<"$try"
    printf %s "${text//_/:}" | tr -d ' ' >"$seen"
    refused bad_seen site
    expect_eq "says $why" "$(jq -r '[.error.message, (.. | .suggestion? // empty)] | join(" ")' out | grep -c "cannot be understood: $why.*$mend")" 1
    expect_exit 3 qetl plugin forget "$PWD/site"
done
cp kept.json "$seen"

# ---- the last release ----
numbered "$last" site acme-index
expect_exit 0 qetl plugin search --index site
expect_exit 2 index site acme-index
expect_text err 'at its last release, 9007199254740991'
for number in 9007199254740992 9223372036854775807; do
    numbered "$number" site acme-index
    refused index_damaged site
    expect_exit 3 index site acme-index
done

# ---- whose number it is that goes on ----
numbered 5 site other-index
before=$(sha256sum site/index.json)
expect_exit 3 index site acme-index
expect_text err 'signed by another key: its name and its number may be anybody'
expect_eq 'it stays' "$(sha256sum site/index.json)" "$before"
expect_exit 0 index site other-index
expect_text out '^release 6 of the index acme'
