#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What qetl plugin check tells programs (--json, --junit), what it draws (--seed), how it ends (exit codes), and that it
# comes to an end with plugins that do not.
# tsan: no
. "$(dirname "$0")/lib.sh"

[ -z "$QETL_SANITIZER" ] || skip_all 'the faults are of plugins that no sanitizer knows'
command -v "${CC:-cc}" >/dev/null || skip_all "there is no C compiler"
bad=$root/tests/plugins/bad

bad() { # KIND FAULT; with the manifest that lies there already
    mkdir -p "$2"
    [ -e "$2/bad_$1.qetl.json" ] || cp "$bad/bad_$1.qetl.json" "$2/"
    (cd "$2" && "${CC:-cc}" -std=gnu11 -O1 -g -D_GNU_SOURCE= -DFAULT="$2" -I"$root/sdk" -I"$bad" -Wa,-I"$bad" \
        -fPIC -shared -fvisibility=hidden -Wl,--exclude-libs,ALL -o "bad_$1.so" "$bad/bad_$1.c" \
        "$QETL_BUILD/libqetl_sdk.a" -lm 2>err) || fail "bad_$1 with $2 does not build" "$(cat "$2/err")"
}

# ---- for programs ----
bad sink commit_once
expect_exit 1 qetl plugin check ./commit_once/bad_sink.so --json --junit report.xml
cp out report.json
expect_json out 'keys == ["command", "error", "ok", "result", "summary"] and .command == "plugin check" and .ok == false'
expect_json out '.result | keys == ["broken", "held", "late", "not_tried", "plugin", "rules", "seconds", "seed", "warnings"]'
expect_json out '.result | .plugin == "bad-sink" and .seed == 0 and .warnings == [] and .seconds > 0 and .seconds < 60'
expect_json out '.result as $r | [$r.rules[].outcome] | (map(select(. == "held")) | length) == $r.held and
    (map(select(. == "broken")) | length) == $r.broken and (map(select(. == "not_tried")) | length) == $r.not_tried and
    length == $r.held + $r.broken + $r.not_tried'
expect_json out '.result.rules | all(.outcome == "held" and keys == ["component", "holds", "outcome", "rule"] or
    .outcome == "broken" and keys == ["component", "findings", "holds", "mend", "message", "outcome", "rule"] and .findings > 0 and .message != "" and .mend != "" or
    .outcome == "not_tried" and keys == ["component", "holds", "outcome", "rule", "why"] and .why != "")'
expect_json out '[.result.rules[] | select(.outcome == "broken") | .rule] | contains(["commit"])'
expect_json out '.error | .code == "rules_broken" and (.message | test("^plugin bad-sink breaks [0-9]+ rules?$"))'
expect_exit 0 qetl plugin check --list --json
jq '[.result.rules[] | {key: .rule, value: .holds}] | from_entries' out >listed.json
expect_eq 'rules that are not listed' "$(jq --slurpfile l listed.json '[.result.rules[] | select($l[0][.rule] != .holds)] | length' report.json)" 0
jq '[.result.rules[] | {key: .rule, value: .mend}] | from_entries' out >mends.json
expect_json out '[.result.rules[].mend] | all(length > 20) and length == (unique | length)'
expect_eq 'mends that are not listed' "$(jq --slurpfile l mends.json '[.result.rules[] | select(.outcome == "broken" and $l[0][.rule] != .mend)] | length' report.json)" 0
expect_json report.json '[.result.rules[] | .component + " " + .rule] | length == (unique | length)'

# Who mistypes a rule is told which one there is.
expect_exit 2 qetl plugin check --only source-deadlin ./commit_once/bad_sink.so
expect_text err "there is no rule 'source-deadlin'"
expect_text err 'mend: did you mean source-deadline\?'

# Whoever wants it short reads what is broken, and no more.
expect_exit 1 qetl plugin check -q ./commit_once/bad_sink.so
expect_text out '^  broken +commit: '
expect_text out '^ +mend: let the handle name what is to be done'
expect_no_text out 'not tried|rules held'

# XML says the same.
python3 - report.xml report.json >compared 2>&1 <<'PY'
import json, sys
import xml.etree.ElementTree as xml
suites, report = xml.parse(sys.argv[1]).getroot(), json.load(open(sys.argv[2]))["result"]
suite, = suites
assert (suites.tag, suite.tag, suite.get("name")) == ("testsuites", "testsuite", "qetl plugin check bad-sink"), suite.attrib
assert 0 < float(suite.get("time")) < 60
cases = list(suite)
assert (int(suite.get("tests")), int(suite.get("failures")), int(suite.get("skipped"))) == (len(cases), report["broken"], report["not_tried"])
def of(case):
    children = list(case)
    assert case.tag == "testcase" and len(children) <= 1
    word = {"failure": "broken", "skipped": "not_tried"}[children[0].tag] if children else "held"
    return case.get("classname"), case.get("name"), word, children[0].get("message") if children else None
assert [of(c) for c in cases] == [(r["component"], r["rule"], r["outcome"], r.get("message", r.get("why"))) for r in report["rules"]]
holds = {r["rule"]: r["holds"] + "\nmend: " + r["mend"] for r in report["rules"] if r["outcome"] == "broken"}
assert all(c[0].text == holds[c.get("name")] for c in cases if len(c) and c[0].tag == "failure")
print("the same")
PY
echo 'the same' | expect_file compared

# What a plugin says is shown as text, whatever it says.
bad format error_garbled
expect_exit 1 qetl plugin check ./error_garbled/bad_format.so --json --junit report.xml
expect_json out '[.result.rules[] | select(.outcome == "broken") | .message] | length > 0 and any(test("it <is> \"wrong\" & .?\\?"))'
expect_exit 0 python3 -c 'import sys, xml.etree.ElementTree as x; x.parse(sys.argv[1])' report.xml
expect_exit 1 qetl plugin check ./error_garbled/bad_format.so
expect_eq 'control characters' "$(LC_ALL=C tr -d '\n' <out | LC_ALL=C tr -dc '\000-\037\177' | wc -c)" 0

# ---- what is drawn ----
bad format inputs_told
draw() { # NAME SEED
    rm -f inputs
    BAD_INPUTS=$PWD/inputs expect_exit 0 qetl plugin check ./inputs_told/bad_format.so --only decode-garbage --seed "$2" --json
    expect_json out ".result.seed == $2"
    jq 'del(.result.seconds)' out >"said-$1.json"
    # damaged ones, and as many as a slow machine has time for
    grep -vE '^(3[0-9]|0a|2d)*$' inputs | head -n 10 >"drawn-$1"
}
draw first 7
draw again 7
draw other 8
expect_eq 'inputs that were drawn' "$(wc -l <drawn-first)" 10
expect_same drawn-first drawn-again
expect_same said-first.json said-again.json
expect_eq 'other seed, other inputs' "$(($(diff drawn-first drawn-other | grep -c '^>') > 5))" 1
BAD_INPUTS=$PWD/inputs expect_exit 0 qetl plugin check ./inputs_told/bad_format.so --only decode-garbage --seed 41
expect_text out 'seed 41,'
expect_exit 2 qetl plugin check ./inputs_told/bad_format.so --seed -1
expect_exit 2 qetl plugin check ./inputs_told/bad_format.so --seed x

# ---- what it is given ----
expect_exit 2 qetl plugin check
expect_text err 'no plugin is named'
expect_exit 2 qetl plugin check no-such-plugin
expect_text err 'no plugin of this name is installed'
expect_exit 3 qetl plugin check ./missing.so
expect_text err "'./missing.so': No such file"
expect_exit 3 qetl plugin check ./
expect_exit 2 qetl plugin check ./inputs_told/bad_format.so --only no-such-rule
expect_exit 2 qetl plugin check ./inputs_told/bad_format.so --options missing.json
expect_exit 3 qetl plugin check ./inputs_told/bad_format.so --only load --junit no/such/folder.xml
expect_text err 'the report cannot be written'
TMPDIR=/no/such/folder expect_exit 3 qetl plugin check ./inputs_told/bad_format.so --only load
expect_text err 'no folder can be made in /no/such/folder'
mkdir alone text short folder
cp inputs_told/bad_format.so alone
expect_exit 3 qetl plugin check alone/bad_format.so
expect_text err 'has no manifest beside it'
for place in text short folder; do cp inputs_told/bad_format.qetl.json $place; done
echo 'no library' >text/bad_format.so
head -c 5000 inputs_told/bad_format.so >short/bad_format.so
mkdir folder/bad_format.so
for place in text short folder; do
    expect_exit 1 qetl plugin check $place/bad_format.so --json
    expect_json out '.result.rules | any(.outcome == "broken" and (.rule == "load" or .rule == "manifest-note"))'
done
mkfifo gone
exec 3<>gone 4>gone 3<&-
expect_exit 141 bash -c "\"\$QETL\" plugin check --list >&4"
exec 4>&-

# ---- plugins that do not come back, or take the process with them: what happened is told, in time ----
bad source interrupt_ignored
bad source constructor_hangs
bad source aborts
for name in interrupt_ignored constructor_hangs aborts; do
    ( # all at once: it is waiting
        SECONDS=0
        qetl plugin check ./$name/bad_source.so --json >$name.json 2>$name.err
        echo "$? $((SECONDS < 30))" >$name.code
    ) &
done
wait
for name in interrupt_ignored constructor_hangs aborts; do
    expect_eq "$name: exit code, and whether it took less than 30 s" "$(cat $name.code)" '1 1'
done
broken() { # NAME RULE WORDS
    expect_json "$1.json" ".result.rules | any(.outcome == \"broken\" and .rule == \"$2\" and (.message | test(\"$3\")))"
}
broken interrupt_ignored interrupt '^next did not come back within 10 s$'
broken constructor_hangs load '^its loading did not come back within 10 s$'
broken aborts lifecycle '^abort in destroy at bad_source.so.0x[0-9a-f]+ .bad_destroy, bad_source.c:[0-9]+.$'
# Nor does one that always says that there is nothing yet: there is a limit, and what it left out is told.
bad source idles_ever
expect_exit 1 qetl plugin check ./idles_ever/bad_source.so --limit 2 --json
cp out idles_ever.json
broken idles_ever run '^it comes to no end: after [0-9]+ s it had made [0-9]+ calls; .* --limit$'
expect_json idles_ever.json '.result.seconds < 20'
expect_json idles_ever.json '.result.rules | any(.rule == "growth" and .why == "the plain run fails")'
expect_exit 2 qetl plugin check ./idles_ever/bad_source.so --limit 0
# Who breaks nothing in the time that there was has not passed: how much was left out is told, and the exit code says so.
bad source start_takes_time
expect_exit 4 qetl plugin check ./start_takes_time/bad_source.so --limit 4 --json --junit late.xml
expect_json out '.ok == false and .error.code == "out_of_time" and (.error.message | test("ran out of time: [0-9]+ of [0-9]+ cases"))'
expect_json out '.result | .broken == 0 and .late > 0 and .held > 0 and
    (.rules | any(.outcome == "not_tried" and (.why | test("--limit"))))'
expect_exit 0 python3 -c 'import sys, xml.etree.ElementTree as x; s, = x.parse("late.xml").getroot(); c = s[-1]
sys.exit(not (s.get("errors") == "1" and s.get("failures") == "0" and int(s.get("tests")) == len(s) and c.get("name") == "time" and c[0].tag == "error"))'
expect_exit 4 qetl plugin check ./start_takes_time/bad_source.so --limit 4
expect_text err 'ran out of time: [0-9]+ of [0-9]+ cases were left out, or cut short'
expect_exit 0 qetl plugin check ./start_takes_time/bad_source.so --only growth --json
expect_json out '.ok and .result.late == 0'
# What the check's input is read from: beside the file that names it, be that the manifest; and it has to be there.
mkdir no_fault
jq '.components[0].check = {"options": {"path": "{tmp}/in.txt"}, "files": {"in.txt": {"from": "beside.txt"}}}' \
    "$bad/bad_source.qetl.json" >no_fault/bad_source.qetl.json
bad source no_fault
expect_exit 1 qetl plugin check ./no_fault/bad_source.so --only run --json
expect_json out '.result.rules | any(.rule == "run" and (.message // "" |
    test("the check.s file .in.txt. cannot be read: /.*/no_fault/beside.txt: No such file")))'
echo here >no_fault/beside.txt
expect_exit 0 qetl plugin check ./no_fault/bad_source.so --only run
mkdir given
echo '{"source bad": {"files": {"in.txt": {"from": "beside.txt"}}}}' >given/check.json
expect_exit 1 qetl plugin check ./no_fault/bad_source.so --only run --options given/check.json
expect_text out 'in.txt. cannot be read: /.*/given/beside.txt: No such file'
# Whoever ends it leaves nothing behind.
for signal in INT TERM HUP; do
    mkdir "tmp-$signal"
    TMPDIR=$PWD/tmp-$signal background "$QETL" plugin check ./idles_ever/bad_source.so
    for _ in $(seq 200); do
        [ -z "$(ls "tmp-$signal")" ] || break
        sleep 0.05
    done
    interrupt_and_wait $signal
    expect_eq "SIG$signal: exit code, what is left" "$code, $(ls "tmp-$signal")" "$((128 + $(kill -l $signal))), "
done
# On a terminal it shows how far it is, and clears that away.
expect_exit 1 python3 -c 'import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)' "$QETL" plugin check ./commit_once/bad_sink.so
tr '\r' '\n' <out >shown
expect_text shown 'sink bad: commit-visible, [0-9]+ of [0-9]+'
expect_text shown 'bad-sink: [0-9]+ rules held'

# What a panic in Rust leaves behind: where it was, and what.
bad source panics
expect_exit 1 qetl plugin check ./panics/bad_source.so --only lifecycle --json
cp out panics.json
broken panics lifecycle "bad_source.c:[0-9]+.: thread '<unnamed>' panicked at src/lib.rs:7:5: nothing is there$"
expect_eq 'what is left of them' "$(find "${TMPDIR:-/tmp}" -maxdepth 1 -name 'qetl-check-*' -newer report.xml 2>/dev/null | wc -l)" 0
