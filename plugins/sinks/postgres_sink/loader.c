/* SPDX-License-Identifier: Apache-2.0 */
#include "loader.h"

bool loader_merges(const struct loader *l)
{
    return l->mode >= LOAD_UPSERT;
}

static enum merge_kind merge_kind(const struct loader *l)
{
    return l->mode == LOAD_UPSERT   ? MERGE_UPSERT
           : l->mode == LOAD_DELETE ? MERGE_DELETE
           : l->mode == LOAD_SCD2   ? MERGE_SCD2
                                    : MERGE_APPEND;
}

static void copy_make(struct loader *l)
{
    const char *format = l->binary ? " (FORMAT binary)" : " (FORMAT text)";
    struct pg_sql *sql = &l->copy;
    merge_stage_copy(&l->merge, &l->copy_staged);
    pg_sql_put(&l->copy_staged, format);
    if (loader_merges(l)) {
        merge_stage_copy(&l->merge, sql);
    } else {
        pg_sql_put(sql, "COPY ");
        pg_sql_put(sql, l->table.path);
        for (int64_t i = 0; i < l->n_values; i++) {
            pg_sql_put(sql, i ? ", " : " (");
            pg_sql_name(sql, l->values[i].name);
        }
        pg_sql_put(sql, ") FROM STDIN");
    }
    pg_sql_put(sql, format);
}

static int32_t statements_make(struct loader *l)
{
    l->binary = true;
    for (int64_t i = 0; i < l->n_values; i++)
        l->binary = l->binary && l->values[i].way != VALUE_BY_SERVER;
    merge_make(&l->merge, merge_kind(l), &l->table, l->n_values, l->values, l->n_keys,
               l->mode == LOAD_SCD2 ? &l->history : NULL);
    singly_make(&l->singly, &l->merge);
    copy_make(l);
    bool failed = l->copy.failed || l->copy_staged.failed || l->singly.run.failed;
    return failed || merge_failed(&l->merge) ? pg_fault_memory(l->server->session.env) : QETL_OK;
}

void loader_clear(struct loader *l)
{
    for (int64_t i = 0; l->values && i < l->n_values; i++)
        value_free(&l->values[i]);
    free(l->values);
    free(l->strays);
    l->values = NULL;
    l->strays = NULL;
    l->n_values = l->n_keys = l->n_strays = 0;
    l->beside = false;
    pg_sql_free(&l->copy);
    pg_sql_free(&l->copy_staged);
    singly_free(&l->singly);
    merge_free(&l->merge);
    table_free(&l->table);
}

int32_t loader_open(struct loader *l, struct server *s, const struct ArrowSchema *schema)
{
    loader_clear(l); /* of an attempt that failed, or of a table as it was */
    l->server = s;
    int32_t status = match_columns(l, schema);
    return status ? status : statements_make(l);
}

int32_t loader_begin(struct loader *l, const struct ArrowSchema *schema)
{
    bool same = true, begun = l->server->begun;
    int32_t status = server_begin(l->server);
    if (!status && !begun)
        status = table_hold(l->server, &l->table, &same);
    if (!status && !same)
        status = loader_open(l, l->server, schema);
    if (!status && loader_merges(l) && !l->server->staged) {
        status = merge_stage_make(&l->merge, l->server);
        l->server->staged = !status;
    }
    return status;
}

int32_t loader_finish(struct loader *l)
{
    if (l->mode != LOAD_REPLACE || l->swapped)
        return QETL_OK;
    int32_t status = table_swap(l->server, l->table_name, &l->table);
    l->swapped = !status;
    return status;
}
