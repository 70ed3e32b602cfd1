#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# qetl test: what passes, what fails and how that is told, for people, machines and build servers.
. "$(dirname "$0")/lib.sh"

# The examples' own tests, and the page's: its first block is the tests, the second the pipeline.
expect_exit 0 qetl test "$root/docs/examples"
expect_text out '^5 tests passed$'
mkdir page
awk '/^```/ {inside = /yaml/; n += inside; next} inside && n == 1' "$root/docs/reference/tests.md" >page/orders.test.yaml
awk '/^```/ {inside = /yaml/; n += inside; next} inside && n == 2' "$root/docs/reference/tests.md" >page/orders.yaml
expect_exit 0 qetl test page
expect_text out '^2 tests passed$'

mkdir p
cat >p/orders.yaml <<'YAML'
sources:
  orders: {plugin: file, path: "/nowhere/${FILE}", format: csv}
transforms:
  large: {plugin: filter, input: orders, where: "quantity > 100"}
sinks:
  out: {plugin: file, input: large, path: /nowhere/out.ndjson}
  all: {plugin: "null", input: [orders, large]}
YAML

# check EXIT PATTERN <TESTS: one file of tests, and a line that the answer has
check() {
    cat >p/orders.test.yaml
    expect_exit "$1" qetl test p/orders.test.yaml
    expect_text out "$2"
}
head='env: {FILE: x.csv}
tests:
  - name: t
    sources: {orders: [{id: 1, quantity: 500, note: a}, {id: 2, quantity: 3, note: null}, {id: 3, quantity: 101, note: ""}]}'

check 0 '^1 tests passed$' <<<"$head
    expect: {out: [{id: 1, quantity: 500, note: a}, {id: 3, quantity: 101, note: ''}]}"
# each kind of difference, with the place of the first
check 1 "^    out: row 2, column 'quantity' \(bigint\): expected 102, got 101$" <<<"$head
    expect: {out: [{id: 1, quantity: 500, note: a}, {id: 3, quantity: 102, note: ''}]}"
expect_text out '^      -       3       102  '"''"'$'
expect_text out '^      \+       3       101  '"''"'$'
expect_text err '^error: 1 of 1 tests failed$'
check 1 "^    out: row 2, column 'note' \(text\): expected null, got \"\"$" <<<"$head
    expect: {out: [{id: 1, quantity: 500, note: a}, {id: 3, quantity: 101}]}"
check 1 "^    out: row 1, column 'quantity' \(bigint\): expected \"500.0\", got 500$" <<<"$head
    expect: {out: [{id: 1, quantity: '500.0', note: a}, {id: 3, quantity: 101, note: ''}]}"
check 1 '^    out: expected row 2 did not come$' <<<"$head
    expect: {out: [{id: 1, quantity: 500, note: a}, {id: 2, quantity: 3}, {id: 3, quantity: 101, note: ''}]}"
check 1 '^    out: row 2 was not expected$' <<<"$head
    expect: {out: [{id: 1, quantity: 500, note: a}]}"
check 1 '^    out: row 1 was not expected$' <<<"$head
    expect: {out: []}"
check 1 "^    out: the column 'note' is in no expected row" <<<"$head
    expect: {out: [{id: 1, quantity: 500}, {id: 3, quantity: 101}]}"
check 1 "^    out: there is no column 'quantty'; there are: id, quantity, note \(did you mean 'quantity'\?\)" <<<"$head
    expect: {out: [{id: 1, quantty: 500, note: a}, {id: 3, quantity: 101, note: ''}]}"
check 1 '^    out: expected 3 rows, got 2$' <<<"$head
    expect: {out: {count: 3}}"
check 1 "^    out: column 'id' is bigint, expected text$" <<<"$head
    expect: {out: {types: {id: text}}}"
check 1 "^    the pipeline has no place 'outt'" <<<"$head
    expect: {outt: []}"
check 1 '^    large: expected 2 rows filtered, got 1$' <<<"$head
    counts: {large: {filtered: 2, in: 3, out: 2}}"
check 1 '^    out: what is written differs in line 2$' <<<"$head
    expect: {out: {text: \"{\\\"id\\\":1,\\\"quantity\\\":500,\\\"note\\\":\\\"a\\\"}\\n{}\\n\"}}"
check 1 '^    expected exit code 2, got 0$' <<<"$head
    exit: 2"
check 1 '^    the pipeline should have failed$' <<<"$head
    errors: [{message: anything}]"
check 1 '^    no row was rejected as ' <<<"$head
    rejected: [{component: orders}]"
check 1 "^    the test is wrong: the pipeline has no source 'order'" <<<"$head
  - name: other
    sources: {order: x, orders: x}"

# forms of rows: any order, some columns, spelled numbers, several inputs of one sink, inner components
check 0 '^1 tests passed$' <<<"$head
    expect:
      out: {order: any, columns: some, rows: [{id: 3}, {id: 1}], types: {id: bigint, note: text}}
      orders: {count: 3}
      large: [{id: '1', quantity: 500.0, note: a}, {id: 3, quantity: 101, note: ''}]
      all: {columns: some, rows: [{id: 3}, {id: 3}, {id: 1}, {id: 2}, {id: 1}]}
    rejected: [{component: orders, count: 0}]"
check 1 '^    out: row 1 came in another order' <<<"$head
    expect: {out: {order: exact, columns: some, rows: [{id: 3}, {id: 1}]}}"

# rejected rows must be expected, by what is said of them
text='env: {FILE: x.csv}
tests:
  - name: t
    sources: {orders: "id,quantity\n1,500\n2\n3,700,8\n"}'
check 1 '^    a row was rejected that nobody expected$' <<<"$text"
expect_text out '^      - \{component: orders, code: ragged_row, row: 2\}$'
check 0 passed <<<"$text
    rejected: [{component: orders, code: ragged_row, row: 2, message: '^the row has 2? ?1 cells?'}, {row: 3}]
    expect: {out: {count: 1}}"
check 1 '^    2 rows were rejected as .*, expected 1$' <<<"$text
    rejected: [{code: ragged_row, count: 1}]"

# the environment is the test's own; what is set, too
export FILE=leaks.csv
check 1 "FILE" <<<'tests: [{name: t, sources: {orders: "id,quantity\n1,2\n"}}]'
check 0 passed <<<'tests: [{name: t, env: {FILE: a}, sources: {orders: "id,quantity\n1,2\n"}, set: {"transforms.large.where": "id = 1"}, expect: {out: {count: 1}}}]'
check 0 passed <<<'{env: {FILE: "${"}, tests: [{name: t, env: {FILE: ok}, set: {name: "${FILE}"}, sources: {orders: "id,quantity\n1,2\n"}}]}'
check 0 passed <<<'{env: {FILE: x}, set: {"transforms.large.where": "nothing"}, tests: [{name: t, sources: {orders: "id,quantity\n1,2\n"}, exit: 2, errors: [{message: nothing}]}]}'
check 0 passed <<<'{env: {FILE: x}, tests: [{name: t, sources: {orders: "id\n1\n"}, errors: [{message: quantity, line: 4}]}]}'
check 1 'there was no error' <<<'{env: {FILE: x}, set: {"transforms.large.where": "nothing"}, tests: [{name: t, sources: {orders: "id,quantity\n1,2\n"}, errors: [{message: nothing, code: other}]}]}'
check 1 'there was no error' <<<'{env: {FILE: x}, tests: [{name: t, sources: {orders: "id\n1\n"}, errors: [{message: quantity, line: 5}]}]}'

# nothing is touched, nothing stays behind
mkdir tmp
before=$(find . | sort | grep -v '/tmp\|^./out$\|^./err$')
TMPDIR=$PWD/tmp expect_exit 0 qetl test page
expect_eq 'folders' "$(find tmp -mindepth 1 | wc -l)" 0
expect_eq 'files' "$(find . | sort | grep -v '/tmp\|^./out$\|^./err$')" "$before"
expect_absent dead-letters p/dead-letters

# files of tests that are wrong
wrong() {
    cat >w.test.yaml
    expect_exit 2 qetl test w.test.yaml
    expect_text err "$1"
}
wrong 'w.test.yaml:1:[0-9]+: error: .*testz' <<<'testz: []'
wrong 'name' <<<'tests: [{sources: {}}]'
wrong 'one of rows, text and file' <<<'tests: [{name: a, sources: {s: {text: a, file: b}}}]'
wrong 'ordr' <<<'tests: [{name: a, expect: {s: {ordr: any}}}]'
expect_exit 2 qetl test --filter nothing p
expect_text err "no test's name or file has 'nothing' in it"
mkdir none
expect_exit 2 qetl test none
expect_text err 'there are no tests here'
expect_exit 2 qetl test nowhere.test.yaml 
expect_text err 'nowhere.test.yaml'

# folders of plugins are found from wherever a test runs
ln -s "${QETL_PLUGIN_PATH%%:*}" plugs
(QETL_PLUGIN_PATH='' expect_exit 0 qetl test page --plugin-dir plugs)
(QETL_PLUGIN_PATH=plugs:nowhere expect_exit 0 qetl test page)

# several files, chosen ones, a list, reports
cp -r page more
sed -i '0,/quantity: 700}/!s/quantity: 700}/quantity: 7}/; s/large orders leave/large \&<orders> "leave"/' more/orders.test.yaml
mv more/orders.test.yaml more/orders_test.yaml
expect_exit 0 qetl test --list page more
expect_eq 'listed' "$(wc -l <out)" 4
expect_exit 1 qetl test page more --junit results.xml --actual
expect_eq 'passed and failed' "$(grep -c ^ok out) $(grep -c ^FAIL out)" '3 1'
expect_text out '^        - \{"order_id": 2, "quantity": 700\}$'
expect_exit 0 qetl test page more --filter 'no number' -q
expect_eq 'quiet' "$(wc -c <out)" 0
expect_exit 1 qetl test page more --json
expect_json out '.ok == false and .result.failed == 1 and .result.passed == 3 and .error.code == "tests_failed"'
expect_json out '.result.tests[] | select(.passed | not) | .file == "more/orders_test.yaml" and .line == 3 and (.message | startswith("out: row 1, column '"'quantity'"'"))'
cat >junit.py <<'PY'
import re, sys
import xml.etree.ElementTree as tree
root = tree.parse(sys.argv[1]).getroot()
assert root.tag == "testsuites", root.tag
number = lambda e, name: float(e.attrib[name])
suites = list(root)
assert [s.tag for s in suites] == ["testsuite"] * 2
for suite in suites:
    assert {"name", "tests", "failures", "errors", "skipped", "time"} <= set(suite.attrib)
    cases = list(suite)
    assert all(c.tag == "testcase" and c.attrib["name"] and c.attrib["classname"] for c in cases)
    assert all(float(c.attrib["time"]) >= 0 and int(c.attrib["line"]) > 0 for c in cases)
    failed = [c for c in cases if c.find("failure") is not None]
    assert number(suite, "tests") == len(cases) and number(suite, "failures") == len(failed)
    assert all(f.find("failure").attrib["message"] and f.find("failure").text for f in failed)
assert number(root, "tests") == sum(number(s, "tests") for s in suites) == 4
assert number(root, "failures") == 1
assert any(c.attrib["name"] == 'large &<orders> "leave"' for s in suites for c in s)
PY
expect_exit 0 python3 junit.py results.xml
expect_exit 3 qetl test page --junit nowhere/results.xml

# a column that types declares needs no value in any row
mkdir declared && cd declared || exit 1
cat >d.yaml <<'YAML'
sources: {in: {plugin: file, path: in.csv, format: {type: csv, types: {n: bigint, day: date}}}}
sinks: {out: {plugin: file, input: in, path: out.ndjson}}
YAML
cat >d.test.yaml <<'YAML'
tests:
  - {name: left out, sources: {in: [{id: 1}, {id: 2, n: 5}]}, expect: {out: {rows: [{id: 1, n: null, day: null}, {id: 2, n: 5, day: null}], types: {day: date}}}}
  - {name: as bytes, sources: {in: "id\n1\n"}, exit: 2, errors: [{message: types names the column n}]}
YAML
expect_exit 0 qetl test
expect_text out '^2 tests passed$'
cd .. || exit 1
