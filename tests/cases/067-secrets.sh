#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Canaries in place of secrets: nothing that is written but the data itself may hold one.
# shellcheck disable=SC2016
. "$(dirname "$0")/lib.sh"

canary='canary/4711"x'
quoted='canary/4711\\"x'
percent='canary%2F4711%22x'
# no line of any file but those named may hold the canary, as it is or as JSON and URLs spell it
expect_hidden() {
    if grep -rqF -e "$canary" -e "$quoted" -e "$percent" -e "$(printf %s "$canary" | base64)" "$@"; then
        fail "the secret is shown" "$(grep -rnF -e "$canary" -e "$quoted" -e "$percent" "$@" | head -n 5)"
    else
        pass "no secret in $*"
    fi
}

mkdir secrets data
printf '%s\n' "$canary" >secrets/token
chmod 600 secrets/token
printf 'id,name\n1,a\n2,b\n3,b,c\nx4,%s\n' "'canary/4711\"x'" >data/in.csv
printf '{"id":1,"name":"a"}\n{"id":"canary/4711\\"x"}\n{"id": broken canary/4711"x}\n' >data/in.ndjson
cat >p.yaml <<'EOF'
name: "${secret:token}"
sources:
  in: {plugin: file, path: data/in.csv, format: {type: csv, types: {id: bigint}}}
transforms:
  some: {plugin: filter, input: in, where: "name IS DISTINCT FROM '${secret:token}'"}
sinks:
  out: {plugin: file, path: "${secret:token}.out", format: ndjson, input: some}
EOF

expect_exit 0 qetl run p.yaml --secrets-dir secrets --log-level trace --log-file log --json-file answer.json
expect_hidden out err log answer.json dead-letters
expect_text err '^output   \*\*\*\.out|output +.*\*\*\*'
expect_json answer.json '.summary.rows_rejected == 2 and (.result.outputs[0].uri | test("[*]{3}"))'
expect_text "$(ls dead-letters/*)" '"original":"x4,.\*\*\*.(\\n)?"'
expect_text "$(ls dead-letters/*)" '"original_masked":true'
expect_eq "the secret is in the output's name" "$(ls canary/)" '4711"x.out'

expect_eq "nor in the name of a file of dead letters" "$(find dead-letters -name '*4711*')" ""

# whatever looks at a pipeline
for look in 'run --dry-run' preview lint 'lint --strict' graph 'graph --format mermaid' 'graph --format dot' validate; do
    for how in '' --json; do
        # shellcheck disable=SC2086
        qetl $look p.yaml --secrets-dir secrets $how -s sources.in.path=data/in.csv >out 2>err
        expect_hidden out err
        expect_eq "$look $how says something" "$(($(cat out err | wc -c) > 0))" 1
    done
done

# mistakes that quote it
cat >q.yaml <<'EOF'
mode: "${secret:token}"
sources:
  in: {plugin: "${secret:token}", path: x}
transforms:
  some: {plugin: filter, input: "${secret:token}", where: "'${secret:token}' +"}
sinks:
  out: {plugin: file, path: 5, format: "${secret:token}", input: some, "x": "${secret:token}"}
EOF
for how in "" --json; do
    # shellcheck disable=SC2086
    expect_exit 2 qetl validate q.yaml --secrets-dir secrets $how
    expect_hidden out err
    cat out err >both
    expect_text both '\*\*\*'
done
expect_exit 3 qetl run p.yaml --secrets-dir secrets -s 'sources.in.path=${secret:token}/none.csv'
expect_hidden out err

# a record that cannot be read
cat >r.yaml <<'EOF'
sources:
  in: {plugin: file, path: data/in.ndjson, format: {type: ndjson, types: {id: bigint}}}
transforms:
  some: {plugin: filter, input: in, where: "name <> '${secret:token}'"}
sinks:
  out: {plugin: "null", input: some}
dead_letters: letters.ndjson
EOF
expect_exit 0 qetl run r.yaml --secrets-dir secrets
expect_hidden out err letters.ndjson
expect_text letters.ndjson 'broken \*\*\*'

# a plugin that tells what it was given; an option that its manifest calls secret is one also as it stands in the file
for password in '${secret:token}' 'canary/4711"x'; do
    cat >f.yaml <<EOF
sources:
  in: {plugin: fault, rows: 10, password: '$password'}
sinks:
  out: {plugin: "null", input: in}
EOF
    expect_exit 0 qetl run f.yaml --plugin-dir "$QETL_TEST_PLUGINS" --secrets-dir secrets
    expect_text err 'the password is \*\*\*$'
    expect_hidden out err
    expect_exit 3 qetl run f.yaml --plugin-dir "$QETL_TEST_PLUGINS" --secrets-dir secrets -s sources.in.fault=start
    expect_text err 'fault in start with \*\*\*$'
    expect_hidden out err
    expect_exit 2 qetl validate f.yaml --plugin-dir "$QETL_TEST_PLUGINS" --secrets-dir secrets -s sources.in.fault=start -s sources.in.at=x
    expect_hidden out err
done
expect_exit 2 qetl validate f.yaml --plugin-dir "$QETL_TEST_PLUGINS" -s 'sources.in.password=[canary/4711"x]'
expect_hidden out err

# where it comes from
expect_exit 0 env token="$canary" "$QETL" validate p.yaml
expect_exit 2 qetl validate p.yaml
expect_text err '^p.yaml:1:8: error: the secret `token` is nowhere to be found$'
chmod 644 secrets/token
expect_exit 0 qetl validate p.yaml --secrets-dir secrets
expect_text err '^secrets/token: warning: others than you may read this secret'
expect_exit 0 qetl validate p.yaml --secrets-dir secrets --json
expect_text err '^secrets/token: warning: others than you may read this secret'
printf 'abc' >secrets/token
chmod 600 secrets/token
expect_exit 0 qetl validate p.yaml --secrets-dir secrets
expect_text err 'p.yaml:1:8: warning: this secret is too short to be hidden'
: >secrets/token
expect_exit 2 qetl validate p.yaml --secrets-dir secrets
expect_text err 'error: the secret `token` cannot be used: secrets/token is empty'

# cut off: in a table's cell, in a message, at the end of what a dead letter keeps, and as words of an expression
printf 'correct-horse-battery\n' >secrets/long
chmod 600 secrets/long
{
    printf 'id,name,n\n1,xxxxxxxxxxxxxxxxxxxxxxxxcorrect-horse-battery,5\n2,b,%040d correct-horse-battery\n' 0
    printf '3,%065520d correct-horse-battery,1,2\n' 0
} >data/cut.csv
cat >c.yaml <<'EOF'
sources:
  in: {plugin: file, path: data/cut.csv, format: {type: csv, types: {n: bigint}}}
transforms:
  some: {plugin: filter, input: in, where: "name <> '${secret:long}'"}
sinks:
  out: {plugin: "null", input: some}
dead_letters: cut.ndjson
EOF
for look in preview 'preview --json' run 'run --json'; do
    # shellcheck disable=SC2086
    expect_exit 0 qetl $look c.yaml --secrets-dir secrets
    expect_no_text out 'corr'
    expect_no_text err 'corr'
done
expect_exit 0 qetl preview c.yaml --secrets-dir secrets
expect_text out '^ +1  x+\*\*\* +5$'
expect_no_text cut.ndjson 'corr'
jq -s '[.[] | select(.row == 3) | .original_truncated and .original_masked and (.original | endswith("0 ***"))]' cut.ndjson >ends
expect_json ends 'length == 2 and all'
# shellcheck disable=SC2016
for where in 'id > ${secret:long}' 'id > 0 ${secret:long}'; do
    expect_exit 2 qetl run c.yaml --secrets-dir secrets -s "transforms.some.where=$where"
    expect_no_text err 'correct|horse|battery'
    expect_text err 'the value of a secret is read as SQL here'
    expect_text err 'put it between quotes'
done
