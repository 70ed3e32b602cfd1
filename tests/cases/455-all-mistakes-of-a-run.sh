#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What is wrong with columns and types is told in one go, each mistake once and at its place; what follows from one is not.
. "$(dirname "$0")/lib.sh"

printf 'id,name,n,price\n1,Anna,3,10.50\n2,Bob,,7.00\n' >a.csv
printf 'a,b\n1,2\n' >b.csv
cat >many.yaml <<'YAML'
sources:
  a: {plugin: file, path: a.csv, format: {type: csv, types: {n: integer}}}
  b: {plugin: file, path: b.csv}
transforms:
  f: {plugin: filter, input: a, where: "n > 3 AND nme = 'x'"}
  behind: {plugin: filter, input: f, where: "nowhere > 3"}
  c:
    plugin: compute
    input: a
    set:
      wrong: "price * q"
      follows: "wrong + nowhere"
      right: "id + 1"
      uses: "right || nope"
  s: {plugin: select, input: b, columns: [idd, a, nosuch], rename: {zz: q, a: c}}
  t: {plugin: select, input: b, cast: {zz: integer, a: date}}
  d: {plugin: select, input: b, drop: [yy, a, xx]}
  r: {plugin: route, input: b, routes: {p: "zz > 1", k: "a + 1", m: "a > 'q'"}}
  g: {plugin: aggregate, input: b, set: {n: "count(zz)", k: "median(a)", m: "sum(a)"}}
YAML
{
    printf 'sinks:\n'
    for from in behind c s t d r.p r.k r.m g; do printf '  to-%s: {plugin: "null", input: %s}\n' "${from/./-}" "$from"; done
} >>many.yaml
cat >wanted <<'EOF'
many.yaml:5:51: there is no column "nme"
many.yaml:11:23: there is no column "q"
many.yaml:14:23: there is no column "nope"
many.yaml:15:43: there is no column "idd"
many.yaml:15:51: there is no column "nosuch"
many.yaml:16:44: there is no column "zz"
many.yaml:16:56: bigint cannot be cast to date
many.yaml:17:40: there is no column "yy"
many.yaml:17:47: there is no column "xx"
many.yaml:18:45: there is no column "zz"
many.yaml:18:57: the condition is of type bigint, not boolean: a + 1
many.yaml:18:74: 'q' is no whole number (bad_cast)
many.yaml:19:46: there is no column "zz"
many.yaml:19:61: `median(a)` is no aggregate: count, sum, avg, min and max are, with an expression in parentheses
EOF
for command in run 'run --dry-run' 'run --driver pull' preview; do
    # shellcheck disable=SC2086
    expect_exit 2 qetl $command many.yaml
    sed -nE 's/^(many\.yaml:[0-9:]+) error: [a-z]+ .* \([a-z]+\): (.*)$/\1 \2/p' err >told
    expect_same told wanted
    expect_eq "$command: each shows its line" "$(grep -cE '^ +\^' err)" 14
done
expect_exit 2 qetl run many.yaml --json
expect_json out '[.error.findings[] | .code] | length == 14 and all(. == "config")'
# What cannot be looked at is not guessed at: a source that is missing ends it.
expect_exit 3 qetl run many.yaml -s sources.a.path=nosuch.csv
expect_eq 'one mistake' "$(grep -c 'error:' err)" 1
# A source that might wait is not waited for once there is something to tell.
mkfifo slow
sleep 20 >slow &
writer=$!
expect_exit 2 timeout 10 "$QETL" run many.yaml -s 'sources.a.format.types.zz=text' -s sources.b.path=slow -s sources.b.format=csv
expect_text err 'types names the column zz'
kill "$writer"
# An input without columns says so.
: >empty.csv
expect_exit 2 qetl run --from empty.csv --to x.csv --where 'n > 1'
expect_text err 'there are no columns here \(an empty input has none\)'
