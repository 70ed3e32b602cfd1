/* SPDX-License-Identifier: Apache-2.0 */
/* EXTRACT, date_part and date_trunc. */
#include "rows_time.h"

#include <stdio.h>

/* ---- which field ---- */

static bool truncates(const struct expr_node *call)
{
    return !strcmp(call->op->name, "date_trunc");
}

static bool has_field(const struct expr_node *call, enum expr_field field)
{
    enum expr_type_id type = call->args[1]->type.id;

    if (truncates(call))
        return qetl_expr_field_truncates(field, type);
    /* date_part takes a date as its midnight. */
    if (type == EXPR_DATE && call->op->result == EXPR_FLOAT8)
        type = EXPR_TIMESTAMP;
    return qetl_expr_field_of(field, type);
}

/* A constant field is looked up once, and refused before any row comes. */
static bool prepare_field(struct expr_binder *b, struct expr_node *call)
{
    const struct expr_node *name = call->args[0];
    char type[EXPR_TYPE_NAME_MAX];
    struct expr_time_state *state;

    if (call->n_args == 3 && !qetl_expr_prepare_zone(b, call, 2))
        return false;
    if (name->kind != EXPR_NODE_CONSTANT || name->value.null)
        return true;
    state = qetl_expr_time_state(b, call);
    if (!state)
        return false;
    state->field = qetl_expr_field_find(name->value.text);
    if (has_field(call, state->field))
        return true;
    qetl_expr_mistake(
        b->source, name->span, "year, month, day, hour, minute, second and epoch are some",
        "%.*s is no field of %s", (int)(name->value.text.size < 60 ? name->value.text.size : 60),
        name->value.text.data, qetl_expr_type_name(&call->args[1]->type, type, sizeof type));
    return false;
}

/* NONE: the row has failed. */
static enum expr_field row_field(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    const struct expr_time_state *state = in->node->state;
    struct expr_text name;
    enum expr_field field;

    if (state && state->field)
        return state->field;
    name = row_text(in, 0, i);
    field = qetl_expr_field_find(name);
    if (has_field(in->node, field))
        return field;
    qetl_expr_row_fail(f, in, i, "bad_argument", "'%.*s' is no field of that type",
                       (int)(name.size < 60 ? name.size : 60), name.data);
    return EXPR_FIELD_NONE;
}

/* The value at the field's scale. */
static expr_int128 field_value(struct expr_frame *f, const struct expr_instr *in, int64_t i,
                               enum expr_field field)
{
    switch (in->node->args[1]->type.id) {
    case EXPR_DATE:
        return qetl_expr_stamp_field(NULL, row_int4(in, 1, i) * EXPR_DAY_US, field);
    case EXPR_TIME:
        return qetl_expr_time_field(row_int8(in, 1, i), field);
    case EXPR_INTERVAL:
        return qetl_expr_interval_field(row_interval(in, 1, i), field);
    case EXPR_TIMESTAMP:
        return qetl_expr_stamp_field(NULL, row_int8(in, 1, i), field);
    default:
        return qetl_expr_stamp_field(&f->zone, row_int8(in, 1, i), field);
    }
}

/* ---- EXTRACT: exact ---- */

static bool type_extract(struct expr_binder *b, struct expr_span span, uint32_t n_args,
                         struct expr_node **args, struct expr_type *type)
{
    static const int32_t whole[EXPR_FIELDS] = {
        [EXPR_FIELD_EPOCH] = 20, [EXPR_FIELD_MICROSECONDS] = 8, [EXPR_FIELD_JULIAN] = 18};
    bool constant = args[0]->kind == EXPR_NODE_CONSTANT && !args[0]->value.null;
    enum expr_field field = constant ? qetl_expr_field_find(args[0]->value.text) : EXPR_FIELD_NONE;
    int32_t scale = qetl_expr_field_scale(field);

    (void)n_args;
    *type = expr_type_decimal((whole[field] ? whole[field] : 10) + scale, scale);
    if (constant)
        return true;
    qetl_expr_mistake(b->source, span, "date_part takes any text",
                      "EXTRACT needs a constant field");
    return false;
}

/* Days of dates lie beyond those of timestamps, and have no clock. */
static int32_t row_extract_date(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    enum expr_field field = row_field(f, in, i);
    int64_t days = row_int4(in, 1, i);

    if (field == EXPR_FIELD_EPOCH)
        return row_put_decimal(in, i, (expr_int128)days * EXPR_DAY_US);
    if (field == EXPR_FIELD_JULIAN)
        return row_put_decimal(in, i,
                               (days + EXPR_JULIAN_1970) * qetl_expr_pow10[EXPR_JULIAN_SCALE]);
    return row_put_decimal(in, i, qetl_expr_date_field(days, field));
}

static int32_t row_extract(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    enum expr_field field = row_field(f, in, i);

    return field ? row_put_decimal(in, i, field_value(f, in, i, field)) : QETL_OK;
}

/* ---- date_part: a double ---- */

/* An interval's epoch, as PostgreSQL adds it up. */
static double interval_epoch(struct expr_interval v)
{
    return (double)v.us / 1e6 + 365.25 * 86400 * (v.months / 12) + 30.0 * 86400 * (v.months % 12) +
           86400.0 * v.days;
}

static double part_value(struct expr_frame *f, const struct expr_instr *in, int64_t i,
                         enum expr_field field)
{
    enum expr_type_id type = in->node->args[1]->type.id;
    int64_t value;

    if (field == EXPR_FIELD_JULIAN) {
        int64_t us = type == EXPR_DATE ? row_int4(in, 1, i) * EXPR_DAY_US : row_int8(in, 1, i);
        us = type == EXPR_TIMESTAMPTZ ? qetl_expr_zone_local(&f->zone, us) : us;
        return (double)(expr_floor_divide(us, EXPR_DAY_US) + EXPR_JULIAN_1970) +
               (double)expr_time_of(us) / 1e6 / 86400;
    }
    if (field == EXPR_FIELD_EPOCH && type == EXPR_INTERVAL)
        return interval_epoch(row_interval(in, 1, i));
    value = (int64_t)field_value(f, in, i, field);
    if (field == EXPR_FIELD_EPOCH)
        return (double)value / 1e6;
    if (field == EXPR_FIELD_SECOND)
        return (double)(value / 1000000) + (double)(value % 1000000) / 1e6;
    if (field == EXPR_FIELD_MILLISECONDS)
        return (double)(value / 1000000 * 1000) + (double)(value % 1000000) / 1000;
    return (double)value;
}

static int32_t row_part(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    enum expr_field field = row_field(f, in, i);
    int64_t us;

    if (field && in->node->args[1]->type.id == EXPR_DATE &&
        (__builtin_mul_overflow(row_int4(in, 1, i), EXPR_DAY_US, &us) || !expr_stamp_fits(us)))
        return qetl_expr_row_beyond(f, in, i);
    return field ? row_put_float8(in, i, part_value(f, in, i, field)) : QETL_OK;
}

/* ---- date_trunc ---- */

static int32_t truncate_in(struct expr_frame *f, const struct expr_instr *in, int64_t i,
                           struct expr_zone_cursor *zone)
{
    enum expr_field field = row_field(f, in, i);
    int64_t out;

    if (!field)
        return QETL_OK;
    if (!qetl_expr_stamp_truncate(zone, row_int8(in, 1, i), field, &out))
        return qetl_expr_row_beyond(f, in, i);
    return row_put_int8(in, i, out);
}

static int32_t row_trunc_stamp(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    return truncate_in(f, in, i, NULL);
}

static int32_t row_trunc_instant(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    return truncate_in(f, in, i, &f->zone);
}

static int32_t row_trunc_zoned(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    struct expr_zone_cursor zone = {.zone = qetl_expr_row_zone(f, in, 2, i)};

    return zone.zone ? truncate_in(f, in, i, &zone) : QETL_OK;
}

static int32_t row_trunc_interval(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    enum expr_field field = row_field(f, in, i);
    struct expr_interval out;

    if (!field)
        return QETL_OK;
    qetl_expr_interval_truncate(row_interval(in, 1, i), field, &out);
    return row_put_interval(in, i, out);
}

#define EXTRACT(type, of)                                                                    \
    {                                                                                        \
        .name = "extract", .n_args = 2, .args = {EXPR_TEXT, type}, .result = EXPR_DECIMAL,   \
        .flags = EXPR_OP_MASKED, .row = of, .prepare = prepare_field, .typing = type_extract \
    }
#define PART(type)                                                                          \
    {                                                                                       \
        .name = "date_part", .n_args = 2, .args = {EXPR_TEXT, type}, .result = EXPR_FLOAT8, \
        .flags = EXPR_OP_MASKED, .row = row_part, .prepare = prepare_field                  \
    }
#define TRUNC(type, of)                                                               \
    {                                                                                 \
        .name = "date_trunc", .n_args = 2, .args = {EXPR_TEXT, type}, .result = type, \
        .flags = EXPR_OP_MASKED, .row = of, .prepare = prepare_field                  \
    }

static const struct expr_op ops[] = {
    EXTRACT(EXPR_DATE, row_extract_date),
    EXTRACT(EXPR_TIME, row_extract),
    EXTRACT(EXPR_INTERVAL, row_extract),
    EXTRACT(EXPR_TIMESTAMP, row_extract),
    EXTRACT(EXPR_TIMESTAMPTZ, row_extract),
    PART(EXPR_DATE),
    PART(EXPR_TIME),
    PART(EXPR_INTERVAL),
    PART(EXPR_TIMESTAMP),
    PART(EXPR_TIMESTAMPTZ),
    TRUNC(EXPR_TIMESTAMP, row_trunc_stamp),
    TRUNC(EXPR_TIMESTAMPTZ, row_trunc_instant),
    TRUNC(EXPR_INTERVAL, row_trunc_interval),
    {.name = "date_trunc",
     .n_args = 3,
     .args = {EXPR_TEXT, EXPR_TIMESTAMPTZ, EXPR_TEXT},
     .result = EXPR_TIMESTAMPTZ,
     .flags = EXPR_OP_MASKED,
     .row = row_trunc_zoned,
     .prepare = prepare_field},
};

const struct expr_family qetl_expr_family_field = {ops, sizeof ops / sizeof ops[0]};
