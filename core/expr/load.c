/* SPDX-License-Identifier: Apache-2.0 */
/* Columns of a batch, strip by strip: in place where the layout is the kernels' own. */
#include "narrow.h"
#include "program.h"

static bool has_layout(const struct expr_load *load)
{
    const struct ArrowArray *array = load->array;

    if (array->n_buffers < 1 && load->node->type.id != EXPR_OPAQUE)
        return false;
    return load->by_row || load->node->type.id == EXPR_OPAQUE ||
           (array->n_buffers >= 2 && (array->buffers[1] || array->length == 0));
}

static int32_t load_take(struct qetl_expr *expr, struct expr_load *load,
                         const struct ArrowArray *array, int64_t batch_offset)
{
    int32_t status = QETL_OK;

    load->array = array;
    load->offset = array->offset + batch_offset;
    if (load->by_row)
        status = qetl_column_open(&load->reader, &load->field, array);
    else if (!has_layout(load))
        status = QETL_E_DATA;
    if (status)
        return qetl_fail(expr->env, QETL_E_DATA, NULL, NULL,
                         "column \"%s\" of a batch does not have the layout of its type",
                         load->field.name);
    if (expr_type_is_text(load->node->type.id) && !load->by_row) {
        load->node->vec->views = true;
        load->node->vec->buffers = (const void *const *)array->buffers + 2;
    }
    load->reader.offset += batch_offset;
    return QETL_OK;
}

int32_t qetl_expr_load_open(struct qetl_expr *expr, const struct ArrowArray *batch)
{
    int32_t status = QETL_OK;

    if (batch->n_children != (int64_t)expr->n_loads)
        return qetl_fail(expr->env, QETL_E_FATAL, NULL, NULL,
                         "an expression over %u columns was given a batch of %lld", expr->n_loads,
                         (long long)batch->n_children);
    for (uint32_t i = 0; i < expr->n_loads && !status; i++)
        status = load_take(expr, &expr->loads[i], batch->children[i], batch->offset);
    return status;
}

static void load_validity(const struct expr_load *load, int64_t base, int64_t rows)
{
    struct expr_vec *vec = load->node->vec;
    const uint8_t *bitmap = load->array->n_buffers > 0 ? load->array->buffers[0] : NULL;

    vec->valid = NULL;
    if (!bitmap || load->array->null_count == 0)
        return;
    qetl_expr_bits_load(vec->bits, bitmap, load->offset + base, rows);
    vec->valid = vec->bits;
}

/* Rounded to microseconds, which is what intervals count here. */
static struct expr_interval interval_of(struct qetl_interval value)
{
    int64_t us = value.nanoseconds / 1000, rest = value.nanoseconds % 1000;

    return (struct expr_interval){value.months, value.days, us + (rest >= 500) - (rest <= -500)};
}

static struct expr_value value_read(const struct qetl_column *c, enum expr_type_id type, int64_t i)
{
    struct expr_value value = {.null = qetl_column_is_null(c, i)};

    if (value.null)
        return value;
    if (expr_type_is_text(type)) {
        struct qetl_text text = qetl_column_text(c, i);
        value.text = (struct expr_text){text.data, text.size};
    } else if (type == EXPR_INTERVAL) {
        value.interval = interval_of(qetl_column_interval(c, i));
    } else if (type == EXPR_DECIMAL) {
        value.decimal = qetl_column_decimal(c, i);
    } else if (expr_type_is_float(type)) {
        value.real = qetl_column_real(c, i);
    } else if (type == EXPR_BOOL) {
        value.boolean = qetl_column_int(c, i) != 0;
    } else {
        value.integer = qetl_column_int(c, i);
    }
    return value;
}

/* Dictionaries and text with offsets. */
static void load_rows(const struct expr_load *load, int64_t base, int64_t rows)
{
    struct expr_vec *vec = load->node->vec;

    vec->narrow = false;
    memset(vec->bits, 0xff, sizeof vec->bits);
    vec->valid = vec->bits;
    for (int64_t i = 0; i < rows; i++) {
        struct expr_value value = value_read(&load->reader, load->node->type.id, base + i);
        qetl_expr_vec_set(vec, load->node->type.id, i, &value);
    }
}

static void load_decimal(const struct expr_load *load, int64_t at, int64_t rows)
{
    struct expr_vec *vec = load->node->vec;
    const char *values = (const char *)load->array->buffers[1] + at * 16;

    vec->narrow = qetl_expr_load_narrow(vec->space, values, rows);
    vec->data = vec->space;
    if (!vec->narrow)
        memcpy(vec->space, values, (size_t)rows * 16);
}

static void load_interval(const struct expr_load *load, int64_t at, int64_t rows)
{
    const char *values = (const char *)load->array->buffers[1] + at * 16;
    struct expr_interval *out = load->node->vec->space;
    struct qetl_interval value;

    for (int64_t i = 0; i < rows; i++) {
        memcpy(&value, values + 16 * i, sizeof value);
        out[i] = interval_of(value);
    }
    load->node->vec->data = out;
}

static void load_strip(const struct expr_load *load, int64_t base, int64_t rows)
{
    struct expr_vec *vec = load->node->vec;
    enum expr_type_id type = load->node->type.id;
    int64_t at = load->offset + base;

    if (load->by_row) {
        load_rows(load, base, rows);
        return;
    }
    load_validity(load, base, rows);
    if (type == EXPR_DECIMAL) {
        load_decimal(load, at, rows);
    } else if (type == EXPR_INTERVAL) {
        load_interval(load, at, rows);
    } else if (type == EXPR_BOOL) {
        qetl_expr_bits_load(vec->space, load->array->buffers[1], at, rows);
        vec->data = vec->space;
    } else if (type != EXPR_OPAQUE) {
        size_t width = qetl_expr_type_width(type);
        vec->data = (char *)(uintptr_t)load->array->buffers[1] + (size_t)at * width;
    }
}

void qetl_expr_load_strip(struct qetl_expr *expr)
{
    for (uint32_t i = 0; i < expr->n_loads; i++)
        load_strip(&expr->loads[i], expr->frame.base, expr->frame.rows);
}
