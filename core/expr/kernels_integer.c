/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic of smallint, integer and bigint: computed blindly for all rows with wrapping
 * arithmetic; only when some row went wrong are the rows looked at one by one. */
#include "narrow.h"
#include "op.h"

/* Reports the rows to be computed for which `bad` holds. */
#define SCAN(f, in, fail, bad)                                                                 \
    do {                                                                                       \
        uint64_t todo[EXPR_WORDS];                                                             \
        if (qetl_expr_todo(f, in, todo))                                                       \
            for (int64_t i = expr_bits_next(todo, 0); i >= 0; i = expr_bits_next(todo, i + 1)) \
                if (bad)                                                                       \
                    fail(f, in, i);                                                            \
    } while (0)

/* T computes in the wider W (int2, int4), where a result that changes on the way back overflowed.
 */
#define NARROW_BINARY(name, T, W, symbol)                                                     \
    EXPR_CLONES static W loop_##name(T *restrict r, const T *restrict a, const T *restrict b, \
                                     int64_t n)                                               \
    {                                                                                         \
        W bad = 0;                                                                            \
        EXPR_LOOP(i, n, {                                                                     \
            W wide = (W)a[i] symbol(W) b[i];                                                  \
            r[i] = (T)wide;                                                                   \
            bad |= wide ^ r[i];                                                               \
        });                                                                                   \
        return bad;                                                                           \
    }                                                                                         \
    static int32_t kernel_##name(struct expr_frame *f, const struct expr_instr *in)           \
    {                                                                                         \
        const T *a = in->args[0]->data, *b = in->args[1]->data;                               \
        T *r = in->dst->data;                                                                 \
        qetl_expr_valid_and(f, in, 2);                                                        \
        if (loop_##name(r, a, b, f->rows))                                                    \
            SCAN(f, in, qetl_expr_fail_overflow, r[i] != (W)a[i] symbol(W) b[i]);             \
        return QETL_OK;                                                                       \
    }

NARROW_BINARY(add_int2, int16_t, int32_t, +)
NARROW_BINARY(subtract_int2, int16_t, int32_t, -)
NARROW_BINARY(multiply_int2, int16_t, int32_t, *)
NARROW_BINARY(add_int4, int32_t, int64_t, +)
NARROW_BINARY(subtract_int4, int32_t, int64_t, -)
NARROW_BINARY(multiply_int4, int32_t, int64_t, *)

EXPR_CLONES static int64_t loop_add_int8(int64_t *restrict r, const int64_t *restrict a,
                                         const int64_t *restrict b, int64_t n)
{
    int64_t bad = 0;

    EXPR_LOOP(i, n, {
        r[i] = (int64_t)((uint64_t)a[i] + (uint64_t)b[i]);
        bad |= (a[i] ^ r[i]) & (b[i] ^ r[i]);
    });
    return bad;
}

static int32_t kernel_add_int8(struct expr_frame *f, const struct expr_instr *in)
{
    const int64_t *a = in->args[0]->data, *b = in->args[1]->data;
    int64_t sum;

    qetl_expr_valid_and(f, in, 2);
    if (loop_add_int8(in->dst->data, a, b, f->rows) < 0)
        SCAN(f, in, qetl_expr_fail_overflow, __builtin_add_overflow(a[i], b[i], &sum));
    return QETL_OK;
}

EXPR_CLONES static int64_t loop_subtract_int8(int64_t *restrict r, const int64_t *restrict a,
                                              const int64_t *restrict b, int64_t n)
{
    int64_t bad = 0;

    EXPR_LOOP(i, n, {
        r[i] = (int64_t)((uint64_t)a[i] - (uint64_t)b[i]);
        bad |= (a[i] ^ b[i]) & (a[i] ^ r[i]);
    });
    return bad;
}

static int32_t kernel_subtract_int8(struct expr_frame *f, const struct expr_instr *in)
{
    const int64_t *a = in->args[0]->data, *b = in->args[1]->data;
    int64_t difference;

    qetl_expr_valid_and(f, in, 2);
    if (loop_subtract_int8(in->dst->data, a, b, f->rows) < 0)
        SCAN(f, in, qetl_expr_fail_overflow, __builtin_sub_overflow(a[i], b[i], &difference));
    return QETL_OK;
}

static int32_t kernel_multiply_int8(struct expr_frame *f, const struct expr_instr *in)
{
    const int64_t *a = in->args[0]->data, *b = in->args[1]->data;
    int64_t product;

    qetl_expr_valid_and(f, in, 2);
    if (!qetl_expr_multiply_narrow(in->dst->data, a, b, f->rows))
        SCAN(f, in, qetl_expr_fail_overflow, __builtin_mul_overflow(a[i], b[i], &product));
    return QETL_OK;
}

/* Division has no vector form: only the rows that need it, which also keeps it from trapping. */
#define DIVIDE(name, T, MIN, quotient_of_min, symbol)                                        \
    static int32_t kernel_##name(struct expr_frame *f, const struct expr_instr *in)          \
    {                                                                                        \
        const T *a = in->args[0]->data, *b = in->args[1]->data;                              \
        T *r = in->dst->data;                                                                \
        uint64_t todo[EXPR_WORDS];                                                           \
        qetl_expr_valid_and(f, in, 2);                                                       \
        if (!qetl_expr_todo(f, in, todo))                                                    \
            return QETL_OK;                                                                  \
        for (int64_t i = expr_bits_next(todo, 0); i >= 0; i = expr_bits_next(todo, i + 1)) { \
            if (b[i] == 0)                                                                   \
                qetl_expr_fail_zero(f, in, i);                                               \
            else if (b[i] != -1)                                                             \
                r[i] = (T)(a[i] symbol b[i]);                                                \
            else if (a[i] == MIN && quotient_of_min)                                         \
                qetl_expr_fail_overflow(f, in, i);                                           \
            else                                                                             \
                r[i] = (T)(quotient_of_min ? -a[i] : 0);                                     \
        }                                                                                    \
        return QETL_OK;                                                                      \
    }

DIVIDE(divide_int2, int16_t, INT16_MIN, true, /)
DIVIDE(divide_int4, int32_t, INT32_MIN, true, /)
DIVIDE(divide_int8, int64_t, INT64_MIN, true, /)
DIVIDE(modulo_int2, int16_t, INT16_MIN, false, %)
DIVIDE(modulo_int4, int32_t, INT32_MIN, false, %)
DIVIDE(modulo_int8, int64_t, INT64_MIN, false, %)

#define NEGATE(name, T, U, MIN)                                                        \
    EXPR_CLONES static bool loop_##name(T *restrict r, const T *restrict a, int64_t n) \
    {                                                                                  \
        T bad = 0;                                                                     \
        EXPR_LOOP(i, n, {                                                              \
            r[i] = (T)(U)(0 - (U)a[i]);                                                \
            bad |= (T)(a[i] & r[i]);                                                   \
        });                                                                            \
        return bad < 0;                                                                \
    }                                                                                  \
    static int32_t kernel_##name(struct expr_frame *f, const struct expr_instr *in)    \
    {                                                                                  \
        const T *a = in->args[0]->data;                                                \
        qetl_expr_valid_and(f, in, 1);                                                 \
        if (loop_##name(in->dst->data, a, f->rows))                                    \
            SCAN(f, in, qetl_expr_fail_overflow, a[i] == MIN);                         \
        return QETL_OK;                                                                \
    }

NEGATE(negate_int2, int16_t, uint16_t, INT16_MIN)
NEGATE(negate_int4, int32_t, uint32_t, INT32_MIN)
NEGATE(negate_int8, int64_t, uint64_t, INT64_MIN)

#define BINARY(symbol, word, type, suffix)                                                \
    {                                                                                     \
        symbol, 2, {type, type}, type, EXPR_OP_MASKED, .kernel = kernel_##word##_##suffix \
    }
#define ROWS(type, suffix)                                                          \
    BINARY("+", add, type, suffix), BINARY("-", subtract, type, suffix),            \
        BINARY("*", multiply, type, suffix), BINARY("/", divide, type, suffix),     \
        BINARY("%", modulo, type, suffix),                                          \
    {                                                                               \
        "negate", 1, {type}, type, EXPR_OP_MASKED, .kernel = kernel_negate_##suffix \
    }

static const struct expr_op ops[] = {
    ROWS(EXPR_INT2, int2),
    ROWS(EXPR_INT4, int4),
    ROWS(EXPR_INT8, int8),
};

const struct expr_family qetl_expr_family_integer = {ops, sizeof ops / sizeof ops[0]};
