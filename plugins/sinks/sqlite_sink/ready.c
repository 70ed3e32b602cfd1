/* SPDX-License-Identifier: Apache-2.0 */
/* The table before the first row: created, emptied, made anew. All of it belongs to the first
 * epoch's transaction. */
#include "match.h"

struct declare_as declare_options(struct qetl_env env)
{
    return (struct declare_as){.strict = qetl_option_bool(env, "/strict"),
                               .numbers =
                                   strcmp(qetl_option_text(env, "/decimals"), "number") == 0};
}

static int32_t create(struct loader *l, const struct ArrowSchema *schema, int64_t n_keys,
                      const int64_t *keys)
{
    struct database *d = l->database;
    const char *name = l->table.name;
    int32_t status = table_create(d, name, schema, n_keys, keys, declare_options(d->env));
    return status ? status : table_read(d, name, &l->table);
}

static int32_t missing(const struct loader *l)
{
    const struct database *d = l->database;
    if (l->mode == LOAD_DELETE)
        return qetl_fail(d->env, QETL_E_CONFIG, "/table", NULL,
                         "%s: there is no table %s to delete rows from", d->path, l->table.name);
    return qetl_fail(d->env, QETL_E_CONFIG, "/table", "create it, or set create: true",
                     "%s: there is no table %s", d->path, l->table.name);
}

static int32_t exists(struct loader *l, const struct ArrowSchema *schema, int64_t n_keys,
                      const int64_t *keys)
{
    struct database *d = l->database;
    const char *way = qetl_option_text(d->env, "/if_exists"), *name = l->table.name;
    if (!l->fresh || strcmp(way, "append") == 0)
        return QETL_OK;
    if (strcmp(way, "error") == 0)
        return qetl_fail(d->env, QETL_E_CONFIG, "/table",
                         "set if_exists to append, truncate or replace, or name another table",
                         "%s: the table %s exists already", d->path, name);
    int32_t status = database_begin(d);
    if (!status && strcmp(way, "truncate") == 0)
        return table_empty(d, name);
    if (!status)
        status = table_drop(d, name);
    return status ? status : create(l, schema, n_keys, keys);
}

int32_t ready_table(struct loader *l, const struct ArrowSchema *schema, int64_t n_keys,
                    const int64_t *keys)
{
    if (l->table.exists)
        return exists(l, schema, n_keys, keys);
    if (!l->database->create || l->mode == LOAD_DELETE)
        return missing(l);
    int32_t status = database_begin(l->database);
    return status ? status : create(l, schema, n_keys, keys);
}
