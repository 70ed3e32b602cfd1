/* SPDX-License-Identifier: Apache-2.0 */
/* Timestamps, times and intervals: sums and differences. */
#include "op.h"
#include "time/moment.h"

/* Rows of a stamp and a step, whichever stands first. */
static int32_t step_rows(struct expr_frame *f, const struct expr_instr *in, uint32_t k, bool minus)
{
    const int64_t *a = in->args[k]->data;
    const struct expr_interval *b = in->args[1 - k]->data;
    struct expr_zone_cursor *zone = in->node->type.id == EXPR_TIMESTAMPTZ ? &f->zone : NULL;
    int64_t *r = in->dst->data;
    uint64_t todo[EXPR_WORDS];

    qetl_expr_valid_and(f, in, 2);
    if (!qetl_expr_todo(f, in, todo))
        return QETL_OK;
    for (int64_t i = expr_bits_next(todo, 0); i >= 0; i = expr_bits_next(todo, i + 1)) {
        struct expr_interval step = b[i];
        if ((minus && !qetl_expr_interval_negate(b[i], &step)) ||
            !qetl_expr_stamp_add(zone, a[i], step, &r[i]))
            qetl_expr_fail_overflow(f, in, i);
    }
    return QETL_OK;
}

static int32_t kernel_add(struct expr_frame *f, const struct expr_instr *in)
{
    return step_rows(f, in, 0, false);
}

static int32_t kernel_add_reversed(struct expr_frame *f, const struct expr_instr *in)
{
    return step_rows(f, in, 1, false);
}

static int32_t kernel_subtract(struct expr_frame *f, const struct expr_instr *in)
{
    return step_rows(f, in, 0, true);
}

static int32_t kernel_difference(struct expr_frame *f, const struct expr_instr *in)
{
    const int64_t *a = in->args[0]->data, *b = in->args[1]->data;
    struct expr_interval *r = in->dst->data;
    uint64_t todo[EXPR_WORDS];

    qetl_expr_valid_and(f, in, 2);
    if (!qetl_expr_todo(f, in, todo))
        return QETL_OK;
    for (int64_t i = expr_bits_next(todo, 0); i >= 0; i = expr_bits_next(todo, i + 1))
        if (!qetl_expr_stamp_difference(a[i], b[i], &r[i]))
            qetl_expr_fail_overflow(f, in, i);
    return QETL_OK;
}

/* The clock goes round; months and days do not move it. */
static int32_t turn_rows(struct expr_frame *f, const struct expr_instr *in, uint32_t k, int sign)
{
    const int64_t *a = in->args[k]->data;
    const struct expr_interval *b = in->args[1 - k]->data;
    int64_t *r = in->dst->data;

    qetl_expr_valid_and(f, in, 2);
    for (int64_t i = 0; i < f->rows; i++)
        if (expr_vec_is_valid(in->dst, i))
            r[i] = expr_time_of(a[i] + sign * (b[i].us % EXPR_DAY_US));
    return QETL_OK;
}

static int32_t kernel_time_add(struct expr_frame *f, const struct expr_instr *in)
{
    return turn_rows(f, in, 0, 1);
}

static int32_t kernel_time_add_reversed(struct expr_frame *f, const struct expr_instr *in)
{
    return turn_rows(f, in, 1, 1);
}

static int32_t kernel_time_subtract(struct expr_frame *f, const struct expr_instr *in)
{
    return turn_rows(f, in, 0, -1);
}

static int32_t kernel_time_difference(struct expr_frame *f, const struct expr_instr *in)
{
    const int64_t *a = in->args[0]->data, *b = in->args[1]->data;
    struct expr_interval *r = in->dst->data;

    qetl_expr_valid_and(f, in, 2);
    for (int64_t i = 0; i < f->rows; i++)
        if (expr_vec_is_valid(in->dst, i))
            r[i] = (struct expr_interval){.us = a[i] - b[i]};
    return QETL_OK;
}

#define STEPS(type)                                                                           \
    {"+", 2, {type, EXPR_INTERVAL}, type, EXPR_OP_MASKED, .kernel = kernel_add},              \
        {"+", 2, {EXPR_INTERVAL, type}, type, EXPR_OP_MASKED, .kernel = kernel_add_reversed}, \
        {"-", 2, {type, EXPR_INTERVAL}, type, EXPR_OP_MASKED, .kernel = kernel_subtract},     \
    {                                                                                         \
        "-", 2, {type, type}, EXPR_INTERVAL, EXPR_OP_MASKED, .kernel = kernel_difference      \
    }

static const struct expr_op ops[] = {
    STEPS(EXPR_TIMESTAMP),
    STEPS(EXPR_TIMESTAMPTZ),
    {"+", 2, {EXPR_TIME, EXPR_INTERVAL}, EXPR_TIME, 0, .kernel = kernel_time_add},
    {"+", 2, {EXPR_INTERVAL, EXPR_TIME}, EXPR_TIME, 0, .kernel = kernel_time_add_reversed},
    {"-", 2, {EXPR_TIME, EXPR_INTERVAL}, EXPR_TIME, 0, .kernel = kernel_time_subtract},
    {"-", 2, {EXPR_TIME, EXPR_TIME}, EXPR_INTERVAL, 0, .kernel = kernel_time_difference},
};

const struct expr_family qetl_expr_family_stamp = {ops, sizeof ops / sizeof ops[0]};
