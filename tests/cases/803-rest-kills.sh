#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The source rest is killed again and again, and goes on: by a cursor every row comes once, although no page has the same bytes
# when it is asked for again; and no page is asked for that was decided already.
# tsan: no
. "$(dirname "$0")/rest-lib.sh"
RANDOM=${SEED:-1}
echo "# seed ${SEED:-1}"
serve --rows 120000 --pad 150

# until_done PIPELINE: starts it again and again, and kills it ten times, later where it decided no epoch before
until_done() {
    local kills=0 epoch=0 status="" resumed=0 patience=50 wait before=0
    while :; do
        "$QETL" run "$1" --json >out 2>err </dev/null &
        pid=$!
        if [ $kills -lt 10 ]; then
            wait=$((patience + RANDOM % 150))
            sleep "$((wait / 1000)).$(printf %03d $((wait % 1000)))"
            kill -KILL "$pid" 2>/dev/null && kills=$((kills + 1))
        fi
        wait "$pid" 2>/dev/null
        code=$?
        [ $code = 137 ] || break
        before=$epoch
        qetl state list --json | jq -r --arg of "${1%.yaml}" \
            '.result.states[] | select(.pipeline == $of) | [.status, if .stage == "prepared" or .stage == "none" then 0 else .epoch end] | @tsv' |
            IFS=$'\t' read -r status epoch
        epoch=${epoch:-0} # it was killed before it had a state
        if [ "$epoch" = "$before" ]; then
            patience=$((2 * patience)) # it needs longer here to get anywhere
        else
            resumed=$((resumed + 1))
        fi
        [ "$status" = finished ] && code=0 && break # it was killed on its way out
    done
    echo "# $1: $kills kills, $resumed of them behind an epoch"
    expect_eq 'it went on at least once' "$((resumed > 0))" 1
}

# Pages of less than a batch, and of several, whose rows are taken so slowly that most kills come in the middle of one.
for limit in 500 8000; do
    : >journal
    cat >"k$limit.yaml" <<Y
name: k$limit
checkpoint: {every: 10ms}
sources: {in: {plugin: rest, url: '$base/cursor?drift=1', private_hosts: [127.0.0.1], records: /data,
    $([ $limit = 500 ] && echo 'requests_per_second: 120' || echo 'rate_limit: {bytes: 12MiB/s}'),
    pagination: {kind: cursor, param: after, from: /next_cursor, limit: $limit}}}
sinks: {out: {plugin: file, input: in, path: k$limit.csv, if_exists: append}}
Y
    until_done "k$limit.yaml"
    expect_eq 'it ended well' "$code" 0
    expect_eq "pages of $limit rows" "$(rows "k$limit.csv")" '120000 rows of them 120000'
    expect_eq 'in their order' "$(tail -n +2 "k$limit.csv" | cut -d, -f1 | sort -nc 2>&1)" ''
    # of one process: a connection
    expect_eq 'no page was asked for twice by one process' "$(jq -c '[.connection, .query.after]' journal | sort | uniq -d | wc -l)" 0
    first=$(jq -s '[group_by(.connection)[] | .[0].query.after // ""] | map(select(. == "")) | length' journal)
    starts=$(jq .connection journal | sort -u | wc -l)
    echo "# $starts processes that asked, $first of them for the first page"
    expect_eq 'who goes on begins behind what was decided' "$((first < starts))" 1
done

# pages by number: rows may be missed where they move, and that is said
pipeline n "url: $base/offset, pagination: {kind: offset, limit: 10000}"
expect_exit 0 qetl validate n.yaml --json
expect_json out '.result.files[0].paths[0] | .guarantee == "best-effort" and .because_of == "in" and (.why | test("some are missed"))'
pipeline c "url: $base/cursor, pagination: {kind: cursor, from: /next_cursor}"
expect_exit 0 qetl validate c.yaml --json
expect_text out 'exactly-once'
expect_exit 2 qetl run n.yaml -q -s delivery=exactly-once
expect_text err 'best-effort'
expect_exit 2 qetl run n.yaml -q -s delivery=at-least-once
expect_exit 0 qetl run n.yaml --no-state --json -s delivery=best-effort
expect_json out '[.. | .delivery? | strings] | unique == ["best-effort"]'
expect_exit 0 qetl validate n.yaml
expect_text out 'rows may be missing'
expect_exit 0 qetl run n.yaml --dry-run --json
expect_json out '.result.paths[0].guarantee == "best-effort"'
# but not where the user knows better
sed -i 's/kind: offset/kind: offset, stable: true/' n.yaml
expect_exit 0 qetl validate n.yaml --json
expect_text out 'exactly-once'
expect_exit 0 qetl run n.yaml -q -s delivery=exactly-once
pipeline c "url: $base/cursor, pagination: {kind: cursor, from: /next_cursor, stable: true}"
expect_exit 2 qetl run c.yaml -q
expect_text err 'has no `stable`'
