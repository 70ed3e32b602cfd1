/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic and comparison of intervals. */
#include "op.h"
#include "time/interval.h"

typedef bool combine(struct expr_interval a, struct expr_interval b, struct expr_interval *out);

static const struct expr_interval *intervals(const struct expr_instr *in, uint32_t k)
{
    return in->args[k]->data;
}

static int32_t combine_rows(struct expr_frame *f, const struct expr_instr *in, combine *op)
{
    const struct expr_interval *a = intervals(in, 0), *b = intervals(in, 1);
    struct expr_interval *r = in->dst->data;
    uint64_t todo[EXPR_WORDS];

    qetl_expr_valid_and(f, in, 2);
    if (!qetl_expr_todo(f, in, todo))
        return QETL_OK;
    for (int64_t i = expr_bits_next(todo, 0); i >= 0; i = expr_bits_next(todo, i + 1))
        if (!op(a[i], b[i], &r[i]))
            qetl_expr_fail_overflow(f, in, i);
    return QETL_OK;
}

static int32_t kernel_add(struct expr_frame *f, const struct expr_instr *in)
{
    return combine_rows(f, in, qetl_expr_interval_add);
}

static int32_t kernel_subtract(struct expr_frame *f, const struct expr_instr *in)
{
    return combine_rows(f, in, qetl_expr_interval_subtract);
}

static int32_t kernel_negate(struct expr_frame *f, const struct expr_instr *in)
{
    const struct expr_interval *a = intervals(in, 0);
    struct expr_interval *r = in->dst->data;
    uint64_t todo[EXPR_WORDS];

    qetl_expr_valid_and(f, in, 1);
    if (!qetl_expr_todo(f, in, todo))
        return QETL_OK;
    for (int64_t i = expr_bits_next(todo, 0); i >= 0; i = expr_bits_next(todo, i + 1))
        if (!qetl_expr_interval_negate(a[i], &r[i]))
            qetl_expr_fail_overflow(f, in, i);
    return QETL_OK;
}

/* k is the interval's place, the other one is the number. */
static int32_t scale_rows(struct expr_frame *f, const struct expr_instr *in, uint32_t k)
{
    const struct expr_interval *a = intervals(in, k);
    const double *factor = in->args[1 - k]->data;
    struct expr_interval *r = in->dst->data;
    uint64_t todo[EXPR_WORDS];

    qetl_expr_valid_and(f, in, 2);
    if (!qetl_expr_todo(f, in, todo))
        return QETL_OK;
    for (int64_t i = expr_bits_next(todo, 0); i >= 0; i = expr_bits_next(todo, i + 1))
        if (!qetl_expr_interval_scale(a[i], factor[i], &r[i]))
            qetl_expr_fail_overflow(f, in, i);
    return QETL_OK;
}

static int32_t kernel_scale(struct expr_frame *f, const struct expr_instr *in)
{
    return scale_rows(f, in, 0);
}

static int32_t kernel_scale_reversed(struct expr_frame *f, const struct expr_instr *in)
{
    return scale_rows(f, in, 1);
}

static int32_t kernel_divide(struct expr_frame *f, const struct expr_instr *in)
{
    const struct expr_interval *a = intervals(in, 0);
    const double *by = in->args[1]->data;
    struct expr_interval *r = in->dst->data;
    uint64_t todo[EXPR_WORDS];

    qetl_expr_valid_and(f, in, 2);
    if (!qetl_expr_todo(f, in, todo))
        return QETL_OK;
    for (int64_t i = expr_bits_next(todo, 0); i >= 0; i = expr_bits_next(todo, i + 1)) {
        if (by[i] == 0)
            qetl_expr_fail_zero(f, in, i);
        else if (!qetl_expr_interval_divide(a[i], by[i], &r[i]))
            qetl_expr_fail_overflow(f, in, i);
    }
    return QETL_OK;
}

#define COMPARE(name, symbol)                                                                 \
    static int32_t kernel_##name(struct expr_frame *f, const struct expr_instr *in)           \
    {                                                                                         \
        const struct expr_interval *a = intervals(in, 0), *b = intervals(in, 1);              \
        uint64_t *r = in->dst->data;                                                          \
        qetl_expr_valid_and(f, in, 2);                                                        \
        memset(r, 0, EXPR_WORDS * sizeof *r);                                                 \
        for (int64_t i = 0; i < f->rows; i++)                                                 \
            r[i >> 6] |= (uint64_t)(expr_interval_span(a[i]) symbol expr_interval_span(b[i])) \
                         << (i & 63);                                                         \
        return QETL_OK;                                                                       \
    }

COMPARE(equal, ==)
COMPARE(unequal, !=)
COMPARE(less, <)
COMPARE(less_equal, <=)

#define INTERVALS                    \
    {                                \
        EXPR_INTERVAL, EXPR_INTERVAL \
    }

static const struct expr_op ops[] = {
    {"+", 2, INTERVALS, EXPR_INTERVAL, EXPR_OP_MASKED, .kernel = kernel_add},
    {"-", 2, INTERVALS, EXPR_INTERVAL, EXPR_OP_MASKED, .kernel = kernel_subtract},
    {"negate", 1, {EXPR_INTERVAL}, EXPR_INTERVAL, EXPR_OP_MASKED, .kernel = kernel_negate},
    {"*", 2, {EXPR_INTERVAL, EXPR_FLOAT8}, EXPR_INTERVAL, EXPR_OP_MASKED, .kernel = kernel_scale},
    {"*",
     2,
     {EXPR_FLOAT8, EXPR_INTERVAL},
     EXPR_INTERVAL,
     EXPR_OP_MASKED,
     .kernel = kernel_scale_reversed},
    {"/", 2, {EXPR_INTERVAL, EXPR_FLOAT8}, EXPR_INTERVAL, EXPR_OP_MASKED, .kernel = kernel_divide},
    {"=", 2, INTERVALS, EXPR_BOOL, 0, .kernel = kernel_equal},
    {"<>", 2, INTERVALS, EXPR_BOOL, 0, .kernel = kernel_unequal},
    {"<", 2, INTERVALS, EXPR_BOOL, 0, .kernel = kernel_less},
    {"<=", 2, INTERVALS, EXPR_BOOL, 0, .kernel = kernel_less_equal},
};

const struct expr_family qetl_expr_family_interval = {ops, sizeof ops / sizeof ops[0]};
