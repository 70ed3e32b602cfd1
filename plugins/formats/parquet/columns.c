/* SPDX-License-Identifier: Apache-2.0 */
/* The columns of all files as one schema. */
#include "files.h"

#include <stdlib.h>

static int32_t column_add(struct session *s, struct duck_result *result, uint64_t c,
                          struct ArrowSchema *schema, struct shape *shape)
{
    struct ArrowSchema field = {0};
    const char *name = s->duck.column_name(result, c);
    struct duck_type *type = s->duck.column_logical_type(result, c);
    int32_t status =
        type && name ? shape_read(shape, &s->duck, type, name, &field) : QETL_E_NO_MEMORY;
    if (status == QETL_E_UNSUPPORTED)
        status = qetl_fail(s->env, status, "/path", NULL,
                           "column %s is of a type that qetl does not hold", name);
    if (!status)
        status = qetl_schema_append(schema, &field);
    qetl_schema_release(&field);
    if (type)
        s->duck.destroy_logical_type(&type);
    return status == QETL_E_NO_MEMORY ? session_memory(s) : status;
}

/* new_columns: reject. What the first file lacks is told before any row is read. */
static int32_t compare(struct files *f, struct session *s, struct duck_result *all)
{
    struct duck_result first;
    struct query q = {0};
    query_add(&q, "SELECT * FROM read_parquet(");
    query_quoted(&q, f->items[0].path, '\'');
    query_add(&q, ", union_by_name=true");
    if (strstr(f->from.text, ", hive_partitioning=true"))
        query_add(&q, ", hive_partitioning=true");
    query_add(&q, ") LIMIT 0");
    int32_t status = q.bad ? session_memory(s) : session_query(s, q.text, &first);
    query_free(&q);
    if (status)
        return status;
    uint64_t had = s->duck.column_count(&first);
    const char *column = qetl_option_text(s->env, "/file_column");
    for (uint64_t c = 0; !status && c < s->duck.column_count(all); c++) {
        const char *name = s->duck.column_name(all, c);
        bool known = column && strcmp(name, column) == 0;
        for (uint64_t k = 0; !known && k < had; k++)
            known = strcasecmp(name, s->duck.column_name(&first, k)) == 0;
        if (!known)
            status =
                qetl_fail(s->env, QETL_E_DATA, "/new_columns",
                          "new_columns: evolve gives the other files NULL there; drop passes "
                          "over what the first file has not",
                          "column %s is in a later file, but not in %s", name, f->items[0].path);
    }
    s->duck.destroy_result(&first);
    return status;
}

int32_t files_columns(struct files *f, struct session *s, struct ArrowSchema *schema,
                      struct shape **shapes)
{
    struct duck_result result;
    struct query q = {0};
    const char *fresh = qetl_option_text(s->env, "/new_columns");
    query_add(&q, "SELECT * FROM %s LIMIT 0", f->from.text);
    int32_t status = q.bad ? session_memory(s) : session_query(s, q.text, &result);
    query_free(&q);
    if (status)
        return status;
    uint64_t n = s->duck.column_count(&result);
    *shapes = calloc(n + 1, sizeof **shapes);
    status = *shapes && !qetl_schema_init_struct(schema) ? QETL_OK : session_memory(s);
    for (uint64_t c = 0; !status && c < n; c++)
        status = column_add(s, &result, c, schema, &(*shapes)[c]);
    if (!status && fresh && strcmp(fresh, "reject") == 0)
        status = compare(f, s, &result);
    s->duck.destroy_result(&result);
    return status;
}
