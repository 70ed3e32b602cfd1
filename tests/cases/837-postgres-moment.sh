#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# All tables that one run reads of a database are seen at one moment: while rows move from table to table in one transaction after the other, each of them
# comes once, from wherever it was then.
# tsan: no
. "$(dirname "$0")/postgres-lib.sh"
pg_serve
sql <<'S'
CREATE SCHEMA shop;
CREATE SCHEMA other;
CREATE TABLE other.stop ();
CREATE TABLE other.moved (n bigint);
INSERT INTO other.moved VALUES (0);
DO $$ BEGIN
    FOR i IN 0..5 LOOP
        EXECUTE format('CREATE TABLE shop.t%s (id int PRIMARY KEY)', i);
        EXECUTE format('INSERT INTO shop.t%s SELECT i FROM generate_series(%s * 500 + 1, (%s + 1) * 500) i', i, i, i);
    END LOOP;
END $$;
CREATE PROCEDURE other.move() LANGUAGE plpgsql AS $$ BEGIN
    FOR i IN 1..10000000 LOOP
        EXECUTE format('WITH gone AS (DELETE FROM shop.t%s WHERE id IN (SELECT id FROM shop.t%s LIMIT 40) RETURNING id) INSERT INTO shop.t%s SELECT id FROM gone',
            i % 6, i % 6, (i + 1 + i / 7 % 5) % 6);
        UPDATE other.moved SET n = i;
        COMMIT;
        EXIT WHEN EXISTS (SELECT FROM pg_class WHERE relname = 'stopped');
    END LOOP;
END $$;
S
sql -c 'CALL other.move()' &
writer=$!
moved() { sql -c 'SELECT n FROM other.moved'; }

cat >all.yaml <<Y
name: all
sources: {in: {plugin: postgres, $pg_to, database: shop, schema: shop, streams: "*"}}
sinks: {out: {plugin: file, input: in, path: "tables/{stream}.csv"}}
Y
cat >two.yaml <<Y
name: two
sources:
  even: {plugin: postgres, $pg_to, database: shop, query: "SELECT id FROM shop.t0 UNION ALL SELECT id FROM shop.t2 UNION ALL SELECT id FROM shop.t4"}
  odd: {plugin: postgres, $pg_to, database: shop, query: "SELECT id FROM shop.t1 UNION ALL SELECT id FROM shop.t3 UNION ALL SELECT id FROM shop.t5", key: id}
sinks:
  evens: {plugin: file, input: even, path: tables/even.csv}
  odds: {plugin: file, input: odd, path: tables/odd.csv}
Y
seq 3000 >expected
for round in all two all two all; do
    rm -rf tables
    before=$(moved)
    expect_exit 0 qetl run $round.yaml -q --full-refresh
    tail -q -n +2 tables/*.csv | sort -n >found
    expect_eq "each row once: $round" "$(cmp expected found)" ''
    expect_eq 'rows moved meanwhile' "$([ "$(moved)" -gt "$before" ] && echo yes)" yes
done
sql -c 'CREATE TABLE other.stopped ()'
wait "$writer"
expect_eq 'the writer came to its end' $? 0

# A run that begins later sees what was written since; and a server without snapshots is read all the same.
sql -c 'DELETE FROM shop.t0' -c 'DELETE FROM shop.t1' -c 'INSERT INTO shop.t1 VALUES (5000)'
rm -rf tables
expect_exit 0 qetl run all.yaml -q
expect_eq 'what is there now' "$(tail -n +2 tables/shop_t1.csv)" 5000
sql -c 'REVOKE EXECUTE ON FUNCTION pg_export_snapshot() FROM public'
pg_hba 'local all reader trust'
sql -c 'CREATE ROLE reader LOGIN' -c 'GRANT USAGE ON SCHEMA shop TO reader' -c 'GRANT SELECT ON ALL TABLES IN SCHEMA shop TO reader'
sed -i 's/user: q/user: reader/' all.yaml
rm -rf tables
expect_exit 0 qetl run all.yaml --full-refresh --log-level info
expect_text err 'does not let others see'
expect_eq 'read alone' "$(tail -n +2 tables/shop_t1.csv)" 5000
sed 's/streams: "\*"/table: t2, connections: 2/; s/{stream}/t2/' all.yaml >alone.yaml
expect_exit 2 qetl run alone.yaml
expect_text err 'does not let several connections see one moment'
