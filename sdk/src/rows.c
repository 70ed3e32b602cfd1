/* SPDX-License-Identifier: Apache-2.0 */
/* What most components do with rows. */
#include "internal.h"

#include <qetl/rows.h>

#include <stdio.h>

enum { LINE_MAX_BYTES = 1024 };

void qetl_rejectf(struct qetl_env env, int64_t row, int64_t column, const char *code,
                  const char *format, ...)
{
    char line[LINE_MAX_BYTES];
    va_list args;
    va_start(args, format);
    qetl_sdk_line(line, sizeof line, format, args);
    va_end(args);
    struct qetl_reject reject = {
        .struct_size = sizeof reject, .row = row, .column = column, .code = code, .message = line};
    env.host->reject(env.ctx, &reject);
}

void qetl_reject_bytes(struct qetl_env env, int64_t row, const char *code, struct qetl_blob bytes,
                       int64_t offset, const char *format, ...)
{
    char line[LINE_MAX_BYTES];
    va_list args;
    va_start(args, format);
    qetl_sdk_line(line, sizeof line, format, args);
    va_end(args);
    struct qetl_reject reject = {.struct_size = sizeof reject,
                                 .row = row,
                                 .column = -1,
                                 .code = code,
                                 .message = line,
                                 .bytes = bytes.data,
                                 .bytes_size = (int64_t)bytes.size,
                                 .bytes_offset = offset};
    env.host->reject(env.ctx, &reject);
}

int32_t qetl_describe_rows(struct qetl_source_info *out, const char *columns, uint32_t delivery)
{
    out->emits = QETL_EMITS_BATCHES;
    out->delivery = delivery;
    out->bytes_expected = out->rows_expected = -1;
    return qetl_schema_parse(columns, &out->schema);
}

int32_t qetl_bind_all(struct qetl_binder *binder, const struct ArrowSchema *input)
{
    int32_t status = QETL_OK;
    for (int64_t i = 0; i < input->n_children && status >= 0; i++)
        status = binder->copy(binder, 0, -1, 0, i, NULL);
    return status < 0 ? status : QETL_OK;
}

int32_t qetl_bind_field(struct qetl_binder *binder, uint32_t port, const struct ArrowSchema *field,
                        int64_t n, const int64_t *columns)
{
    struct ArrowSchema copy = {0};
    int32_t status = qetl_schema_copy(field, &copy);
    if (!status)
        status = binder->derive(binder, port, &copy, n, columns);
    qetl_schema_release(&copy); /* unless derive took it */
    return status < 0 ? status : QETL_OK;
}

int32_t qetl_bind_new(struct qetl_binder *binder, const char *name, const char *type, int64_t n,
                      const int64_t *columns)
{
    struct ArrowSchema field = {0};
    int32_t status = qetl_type_field(type, name, &field);
    if (!status)
        status = binder->derive(binder, 0, &field, n, columns);
    qetl_schema_release(&field); /* unless derive took it */
    return status < 0 ? status : QETL_OK;
}

int32_t qetl_bind_instead(struct qetl_binder *binder, const struct ArrowSchema *input,
                          int64_t column, const char *type)
{
    int32_t status = QETL_OK;
    for (int64_t i = 0; i < input->n_children && status >= 0; i++)
        status = i == column ? qetl_bind_new(binder, input->children[i]->name, type, 1, &column)
                             : binder->copy(binder, 0, -1, 0, i, NULL);
    return status < 0 ? status : QETL_OK;
}

int32_t qetl_bind_read(struct qetl_binder *binder, const struct ArrowSchema *input, int64_t column,
                       struct ArrowSchema *read)
{
    struct ArrowSchema field = {0};
    int32_t status = read->release ? QETL_OK : qetl_schema_init_struct(read);
    if (!status)
        status = qetl_schema_copy(input->children[column], &field);
    if (!status)
        status = qetl_schema_append(read, &field);
    qetl_schema_release(&field);
    if (!status)
        status = binder->read(binder, 0, column, QETL_FORM_VALUE);
    return status < 0 ? status : QETL_OK;
}

int32_t qetl_batch_open(const struct ArrowSchema *schema, const struct ArrowArray *batch,
                        struct qetl_column *columns)
{
    struct qetl_column rows;
    int32_t status = qetl_column_open(&rows, schema, batch);
    for (int64_t i = 0; i < schema->n_children && !status; i++)
        status = qetl_column_child(&rows, i, &columns[i]);
    return status;
}

struct ArrowArray qetl_batch_column(const struct ArrowArray *batch, int64_t rows, int64_t column)
{
    struct ArrowArray view = *batch->children[column];
    if (batch->offset || rows != view.length)
        view.null_count = -1;
    view.offset += batch->offset;
    view.length = rows;
    return view;
}

void qetl_batch_move(struct ArrowArray *batch, int64_t rows, int64_t column, struct ArrowArray *out)
{
    *out = qetl_batch_column(batch, rows, column);
    batch->children[column]->release = NULL;
}

/* The child stands there as it was, but for its mark. */
void qetl_batch_return(struct ArrowArray *batch, int64_t column, struct ArrowArray *moved)
{
    if (!moved->release)
        return;
    batch->children[column]->release = moved->release;
    moved->release = NULL;
}

int32_t qetl_row_map_begin(struct qetl_row_map *map, int64_t rows)
{
    map->n = 0;
    if (rows <= map->capacity)
        return QETL_OK;
    int32_t *grown = realloc(map->rows, (size_t)rows * sizeof *grown);
    if (!grown)
        return QETL_E_NO_MEMORY;
    map->rows = grown;
    map->capacity = rows;
    return QETL_OK;
}

void qetl_row_map_free(struct qetl_row_map *map)
{
    free(map->rows);
    *map = (struct qetl_row_map){0};
}
