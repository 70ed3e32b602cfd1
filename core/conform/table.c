/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of JSON as Arrow batches. */
#include "check.h"

#include "data/pool.h"
#include "host/host.h"
#include "host/instance.h"
#include "time/calendar.h"

#include <stdio.h>
#include <stdlib.h>

static int32_t value_put(struct qetl_builder *b, const struct ArrowSchema *field,
                         const json_t *value);

/* "-12.50" with the scale of the column. */
static int32_t decimal_put(struct qetl_builder *b, const char *format, const char *text)
{
    int32_t precision, scale, digits = -1;
    bool negative = *text == '-';
    qetl_int128 value = 0;
    qetl_type_decimal(format, &precision, &scale);
    for (text += negative; *text && digits < scale; text++) {
        if (*text == '.') {
            digits = 0;
            continue;
        }
        value = value * 10 + (*text - '0');
        digits += digits >= 0;
    }
    for (digits = digits < 0 ? 0 : digits; digits < scale; digits++)
        value *= 10;
    return qetl_builder_decimal(b, negative ? -value : value);
}

/* "2024-01-31", and behind it "10:20:30" for a timestamp; of a time the latter alone. */
static int64_t moment_of(const char *format, const char *text)
{
    int year = 1970, month = 1, day = 1, hours = 0, minutes = 0, seconds = 0;
    if (format[1] == 't')
        sscanf(text, "%d:%d:%d", &hours, &minutes, &seconds);
    else
        sscanf(text, "%d-%d-%d%*c%d:%d:%d", &year, &month, &day, &hours, &minutes, &seconds);
    int64_t days = qetl_expr_days_from_civil(year, month, day);
    if (format[1] == 'd')
        return days;
    int64_t second = days * 86400 + hours * 3600 + minutes * 60 + seconds;
    const int64_t units = format[2] == 's'   ? 1
                          : format[2] == 'm' ? 1000
                          : format[2] == 'u' ? 1000000
                                             : 1000000000;
    return second * units;
}

static int32_t text_put(struct qetl_builder *b, const struct ArrowSchema *field, const char *text)
{
    const char *format = field->format;
    if (format[0] == 't')
        return qetl_builder_int(b, moment_of(format, text));
    if (format[0] == 'd')
        return decimal_put(b, format, text);
    return qetl_builder_text(b, text, (int64_t)strlen(text));
}

static int32_t nested_put(struct qetl_builder *b, const struct ArrowSchema *field,
                          const json_t *value)
{
    int32_t status = QETL_OK;
    if (!strcmp(field->format, "+s")) {
        for (int64_t i = 0; !status && i < field->n_children; i++)
            status = value_put(qetl_builder_child(b, i), field->children[i],
                               json_object_get(value, field->children[i]->name));
        return status ? status : qetl_builder_struct(b);
    }
    for (size_t i = 0; !status && i < json_array_size(value); i++)
        status = value_put(qetl_builder_child(b, 0), field->children[0], json_array_get(value, i));
    return status ? status : qetl_builder_list(b);
}

static int32_t value_put(struct qetl_builder *b, const struct ArrowSchema *field,
                         const json_t *value)
{
    char number[32];
    switch (value ? json_typeof(value) : JSON_NULL) {
    case JSON_NULL:
        return qetl_builder_null(b);
    case JSON_TRUE:
    case JSON_FALSE:
        return qetl_builder_bool(b, json_is_true(value));
    case JSON_STRING:
        return text_put(b, field, json_string_value(value));
    case JSON_ARRAY:
    case JSON_OBJECT:
        return nested_put(b, field, value);
    default:
        if (strchr("fg", field->format[0]))
            return qetl_builder_real(b, json_number_value(value));
        if (field->format[0] == 'd' || field->format[0] == 'v') {
            snprintf(number, sizeof number, "%.15g", json_number_value(value));
            return text_put(b, field, number);
        }
        return qetl_builder_int(b, json_integer_value(value));
    }
}

/* The value of a cell; NULL in a pattern that no column shares with the next. */
static const json_t *cell_of(const struct conform_table *t, int64_t row, int64_t column)
{
    if (t->holed && (row * 2 + column) % 5 == 1)
        return NULL;
    return json_array_get(json_array_get(t->rows, (size_t)row), (size_t)column);
}

static int32_t column_make(const struct conform_table *t, struct qetl_env env, int64_t column,
                           int64_t first, int64_t n, int64_t offset, bool other,
                           struct ArrowArray *out)
{
    const struct ArrowSchema *field = t->schema.children[column];
    struct qetl_builder b;
    int64_t all = (int64_t)json_array_size(t->rows);
    int32_t status = qetl_builder_open(&b, env, field, n + offset);
    for (int64_t i = -offset; !status && i < n; i++) {
        /* In front: the table backwards, so that who forgets the offset sees other rows. */
        int64_t row = i < 0 ? all - 1 - (first - i) % all : first + i;
        row = other ? (row * 7 + 3) % all : row;
        status = value_put(&b, field, cell_of(t, row, column));
    }
    if (!status)
        status = qetl_builder_close(&b, out);
    qetl_builder_free(&b);
    if (status)
        return status;
    out->offset += offset;
    out->length = n;
    out->null_count = offset ? -1 : out->null_count;
    return QETL_OK;
}

int32_t conform_table_batch(const struct conform_table *t, struct qetl_env env, int64_t first,
                            int64_t n, int64_t offset, uint64_t keep, struct ArrowArray *out)
{
    int64_t columns = t->schema.n_children, made = 0;
    struct ArrowArray *arrays = calloc((size_t)columns + 1, sizeof *arrays);
    int32_t status = arrays ? QETL_OK : QETL_E_NO_MEMORY;
    for (; !status && made < columns; made++)
        status = column_make(t, env, made, first, n, offset, made < 64 && !(keep & 1ull << made),
                             &arrays[made]);
    if (!status)
        status = qetl_array_struct(env, n, columns, arrays, out);
    for (int64_t c = 0; arrays && c < columns; c++)
        qetl_array_release(&arrays[c]);
    free(arrays);
    return status;
}

int32_t conform_table_cells(const struct conform_table *t, struct conform_cells *out)
{
    struct ArrowArray batch = {0};
    struct qetl_pool *pool = qetl_pool_new(1 << 20);
    struct qetl_instance_env env = {.pool = pool};
    struct qetl_ctx ctx = {.env = &env};
    int32_t status =
        pool ? conform_table_batch(t, (struct qetl_env){&qetl_host_table, &ctx}, 0,
                                   (int64_t)json_array_size(t->rows), 0, UINT64_MAX, &batch)
             : QETL_E_NO_MEMORY;
    if (!status)
        conform_cells_add(out, &t->schema, &batch);
    qetl_array_release(&batch);
    qetl_pool_free(pool);
    return status;
}

int conform_table_turn(const struct conform_table *from, struct conform_table *out)
{
    json_t *row;
    size_t i;
    int32_t status = qetl_schema_init_struct(&out->schema);
    for (int64_t c = from->schema.n_children; !status && c-- > 0;) {
        struct ArrowSchema field = {0};
        status = qetl_schema_copy(from->schema.children[c], &field);
        status = status ? status : qetl_schema_append(&out->schema, &field);
    }
    out->rows = json_array();
    json_array_foreach (from->rows, i, row) {
        json_t *turned = json_array();
        for (size_t c = json_array_size(row); c-- > 0;)
            json_array_append(turned, json_array_get(row, c));
        json_array_append_new(out->rows, turned);
    }
    return status ? -1 : 0;
}

void conform_table_free(struct conform_table *t)
{
    qetl_schema_release(&t->schema);
    json_decref(t->rows);
    memset(t, 0, sizeof *t);
}
