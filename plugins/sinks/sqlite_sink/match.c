/* SPDX-License-Identifier: Apache-2.0 */
#include "match.h"

#include "fault.h"

#include <stdlib.h>

struct keys {
    int64_t *columns; /* of the schema */
    int64_t n;
};

static int32_t key_add(struct qetl_env env, struct keys *keys, int64_t column)
{
    for (int64_t i = 0; i < keys->n; i++)
        if (keys->columns[i] == column)
            return qetl_fail(env, QETL_E_CONFIG, "/key", NULL, "a column stands twice in the key");
    keys->columns[keys->n++] = column;
    return QETL_OK;
}

static int32_t keys_given(struct qetl_env env, const struct ArrowSchema *schema, struct keys *keys)
{
    int64_t n = qetl_option_count(env, "/key");
    int32_t status = QETL_OK;
    for (int64_t i = 0; !status && i < (n < 0 ? 1 : n); i++) {
        char pointer[32] = "/key";
        if (n >= 0)
            sqlite3_snprintf(sizeof pointer, pointer, "/key/%lld", (long long)i);
        int64_t column = qetl_schema_require(env, schema, pointer, qetl_option_text(env, pointer));
        status = column < 0 ? (int32_t)column : key_add(env, keys, column);
    }
    return status;
}

static int64_t schema_find_nocase(const struct ArrowSchema *schema, const char *name)
{
    for (int64_t i = 0; i < schema->n_children; i++)
        if (sqlite3_stricmp(schema->children[i]->name, name) == 0)
            return i;
    return -1;
}

/* Where the option says nothing, the primary key of the table is the key. */
static int32_t keys_of_table(const struct loader *l, const struct ArrowSchema *schema,
                             struct keys *keys)
{
    const struct database *d = l->database;
    for (int64_t place = 1; place <= l->table.n_columns; place++)
        for (int64_t i = 0; i < l->table.n_columns; i++) {
            const struct table_column *c = &l->table.columns[i];
            if (c->key != place)
                continue;
            int64_t column = schema_find_nocase(schema, c->name);
            if (column < 0)
                return qetl_fail(d->env, QETL_E_CONFIG, "/key",
                                 "add the column to the rows, or name another key",
                                 "%s: the rows lack %s, which is in the primary key of %s", d->path,
                                 c->name, l->table.name);
            keys->columns[keys->n++] = column;
        }
    return keys->n ? QETL_OK
                   : qetl_fail(d->env, QETL_E_CONFIG, "/key", "name the columns of the key",
                               "%s: %s has no primary key", d->path, l->table.name);
}

/* ---- Each column's place ---- */

static int32_t names_check(const struct loader *l, const struct ArrowSchema *schema)
{
    for (int64_t i = 0; i < schema->n_children; i++)
        if (schema_find_nocase(schema, schema->children[i]->name) < i)
            return qetl_fail(
                l->database->env, QETL_E_CONFIG, NULL,
                "give them other names before the sink (transform select)",
                "two columns of the rows are %s to SQLite, which takes a and A for one",
                schema->children[i]->name);
    return QETL_OK;
}

/* A column that the table lacks. */
static int32_t column_new(struct loader *l, const struct ArrowSchema *schema, int64_t child,
                          int64_t *place)
{
    const struct ArrowSchema *field = schema->children[child];
    struct database *d = l->database;
    const char *name = l->table.name;
    *place = -1;
    if (strcmp(l->new_columns, "reject") == 0) {
        l->strays[l->n_strays++].child = child;
        return QETL_OK;
    }
    if (strcmp(l->new_columns, "drop") == 0) {
        qetl_logf(d->env, QETL_LOG_INFO, "%s: %s has no column %s, which is left out", d->path,
                  name, field->name);
        return QETL_OK;
    }
    if (strcmp(l->new_columns, "freeze") == 0)
        return qetl_fail(d->env, QETL_E_CONFIG, "/new_columns",
                         "add it to the table (new_columns: evolve), leave it out (drop), reject "
                         "rows that have a value in it (reject), or give it another name before "
                         "the sink (transform select)",
                         "%s: the table %s has no column %s", d->path, name, field->name);
    int32_t status = database_begin(d);
    if (!status)
        status = table_add_column(d, &l->table, field, declare_options(d->env));
    if (!status)
        status = table_read(d, name, &l->table);
    *place = status ? -1 : table_find(&l->table, field->name);
    return status;
}

static bool is_text(const struct ArrowSchema *field)
{
    const char *format = field->dictionary ? field->dictionary->format : field->format;
    return strcmp(format, "vu") == 0 || strcmp(format, "u") == 0 || strcmp(format, "U") == 0;
}

/* What the table calls it. */
static const char *name_of(const struct loader *l, const struct ArrowSchema *schema, int64_t child)
{
    const struct table_history *h = &l->history.columns;
    return l->mode == LOAD_SCD2 && h->at == child ? h->from : schema->children[child]->name;
}

static int32_t binder_add(struct loader *l, const struct ArrowSchema *schema, int64_t child,
                          bool key)
{
    struct database *d = l->database;
    const struct ArrowSchema *field = schema->children[child];
    int64_t place = table_find(&l->table, name_of(l, schema, child));
    int32_t status = place < 0 ? column_new(l, schema, child, &place) : QETL_OK;
    if (status || place < 0)
        return status;
    const struct table_column *c = &l->table.columns[place];
    if (c->generated)
        return qetl_fail(d->env, QETL_E_CONFIG, NULL, "leave it out before the sink",
                         "%s: %s of %s is computed by the table, and cannot be written", d->path,
                         c->name, l->table.name);
    if (is_text(field) && c->affinity >= AFFINITY_NUMERIC && !l->table.strict)
        qetl_logf(d->env, QETL_LOG_WARN,
                  "%s: %s is text, and %s declares %s: SQLite makes numbers of texts that look so",
                  d->path, c->name, l->table.name, c->declared);
    const char *nan = qetl_option_text(d->env, "/nan");
    l->binders[l->n_binders] =
        (struct binder){.child = child,
                        .parameter = (int)l->n_binders + 1,
                        .key = key,
                        .since = l->mode == LOAD_SCD2 && l->history.columns.at == child,
                        .nan_is_null = strcmp(nan, "null") == 0,
                        .affinity = c->affinity};
    l->n_binders++;
    return QETL_OK;
}

static bool is_key(const struct keys *keys, int64_t column)
{
    for (int64_t i = 0; i < keys->n; i++)
        if (keys->columns[i] == column)
            return true;
    return false;
}

static int32_t binders_make(struct loader *l, const struct ArrowSchema *schema,
                            const struct keys *keys)
{
    int64_t at = l->mode == LOAD_SCD2 ? l->history.columns.at : -1;
    int32_t status = QETL_OK;
    l->binders = calloc((size_t)schema->n_children + 1, sizeof *l->binders);
    l->strays = calloc((size_t)schema->n_children + 1, sizeof *l->strays);
    if (!l->binders || !l->strays)
        return fault_memory(l->database->env);
    for (int64_t i = 0; !status && i < keys->n; i++)
        status = binder_add(l, schema, keys->columns[i], true);
    l->n_keys = l->n_binders;
    for (int64_t i = 0; !status && l->mode != LOAD_DELETE && i < schema->n_children; i++)
        if (!is_key(keys, i) && i != at)
            status = binder_add(l, schema, i, false);
    if (!status && at >= 0)
        status = binder_add(l, schema, at, false);
    for (int64_t i = 0; !status && i < l->n_binders; i++) { /* the table stays as it is from now */
        struct binder *b = &l->binders[i];
        const struct table_column *c =
            &l->table.columns[table_find(&l->table, name_of(l, schema, b->child))];
        b->name = c->name;
        b->declared = c->declared;
    }
    return status;
}

static bool is_history(const struct loader *l, const char *name)
{
    const struct table_history *h = &l->history.columns;
    return l->mode == LOAD_SCD2 &&
           (sqlite3_stricmp(name, h->from) == 0 || sqlite3_stricmp(name, h->to) == 0 ||
            sqlite3_stricmp(name, h->current) == 0);
}

/* A column that rows must have, and that nobody gives. */
static int32_t needed_check(const struct loader *l, const struct ArrowSchema *schema)
{
    for (int64_t i = 0; l->mode != LOAD_DELETE && i < l->table.n_columns; i++) {
        const struct table_column *c = &l->table.columns[i];
        if (c->needed && schema_find_nocase(schema, c->name) < 0 && !is_history(l, c->name))
            return qetl_fail(l->database->env, QETL_E_CONFIG, "/table",
                             "add the column to the rows, or give it a default in the table",
                             "%s: the rows lack %s, which is NOT NULL in %s", l->database->path,
                             c->name, l->table.name);
    }
    return l->n_binders ? QETL_OK
                        : qetl_fail(l->database->env, QETL_E_CONFIG, "/table", NULL,
                                    "%s: no column of the rows is one of the table %s",
                                    l->database->path, l->table.name);
}

/* ---- Versions ---- */

static int32_t history_match(struct loader *l, const struct ArrowSchema *schema,
                             const struct keys *keys)
{
    struct qetl_env env = l->database->env;
    struct history *h = &l->history;
    if (!keys->n)
        return qetl_fail(env, QETL_E_CONFIG, "/key", "name the columns that tell rows apart",
                         "a history needs a key: versions of what?");
    if (h->at) {
        h->columns.at = qetl_schema_require(env, schema, "/history/at", h->at);
        if (h->columns.at < 0)
            return (int32_t)h->columns.at;
        if (is_key(keys, h->columns.at))
            return qetl_fail(env, QETL_E_CONFIG, "/history/at", NULL,
                             "%s is in the key, so that each time would be a row of its own",
                             h->at);
    }
    for (int64_t i = 0; i < schema->n_children; i++)
        if (i != h->columns.at && is_history(l, schema->children[i]->name))
            return qetl_fail(env, QETL_E_CONFIG, "/history",
                             "give the history's columns other names, or leave it out before the "
                             "sink",
                             "the rows have a column %s, which is one of the history's",
                             schema->children[i]->name);
    return QETL_OK;
}

/* A table that was there before. */
static int32_t history_there(const struct loader *l)
{
    const struct table_history *h = &l->history.columns;
    const char *const names[] = {h->from, h->to, h->current};
    static const char *const options[] = {"/history/valid_from", "/history/valid_to",
                                          "/history/is_current"};
    for (int i = 0; i < 3; i++)
        if (table_find(&l->table, names[i]) < 0)
            return qetl_fail(l->database->env, QETL_E_CONFIG, options[i],
                             "say which of its columns that is, or add it to the table",
                             "%s: %s has no column %s, and no history without it",
                             l->database->path, l->table.name, names[i]);
    return QETL_OK;
}

static int32_t match(struct loader *l, const struct ArrowSchema *schema, struct keys *keys)
{
    struct qetl_env env = l->database->env;
    bool given = qetl_option_given(env, "/key");
    int32_t status = names_check(l, schema);
    if (!status && given)
        status = keys_given(env, schema, keys);
    if (!status && l->mode == LOAD_SCD2)
        status = history_match(l, schema, keys);
    if (!status)
        status = table_read(l->database, qetl_option_text(env, "/table"), &l->table);
    if (!status)
        status = ready_table(l, schema, keys->n, keys->columns);
    if (!status && l->mode == LOAD_SCD2)
        status = history_there(l);
    if (!status && !given && (l->mode == LOAD_UPSERT || l->mode == LOAD_DELETE))
        status = keys_of_table(l, schema, keys);
    if (!status)
        status = binders_make(l, schema, keys);
    return status ? status : needed_check(l, schema);
}

int32_t match_columns(struct loader *l, const struct ArrowSchema *schema)
{
    struct keys keys = {calloc((size_t)schema->n_children + 1, sizeof *keys.columns), 0};
    int32_t status = keys.columns ? match(l, schema, &keys) : fault_memory(l->database->env);
    free(keys.columns);
    return status;
}
