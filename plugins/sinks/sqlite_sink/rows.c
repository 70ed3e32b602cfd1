/* SPDX-License-Identifier: Apache-2.0 */
/* Rows on their way into the table: each whole, or rejected. */
#include "fault.h"
#include "loader.h"

#include <stdio.h>

static void reject(struct loader *l, int64_t row, int64_t column, const char *code,
                   const char *message)
{
    struct qetl_env env = l->database->env;
    struct qetl_reject info = {
        .struct_size = sizeof info, .row = row, .column = column, .code = code, .message = message};
    env.host->reject(env.ctx, &info);
}

/* ---- What SQLite says of a row ---- */

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

/* As if the rows were in the table already that they are for. */
static const char *message_told(const struct loader *l, const char *message, char out[1024])
{
    const char *at = l->beside ? strstr(message, l->beside) : NULL;
    if (!at)
        return message;
    snprintf(out, 1024, "%.*s%s%s", (int)(at - message), message,
             qetl_option_text(l->database->env, "/table"), at + strlen(l->beside));
    return out;
}

/* A step that did not end well: the row's fault, or everyone's. */
static int32_t row_failed(struct loader *l, int64_t row, int code, const struct ArrowSchema *schema)
{
    struct database *d = l->database;
    char told[1024];
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
    reject(l, row, column_told(l, message, schema), word, message_told(l, message, told));
    return QETL_OK;
}

/* ---- A row ---- */

/* Binds all values; *refused: one of them was, and told. */
static int32_t row_bind(struct loader *l, sqlite3_stmt *statement, int64_t row, bool *refused)
{
    const struct history *h = &l->history;
    for (int64_t i = 0; i < l->n_binders; i++) {
        struct binder *b = &l->binders[i];
        const char *word = binder_bind(b, statement, row);
        if (word && b->starved)
            return fault_memory(l->database->env);
        if (word) {
            reject(l, row, b->child, word, b->why);
            *refused = true;
            return QETL_OK;
        }
    }
    if (l->mode == LOAD_SCD2 && !h->at)
        sqlite3_bind_text(statement, h->time, h->now, -1, SQLITE_STATIC);
    return QETL_OK;
}

/* One row by a statement; *refused: it was rejected, and nothing has changed. */
static int32_t row_run(struct loader *l, sqlite3_stmt *statement, int64_t row,
                       const struct ArrowSchema *schema, bool *refused)
{
    int32_t status = row_bind(l, statement, row, refused);
    if (status || *refused)
        return status;
    int code = sqlite3_step(statement);
    if (code != SQLITE_DONE) {
        status = row_failed(l, row, code, schema);
        *refused = true;
    }
    sqlite3_reset(statement);
    if (status || *refused || sqlite3_changes64(l->database->db))
        return status;
    if (!l->may_change_nothing) {
        reject(l, row, -1, "ignored", "a trigger of the table left the row out");
        *refused = true;
    }
    l->unmatched += l->mode == LOAD_DELETE;
    return QETL_OK;
}

/* The current version ends, and the row is the next: both, or none. */
static int32_t version_follow(struct loader *l, int64_t row, const struct ArrowSchema *schema,
                              bool *refused)
{
    static const char *const fault = "the history cannot be kept";
    struct database *d = l->database;
    int32_t status = database_run(d, "SAVEPOINT _qetl_version", fault);
    if (!status)
        status = row_run(l, l->history.end, row, schema, refused);
    if (!status && !*refused)
        status = row_run(l, l->statement, row, schema, refused);
    if (!status && *refused)
        status = database_run(d, "ROLLBACK TO _qetl_version", fault);
    return status ? status : database_run(d, "RELEASE _qetl_version", fault);
}

static int32_t version_find(struct loader *l, int64_t row, bool *refused, enum history_turn *turn)
{
    struct history *h = &l->history;
    int code = 0;
    int32_t status = row_bind(l, h->look, row, refused);
    if (!status && !*refused)
        code = history_turn(h, turn);
    if (!status && !*refused && !code && *turn == HISTORY_LATE) {
        status = row_bind(l, h->known, row, refused);
        code = history_known(h, turn);
    }
    return code ? database_fault(l->database, code, "the history cannot be read") : status;
}

static int32_t version_write(struct loader *l, int64_t row, const struct ArrowSchema *schema,
                             bool *refused)
{
    enum history_turn turn = HISTORY_NEW;
    int32_t status = version_find(l, row, refused, &turn);
    if (status || *refused)
        return status;
    switch (turn) {
    case HISTORY_NEW:
        return row_run(l, l->statement, row, schema, refused);
    case HISTORY_AGAIN:
        return row_run(l, l->history.again, row, schema, refused);
    case HISTORY_CHANGED:
        return version_follow(l, row, schema, refused);
    case HISTORY_LATE:
        reject(l, row, l->history.columns.at, "out_of_order",
               "a later version of its key is there already");
        *refused = true;
        return QETL_OK;
    default:
        l->history.same++;
        return QETL_OK;
    }
}

/* ---- A batch ---- */

/* A row that has a value where the table has no column. */
static void strays_refuse(struct loader *l, int64_t row, const struct ArrowSchema *schema,
                          bool *refused)
{
    for (int64_t i = 0; i < l->n_strays && !*refused; i++) {
        char told[512];
        if (qetl_column_is_null(&l->strays[i].column, row))
            continue;
        snprintf(told, sizeof told, "the table %.200s has no column %.200s",
                 qetl_option_text(l->database->env, "/table"),
                 schema->children[l->strays[i].child]->name);
        reject(l, row, l->strays[i].child, "new_column", told);
        *refused = true;
    }
}

static int32_t batch_attach(struct loader *l, const struct ArrowArray *batch,
                            const struct ArrowSchema *schema)
{
    struct qetl_column all;
    int32_t status = qetl_column_open(&all, schema, batch);
    for (int64_t i = 0; !status && i < l->n_binders; i++)
        status = binder_attach(&l->binders[i], &all);
    for (int64_t i = 0; !status && i < l->n_strays; i++)
        status = qetl_column_child(&all, l->strays[i].child, &l->strays[i].column);
    return status ? qetl_fail(l->database->env, status, NULL, NULL,
                              "a batch does not fit the columns that were told")
                  : QETL_OK;
}

/* They point into the batch. */
static void bindings_clear(struct loader *l)
{
    const struct history *h = &l->history;
    sqlite3_stmt *const all[] = {l->statement, h->look, h->known, h->end, h->again};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i])
            sqlite3_clear_bindings(all[i]);
}

int32_t loader_write(struct loader *l, const struct ArrowArray *batch,
                     const struct ArrowSchema *schema, int64_t *written)
{
    int32_t status = batch_attach(l, batch, schema);
    for (int64_t row = 0; !status && row < batch->length; row++) {
        bool refused = false;
        strays_refuse(l, row, schema, &refused);
        if (refused)
            continue;
        status = l->mode == LOAD_SCD2 ? version_write(l, row, schema, &refused)
                                      : row_run(l, l->statement, row, schema, &refused);
        *written += !status && !refused;
    }
    bindings_clear(l);
    return status;
}
