/* SPDX-License-Identifier: Apache-2.0 */
/* One column's cells, each with the separator behind it. */
#include "lines.h"

#include <stdlib.h>

/* The column that is written, or a failure. */
static int64_t column_find(struct lines *l, const struct ArrowSchema *schema)
{
    const char *name = qetl_option_text(l->env, "/column");
    int64_t at = qetl_schema_find(schema, name);
    if (at >= 0 || schema->n_children == 1)
        return at >= 0 ? at : 0;
    return qetl_fail(l->env, QETL_E_CONFIG, "/column",
                     "name the column that shall be written in the option column, or select one",
                     "a row has %lld columns, and none is called \"%s\"",
                     (long long)schema->n_children, name);
}

static bool field_is_binary(const struct ArrowSchema *field)
{
    return !strcmp(field->format, "vz") || !strcmp(field->format, "z") ||
           !strcmp(field->format, "Z");
}

/* Bytes are wanted as they are, everything else as it is spelled. */
int32_t lines_forms(void *self, const struct ArrowSchema *schema, uint32_t *forms)
{
    int64_t column = column_find(self, schema);
    if (column < 0)
        return (int32_t)column;
    for (int64_t i = 0; i < schema->n_children; i++)
        forms[i] = i != column || field_is_binary(schema->children[i])
                       ? QETL_FORM_VALUE
                       : QETL_FORM_VALUE | QETL_FORM_LEXICAL;
    return QETL_OK;
}

int32_t lines_open_encode(void *self, const struct ArrowSchema *schema)
{
    struct lines *l = self;
    l->column = column_find(l, schema);
    if (l->column < 0)
        return (int32_t)l->column;
    qetl_schema_release(&l->schema);
    return qetl_schema_copy(schema, &l->schema);
}

static void row_reject(struct lines *l, int64_t row, const char *code, const char *message)
{
    struct qetl_reject reject = {.struct_size = sizeof reject,
                                 .row = row,
                                 .column = l->column,
                                 .code = code,
                                 .message = message};
    l->env.host->reject(l->env.ctx, &reject);
}

static int32_t null_put(struct lines *l, int64_t row, struct qetl_space *out)
{
    if (!l->null_rejects)
        return qetl_space_put(out, l->separator, l->separator_size);
    row_reject(l, row, "null", "a line cannot hold NULL; nulls says what shall become of it");
    return QETL_OK;
}

static int32_t cell_put(struct lines *l, const struct qetl_column *c, int64_t row,
                        struct qetl_space *out)
{
    int64_t before = out->size;
    int32_t status = QETL_OK;
    if (c->kind == QETL_KIND_TEXT || c->kind == QETL_KIND_BINARY) {
        struct qetl_text text = qetl_column_text(c, row);
        status = qetl_space_put(out, text.data, text.size);
    } else {
        status = qetl_render(c, row, out);
    }
    if (status || l->raw)
        return status;
    if (out->size > before && lines_find(l, out->data, before, out->size) >= 0) {
        out->size = before;
        row_reject(l, row, "separator_in_text", "the text contains what separates lines");
        return QETL_OK;
    }
    return qetl_space_put(out, l->separator, l->separator_size);
}

int32_t lines_encode(void *self, const struct ArrowArray *batch, struct qetl_space *out)
{
    struct lines *l = self;
    struct qetl_column rows, column;
    int32_t status = qetl_column_open(&rows, &l->schema, batch);
    if (!status)
        status = qetl_column_child(&rows, l->column, &column);
    for (int64_t i = 0; !status && i < batch->length; i++)
        status =
            qetl_column_is_null(&column, i) ? null_put(l, i, out) : cell_put(l, &column, i, out);
    return status;
}
