#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Conditions behind the source `postgres` are judged by the server where it judges alike: over values of all kinds each condition leaves the same rows, and
# the same dead letters, as where a second reader keeps it from the server. What was handed over is told.
# tsan: no
. "$(dirname "$0")/postgres-lib.sh"
pg_serve 'max_connections = 300'
sql <<'S'
CREATE COLLATION blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE v (id int PRIMARY KEY, n int, l bigint, s smallint, p numeric(10,2), w numeric(38,0), f float8, x text, y varchar(20), q text COLLATE blind,
  c char(4), d date, t timestamp, z timestamptz, b boolean, u uuid, j jsonb, m numeric);
INSERT INTO v (id) VALUES (1);
INSERT INTO v (id, n, l, s) SELECT 100 + i, k, k::bigint * 4294967296, k % 100 FROM unnest(ARRAY[-2147483648, -5, -1, 0, 1, 4, 5, 6, 9, 10, 2147483647]) WITH ORDINALITY a(k, i);
INSERT INTO v (id, l) VALUES (150, 9223372036854775807), (151, -9223372036854775808);
INSERT INTO v (id, p) SELECT 200 + i, k FROM unnest(ARRAY[-99999999.99, -1.50, -0.01, 0, 0.01, 1.49, 1.50, 1.51, 10, 99999999.99]) WITH ORDINALITY a(k, i);
INSERT INTO v (id, w) VALUES (230, 99999999999999999999999999999999999999), (231, -99999999999999999999999999999999999999), (232, 1), (233, 2);
INSERT INTO v (id, p, m) VALUES (240, 'NaN', 'NaN'), (241, 1, 'Infinity'), (242, 2, 1.23456789);
INSERT INTO v (id, f) SELECT 300 + i, k FROM unnest(ARRAY['-Infinity', '-1.5', '-0', '0', '0.1', '0.3', '0.30000000000000004', '1e300', '5e-324', 'Infinity', 'NaN', '9007199254740993']::float8[]) WITH ORDINALITY a(k, i);
INSERT INTO v (id, x, y, q, c) SELECT 400 + i, k, k, k, left(k, 4) FROM unnest(ARRAY['', ' ', 'a', 'A', 'aa', 'ab', 'b', 'B', 'ä', 'Ä', 'z', 'é', e'e\u0301', '10', '9', 'ß', 'ss', '🜚', 'a''b', 'a"b', '\', 'a ', 'NULL', 'qetl.value_1']) WITH ORDINALITY a(k, i);
INSERT INTO v (id, d, t, z) SELECT 500 + i, k::timestamp::date, k::timestamp, (k || '+00')::timestamptz FROM unnest(ARRAY['0044-03-15 12:00:00 BC', '1969-12-31 23:59:59.999999', '1970-01-01 00:00:00', '2024-02-28 23:59:59.999999', '2024-02-29 00:00:00', '2024-02-29 00:00:00.000001', '2024-02-29 01:00:00', '2024-03-01 00:00:00', '9999-12-31 23:59:59', '12024-01-01 00:00:00']) WITH ORDINALITY a(k, i)
  WHERE k NOT LIKE '%BC';
INSERT INTO v (id, d, t, z) VALUES (520, '0044-03-15 BC', '0044-03-15 12:00 BC', '0044-03-15 12:00+00 BC'), (521, 'infinity', 'infinity', 'infinity'), (522, '-infinity', '-infinity', '-infinity'),
  (523, '2024-02-29', '294276-01-01', '294276-01-01+00');
INSERT INTO v (id, b) VALUES (600, true), (601, false);
INSERT INTO v (id, u, j) VALUES (610, '00000000-0000-0000-0000-000000000001', 'null'), (611, 'ffffffff-ffff-ffff-ffff-ffffffffffff', '{"a": 1}');
S
# A column, a condition, and whether it is judged exactly (e), in part (p), or here alone (n).
cat >conditions <<'C'
n e n = 5
n e n <> 5
n e n < 5
n e n <= 5
n e n > 5
n e n >= 5
n e 5 > n
n e 5 <= n
n e n = -2147483648
n e n > 99999999999
n n n > 4.5
n n n = 5e0
n e n IN (5, -5, 10)
n e n IN (7)
n n n IN (5, NULL)
n n n NOT IN (5, -5)
n e n BETWEEN -1 AND 5
n n n NOT BETWEEN -1 AND 5
n e n IS NULL
n e n IS NOT NULL
n e n > 0 AND n < 9
n e n < 0 OR n > 9
n e (n < 0 OR n > 5) AND n <> 10 AND (n = 9 OR n IS NULL OR n = 6)
n p n > 0 AND n % 2 = 1
n n n % 2 = 1 AND n > 0
n n n > 0 OR n % 2 = 1
n p n > 0 AND 10 / (n - 5) > 1
n n 10 / (n - 5) > 1 AND n > 0
n n NOT (n > 5)
n n n = NULL
n n n IS DISTINCT FROM 5
n n n = '5'
n n n + 1 > 5
l e l >= 9223372036854775807
l e l < -9223372036854775807
l e l > 4294967295 AND l <= 21474836480
s e s >= 5 OR s = -48
p e p = 1.5
p e p = 1.500
p e p > 1.4999
p e p < 1.5
p e p <= 1.50
p e p >= -0.01
p e p <> 1.5
p e p > 123456789012345678901234567890
p e p < 0.000000000000000000000000000001
p n p > 1e0
p e p IN (1.5, 10)
p e p BETWEEN -1.5 AND 1.5
p e p IS NOT NULL
w e w > 99999999999999999999999999999999999998
w e w < 1.5
m n m > '1'
f p f = 0
f p f = 0.1
f p f < 0.3
f p f > 0.3
f p f <= 0.3
f p f >= 0.3
f p f > 0.30000000000000004
f n f <> 0.3
f p f > 1e30
f p f >= 0.00000000000000000000001
f e f IS NULL
x e x = ''
x e x = 'a'
x e x <> 'a'
x e x < 'a'
x e x <= 'ä'
x e x > 'Z'
x e x >= 'ß'
x e x = 'ä'
x e x > '9'
x e x = 'a''b'
x e x = 'a"b'
x e x = '\'
x e x = '🜚'
x e x IN ('a', 'B', 'qetl.value_1', '')
x n x LIKE 'a%'
x n lower(x) = 'a'
x e x BETWEEN 'A' AND 'b'
x e x IS NOT NULL AND x <> ''
y e y = 'a '
y e y > 'a' AND y < 'z'
q n q = 'a'
q n q <> 'a'
q n q > 'A'
c n c = 'a   '
c n c <> 'aa'
d e d = '2024-02-29'
d e d = DATE '2024-02-29'
d e d < CAST('2024-02-29' AS date)
d e d >= '1970-01-01'
d e d <> '2024-02-29'
d e d > '2024-02-28' AND d < '2024-03-01'
d n d < TIMESTAMP '2024-02-29 12:00:00'
d n d = '29 Feb 2024'
d n d > CURRENT_DATE
d e d IS NOT NULL
t e t = '2024-02-29'
t e t >= '2024-02-29 00:00:00.000001'
t e t > TIMESTAMP '2024-02-29T00:00:00'
t e t < '1970-01-01 00:00:00'
t e t <= '9999-12-31 23:59:59'
t n t > DATE '2024-02-29'
t e t IN ('2024-02-29', '2024-03-01 00:00:00')
z n z >= '2024-02-29'
z n z >= '2024-02-29 00:00:00'
z e z >= '2024-02-29 00:00:00Z'
z e z < '2024-02-29 02:00:00+01'
z e z = TIMESTAMPTZ '2024-02-29 05:30:00+05:30'
z e z > '2024-02-28 22:00:00-02:00'
b e b
b e NOT b
b e b = TRUE
b e b <> TRUE
b n b IS TRUE
u e u IS NOT NULL
u n u = '00000000-0000-0000-0000-000000000001'
j e j IS NULL
C

source=$("${PYTHON3:-python3}" -c 'import json, sys; print(json.dumps({"plugin": "postgres", "host": sys.argv[1], "port": int(sys.argv[2]), "user": "q", "database": "shop", "table": "v"}))' \
    "$pg_socket" "$pg_port")
"${PYTHON3:-python3}" "$root/tests/pushdown_diff.py" build conditions "$source"
expect_exit 0 qetl run pushed.json -q --json-file pushed.report
expect_exit 0 qetl run here.json -q --json-file here.report
expect_eq 'rows, letters and plans' "$("${PYTHON3:-python3}" "$root/tests/pushdown_diff.py" compare conditions)" "$(wc -l <conditions) conditions"
