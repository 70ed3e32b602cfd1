/* SPDX-License-Identifier: Apache-2.0 */
/* Exact functions of decimals: round, trunc, ceil, floor, abs, sign, div. */
#include "bind.h"
#include "rows.h"
#include "value/number.h"

static int32_t least(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/* As many digits before the point as before, and one for the carry. */
static struct expr_type rounded_type(const struct expr_type *from, int32_t scale)
{
    int32_t whole = from->precision - from->scale + 1;

    return expr_type_decimal(least(whole + scale, EXPR_DECIMAL_DIGITS), scale);
}

static bool type_same(struct expr_binder *b, struct expr_span span, uint32_t n,
                      struct expr_node **args, struct expr_type *type)
{
    (void)b;
    (void)span;
    (void)n;
    *type = args[0]->type;
    return true;
}

static bool type_sign(struct expr_binder *b, struct expr_span span, uint32_t n,
                      struct expr_node **args, struct expr_type *type)
{
    (void)b;
    (void)span;
    (void)n;
    (void)args;
    *type = expr_type_decimal(1, 0);
    return true;
}

/* A constant number of digits is the scale; otherwise the argument's scale stays. */
static bool type_round(struct expr_binder *b, struct expr_span span, uint32_t n,
                       struct expr_node **args, struct expr_type *type)
{
    const struct expr_type *from = &args[0]->type;
    int32_t room = EXPR_DECIMAL_DIGITS - (from->precision - from->scale) - 1;
    int64_t digits = 0;

    (void)b;
    (void)span;
    if (n > 1 && (args[1]->kind != EXPR_NODE_CONSTANT || args[1]->value.null))
        digits = from->scale;
    else if (n > 1)
        digits = args[1]->value.integer;
    if (digits > from->scale && digits > room)
        digits = room > from->scale ? room : from->scale;
    *type = rounded_type(from, digits < 0 ? 0 : (int32_t)digits);
    return true;
}

/* Both sides to one scale; the quotient has none. */
static bool type_div(struct expr_binder *b, struct expr_span span, uint32_t n,
                     struct expr_node **args, struct expr_type *type)
{
    const struct expr_type *l = &args[0]->type, *r = &args[1]->type;
    int32_t scale = l->scale > r->scale ? l->scale : r->scale;
    int32_t whole = l->precision - l->scale + r->scale;

    *type = expr_type_decimal(least(whole > 0 ? whole : 1, EXPR_DECIMAL_DIGITS), 0);
    for (uint32_t k = 0; k < n; k++) {
        int32_t digits = args[k]->type.precision - args[k]->type.scale + scale;
        args[k] = qetl_expr_cast(
            b, args[k], expr_type_decimal(least(digits, EXPR_DECIMAL_DIGITS), scale), false, span);
        if (!args[k])
            return false;
    }
    return true;
}

static int32_t put(struct expr_frame *f, const struct expr_instr *in, int64_t i, expr_int128 value)
{
    if (!expr_decimal_fits(value, EXPR_DECIMAL_DIGITS))
        qetl_expr_fail_range(f, in, i);
    return row_put_decimal(in, i, value);
}

/* To `digits` behind the point, towards zero or to the nearest, at the result's scale. */
static int32_t round_row(struct expr_frame *f, const struct expr_instr *in, int64_t i,
                         int64_t digits, bool nearest)
{
    int32_t from = in->node->args[0]->type.scale, to = in->node->type.scale, drop;
    expr_int128 value = row_decimal(in, 0, i);

    if (digits > from)
        digits = from;
    drop = digits < -2 * EXPR_DECIMAL_DIGITS ? 2 * EXPR_DECIMAL_DIGITS : from - (int32_t)digits;
    if (drop > EXPR_DECIMAL_DIGITS)
        return row_put_decimal(in, i, 0);
    if (!nearest)
        value -= value % qetl_expr_pow10[drop];
    if (!qetl_expr_decimal_shift(value, -drop, &value) ||
        !qetl_expr_decimal_shift(value, to - from + drop, &value)) {
        qetl_expr_fail_range(f, in, i);
        return QETL_OK;
    }
    return put(f, in, i, value);
}

static int32_t row_round(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    return round_row(f, in, i, in->node->n_args > 1 ? row_int4(in, 1, i) : 0, true);
}

static int32_t row_trunc(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    return round_row(f, in, i, in->node->n_args > 1 ? row_int4(in, 1, i) : 0, false);
}

/* value / 10^scale, and one more or less where something was left. */
static int32_t to_whole(struct expr_frame *f, const struct expr_instr *in, int64_t i, bool up)
{
    expr_int128 value = row_decimal(in, 0, i);
    expr_int128 unit = qetl_expr_pow10[in->node->args[0]->type.scale];
    expr_int128 whole = value / unit, rest = value % unit;

    return put(f, in, i, whole + (up ? rest > 0 : -(rest < 0)));
}

static int32_t row_ceil(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    return to_whole(f, in, i, true);
}

static int32_t row_floor(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    return to_whole(f, in, i, false);
}

static int32_t row_abs(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    expr_int128 value = row_decimal(in, 0, i);

    return put(f, in, i, value < 0 ? (expr_int128)(0 - (expr_uint128)value) : value);
}

static int32_t row_sign(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    expr_int128 value = row_decimal(in, 0, i);

    (void)f;
    return row_put_decimal(in, i, (value > 0) - (value < 0));
}

static int32_t row_div(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    expr_int128 divisor = row_decimal(in, 1, i);

    if (divisor == 0) {
        qetl_expr_fail_zero(f, in, i);
        return QETL_OK;
    }
    return put(f, in, i, row_decimal(in, 0, i) / divisor);
}

#define D EXPR_DECIMAL
#define ONE(name, word, how)                                                     \
    {                                                                            \
        name, 1, {D}, D, EXPR_OP_MASKED, .row = row_##word, .typing = type_##how \
    }
#define TWO(name, word)                                                                     \
    {                                                                                       \
        name, 2, {D, EXPR_INT4}, D, EXPR_OP_MASKED, .row = row_##word, .typing = type_round \
    }

static const struct expr_op ops[] = {
    ONE("round", round, round),
    TWO("round", round),
    ONE("trunc", trunc, round),
    TWO("trunc", trunc),
    ONE("ceil", ceil, round),
    ONE("ceiling", ceil, round),
    ONE("floor", floor, round),
    ONE("abs", abs, same),
    ONE("@", abs, same),
    ONE("sign", sign, sign),
    {"div", 2, {D, D}, D, EXPR_OP_MASKED, .row = row_div, .typing = type_div},
};

const struct expr_family qetl_expr_family_round = {ops, sizeof ops / sizeof ops[0]};
