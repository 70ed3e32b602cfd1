/* SPDX-License-Identifier: Apache-2.0 */
#include "table.h"

#include "fault.h"

#include <stdlib.h>

/* Of the column that the statement stands at: name, type, not null, default, key, hidden. */
static int32_t column_take(struct database *d, struct table *t, sqlite3_stmt *row)
{
    size_t bytes = ((size_t)t->n_columns + 1) * sizeof *t->columns;
    struct table_column *grown = realloc(t->columns, bytes);
    if (!grown)
        return fault_memory(d->env);
    t->columns = grown;
    struct table_column *c = &t->columns[t->n_columns];
    const char *declared = (const char *)sqlite3_column_text(row, 1);
    *c = (struct table_column){.key = sqlite3_column_int64(row, 4),
                               .generated = sqlite3_column_int(row, 5) > 1};
    c->name = strdup((const char *)sqlite3_column_text(row, 0));
    c->declared = strdup(declared ? declared : "");
    if (!c->name || !c->declared) {
        free(c->name);
        free(c->declared);
        return fault_memory(d->env);
    }
    t->n_columns++;
    c->affinity = affinity_of(c->declared, t->strict);
    bool numbers_itself = c->key && strcasecmp(c->declared, "INTEGER") == 0;
    c->needed = sqlite3_column_int(row, 2) && !numbers_itself && !c->generated &&
                sqlite3_column_type(row, 3) == SQLITE_NULL;
    return QETL_OK;
}

static int32_t columns_read(struct database *d, struct table *t)
{
    sqlite3_stmt *rows = NULL;
    int32_t status = database_prepare(d,
                                      "SELECT name, type, \"notnull\", dflt_value, pk, hidden "
                                      "FROM pragma_table_xinfo(?1, 'main') WHERE hidden <> 1",
                                      &rows, "the table cannot be looked at");
    if (status)
        return status;
    sqlite3_bind_text(rows, 1, t->name, -1, SQLITE_STATIC);
    int code;
    while ((code = sqlite3_step(rows)) == SQLITE_ROW && !status)
        status = column_take(d, t, rows);
    if (!status && code != SQLITE_DONE)
        status = database_fault(d, code, "the table cannot be looked at");
    sqlite3_finalize(rows);
    return status;
}

/* What bears the name: its kind, and whether it is STRICT. */
static int32_t kind_read(struct database *d, struct table *t)
{
    sqlite3_stmt *row = NULL;
    int32_t status = database_prepare(d,
                                      "SELECT type, strict FROM pragma_table_list(?1) "
                                      "WHERE schema = 'main'",
                                      &row, "the tables cannot be looked at");
    if (status)
        return status;
    sqlite3_bind_text(row, 1, t->name, -1, SQLITE_STATIC);
    int code = sqlite3_step(row);
    t->exists = code == SQLITE_ROW;
    t->strict = t->exists && sqlite3_column_int(row, 1);
    if (t->exists && strcmp((const char *)sqlite3_column_text(row, 0), "view") == 0)
        status = qetl_fail(d->env, QETL_E_CONFIG, "/table", "name the table behind it",
                           "%s: %s is a view", d->path, t->name);
    else if (code != SQLITE_ROW && code != SQLITE_DONE)
        status = database_fault(d, code, "the tables cannot be looked at");
    sqlite3_finalize(row);
    return status;
}

int32_t table_read(struct database *d, const char *name, struct table *out)
{
    table_free(out);
    out->name = name;
    int32_t status = kind_read(d, out);
    return status || !out->exists ? status : columns_read(d, out);
}

int64_t table_find(const struct table *t, const char *column)
{
    for (int64_t i = 0; i < t->n_columns; i++)
        if (sqlite3_stricmp(t->columns[i].name, column) == 0)
            return i;
    return -1;
}

static bool is_among(int64_t n, const int64_t *all, int64_t one)
{
    for (int64_t i = 0; i < n; i++)
        if (all[i] == one)
            return true;
    return false;
}

/* One whole number as the key is the number of the row itself, if it is declared so. */
static void declare_key(const struct ArrowSchema *field, bool only, struct declare_as as,
                        char declared[DECLARED_MAX])
{
    declare(field, as, declared);
    if (only && strcmp(declared, "BOOLEAN") != 0 &&
        affinity_of(declared, as.strict) == AFFINITY_INTEGER && strcmp(declared, "INTERVAL") != 0)
        strcpy(declared, "INTEGER");
}

static void columns_declare(sqlite3_str *sql, const struct ArrowSchema *schema, int64_t n_keys,
                            const int64_t *keys, struct declare_as as,
                            const struct table_history *history)
{
    const char *comma = "";
    for (int64_t i = 0; i < schema->n_children; i++) {
        char declared[DECLARED_MAX];
        bool key = is_among(n_keys, keys, i);
        if (history && history->at == i)
            continue;
        declare_key(schema->children[i], key && n_keys == 1 && !history, as, declared);
        sqlite3_str_appendf(sql, "%s\"%w\" %s%s", comma, schema->children[i]->name, declared,
                            key ? " NOT NULL" : "");
        comma = ", ";
    }
}

static void history_declare(sqlite3_str *sql, const struct ArrowSchema *schema,
                            struct declare_as as, const struct table_history *history)
{
    char declared[DECLARED_MAX] = "TIMESTAMP WITH TIME ZONE";
    if (history->at >= 0)
        declare(schema->children[history->at], as, declared);
    else if (as.strict)
        strcpy(declared, "TEXT");
    sqlite3_str_appendf(sql, ", \"%w\" %s NOT NULL, \"%w\" %s, \"%w\" %s NOT NULL", history->from,
                        declared, history->to, declared, history->current,
                        as.strict ? "INTEGER" : "BOOLEAN");
}

static void keys_list(sqlite3_str *sql, const struct ArrowSchema *schema, int64_t n_keys,
                      const int64_t *keys)
{
    for (int64_t i = 0; i < n_keys; i++)
        sqlite3_str_appendf(sql, i ? ", \"%w\"" : "\"%w\"", schema->children[keys[i]]->name);
}

/* There is one current version of each key, and it is found by it. */
static int32_t current_index(struct database *d, const char *name, const struct ArrowSchema *schema,
                             int64_t n_keys, const int64_t *keys,
                             const struct table_history *history)
{
    sqlite3_str *sql = sqlite3_str_new(d->db);
    sqlite3_str_appendf(sql, "CREATE UNIQUE INDEX \"%w_current\" ON \"%w\" (", name, name);
    keys_list(sql, schema, n_keys, keys);
    sqlite3_str_appendf(sql, ") WHERE \"%w\" = 1", history->current);
    return database_run_moved(d, sqlite3_str_finish(sql), "the index of a history cannot be made");
}

int32_t table_create(struct database *d, const char *name, const struct ArrowSchema *schema,
                     int64_t n_keys, const int64_t *keys, struct declare_as as,
                     const struct table_history *history)
{
    sqlite3_str *sql = sqlite3_str_new(d->db);
    sqlite3_str_appendf(sql, "CREATE TABLE \"%w\" (", name);
    columns_declare(sql, schema, n_keys, keys, as, history);
    if (history)
        history_declare(sql, schema, as, history);
    if (n_keys) {
        sqlite3_str_appendf(sql, ", PRIMARY KEY (");
        keys_list(sql, schema, n_keys, keys);
        if (history)
            sqlite3_str_appendf(sql, ", \"%w\"", history->from);
        sqlite3_str_appendf(sql, ")");
    }
    sqlite3_str_appendf(sql, ")%s", as.strict ? " STRICT" : "");
    int32_t status = database_run_moved(d, sqlite3_str_finish(sql), "the table cannot be created");
    return status || !history ? status : current_index(d, name, schema, n_keys, keys, history);
}

int32_t table_add_column(struct database *d, const struct table *t, const struct ArrowSchema *field,
                         struct declare_as as)
{
    char declared[DECLARED_MAX];
    declare(field, as, declared);
    return database_run_moved(
        d,
        sqlite3_mprintf("ALTER TABLE \"%w\" ADD COLUMN \"%w\" %s", t->name, field->name, declared),
        "a column cannot be added");
}

int32_t table_empty(struct database *d, const char *name)
{
    return database_run_moved(d, sqlite3_mprintf("DELETE FROM \"%w\"", name),
                              "the table cannot be emptied");
}

int32_t table_drop(struct database *d, const char *name)
{
    return database_run_moved(d, sqlite3_mprintf("DROP TABLE \"%w\"", name),
                              "the table cannot be replaced");
}

int32_t table_swap(struct database *d, const char *name, const char *by)
{
    /* as it was before SQLite looked at views when a table is named anew: these name the one that
     * is just gone */
    char *sql = sqlite3_mprintf("PRAGMA legacy_alter_table = ON; DROP TABLE IF EXISTS \"%w\"; "
                                "ALTER TABLE \"%w\" RENAME TO \"%w\"; "
                                "PRAGMA legacy_alter_table = OFF",
                                name, by, name);
    return database_run_moved(d, sql, "the table cannot be replaced");
}

void table_free(struct table *t)
{
    for (int64_t i = 0; i < t->n_columns; i++) {
        free(t->columns[i].name);
        free(t->columns[i].declared);
    }
    free(t->columns);
    *t = (struct table){0};
}
