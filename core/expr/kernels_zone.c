/* SPDX-License-Identifier: Apache-2.0 */
/* AT TIME ZONE, which is timezone(), and seconds since 1970. */
#include "rows_time.h"

#include <math.h>

enum { NAME_SHOWN = 60, SECONDS_TO_2000 = 946684800 };

struct expr_time_state *qetl_expr_time_state(struct expr_binder *b, struct expr_node *call)
{
    if (!call->state)
        call->state = qetl_expr_new(b->source, sizeof(struct expr_time_state));
    return call->state;
}

static int name_shown(struct expr_text name)
{
    return (int)(name.size < NAME_SHOWN ? name.size : NAME_SHOWN);
}

bool qetl_expr_prepare_zone(struct expr_binder *b, struct expr_node *call, uint32_t k)
{
    const struct expr_node *name = call->args[k];
    struct expr_time_state *state;

    if (name->kind != EXPR_NODE_CONSTANT || name->value.null)
        return true;
    state = qetl_expr_time_state(b, call);
    if (!state)
        return false;
    state->zone = qetl_expr_zone_find(name->value.text);
    if (state->zone)
        return true;
    qetl_expr_mistake(b->source, name->span, "name one of the tz database, as in 'Europe/Berlin'",
                      "there is no time zone '%.*s'", name_shown(name->value.text),
                      name->value.text.data);
    return false;
}

const struct expr_zone *qetl_expr_row_zone(struct expr_frame *f, const struct expr_instr *in,
                                           uint32_t k, int64_t i)
{
    const struct expr_time_state *state = in->node->state;
    const struct expr_zone *zone;
    struct expr_text name;

    if (state && state->zone)
        return state->zone;
    name = row_text(in, k, i);
    zone = qetl_expr_zone_find(name);
    if (!zone)
        qetl_expr_row_fail(f, in, i, "bad_argument", "there is no time zone '%.*s'",
                           name_shown(name), name.data);
    return zone;
}

int32_t qetl_expr_row_beyond(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    char name[EXPR_TYPE_NAME_MAX];

    qetl_expr_row_fail(f, in, i, "datetime_overflow", "the result of %s is beyond what %s holds",
                       in->node->op->name, qetl_expr_type_name(&in->node->type, name, sizeof name));
    return QETL_OK;
}

static bool prepare_zone(struct expr_binder *b, struct expr_node *call)
{
    return qetl_expr_prepare_zone(b, call, 0);
}

static int32_t put_stamp(struct expr_frame *f, const struct expr_instr *in, int64_t i, int64_t us)
{
    return expr_stamp_fits(us) ? row_put_int8(in, i, us) : qetl_expr_row_beyond(f, in, i);
}

/* Local time there as an instant. */
static int32_t row_to_instant(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    struct expr_zone_cursor zone = {.zone = qetl_expr_row_zone(f, in, 0, i)};

    return zone.zone ? put_stamp(f, in, i, qetl_expr_zone_utc_of(&zone, row_int8(in, 1, i)))
                     : QETL_OK;
}

/* An instant as the clocks there show it. */
static int32_t row_to_local(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    struct expr_zone_cursor zone = {.zone = qetl_expr_row_zone(f, in, 0, i)};

    return zone.zone ? put_stamp(f, in, i, qetl_expr_zone_local(&zone, row_int8(in, 1, i)))
                     : QETL_OK;
}

/* An offset as an interval has neither months nor days. */
static int32_t shift_by(struct expr_frame *f, const struct expr_instr *in, int64_t i, int sign)
{
    struct expr_interval offset = row_interval(in, 0, i);
    int64_t us;

    if (offset.months || offset.days) {
        qetl_expr_row_fail(f, in, i, "bad_argument", "an offset has neither months nor days");
        return QETL_OK;
    }
    if (__builtin_add_overflow(row_int8(in, 1, i), sign * (offset.us / 1000000 * 1000000), &us))
        return qetl_expr_row_beyond(f, in, i);
    return put_stamp(f, in, i, us);
}

static int32_t row_offset_instant(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    return shift_by(f, in, i, -1);
}

static int32_t row_offset_local(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    return shift_by(f, in, i, 1);
}

static int32_t row_seconds(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    /* Rounded as PostgreSQL rounds, which counts from 2000. */
    double us = rint((row_float8(in, 0, i) - SECONDS_TO_2000) * 1e6);

    if (!(fabs(us) < 9.2e18))
        return qetl_expr_row_beyond(f, in, i);
    return put_stamp(f, in, i, (int64_t)us + SECONDS_TO_2000 * 1000000LL);
}

#define ZONE(of, from, to, by, ready)                                      \
    {                                                                      \
        .name = "timezone", .n_args = 2, .args = {of, from}, .result = to, \
        .flags = EXPR_OP_MASKED, .row = by, .prepare = ready               \
    }

static const struct expr_op ops[] = {
    ZONE(EXPR_TEXT, EXPR_TIMESTAMP, EXPR_TIMESTAMPTZ, row_to_instant, prepare_zone),
    ZONE(EXPR_TEXT, EXPR_TIMESTAMPTZ, EXPR_TIMESTAMP, row_to_local, prepare_zone),
    ZONE(EXPR_INTERVAL, EXPR_TIMESTAMP, EXPR_TIMESTAMPTZ, row_offset_instant, NULL),
    ZONE(EXPR_INTERVAL, EXPR_TIMESTAMPTZ, EXPR_TIMESTAMP, row_offset_local, NULL),
    {.name = "to_timestamp",
     .n_args = 1,
     .args = {EXPR_FLOAT8},
     .result = EXPR_TIMESTAMPTZ,
     .flags = EXPR_OP_MASKED,
     .row = row_seconds},
};

const struct expr_family qetl_expr_family_zone = {ops, sizeof ops / sizeof ops[0]};
