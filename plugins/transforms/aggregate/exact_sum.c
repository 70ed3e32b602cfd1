/* SPDX-License-Identifier: Apache-2.0 */
#include "exact_sum.h"

#include <math.h>

/* ---- doubles ---- */

/* Every limb but the last comes into [0, 2^32). */
static void carries_pass(struct real_sum *sum)
{
    for (int i = 0; i + 1 < REAL_SUM_LIMBS; i++) {
        int64_t carry = sum->limb[i] >> 32;
        sum->limb[i] -= (int64_t)((uint64_t)carry << 32);
        sum->limb[i + 1] += carry;
    }
    sum->adds = 0;
}

static void special_add(struct real_sum *sum, double value)
{
    if (isnan(value))
        sum->nan = 1;
    else if (value > 0)
        sum->infinite = 1;
    else
        sum->negative_infinite = 1;
}

void real_sum_add(struct real_sum *sum, const double *values, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        uint64_t bits, mantissa;
        memcpy(&bits, &values[i], 8);
        uint32_t exponent = bits >> 52 & 0x7ff;
        mantissa = bits & 0xfffffffffffffULL;
        if (exponent == 0x7ff) {
            special_add(sum, values[i]);
            continue;
        }
        if (exponent)
            mantissa |= 1ULL << 52;
        else
            exponent = 1; /* subnormal */
        /* the mantissa's lowest bit weighs 2^(exponent - 1 - 1074) */
        uint32_t place = exponent - 1, limb = place >> 5, shift = place & 31;
        int64_t low = (int64_t)(mantissa << shift & 0xffffffffULL);
        int64_t high = (int64_t)(mantissa >> (32 - shift));
        int64_t sign = -(int64_t)(bits >> 63);
        sum->limb[limb] += (low ^ sign) - sign;
        sum->limb[limb + 1] += (high ^ sign) - sign;
        if (++sum->adds == REAL_SUM_ADDS_MOST)
            carries_pass(sum);
    }
}

void real_sum_merge(struct real_sum *sum, const struct real_sum *other)
{
    struct real_sum copy = *other;

    carries_pass(&copy);
    carries_pass(sum);
    for (int i = 0; i < REAL_SUM_LIMBS; i++)
        sum->limb[i] += copy.limb[i];
    carries_pass(sum);
    sum->infinite |= copy.infinite;
    sum->negative_infinite |= copy.negative_infinite;
    sum->nan |= copy.nan;
}

/* The magnitude as 32-bit digits; answers the sign. */
static bool digits_make(struct real_sum *sum, uint32_t digits[REAL_SUM_LIMBS])
{
    bool negative;
    uint64_t carry;

    carries_pass(sum);
    negative = sum->limb[REAL_SUM_LIMBS - 1] < 0;
    carry = negative;
    for (int i = 0; i < REAL_SUM_LIMBS; i++) {
        uint64_t digit = (uint32_t)sum->limb[i];
        if (negative)
            digit = (uint32_t)~digit;
        digit += carry;
        digits[i] = (uint32_t)digit;
        carry = digit >> 32;
    }
    return negative;
}

static bool digits_bit(const uint32_t *digits, int at)
{
    return at >= 0 && (digits[at >> 5] >> (at & 31) & 1);
}

static double digits_round(const uint32_t *digits)
{
    int top = REAL_SUM_LIMBS * 32 - 1, last;
    uint64_t mantissa = 0;
    bool sticky = false;

    while (top >= 0 && !digits_bit(digits, top))
        top--;
    if (top < 0)
        return 0;
    last = top > 52 ? top - 52 : 0; /* the lowest bit that the result has */
    for (int i = top; i >= last; i--)
        mantissa = mantissa << 1 | digits_bit(digits, i);
    for (int i = 0; i < last - 1 && !sticky; i++)
        sticky = digits_bit(digits, i);
    if (digits_bit(digits, last - 1) && (sticky || (mantissa & 1)))
        mantissa++;
    return ldexp((double)mantissa, last - 1074);
}

double real_sum_round(struct real_sum *sum)
{
    uint32_t digits[REAL_SUM_LIMBS];
    bool negative;

    if (sum->nan || (sum->infinite && sum->negative_infinite))
        return (double)NAN;
    if (sum->infinite || sum->negative_infinite)
        return sum->infinite ? (double)INFINITY : -(double)INFINITY;
    negative = digits_make(sum, digits);
    return negative ? -digits_round(digits) : digits_round(digits);
}

/* ---- integers and decimals ---- */

void wide_sum_merge(struct wide_sum *sum, const struct wide_sum *other)
{
    unsigned __int128 carry = 0;

    for (int i = 0; i < 3; i++) {
        carry += (unsigned __int128)sum->limb[i] + other->limb[i];
        sum->limb[i] = (uint64_t)carry;
        carry >>= 64;
    }
}

static bool wide_negative(const struct wide_sum *sum)
{
    return sum->limb[2] >> 63;
}

static struct wide_sum wide_magnitude(const struct wide_sum *sum)
{
    struct wide_sum out = *sum;
    unsigned __int128 carry = 1;

    if (!wide_negative(sum))
        return out;
    for (int i = 0; i < 3; i++) {
        carry += (uint64_t)~sum->limb[i];
        out.limb[i] = (uint64_t)carry;
        carry >>= 64;
    }
    return out;
}

static unsigned __int128 power10(int exponent)
{
    unsigned __int128 power = 1;

    while (exponent-- > 0)
        power *= 10;
    return power;
}

static bool magnitude_give(unsigned __int128 magnitude, bool negative, qetl_int128 *out)
{
    if (magnitude >= power10(38))
        return false;
    *out = negative ? -(qetl_int128)magnitude : (qetl_int128)magnitude;
    return true;
}

bool wide_sum_value(const struct wide_sum *sum, qetl_int128 *out)
{
    struct wide_sum magnitude = wide_magnitude(sum);

    return magnitude.limb[2] == 0 &&
           magnitude_give((unsigned __int128)magnitude.limb[1] << 64 | magnitude.limb[0],
                          wide_negative(sum), out);
}

bool wide_sum_divide(const struct wide_sum *sum, int64_t count, int64_t scale, qetl_int128 *out)
{
    struct wide_sum magnitude = wide_magnitude(sum);
    unsigned __int128 rest = 0, whole = 0, divisor = (uint64_t)count, fraction;

    for (int i = 2; i >= 0; i--) {
        rest = rest << 64 | magnitude.limb[i];
        if (i == 2 && rest / divisor)
            return false;
        whole = whole << 64 | (uint64_t)(rest / divisor);
        rest %= divisor;
    }
    if (whole >= power10(38) / (uint64_t)scale)
        return false;
    rest *= (uint64_t)scale;
    fraction = rest / divisor;
    fraction += 2 * (rest % divisor) >= divisor;
    return magnitude_give(whole * (uint64_t)scale + fraction, wide_negative(sum), out);
}
