/* SPDX-License-Identifier: Apache-2.0 */
/* Columns in the form that was asked for: lexical ones are the values as text. */
#include "drive.h"

#include <stdlib.h>

/* The text of each value, "" where it is NULL. */
static int32_t lexical_make(struct conform_bench *b, const struct qetl_column *column,
                            struct ArrowArray *out)
{
    struct ArrowSchema field = {0};
    struct qetl_builder builder;
    int32_t status = qetl_schema_init_field(&field, "", "vu");
    status =
        status ? status : qetl_builder_open(&builder, conform_lender(b), &field, column->length);
    if (status) {
        qetl_schema_release(&field);
        return status;
    }
    for (int64_t i = 0; !status && i < column->length; i++) {
        struct conform_text text = {0};
        if (qetl_column_is_null(column, i)) {
            status = qetl_builder_null_spelled(&builder, "", 0);
            continue;
        }
        conform_text_cell(&text, column, i);
        status = qetl_builder_text(&builder, text.data ? text.data : "", (int64_t)text.size);
        conform_text_free(&text);
    }
    status = status ? status : qetl_builder_close(&builder, out);
    qetl_builder_free(&builder);
    qetl_schema_release(&field);
    return status;
}

int32_t conform_forms_batch(struct conform_bench *b, const struct ArrowSchema *schema,
                            struct ArrowArray *moved, int64_t n, const struct qetl_want *wants,
                            struct ArrowArray *out)
{
    struct ArrowArray *columns = calloc((size_t)n + 1, sizeof *columns);
    struct qetl_shared *shared = NULL;
    int64_t rows = moved->length;
    int32_t status = columns ? qetl_shared_new(moved, &shared) : QETL_E_NO_MEMORY;
    for (int64_t i = 0; !status && i < n; i++) {
        int64_t from = wants[i].column;
        const struct ArrowArray *child = qetl_shared_array(shared)->children[from];
        struct qetl_column column;
        status = qetl_column_open(&column, schema->children[from], child);
        if (!status && wants[i].form == QETL_FORM_VALUE)
            status = qetl_shared_part(conform_lender(b), shared, child, 0, rows, NULL, &columns[i]);
        else if (!status)
            status = lexical_make(b, &column, &columns[i]);
    }
    status = status ? status : qetl_array_struct(conform_lender(b), rows, n, columns, out);
    for (int64_t i = 0; columns && i < n; i++)
        qetl_array_release(&columns[i]);
    free(columns);
    qetl_shared_free(shared);
    qetl_array_release(moved);
    return status;
}

int32_t conform_forms_schema(const struct ArrowSchema *schema, int64_t n,
                             const struct qetl_want *wants, const char *format,
                             struct ArrowSchema *out)
{
    int32_t status = qetl_schema_init_struct(out);
    for (int64_t i = 0; !status && i < n; i++) {
        const struct ArrowSchema *from = schema->children[wants[i].column];
        struct ArrowSchema field = {0};
        char type[128];
        if (wants[i].form == QETL_FORM_VALUE) {
            status = qetl_schema_copy(from, &field);
        } else {
            qetl_type_name(from, type, sizeof type);
            status = qetl_schema_init_field(&field, from->name, "vu");
            status = status ? status : qetl_schema_set_metadata(&field, "qetl:type", type);
            status = status ? status : qetl_schema_set_metadata(&field, "qetl:lexical", format);
        }
        status = status ? status : qetl_schema_append(out, &field);
        qetl_schema_release(&field);
    }
    return status;
}
