/* SPDX-License-Identifier: Apache-2.0 */
/* Batches as text: what comes of the plugin is printed and validated. */
#include "test.h"

#include <stdlib.h>

struct growing { /* an encoder's space over a text */
    struct qetl_space space;
    struct text *text;
};

static int32_t growing_reserve(struct qetl_space *space, int64_t n)
{
    struct growing *growing = (struct growing *)space;
    struct text *text = growing->text;
    text->size = (size_t)space->size;
    text->capacity = (text->size + (size_t)n + 64) * 2;
    text->data = memory_need(realloc(text->data, text->capacity));
    space->data = (uint8_t *)text->data;
    space->capacity = (int64_t)text->capacity - 1;
    return QETL_OK;
}

int32_t test_space(struct text *text, void *about,
                   int32_t (*write)(void *about, struct qetl_space *space))
{
    struct growing growing = {
        .space = {.data = (uint8_t *)text->data,
                  .size = (int64_t)text->size,
                  .capacity = text->capacity ? (int64_t)text->capacity - 1 : 0,
                  .reserve = growing_reserve},
        .text = text};
    int32_t status = write(about, &growing.space);
    text->size = (size_t)growing.space.size;
    text_put(text, "", 0);
    return status;
}

struct value {
    const struct qetl_column *column;
    int64_t row;
};

static int32_t value_write(void *about, struct qetl_space *space)
{
    const struct value *value = about;
    return qetl_render(value->column, value->row, space);
}

void test_value_print(struct qetl_rig *t, const struct qetl_column *column, int64_t row,
                      struct text *out)
{
    struct text plain = {0};
    struct value value = {column, row};
    if (qetl_column_is_null(column, row)) {
        text_put(out, "NULL", 4);
        return;
    }
    if (test_space(&plain, &value, value_write))
        test_fail(t, QETL_E_FATAL, "row %lld cannot be written as text", (long long)row);
    text_put_cell(out, text_of(&plain), plain.size);
    text_free(&plain);
}

int32_t test_rows_print(struct qetl_rig *t, const struct ArrowSchema *schema,
                        const struct ArrowArray *batch, struct text *out)
{
    struct qetl_column rows,
        *cells = memory_need(calloc((size_t)schema->n_children + 1, sizeof *cells));
    int32_t status = qetl_column_open(&rows, schema, batch);
    for (int64_t c = 0; c < schema->n_children && !status; c++)
        status = qetl_column_child(&rows, c, &cells[c]);
    for (int64_t i = 0; i < batch->length && !status; i++) {
        for (int64_t c = 0; c < schema->n_children; c++) {
            text_put(out, "|", c > 0);
            test_value_print(t, &cells[c], i, out);
        }
        text_put(out, "\n", 1);
    }
    free(cells);
    return status;
}

void test_columns_print(const struct ArrowSchema *schema, struct text *out)
{
    text_clear(out);
    for (int64_t i = 0; i < schema->n_children; i++) {
        char *type = memory_need(qetl_type_text(schema->children[i]));
        text_print(out, "%s%s %s", i ? ", " : "", schema->children[i]->name, type);
        free(type);
    }
}

int32_t test_validate(struct qetl_rig *t, const struct ArrowSchema *schema,
                      const struct ArrowArray *batch)
{
    char message[400];
    if (!batch->release)
        return test_broken(t, "the batch has been released already");
    if (qetl_array_validate(schema, batch, message, sizeof message))
        return test_broken(t, "the batch breaks a rule of Arrow: %s", message);
    return QETL_OK;
}
