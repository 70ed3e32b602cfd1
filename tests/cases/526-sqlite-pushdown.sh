#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Conditions behind the source `sqlite` are judged by the database where it judges alike; which conditions are handed over at all: not past what rejects rows,
# remembers them or shows them to others; `limit` ends the reading.
. "$(dirname "$0")/lib.sh"
sqlite3 v.db <<'S'
CREATE TABLE v (id INTEGER PRIMARY KEY, n INT, f REAL, x TEXT, d DATE, t TIMESTAMP, b BOOLEAN, y BLOB, p DECIMAL(10,2));
INSERT INTO v (id) VALUES (1);
INSERT INTO v (n) VALUES (-9223372036854775808), (-5), (-1), (0), (1), (4), (5), (6), (9), (10), ('12'), (9223372036854775807), ('five'), (x'35');
INSERT INTO v (f) VALUES (-1.5), (-0.0), (0.0), (0.1), (0.3), (0.30000000000000004), (1e300), (9e999), (-9e999), (5), ('much'), (x'00');
INSERT INTO v (x) VALUES (''), (' '), ('a'), ('A'), ('aa'), ('b'), ('B'), ('ä'), ('Ä'), ('z'), ('é'), ('e' || char(0x301)), (10), ('9'), ('ß'), ('🜚'), ('a''b'), ('a"b'), ('a '), (x'61');
INSERT INTO v (d) VALUES ('2024-02-28'), ('2024-02-29'), ('2024-03-01'), ('1969-12-31'), ('9999-12-31'), ('-0044-03-15'), ('12024-01-01'), ('soon'), (5);
INSERT INTO v (t) VALUES ('2024-02-28 23:59:59.999999'), ('2024-02-29 00:00:00'), ('2024-02-29T01:00:00'), ('2024-03-01'), ('1969-12-31 23:59:59'), ('soon');
INSERT INTO v (b) VALUES (0), (1), (2);
INSERT INTO v (y) VALUES (x''), (x'00ff');
INSERT INTO v (p) VALUES (1), (1.5), ('1.25'), (99999999.99);
S
cat >conditions <<'C'
n e n = 5
n e n <> 5
n e n < 5
n e 5 >= n
n e n > 5
n e n >= 9223372036854775807
n e n = -9223372036854775808
n n n > 4.5
n e n IN (5, -5, 10, 12)
n n n NOT IN (5, -5)
n e n BETWEEN -1 AND 5
n e n IS NULL
n e n IS NOT NULL
n e (n < 0 OR n > 5) AND n <> 10
n p n > 0 AND n % 2 = 1
n n n % 2 = 1 AND n > 0
n p n > 0 AND 10 / (n - 5) > 1
n n 10 / (n - 5) > 1 AND n > 0
n n n + 1 > 5
f p f = 0
f p f = 0.1
f p f < 0.3
f p f > 0.3
f p f >= 0.3
f p f <= 0.3
f n f <> 0.3
x e x = ''
x e x = 'a'
x e x <> 'a'
x e x < 'a'
x e x <= 'ä'
x e x > 'Z'
x e x >= 'ß'
x e x = 'a''b'
x e x = 'a"b'
x e x = '🜚'
x e x IN ('a', 'B', '10')
x n x LIKE 'a%'
x e x IS NOT NULL AND x <> ''
d n d = '2024-02-29'
d p d > DATE '2024-02-28'
d p d > DATE '2024-02-28' AND d < DATE '2024-03-02'
d e d IS NOT NULL
t p t >= TIMESTAMP '2024-02-29 00:00:00'
t n t < TIMESTAMP '2024-02-29 00:00:00'
b n b
b e b IS NOT NULL
y e y IS NOT NULL
p n p > 1.25
C
"${PYTHON3:-python3}" "$root/tests/pushdown_diff.py" build conditions "{\"plugin\": \"sqlite\", \"path\": \"v.db\", \"table\": \"v\"}"
qetl run pushed.json --dry-run --json >plan.json
expect_exit 0 qetl run pushed.json -q --json-file pushed.report
expect_exit 0 qetl run here.json -q --json-file here.report
expect_eq 'rows, letters and plans' "$("${PYTHON3:-python3}" "$root/tests/pushdown_diff.py" compare conditions)" "$(wc -l <conditions) conditions"

# The way from the source to the condition. rows NAME SHOWN: the plan's word for each component, and how many rows left the source
sqlite3 w.db "CREATE TABLE w (id INTEGER PRIMARY KEY, n INT, x TEXT)" \
    "WITH RECURSIVE s(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM s WHERE i < 1000) INSERT INTO w SELECT i, i, 'x' || i FROM s"
way() { # NAME WANTED: "component=word …; rows of in"; the transforms and sinks are in `rest`
    { echo "{\"name\": \"$1\", \"sources\": {\"in\": {\"plugin\": \"sqlite\", \"path\": \"w.db\", \"table\": \"w\"${more:-}}},"; cat rest; } >"$1.yaml"
    qetl run "$1.yaml" --dry-run --json >plan.json
    expect_exit 0 qetl run "$1.yaml" -q --json-file report
    expect_eq "$1" "$(jq -r '[.result.components[] | select(.pushed or .limited) | "\(.id)=\(.pushed // .limited)"] | join(" ")' plan.json); $(
        jq -r '.result.components[] | select(.id == "in") | .rows_out' report)" "$2"
}
out() { # INPUT: the only sink
    echo "\"sinks\": {\"out\": {\"plugin\": \"file\", \"path\": \"out.csv\", \"if_exists\": \"replace\", \"input\": \"$1\"}}}"
}
filter() { echo "\"$1\": {\"plugin\": \"filter\", \"input\": \"$2\", \"where\": \"$3\"}"; }
{ echo "\"transforms\": {$(filter f in 'n <= 10')},"; out f; } >rest
way plain 'f=exact; 10'
expect_eq 'its rows' "$(wc -l <out.csv)" 11
expect_eq 'the account' "$(jq -c '[.result.components[] | select(.id == "f") | .rows_in, .rows_out, .rows_filtered]' report)" '[10,10,0]'
expect_exit 0 qetl run plain.yaml --dry-run
expect_text out 'its source leaves out what it would filter'
{ echo "\"transforms\": {$(filter f in 'n <= 10 AND length(x) > 2')},"; out f; } >rest
way in_part 'f=partial; 10'
expect_text out.csv x10
expect_exit 0 qetl run in_part.yaml --dry-run
expect_text out 'its source leaves out some of what it would filter'
# names are the source's, whatever the rows were called on their way
{ echo "\"transforms\": {\"s\": {\"plugin\": \"select\", \"input\": \"in\", \"columns\": [{\"n\": \"m\"}, {\"id\": \"n\"}]}, $(filter f s 'm <= 10 AND n > 3')},"; out f; } >rest
way renamed 'f=exact; 7'
# one behind the other, as long as none may reject a row
{ echo "\"transforms\": {$(filter f in 'n <= 100'), $(filter g f 'n > 95'), \"h\": {\"plugin\": \"limit\", \"input\": \"g\", \"rows\": 2, \"offset\": 1}},"; out h; } >rest
way chain 'in=3 f=exact g=exact; 3'
expect_eq 'those rows' "$(cut -d, -f1 out.csv | xargs)" 'id 97 98'
{ echo "\"transforms\": {$(filter f in '100 / (n - 5) > 0'), $(filter g f 'n > 95')},"; out g; } >rest
way rejects '; 1000'
expect_eq 'one is rejected' "$(jq '.summary.rows_rejected // ([.result.components[].rows_rejected] | add)' report)" 1
{ echo "\"transforms\": {\"c\": {\"plugin\": \"compute\", \"input\": \"in\", \"set\": {\"r\": \"10 / (n - 5)\"}}, $(filter f c 'n > 95')},"; out f; } >rest
way computed '; 1000'
{ echo "\"transforms\": {\"l\": {\"plugin\": \"limit\", \"input\": \"in\", \"rows\": 20}, $(filter f l 'n > 15')},"; out f; } >rest
way behind_limit 'in=20; 20'
{ echo "\"transforms\": {$(filter f in 'n <= 500 AND length(x) > 3'), \"l\": {\"plugin\": \"limit\", \"input\": \"f\", \"rows\": 2}},"; out l; } >rest
way limit_behind_part 'f=partial; 500'
# somebody else sees all rows
{ echo "\"transforms\": {$(filter f in 'n <= 10'), $(filter g in 'n > 990')},"; out f | sed 's/}}}$/}, "other": {"plugin": "null", "input": "g"}}}/'; } >rest
way shared '; 1000'
# incremental loading remembers how far all rows came
more=', "incremental": {"cursor": "n"}'
{ echo "\"transforms\": {$(filter f in 'n <= 10')},"; out f; } >rest
way incremental '; 1000'
expect_exit 0 qetl state show incremental
expect_text out 'watermark .* n = 1000'
more=
# a preview shows what is read, and what the filter lets pass
{ echo "\"transforms\": {$(filter f in 'n > 990')},"; out f; } >rest
way seen 'f=exact; 10'
expect_exit 0 qetl preview seen.yaml --rows 3
expect_text out ' 1 +x1$'
# looked at on its way: the same calls, the same rows
expect_exit 0 qetl run seen.yaml -q --abi-trace=trace.txt
expect_text trace.txt 'needs.condition'
expect_eq 'as without' "$(wc -l <out.csv)" 11
