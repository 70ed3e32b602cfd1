/* SPDX-License-Identifier: Apache-2.0 */
/* Lanes are made once for a schema, and bound to the columns of each batch. */
#include "give.h"

#include <stdlib.h>

enum { NANOSECONDS_A_MILLISECOND = 1000000 };

static bool may_refuse(const struct shape *s, const char *format)
{
    if (s->id == DUCK_INTERVAL)
        return true;
    bool nano = format[0] == 't' && format[1] != 'd' && format[2] == 'n';
    bool wider = format[0] == 't' && format[1] == 's' && (format[2] == 's' || format[2] == 'm');
    return (nano && s->digits == 6) || wider;
}

/* The lanes of the children take over their shapes. */
static int32_t lane_split(struct lane *lane, const struct ArrowSchema *field)
{
    int64_t n = lane->shape.n_children;
    lane->careful = !n && may_refuse(&lane->shape, field->dictionary ? "" : field->format);
    if (!n)
        return QETL_OK;
    lane->children = calloc((size_t)n, sizeof *lane->children);
    if (!lane->children)
        return QETL_E_NO_MEMORY;
    lane->n_children = n;
    int32_t status = QETL_OK;
    for (int64_t i = 0; i < n; i++)
        lane->children[i].shape = lane->shape.children[i];
    free(lane->shape.children);
    lane->shape.children = NULL;
    lane->shape.n_children = 0;
    for (int64_t i = 0; !status && i < n; i++) {
        status = lane_split(&lane->children[i], field->children[i]);
        lane->careful |= lane->children[i].careful;
    }
    return status;
}

int32_t lane_open(struct lane *lane, const struct duck *duck, const struct ArrowSchema *field,
                  struct duck_type **type)
{
    int32_t status = shape_write(&lane->shape, duck, field, type);
    return status ? status : lane_split(lane, field);
}

void lane_free(struct lane *lane)
{
    for (int64_t i = 0; i < lane->n_children; i++)
        lane_free(&lane->children[i]);
    free(lane->children);
    shape_free(&lane->shape);
    *lane = (struct lane){0};
}

int32_t lane_bind(struct lane *lane, const struct qetl_column *column)
{
    int32_t status = QETL_OK;
    lane->column = *column;
    for (int64_t i = 0; !status && i < lane->n_children; i++) {
        struct qetl_column child;
        status = qetl_column_child(column, i, &child);
        if (!status)
            status = lane_bind(&lane->children[i], &child);
    }
    return status;
}

/* Parquet counts months, days and milliseconds, none of them below zero. */
static const char *interval_refuses(struct qetl_interval value)
{
    if (value.months < 0 || value.days < 0 || value.nanoseconds < 0)
        return "a negative interval: Parquet has none";
    if (value.nanoseconds % NANOSECONDS_A_MILLISECOND)
        return "an interval with parts of a millisecond: Parquet has none";
    return value.nanoseconds / NANOSECONDS_A_MILLISECOND > UINT32_MAX
               ? "an interval of more hours than Parquet's milliseconds can count"
               : NULL;
}

static const char *time_refuses(const struct lane *lane, int64_t row)
{
    int64_t value = qetl_column_int(&lane->column, row), scaled;
    int64_t factor = 1;
    for (int32_t digits = lane->column.scale; digits < lane->shape.digits; digits++)
        factor *= 10;
    if (lane->column.scale > lane->shape.digits)
        return value % 1000 ? "a time in nanoseconds: it is written in microseconds" : NULL;
    return __builtin_mul_overflow(value, factor, &scaled)
               ? "a time beyond what 64 bits of microseconds hold"
               : NULL;
}

static const char *list_refuses(const struct lane *lane, int64_t row)
{
    int64_t first, count;
    const char *why = NULL;
    qetl_column_list(&lane->column, row, &first, &count);
    for (int64_t i = first; !why && i < first + count; i++)
        why = give_refuses(&lane->children[0], i);
    return why;
}

const char *give_refuses(const struct lane *lane, int64_t row)
{
    const char *why = NULL;
    if (!lane->careful || qetl_column_is_null(&lane->column, row))
        return NULL;
    if (lane->shape.id == DUCK_LIST)
        return list_refuses(lane, row);
    for (int64_t i = 0; !why && i < lane->n_children; i++)
        why = give_refuses(&lane->children[i], row);
    if (lane->n_children)
        return why;
    return lane->shape.id == DUCK_INTERVAL
               ? interval_refuses(qetl_column_interval(&lane->column, row))
               : time_refuses(lane, row);
}
