#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# timezone: what an instant is as text and as a local time; intervals leave as text.
. "$(dirname "$0")/lib.sh"

printf 'id,at,local,until\n1,2024-03-31T00:30:00Z,2024-03-31 02:30:00,2024-04-01\n2,2024-07-01T00:30:00Z,2024-07-01 00:30:00,2024-07-02\n' >in.csv
pipeline() {
    cat <<YAML
$1
dead_letters: $PWD/dead.ndjson
sources:
  in: {plugin: file, path: $PWD/in.csv, format: {type: csv, types: {at: timestamp with time zone, local: timestamp, until: date}}}
transforms:
  keep: {plugin: filter, input: in, where: "$2"}
sinks:
  out: {plugin: file, input: keep, path: $PWD/out.csv, if_exists: replace}
YAML
}
kept() {
    pipeline "$1" "$2" >p.yaml
    qetl run -q p.yaml >log 2>&1 || cat log
    tail -n +2 out.csv | cut -d, -f1 | tr '\n' ' '
}
expect_eq 'UTC' "$(kept '' "CAST(at AS text) = '2024-03-31 00:30:00+00'")" '1 '
expect_eq 'text of instants' "$(kept 'timezone: Europe/Berlin' "CAST(at AS text) = '2024-03-31 01:30:00+01'")" '1 '
expect_eq 'their day' "$(kept 'timezone: America/St_Johns' "CAST(at AS date) = '2024-06-30'")" '2 '
expect_eq 'their day in UTC' "$(kept '' "CAST(at AS date) = '2024-06-30'")" ''
expect_eq 'a local time that was skipped' "$(kept 'timezone: Europe/Berlin' "CAST(local AS timestamptz) = '2024-03-31 01:30:00+00'")" '1 '
expect_eq 'a text without zone' "$(kept 'timezone: Asia/Kathmandu' "at = '2024-07-01 06:15'")" '2 '
expect_eq 'a day is not 24 hours' "$(kept 'timezone: Europe/Berlin' "at + INTERVAL '1 day' <> at + INTERVAL '24 hours'")" '1 '
expect_eq 'intervals' "$(kept '' "until - local = INTERVAL '21:30'")" '1 '

pipeline 'timezone: Europe/Berln' true >p.yaml
expect_exit 2 qetl validate p.yaml
expect_text err 'p.yaml:1:11: error: there is no time zone .Europe/Berln'
expect_text err 'Europe/Berlin'
expect_exit 2 qetl run p.yaml
TZ=America/St_Johns expect_eq 'the environment is not looked at' "$(kept '' "CAST(at AS text) = '2024-03-31 00:30:00+00'")" '1 '
