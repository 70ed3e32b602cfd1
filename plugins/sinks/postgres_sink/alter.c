/* SPDX-License-Identifier: Apache-2.0 */
/* Tables that are made, widened, emptied, and put in another's place. */
#include "declare.h"
#include "table.h"

static bool is_among(int64_t n, const int64_t *all, int64_t one)
{
    for (int64_t i = 0; i < n; i++)
        if (all[i] == one)
            return true;
    return false;
}

/* The type ends with its line, whatever it ends with. */
static int32_t column_put(struct server *s, struct pg_sql *sql, const char *name,
                          const struct ArrowSchema *field, const char *more)
{
    char declared[DECLARED_MAX];
    int32_t status = declare(s, field, declared);
    pg_sql_name(sql, name);
    pg_sql_put(sql, " ");
    pg_sql_put(sql, declared);
    pg_sql_put(sql, "\n");
    pg_sql_put(sql, more);
    return status;
}

static int32_t history_put(struct server *s, struct pg_sql *sql, const struct ArrowSchema *schema,
                           const struct table_history *h)
{
    struct ArrowSchema clock = {0};
    const struct ArrowSchema *at = h->at >= 0 ? schema->children[h->at] : &clock;
    int32_t status = h->at >= 0 ? QETL_OK : qetl_schema_init_field(&clock, "", "tsu:UTC");
    pg_sql_put(sql, ", ");
    if (!status)
        status = column_put(s, sql, h->from, at, " NOT NULL, ");
    if (!status)
        status = column_put(s, sql, h->to, at, ", ");
    qetl_schema_release(&clock);
    pg_sql_name(sql, h->current);
    pg_sql_put(sql, " boolean NOT NULL");
    return status;
}

static void keys_put(struct pg_sql *sql, const struct ArrowSchema *schema, int64_t n_keys,
                     const int64_t *keys)
{
    for (int64_t i = 0; i < n_keys; i++) {
        pg_sql_put(sql, i ? ", " : "");
        pg_sql_name(sql, schema->children[keys[i]]->name);
    }
}

/* There is one current version of each key, and it is found by it. */
static void current_put(struct pg_sql *sql, const struct table *t, const struct ArrowSchema *schema,
                        int64_t n_keys, const int64_t *keys, const struct table_history *h)
{
    pg_sql_put(sql, "; CREATE UNIQUE INDEX ON ");
    pg_sql_put(sql, t->path);
    pg_sql_put(sql, " (");
    keys_put(sql, schema, n_keys, keys);
    pg_sql_put(sql, ") WHERE ");
    pg_sql_name(sql, h->current);
}

int32_t table_create(struct server *s, const struct table *t, const struct ArrowSchema *schema,
                     int64_t n_keys, const int64_t *keys, const struct table_history *history)
{
    static const struct server_text text = {
        .what = "the table cannot be created",
        .option = "/table",
        .grant = "let someone who may run: GRANT CREATE, USAGE ON SCHEMA … TO this user; or create "
                 "it, and set create: false"};
    struct pg_sql sql = {0};
    int32_t status = QETL_OK;
    const char *comma = "";
    pg_sql_put(&sql, "CREATE TABLE ");
    pg_sql_put(&sql, t->path);
    pg_sql_put(&sql, " (");
    for (int64_t i = 0; !status && i < schema->n_children; i++) {
        if (history && history->at == i)
            continue;
        pg_sql_put(&sql, comma);
        status = column_put(s, &sql, schema->children[i]->name, schema->children[i],
                            is_among(n_keys, keys, i) ? " NOT NULL" : "");
        comma = ", ";
    }
    if (!status && history)
        status = history_put(s, &sql, schema, history);
    if (n_keys) {
        pg_sql_put(&sql, ", PRIMARY KEY (");
        keys_put(&sql, schema, n_keys, keys);
        if (history) {
            pg_sql_put(&sql, ", ");
            pg_sql_name(&sql, history->from);
        }
        pg_sql_put(&sql, ")");
    }
    pg_sql_put(&sql, ")");
    if (history)
        current_put(&sql, t, schema, n_keys, keys, history);
    if (status) {
        pg_sql_free(&sql);
        return status;
    }
    return server_run_moved(s, text, &sql);
}

int32_t table_add_column(struct server *s, const struct table *t, const struct ArrowSchema *field)
{
    static const struct server_text text = {
        .what = "a column cannot be added",
        .option = "/new_columns",
        .grant = "only who owns the table may add columns; add it, or set new_columns to drop or "
                 "reject"};
    struct pg_sql sql = {0};
    pg_sql_put(&sql, "ALTER TABLE ");
    pg_sql_put(&sql, t->path);
    pg_sql_put(&sql, " ADD COLUMN ");
    int32_t status = column_put(s, &sql, field->name, field, "");
    if (!status)
        return server_run_moved(s, text, &sql);
    pg_sql_free(&sql);
    return status;
}

int32_t table_widen_column(struct server *s, const struct table *t, const struct table_column *c,
                           const char *type)
{
    static const struct server_text text = {
        .what = "a column cannot be given a wider type",
        .option = "/new_columns",
        .grant = "only who owns the table may do that; do it, or set new_columns to freeze"};
    struct pg_sql sql = {0};
    qetl_logf(s->session.env, QETL_LOG_INFO, "%s: %s of %s was %s, and becomes %s", s->session.who,
              c->name, t->name, c->declared, type);
    pg_sql_put(&sql, "ALTER TABLE ");
    pg_sql_put(&sql, t->path);
    pg_sql_put(&sql, " ALTER COLUMN ");
    pg_sql_name(&sql, c->name);
    pg_sql_put(&sql, " TYPE ");
    pg_sql_put(&sql, type);
    return server_run_moved(s, text, &sql);
}

int32_t table_empty(struct server *s, const struct table *t)
{
    static const struct server_text text = {
        .what = "the table cannot be emptied",
        .option = "/mode",
        .grant = "let someone who may run: GRANT TRUNCATE ON … TO this user"};
    struct pg_sql sql = {0};
    pg_sql_put(&sql, "TRUNCATE ");
    pg_sql_put(&sql, t->path);
    return server_run_moved(s, text, &sql);
}

static const struct server_text replaces = {
    .what = "the table cannot be replaced",
    .option = "/mode",
    .grant = "only who owns the table may replace it; mode: truncate keeps it"};

int32_t table_drop(struct server *s, const struct table *t)
{
    struct pg_sql sql = {0};
    pg_sql_put(&sql, "DROP TABLE ");
    pg_sql_put(&sql, t->path);
    return server_run_moved(s, replaces, &sql);
}

/* ---- In another's place ---- */

/* Statements that give each role the rights on the new table that it has on the former one. */
static const char rights_sql[] =
    "SELECT pg_catalog.format('GRANT %s ON %s TO %s%s', a.privilege_type, $2::pg_catalog.text, "
    "CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(r.rolname) END, "
    "CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) "
    "FROM pg_catalog.pg_class c, pg_catalog.aclexplode(c.relacl) a LEFT JOIN pg_catalog.pg_roles r "
    "ON r.oid = a.grantee WHERE c.oid = pg_catalog.to_regclass($1) AND a.grantee <> c.relowner";

/* Its primary key is called as if it had always been that table's, where nothing else is. */
static const char key_sql[] =
    "SELECT pg_catalog.format('ALTER TABLE %s RENAME CONSTRAINT %I TO %I', "
    "$1::pg_catalog.text, c.conname, n.name) FROM pg_catalog.pg_constraint c, "
    "(SELECT pg_catalog.left($2, 58) || '_pkey' AS name) n WHERE c.contype = 'p' AND "
    "c.conrelid = pg_catalog.to_regclass($1) AND NOT EXISTS (SELECT FROM pg_catalog.pg_class "
    "WHERE relnamespace = c.connamespace AND relname = n.name)";

/* Asks for statements, and runs them. */
static int32_t answers_run(struct server *s, const char *sql, const char *first, const char *second)
{
    const char *const values[] = {first, second};
    PGresult *r = NULL;
    int32_t status = server_ask(s, replaces, sql, 2, values, &r);
    for (int i = 0; !status && i < PQntuples(r); i++)
        status = server_run(s, replaces, PQgetvalue(r, i, 0));
    PQclear(r);
    return status;
}

int32_t table_swap(struct server *s, const char *name, const struct table *by)
{
    struct pg_sql path = {0}, drop = {0}, sql = {0};
    pg_sql_name(&path, by->schema);
    pg_sql_put(&path, ".");
    pg_sql_name(&path, name);
    pg_sql_put(&drop, "DROP TABLE IF EXISTS ");
    pg_sql_put(&drop, path.text ? path.text : "");
    pg_sql_put(&sql, "ALTER TABLE ");
    pg_sql_put(&sql, by->path);
    pg_sql_put(&sql, " RENAME TO ");
    pg_sql_name(&sql, name);
    int32_t status = path.failed ? pg_fault_memory(s->session.env)
                                 : answers_run(s, rights_sql, path.text, by->path);
    if (!status)
        status = server_run_moved(s, replaces, &drop);
    if (!status)
        status = answers_run(s, key_sql, by->path, name);
    if (!status)
        status = server_run_moved(s, replaces, &sql);
    pg_sql_free(&path);
    pg_sql_free(&drop);
    pg_sql_free(&sql);
    return status;
}
