#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The pipelines in docs/examples/rest, run against a server in place of the services that they name.
# tsan: no
. "$(dirname "$0")/rest-lib.sh"
serve --rows 730
mkdir secrets
printf 'canary-bearer-7f3a' >secrets/FORGE_TOKEN
printf 'canary-client-55d0' >secrets/SHOP_SECRET
printf 'pass word:1' >secrets/DESK_PASSWORD
printf 'canary-key-91bc' >secrets/CATALOGUE_KEY
printf 'canary-key-91bc' >secrets/DATA_KEY
chmod 600 secrets/*

# example NAME SOURCE PATH ROWS: how many rows of its output there are, by this command
example() {
    : >journal
    cp "$root/docs/examples/rest/$1.yaml" .
    expect_exit 0 qetl lint "$1.yaml" --secrets-dir secrets
    expect_exit 0 qetl run "$1.yaml" -q --no-state --secrets-dir secrets -s "sources.$2.url=$base/secure/$3" \
        -s "sources.$2.private_hosts=[127.0.0.1]" "${@:5}"
    expect_eq "rows of $1" "$(eval "$4")" 730
    expect_eq 'nobody was refused' "$(requests '.status != 200')" 0
}
example issues issues bearer/link 'tail -n +2 issues.csv | wc -l'
example orders orders oauth/cursor 'sqlite3 -batch orders.db "SELECT count(DISTINCT id) FROM orders"' -s "sources.orders.auth.token_url=$base/token"
example tickets tickets 'basic/page?shape=data' 'jq -r .id tickets.ndjson | sort -u | wc -l'
example catalogue items header/offset 'echo $(($(tail -n +2 cheap.csv | wc -l) + 231))'
example readings readings query/next 'tail -n +2 readings.csv | wc -l'
