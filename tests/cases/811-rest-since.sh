#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Incremental loading asks the service for what is new alone: from the host's watermark, less the lag, as the service wants it spelled;
# a preview moves nothing, a run that is killed goes on with what it asked for, and without a watermark all comes.
# tsan: no
. "$(dirname "$0")/rest-lib.sh"
serve --rows 1000

# since NAME SINCE INCREMENTAL [OPTIONS]: NAME.yaml, into NAME.csv
since() {
    cat >"$1.yaml" <<Y
name: $1
sources: {in: {plugin: rest, url: $base/keyset, records: /data, private_hosts: [127.0.0.1], format: {type: json, types: {id: bigint, at: timestamp}},
    pagination: {kind: cursor, param: after, last: /id, limit: 100, more: /has_more}, since: $2, incremental: $3${4:+, $4}}}
sinks: {out: {plugin: file, input: in, path: $1.csv, if_exists: append, format: csv}}
Y
}
# loads NAME ROWS REQUESTS SINCE: a run that adds so many rows, by so many requests, all of which ask for that
loads() {
    : >journal
    before=$(wc -l 2>/dev/null <"$1.csv" || echo 1)
    expect_exit 0 qetl run "$1.yaml" -q
    expect_eq "$1: rows" "$(($(wc -l <"$1.csv") - before))" "$2"
    expect_eq "$1: requests" "$(requests)" "$3"
    expect_eq "$1: asked for" "$(jq -r '.query.since // "all"' journal | sort -u)" "$4"
}
incremental='{cursor: at, key: id}'
since a '{param: since}' "$incremental"
loads a 1000 10 all
loads a 0 1 2026-01-01T16:40:00Z
control /_rows 1250 >control.out
# A preview sees what a run would, and moves nothing.
expect_exit 0 qetl preview a.yaml --limit 5
loads a 250 3 2026-01-01T16:40:00Z
expect_eq 'each once' "$(rows a.csv)" '1250 rows of them 1250'
expect_eq 'the watermark' "$(qetl state get a in)" '2026-01-01 20:50:00'
# back by hand; and all over again
expect_exit 0 qetl state set a in '2026-01-01 20:00:00'
loads a 51 1 2026-01-01T20:00:00Z
expect_exit 0 qetl run a.yaml -q --full-refresh
expect_eq 'all' "$(jq -s '[.[-13:][] | .query.since] | unique' -c journal)" '[null]'
# less the lag, in each spelling
control /_rows 1000 >control.out
n=0
while IFS='|' read -r options lag asked; do
    n=$((n + 1))
    since "b$n" "{param: since$options}" "{cursor: at, key: id, lag: $lag}"
    loads "b$n" 1000 10 all
    control /_rows 1010 >control.out
    : >journal
    expect_exit 0 qetl run "b$n.yaml" -q
    expect_eq "spelled $options" "$(jq -r .query.since journal | sort -u) $(rows "b$n.csv")" "$asked 1010 rows of them 1010"
    control /_rows 1000 >control.out
done <<'T'
|5m|2026-01-01T16:35:00Z
, as: rfc3339|40m|2026-01-01T16:00:00Z
, as: date|5m|2026-01-01
, as: unix|5m|1767285300
, as: unix_ms|5m|1767285300000
, value: 'gte.{since}'|5m|gte.2026-01-01T16:35:00Z
T
# numbers and texts as they are; a value of its own as long as there is no watermark
since c '{param: after, first: "700"}' '{cursor: id, key: id}'
: >journal
expect_exit 0 qetl run c.yaml -q
expect_eq 'from the first on' "$(rows c.csv) $(jq -r .query.after journal | tr '\n' ' ')" '300 rows of them 300 700 800 900 '
control /_rows 1001 >control.out
: >journal
expect_exit 0 qetl run c.yaml -q
expect_eq 'a number' "$(jq -r .query.after journal) $(rows c.csv)" '1000 301 rows of them 301'
since d '{param: since}' '{cursor: at}' 'body: {since: null, after: 0}'
sed -i 's/{param: since}/{param: \/since}/; s/param: after/param: \/after/' d.yaml
control /_rows 1000 >control.out
expect_exit 0 qetl run d.yaml -q
: >journal
expect_exit 0 qetl run d.yaml -q
expect_eq 'in the body' "$(jq -cS '.body | fromjson' journal)" '{"after":0,"since":"2026-01-01T16:40:00Z"}'
# a service that does not care: the rest is filtered
since e '{param: whatever}' "$incremental"
expect_exit 0 qetl run e.yaml -q
control /_rows 1003 >control.out
: >journal
expect_exit 0 qetl run e.yaml --json
expect_eq 'filtered' "$(jq -c '.summary | [.rows_in, .rows_out, .rows_filtered]' out) $(rows e.csv)" '[1003,3,1000] 1003 rows of them 1003'
# killed, it goes on with the same question
control /_rows 1000 >control.out
since k '{param: since}' "$incremental" 'requests_per_second: 10'
sed -i '1a checkpoint: {every: 10ms}' k.yaml
expect_exit 0 qetl state set k in '2025-12-31 00:00:00'
expect_exit 0 qetl run k.yaml -q
control /_rows 4000 >control.out
: >journal
"$QETL" run k.yaml -q >out 2>err </dev/null &
pid=$!
for _ in $(seq 400); do
    [ "$(wc -l <k.csv)" -le 1500 ] || break
    sleep 0.05
done
kill -KILL $pid 2>/dev/null
wait $pid 2>/dev/null
expect_exit 0 qetl run k.yaml -q
expect_eq 'killed' "$(rows k.csv) $(jq -r .query.since journal | sort -u)" '4000 rows of them 4000 2026-01-01T16:40:00Z'
expect_eq 'it did go on' "$(jq -s 'map(select(.query.after == null)) | length' journal)" 1
# what makes no sense
since f '{param: since, value: gte}' "$incremental"
expect_exit 2 qetl run f.yaml -q
expect_text err 'has no \{since\}'
since g '{param: since}' "$incremental"
sed -i 's/, incremental: {[^}]*}//' g.yaml
expect_exit 0 qetl run g.yaml
expect_text err '`since` does nothing without `incremental'

# where nothing is new and nobody says what columns there are: they are those of the run before
control /_rows 1000 >control.out
since quiet '{param: after}' '{cursor: id, key: id}'
sed -i 's/, types: {id: bigint, at: timestamp}//' quiet.yaml
cat >>quiet.yaml <<'Y'
transforms: {late: {plugin: filter, input: in, where: 'id > 10'}}
Y
sed -i 's/input: in, path/input: late, path/' quiet.yaml
expect_exit 0 qetl run quiet.yaml -q
mark=$(qetl state get quiet in)
for again in 1 2; do
    expect_exit 0 qetl run quiet.yaml --json
    expect_eq "nothing new $again" "$(jq -c '.summary | [.rows_in, .rows_out]' out) $(rows quiet.csv)" '[0,0] 990 rows of them 990'
    expect_eq "the watermark stays $again" "$(qetl state get quiet in)" "$mark"
done
expect_exit 0 qetl run quiet.yaml --log-level info
expect_text err 'taken to be those of the last run'
control /_rows 1010 >control.out
: >journal
expect_exit 0 qetl run quiet.yaml -q
expect_eq 'then there is' "$(rows quiet.csv) $(jq -r .query.after journal | sort -u)" '1000 rows of them 1000 1000'
# by the first run, nobody knows: what to do is said
since nothing "{param: since, first: '2029-01-01T00:00:00Z'}" "$incremental"
sed -i 's/, types: {id: bigint, at: timestamp}//' nothing.yaml
expect_exit 2 qetl run nothing.yaml
expect_text err 'no row came that would tell whether there is a column "at"'
expect_text err 'mend: say what columns there are, as in'
