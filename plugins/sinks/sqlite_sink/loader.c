/* SPDX-License-Identifier: Apache-2.0 */
#include "loader.h"

#include "fault.h"
#include "match.h"

#include <stdlib.h>

/* ---- The statement ---- */

static void names_add(const struct loader *l, sqlite3_str *sql, int64_t first, int64_t end,
                      const char *format)
{
    for (int64_t i = first; i < end; i++) {
        const char *name = l->binders[i].name;
        sqlite3_str_appendf(sql, i > first ? ", " : "");
        sqlite3_str_appendf(sql, format, name, name);
    }
}

static void insert_make(const struct loader *l, sqlite3_str *sql)
{
    const struct history *h = &l->history;
    bool versions = l->mode == LOAD_SCD2;
    /* OR ABORT: whatever the table says about conflicts, the row is told */
    sqlite3_str_appendf(sql, "INSERT OR ABORT INTO main.\"%w\" (", l->table.name);
    names_add(l, sql, 0, l->n_binders, "\"%w\"");
    if (versions && !h->at)
        sqlite3_str_appendf(sql, ", \"%w\"", h->columns.from);
    if (versions)
        sqlite3_str_appendf(sql, ", \"%w\"", h->columns.current);
    sqlite3_str_appendf(sql, ") VALUES (");
    for (int64_t i = 0; i < l->n_binders; i++)
        sqlite3_str_appendf(sql, i ? ", ?%d" : "?%d", l->binders[i].parameter);
    if (versions && !h->at)
        sqlite3_str_appendf(sql, ", ?%d", h->time);
    sqlite3_str_appendf(sql, versions ? ", 1)" : ")");
    if (l->mode != LOAD_UPSERT)
        return;
    sqlite3_str_appendf(sql, " ON CONFLICT (");
    names_add(l, sql, 0, l->n_keys, "\"%w\"");
    sqlite3_str_appendf(sql, l->n_keys < l->n_binders ? ") DO UPDATE SET " : ") DO NOTHING");
    names_add(l, sql, l->n_keys, l->n_binders, "\"%w\" = excluded.\"%w\"");
}

static void delete_make(const struct loader *l, sqlite3_str *sql)
{
    sqlite3_str_appendf(sql, "DELETE FROM main.\"%w\" WHERE ", l->table.name);
    for (int64_t i = 0; i < l->n_keys; i++)
        sqlite3_str_appendf(sql, "%s\"%w\" = ?%d", i ? " AND " : "", l->binders[i].name,
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

static int32_t statement_make(struct loader *l)
{
    int32_t status = QETL_OK;
    if (l->mode == LOAD_SCD2)
        status = history_prepare(&l->history, l->database, l->table.name, l->n_binders, l->binders,
                                 l->n_keys);
    if (status)
        return status;
    sqlite3_str *text = sqlite3_str_new(l->database->db);
    if (l->mode == LOAD_DELETE)
        delete_make(l, text);
    else
        insert_make(l, text);
    char *sql = sqlite3_str_finish(text);
    status = sql ? statement_prepare(l, sql) : fault_memory(l->database->env);
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
    free(l->strays);
    sqlite3_finalize(l->statement);
    sqlite3_free(l->beside);
    history_clear(&l->history);
    table_free(&l->table);
    l->binders = NULL;
    l->strays = NULL;
    l->beside = NULL;
    l->n_binders = l->n_keys = l->n_strays = 0;
    l->statement = NULL;
}

static int32_t cookie_read(const struct loader *l, int64_t *cookie)
{
    return database_number(l->database, sqlite3_mprintf("PRAGMA main.schema_version"), 0, cookie);
}

int32_t loader_open(struct loader *l, struct database *d, const struct ArrowSchema *schema)
{
    loader_clear(l); /* of an attempt that found the database busy, or of a table as it was */
    l->database = d;
    if (l->mode == LOAD_SCD2)
        history_now(&l->history);
    int32_t status = match_columns(l, schema);
    if (!status)
        status = statement_make(l);
    return status ? status : cookie_read(l, &l->cookie);
}

int32_t loader_begin(struct loader *l, const struct ArrowSchema *schema)
{
    struct database *d = l->database;
    int64_t cookie = 0;
    if (d->begun)
        return QETL_OK;
    int32_t status = database_begin(d);
    if (!status)
        status = cookie_read(l, &cookie);
    if (!status && cookie != l->cookie)
        return loader_open(l, d, schema);
    history_now(&l->history);
    return status;
}

int32_t loader_finish(struct loader *l)
{
    if (l->mode != LOAD_REPLACE || l->swapped)
        return QETL_OK;
    int32_t status =
        table_swap(l->database, qetl_option_text(l->database->env, "/table"), l->beside);
    l->swapped = !status;
    return status;
}
