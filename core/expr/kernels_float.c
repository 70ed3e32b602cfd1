/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic of real and double: PostgreSQL rejects a finite computation that ends in infinity, and
 * one that ends in zero although its operands were not. */
#include "op.h"

#include <math.h>

static inline bool went_infinite(double r, double a, double b)
{
    return isinf(r) && !isinf(a) && !isinf(b);
}

static inline bool is_bad_sum(double r, double a, double b)
{
    return went_infinite(r, a, b);
}

static inline bool is_bad_product(double r, double a, double b)
{
    return went_infinite(r, a, b) || (r == 0 && a != 0 && b != 0);
}

static inline bool is_bad_quotient(double r, double a, double b)
{
    return went_infinite(r, a, b) || (r == 0 && a != 0 && !isinf(b));
}

/* Whether the whole strip is beyond doubt: no result is infinite, NaN or zero. */
#define BINARY_LOOP(name, T, symbol)                                                          \
    EXPR_CLONES static T loop_##name(T *restrict r, const T *restrict a, const T *restrict b, \
                                     int64_t n)                                               \
    {                                                                                         \
        int doubt = 0;                                                                        \
        EXPR_LOOP(i, n, {                                                                     \
            r[i] = a[i] symbol b[i];                                                          \
            doubt |= !(r[i] - r[i] == 0) | (r[i] == 0);                                       \
        });                                                                                   \
        return (T)doubt;                                                                      \
    }

#define BINARY(name, T, symbol, is_bad)                                                    \
    BINARY_LOOP(name, T, symbol)                                                           \
    static int32_t kernel_##name(struct expr_frame *f, const struct expr_instr *in)        \
    {                                                                                      \
        const T *a = in->args[0]->data, *b = in->args[1]->data;                            \
        T *r = in->dst->data;                                                              \
        uint64_t todo[EXPR_WORDS];                                                         \
        qetl_expr_valid_and(f, in, 2);                                                     \
        if (loop_##name(r, a, b, f->rows) == 0 || !qetl_expr_todo(f, in, todo))            \
            return QETL_OK;                                                                \
        for (int64_t i = expr_bits_next(todo, 0); i >= 0; i = expr_bits_next(todo, i + 1)) \
            if (is_bad((double)r[i], (double)a[i], (double)b[i]))                          \
                qetl_expr_fail_overflow(f, in, i);                                         \
        return QETL_OK;                                                                    \
    }

BINARY(add_float4, float, +, is_bad_sum)
BINARY(add_float8, double, +, is_bad_sum)
BINARY(subtract_float4, float, -, is_bad_sum)
BINARY(subtract_float8, double, -, is_bad_sum)
BINARY(multiply_float4, float, *, is_bad_product)
BINARY(multiply_float8, double, *, is_bad_product)

#define DIVIDE(name, T)                                                                      \
    static int32_t kernel_##name(struct expr_frame *f, const struct expr_instr *in)          \
    {                                                                                        \
        const T *a = in->args[0]->data, *b = in->args[1]->data;                              \
        T *r = in->dst->data;                                                                \
        uint64_t todo[EXPR_WORDS];                                                           \
        qetl_expr_valid_and(f, in, 2);                                                       \
        if (!qetl_expr_todo(f, in, todo))                                                    \
            return QETL_OK;                                                                  \
        for (int64_t i = expr_bits_next(todo, 0); i >= 0; i = expr_bits_next(todo, i + 1)) { \
            if (b[i] == 0 && !isnan(a[i])) {                                                 \
                qetl_expr_fail_zero(f, in, i);                                               \
                continue;                                                                    \
            }                                                                                \
            r[i] = isnan(a[i]) ? a[i] : a[i] / b[i];                                         \
            if (is_bad_quotient((double)r[i], (double)a[i], (double)b[i]))                   \
                qetl_expr_fail_overflow(f, in, i);                                           \
        }                                                                                    \
        return QETL_OK;                                                                      \
    }

DIVIDE(divide_float4, float)
DIVIDE(divide_float8, double)

#define NEGATE(name, T)                                                                \
    EXPR_CLONES static void loop_##name(T *restrict r, const T *restrict a, int64_t n) \
    {                                                                                  \
        EXPR_LOOP(i, n, { r[i] = -a[i]; });                                            \
    }                                                                                  \
    static int32_t kernel_##name(struct expr_frame *f, const struct expr_instr *in)    \
    {                                                                                  \
        qetl_expr_valid_and(f, in, 1);                                                 \
        loop_##name(in->dst->data, in->args[0]->data, f->rows);                        \
        return QETL_OK;                                                                \
    }

NEGATE(negate_float4, float)
NEGATE(negate_float8, double)

#define ENTRY(symbol, word, type, suffix)                                                 \
    {                                                                                     \
        symbol, 2, {type, type}, type, EXPR_OP_MASKED, .kernel = kernel_##word##_##suffix \
    }
#define ROWS(type, suffix)                                                    \
    ENTRY("+", add, type, suffix), ENTRY("-", subtract, type, suffix),        \
        ENTRY("*", multiply, type, suffix), ENTRY("/", divide, type, suffix), \
    {                                                                         \
        "negate", 1, {type}, type, 0, .kernel = kernel_negate_##suffix        \
    }

static const struct expr_op ops[] = {
    ROWS(EXPR_FLOAT4, float4),
    ROWS(EXPR_FLOAT8, float8),
};

const struct expr_family qetl_expr_family_float = {ops, sizeof ops / sizeof ops[0]};
