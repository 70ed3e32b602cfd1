/* SPDX-License-Identifier: Apache-2.0 */
/* A workbook is one chunk, which is decoded batch by batch. */
#include "xlsx.h"

#include <stdlib.h>

void xlsx_decode_free(struct xlsx *x)
{
    xlsx_table_close(&x->table);
    for (int64_t i = 0; i < x->n_builders; i++)
        qetl_builder_free(&x->builders[i]);
    free(x->builders);
    free(x->wants);
    free(x->columns);
    free(x->map);
    free(x->original.data);
    x->builders = NULL;
    x->wants = NULL;
    x->columns = x->map = NULL;
    x->original = (struct xlsx_text){0};
    x->n_builders = x->n_wants = 0;
    x->n_columns = x->map_room = 0;
}

int32_t xlsx_open_decode(void *self, const struct ArrowSchema *schema, struct qetl_blob prologue,
                         int64_t n_wants, const struct qetl_want *wants)
{
    struct xlsx *x = self;
    if (prologue.size == sizeof x->width)
        memcpy(&x->width, prologue.data, sizeof x->width);
    xlsx_decode_free(x);
    qetl_schema_release(&x->schema);
    int32_t status = qetl_schema_copy(schema, &x->schema);
    x->builders = calloc((size_t)schema->n_children + 1, sizeof *x->builders);
    x->wants = calloc((size_t)n_wants + 1, sizeof *x->wants);
    if (!status && (!x->builders || !x->wants))
        status = QETL_E_NO_MEMORY;
    for (int64_t i = 0; !status && i < schema->n_children; i++, x->n_builders += !status)
        status = qetl_builder_open(&x->builders[i], x->env, x->schema.children[i], XLSX_BATCH_ROWS);
    for (int64_t i = 0; !status && i < n_wants; i++, x->n_wants++) {
        if (wants[i].column < 0 || wants[i].column >= schema->n_children)
            return qetl_fail(x->env, QETL_E_FATAL, NULL, NULL,
                             "a column was wanted that the schema does not have");
        x->wants[i] = wants[i].column;
    }
    return status;
}

int32_t xlsx_frame(void *self, struct qetl_frame *io)
{
    struct xlsx *x = self;
    bool last = io->flags & QETL_ITEM_OBJECT_END;
    io->begin = io->rejected = 0;
    io->used = last ? io->size : 0;
    io->empty = last && !io->size; /* which the decoder says is no workbook */
    if (io->size <= x->options.max_bytes)
        return QETL_OK;
    return qetl_fail(x->env, QETL_E_DATA, "/max_bytes", "raise max_bytes",
                     "%s: the workbook is larger than max_bytes, %lld bytes",
                     io->object ? io->object : "", (long long)x->options.max_bytes);
}

/* Moves the columns that are wanted; a column may be wanted once only. */
static int32_t batch_close(struct xlsx *x, struct qetl_decoded *out)
{
    struct ArrowArray *columns = calloc((size_t)x->n_wants + 1, sizeof *columns);
    int32_t status = columns ? QETL_OK : QETL_E_NO_MEMORY;
    for (int64_t i = 0; !status && i < x->n_wants; i++)
        status = qetl_builder_close(&x->builders[x->wants[i]], &columns[i]);
    if (!status)
        status = qetl_array_struct(x->env, x->rows, x->n_wants, columns, &out->batch);
    for (int64_t i = 0; columns && i < x->n_wants; i++)
        qetl_array_release(&columns[i]);
    free(columns);
    for (int64_t i = 0; i < x->n_builders; i++)
        qetl_builder_clear(&x->builders[i]);
    return status;
}

int32_t xlsx_decode(void *self, const struct qetl_chunk *chunk, struct qetl_decoded *out)
{
    struct xlsx *x = self;
    bool done = false;
    int32_t status = QETL_OK;
    if (!chunk->more) {
        xlsx_table_close(&x->table);
        x->n_columns = x->records = 0;
        x->table.on_row = xlsx_row_take;
        x->table.user = x;
        status = xlsx_table_open(&x->table, x->env, &x->options, chunk->object, chunk->data,
                                 chunk->size);
    }
    x->rows = 0;
    x->first_record = x->records;
    while (!status && !done && x->records - x->first_record < XLSX_BATCH_ROWS)
        status = xlsx_table_step(&x->table, &done);
    if (!status)
        status = batch_close(x, out);
    if (done || status)
        xlsx_table_close(&x->table);
    if (status == XLSX_GROWS) {
        status = xlsx_grow(x, chunk, &out->schema);
        return status ? status : QETL_SCHEMA;
    }
    if (status)
        return status;
    out->rows = x->rows;
    out->records = x->records - x->first_record;
    out->record_map = x->map;
    return done ? QETL_OK : QETL_MORE;
}
