#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The page about installing connectors: each of its commands, from beginning to end.
. "$(dirname "$0")/lib.sh"

page=$root/docs/install.md
block() {
    awk -v kind="$1" -v wanted="$2" '/^```/ { inside = $0 == "```" kind && ++n == wanted; next } inside' "$page"
}
block yaml 1 >pipeline.yaml
printf 'id\n1\n2\n' >orders.csv
# The plugin touch under a name of as many letters.
for version in 0.1.0 0.2.0; do
    mkdir "tally-$version"
    for end in so qetl.json; do
        sed "s/touch/tally/g; s/0\.1\.0/$version/g" "$QETL_TEST_PLUGINS/touch.$end" >"tally-$version/tally.$end"
    done
done
mkdir bin plain
ln -s "$QETL" bin/qetl
PATH=$PWD/bin:$PATH
for name in file_source csv; do cp "${QETL_PLUGIN_PATH%%:*}/$name.so" "${QETL_PLUGIN_PATH%%:*}/$name.qetl.json" plain; done
export QETL_PLUGIN_PATH=$PWD/plain
tried=0
for n in 1 2 3 4 5 6 7 8; do
    while read -r line; do
        timeout 60 bash -o pipefail -c "$line" >out 2>err </dev/null
        expect_eq "$line" $? 0
        case $line in
        'qetl key list') expect_text out '^acme +tally\* +packages +2099-12-31 ' ;;
        *--packages) expect_text out '^tally +0\.1\.0 +yes +you +acme ' ;;
        '! qetl plugin install'*) expect_text err 'older than 0\.2\.0' ;;
        '! qetl run'*) expect_text err 'not trusted here' ;;
        'qetl run'*) expect_text err 'balanced: 2 in = 2 out' ;;
        esac
        tried=$((tried + 1))
    done < <(block sh $n)
done
expect_eq 'commands' $tried 18
expect_absent "$XDG_DATA_HOME/qetl/plugins/content/"*
