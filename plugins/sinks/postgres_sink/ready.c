/* SPDX-License-Identifier: Apache-2.0 */
/* The table before the first row: created, emptied, made anew. All of it belongs to the first
 * epoch's transaction. */
#include "loader.h"

#include <stdio.h>

static int32_t create(struct loader *l, const struct ArrowSchema *schema, int64_t n_keys,
                      const int64_t *keys)
{
    struct server *s = l->server;
    int32_t status = server_begin(s);
    if (!status)
        status = table_create(s, &l->table, schema, n_keys, keys,
                              l->mode == LOAD_SCD2 ? &l->history : NULL);
    return status ? status : table_again(s, &l->table);
}

static int32_t missing(const struct loader *l)
{
    const struct server *s = l->server;
    if (l->mode == LOAD_DELETE)
        return qetl_fail(s->session.env, QETL_E_CONFIG, "/table",
                         "names are as they stand in the catalogue, upper and lower case apart",
                         "%s: there is no table %s to delete rows from", s->session.who,
                         l->table_name);
    return qetl_fail(s->session.env, QETL_E_CONFIG, "/table", "create it, or set create: true",
                     "%s: there is no table %s", s->session.who, l->table_name);
}

/* _qetl_new_TABLE; of a long name what there is room for, and a number that tells it from others.
 */
static void name_beside(const char *name, char out[TABLE_NAME_MAX + 1])
{
    enum { KEPT = 40 };
    if (snprintf(out, TABLE_NAME_MAX + 1, "_qetl_new_%s", name) <= TABLE_NAME_MAX)
        return;
    uint32_t number = 2166136261U;
    size_t size = KEPT;
    for (const char *c = name; *c; c++)
        number = (number ^ (unsigned char)*c) * 16777619U;
    while (((unsigned char)name[size] & 0xc0) == 0x80)
        size--;
    snprintf(out, TABLE_NAME_MAX + 1, "_qetl_new_%.*s_%08x", (int)size, name, number);
}

/* The rows of a run that replaces a table gather beside it. */
static int32_t beside(struct loader *l, const struct ArrowSchema *schema, int64_t n_keys,
                      const int64_t *keys)
{
    struct server *s = l->server;
    char name[TABLE_NAME_MAX + 1];
    name_beside(l->table_name, name);
    l->beside = true;
    int32_t status = table_beside(s, &l->table, name);
    if (status || (!l->fresh && l->table.exists))
        return status;
    if (!l->fresh)
        return qetl_fail(s->session.env, QETL_E_FATAL, NULL, "begin anew: --full-refresh",
                         "%s: the table %s is gone, in which this run has gathered its rows",
                         s->session.who, name);
    status = server_begin(s);
    if (!status && l->table.exists) /* of a run that nobody went on with */
        status = table_drop(s, &l->table);
    return status ? status : create(l, schema, n_keys, keys);
}

int32_t ready_table(struct loader *l, const struct ArrowSchema *schema, int64_t n_keys,
                    const int64_t *keys)
{
    bool exists = l->table.exists;
    if (!exists && (!l->create || l->mode == LOAD_DELETE))
        return missing(l);
    if (l->mode == LOAD_REPLACE)
        return beside(l, schema, n_keys, keys);
    if (!exists)
        return create(l, schema, n_keys, keys);
    if (l->mode != LOAD_TRUNCATE || !l->fresh || l->server->emptied)
        return QETL_OK;
    int32_t status = server_begin(l->server);
    if (!status)
        status = table_empty(l->server, &l->table);
    l->server->emptied = !status;
    return status;
}
