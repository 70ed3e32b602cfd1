/* SPDX-License-Identifier: Apache-2.0 */
/* Columns of the rows and columns of the table. Each column of the rows has its place, or the
 * options say that it goes nowhere. */
#include "declare.h"
#include "loader.h"
#include "widen.h"

#include <stdio.h>

struct keys {
    int64_t *columns; /* of the schema */
    int64_t n;
};

static struct qetl_env env_of(const struct loader *l)
{
    return l->server->session.env;
}

static const char *who_of(const struct loader *l)
{
    return l->server->session.who;
}

/* ---- The key ---- */

static bool is_key(const struct keys *keys, int64_t column)
{
    for (int64_t i = 0; i < keys->n; i++)
        if (keys->columns[i] == column)
            return true;
    return false;
}

static int32_t keys_given(struct qetl_env env, const struct ArrowSchema *schema, struct keys *keys)
{
    int64_t n = qetl_option_count(env, "/key");
    for (int64_t i = 0; i < (n < 0 ? 1 : n); i++) {
        char pointer[32] = "/key";
        if (n >= 0)
            snprintf(pointer, sizeof pointer, "/key/%lld", (long long)i);
        int64_t column = qetl_schema_require(env, schema, pointer, qetl_option_text(env, pointer));
        if (column < 0)
            return (int32_t)column;
        if (is_key(keys, column))
            return qetl_fail(env, QETL_E_CONFIG, "/key", NULL, "a column stands twice in the key");
        keys->columns[keys->n++] = column;
    }
    return QETL_OK;
}

/* Where the option says nothing, the primary key of the table is the key. */
static int32_t keys_of_table(const struct loader *l, const struct ArrowSchema *schema,
                             struct keys *keys)
{
    for (int64_t place = 1; place <= l->table.n_columns; place++)
        for (int64_t i = 0; i < l->table.n_columns; i++) {
            const struct table_column *c = &l->table.columns[i];
            if (c->key != place)
                continue;
            int64_t column = qetl_schema_find(schema, c->name);
            if (column < 0)
                return qetl_fail(env_of(l), QETL_E_CONFIG, "/key",
                                 "add the column to the rows, or name another key",
                                 "%s: the rows lack %s, which is in the primary key of %s",
                                 who_of(l), c->name, l->table.name);
            keys->columns[keys->n++] = column;
        }
    return keys->n ? QETL_OK
                   : qetl_fail(env_of(l), QETL_E_CONFIG, "/key", "name the columns of the key",
                               "%s: %s has no primary key", who_of(l), l->table.name);
}

/* ---- Each column's place ---- */

static int32_t names_check(const struct loader *l, const struct ArrowSchema *schema)
{
    for (int64_t i = 0; i < schema->n_children; i++)
        if (strlen(schema->children[i]->name) > TABLE_NAME_MAX)
            return qetl_fail(env_of(l), QETL_E_CONFIG, NULL,
                             "give it another name before the sink (transform select)",
                             "a name of PostgreSQL has at most 63 bytes, and %s has more",
                             schema->children[i]->name);
    return QETL_OK;
}

/* A column that the table lacks. */
static int32_t column_new(struct loader *l, const struct ArrowSchema *schema, int64_t child,
                          int64_t *place)
{
    const struct ArrowSchema *field = schema->children[child];
    struct server *s = l->server;
    *place = -1;
    switch (l->new_columns) {
    case COLUMNS_REJECT:
        l->strays[l->n_strays++].child = child;
        return QETL_OK;
    case COLUMNS_DROP:
        qetl_logf(env_of(l), QETL_LOG_INFO, "%s: %s has no column %s, which is left out", who_of(l),
                  l->table.name, field->name);
        return QETL_OK;
    case COLUMNS_FREEZE:
        return qetl_fail(env_of(l), QETL_E_CONFIG, "/new_columns",
                         "add it to the table (new_columns: evolve), leave it out (drop), reject "
                         "rows that have a value in it (reject), or give it another name before "
                         "the sink (transform select)",
                         "%s: the table %s has no column %s", who_of(l), l->table.name,
                         field->name);
    default:
        break;
    }
    int32_t status = server_begin(s);
    if (!status)
        status = table_add_column(s, &l->table, field);
    if (!status)
        status = table_again(s, &l->table);
    *place = status ? -1 : table_find(&l->table, field->name);
    return status;
}

/* The rows come from a PostgreSQL in which the column holds more than the table's does. */
static int32_t column_widen(struct loader *l, const struct ArrowSchema *field, int64_t place)
{
    const struct table_column *c = &l->table.columns[place];
    char type[DECLARED_MAX];
    size_t size = 0;
    const char *was = qetl_schema_metadata(field, PG_METADATA, &size);
    if (l->new_columns != COLUMNS_EVOLVE || !was || size >= sizeof type)
        return QETL_OK;
    snprintf(type, sizeof type, "%.*s", (int)size, was);
    if (!widens(c->declared, type))
        return QETL_OK;
    int32_t status = server_begin(l->server);
    if (!status)
        status = table_widen_column(l->server, &l->table, c, type);
    return status ? status : table_again(l->server, &l->table);
}

/* What the table calls it. */
static const char *name_of(const struct loader *l, const struct ArrowSchema *schema, int64_t child)
{
    return l->mode == LOAD_SCD2 && l->history.at == child ? l->history.from
                                                          : schema->children[child]->name;
}

static int32_t column_place(struct loader *l, const struct ArrowSchema *schema, int64_t child,
                            bool key)
{
    int64_t place = table_find(&l->table, name_of(l, schema, child));
    int32_t status = place < 0 ? column_new(l, schema, child, &place) : QETL_OK;
    if (status || place < 0)
        return status;
    if (l->table.columns[place].generated)
        return qetl_fail(env_of(l), QETL_E_CONFIG, NULL, "leave it out before the sink",
                         "%s: %s of %s is computed by the table, and cannot be written", who_of(l),
                         l->table.columns[place].name, l->table.name);
    status = column_widen(l, schema->children[child], place);
    if (status)
        return status;
    l->values[l->n_values++] = (struct value){
        .child = child, .key = key, .since = l->mode == LOAD_SCD2 && l->history.at == child};
    return QETL_OK;
}

/* The table stays as it is from now on. */
static int32_t value_bind(struct loader *l, const struct ArrowSchema *schema, struct value *v)
{
    char type[200];
    const struct ArrowSchema *field = schema->children[v->child];
    const struct table_column *c =
        &l->table.columns[table_find(&l->table, name_of(l, schema, v->child))];
    v->name = c->name;
    v->type_name = c->declared;
    v->type = c->type;
    v->typmod = c->typmod;
    int32_t status = value_way_of(v, env_of(l), field);
    if (status || v->way != VALUE_INCOMPATIBLE)
        return status;
    return qetl_fail(env_of(l), QETL_E_CONFIG, "/table",
                     "convert it before the sink (transform compute: CAST(… AS …)), or write to a "
                     "column of that type",
                     "%s: %s of the rows is %s, and %s of the table %s is %s", who_of(l),
                     field->name, qetl_type_name(field, type, sizeof type), c->name, l->table.name,
                     c->declared);
}

static int32_t values_make(struct loader *l, const struct ArrowSchema *schema,
                           const struct keys *keys)
{
    int64_t at = l->mode == LOAD_SCD2 ? l->history.at : -1;
    int32_t status = QETL_OK;
    l->values = calloc((size_t)schema->n_children + 1, sizeof *l->values);
    l->strays = calloc((size_t)schema->n_children + 1, sizeof *l->strays);
    if (!l->values || !l->strays)
        return pg_fault_memory(env_of(l));
    for (int64_t i = 0; !status && i < keys->n; i++)
        status = column_place(l, schema, keys->columns[i], true);
    l->n_keys = l->n_values;
    for (int64_t i = 0; !status && l->mode != LOAD_DELETE && i < schema->n_children; i++)
        if (!is_key(keys, i) && i != at)
            status = column_place(l, schema, i, false);
    if (!status && at >= 0)
        status = column_place(l, schema, at, false);
    for (int64_t i = 0; !status && i < l->n_values; i++)
        status = value_bind(l, schema, &l->values[i]);
    return status;
}

static bool is_history(const struct loader *l, const char *name)
{
    const struct table_history *h = &l->history;
    return l->mode == LOAD_SCD2 && (strcmp(name, h->from) == 0 || strcmp(name, h->to) == 0 ||
                                    strcmp(name, h->current) == 0);
}

/* A column that rows must have, and that nobody gives. */
static int32_t needed_check(const struct loader *l, const struct ArrowSchema *schema)
{
    for (int64_t i = 0; l->mode != LOAD_DELETE && i < l->table.n_columns; i++) {
        const struct table_column *c = &l->table.columns[i];
        if (c->needed && qetl_schema_find(schema, c->name) < 0 && !is_history(l, c->name))
            return qetl_fail(env_of(l), QETL_E_CONFIG, "/table",
                             "add the column to the rows, or give it a default in the table",
                             "%s: the rows lack %s, which is NOT NULL in %s", who_of(l), c->name,
                             l->table.name);
    }
    return l->n_values ? QETL_OK
                       : qetl_fail(env_of(l), QETL_E_CONFIG, "/table", NULL,
                                   "%s: no column of the rows is one of the table %s", who_of(l),
                                   l->table.name);
}

/* ---- Versions ---- */

static int32_t history_match(struct loader *l, const struct ArrowSchema *schema,
                             const struct keys *keys)
{
    struct table_history *h = &l->history;
    h->at = -1;
    if (!keys->n)
        return qetl_fail(env_of(l), QETL_E_CONFIG, "/key", "name the columns that tell rows apart",
                         "a history needs a key: versions of what?");
    if (l->at) {
        h->at = qetl_schema_require(env_of(l), schema, "/history/at", l->at);
        if (h->at < 0)
            return (int32_t)h->at;
        if (is_key(keys, h->at))
            return qetl_fail(env_of(l), QETL_E_CONFIG, "/history/at", NULL,
                             "%s is in the key, so that each time would be a row of its own",
                             l->at);
    }
    for (int64_t i = 0; i < schema->n_children; i++)
        if (i != h->at && is_history(l, schema->children[i]->name))
            return qetl_fail(env_of(l), QETL_E_CONFIG, "/history",
                             "give the history's columns other names, or leave it out before the "
                             "sink",
                             "the rows have a column %s, which is one of the history's",
                             schema->children[i]->name);
    return QETL_OK;
}

/* A table that was there before. */
static int32_t history_there(const struct loader *l)
{
    const struct table_history *h = &l->history;
    const char *const names[] = {h->from, h->to, h->current};
    static const char *const options[] = {"/history/valid_from", "/history/valid_to",
                                          "/history/is_current"};
    for (int i = 0; i < 3; i++)
        if (table_find(&l->table, names[i]) < 0)
            return qetl_fail(env_of(l), QETL_E_CONFIG, options[i],
                             "say which of its columns that is, or add it to the table",
                             "%s: %s has no column %s, and no history without it", who_of(l),
                             l->table.name, names[i]);
    return QETL_OK;
}

static int32_t match(struct loader *l, const struct ArrowSchema *schema, struct keys *keys)
{
    bool given = qetl_option_given(env_of(l), "/key");
    int32_t status = names_check(l, schema);
    if (!status && given)
        status = keys_given(env_of(l), schema, keys);
    if (!status && l->mode == LOAD_SCD2)
        status = history_match(l, schema, keys);
    if (!status)
        status = table_read(l->server, l->schema_name, l->table_name, &l->table);
    if (!status)
        status = ready_table(l, schema, keys->n, keys->columns);
    if (!status && l->mode == LOAD_SCD2)
        status = history_there(l);
    if (!status && !given && (l->mode == LOAD_UPSERT || l->mode == LOAD_DELETE))
        status = keys_of_table(l, schema, keys);
    if (!status)
        status = values_make(l, schema, keys);
    return status ? status : needed_check(l, schema);
}

int32_t match_columns(struct loader *l, const struct ArrowSchema *schema)
{
    struct keys keys = {calloc((size_t)schema->n_children + 1, sizeof *keys.columns), 0};
    int32_t status = keys.columns ? match(l, schema, &keys) : pg_fault_memory(env_of(l));
    free(keys.columns);
    return status;
}
