/* SPDX-License-Identifier: Apache-2.0 */
/* Integers: bits, abs, gcd, lcm. Shifts take the count as the processor does: modulo the width. */
#include "rows.h"

#define ARG2(k) row_int2(in, k, i)
#define ARG4(k) row_int4(in, k, i)
#define ARG8(k) row_int8(in, k, i)

static inline int32_t put2(const struct expr_instr *in, int64_t i, int64_t value)
{
    ((int16_t *)in->dst->data)[i] = (int16_t)value;
    return QETL_OK;
}

static inline int32_t put4(const struct expr_instr *in, int64_t i, int64_t value)
{
    return row_put_int4(in, i, value);
}

static inline int32_t put8(const struct expr_instr *in, int64_t i, int64_t value)
{
    return row_put_int8(in, i, value);
}

#define ROW(name, width, expression)                                                               \
    static int32_t row_##name##width(struct expr_frame *f, const struct expr_instr *in, int64_t i) \
    {                                                                                              \
        (void)f;                                                                                   \
        return put##width(in, i, (expression));                                                    \
    }

#define BITS(width)                                \
    ROW(and, width, ARG##width(0) & ARG##width(1)) \
    ROW(or, width, ARG##width(0) | ARG##width(1))  \
    ROW(xor, width, ARG##width(0) ^ ARG##width(1)) \
    ROW(not, width, ~ARG##width(0))

BITS(2)
BITS(4)
BITS(8)
ROW(left, 2, (int64_t)((uint32_t)ARG2(0) << (ARG4(1) & 31)))
ROW(left, 4, (int64_t)((uint32_t)ARG4(0) << (ARG4(1) & 31)))
ROW(left, 8, (int64_t)((uint64_t)ARG8(0) << (ARG4(1) & 63)))
ROW(right, 2, ARG2(0) >> (ARG4(1) & 31))
ROW(right, 4, ARG4(0) >> (ARG4(1) & 31))
ROW(right, 8, ARG8(0) >> (ARG4(1) & 63))

#define ABS(width, least)                                                                       \
    static int32_t row_abs##width(struct expr_frame *f, const struct expr_instr *in, int64_t i) \
    {                                                                                           \
        int64_t value = ARG##width(0);                                                          \
        if (value == (least)) {                                                                 \
            qetl_expr_fail_overflow(f, in, i);                                                  \
            return QETL_OK;                                                                     \
        }                                                                                       \
        return put##width(in, i, value < 0 ? -value : value);                                   \
    }

ABS(2, INT16_MIN)
ABS(4, INT32_MIN)
ABS(8, INT64_MIN)

static uint64_t magnitude(int64_t value)
{
    return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

static uint64_t divisor(uint64_t a, uint64_t b)
{
    while (b) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static uint64_t multiple(uint64_t a, uint64_t b)
{
    uint64_t out;

    if (!a || !b)
        return 0;
    return __builtin_mul_overflow(a / divisor(a, b), b, &out) ? UINT64_MAX : out;
}

#define PAIR(name, width, most, how)                                                               \
    static int32_t row_##name##width(struct expr_frame *f, const struct expr_instr *in, int64_t i) \
    {                                                                                              \
        uint64_t value = how(magnitude(ARG##width(0)), magnitude(ARG##width(1)));                  \
        if (value > (most)) {                                                                      \
            qetl_expr_row_fail(f, in, i, "numeric_overflow", #name " does not fit its type");      \
            return QETL_OK;                                                                        \
        }                                                                                          \
        return put##width(in, i, (int64_t)value);                                                  \
    }

PAIR(gcd, 4, INT32_MAX, divisor)
PAIR(gcd, 8, INT64_MAX, divisor)
PAIR(lcm, 4, INT32_MAX, multiple)
PAIR(lcm, 8, INT64_MAX, multiple)

#define UNARY(name, type, word, width)                                  \
    {                                                                   \
        name, 1, {type}, type, EXPR_OP_MASKED, .row = row_##word##width \
    }
#define BINARY(name, type, other, word, width)                                 \
    {                                                                          \
        name, 2, {type, other}, type, EXPR_OP_MASKED, .row = row_##word##width \
    }
#define ALL(type, width)                                                                         \
    BINARY("&", type, type, and, width), BINARY("|", type, type, or, width),                     \
        BINARY("#", type, type, xor, width), UNARY("~", type, not, width),                       \
        BINARY("<<", type, EXPR_INT4, left, width), BINARY(">>", type, EXPR_INT4, right, width), \
        UNARY("abs", type, abs, width), UNARY("@", type, abs, width)

static const struct expr_op ops[] = {
    ALL(EXPR_INT2, 2),
    ALL(EXPR_INT4, 4),
    ALL(EXPR_INT8, 8),
    BINARY("gcd", EXPR_INT4, EXPR_INT4, gcd, 4),
    BINARY("gcd", EXPR_INT8, EXPR_INT8, gcd, 8),
    BINARY("lcm", EXPR_INT4, EXPR_INT4, lcm, 4),
    BINARY("lcm", EXPR_INT8, EXPR_INT8, lcm, 8),
};

const struct expr_family qetl_expr_family_bits = {ops, sizeof ops / sizeof ops[0]};
