#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What would take for ever, or all memory, ends: with a rejected row where a row is to blame, else with a mistake.
. "$(dirname "$0")/lib.sh"

printf '%s\n' id,text,pattern 1,aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab,'(a+)+$' 2,abc,'b' 3,abc,'b(' >rows.csv
expect_exit 0 qetl run --from rows.csv --where "text ~ '^(a+)+\$' OR id > 1" --to out.csv
expect_file out.csv <<'EOF'
id,text,pattern
2,abc,b
3,abc,b(
EOF
expect_text err '1 .*rejected|rejected.* 1|regex_limit'

# Patterns by row: one that is wrong costs its row alone.
expect_exit 0 qetl run -q --from rows.csv --where "id > 1 AND text ~ pattern" --to - --to-format csv
expect_file out <<'EOF'
id,text,pattern
2,abc,b
EOF

# Many dear matches in one text.
expect_exit 1 qetl expr "regexp_count(t, '(?:x|y)*z|x')" --columns "t=$(printf 'x%.0s' {1..30000})"
expect_text err 'takes too many steps'

expect_exit 2 qetl expr "length(repeat('x', 100000000))"
expect_text err 'constant texts of an expression would take over 64 MiB \(text_too_long\)'
expect_exit 0 qetl run -q --from rows.csv --where "length(repeat(text, 1000000000)) > 0" --to - --to-format csv
expect_file out <<'EOF'
id,text,pattern
EOF
expect_exit 0 qetl run -q --from rows.csv --where "lpad(text, 2147483647, 'ab') = ''" --to - --to-format csv
expect_file out <<'EOF'
id,text,pattern
EOF

nested=$(printf '(%.0s' {1..5000})1$(printf ')%.0s' {1..5000})
expect_exit 2 qetl expr "$nested"
expect_text err 'the expression nests too deeply'
expect_exit 2 qetl expr "1$(printf '+1%.0s' {1..20000})"
expect_text err 'the expression nests too deeply'

# A long list of constants takes its time once for each, and not once for each pair (that would be 15 s).
printf "s IN ('x0'%s)\n" "$(printf ",'x%d'" {1..80000})" >long.sql
expect_exit 0 timeout 5 bash -c '"$QETL" expr -q -c "s='"'x79999'"'" <long.sql'
expect_eq found "$(cat out)" true

# What PostgreSQL would answer otherwise is a mistake, never another value.
expect_exit 2 qetl expr "'{}'::jsonb || '{\"a\": 1}'"
expect_text err 'jsonb cannot be merged by ||'
expect_exit 2 qetl expr "'abc' SIMILAR TO '(a|b)%'"
expect_text err 'SIMILAR TO is not known here'
expect_text err 'write a regular expression'
expect_exit 0 qetl expr -q "5 BETWEEN SYMMETRIC 10 AND 1" "5 NOT BETWEEN SYMMETRIC 10 AND 1" "5 BETWEEN SYMMETRIC NULL AND 1"
expect_eq symmetric "$(xargs <out)" 'true false'
