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
        bool known = (column && strcmp(name, column) == 0) || metadata_has(s, name);
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

/* Of a name like total_2 the part before the number; 0: it is none. */
static size_t stem_size(const char *name)
{
    size_t size = strlen(name), digits = 0;
    while (digits < size && name[size - digits - 1] >= '0' && name[size - digits - 1] <= '9')
        digits++;
    return digits && digits + 1 < size && name[size - digits - 1] == '_' ? size - digits - 1 : 0;
}

/* DuckDB tells names apart without regard to case, and numbers those that it has already. */
static int32_t renamed_tell(struct files *f, struct session *s, const struct ArrowSchema *schema,
                            int64_t c)
{
    const char *name = schema->children[c]->name, *first = NULL;
    size_t stem = stem_size(name);
    struct duck_result result;
    struct duck_chunk *chunk;
    struct query q = {0};
    for (int64_t i = 0; stem && !first && i < c; i++)
        if (strlen(schema->children[i]->name) == stem &&
            strncasecmp(schema->children[i]->name, name, stem) == 0)
            first = schema->children[i]->name;
    if (!first)
        return QETL_OK;
    query_add(&q, "SELECT name FROM parquet_schema(");
    files_list(&q, f);
    query_add(&q, ") WHERE name = ");
    query_quoted(&q, name, '\'');
    query_add(&q, " LIMIT 1");
    int32_t status = q.bad ? session_memory(s) : session_query(s, q.text, &result);
    query_free(&q);
    if (status)
        return status;
    if ((chunk = s->duck.fetch_chunk(result)))
        s->duck.destroy_data_chunk(&chunk);
    else
        qetl_logf(s->env, QETL_LOG_WARN,
                  "column %.*s is called %s here: there is a column %s before it", (int)stem, name,
                  name, first);
    s->duck.destroy_result(&result);
    return QETL_OK;
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
    if (!status)
        status = metadata_check(s, schema);
    for (int64_t c = 0; !status && c < schema->n_children; c++)
        status = renamed_tell(f, s, schema, c);
    if (!status && fresh && strcmp(fresh, "reject") == 0)
        status = compare(f, s, &result);
    s->duck.destroy_result(&result);
    return status;
}
