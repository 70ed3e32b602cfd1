#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Letters that a killed run left without a decision are told apart, are not replayed, and go with the next run;
# what others wrote stays. A pipeline without a name finds its letters again, too.
# shellcheck source=tests/cases/lib.sh
. "$(dirname "$0")/lib.sh"

letters=dead-letters/undecided.ndjson
printf 'id,n\n1,x\n2,2\n3,y\n' >in.csv
cat >p.yaml <<'Y'
name: undecided
sources: {in: {plugin: file, path: in.csv, format: {type: csv, types: {n: bigint}}}}
sinks: {out: {plugin: file, input: in, path: out.csv, if_exists: replace}}
Y
sed 's/n: bigint/n: text/; s/out.csv, if_exists: replace/again.csv/' p.yaml >fixed.yaml

states() { # OPTION…: what is said of each letter
    qetl dlq list p.yaml --all --json "$@" | jq -c '.result.letters | map(.status)'
}

# As a run leaves it that is killed when its next epoch is sealed; then a run without state, and another state.
expect_exit 0 qetl run p.yaml
expect_json $letters 'select(.id == 1) | .epoch >= 1 and (.state | length) == 16'
expect_eq 'decided' "$(states)" '["waiting","waiting"]'
jq -c '.id += 2 | .epoch += 1' $letters >sealed
cat sealed >>$letters
expect_exit 0 qetl run p.yaml --no-state
expect_exit 0 qetl run p.yaml --state other
expect_eq 'sealed' "$(states)" '["waiting","waiting","undecided","undecided","waiting","waiting","waiting","waiting"]'
expect_eq 'as the other state knows' "$(states --state other | jq -c .[2:4])" '["waiting","waiting"]'
expect_exit 0 qetl dlq replay fixed.yaml
expect_text err '2 letters left where they are: .*its row comes again'
expect_eq 'replayed' "$(cut -d, -f1 again.csv | sort | uniq -c | awk '{print $1 $2}' | tr '\n' ' ')" '31 33 1id '
expect_exit 0 qetl run p.yaml
expect_eq 'undecided ones are gone' "$(jq -c 'select(.code) | .id' $letters | tr '\n' ' ')" '1 2 5 6 7 8 10 11 '
expect_eq 'and none is left' "$(states | jq 'index("undecided")')" null

# What was decided before --full-refresh stays, what was not goes.
tail -n 1 $letters | jq -c '.id += 1 | .epoch += 1' >sealed
cat sealed >>$letters
expect_exit 0 qetl run p.yaml --full-refresh
expect_eq 'full refresh' "$(jq -c 'select(.code) | .id' $letters | tr '\n' ' ')" '1 2 5 6 7 8 10 11 12 13 '

# A state that is lost cuts nothing.
rm -r "$XDG_STATE_HOME/qetl/undecided"
expect_exit 0 qetl run p.yaml
expect_eq 'state lost' "$(jq -c 'select(.code) | .id' $letters | wc -l)" 12

# Where the state has no room for its name, letters wait for it, and the run says what the state says.
mkdir -p full/undecided/owner.new && chmod 700 full/undecided
expect_exit 1 qetl run p.yaml --state full
expect_text err "dead letters in .* cannot be kept: cannot write the file .owner. of state .*Is a directory"
expect_eq 'none is kept' "$(jq -c 'select(.code) | .id' $letters | wc -l)" 12
rmdir full/undecided/owner.new
expect_exit 0 qetl run p.yaml --state full
expect_eq 'kept' "$(jq -c 'select(.code) | .id' $letters | wc -l)" 14

# A pipeline without a name is killed when it has decided letters, and goes on.
rm -r dead-letters
printf 'id,n\n1,x\n' >follow.csv
cat >unnamed.yaml <<'Y'
checkpoint: {every: 50ms}
sources: {in: {plugin: file, path: follow.csv, follow: true, follow_poll_ms: 20, format: {type: csv, types: {n: bigint}}}}
sinks: {out: {plugin: file, input: in, path: followed.csv}}
Y

# lies LETTERS: until so many are in the only file
lies() {
    for _ in $(seq 500); do
        [ "$(cat dead-letters/*.ndjson 2>/dev/null | wc -l)" = "$1" ] && break
        sleep 0.02
    done
    expect_eq 'letters' "$(cat dead-letters/*.ndjson | wc -l)" "$1"
}

background "$QETL" run unnamed.yaml --json
lies 1
printf '2,y\n' >>follow.csv
lies 2 # the first was decided
kill -KILL "$pid"
wait "$pid" 2>/dev/null
printf '3,z\n' >>follow.csv
background "$QETL" run unnamed.yaml --json
lies 3
interrupt_and_wait TERM
expect_eq 'interrupted' "$code" 0
expect_eq 'each once, in one file' "$(jq -r .row dead-letters/qetl-????????????????.ndjson | sort | tr '\n' ' ')" '1 2 3 '
