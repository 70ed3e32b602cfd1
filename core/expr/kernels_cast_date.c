/* SPDX-License-Identifier: Apache-2.0 */
/* Casts among dates, times and timestamps; the session's zone is UTC. */
#include "calendar.h"
#include "op.h"

static int32_t kernel_date_stamp(struct expr_frame *f, const struct expr_instr *in)
{
    const int32_t *a = in->args[0]->data;
    int64_t *r = in->dst->data;
    uint64_t todo[EXPR_WORDS];

    qetl_expr_valid_and(f, in, 1);
    if (!qetl_expr_todo(f, in, todo))
        return QETL_OK;
    for (int64_t i = expr_bits_next(todo, 0); i >= 0; i = expr_bits_next(todo, i + 1))
        if (__builtin_mul_overflow(a[i], EXPR_DAY_US, &r[i]) || !expr_stamp_fits(r[i]))
            qetl_expr_fail_range(f, in, i);
    return QETL_OK;
}

/* For comparisons: a date beyond all timestamps stays beyond them. */
static int32_t kernel_date_align(struct expr_frame *f, const struct expr_instr *in)
{
    const int32_t *a = in->args[0]->data;
    int64_t *r = in->dst->data;

    qetl_expr_valid_and(f, in, 1);
    for (int64_t i = 0; i < f->rows; i++)
        if (__builtin_mul_overflow(a[i], EXPR_DAY_US, &r[i]))
            r[i] = a[i] < 0 ? INT64_MIN : INT64_MAX;
    return QETL_OK;
}

static int32_t kernel_stamp_date(struct expr_frame *f, const struct expr_instr *in)
{
    const int64_t *a = in->args[0]->data;
    int32_t *r = in->dst->data;

    qetl_expr_valid_and(f, in, 1);
    for (int64_t i = 0; i < f->rows; i++)
        r[i] = (int32_t)expr_floor_divide(a[i], EXPR_DAY_US);
    return QETL_OK;
}

static int32_t kernel_stamp_time(struct expr_frame *f, const struct expr_instr *in)
{
    const int64_t *a = in->args[0]->data;
    int64_t *r = in->dst->data;

    qetl_expr_valid_and(f, in, 1);
    for (int64_t i = 0; i < f->rows; i++)
        r[i] = expr_time_of(a[i]);
    return QETL_OK;
}

static int32_t kernel_same(struct expr_frame *f, const struct expr_instr *in)
{
    qetl_expr_valid_and(f, in, 1);
    memcpy(in->dst->data, in->args[0]->data, (size_t)f->rows * sizeof(int64_t));
    return QETL_OK;
}

#define CAST(name, from, to, flags, kernel) \
    {                                       \
        name, 1, {from}, to, flags, kernel  \
    }

static const struct expr_op ops[] = {
    CAST("cast", EXPR_DATE, EXPR_TIMESTAMP, EXPR_OP_MASKED, kernel_date_stamp),
    CAST("cast", EXPR_DATE, EXPR_TIMESTAMPTZ, EXPR_OP_MASKED, kernel_date_stamp),
    CAST("align", EXPR_DATE, EXPR_TIMESTAMP, 0, kernel_date_align),
    CAST("align", EXPR_DATE, EXPR_TIMESTAMPTZ, 0, kernel_date_align),
    CAST("cast", EXPR_TIMESTAMP, EXPR_DATE, 0, kernel_stamp_date),
    CAST("cast", EXPR_TIMESTAMPTZ, EXPR_DATE, 0, kernel_stamp_date),
    CAST("cast", EXPR_TIMESTAMP, EXPR_TIME, 0, kernel_stamp_time),
    CAST("cast", EXPR_TIMESTAMPTZ, EXPR_TIME, 0, kernel_stamp_time),
    CAST("cast", EXPR_TIMESTAMP, EXPR_TIMESTAMPTZ, 0, kernel_same),
    CAST("cast", EXPR_TIMESTAMPTZ, EXPR_TIMESTAMP, 0, kernel_same),
};

const struct expr_family qetl_expr_family_cast_date = {ops, sizeof ops / sizeof ops[0]};
