/* SPDX-License-Identifier: Apache-2.0 */
#include "loader.h"

#include "fault.h"
#include "match.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- The statement ---- */

static const char *column_name(const struct loader *l, int64_t i, const struct ArrowSchema *schema)
{
    return schema->children[l->binders[i].child]->name;
}

static void names_add(const struct loader *l, const struct ArrowSchema *schema, sqlite3_str *sql,
                      int64_t first, int64_t end, const char *format)
{
    for (int64_t i = first; i < end; i++) {
        const char *name = column_name(l, i, schema);
        sqlite3_str_appendf(sql, i > first ? ", " : "");
        sqlite3_str_appendf(sql, format, name, name);
    }
}

static void insert_make(const struct loader *l, const struct ArrowSchema *schema, sqlite3_str *sql)
{
    /* OR ABORT: whatever the table says about conflicts, the row is told */
    sqlite3_str_appendf(sql, "INSERT OR %s INTO main.\"%w\" (",
                        l->mode == LOAD_REPLACE ? "REPLACE" : "ABORT", l->table.name);
    names_add(l, schema, sql, 0, l->n_binders, "\"%w\"");
    sqlite3_str_appendf(sql, ") VALUES (");
    for (int64_t i = 0; i < l->n_binders; i++)
        sqlite3_str_appendf(sql, i ? ", ?%d" : "?%d", l->binders[i].parameter);
    sqlite3_str_appendf(sql, ")");
    if (l->mode != LOAD_UPSERT)
        return;
    sqlite3_str_appendf(sql, " ON CONFLICT (");
    names_add(l, schema, sql, 0, l->n_keys, "\"%w\"");
    sqlite3_str_appendf(sql, l->n_keys < l->n_binders ? ") DO UPDATE SET " : ") DO NOTHING");
    names_add(l, schema, sql, l->n_keys, l->n_binders, "\"%w\" = excluded.\"%w\"");
}

static void delete_make(const struct loader *l, const struct ArrowSchema *schema, sqlite3_str *sql)
{
    sqlite3_str_appendf(sql, "DELETE FROM main.\"%w\" WHERE ", l->table.name);
    for (int64_t i = 0; i < l->n_keys; i++)
        sqlite3_str_appendf(sql, "%s\"%w\" = ?%d", i ? " AND " : "", column_name(l, i, schema),
                            l->binders[i].parameter);
}

static int32_t statement_prepare(struct loader *l, const char *sql)
{
    struct database *d = l->database;
    int code = sqlite3_prepare_v3(d->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &l->statement, NULL);
    if (code == SQLITE_ERROR && l->mode == LOAD_UPSERT &&
        strstr(sqlite3_errmsg(d->db), "does not match any PRIMARY KEY or UNIQUE"))
        return qetl_fail(
            d->env, QETL_E_CONFIG, "/key",
            "CREATE UNIQUE INDEX over just these columns, or name those of the primary "
            "key",
            "%s: %s has no unique index over the columns of the key", d->path, l->table.name);
    return code ? database_fault(d, code, "rows cannot be written to the table") : QETL_OK;
}

static int32_t statement_make(struct loader *l, const struct ArrowSchema *schema)
{
    sqlite3_str *text = sqlite3_str_new(l->database->db);
    if (l->mode == LOAD_DELETE)
        delete_make(l, schema, text);
    else
        insert_make(l, schema, text);
    char *sql = sqlite3_str_finish(text);
    int32_t status = sql ? statement_prepare(l, sql) : fault_memory(l->database->env);
    sqlite3_free(sql);
    l->may_change_nothing =
        l->mode == LOAD_DELETE || (l->mode == LOAD_UPSERT && l->n_keys == l->n_binders);
    return status;
}

void loader_clear(struct loader *l)
{
    for (int64_t i = 0; l->binders && i < l->n_binders; i++)
        binder_free(&l->binders[i]);
    free(l->binders);
    sqlite3_finalize(l->statement);
    table_free(&l->table);
    l->binders = NULL;
    l->n_binders = l->n_keys = 0;
    l->statement = NULL;
}

int32_t loader_open(struct loader *l, struct database *d, const struct ArrowSchema *schema)
{
    loader_clear(l); /* of an attempt that found the database busy */
    l->database = d;
    int32_t status = match_columns(l, schema);
    return status ? status : statement_make(l, schema);
}

/* ---- Rows ---- */

static void reject(struct loader *l, int64_t row, int64_t column, const char *code,
                   const char *message)
{
    struct qetl_env env = l->database->env;
    struct qetl_reject info = {
        .struct_size = sizeof info, .row = row, .column = column, .code = code, .message = message};
    env.host->reject(env.ctx, &info);
}

/* The column that "NOT NULL constraint failed: orders.id" tells, or -1. */
static int64_t column_told(const struct loader *l, const char *message,
                           const struct ArrowSchema *schema)
{
    const char *at = strstr(message, "failed: ");
    size_t table = strlen(l->table.name);
    if (!at || strncmp(at + 8, l->table.name, table) != 0 || at[8 + table] != '.')
        return -1;
    return qetl_schema_find(schema, at + 8 + table + 1);
}

/* A step that did not end well: the row's fault, or everyone's. */
static int32_t row_failed(struct loader *l, int64_t row, int code, const struct ArrowSchema *schema)
{
    struct database *d = l->database;
    const char *word = fault_of_row(code);
    if (!word)
        return database_fault(d, code, "a row cannot be written");
    const char *message = sqlite3_errmsg(d->db);
    if (sqlite3_get_autocommit(d->db) || sqlite3_changes64(d->db)) {
        int32_t status = qetl_fail(d->env, QETL_E_DATA, "/table",
                                   "let the trigger say RAISE(ABORT, …), which takes back one row",
                                   "%s: a trigger of %s takes back more than a row, or less: %s",
                                   d->path, l->table.name, message);
        database_rollback(d);
        return status;
    }
    reject(l, row, column_told(l, message, schema), word, message);
    return QETL_OK;
}

/* Binds all values; *refused: one of them was, and told. */
static int32_t row_bind(struct loader *l, int64_t row, bool *refused)
{
    for (int64_t i = 0; i < l->n_binders; i++) {
        struct binder *b = &l->binders[i];
        const char *word = binder_bind(b, l->statement, row);
        if (word && b->starved)
            return fault_memory(l->database->env);
        if (word) {
            reject(l, row, b->child, word, b->why);
            *refused = true;
            return QETL_OK;
        }
    }
    return QETL_OK;
}

static int32_t row_write(struct loader *l, int64_t row, const struct ArrowSchema *schema,
                         int64_t *written)
{
    bool refused = false;
    int32_t status = row_bind(l, row, &refused);
    if (status || refused)
        return status;
    int code = sqlite3_step(l->statement);
    if (code != SQLITE_DONE) {
        status = row_failed(l, row, code, schema);
        sqlite3_reset(l->statement);
        return status;
    }
    sqlite3_reset(l->statement);
    if (sqlite3_changes64(l->database->db) == 0) {
        if (!l->may_change_nothing) {
            reject(l, row, -1, "ignored", "a trigger of the table left the row out");
            return QETL_OK;
        }
        l->unmatched += l->mode == LOAD_DELETE;
    }
    ++*written;
    return QETL_OK;
}

int32_t loader_write(struct loader *l, const struct ArrowArray *batch,
                     const struct ArrowSchema *schema, int64_t *written)
{
    struct qetl_column all;
    int32_t status = qetl_column_open(&all, schema, batch);
    for (int64_t i = 0; !status && i < l->n_binders; i++)
        status = binder_attach(&l->binders[i], &all);
    if (status)
        return qetl_fail(l->database->env, status, NULL, NULL,
                         "a batch does not fit the columns that were told");
    for (int64_t row = 0; !status && row < batch->length; row++)
        status = row_write(l, row, schema, written);
    sqlite3_clear_bindings(l->statement); /* they point into the batch */
    return status;
}
