#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# qetl expr: one-liners, columns, NULLs, types, trees, lines from a pipe, a prompt.
. "$(dirname "$0")/lib.sh"

answers() { # EXPECTED ARGUMENT…
    local wanted=$1
    shift
    expect_eq "qetl expr $*" "$(qetl expr "$@" 2>&1)" "$wanted"
}
answers '3  integer' '1 + 2'
answers "'O''Brien'  text" "'O''Brien'"
answers 'NULL  text' null
answers 'true  boolean' '1 < 2'
answers "'2024-02-29'  date" "date '2024-02-29'"
answers $'1  integer\n2  integer' 1 2
# Columns: by value, by type (a NULL), by both; commas and equals signs inside quotes and parentheses.
answers 'true  boolean' 'quantity * price > 100' -c 'quantity=12, price:decimal(8,2)=9.50'
answers "'DE'  text" country --columns country=DE
answers 'NULL  integer' 'a + 1' -c a:integer
answers 'NULL  boolean' 'a > b' -c a:integer=1,b:integer
answers "'x,y=z'  text" a -c "a='x,y=z',b=1"
answers "'007'  text" a -c a:text=007
answers '7  integer' a -c a=007
answers 'NULL  text' a -c a:text
answers "'it''s'  text" a -c "a=it's"
answers '2  integer' a -c a=1 -c a=2
answers "'2024-01-31'  date" 'd' -c d:date=2024-01-31
# The type, the tree, bare values.
answers 'integer' --type 'a + 1' -c a:integer
answers 'bigint' --type 'cast(a as bigint)' -c a=x
answers 'DE' -q country -c country=DE
answers '' -q null
expect_exit 0 qetl expr --tree 'a + 1 > 2.50' -c a=1
expect_json out '. == {call: ">", args: [{call: "+", args: [{column: "a"}, {number: "1"}]}, {number: "2.50"}]}'
expect_exit 0 qetl expr --json 'a + 1' null -c a=1
expect_json out '.result.expressions | map([.type, .value]) == [["integer", "2"], ["text", null]]'
expect_json out '.result.expressions[0].tree.call == "+"'
# Mistakes in the expression: 2, with a caret; values for which it fails: 1.
expect_exit 2 qetl expr '1 + nme' -c name=x
expect_text err '^        \^~~$'
expect_text err 'name'
expect_exit 1 qetl expr 'a / b' -c a=1,b=0
expect_text err '1 / 0, in a / b'
expect_eq 'no value' "$(wc -c <out)" 0
expect_exit 2 qetl expr a -c a:nonsense=1
expect_text err 'nonsense'
expect_exit 2 qetl expr a -c a:integer=x
expect_text err "'x' is no"
expect_exit 2 qetl expr a -c a
expect_text err 'NAME=VALUE'
expect_exit 1 qetl expr --json 'a / 0' 2 -c a=1
expect_json out '.ok == false and .error.code == "division_by_zero" and .result.expressions[1].value == "2"'
expect_exit 2 qetl expr -5
expect_text err 'stands after --'
answers '-5  integer' -- -5
# Lines from a pipe; every mistake with its line, the worst code at the end.
printf '1 + 1\n\n2 +\n\\set a=7\na * 2\n1 / 0\n' >lines
qetl expr <lines >out 2>err
expect_eq 'exit code' $? 2
expect_file out <<'TEXT'
2  integer
14  integer
TEXT
expect_text err '^line 3: error'
expect_text err '^line 6: error'
expect_exit 0 qetl expr
expect_eq 'nothing in, nothing out' "$(wc -c <out)" 0
# Over the rows of a file: a value a line; rows without one are told of.
printf 'a,b,t\n1,0,NULL\n4,2,x\n,3,"a,b"\n' >rows.csv
expect_exit 0 qetl expr 'coalesce(a, 0) + b' --input rows.csv
expect_file out <<'TEXT'
1
6
3
TEXT
expect_exit 1 qetl expr 'a / b' -i rows.csv
expect_eq 'values' "$(wc -l <out)" 2
expect_text err '^row 1: 1 / 0'
expect_text err '1 rows? ha(s|ve) no value'
expect_eq 'as CSV, NULL told from text' "$(qetl expr t -i rows.csv && qetl expr a -i rows.csv | tail -n 1)" $'"NULL"\nx\n"a,b"\nNULL'
expect_eq 'from a pipe' "$(qetl expr 'a * 2' -i - --input-format csv <rows.csv | head -n 1)" 2
expect_exit 2 qetl expr 'nothere' -i rows.csv
expect_text err 'nothere'
expect_exit 2 qetl expr a b -i rows.csv
expect_exit 2 qetl expr a -i rows.csv --json
expect_exit 2 qetl expr a -i rows.csv --input-format cvs
expect_eq 'nothing left behind' "$(ls)" "$(printf '%s\n' err lines out rows.csv)"
# What can be called: all, by part of a name, by pattern; the documentation's words.
expect_exit 0 qetl expr --functions
expect_text out '^Text$'
expect_eq 'at 80 columns' "$(awk 'length > 80' out)" ''
expect_exit 0 qetl expr --functions 'concat_*'
expect_text out '^concat_ws\('
expect_no_text out '^concat\('
expect_text out "is 'Berlin, Germany'\$"
expect_exit 0 qetl expr --functions NULLIF --json
expect_json out '.result.functions | map(.name) == ["nullif"]'
expect_exit 2 qetl expr --functions concta
expect_text err 'did you mean concat'
# Nothing in a value reaches a terminal as a command.
answers "'\\x1b[31m'  text" "$(printf "'\033[31m'")"
# Carets are coloured where colours are wanted.
expect_exit 2 env -u NO_COLOR CLICOLOR_FORCE=1 "$QETL" expr '1 +'
expect_text err "$(printf '\033\\[1;32m *\\^')"
# A prompt.
cat >type.py <<'PY'
import os, pty, select, sys, time
pid, terminal = pty.fork()
if pid == 0:
    os.environ["TERM"] = "dumb"
    os.execv(os.environ["QETL"], ["qetl", "expr"])
seen = ""
def until(mark):
    global seen
    end = time.monotonic() + 20
    while mark not in seen and time.monotonic() < end:
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                seen += os.read(terminal, 65536).decode()
            except OSError:
                break
    good = mark in seen
    print(("ok" if good else "not ok"), "- prompt:", repr(mark), "" if good else repr(seen))
    seen = seen.split(mark, 1)[-1]
until("qetl> ")
for line, mark in (("6 * 7\n", "42  integer"), ("\\set a=5\n", "qetl> "), ("a + 1\n", "6  integer"), ("a +\n", "error"),
                   ("\\columns\n", "a  integer"), ("\\functions nullif\n", "nullif(value"), ("\\help\n", "\\quit")):
    os.write(terminal, line.encode())
    until(mark)
os.write(terminal, b"\\quit\n")
print("exit", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
PY
timeout 60 python3 type.py >typed 2>&1
cat typed
expect_eq 'answers at the prompt' "$(grep -c '^ok' typed)" 8
expect_text typed '^exit 0$'
