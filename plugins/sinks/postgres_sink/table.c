/* SPDX-License-Identifier: Apache-2.0 */
#include "table.h"

#include <stdio.h>
#include <stdlib.h>

static const struct server_text reads = {.what = "the catalogue cannot be read"};

/* ---- Reading ---- */

#define FACTS_OF                                                                                  \
    "SELECT pg_catalog.md5(pg_catalog.string_agg(pg_catalog.concat_ws(' ', a.attnum, a.attname, " \
    "a.atttypid, a.atttypmod, a.attnotnull, a.atthasdef, a.attgenerated, a.attidentity), '/' "    \
    "ORDER BY a.attnum)) FROM pg_catalog.pg_attribute a WHERE a.attrelid = "

/* Where it is; or, without a row of the first kind, where it would be. */
static const char place_sql[] =
    "SELECT c.oid, n.nspname, c.relkind, (" FACTS_OF "c.oid AND a.attnum > 0 AND NOT "
    "a.attisdropped) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = "
    "c.relnamespace WHERE c.oid = pg_catalog.to_regclass($1) UNION ALL "
    "SELECT NULL, pg_catalog.current_schema(), NULL, NULL ORDER BY 1 LIMIT 1";

enum {
    COLUMN_NAME,
    COLUMN_DECLARED,
    COLUMN_OID,
    COLUMN_MOD,
    COLUMN_ENUM,
    COLUMN_NEEDED,
    COLUMN_GENERATED,
    COLUMN_KEY
};

/* A domain is what lies below it. */
static const char columns_sql[] =
    "WITH RECURSIVE types AS (SELECT a.attnum, a.atttypid AS oid, a.atttypmod AS mod, 0 AS depth "
    "FROM pg_catalog.pg_attribute a WHERE a.attrelid = $1::pg_catalog.oid AND a.attnum > 0 AND "
    "NOT a.attisdropped UNION ALL SELECT b.attnum, t.typbasetype, t.typtypmod, b.depth + 1 "
    "FROM types b JOIN pg_catalog.pg_type t ON t.oid = b.oid AND t.typtype = 'd') "
    "SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), b.oid, b.mod, "
    "t.typtype = 'e', a.attnotnull AND NOT a.atthasdef AND a.attidentity = '', "
    "a.attgenerated <> '', coalesce((SELECT k.place FROM pg_catalog.pg_index i, "
    "pg_catalog.unnest(i.indkey) WITH ORDINALITY AS k(number, place) WHERE i.indrelid = a.attrelid "
    "AND i.indisprimary AND k.number = a.attnum), 0) "
    "FROM pg_catalog.pg_attribute a JOIN (SELECT DISTINCT ON (attnum) * FROM types ORDER BY "
    "attnum, depth DESC) b ON b.attnum = a.attnum JOIN pg_catalog.pg_type t ON t.oid = b.oid "
    "WHERE a.attrelid = $1::pg_catalog.oid ORDER BY a.attnum";

static bool is_true(const PGresult *r, int row, int field)
{
    return *PQgetvalue(r, row, field) == 't';
}

static int32_t columns_read(struct server *s, const char *oid, struct table *out)
{
    const char *const values[] = {oid};
    PGresult *r = NULL;
    int32_t status = server_ask(s, reads, columns_sql, 1, values, &r);
    int n = status ? 0 : PQntuples(r);
    out->columns = calloc((size_t)n + 1, sizeof *out->columns);
    for (int i = 0; out->columns && i < n; i++) {
        struct table_column *c = &out->columns[out->n_columns++];
        int32_t typmod = atoi(PQgetvalue(r, i, COLUMN_MOD));
        Oid type = (Oid)strtoul(PQgetvalue(r, i, COLUMN_OID), NULL, 10);
        *c = (struct table_column){.name = strdup(PQgetvalue(r, i, COLUMN_NAME)),
                                   .declared = strdup(PQgetvalue(r, i, COLUMN_DECLARED)),
                                   .type = pg_type_of(type, typmod, is_true(r, i, COLUMN_ENUM)),
                                   .typmod = typmod,
                                   .key = atoi(PQgetvalue(r, i, COLUMN_KEY)),
                                   .needed = is_true(r, i, COLUMN_NEEDED),
                                   .generated = is_true(r, i, COLUMN_GENERATED)};
        if (!c->name || !c->declared)
            status = pg_fault_memory(s->session.env);
    }
    PQclear(r);
    return out->columns ? status : pg_fault_memory(s->session.env);
}

static int32_t kind_check(struct server *s, const char *name, char kind)
{
    if (!kind || strchr("rp", kind))
        return QETL_OK;
    return qetl_fail(s->session.env, QETL_E_CONFIG, "/table",
                     "name a table, and not what is made of tables",
                     "%s: %s is a %s, and no rows are loaded into that", s->session.who, name,
                     kind == 'v'   ? "view"
                     : kind == 'm' ? "materialized view"
                     : kind == 'f' ? "foreign table"
                                   : "relation of another kind");
}

static void path_put(struct pg_sql *sql, const char *schema, const char *name)
{
    if (schema) {
        pg_sql_name(sql, schema);
        pg_sql_put(sql, ".");
    }
    pg_sql_name(sql, name);
}

static int32_t names_set(struct server *s, const char *schema, const char *name, const PGresult *r,
                         struct table *out)
{
    struct pg_sql path = {0};
    if (!schema && PQgetisnull(r, 0, 1))
        return qetl_fail(s->session.env, QETL_E_CONFIG, "/schema", "name one: schema",
                         "%s: the search path has no schema in which a table could be made",
                         s->session.who);
    out->schema = strdup(schema ? schema : PQgetvalue(r, 0, 1));
    out->name = strdup(name);
    out->mark = strdup(PQgetvalue(r, 0, 3));
    if (out->schema && out->name)
        path_put(&path, out->schema, out->name);
    out->path = path.failed ? NULL : path.text;
    return out->path && out->mark ? QETL_OK : pg_fault_memory(s->session.env);
}

int32_t table_read(struct server *s, const char *schema, const char *name, struct table *out)
{
    struct pg_sql path = {0};
    PGresult *r = NULL;
    table_free(out);
    if (strlen(name) > TABLE_NAME_MAX)
        return qetl_fail(s->session.env, QETL_E_CONFIG, "/table", "give it a shorter one",
                         "a name of PostgreSQL has at most 63 bytes");
    path_put(&path, schema, name);
    const char *const values[] = {path.text};
    int32_t status = path.failed ? pg_fault_memory(s->session.env)
                                 : server_ask(s, reads, place_sql, 1, values, &r);
    pg_sql_free(&path);
    if (!status)
        status = kind_check(s, name, *PQgetvalue(r, 0, 2));
    if (!status)
        status = names_set(s, schema, name, r, out);
    out->exists = !status && !PQgetisnull(r, 0, 0);
    if (out->exists)
        status = columns_read(s, PQgetvalue(r, 0, 0), out);
    PQclear(r);
    return status;
}

int32_t table_beside(struct server *s, struct table *t, const char *name)
{
    char *schema = strdup(t->schema), *own = strdup(name);
    int32_t status =
        schema && own ? table_read(s, schema, own, t) : pg_fault_memory(s->session.env);
    free(schema);
    free(own);
    return status;
}

int32_t table_again(struct server *s, struct table *t)
{
    return table_beside(s, t, t->name);
}

int32_t table_hold(struct server *s, const struct table *t, bool *same)
{
    static const struct server_text text = {
        .what = "the table cannot be written", .option = "/table", .grant = "GRANT INSERT on it"};
    struct pg_sql sql = {0};
    const char *const values[] = {t->path};
    PGresult *r = NULL;
    pg_sql_put(&sql, "LOCK TABLE ONLY ");
    pg_sql_put(&sql, t->path);
    pg_sql_put(&sql, " IN ROW EXCLUSIVE MODE");
    int32_t status = server_run_moved(s, text, &sql);
    if (!status)
        status = server_ask(s, reads,
                            FACTS_OF "pg_catalog.to_regclass($1) AND a.attnum > 0 AND NOT "
                                     "a.attisdropped",
                            1, values, &r);
    *same = !status && strcmp(PQgetvalue(r, 0, 0), t->mark) == 0;
    PQclear(r);
    return status;
}

int64_t table_find(const struct table *t, const char *column)
{
    for (int64_t i = 0; i < t->n_columns; i++)
        if (strcmp(t->columns[i].name, column) == 0)
            return i;
    return -1;
}

void table_free(struct table *t)
{
    for (int64_t i = 0; i < t->n_columns; i++) {
        free(t->columns[i].name);
        free(t->columns[i].declared);
    }
    free(t->columns);
    free(t->schema);
    free(t->name);
    free(t->path);
    free(t->mark);
    *t = (struct table){0};
}
