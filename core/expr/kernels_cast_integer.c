/* SPDX-License-Identifier: Apache-2.0 */
/* Casts among integers, booleans and floating-point numbers. Integers meet in bigint: the binder
 * makes two casts where there is no direct one. */
#include "op.h"

#include <math.h>

#define WIDEN(name, FROM, TO)                                                              \
    EXPR_CLONES static void loop_##name(TO *restrict r, const FROM *restrict a, int64_t n) \
    {                                                                                      \
        EXPR_LOOP(i, n, { r[i] = (TO)a[i]; });                                             \
    }                                                                                      \
    static int32_t kernel_##name(struct expr_frame *f, const struct expr_instr *in)        \
    {                                                                                      \
        qetl_expr_valid_and(f, in, 1);                                                     \
        loop_##name(in->dst->data, in->args[0]->data, f->rows);                            \
        return QETL_OK;                                                                    \
    }

WIDEN(int1_int2, int8_t, int16_t)
WIDEN(uint1_int2, uint8_t, int16_t)
WIDEN(int2_int4, int16_t, int32_t)
WIDEN(uint2_int4, uint16_t, int32_t)
WIDEN(int1_int8, int8_t, int64_t)
WIDEN(int2_int8, int16_t, int64_t)
WIDEN(int4_int8, int32_t, int64_t)
WIDEN(uint1_int8, uint8_t, int64_t)
WIDEN(uint2_int8, uint16_t, int64_t)
WIDEN(uint4_int8, uint32_t, int64_t)
WIDEN(int8_float4, int64_t, float)
WIDEN(int8_float8, int64_t, double)
WIDEN(float4_float8, float, double)

/* From bigint: what changes on the way back did not fit. */
#define NARROW(name, TO, above)                                                                  \
    EXPR_CLONES static int64_t loop_##name(TO *restrict r, const int64_t *restrict a, int64_t n) \
    {                                                                                            \
        int64_t bad = 0;                                                                         \
        EXPR_LOOP(i, n, {                                                                        \
            r[i] = (TO)a[i];                                                                     \
            bad |= (int64_t)r[i] ^ a[i];                                                         \
            bad |= above;                                                                        \
        });                                                                                      \
        return bad;                                                                              \
    }                                                                                            \
    static int32_t kernel_##name(struct expr_frame *f, const struct expr_instr *in)              \
    {                                                                                            \
        const int64_t *a = in->args[0]->data;                                                    \
        TO *r = in->dst->data;                                                                   \
        uint64_t todo[EXPR_WORDS];                                                               \
        qetl_expr_valid_and(f, in, 1);                                                           \
        if (!loop_##name(r, a, f->rows) || !qetl_expr_todo(f, in, todo))                         \
            return QETL_OK;                                                                      \
        for (int64_t i = expr_bits_next(todo, 0); i >= 0; i = expr_bits_next(todo, i + 1))       \
            if ((int64_t)r[i] != a[i] || (above))                                                \
                qetl_expr_fail_range(f, in, i);                                                  \
        return QETL_OK;                                                                          \
    }

NARROW(int8_int1, int8_t, 0)
NARROW(int8_int2, int16_t, 0)
NARROW(int8_int4, int32_t, 0)
NARROW(int8_uint1, uint8_t, 0)
NARROW(int8_uint2, uint16_t, 0)
NARROW(int8_uint4, uint32_t, 0)
NARROW(int8_uint8, uint64_t, (int64_t)(a[i] < 0))

/* Halves go to the even side, as PostgreSQL's rint() does. */
static int32_t kernel_float8_int8(struct expr_frame *f, const struct expr_instr *in)
{
    const double *a = in->args[0]->data;
    int64_t *r = in->dst->data;
    uint64_t todo[EXPR_WORDS];

    qetl_expr_valid_and(f, in, 1);
    if (!qetl_expr_todo(f, in, todo))
        return QETL_OK;
    for (int64_t i = expr_bits_next(todo, 0); i >= 0; i = expr_bits_next(todo, i + 1)) {
        double rounded = rint(a[i]);
        if (rounded >= -0x1p63 && rounded < 0x1p63)
            r[i] = (int64_t)rounded;
        else
            qetl_expr_fail_range(f, in, i);
    }
    return QETL_OK;
}

static int32_t kernel_float8_float4(struct expr_frame *f, const struct expr_instr *in)
{
    const double *a = in->args[0]->data;
    float *r = in->dst->data;
    uint64_t todo[EXPR_WORDS];

    qetl_expr_valid_and(f, in, 1);
    if (!qetl_expr_todo(f, in, todo))
        return QETL_OK;
    for (int64_t i = expr_bits_next(todo, 0); i >= 0; i = expr_bits_next(todo, i + 1)) {
        bool over = fabs(a[i]) >= 0x1.ffffffp127 && !isinf(a[i]);
        r[i] = over ? 0 : (float)a[i];
        if (over || (r[i] == 0 && a[i] != 0))
            qetl_expr_fail_range(f, in, i);
    }
    return QETL_OK;
}

static int32_t kernel_bool_int4(struct expr_frame *f, const struct expr_instr *in)
{
    int32_t *r = in->dst->data;

    qetl_expr_valid_and(f, in, 1);
    for (int64_t i = 0; i < f->rows; i++)
        r[i] = expr_vec_bit(in->args[0], i);
    return QETL_OK;
}

static int32_t kernel_int8_bool(struct expr_frame *f, const struct expr_instr *in)
{
    const int64_t *a = in->args[0]->data;
    uint64_t *r = in->dst->data;

    qetl_expr_valid_and(f, in, 1);
    memset(r, 0, EXPR_WORDS * sizeof *r);
    for (int64_t i = 0; i < f->rows; i++)
        r[i >> 6] |= (uint64_t)(a[i] != 0) << (i & 63);
    return QETL_OK;
}

#define CAST(from, to, flags, how)                  \
    {                                               \
        "cast", 1, {from}, to, flags, .kernel = how \
    }

static const struct expr_op ops[] = {
    CAST(EXPR_INT1, EXPR_INT2, 0, kernel_int1_int2),
    CAST(EXPR_UINT1, EXPR_INT2, 0, kernel_uint1_int2),
    CAST(EXPR_INT2, EXPR_INT4, 0, kernel_int2_int4),
    CAST(EXPR_UINT2, EXPR_INT4, 0, kernel_uint2_int4),
    CAST(EXPR_INT1, EXPR_INT8, 0, kernel_int1_int8),
    CAST(EXPR_INT2, EXPR_INT8, 0, kernel_int2_int8),
    CAST(EXPR_INT4, EXPR_INT8, 0, kernel_int4_int8),
    CAST(EXPR_UINT1, EXPR_INT8, 0, kernel_uint1_int8),
    CAST(EXPR_UINT2, EXPR_INT8, 0, kernel_uint2_int8),
    CAST(EXPR_UINT4, EXPR_INT8, 0, kernel_uint4_int8),
    CAST(EXPR_INT8, EXPR_INT1, EXPR_OP_MASKED, kernel_int8_int1),
    CAST(EXPR_INT8, EXPR_INT2, EXPR_OP_MASKED, kernel_int8_int2),
    CAST(EXPR_INT8, EXPR_INT4, EXPR_OP_MASKED, kernel_int8_int4),
    CAST(EXPR_INT8, EXPR_UINT1, EXPR_OP_MASKED, kernel_int8_uint1),
    CAST(EXPR_INT8, EXPR_UINT2, EXPR_OP_MASKED, kernel_int8_uint2),
    CAST(EXPR_INT8, EXPR_UINT4, EXPR_OP_MASKED, kernel_int8_uint4),
    CAST(EXPR_INT8, EXPR_UINT8, EXPR_OP_MASKED, kernel_int8_uint8),
    CAST(EXPR_INT8, EXPR_FLOAT4, 0, kernel_int8_float4),
    CAST(EXPR_INT8, EXPR_FLOAT8, 0, kernel_int8_float8),
    CAST(EXPR_FLOAT4, EXPR_FLOAT8, 0, kernel_float4_float8),
    CAST(EXPR_FLOAT8, EXPR_INT8, EXPR_OP_MASKED, kernel_float8_int8),
    CAST(EXPR_FLOAT8, EXPR_FLOAT4, EXPR_OP_MASKED, kernel_float8_float4),
    CAST(EXPR_BOOL, EXPR_INT4, 0, kernel_bool_int4),
    CAST(EXPR_INT8, EXPR_BOOL, 0, kernel_int8_bool),
};

const struct expr_family qetl_expr_family_cast_integer = {ops, sizeof ops / sizeof ops[0]};
