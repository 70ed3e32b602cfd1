/* SPDX-License-Identifier: Apache-2.0 */
#include "discover.h"

#include "json_text.h"
#include "relation.h"

#include <stdio.h>
#include <stdlib.h>

enum { KEYS_MAX = 64 };
enum { AT_OID, AT_SCHEMA, AT_NAME, AT_KIND, AT_ROWS, AT_BYTES, AT_SHORT, AT_DENIED };

/* Partitions are read with what they are parts of. */
static const char list_sql[] =
    "SELECT c.oid, n.nspname, c.relname, CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN "
    "'partitioned table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' ELSE "
    "'foreign table' END, "
    "CASE WHEN c.relkind = 'v' OR c.reltuples < 0 THEN -1 ELSE c.reltuples::pg_catalog.int8 END, "
    "CASE c.relkind WHEN 'p' THEN (SELECT sum(pg_catalog.pg_table_size(relid)) FROM "
    "pg_catalog.pg_partition_tree(c.oid)) WHEN 'v' THEN -1 WHEN 'f' THEN -1 ELSE "
    "pg_catalog.pg_table_size(c.oid) END, "
    "pg_catalog.pg_table_is_visible(c.oid), "
    "NOT pg_catalog.has_any_column_privilege(c.oid, 'SELECT') "
    "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition "
    "AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%' "
    "AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND ($1 = '' OR n.nspname = $1) "
    "ORDER BY n.nspname COLLATE pg_catalog.\"C\", c.relname COLLATE pg_catalog.\"C\"";

static const char keys_sql[] =
    "SELECT a.attname FROM pg_catalog.pg_index i, pg_catalog.unnest(i.indkey) WITH ORDINALITY AS "
    "k(number, place) "
    "JOIN pg_catalog.pg_attribute a ON a.attnum = k.number "
    "WHERE i.indrelid = $1::pg_catalog.oid AND a.attrelid = i.indrelid AND i.indisprimary "
    "ORDER BY k.place";

static const struct pg_doing looking = {.what = "the tables cannot be looked at",
                                        .option = "/database"};

struct row {
    const PGresult *list;
    int at;
};

static const char *text_of(struct row row, int field)
{
    return PQgetvalue(row.list, row.at, field);
}

/* {"schema": "sales", "table": "orders"}: and no query beside it. */
static void options_put(struct pg_sql *out, struct row row)
{
    pg_sql_put(out, "{\"schema\": ");
    json_text_put(out, text_of(row, AT_SCHEMA), strlen(text_of(row, AT_SCHEMA)));
    pg_sql_put(out, ", \"table\": ");
    json_text_put(out, text_of(row, AT_NAME), strlen(text_of(row, AT_NAME)));
    pg_sql_put(out, ", \"query\": null}");
}

static int32_t keys_take(struct pg_session *s, struct row row, int64_t keys[KEYS_MAX],
                         struct qetl_discovered *out)
{
    PGresult *names = NULL;
    const char *const values[] = {text_of(row, AT_OID)};
    int32_t status = pg_session_run(s, looking, keys_sql, 1, values, &names);
    out->keys = keys;
    for (int i = 0; !status && i < PQntuples(names) && i < KEYS_MAX; i++) {
        keys[i] = qetl_schema_find(out->schema, PQgetvalue(names, i, 0));
        out->n_keys = keys[i] < 0 ? 0 : i + 1;
        if (keys[i] < 0)
            break;
    }
    PQclear(names);
    return status;
}

/* One that cannot be looked at, such as a view of what is gone, does not end the transaction. */
static int32_t columns_take(struct pg_session *s, struct row row, struct relation *r, char *trouble,
                            size_t size)
{
    int32_t status = pg_session_run(s, looking, "SAVEPOINT qetl", 0, NULL, NULL);
    if (status)
        return status;
    if (*text_of(row, AT_DENIED) == 't') {
        snprintf(trouble, size, "permission denied: GRANT SELECT ON %s", text_of(row, AT_NAME));
        return QETL_OK;
    }
    r->schema_name = text_of(row, AT_SCHEMA);
    r->table = text_of(row, AT_NAME);
    if (!relation_look(r, s))
        return pg_session_run(s, looking, "RELEASE SAVEPOINT qetl", 0, NULL, NULL);
    pg_fault_line(PQerrorMessage(s->conn), trouble, size);
    if (!*trouble)
        snprintf(trouble, size, "its columns cannot be told");
    return pg_session_run(s, looking, "ROLLBACK TO SAVEPOINT qetl", 0, NULL, NULL);
}

static int32_t relation_tell(struct pg_session *s, struct row row, void *stream,
                             discover_found *found)
{
    char trouble[300] = "";
    int64_t keys[KEYS_MAX];
    struct relation relation = {0};
    struct pg_sql options = {0}, name = {0};
    struct qetl_discovered what = {.struct_size = sizeof what,
                                   .flags = QETL_DISCOVERED_ESTIMATED,
                                   .kind = text_of(row, AT_KIND),
                                   .rows = strtoll(text_of(row, AT_ROWS), NULL, 10),
                                   .bytes = strtoll(text_of(row, AT_BYTES), NULL, 10)};
    int32_t status = columns_take(s, row, &relation, trouble, sizeof trouble);
    what.trouble = *trouble ? trouble : NULL;
    what.schema = *trouble ? NULL : &relation.schema;
    if (!status && what.schema)
        status = keys_take(s, row, keys, &what);
    options_put(&options, row);
    if (*text_of(row, AT_SHORT) != 't') {
        pg_sql_put(&name, text_of(row, AT_SCHEMA));
        pg_sql_put(&name, ".");
    }
    pg_sql_put(&name, text_of(row, AT_NAME));
    what.name = name.text;
    what.options = options.text;
    if (!status)
        status = options.failed || name.failed ? pg_fault_memory(s->env) : found(stream, &what);
    pg_sql_free(&options);
    pg_sql_free(&name);
    relation_free(&relation);
    return status;
}

int32_t discover(struct pg_session *s, void *stream, discover_found *found)
{
    PGresult *list = NULL;
    const char *schema = qetl_option_text(s->env, "/schema");
    const char *const values[] = {schema ? schema : ""};
    int32_t status = pg_session_open(s);
    if (!status)
        status = pg_session_run(s, looking, "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY", 0,
                                NULL, NULL);
    if (!status)
        status = pg_session_run(s, looking, list_sql, 1, values, &list);
    for (int i = 0; !status && i < PQntuples(list); i++)
        status = relation_tell(s, (struct row){list, i}, stream, found);
    PQclear(list);
    pg_session_close(s);
    return status;
}
