#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Locks of pipelines, and audits: what is otherwise than it was locked, or signed, is refused or told,
# before any plugin is loaded.
. "$(dirname "$0")/lib.sh"

XDG_CONFIG_HOME=$PWD/config
XDG_DATA_HOME=$PWD/data
QETL_TOUCH=$PWD/touched # the constructor of the plugin touch makes this file
QETL_OTHER=$PWD/other # that of version 0.2.0
export XDG_CONFIG_HOME XDG_DATA_HOME QETL_TOUCH QETL_OTHER
depot=$XDG_DATA_HOME/qetl/plugins
machine=linux-$(uname -m)-glibc

packed() { # VERSION [KEY]: a package of the plugin touch as that version; its name
    rm -rf made
    mkdir made
    local variable=QETL_TOUCH
    [ "$1" != 0.2.0 ] || variable=QETL_OTHER
    sed "s/0\.1\.0/$1/g; s/QETL_TOUCH/$variable/" "$QETL_TEST_PLUGINS/touch.so" >made/touch.so
    sed "s/0\.1\.0/$1/g" "$QETL_TEST_PLUGINS/touch.qetl.json" >made/touch.qetl.json
    "$QETL" plugin pack made --replace ${2:+--key "$2"} || echo missing
}
mkdir plain
for name in file_source file_sink csv ndjson null binary; do
    cp "${QETL_PLUGIN_PATH%%:*}/$name.so" "${QETL_PLUGIN_PATH%%:*}/$name.qetl.json" plain
done
cp -r "${QETL_PLUGIN_PATH%%:*}/layouts" plain
all_plugins=$QETL_PLUGIN_PATH
export QETL_PLUGIN_PATH=$PWD/plain
printf 'id\n1\n' >in.csv
printf 'sources: {s: {plugin: file, path: in.csv}}\nsinks: {t: {plugin: touch, input: s}}\n' >p.yaml
piped() { # COMMAND…
    cat p.yaml | "$QETL" "$@"
}
fed() {
    "$QETL" "$@" <p.yaml
}
run() {
    rm -f touched other
    qetl run -q --no-state "$@"
}
expect_exit 0 qetl plugin keygen acme
expect_exit 0 qetl key add acme.qkey --plugins touch
one=$(packed 0.1.0 acme.qsecret)
two=$(packed 0.2.0 acme.qsecret)
expect_exit 0 qetl plugin install "$one"

# ---- locked ----
expect_exit 2 piped plugin lock -
expect_exit 2 qetl plugin lock nothing.yaml
printf 'sources: {s: {plugin: nobody}}\nsinks: {t: {plugin: touch, input: s}}\n' >bad.yaml
expect_exit 2 qetl plugin lock bad.yaml
expect_absent bad.yaml.lock
expect_exit 0 qetl plugin lock p.yaml --json
expect_json out '.result.locks[0] | .lock == "p.yaml.lock" and ([.plugins[].name] == ["csv", "file-source", "touch"])'
expect_absent touched other
expect_eq 'the library of csv' "$(jq -r --arg m "$machine" '.platforms[$m][0].library' p.yaml.lock)" "$(sha256sum plain/csv.so | cut -c 1-64)"
expect_eq 'the package of touch' "$(jq -r --arg m "$machine" '.platforms[$m][2].package' p.yaml.lock)" "$(basename "$depot"/content/*)"
expect_eq 'that of csv' "$(jq -c --arg m "$machine" '.platforms[$m][0].package' p.yaml.lock)" null
cp p.yaml.lock good
expect_exit 0 run p.yaml
expect_exit 0 qetl validate p.yaml
expect_exit 0 qetl plugin lock p.yaml
expect_same p.yaml.lock good

# ---- versions side by side: the lock's is used ----
expect_exit 0 qetl plugin install "$two"
expect_exit 0 run p.yaml --json-file report
expect_exit 0 qetl validate p.yaml
expect_eq 'the locked one ran' "$(ls touched)" touched
expect_absent other
mv p.yaml.lock aside
expect_exit 0 run p.yaml
expect_eq 'without the lock the newest' "$(ls other)" other
expect_absent touched
mv aside p.yaml.lock
sed 's/touch,/touch@0.2.0,/' p.yaml >two.yaml
cp p.yaml.lock two.yaml.lock
expect_exit 3 run two.yaml
expect_text err 'lock has the plugin touch 0\.1\.0, here it is 0\.2\.0'
expect_absent touched other
expect_exit 0 qetl plugin remove touch@0.1.0
for command in 'run --no-state' validate preview 'plugin audit'; do
    # shellcheck disable=SC2086
    expect_exit 3 qetl $command p.yaml
    expect_text err 'touch 0\.1\.0'
    expect_text err 'qetl plugin install touch@0\.1\.0'
    expect_absent touched other
done
expect_exit 3 run p.yaml --json
expect_json out '.error.code == "lock_version"'
expect_exit 0 qetl plugin lock p.yaml
expect_exit 0 run p.yaml
expect_exit 0 qetl plugin audit p.yaml --json
expect_json out '.result | (.packages | length == 1) and .locks == [{"lock": "p.yaml.lock", "findings": []}]'
expect_exit 0 qetl plugin audit p.yaml.lock

# ---- by another name: the lock is that of the file which is read, by whatever way ----
cp p.yaml.lock good
sed 's/"0.2.0"/"0.1.9"/' good >p.yaml.lock # refuses all
mkdir links
ln -s ../p.yaml links/one.yaml
ln -s one.yaml links/two.yaml
ln -s "$PWD" links/folder
for name in p.yaml ./p.yaml "$PWD/p.yaml" links/../p.yaml links/folder/p.yaml links/one.yaml links/two.yaml; do
    expect_exit 3 run "$name"
    expect_text err 'the lock has the plugin touch 0\.1\.9, here it is 0\.2\.0'
    expect_exit 3 qetl validate "$name"
done
expect_exit 3 qetl plugin audit links/two.yaml
for name in - /dev/stdin; do
    expect_exit 3 fed run -q --no-state "$name"
    expect_text err "^$PWD/p.yaml.lock: error: the lock has the plugin touch"
done
expect_absent touched other
expect_exit 0 qetl plugin lock links/two.yaml
expect_same p.yaml.lock good
expect_exit 0 run links/two.yaml
expect_no_text err .
# One that is kept beside the link; but not two.
mv p.yaml.lock links/one.yaml.lock
expect_exit 0 qetl plugin audit links/one.yaml --json
expect_json out '.result.locks[0].lock == "links/one.yaml.lock"'
expect_exit 0 run links/one.yaml
# Also beside a link in the middle, from other folders.
mkdir links/far
ln -s ../two.yaml links/far/three.yaml
ln -s far/three.yaml links/four.yaml
sed 's/"0.2.0"/"0.1.9"/' good >links/one.yaml.lock
for name in links/two.yaml links/far/three.yaml links/four.yaml "$PWD/links/four.yaml"; do
    expect_exit 3 run "$name"
    expect_text err '/?links/(far/../)?one.yaml.lock: error: the lock has the plugin touch 0\.1\.9'
    expect_exit 3 qetl plugin audit "$name"
done
cp good links/far/three.yaml.lock
expect_exit 3 run links/four.yaml --json
expect_json out '.error.code == "lock_twice" and (.error.message | test("two locks: links/far/three.yaml.lock, and links/.*one.yaml.lock where it leads"))'
rm links/far/three.yaml.lock
cp good links/one.yaml.lock
expect_exit 0 run links/four.yaml
ln -s links/one.yaml.lock p.yaml.lock
expect_exit 0 run links/one.yaml # it is one
rm p.yaml.lock
sed 's/"0.2.0"/"0.1.9"/' good >p.yaml.lock
for command in 'run -q --no-state' validate 'plugin lock' 'plugin audit'; do
    # shellcheck disable=SC2086
    expect_exit 3 qetl $command links/one.yaml --json
    expect_json out '.error.code == "lock_twice"'
done
expect_eq 'which two' "$(jq -r .error.message out | grep -c 'two locks: links/one.yaml.lock, and /.*/p.yaml.lock where it leads')" 1
rm links/one.yaml.lock
cp good p.yaml.lock
# A lock that is kept elsewhere is written there.
mv p.yaml.lock links/kept
ln -s links/kept p.yaml.lock
cp links/kept before
sed 's/"0.2.0"/"0.1.9"/' before >links/kept
expect_exit 0 qetl plugin lock p.yaml
expect_same links/kept before
expect_eq 'the link stays' "$(readlink p.yaml.lock)" links/kept
mv links/kept p.yaml.lock
# What comes through a pipe has the one that is named, or none, which is said.
expect_exit 0 piped run --no-state -
expect_text err '^<stdin>: note: no lock holds for a pipeline that comes through a pipe'
expect_text err 'mend: --lock FILE names one'
expect_exit 2 piped plugin audit -
rm -f touched other
sed 's/"0.2.0"/"0.1.9"/' good >named.lock
for command in 'run --no-state' validate preview; do
    # shellcheck disable=SC2086
    expect_exit 3 piped $command - --lock named.lock
    expect_text err '^named.lock: error: the lock has the plugin touch 0\.1\.9'
    # shellcheck disable=SC2086
    expect_exit 3 qetl $command p.yaml --lock nowhere.lock
    expect_text err '^nowhere.lock: error: there is no such lock'
done
printf 'sources: {s: {plugin: "rest", url: http://127.0.0.1:1/}}\nsinks: {t: {plugin: touch, input: s}}\n' >far.yaml
for command in 'conns test' 'conns discover'; do
    # shellcheck disable=SC2086
    expect_exit 3 env QETL_PLUGIN_PATH="$all_plugins" "$QETL" $command far.yaml --lock named.lock
    expect_text err 'named.lock'
done
expect_exit 3 run --from in.csv --to out.csv --lock named.lock
expect_absent touched other out.csv
expect_exit 2 qetl plugin lock p.yaml bad.yaml --lock named.lock
expect_exit 0 piped plugin lock - --lock named.lock
expect_same named.lock good
expect_exit 0 piped run --no-state - --lock named.lock
expect_no_text err 'no lock'

# ---- another package of the same version ----
expect_exit 0 qetl plugin remove touch
echo more >made/README
expect_exit 0 qetl plugin pack made --replace --key acme.qsecret
expect_exit 0 qetl plugin install "$two"
expect_exit 3 run p.yaml --json
expect_json out '.error.code == "lock_changed"'
expect_absent touched other
mv "$depot" aside
expect_exit 3 run p.yaml
expect_text err 'there is no sink plugin `touch`'
expect_text err 'p.yaml.lock: error: the lock has the plugin touch 0\.2\.0, which is not installed'
expect_text err 'mend: qetl plugin install touch@0\.2\.0'
mv aside "$depot"
expect_exit 0 qetl plugin lock p.yaml

# ---- another library of those that came with qetl ----
printf x >>plain/csv.so
for try in 'run --no-state' validate 'plugin audit'; do
    # shellcheck disable=SC2086
    expect_exit 3 qetl $try p.yaml --json
    expect_json out '.error.code == "lock_changed" and (.error.message | contains("csv"))'
done
expect_absent touched other
truncate -s -1 plain/csv.so
expect_exit 0 run p.yaml
# Not as a package, but from a folder.
expect_exit 0 qetl plugin remove touch
expect_exit 3 run --plugin-dir made p.yaml --json
expect_json out '.error.code == "lock_changed"'
expect_absent touched other
expect_exit 0 qetl plugin install "$two"

# ---- a plugin that the lock does not know ----
printf 'sources: {s: {plugin: file, path: in.csv}}\nsinks: {t: {plugin: touch, input: s}, n: {plugin: "null", input: s}}\n' >more.yaml
cp p.yaml.lock more.yaml.lock
expect_exit 3 run more.yaml --json
expect_json out '.error.code == "lock_missing" and (.error.message | contains("null"))'
expect_absent touched other
expect_exit 0 qetl plugin lock more.yaml
expect_exit 0 run more.yaml
expect_exit 0 qetl validate more.yaml p.yaml more.yaml # each by its own
# A format that another one puts in its place is locked with it.
cp in.csv text.bin
printf 'sources: {s: {plugin: file, path: text.bin, format: {type: binary}}}\nsinks: {n: {plugin: "null", input: s}}\n' >instead.yaml
expect_exit 0 qetl plugin lock instead.yaml --json
expect_json out '[.result.locks[0].plugins[].name] == ["binary", "csv", "file-source", "null"]'
expect_exit 0 run instead.yaml
jq --indent 1 --arg m "$machine" '.platforms[$m] |= map(select(.name != "csv"))' instead.yaml.lock >less
cp less instead.yaml.lock
expect_exit 3 run instead.yaml
expect_text err 'csv'

# ---- another platform, and what is no lock ----
sed "s/$machine/linux-pdp11-glibc/" good >p.yaml.lock
expect_exit 3 run p.yaml --json
expect_json out '.error.code == "lock_platform"'
expect_exit 0 qetl plugin lock p.yaml
expect_eq 'both are in it' "$(jq -c '.platforms | keys_unsorted' p.yaml.lock)" "[\"linux-pdp11-glibc\",\"$machine\"]"
expect_exit 0 run p.yaml
cp p.yaml.lock good
for change in 's/qetl-lock.1/qetl-lock\/2/' 's/"csv"/"CSV"/' 's/null/5/' 's/^ //' '$d' 's/0\.1\.0/1/' 's/"library"/"libraries"/' \
    's/linux-pdp11-glibc/pdp11/'; do
    sed "$change" good >p.yaml.lock
    if cmp -s good p.yaml.lock; then fail "nothing changed: $change"; fi
    expect_exit 3 run p.yaml --json
    expect_json out '.error.code == "bad_lock"'
    expect_exit 3 qetl plugin lock p.yaml
    expect_absent touched other
done
: >p.yaml.lock
expect_exit 3 run p.yaml
rm p.yaml.lock
expect_exit 0 run p.yaml
expect_exit 3 qetl plugin audit p.yaml
expect_text err 'no such lock'
cp good p.yaml.lock

# ---- audits: files ----
expect_exit 0 qetl plugin audit
expect_text out '^1 package, 0 locks: nothing is wrong'
content=$(echo "$depot"/content/*)
chmod -R u+w "$content"
cp -r "$content" kept
for change in 'printf x >>touch.so' 'printf x >>README' 'rm README' 'echo x >more' 'mkdir x && echo x >x/y' 'rm touch.so' 'rm CONTENTS' \
    'printf " " >>CONTENTS' 'ln -sf /etc/passwd README' 'chmod o+w README'; do
    rm -f touched other
    (cd "$content" && bash -c "$change")
    expect_exit 3 qetl plugin audit --json
    expect_json out '.error.code | IN("package_damaged", "unsigned_package", "package_contents")'
    echo "    $(jq -r .error.message out)"
    expect_absent touched other
    rm -rf "$content"
    cp -r kept "$content"
done
expect_exit 0 qetl plugin audit

# ---- audits: keys of today ----
expect_exit 0 qetl key add acme.qkey --plugins touch --expires 2024-12-31 --replace
expect_exit 0 qetl plugin audit
expect_text err 'warning: the key `acme` .* until 2024-12-31'
expect_text out 'should be known'
expect_exit 3 qetl plugin audit --strict
expect_exit 0 qetl key add acme.qkey --plugins other --replace
expect_exit 3 qetl plugin audit --json
expect_json out '.error.code == "key_out_of_scope" and .result.packages[0].findings[0].code == "key_out_of_scope"'
expect_exit 0 qetl key add acme.qkey --plugins touch --indexes --replace
expect_exit 3 qetl plugin audit --json
expect_json out '.error.code == "key_out_of_scope"'
expect_exit 0 qetl key remove acme
expect_exit 3 qetl plugin audit --json
expect_json out '.error.code == "untrusted_key"'
# Also where nothing is loaded: of each file, and no lock is written.
cp p.yaml again.yaml
expect_exit 3 qetl validate p.yaml again.yaml --json
expect_json out '.error.code == "untrusted_key" and ([.result.files[].valid] == [false, false]) and ([.error.findings[] | select(.code == "untrusted_key")] | length == 2)'
expect_exit 3 qetl plugin lock again.yaml --json
expect_json out '.error.code == "untrusted_key" and .result.locks == []'
expect_absent again.yaml.lock
expect_exit 0 qetl plugin remove touch
expect_exit 0 qetl plugin install "$(packed 0.3.0)" --allow-unsigned
expect_exit 0 qetl plugin audit --json
expect_json out '.result.packages[0] | .unsigned and .findings[0].code == "unsigned_package"'
expect_exit 3 qetl plugin audit --strict
expect_absent touched other
echo x >"$depot/installed.json"
expect_exit 3 qetl plugin audit
