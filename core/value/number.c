/* SPDX-License-Identifier: Apache-2.0 */
#include "number.h"

#include <assert.h>
#include <string.h>

#define P19 ((expr_int128)10000000000000000000ULL)

const expr_int128 qetl_expr_pow10[EXPR_DECIMAL_DIGITS + 1] = {
    1ULL,
    10ULL,
    100ULL,
    1000ULL,
    10000ULL,
    100000ULL,
    1000000ULL,
    10000000ULL,
    100000000ULL,
    1000000000ULL,
    10000000000ULL,
    100000000000ULL,
    1000000000000ULL,
    10000000000000ULL,
    100000000000000ULL,
    1000000000000000ULL,
    10000000000000000ULL,
    100000000000000000ULL,
    1000000000000000000ULL,
    P19,
    P19 * 10ULL,
    P19 * 100ULL,
    P19 * 1000ULL,
    P19 * 10000ULL,
    P19 * 100000ULL,
    P19 * 1000000ULL,
    P19 * 10000000ULL,
    P19 * 100000000ULL,
    P19 * 1000000000ULL,
    P19 * 10000000000ULL,
    P19 * 100000000000ULL,
    P19 * 1000000000000ULL,
    P19 * 10000000000000ULL,
    P19 * 100000000000000ULL,
    P19 * 1000000000000000ULL,
    P19 * 10000000000000000ULL,
    P19 * 100000000000000000ULL,
    P19 * 1000000000000000000ULL,
    P19 *P19,
};

static expr_uint128 magnitude(expr_int128 value)
{
    return value < 0 ? -(expr_uint128)value : (expr_uint128)value;
}

int qetl_expr_print_integer(int64_t value, char *out)
{
    return qetl_expr_print_decimal(value, 0, out);
}

int qetl_expr_print_decimal(expr_int128 value, int32_t scale, char *out)
{
    char digits[EXPR_NUMBER_TEXT_MAX];
    expr_uint128 rest = magnitude(value);
    int count = 0, size = 0;

    while (rest > UINT64_MAX) {
        digits[count++] = (char)('0' + (int)(rest % 10));
        rest /= 10;
    }
    for (uint64_t low = (uint64_t)rest; low || count <= scale; low /= 10)
        digits[count++] = (char)('0' + low % 10);
    if (value < 0)
        out[size++] = '-';
    while (count > 0) {
        if (count == scale)
            out[size++] = '.';
        out[size++] = digits[--count];
    }
    return size;
}

/* numerator × factor, divided: 192 bits by 128, bit by bit; only where 128 bits do not suffice. */
static expr_uint128 divide_wide(expr_uint128 numerator, uint64_t factor, expr_uint128 divisor,
                                expr_uint128 *rest)
{
    expr_uint128 low = (expr_uint128)(uint64_t)numerator * factor;
    expr_uint128 high = (expr_uint128)(uint64_t)(numerator >> 64) * factor + (uint64_t)(low >> 64);
    uint64_t words[3] = {(uint64_t)low, (uint64_t)high, (uint64_t)(high >> 64)};
    expr_uint128 quotient = 0, remainder = 0;

    for (int bit = 191; bit >= 0; bit--) {
        remainder = remainder << 1 | (words[bit >> 6] >> (bit & 63) & 1);
        quotient <<= 1;
        if (remainder >= divisor) {
            remainder -= divisor;
            quotient |= 1;
        }
    }
    *rest = remainder;
    return quotient;
}

bool qetl_expr_decimal_divide(expr_int128 a, expr_int128 b, int32_t k, expr_int128 *out)
{
    const expr_uint128 limit = (expr_uint128)qetl_expr_pow10[EXPR_DECIMAL_DIGITS];
    expr_uint128 divisor = magnitude(b), quotient = magnitude(a) / divisor;
    expr_uint128 rest = magnitude(a) % divisor;

    assert(b != 0 && k >= 0);
    while (k > 0) {
        int32_t step = k < 18 ? k : 18;
        uint64_t factor = (uint64_t)qetl_expr_pow10[step];
        if (quotient >= limit / factor + 1)
            return false;
        if (rest <= ~(expr_uint128)0 / factor) {
            quotient = quotient * factor + rest * factor / divisor;
            rest = rest * factor % divisor;
        } else {
            quotient = quotient * factor + divide_wide(rest, factor, divisor, &rest);
        }
        k -= step;
    }
    quotient += rest >= divisor - rest;
    if (quotient >= limit)
        return false;
    *out = (a < 0) != (b < 0) ? -(expr_int128)quotient : (expr_int128)quotient;
    return true;
}

bool qetl_expr_decimal_shift(expr_int128 value, int32_t k, expr_int128 *out)
{
    if (k < 0) {
        if (k < -EXPR_DECIMAL_DIGITS) {
            *out = 0;
            return true;
        }
        return qetl_expr_decimal_divide(value, qetl_expr_pow10[-k], 0, out);
    }
    if (value == 0) {
        *out = 0;
        return true;
    }
    if (k > EXPR_DECIMAL_DIGITS || __builtin_mul_overflow(value, qetl_expr_pow10[k], out))
        return false;
    return expr_decimal_fits(*out, EXPR_DECIMAL_DIGITS);
}
