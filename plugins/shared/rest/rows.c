/* SPDX-License-Identifier: Apache-2.0 */
#include "rows.h"

#include <qetl/rows.h>
#include <stdio.h>
#include <stdlib.h>

static int32_t no_memory(const struct rows *r)
{
    return qetl_fail(r->env, QETL_E_NO_MEMORY, NULL, NULL, "no memory for rows");
}

static int32_t choose(struct rows *r, int64_t column)
{
    struct ArrowSchema field = {0};
    int32_t status = qetl_schema_copy(r->all.children[column], &field);
    if (!status)
        status = qetl_schema_append(&r->chosen, &field);
    if (status)
        return no_memory(r);
    r->places[r->chosen.n_children - 1] = column;
    return QETL_OK;
}

static int32_t columns_choose(struct rows *r, const char *option)
{
    int64_t n = option ? qetl_option_count(r->env, option) : -1;
    int32_t status = QETL_OK;
    for (int64_t i = 0; i < r->all.n_children && n < 0 && !status; i++)
        status = choose(r, i);
    for (int64_t i = 0; i < n && !status; i++) {
        char pointer[40];
        snprintf(pointer, sizeof pointer, "%s/%lld", option, (long long)i);
        int64_t column =
            qetl_schema_require(r->env, &r->all, pointer, qetl_option_text(r->env, pointer));
        if (column >= 0 && qetl_schema_find(&r->chosen, r->all.children[column]->name) >= 0)
            return qetl_fail(r->env, QETL_E_CONFIG, pointer, "name it once",
                             "the column `%s` stands there twice", r->all.children[column]->name);
        status = column < 0 ? (int32_t)column : choose(r, column);
    }
    return status;
}

int32_t rows_bind(struct rows *r, struct qetl_env env, const struct ArrowSchema *schema,
                  const char *chosen)
{
    rows_free(r);
    r->env = env;
    size_t n = (size_t)schema->n_children + 1 +
               (chosen ? (size_t)(qetl_option_count(env, chosen) + 1) : 0);
    if (qetl_schema_copy(schema, &r->all) || qetl_schema_init_struct(&r->chosen))
        return no_memory(r);
    r->places = calloc(n, sizeof *r->places);
    r->cells = calloc(n, sizeof *r->cells);
    r->children = calloc(n, sizeof *r->children);
    if (!r->places || !r->cells || !r->children)
        return no_memory(r);
    return columns_choose(r, chosen);
}

void rows_free(struct rows *r)
{
    qetl_schema_release(&r->all);
    qetl_schema_release(&r->chosen);
    free(r->places);
    free(r->cells);
    free(r->children);
    *r = (struct rows){0};
}

/* Some columns of the batch as a struct of their own. */
static struct ArrowArray part_of(const struct rows *r, struct ArrowArray **children, int64_t n,
                                 const void **no_validity)
{
    return (struct ArrowArray){.length = r->batch->length,
                               .offset = r->batch->offset,
                               .n_buffers = 1,
                               .buffers = no_validity,
                               .n_children = n,
                               .children = children};
}

int32_t rows_open(struct rows *r, const struct ArrowArray *batch)
{
    r->batch = batch;
    int64_t n = r->chosen.n_children;
    for (int64_t i = 0; i < n; i++)
        r->children[i] = batch->children[r->places[i]];
    r->row = part_of(r, r->children, n, r->no_validity);
    int32_t status = qetl_batch_open(&r->all, batch, r->cells);
    if (!status)
        status = qetl_column_open(&r->object, &r->chosen, &r->row);
    return status ? qetl_fail(r->env, status, NULL, NULL, "a batch cannot be read") : QETL_OK;
}

bool rows_is_null(const struct rows *r, int64_t row, int64_t column)
{
    return qetl_column_is_null(&r->cells[column], row);
}

int32_t rows_put(const struct rows *r, int64_t row, struct qetl_space *out)
{
    return qetl_render(&r->object, row, out);
}

/* The SDK writes nested values as JSON: here, a struct of one field without a name. */
int32_t rows_put_value(const struct rows *r, int64_t row, int64_t column, struct qetl_space *out)
{
    static const char head[] = "{\"\":";
    struct ArrowSchema field = *r->all.children[column], *fields[] = {&field};
    struct ArrowSchema schema = {.format = "+s", .n_children = 1, .children = fields};
    struct ArrowArray *child = r->batch->children[column];
    const void *no_validity[1] = {NULL};
    struct ArrowArray array = part_of(r, &child, 1, no_validity);
    struct qetl_column object;
    int64_t begin = out->size;
    field.name = "";
    int32_t status = qetl_column_open(&object, &schema, &array);
    if (!status)
        status = qetl_render(&object, row, out);
    if (status)
        return status;
    out->size -= (int64_t)sizeof head; /* and the bracket behind it */
    memmove(out->data + begin, out->data + begin + sizeof head - 1, (size_t)(out->size - begin));
    return QETL_OK;
}

int32_t rows_put_text(const struct rows *r, int64_t row, int64_t column, struct qetl_space *out)
{
    return qetl_render(&r->cells[column], row, out);
}

/* FNV-1a */
static uint64_t hash_more(uint64_t hash, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

uint64_t rows_hash(const struct rows *r, int64_t row, struct qetl_space *scratch)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (int64_t c = 0; c < r->all.n_children; c++) {
        const char *name = r->all.children[c]->name;
        if (rows_is_null(r, row, c))
            continue;
        scratch->size = 0;
        if (rows_put_text(r, row, c, scratch))
            return 0;
        hash = hash_more(hash, name, strlen(name) + 1);
        hash = hash_more(hash, scratch->data, (size_t)scratch->size);
        hash = hash_more(hash, "", 1);
    }
    return hash;
}
