#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# qetl validate says what each path promises and why, as run --dry-run does, and refuses what a
# pipeline demands beyond that. It opens nothing.
. "$(dirname "$0")/lib.sh"

printf 'id,v\n1,2\n' >in.csv
cat >p.yaml <<'YAML'
name: paths
sources:
  orders: {plugin: file, path: in.csv}
sinks:
  out:  {plugin: file, input: orders, path: x.csv}
  seen: {plugin: stdout, input: orders, format: csv}
  term: {plugin: file, input: orders, path: /dev/stderr, format: csv}
  none: {plugin: "null", input: orders}
YAML
before=$(find . -type f | sort | xargs sha256sum | grep -v ' ./out$\| ./err$')
expect_exit 0 qetl validate p.yaml
cp out text
expect_eq 'no line over 80 columns' "$(awk 'length > 80' text)" ''
expect_text text '^p\.yaml: valid, 5 components$'
expect_text text '^  orders > out +replayable +transactional +exactly-once$'
expect_text text '^  orders > seen +replayable +append +at-least-once$'
expect_text text '^  orders > term +replayable +append +at-least-once$'
expect_text text '^  orders > none +replayable +idempotent +exactly-once$'
expect_text text "^  orders > seen is at-least-once because of 'seen': what it has written"
rm text out err
expect_eq 'nothing came, nothing changed' "$(find . -type f | sort | xargs sha256sum)" "$before"
expect_absent "$XDG_STATE_HOME"
expect_exit 0 qetl validate p.yaml --quiet
expect_eq 'quiet' "$(cat out)" ''

# For machines; and validate says what --dry-run says.
expect_exit 0 qetl validate p.yaml --json
expect_json out '.result.files[0] | .valid and .delivery == "at-least-once" and .demanded == null'
expect_json out '.result.files[0].paths[] | select(.sink == "seen") | .guarantee == "at-least-once" and .because_of == "seen" and (.why | test("taken back"))'
expect_json out '.result.files[0].paths[] | select(.sink == "out") | .because_of == null and .why == null'
jq -S .result.files[0].paths out >validated
expect_exit 0 qetl run p.yaml --dry-run --json
jq -S .result.paths out >dry
expect_same validated dry

# One demand for each path that is weaker, with the component that is why.
refused() { # FILE CULPRIT WORDS
    expect_exit 2 qetl validate "$1"
    expect_text err "$2"
    expect_text err "$3"
    expect_no_text out ': valid'
    expect_exit 2 qetl run "$1" </dev/null
    expect_text err "$3"
}
sed '1adelivery: exactly-once' p.yaml >demands.yaml
refused demands.yaml "demands\.yaml:7.*sink 'seen'" 'exactly-once is demanded.*at-least-once: what it has written is not taken back'
expect_text err 'mend: `delivery: at-least-once`, or another sink'
expect_exit 2 qetl validate demands.yaml --json
expect_json out '.result.files[0] | (.valid | not) and .demanded == "exactly-once" and .delivery == "at-least-once"'
expect_json out '.error.code == "delivery"'
sed 's/exactly-once/at-least-once/' demands.yaml >enough.yaml
expect_exit 0 qetl validate enough.yaml

cat >stdin.yaml <<'YAML'
delivery: at-least-once
sources: {orders: {plugin: file, path: ["-"], format: csv}}
sinks:   {out: {plugin: file, input: orders, path: y.csv}}
YAML
refused stdin.yaml "source 'orders'" 'at-least-once is demanded.*best-effort: what it reads cannot be read again'

cat >two.yaml <<'YAML'
delivery: exactly-once
sources: {orders: {plugin: file, path: in.csv}}
sinks:
  one: {plugin: sqlite, input: orders, path: one.db, table: t, create: true}
  two: {plugin: sqlite, input: orders, path: two.db, table: t, create: true}
YAML
expect_exit 2 qetl validate two.yaml
expect_absent one.db two.db
refused two.yaml "sink '(one|two)'" 'decides for itself what counts, and another sink does so too'
sed -i '/two:/d' two.yaml
expect_exit 0 qetl validate two.yaml
expect_text out 'orders > one .*exactly-once'

# A source without end promises less where nothing is kept of a run: with standard input beside it.
cat >follow.yaml <<'YAML'
sources:
  orders: {plugin: file, path: in.csv, follow: true}
sinks: {out: {plugin: file, input: orders, path: z.csv}}
YAML
expect_exit 0 qetl validate follow.yaml
expect_text out 'orders > out .*exactly-once$'
cat >beside.yaml <<'YAML'
sources:
  orders: {plugin: file, path: in.csv, follow: true}
  more: {plugin: file, path: "-", format: csv}
sinks: {out: {plugin: file, input: orders, path: z.csv}, two: {plugin: "null", input: more}}
YAML
expect_exit 0 qetl validate beside.yaml
expect_text out 'orders > out .*at-least-once$'
expect_text out "because of 'orders': it has no end"
