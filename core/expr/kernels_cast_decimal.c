/* SPDX-License-Identifier: Apache-2.0 */
/* Casts from and to decimals, and the changes of scale that arithmetic and comparison need. */
#include "narrow.h"
#include "op.h"
#include "value/number.h"

/* One row: the value in the type of in->node. */
typedef enum expr_parsed decimal_cast(const struct expr_instr *in, int64_t i, expr_int128 *out);

static int32_t cast_rows(struct expr_frame *f, const struct expr_instr *in, decimal_cast *cast)
{
    expr_int128 *r = in->dst->data;
    uint64_t todo[EXPR_WORDS];

    qetl_expr_valid_and(f, in, 1);
    in->dst->narrow = false;
    if (!qetl_expr_todo(f, in, todo))
        return QETL_OK;
    for (int64_t i = expr_bits_next(todo, 0); i >= 0; i = expr_bits_next(todo, i + 1)) {
        enum expr_parsed result = cast(in, i, &r[i]);
        if (result == EXPR_PARSED_BAD)
            qetl_expr_fail_cast(f, in, i);
        else if (result == EXPR_PARSED_RANGE || !expr_decimal_fits(r[i], in->node->type.precision))
            qetl_expr_fail_range(f, in, i);
    }
    return QETL_OK;
}

/* r = a × factor with every result within the precision; false: some row, perhaps a NULL one, is
 * not. */
EXPR_CLONES static bool scale_loop(int64_t *restrict r, const int64_t *restrict a, int64_t factor,
                                   int64_t limit, int64_t n)
{
    int bad = 0;

    EXPR_LOOP(i, n, {
        bad |= (a[i] > limit) | (a[i] < -limit);
        r[i] = (int64_t)((uint64_t)a[i] * (uint64_t)factor);
    });
    return !bad;
}

/* Narrow values to a larger or equal scale. */
static bool scale_narrow(const struct expr_frame *f, const struct expr_instr *in, int32_t digits)
{
    int32_t room = in->node->type.precision < 18 ? in->node->type.precision : 18;

    if (digits < 0 || digits > room)
        return false;
    qetl_expr_valid_and(f, in, 1);
    in->dst->narrow = scale_loop(in->dst->data, in->args[0]->data, (int64_t)qetl_expr_pow10[digits],
                                 (int64_t)qetl_expr_pow10[room - digits] - 1, f->rows);
    return in->dst->narrow;
}

static int32_t scale_change(const struct expr_instr *in)
{
    return in->node->type.scale - in->node->args[0]->type.scale;
}

static enum expr_parsed cast_decimal(const struct expr_instr *in, int64_t i, expr_int128 *out)
{
    bool fits = qetl_expr_decimal_shift(expr_vec_decimal(in->args[0], i), scale_change(in), out);

    return fits ? EXPR_PARSED : EXPR_PARSED_RANGE;
}

static int32_t kernel_decimal_decimal(struct expr_frame *f, const struct expr_instr *in)
{
    if (in->args[0]->narrow && scale_narrow(f, in, scale_change(in)))
        return QETL_OK;
    return cast_rows(f, in, cast_decimal);
}

/* For comparisons: what does not fit at the finer scale is beyond all that does, on its side. */
static int32_t kernel_align(struct expr_frame *f, const struct expr_instr *in)
{
    const expr_int128 beyond = (expr_int128)((~(expr_uint128)0) >> 1);
    expr_int128 *r = in->dst->data;

    if (in->args[0]->narrow && scale_narrow(f, in, scale_change(in)))
        return QETL_OK;
    qetl_expr_valid_and(f, in, 1);
    in->dst->narrow = false;
    for (int64_t i = 0; i < f->rows; i++) {
        expr_int128 value = expr_vec_decimal(in->args[0], i);
        if (!qetl_expr_decimal_shift(value, scale_change(in), &r[i]))
            r[i] = value < 0 ? -beyond : beyond;
    }
    return QETL_OK;
}

static enum expr_parsed cast_int8(const struct expr_instr *in, int64_t i, expr_int128 *out)
{
    int64_t value = ((const int64_t *)in->args[0]->data)[i];
    bool fits = qetl_expr_decimal_shift(value, in->node->type.scale, out);

    return fits ? EXPR_PARSED : EXPR_PARSED_RANGE;
}

/* A bigint is a narrow decimal already, if precision and scale let it be one. */
static int32_t kernel_int8_decimal(struct expr_frame *f, const struct expr_instr *in)
{
    if (in->node->type.scale == 0 && in->node->type.precision >= 19) {
        qetl_expr_valid_and(f, in, 1);
        memcpy(in->dst->data, in->args[0]->data, (size_t)f->rows * sizeof(int64_t));
        in->dst->narrow = true;
        return QETL_OK;
    }
    if (scale_narrow(f, in, in->node->type.scale))
        return QETL_OK;
    return cast_rows(f, in, cast_int8);
}

static enum expr_parsed cast_uint8(const struct expr_instr *in, int64_t i, expr_int128 *out)
{
    uint64_t value = ((const uint64_t *)in->args[0]->data)[i];
    bool fits = qetl_expr_decimal_shift((expr_int128)value, in->node->type.scale, out);

    return fits ? EXPR_PARSED : EXPR_PARSED_RANGE;
}

/* As long as no value needs the highest bit, it is a bigint's cast. */
static int32_t kernel_uint8_decimal(struct expr_frame *f, const struct expr_instr *in)
{
    const uint64_t *a = in->args[0]->data;
    uint64_t high = 0;

    for (int64_t i = 0; i < f->rows; i++)
        high |= a[i];
    return high <= INT64_MAX ? kernel_int8_decimal(f, in) : cast_rows(f, in, cast_uint8);
}

static enum expr_parsed cast_float4(const struct expr_instr *in, int64_t i, expr_int128 *out)
{
    double value = (double)((const float *)in->args[0]->data)[i];

    return qetl_expr_real_decimal(value, true, in->node->type.scale, out);
}

static int32_t kernel_float4_decimal(struct expr_frame *f, const struct expr_instr *in)
{
    return cast_rows(f, in, cast_float4);
}

static enum expr_parsed cast_float8(const struct expr_instr *in, int64_t i, expr_int128 *out)
{
    double value = ((const double *)in->args[0]->data)[i];

    return qetl_expr_real_decimal(value, false, in->node->type.scale, out);
}

static int32_t kernel_float8_decimal(struct expr_frame *f, const struct expr_instr *in)
{
    return cast_rows(f, in, cast_float8);
}

/* To an integer type: rounded, then within [least, most]. */
static int32_t to_integer(struct expr_frame *f, const struct expr_instr *in, expr_int128 least,
                          expr_int128 most)
{
    int64_t *r = in->dst->data;
    uint64_t todo[EXPR_WORDS];

    qetl_expr_valid_and(f, in, 1);
    if (!qetl_expr_todo(f, in, todo))
        return QETL_OK;
    for (int64_t i = expr_bits_next(todo, 0); i >= 0; i = expr_bits_next(todo, i + 1)) {
        expr_int128 value = expr_vec_decimal(in->args[0], i);
        if (!qetl_expr_decimal_shift(value, -in->node->args[0]->type.scale, &value) ||
            value < least || value > most)
            qetl_expr_fail_range(f, in, i);
        else
            r[i] = (int64_t)(uint64_t)value;
    }
    return QETL_OK;
}

static int32_t kernel_decimal_int8(struct expr_frame *f, const struct expr_instr *in)
{
    return to_integer(f, in, INT64_MIN, INT64_MAX);
}

static int32_t kernel_decimal_uint8(struct expr_frame *f, const struct expr_instr *in)
{
    return to_integer(f, in, 0, UINT64_MAX);
}

static int32_t kernel_decimal_float8(struct expr_frame *f, const struct expr_instr *in)
{
    int32_t scale = in->node->args[0]->type.scale;
    double *r = in->dst->data;

    qetl_expr_valid_and(f, in, 1);
    for (int64_t i = 0; i < f->rows; i++)
        if (expr_vec_is_valid(in->args[0], i))
            r[i] = qetl_expr_decimal_real(expr_vec_decimal(in->args[0], i), scale, false);
    return QETL_OK;
}

static int32_t kernel_decimal_float4(struct expr_frame *f, const struct expr_instr *in)
{
    int32_t scale = in->node->args[0]->type.scale;
    float *r = in->dst->data;

    qetl_expr_valid_and(f, in, 1);
    for (int64_t i = 0; i < f->rows; i++)
        if (expr_vec_is_valid(in->args[0], i))
            r[i] = (float)qetl_expr_decimal_real(expr_vec_decimal(in->args[0], i), scale, true);
    return QETL_OK;
}

#define CAST(name, from, to, flags, how)          \
    {                                             \
        name, 1, {from}, to, flags, .kernel = how \
    }

static const struct expr_op ops[] = {
    CAST("cast", EXPR_DECIMAL, EXPR_DECIMAL, EXPR_OP_MASKED, kernel_decimal_decimal),
    CAST("align", EXPR_DECIMAL, EXPR_DECIMAL, 0, kernel_align),
    CAST("cast", EXPR_INT8, EXPR_DECIMAL, EXPR_OP_MASKED, kernel_int8_decimal),
    CAST("cast", EXPR_UINT8, EXPR_DECIMAL, EXPR_OP_MASKED, kernel_uint8_decimal),
    CAST("cast", EXPR_FLOAT4, EXPR_DECIMAL, EXPR_OP_MASKED, kernel_float4_decimal),
    CAST("cast", EXPR_FLOAT8, EXPR_DECIMAL, EXPR_OP_MASKED, kernel_float8_decimal),
    CAST("cast", EXPR_DECIMAL, EXPR_INT8, EXPR_OP_MASKED, kernel_decimal_int8),
    CAST("cast", EXPR_DECIMAL, EXPR_UINT8, EXPR_OP_MASKED, kernel_decimal_uint8),
    CAST("cast", EXPR_DECIMAL, EXPR_FLOAT8, 0, kernel_decimal_float8),
    CAST("cast", EXPR_DECIMAL, EXPR_FLOAT4, 0, kernel_decimal_float4),
};

const struct expr_family qetl_expr_family_cast_decimal = {ops, sizeof ops / sizeof ops[0]};
