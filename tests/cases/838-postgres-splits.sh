#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A table of PostgreSQL that several connections read at a time, each a part of it: by its pages, by the values of a column, by its key. Every row comes once,
# whatever is written meanwhile; what a filter, a limit or a projection leaves out stays out; and a run that is killed goes on in each part, or begins anew.
# tsan: no
. "$(dirname "$0")/postgres-lib.sh"
# shellcheck source=tests/cases/killed-lib.sh
. "$cases/killed-lib.sh"
RANDOM=${SEED:-1}
echo "# seed ${SEED:-1}"
pg_serve "log_statement = 'all'"
sql <<'S'
CREATE TABLE t (id bigint, part text, n numeric(12,2), g int, f double precision, PRIMARY KEY (part, id));
INSERT INTO t SELECT i, 'p' || i % 7, i / 4.0, nullif(i % 50, 0), i / 3.0 FROM generate_series(1, 60000) i;
CREATE TABLE parts (id int, x text) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (2000);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (2000) TO (30000);
INSERT INTO parts SELECT i, 'x' || i FROM generate_series(0, 20000) i;
CREATE TABLE narrow (id int);
INSERT INTO narrow VALUES (1), (2);
CREATE VIEW seen AS SELECT * FROM t;
VACUUM ANALYZE;
S

# reads OPTIONS READERS: all rows of the table, once, by so many
all=$(sql -c 'COPY (SELECT * FROM t ORDER BY part, id) TO STDOUT (FORMAT csv)' | sort | md5sum)
reads() {
    pipeline r "table: t$1" 'plugin: file, path: r.csv, if_exists: replace'
    mark=$(wc -l <"$pg_log")
    expect_exit 0 qetl run r.yaml -q --json-file json
    expect_eq "every row, once$1" "$(sed 1d r.csv | sort | md5sum)" "$all"
    expect_eq "by so many$1" "$(jq '.result.components[] | select(.id == "in") | .replicas' json)" "$2"
    expect_json json '.summary.balanced'
    tail -n +"$((mark + 1))" "$pg_log" >log
    expect_eq "a COPY each$1" "$(grep -c 'statement: COPY' log)" "$2"
}
reads '' 1
reads ', connections: 1' 1
reads ', connections: 4' 4
expect_eq 'one moment' "$(grep -c 'SET TRANSACTION SNAPSHOT' log)" 3
expect_text log 'ctid >= .*ctid <'
reads ', connections: 3, split_by: g' 3
expect_text log '"g" IS NULL'
reads ', connections: 3, split_by: f' 3
reads ', connections: 4, split_by: id, key: [id, part]' 4
reads ', connections: 3, key: [part, id]' 3
expect_text log '"part" >= .*ORDER BY "part", "id"'
reads ', connections: 32, split_by: part' 7 # it has no more values that tell rows apart
reads ', split_by: id' 1
expect_eq 'no value in a statement' "$(grep -c "COPY.*('p3'\|COPY.*[0-9]\{4\}" log)" 0

# The rows of one part come in the key's order, and parts in any.
expect_eq 'in order within a part' "$(awk -F, '$2 == "p3" {print $1}' r.csv | sort -n | md5sum)" "$(sql -c "SELECT id FROM t WHERE part = 'p3' ORDER BY id" | md5sum)"
pipeline r 'table: t, connections: 3, key: [part, id]' 'plugin: file, path: r.csv, if_exists: replace'
expect_exit 0 qetl run r.yaml -q
expect_eq 'each value of the key in its order' "$(awk -F, 'NR > 1 && $1 < last[$2] {print} {last[$2] = $1 + 0}' r.csv | sed 1d)" ''

# What the plan says of it.
expect_exit 0 qetl run r.yaml --dry-run
expect_text out 'in  source postgres: 3 at a time read a part each, whose rows come in any order'
expect_text out '^ +1 +3 +in read$'
expect_exit 0 qetl run r.yaml --dry-run --json
expect_json out '.result.components[] | select(.id == "in") | .readers == 3'

# Partitions; a table with fewer pages than connections; filters, columns and limits.
read_many() { # OPTIONS TRANSFORMS
    cat >many.yaml <<Y
name: many
sources: {in: {plugin: postgres, $pg_to, database: shop, $1}}
transforms: {it: {input: in, $2}}
sinks: {out: {plugin: file, input: it, path: many.csv, if_exists: replace}}
Y
    expect_exit 0 qetl run many.yaml -q --json-file json
    expect_json json '.summary.balanced'
    readers=$(jq '.result.components[] | select(.id == "in") | .replicas' json)
}
read_many 'table: parts, connections: 3' 'plugin: select, columns: [id]'
expect_eq 'all partitions' "$(sed 1d many.csv | sort -n | md5sum) $readers" "$(seq 0 20000 | md5sum) 3"
read_many 'table: narrow, connections: 3' 'plugin: select, columns: [id]'
expect_eq 'one page' "$(sed 1d many.csv | xargs) $readers" '1 2 1'
read_many 'table: t, connections: 3, columns: [id, g]' 'plugin: filter, where: "g = 7 AND id < 5000"'
expect_eq 'a condition that the server judges' "$(sed 1d many.csv | sort | md5sum) $readers" \
    "$(sql -c 'COPY (SELECT id, g FROM t WHERE g = 7 AND id < 5000) TO STDOUT (FORMAT csv)' | sort | md5sum) 3"
expect_json json '.result.components[] | select(.id == "in") | .rows_out == 100'
read_many 'table: t, connections: 3, columns: [id, f]' 'plugin: filter, where: "f > 100.25 AND length(cast(id AS text)) = 4"'
expect_eq 'one that it judges in part' "$(sed 1d many.csv | cut -d, -f1 | sort -n | md5sum) $readers" "$(seq 1000 9999 | md5sum) 3"
read_many 'table: t, connections: 3, columns: [id, g]' 'plugin: limit, rows: 1234'
expect_eq 'a limit is one for all' "$(sed 1d many.csv | sort -u | wc -l) $readers" '1234 1'
read_many 'table: t, connections: 3' 'plugin: limit, rows: 1234' # decimals could be rejected: it is counted here
expect_eq 'a limit that is counted here' "$(sed 1d many.csv | sort -u | wc -l) $readers" '1234 3'
expect_exit 0 qetl preview many.yaml
expect_text out '^ *in '

# Nobody asked: two for a table of 280 MB as a whole, one where somebody may miss an order, a condition is judged, or the run has connections enough.
sql -c 'CREATE UNLOGGED TABLE wide (id int, x char(700)) WITH (fillfactor = 10)' -c "INSERT INTO wide SELECT i, '' FROM generate_series(1, 36000) i"
unasked() { # OPTIONS TRANSFORM READERS
    read_many "table: wide, columns: [id]$1" "$2"
    expect_eq "unasked:$1 $2" "$readers" "$3"
}
unasked '' 'plugin: select, columns: [id]' 2
expect_eq 'all of it' "$(sed 1d many.csv | sort -n | md5sum)" "$(seq 36000 | md5sum)"
unasked ', connections: 1' 'plugin: select, columns: [id]' 1
unasked ', key: id' 'plugin: select, columns: [id]' 1
unasked ', split_by: id' 'plugin: select, columns: [id]' 2
sql -c 'CREATE ROLE part LOGIN' -c 'GRANT SELECT (id) ON wide TO part' # who may read some columns may not find rows by their pages
pg_to=${pg_to/user: q/user: part}
unasked '' 'plugin: select, columns: [id]' 1
unasked ', split_by: id' 'plugin: select, columns: [id]' 2
expect_exit 3 read_pg 'table: wide, columns: [id], connections: 2'
expect_text err 'GRANT SELECT'
expect_exit 3 read_pg 'table: wide, columns: [id], connections: 2, split_by: x'
expect_text err 'its values do not divide the table: permission denied'
pg_to=${pg_to/user: part/user: q}
unasked '' 'plugin: filter, where: id < 10' 1
unasked '' 'plugin: limit, rows: 10' 1
# Nor where a database takes the rows, whose indexes grow faster in order, whatever passes them on; unless it was asked for, or not all go on as they come.
unasked_into() { # OPTIONS TRANSFORM SINK READERS [FOR]
    cat >into.yaml <<Y
name: into
sources: {in: {plugin: postgres, $pg_to, database: shop, table: wide, columns: [id]$1}}
transforms: {it: {input: in, ${2:-plugin: select, columns: [id]}}}
sinks: {out: {input: it, $3}}
Y
    expect_exit 0 qetl run into.yaml --dry-run --json
    expect_eq "unasked:$1 $2 into $3" "$(jq -c '.result.components[] | select(.id == "in") | [.readers // 1, .in_order_for]' out)" "[$4,${5:-null}]"
}
unasked_into '' '' "plugin: postgres, $pg_to, database: shop, table: copied" 1 '"out"'
unasked_into '' 'plugin: compute, set: {n: id + 1}' 'plugin: sqlite, path: w.db, table: copied' 1 '"out"'
expect_exit 0 qetl run into.yaml --dry-run
expect_text out '^in  source postgres: one reads it all, as its order serves out$'
unasked_into ', connections: 2' '' "plugin: postgres, $pg_to, database: shop, table: copied" 2
unasked_into '' 'plugin: aggregate, set: {n: count(*)}' "plugin: postgres, $pg_to, database: shop, table: copied" 2
unasked_into '' "plugin: filter, where: 'length(cast(id AS text)) < 3'" "plugin: postgres, $pg_to, database: shop, table: copied" 2
unasked_into '' '' 'plugin: "null"' 2
cat >streams.yaml <<Y
name: streams
sources: {in: {plugin: postgres, $pg_to, database: shop, streams: {a: {table: wide}, b: {table: wide}, c: {table: wide}}, columns: [id]}}
sinks: {out: {plugin: file, input: in, path: "{stream}.csv", if_exists: replace}}
Y
expect_exit 0 qetl run streams.yaml -q --json-file json
expect_eq 'four in all' "$(jq -c '[.result.components[] | select(.kind == "source") | .replicas]' json)" '[2,1,1]'
sql -c 'DROP TABLE wide'

# Batches are as large as the pipeline says, of rows that are wide and of rows of many columns.
batches() { # TABLE SIZE
    pipeline b "table: $1, connections: 2" 'plugin: "null"'
    expect_exit 0 qetl run b.yaml -q -s batch_bytes="$2" --json-file json
    many=$(jq '.result.components[] | select(.id == "in") | .batches' json)
    expect_eq "all rows of $1" "$(jq .summary.rows_in json)" "$(sql -c "SELECT count(*) FROM $1")"
}
sql -c "CREATE TABLE wide AS SELECT i AS id, repeat('0123456789abcdef', 4096) AS x FROM generate_series(1, 300) i" \
    -c "DO \$\$ BEGIN EXECUTE 'CREATE TABLE columns AS SELECT ' || (SELECT string_agg('i AS c' || n, ', ') FROM generate_series(1, 200) n) || ' FROM generate_series(1, 4000) i'; END \$\$"
for table in wide columns; do
    batches $table 4MiB
    few=$many
    batches $table 256KiB
    echo "# $table: $few batches of 4 MiB, $many of 256 KiB"
    expect_eq "smaller batches of $table" "$([ "$few" -gt 1 ] && [ "$many" -ge $((3 * few)) ] && echo yes)" yes
done
sql -c 'DROP TABLE wide, columns'

# Mistakes.
expect_exit 2 read_pg 'query: "SELECT 1 AS a", connections: 2'
expect_text err 'a query cannot be divided'
expect_exit 2 read_pg 'table: seen, connections: 2'
expect_text err 'a view or a foreign table cannot be divided'
for more in ', connections: 2' ', connections: 1' ''; do
    expect_exit 2 read_pg "table: t, split_by: nothing$more"
    expect_text err 'has no such column'
done
for name in ID 'id ' ctid 'id, part' '"id"' "id'" 'id; DROP TABLE t'; do
    expect_exit 2 read_pg "table: t, connections: 2, split_by: '${name//\'/\'\'}'"
    expect_text err 'reading.yaml:2:.* the table has no such column'
done
expect_eq 'it is there' "$(sql -c 'SELECT count(*) FROM t')" 60000
sql -c "CREATE TABLE odd (j json, p point, a int[], x xml, \"odd\"\"; name\" int, e int GENERATED ALWAYS AS (7) STORED)" \
    -c "INSERT INTO odd SELECT to_json(i), point(i, i), array[i], '<a/>', i FROM generate_series(1, 9000) i"
for column in j p a x; do
    expect_exit 2 read_pg "table: odd, connections: 2, split_by: $column"
    expect_text err "the values of $column have no order that divides them"
    expect_text err 'mend: split by a column of numbers, texts or moments'
done
expect_exit 2 read_pg 'table: odd, connections: 2, key: p'
expect_text err 'reading.yaml:2:.*the values of p have no order'
read_many "table: odd, columns: [e], connections: 2, split_by: 'odd\"; name'" 'plugin: select, columns: [e]'
expect_eq 'by a column of an odd name, which is not read' "$(sed 1d many.csv | wc -l) $readers" '9000 2'
read_many 'table: odd, columns: [e], connections: 2, split_by: e' 'plugin: select, columns: [e]'
expect_eq 'by a single value' "$(sed 1d many.csv | wc -l) $readers" '9000 1'
for value in 0 -1 1.5 33 '"4"' x '[2]' null; do
    expect_exit 2 read_pg "table: t, connections: $value"
    expect_text err 'connections. (must be|has no value)'
done
for value in 4 '[id]' '""' null; do
    expect_exit 2 read_pg "table: t, connections: 2, split_by: $value"
    expect_text err 'split_by. (must|has no value)'
done
expect_exit 2 read_pg 'table: t, connections: 2, split_by: g, key: [part, id]'
expect_text err 'share the values of its first column'
expect_exit 2 read_pg 'query: "SELECT 1 AS a", split_by: a'
expect_text err 'split_by goes with table alone'

# While rows move from the end of the table to its beginning and back, each comes once.
sql -c "CREATE TABLE moving (id int, at int) WITH (fillfactor = 50)" -c 'INSERT INTO moving SELECT i, 0 FROM generate_series(1, 20000) i' -c 'CREATE TABLE stop ()' \
    -c 'CREATE PROCEDURE move() LANGUAGE plpgsql AS $$ BEGIN FOR i IN 1..1000000 LOOP UPDATE moving SET at = i WHERE id % 97 = i % 97; COMMIT;
        EXIT WHEN EXISTS (SELECT FROM pg_class WHERE relname = $q$stopped$q$); END LOOP; END $$'
sql -c 'CALL move()' &
writer=$!
for by in '' ', split_by: id'; do
    read_many "table: moving, connections: 4$by" 'plugin: select, columns: [id]'
    expect_eq "each row once, while they move$by" "$(sed 1d many.csv | sort -n | md5sum) $readers" "$(seq 20000 | md5sum) 4"
done
sql -c 'CREATE TABLE stopped ()'
wait "$writer"

# Killed again and again: with a key each part goes on behind its last row, and pages begin anew; the target has every row once.
kills() { # NAME OPTIONS RESUMED: into a table of SQLite, a transaction an epoch
    pipeline "$1" "table: t, $2" "plugin: sqlite, path: $1.db, table: t, mode: append"
    sed -i 's/plugin: postgres,/plugin: postgres, rate_limit: 50000\/s,/' "$1.yaml"
    printf 'checkpoint: {every: 5ms}\nbatch_rows: 400\n' >>"$1.yaml"
    killed_until_well "$1" "$3"
    expect_eq "$1: every row, once" "$(sqlite3 "$1.db" "SELECT part || ',' || id FROM t ORDER BY part, id" | md5sum)" \
        "$(sql -c "SELECT part || ',' || id FROM t ORDER BY part, id" | md5sum)"
}
kills by_key 'connections: 3, key: [part, id]' 2
expect_eq 'it went on' "$([ $resumed -gt 0 ] && echo yes)" yes
kills by_pages 'connections: 3' 0
expect_eq 'it began anew' "$resumed" 0
until_eq 'sessions that are left' 0 pg_sessions
