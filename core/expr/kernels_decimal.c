/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic of decimals whose scales agree already. A strip whose values fit 64 bits stays narrow;
 * one that outgrows them is computed again in 128. */
#include "narrow.h"
#include "op.h"
#include "value/number.h"

typedef bool decimal_step(expr_int128 a, expr_int128 b, expr_int128 *out);

static bool step_add(expr_int128 a, expr_int128 b, expr_int128 *out)
{
    return !__builtin_add_overflow(a, b, out) && expr_decimal_fits(*out, EXPR_DECIMAL_DIGITS);
}

static bool step_subtract(expr_int128 a, expr_int128 b, expr_int128 *out)
{
    return !__builtin_sub_overflow(a, b, out) && expr_decimal_fits(*out, EXPR_DECIMAL_DIGITS);
}

static bool step_multiply(expr_int128 a, expr_int128 b, expr_int128 *out)
{
    return !__builtin_mul_overflow(a, b, out) && expr_decimal_fits(*out, EXPR_DECIMAL_DIGITS);
}

/* Row by row in 128 bits. */
static int32_t compute_wide(struct expr_frame *f, const struct expr_instr *in, decimal_step *step)
{
    expr_int128 *r = in->dst->data;
    uint64_t todo[EXPR_WORDS];

    in->dst->narrow = false;
    if (!qetl_expr_todo(f, in, todo))
        return QETL_OK;
    for (int64_t i = expr_bits_next(todo, 0); i >= 0; i = expr_bits_next(todo, i + 1)) {
        expr_int128 a = expr_vec_decimal(in->args[0], i), b = expr_vec_decimal(in->args[1], i);
        if (!step(a, b, &r[i]))
            qetl_expr_fail_overflow(f, in, i);
    }
    return QETL_OK;
}

static bool are_narrow(const struct expr_instr *in)
{
    return in->args[0]->narrow && in->args[1]->narrow;
}

static int32_t add_or_subtract(struct expr_frame *f, const struct expr_instr *in, bool minus)
{
    qetl_expr_valid_and(f, in, 2);
    in->dst->narrow = are_narrow(in) && qetl_expr_add_narrow(in->dst->data, in->args[0]->data,
                                                             in->args[1]->data, f->rows, minus);
    return in->dst->narrow ? QETL_OK : compute_wide(f, in, minus ? step_subtract : step_add);
}

static int32_t kernel_add(struct expr_frame *f, const struct expr_instr *in)
{
    return add_or_subtract(f, in, false);
}

static int32_t kernel_subtract(struct expr_frame *f, const struct expr_instr *in)
{
    return add_or_subtract(f, in, true);
}

static int32_t kernel_multiply(struct expr_frame *f, const struct expr_instr *in)
{
    qetl_expr_valid_and(f, in, 2);
    in->dst->narrow = are_narrow(in) && qetl_expr_multiply_narrow(in->dst->data, in->args[0]->data,
                                                                  in->args[1]->data, f->rows);
    return in->dst->narrow ? QETL_OK : compute_wide(f, in, step_multiply);
}

static int32_t kernel_divide(struct expr_frame *f, const struct expr_instr *in)
{
    const struct expr_node *const *args = (const struct expr_node *const *)in->node->args;
    int32_t digits = in->node->type.scale + args[1]->type.scale - args[0]->type.scale;
    expr_int128 *r = in->dst->data;
    uint64_t todo[EXPR_WORDS];

    qetl_expr_valid_and(f, in, 2);
    in->dst->narrow = false;
    if (!qetl_expr_todo(f, in, todo))
        return QETL_OK;
    for (int64_t i = expr_bits_next(todo, 0); i >= 0; i = expr_bits_next(todo, i + 1)) {
        expr_int128 b = expr_vec_decimal(in->args[1], i);
        if (b == 0)
            qetl_expr_fail_zero(f, in, i);
        else if (!qetl_expr_decimal_divide(expr_vec_decimal(in->args[0], i), b, digits, &r[i]))
            qetl_expr_fail_overflow(f, in, i);
    }
    return QETL_OK;
}

static int32_t kernel_modulo(struct expr_frame *f, const struct expr_instr *in)
{
    expr_int128 *r = in->dst->data;
    uint64_t todo[EXPR_WORDS];

    qetl_expr_valid_and(f, in, 2);
    in->dst->narrow = false;
    if (!qetl_expr_todo(f, in, todo))
        return QETL_OK;
    for (int64_t i = expr_bits_next(todo, 0); i >= 0; i = expr_bits_next(todo, i + 1)) {
        expr_int128 b = expr_vec_decimal(in->args[1], i);
        if (b == 0)
            qetl_expr_fail_zero(f, in, i);
        else
            r[i] = expr_vec_decimal(in->args[0], i) % b;
    }
    return QETL_OK;
}

/* Only a foreign batch can hold a value below -10^38, whose negation would still fit 128 bits. */
static int32_t kernel_negate(struct expr_frame *f, const struct expr_instr *in)
{
    const int64_t *narrow = in->args[0]->data;
    const expr_int128 *wide = in->args[0]->data;
    expr_int128 *r = in->dst->data;

    qetl_expr_valid_and(f, in, 1);
    in->dst->narrow = false;
    for (int64_t i = 0; i < f->rows; i++)
        r[i] = (expr_int128)(0 - (expr_uint128)(in->args[0]->narrow ? narrow[i] : wide[i]));
    return QETL_OK;
}

#define BINARY(symbol, word)                                                   \
    {                                                                          \
        symbol, 2, {EXPR_DECIMAL, EXPR_DECIMAL}, EXPR_DECIMAL, EXPR_OP_MASKED, \
            .kernel = kernel_##word                                            \
    }

static const struct expr_op ops[] = {
    BINARY("+", add),      BINARY("-", subtract),
    BINARY("*", multiply), BINARY("/", divide),
    BINARY("%", modulo),   {"negate", 1, {EXPR_DECIMAL}, EXPR_DECIMAL, 0, .kernel = kernel_negate},
};

const struct expr_family qetl_expr_family_decimal = {ops, sizeof ops / sizeof ops[0]};
