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
HOME=$PWD/home # where the page says that things are
export HOME
mkdir home
umask 002 # as many systems have it
unset XDG_CONFIG_HOME XDG_DATA_HOME http_proxy HTTP_PROXY all_proxy ALL_PROXY
tried=0 port=8000
blocks=$(grep -c '^```sh$' "$page")
for n in $(seq "$blocks"); do
    if [ "$n" = 4 ]; then # the server that the page shows, at a port that is free
        expect_eq 'the server' "$(block bash 1)" 'python3 -m http.server 8000 --bind 127.0.0.1 --directory site'
        python3 -u -m http.server 0 --bind 127.0.0.1 --directory site >served 2>&1 &
        server=$!
        trap 'kill "$server"; finish' EXIT
        for _ in $(seq 600); do
            port=$(sed -n 's/.* port \([0-9]*\) .*/\1/p' served | head -n 1)
            [ -z "$port" ] || break
            sleep 0.1
        done
    fi
    while read -r line; do
        timeout 60 bash -o pipefail -c "${line//127.0.0.1:8000/127.0.0.1:$port}" >out 2>err </dev/null
        expect_eq "$line" $? 0
        case $line in
        'qetl key list')
            expect_text out '^acme +tally\* +packages +2099-12-31 '
            expect_text out '^acme-index +tally\* +indexes '
            ;;
        'qetl plugin search'*) expect_text out '^tally +0\.1\.0 +sink tally ' ;;
        *--packages) expect_text out '^tally +0\.1\.0 +yes +you +acme ' ;;
        *--dry-run) expect_text out 'tally 0\.1\.0 would be upgraded' ;;
        'qetl plugin upgrade') expect_text out 'tally 0\.2\.0 is installed' ;;
        '! qetl plugin install'*) expect_text err 'older than 0\.2\.0' ;;
        '! qetl run'*) expect_text err 'not trusted here|lock has the plugin tally 0\.2\.0, here it is 0\.1\.0' ;;
        'qetl run'*) expect_text err 'balanced: 2 in = 2 out' ;;
        'qetl plugin audit'*) expect_text out 'nothing is wrong' ;;
        esac
        tried=$((tried + 1))
    done < <(block sh "$n")
done
expect_eq 'commands' $tried 40
expect_absent "$HOME/.local/share/qetl/plugins/content/"*
