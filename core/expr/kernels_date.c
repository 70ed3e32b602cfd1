/* SPDX-License-Identifier: Apache-2.0 */
/* date ± integer, date - date. */
#include "op.h"
#include "time/calendar.h"

static int32_t shift(struct expr_frame *f, const struct expr_instr *in, const int32_t *dates,
                     const int32_t *days, int sign)
{
    int32_t *r = in->dst->data;
    uint64_t todo[EXPR_WORDS];

    qetl_expr_valid_and(f, in, 2);
    if (!qetl_expr_todo(f, in, todo))
        return QETL_OK;
    for (int64_t i = expr_bits_next(todo, 0); i >= 0; i = expr_bits_next(todo, i + 1)) {
        int64_t date = dates[i] + (int64_t)sign * days[i];
        r[i] = (int32_t)date;
        if (!expr_date_fits(date))
            qetl_expr_fail_overflow(f, in, i);
    }
    return QETL_OK;
}

static int32_t kernel_add(struct expr_frame *f, const struct expr_instr *in)
{
    return shift(f, in, in->args[0]->data, in->args[1]->data, 1);
}

static int32_t kernel_add_reversed(struct expr_frame *f, const struct expr_instr *in)
{
    return shift(f, in, in->args[1]->data, in->args[0]->data, 1);
}

static int32_t kernel_subtract(struct expr_frame *f, const struct expr_instr *in)
{
    return shift(f, in, in->args[0]->data, in->args[1]->data, -1);
}

static int32_t kernel_difference(struct expr_frame *f, const struct expr_instr *in)
{
    const int32_t *a = in->args[0]->data, *b = in->args[1]->data;
    int32_t *r = in->dst->data;

    qetl_expr_valid_and(f, in, 2);
    for (int64_t i = 0; i < f->rows; i++)
        r[i] = (int32_t)((uint32_t)a[i] - (uint32_t)b[i]);
    return QETL_OK;
}

static const struct expr_op ops[] = {
    {"+", 2, {EXPR_DATE, EXPR_INT4}, EXPR_DATE, EXPR_OP_MASKED, .kernel = kernel_add},
    {"+", 2, {EXPR_INT4, EXPR_DATE}, EXPR_DATE, EXPR_OP_MASKED, .kernel = kernel_add_reversed},
    {"-", 2, {EXPR_DATE, EXPR_INT4}, EXPR_DATE, EXPR_OP_MASKED, .kernel = kernel_subtract},
    {"-", 2, {EXPR_DATE, EXPR_DATE}, EXPR_INT4, 0, .kernel = kernel_difference},
};

const struct expr_family qetl_expr_family_date = {ops, sizeof ops / sizeof ops[0]};
