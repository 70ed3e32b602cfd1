#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A component that two plugins offer stops the pipelines that use it, and no others; who made it so is told at once.
. "$(dirname "$0")/lib.sh"
late_libraries

mkdir plain
for name in file_source csv file_sink null; do
    cp "${QETL_PLUGIN_PATH%%:*}/$name.so" "${QETL_PLUGIN_PATH%%:*}/$name.qetl.json" plain
done
export QETL_PLUGIN_PATH=$PWD/plain
# touch 0.1.0 has the sink `touch`; of tough, 0.1.0 has it as well, and 0.2.0 calls it `other`.
made() { # FOLDER SED_SCRIPT
    mkdir "$1"
    for end in so qetl.json; do sed "$2" "$QETL_TEST_PLUGINS/touch.$end" >"$1/touch.$end"; done
    expect_exit 0 qetl plugin pack "$1" --out .
}
made touch ''
made tough-old '0,/"id": "touch"/s//"id": "tough"/'
made tough-new '0,/"id": "touch"/s//"id": "tough"/; s/"id": "touch"/"id": "other"/; s/0\.1\.0/0.2.0/g'
machine=linux-$(uname -m)-glibc
printf 'id\n1\n' >in.csv
pipe() { # FILE SINK
    printf 'sources: {s: {plugin: file, path: in.csv}}\nsinks: {t: {plugin: "%s", input: s}}\n' "$2" >"$1"
}
pipe touch.yaml touch
pipe other.yaml other
pipe null.yaml 'null'
run() {
    qetl run -q --no-state "$@"
}

expect_exit 0 qetl plugin install --allow-unsigned "tough-0.1.0-$machine.qpkg"
expect_exit 3 qetl plugin install --allow-unsigned "touch-0.1.0-$machine.qpkg"
expect_text err 'brings the sink `touch`, which the plugin tough 0.1.0 has already'
expect_exit 0 qetl plugin install --allow-unsigned "tough-0.2.0-$machine.qpkg"
expect_exit 0 qetl plugin install --allow-unsigned "touch-0.1.0-$machine.qpkg"
expect_exit 0 run touch.yaml
expect_exit 0 run null.yaml
expect_no_text err 'two plugins'
expect_exit 0 qetl plugin lock touch.yaml

# ---- the newer one goes: the older one is used, and has what another one has ----
expect_exit 0 qetl plugin remove tough@0.2.0
expect_text err 'warning: the sink `touch` is offered by two plugins'
expect_exit 0 run null.yaml
expect_eq 'it is told once' "$(grep -c 'offered by two plugins' err)" 1
expect_text err 'mend: keep one of the two: qetl plugin remove to.*, or qetl plugin remove to'
mv touch.yaml.lock aside
for command in 'run --no-state' validate preview; do
    # shellcheck disable=SC2086
    expect_exit 3 qetl $command touch.yaml --json
    expect_json out '.error.code == "contested_component" and (.error.message | test("two plugins offer the sink `touch`: .*tough 0.1.0.*")) and
        (.error.findings[] | select(.code == "contested_component" and .severity == "error") | .line == 2 and (.suggestion | test("keep one of the two")))'
done
expect_exit 0 qetl plugin list
expect_exit 1 qetl doctor --json
expect_json out '[.result.findings[] | select(.code == "contested_component" and .severity == "warning")] | length == 1'
# A lock says which is meant.
mv aside touch.yaml.lock
expect_exit 0 run touch.yaml
expect_exit 0 qetl plugin audit touch.yaml
# A version that the other does not have says it, too.
sed 's/0\.1\.0/0.3.0/g' "$QETL_TEST_PLUGINS/touch.so" >touch/touch.so
sed 's/0\.1\.0/0.3.0/g' "$QETL_TEST_PLUGINS/touch.qetl.json" >touch/touch.qetl.json
expect_exit 0 qetl plugin remove touch
expect_no_text err 'two plugins'
expect_exit 0 qetl plugin install --allow-unsigned "tough-0.2.0-$machine.qpkg"
expect_exit 0 qetl plugin pack touch --out .
expect_exit 0 qetl plugin install --allow-unsigned "touch-0.3.0-$machine.qpkg"
expect_exit 0 qetl plugin remove tough@0.2.0
rm touch.yaml.lock
expect_exit 3 run touch.yaml
expect_text err 'or say which is meant: touch@0\.[13]\.0'
for version in 0.1.0 0.3.0; do
    pipe versioned.yaml "touch@$version"
    expect_exit 0 qetl plugin lock versioned.yaml
    expect_eq 'whose it is' "$(jq -r --arg m "$machine" --arg v "$version" '[.platforms[$m][] | select(.version == $v and (.name | test("^to"))) | .name][0]' versioned.yaml.lock)" \
        "$([ "$version" = 0.1.0 ] && echo tough || echo touch)"
    rm versioned.yaml.lock
done

# ---- whoever names two folders has put them beside each other ----
mkdir named
cp tough-old/* named
mv named/touch.so named/tough.so
mv named/touch.qetl.json named/tough.qetl.json
expect_exit 0 qetl plugin remove touch tough
expect_exit 3 run --plugin-dir "$QETL_TEST_PLUGINS" --plugin-dir named null.yaml
expect_text err 'is offered twice'
