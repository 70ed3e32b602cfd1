/* SPDX-License-Identifier: Apache-2.0 */
/* The table before the first row: created, emptied, made anew. All of it belongs to the first
 * epoch's transaction. */
#include "fault.h"
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
    int32_t status = database_begin(d);
    if (!status)
        status = table_create(d, name, schema, n_keys, keys, declare_options(d->env),
                              l->mode == LOAD_SCD2 ? &l->history.columns : NULL);
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

/* The rows of a run that replaces a table gather beside it. */
static int32_t beside(struct loader *l, const struct ArrowSchema *schema, int64_t n_keys,
                      const int64_t *keys)
{
    struct database *d = l->database;
    l->beside = sqlite3_mprintf("_qetl_new_%s", l->table.name);
    if (!l->beside)
        return fault_memory(d->env);
    int32_t status = table_read(d, l->beside, &l->table);
    if (status || (!l->fresh && l->table.exists))
        return status;
    if (!l->fresh)
        return qetl_fail(d->env, QETL_E_FATAL, NULL, "begin anew: --full-refresh",
                         "%s: the table %s is gone, in which this run has gathered its rows",
                         d->path, l->beside);
    status = database_begin(d);
    if (!status && l->table.exists) /* of a run that nobody went on with */
        status = table_drop(d, l->beside);
    return status ? status : create(l, schema, n_keys, keys);
}

int32_t ready_table(struct loader *l, const struct ArrowSchema *schema, int64_t n_keys,
                    const int64_t *keys)
{
    bool exists = l->table.exists;
    if (!exists && (!l->database->create || l->mode == LOAD_DELETE))
        return missing(l);
    if (l->mode == LOAD_REPLACE)
        return beside(l, schema, n_keys, keys);
    if (!exists)
        return create(l, schema, n_keys, keys);
    if (l->mode != LOAD_TRUNCATE || !l->fresh)
        return QETL_OK;
    int32_t status = database_begin(l->database);
    return status ? status : table_empty(l->database, l->table.name);
}
