/* SPDX-License-Identifier: Apache-2.0 */
/* = <> < <= over two values of one type; > and >= are these with sides exchanged. Each answers 64
 * rows as one word. NaN equals itself and is above all other numbers. */
#include "narrow.h"
#include "op.h"
#include "value/number.h"

#define KERNEL(name, T, test)                                                                   \
    EXPR_CLONES static void loop_##name(uint64_t *r, const T *a_all, const T *b_all, int64_t n) \
    {                                                                                           \
        uint8_t bytes[64] = {0};                                                                \
        int64_t at = 0;                                                                         \
        for (; at + 64 <= n; at += 64) {                                                        \
            const T *left = a_all + at, *right = b_all + at;                                    \
            for (int k = 0; k < 64; k++) {                                                      \
                T a = left[k], b = right[k];                                                    \
                bytes[k] = test;                                                                \
            }                                                                                   \
            r[at >> 6] = expr_bits_pack(bytes);                                                 \
        }                                                                                       \
        for (int64_t k = at; k < n; k++) {                                                      \
            T a = a_all[k], b = b_all[k];                                                       \
            bytes[k - at] = test;                                                               \
        }                                                                                       \
        if (at < n)                                                                             \
            r[at >> 6] = expr_bits_pack(bytes);                                                 \
    }                                                                                           \
    static int32_t kernel_##name(struct expr_frame *f, const struct expr_instr *in)             \
    {                                                                                           \
        qetl_expr_valid_and(f, in, 2);                                                          \
        loop_##name(in->dst->data, in->args[0]->data, in->args[1]->data, f->rows);              \
        return QETL_OK;                                                                         \
    }

#define INTEGER_KERNELS(T, suffix)      \
    KERNEL(equal_##suffix, T, a == b)   \
    KERNEL(unequal_##suffix, T, a != b) \
    KERNEL(less_##suffix, T, a < b)     \
    KERNEL(less_equal_##suffix, T, a <= b)
#define FLOAT_KERNELS(T, suffix)                                  \
    KERNEL(equal_##suffix, T, (a == b) | ((a != a) & (b != b)))   \
    KERNEL(unequal_##suffix, T, (a != b) & ((a == a) | (b == b))) \
    KERNEL(less_##suffix, T, (a < b) | ((a == a) & (b != b)))     \
    KERNEL(less_equal_##suffix, T, (a <= b) | (b != b))

INTEGER_KERNELS(int16_t, int2)
INTEGER_KERNELS(int32_t, int4)

#define NARROW_KERNEL(name)                                                                      \
    static int32_t kernel_##name##_int8(struct expr_frame * f, const struct expr_instr *in)      \
    {                                                                                            \
        qetl_expr_valid_and(f, in, 2);                                                           \
        qetl_expr_##name##_narrow(in->dst->data, in->args[0]->data, in->args[1]->data, f->rows); \
        return QETL_OK;                                                                          \
    }

NARROW_KERNEL(equal)
NARROW_KERNEL(less)
NARROW_KERNEL(less_equal)

static int32_t kernel_unequal_int8(struct expr_frame *f, const struct expr_instr *in)
{
    uint64_t *r = in->dst->data;

    kernel_equal_int8(f, in);
    for (int w = 0; w < EXPR_WORDS; w++)
        r[w] = ~r[w];
    return QETL_OK;
}

FLOAT_KERNELS(float, float4)
FLOAT_KERNELS(double, float8)

#define BOOL_KERNEL(name, test)                                                            \
    static int32_t kernel_##name##_bool(struct expr_frame *f, const struct expr_instr *in) \
    {                                                                                      \
        const uint64_t *left = in->args[0]->data, *right = in->args[1]->data;              \
        uint64_t *r = in->dst->data;                                                       \
        qetl_expr_valid_and(f, in, 2);                                                     \
        for (int w = 0; w < EXPR_WORDS; w++) {                                             \
            uint64_t a = left[w], b = right[w];                                            \
            r[w] = test;                                                                   \
        }                                                                                  \
        return QETL_OK;                                                                    \
    }

BOOL_KERNEL(equal, ~(a ^ b))
BOOL_KERNEL(unequal, a ^ b)
BOOL_KERNEL(less, ~a &b)
BOOL_KERNEL(less_equal, ~a | b)

/* Scales agree already. Below 64 bits the loops of bigint serve. */
#define DECIMAL_KERNEL(name, symbol)                                                          \
    static int32_t kernel_##name##_decimal(struct expr_frame *f, const struct expr_instr *in) \
    {                                                                                         \
        const struct expr_vec *a = in->args[0], *b = in->args[1];                             \
        uint64_t *r = in->dst->data;                                                          \
        if (a->narrow && b->narrow)                                                           \
            return kernel_##name##_int8(f, in);                                               \
        qetl_expr_valid_and(f, in, 2);                                                        \
        memset(r, 0, EXPR_WORDS * sizeof *r);                                                 \
        for (int64_t i = 0; i < f->rows; i++)                                                 \
            r[i >> 6] |= (uint64_t)(expr_vec_decimal(a, i) symbol expr_vec_decimal(b, i))     \
                         << (i & 63);                                                         \
        return QETL_OK;                                                                       \
    }

DECIMAL_KERNEL(equal, ==)
DECIMAL_KERNEL(unequal, !=)
DECIMAL_KERNEL(less, <)
DECIMAL_KERNEL(less_equal, <=)

#define ROWS(type, suffix)                                                        \
    {"=", 2, {type, type}, EXPR_BOOL, 0, .kernel = kernel_equal_##suffix},        \
        {"<>", 2, {type, type}, EXPR_BOOL, 0, .kernel = kernel_unequal_##suffix}, \
        {"<", 2, {type, type}, EXPR_BOOL, 0, .kernel = kernel_less_##suffix},     \
    {                                                                             \
        "<=", 2, {type, type}, EXPR_BOOL, 0, .kernel = kernel_less_equal_##suffix \
    }

static const struct expr_op ops[] = {
    ROWS(EXPR_BOOL, bool),       ROWS(EXPR_INT2, int2),        ROWS(EXPR_INT4, int4),
    ROWS(EXPR_INT8, int8),       ROWS(EXPR_FLOAT4, float4),    ROWS(EXPR_FLOAT8, float8),
    ROWS(EXPR_DECIMAL, decimal), ROWS(EXPR_DATE, int4),        ROWS(EXPR_TIME, int8),
    ROWS(EXPR_TIMESTAMP, int8),  ROWS(EXPR_TIMESTAMPTZ, int8),
};

const struct expr_family qetl_expr_family_compare = {ops, sizeof ops / sizeof ops[0]};
