#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# qetl lint: each rule speaks where it should and only there; --strict, --off, comments, JSON.
. "$(dirname "$0")/lib.sh"

cp "$root/docs/reference/lint.md" reference.md
qetl lint --rules --json | jq -r '.result.rules[].id' >rules
while read -r rule; do
    expect_text reference.md "^\\| \`$rule\` \\|"
done <rules
expect_eq 'rules' "$(wc -l <rules)" 14
expect_exit 0 qetl lint --rules
expect_eq 'at 80 columns' "$(awk 'length > 80' out)" ''

clean() { # a pipeline that no rule has anything to say about; the lines given come first
    [ $# = 0 ] || printf '%s\n' "$@"
    cat <<'YAML'
name: clean
description: Large orders
max_rejected: 10
dead_letters: rejected.ndjson
sources:
  orders: {plugin: file, path: orders.csv}
transforms:
  big: {plugin: filter, input: orders, where: "quantity > 1"}
sinks:
  out: {plugin: file, input: big, path: results/big.ndjson}
YAML
}
printf 'id,quantity\n1,2\n2,1\n' >orders.csv
clean >clean.yaml
expect_exit 0 qetl lint --strict --sample clean.yaml
expect_eq 'clean' "$(cat out)" 'clean.yaml: clean'
expect_eq 'nothing more' "$(cat err)" ''
expect_absent results rejected.ndjson

speaks() { # RULE LEVEL COLUMN_PLACE SED_SCRIPT OPTION…: the clean file, changed, breaks this rule alone
    local rule=$1 level=$2 place=$3 script=$4 wanted=0
    shift 4
    clean | sed "$script" >p.yaml
    expect_exit 0 qetl lint p.yaml "$@" --json
    expect_eq "$script" "$(jq -r '.result.files[0].findings[] | "\(.code) \(.severity) \(.line):\(.column)"' out)" "$rule $level $place"
    [ "$level" = note ] || wanted=2
    expect_exit $wanted qetl lint p.yaml --strict "$@"
    expect_text err "\\[$rule\\]"
    expect_exit 0 qetl lint p.yaml --strict --off "$rule" "$@"
    expect_eq "$rule off" "$(cat err)" ''
    sed -i "1i # qetl-lint: off=$rule" p.yaml
    expect_exit 0 qetl lint p.yaml --strict "$@"
    expect_eq "$rule off in the file" "$(cat err)" ''
}
mkfifo there.ndjson
speaks undocumented note 1:1 '/^description/d'
speaks unlimited-rejects note 1:1 '/^max_rejected/d'
speaks implicit-dead-letters note 1:1 '/^dead_letters/d'
speaks lost-rejects warning 4:15 's/rejected.ndjson/false/'
speaks absolute-path warning 10:41 's#path: results#path: /tmp/results#'
speaks unexpanded warning 6:32 's#path: orders.csv#path: $DATA/orders.csv#'
speaks unexpanded warning 6:32 's#path: orders.csv#path: ~/orders.csv#'
speaks plain-secret warning 10:41 's#path: results/big#path: ghp_0123456789abcdefghijABCDEFGHIJ012345#'
speaks plain-secret warning 6:32 's#path: orders.csv#path: "https://me:word@host/orders.csv"#'
speaks plain-secret warning 10:41 's#path: results/big#path: out/key=ghp_0123456789abcdefghijABCDEFGHIJ012345/x#'
speaks null-comparison warning 8:47 's/quantity > 1/quantity NOT IN (1, NULL)/'
speaks null-comparison warning 8:47 's/quantity > 1/quantity = NULL/'
speaks constant-condition warning 8:47 's/quantity > 1/1 = 1/'
speaks constant-condition warning 8:47 's/quantity > 1/quantity > 1 OR true/' --sample
speaks weak-delivery note 10:3 's#plugin: file, input: big, path: results/big.ndjson#plugin: stdout, input: big, format: csv#'
speaks weak-delivery note 10:3 's#results/big.ndjson#there.ndjson#' --sample
speaks no-effect warning 8:3 's/plugin: filter, input: orders, where: .*"/plugin: select, input: orders, columns: [id, quantity]/' --sample
printf '1,2\n' >rows.csv
clean | sed 's/^  big:.*/  more: {plugin: compute, input: orders, set: {twice: "quantity * 2", kept: "quantity + 1"}}\n  big: {plugin: select, input: more, columns: [id, kept]}/' >p.yaml
expect_exit 2 qetl lint --sample --strict p.yaml
expect_text err "p\\.yaml:8:3: error: nobody reads its column 'twice' \\[unused-column\\]"
expect_no_text err kept
expect_exit 0 qetl lint --strict p.yaml
# Where nothing is meant by it: a placeholder is no literal, a NULL test no comparison.
clean | sed 's#path: results/big.ndjson#path: "${RESULTS}/big.ndjson"#; s/quantity > 1/quantity IS NOT NULL/' >p.yaml
expect_exit 0 env RESULTS=/tmp/x "$QETL" lint --strict p.yaml
expect_eq 'silence' "$(cat err)" ''
# Secrets never stand in what is said of them.
clean | sed 's#path: orders.csv#path: "https://me:word@host/orders.csv"#' >p.yaml
qetl lint p.yaml --json >all 2>&1
expect_no_text all 'me:word'
# An option that its schema calls secret, or deprecated.
mkdir plugins
cp "$QETL_TEST_PLUGINS/touch.so" plugins/vault.so
jq '.id = "vault" | .components[0].id = "vault" | .components[0].options.properties = {key: {type: "string", secret: true, description: "Key", examples: ["k"]},
    old: {type: "string", deprecated: true, default: "x", description: "Use key instead", examples: ["y"]}}' \
    "$QETL_TEST_PLUGINS/touch.qetl.json" >plugins/vault.qetl.json
clean | sed 's#plugin: file, input: big, path: results/big.ndjson#plugin: vault, input: big, key: abc#' >p.yaml
expect_exit 2 qetl lint --strict p.yaml --plugin-dir plugins
expect_text err 'p\.yaml:10:41: error: a secret stands in the file \[plain-secret\]'
expect_no_text err 'abc|deprecated'
sed -i 's/key: abc/key: "${secret:KEY}", old: y/' p.yaml
expect_exit 2 env KEY=abcdefgh "$QETL" lint --strict p.yaml --plugin-dir plugins
expect_text err 'p\.yaml:10:63: error: `old` is deprecated \[deprecated\]'
expect_text err 'mend: Use key instead'
expect_no_text err 'plain-secret'
# A comment behind something is for its line.
clean | sed 's#path: results/big.ndjson}#path: /tmp/big.ndjson} \# qetl-lint: off=absolute-path#' >p.yaml
expect_exit 0 qetl lint --strict p.yaml
clean '# qetl-lint: off=absolut-path' >p.yaml
expect_exit 2 qetl lint --strict p.yaml
expect_text err 'did you mean absolute-path'
expect_exit 2 qetl lint p.yaml --off nonsense
expect_text err 'nonsense'
# What is wrong altogether is told as validate tells it; several files, counted.
clean | sed 's/input: big/input: bgi/' >wrong.yaml
clean | sed '/^description/d' >note.yaml
expect_exit 2 qetl lint wrong.yaml note.yaml clean.yaml
expect_text err 'wrong\.yaml:10:'
expect_text out '^note\.yaml: 0 errors, 0 warnings, 1 note$'
expect_exit 0 qetl lint -q note.yaml
expect_eq 'quiet' "$(cat out err)" ''
expect_exit 2 qetl lint -q wrong.yaml
expect_text err 'wrong\.yaml:10:'
expect_exit 0 qetl lint --from orders.csv --to out.ndjson --where 'quantity = NULL'
expect_text err 'null-comparison'
expect_exit 2 qetl lint
