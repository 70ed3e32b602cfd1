#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The pipelines in docs/examples/tables do what they say.
. "$(dirname "$0")/lib.sh"

cp "$root"/docs/examples/tables/* .
sql() {
    sqlite3 -batch warehouse.db "$1" | paste -sd ' '
}
for example in *.yaml; do
    expect_exit 0 qetl validate "$example"
    expect_exit 0 qetl lint --strict "$example"
done
for _ in once again; do
    expect_exit 0 qetl run history.yaml -q
    expect_eq 'versions' "$(sql 'SELECT customer_id, city, valid_from, valid_to, is_current FROM customers ORDER BY 1, 3')" \
        '1|Rome|2026-01-01 08:00:00|2026-03-15 12:30:00|0 1|Milan|2026-03-15 12:30:00||1 2|Oslo|2026-01-01 08:00:00||1'
done
expect_exit 0 qetl run snapshot.yaml -q
expect_eq 'a snapshot' "$(sql 'SELECT customer_id, city FROM changed ORDER BY 1')" '1|Milan 2|Oslo'
sed -i '/^2/d' customers.csv
expect_exit 0 qetl run snapshot.yaml -q
expect_eq 'and the next' "$(sql 'SELECT customer_id, city FROM changed ORDER BY 1')" '1|Milan'
cp "$root"/docs/examples/tables/customers.csv .
sql 'CREATE TABLE current (customer_id INTEGER PRIMARY KEY, name TEXT); INSERT INTO current VALUES (1, "Nobody"), (3, "Cy")'
expect_exit 0 qetl run evolve.yaml -q
expect_eq 'rows by their key' "$(sql 'SELECT customer_id, name, city FROM current ORDER BY 1')" '1|Ada|Milan 2|Bo|Oslo 3|Cy|'
expect_exit 0 qetl run forget.yaml -q
expect_eq 'without one' "$(sql 'SELECT customer_id FROM current ORDER BY 1')" '1 3'
for example in history evolve forget; do
    expect_exit 0 qetl conns test $example.yaml
done
