/* SPDX-License-Identifier: Apache-2.0 */
/* Casts among dates, times and timestamps; the session's zone stands between the two timestamps. */
#include "op.h"
#include "time/moment.h"

static bool is_utc(const struct expr_frame *f)
{
    return f->zone.zone == qetl_expr_zone_utc();
}

/* Local time of the session as an instant; false: out of range. */
static bool to_instant(struct expr_frame *f, int64_t *stamp)
{
    if (!is_utc(f))
        *stamp = qetl_expr_zone_utc_of(&f->zone, *stamp);
    return expr_stamp_fits(*stamp);
}

static int32_t date_to_stamp(struct expr_frame *f, const struct expr_instr *in, bool zoned)
{
    const int32_t *a = in->args[0]->data;
    int64_t *r = in->dst->data;
    uint64_t todo[EXPR_WORDS];

    qetl_expr_valid_and(f, in, 1);
    if (!qetl_expr_todo(f, in, todo))
        return QETL_OK;
    for (int64_t i = expr_bits_next(todo, 0); i >= 0; i = expr_bits_next(todo, i + 1))
        if (__builtin_mul_overflow(a[i], EXPR_DAY_US, &r[i]) || !expr_stamp_fits(r[i]) ||
            (zoned && !to_instant(f, &r[i])))
            qetl_expr_fail_range(f, in, i);
    return QETL_OK;
}

static int32_t kernel_date_stamp(struct expr_frame *f, const struct expr_instr *in)
{
    return date_to_stamp(f, in, false);
}

static int32_t kernel_date_instant(struct expr_frame *f, const struct expr_instr *in)
{
    return date_to_stamp(f, in, true);
}

/* For comparisons: a date beyond all timestamps stays beyond them. */
static int32_t date_align(struct expr_frame *f, const struct expr_instr *in, bool zoned)
{
    const int32_t *a = in->args[0]->data;
    int64_t *r = in->dst->data;

    qetl_expr_valid_and(f, in, 1);
    for (int64_t i = 0; i < f->rows; i++) {
        if (!expr_vec_is_valid(in->args[0], i))
            continue;
        if (__builtin_mul_overflow(a[i], EXPR_DAY_US, &r[i]) || !expr_stamp_fits(r[i]) ||
            (zoned && !to_instant(f, &r[i])))
            r[i] = a[i] < 0 ? INT64_MIN : INT64_MAX;
    }
    return QETL_OK;
}

static int32_t kernel_date_align(struct expr_frame *f, const struct expr_instr *in)
{
    return date_align(f, in, false);
}

static int32_t kernel_date_align_instant(struct expr_frame *f, const struct expr_instr *in)
{
    return date_align(f, in, true);
}

/* What the clocks of the session show. */
static int64_t shown(struct expr_frame *f, const struct expr_instr *in, int64_t stamp)
{
    return in->node->args[0]->type.id == EXPR_TIMESTAMPTZ ? qetl_expr_zone_local(&f->zone, stamp)
                                                          : stamp;
}

static int32_t kernel_stamp_date(struct expr_frame *f, const struct expr_instr *in)
{
    const int64_t *a = in->args[0]->data;
    int32_t *r = in->dst->data;

    qetl_expr_valid_and(f, in, 1);
    for (int64_t i = 0; i < f->rows; i++)
        if (expr_vec_is_valid(in->args[0], i))
            r[i] = (int32_t)expr_floor_divide(shown(f, in, a[i]), EXPR_DAY_US);
    return QETL_OK;
}

static int32_t kernel_stamp_time(struct expr_frame *f, const struct expr_instr *in)
{
    const int64_t *a = in->args[0]->data;
    int64_t *r = in->dst->data;

    qetl_expr_valid_and(f, in, 1);
    for (int64_t i = 0; i < f->rows; i++)
        if (expr_vec_is_valid(in->args[0], i))
            r[i] = expr_time_of(shown(f, in, a[i]));
    return QETL_OK;
}

static int32_t copy_stamps(struct expr_frame *f, const struct expr_instr *in)
{
    qetl_expr_valid_and(f, in, 1);
    memcpy(in->dst->data, in->args[0]->data, (size_t)f->rows * sizeof(int64_t));
    return QETL_OK;
}

static int32_t kernel_instant_local(struct expr_frame *f, const struct expr_instr *in)
{
    const int64_t *a = in->args[0]->data;
    int64_t *r = in->dst->data;
    uint64_t todo[EXPR_WORDS];

    if (is_utc(f))
        return copy_stamps(f, in);
    qetl_expr_valid_and(f, in, 1);
    if (!qetl_expr_todo(f, in, todo))
        return QETL_OK;
    for (int64_t i = expr_bits_next(todo, 0); i >= 0; i = expr_bits_next(todo, i + 1)) {
        r[i] = qetl_expr_zone_local(&f->zone, a[i]);
        if (!expr_stamp_fits(r[i]))
            qetl_expr_fail_range(f, in, i);
    }
    return QETL_OK;
}

static int32_t kernel_local_instant(struct expr_frame *f, const struct expr_instr *in)
{
    int64_t *r = in->dst->data;
    uint64_t todo[EXPR_WORDS];
    int32_t status = copy_stamps(f, in);

    if (is_utc(f) || !qetl_expr_todo(f, in, todo))
        return status;
    for (int64_t i = expr_bits_next(todo, 0); i >= 0; i = expr_bits_next(todo, i + 1))
        if (!to_instant(f, &r[i]))
            qetl_expr_fail_range(f, in, i);
    return status;
}

#define CAST(name, from, to, flags, how)          \
    {                                             \
        name, 1, {from}, to, flags, .kernel = how \
    }

static const struct expr_op ops[] = {
    CAST("cast", EXPR_DATE, EXPR_TIMESTAMP, EXPR_OP_MASKED, kernel_date_stamp),
    CAST("cast", EXPR_DATE, EXPR_TIMESTAMPTZ, EXPR_OP_MASKED, kernel_date_instant),
    CAST("align", EXPR_DATE, EXPR_TIMESTAMP, 0, kernel_date_align),
    CAST("align", EXPR_DATE, EXPR_TIMESTAMPTZ, 0, kernel_date_align_instant),
    CAST("cast", EXPR_TIMESTAMP, EXPR_DATE, 0, kernel_stamp_date),
    CAST("cast", EXPR_TIMESTAMPTZ, EXPR_DATE, 0, kernel_stamp_date),
    CAST("cast", EXPR_TIMESTAMP, EXPR_TIME, 0, kernel_stamp_time),
    CAST("cast", EXPR_TIMESTAMPTZ, EXPR_TIME, 0, kernel_stamp_time),
    CAST("cast", EXPR_TIMESTAMP, EXPR_TIMESTAMPTZ, EXPR_OP_MASKED, kernel_local_instant),
    CAST("cast", EXPR_TIMESTAMPTZ, EXPR_TIMESTAMP, EXPR_OP_MASKED, kernel_instant_local),
};

const struct expr_family qetl_expr_family_cast_date = {ops, sizeof ops / sizeof ops[0]};
