#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The pipelines in docs/examples/rest, run against a server in place of the services that they name.
# tsan: no
. "$(dirname "$0")/rest-lib.sh"
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ES256.key 2>openssl.log &&
    openssl pkey -in ES256.key -pubout -out ES256.pem || fail openssl "$(cat openssl.log)"
serve --rows 730 --keys "$PWD"
mkdir secrets
printf 'canary-bearer-7f3a' >secrets/FORGE_TOKEN
printf 'canary-client-55d0' >secrets/SHOP_SECRET
printf 'pass word:1' >secrets/DESK_PASSWORD
printf 'canary-key-91bc' >secrets/CATALOGUE_KEY
printf 'canary-key-91bc' >secrets/DATA_KEY
printf 'canary-client-55d0' >secrets/CRM_SECRET
printf 'canary-refresh-1' >secrets/CRM_REFRESH
printf 'canary-aws-77d1/+x' >secrets/AWS_SECRET
printf 'canary-bearer-7f3a' >secrets/SHOP_TOKEN
printf 'canary-key-91bc' >secrets/MAIL_KEY
cp ES256.key secrets/FREIGHT_KEY
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
example contacts contacts oauth/keyset 'sqlite3 -batch contacts.db "SELECT count(DISTINCT id) FROM contacts"' -s "sources.contacts.auth.token_url=$base/token"
example shipments shipments 'jwt/page?shape=data' 'tail -n +2 shipments.csv | wc -l'
example stock stock aws/cursor 'jq -r .id stock.ndjson | sort -u | wc -l' -s sources.stock.auth.access_key=AKIACANARY -s sources.stock.auth.region=eu-test-1
example graph orders bearer/cursor 'tail -n +2 graph.csv | wc -l' -s sources.orders.records=/data -s sources.orders.pagination.from=/next_cursor \
    -s sources.orders.pagination.more=/has_more
expect_eq 'the cursor is a variable' "$(jq -r '.body | fromjson | .variables.limit, (.variables.after | type)' journal | sort | uniq -c | tr -s ' \n' ' ')" ' 8 100 1 null 7 string '
# contacts, once more: what is new
control /_rows 740 >control.out
: >journal
expect_exit 0 qetl run contacts.yaml -q --secrets-dir secrets -s "sources.contacts.url=$base/secure/oauth/keyset" -s 'sources.contacts.private_hosts=[127.0.0.1]' \
    -s "sources.contacts.auth.token_url=$base/token"
control /_rows 750 >control.out
: >journal
expect_exit 0 qetl run contacts.yaml -q --secrets-dir secrets -s "sources.contacts.url=$base/secure/oauth/keyset" -s 'sources.contacts.private_hosts=[127.0.0.1]' \
    -s "sources.contacts.auth.token_url=$base/token"
expect_eq 'what is new' "$(sqlite3 -batch contacts.db 'SELECT count(*) FROM contacts') $(requests '.query.since == "2026-01-01T12:10:00Z"')" '750 1'
# enrich: two services
(echo id && seq 20 && echo 9000) >ids.csv
cp "$root/docs/examples/rest/enrich.yaml" .
: >journal
expect_exit 0 qetl run enrich.yaml -q --no-state --secrets-dir secrets -s "transforms.known.url=$base/one/{id}" -s "sinks.out.url=$base/secure/header/in" \
    -s 'transforms.known.private_hosts=[127.0.0.1]' -s 'sinks.out.private_hosts=[127.0.0.1]'
expect_eq 'what the other service has' "$(control /_kept | jq -c '[length, (map(.id) | sort == [range(1; 21)]), (.[] | select(.id == 7) | .name, .score)]')" '[20,true,"row-7",1.75]'
expect_eq 'each with a key of its own' "$(jq -r 'select(.method == "POST") | .headers["idempotency-key"]' journal | sort -u | wc -l)" 20
