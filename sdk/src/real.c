/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shortest decimals, by R. Giulietti's "The Schubfach way to render doubles" (2020): a number c *
 * 2^q and the borders of its rounding interval are scaled by 10^-k with k so chosen that the
 * interval holds a multiple of ten at most once and an integer at least once; the scaled values
 * keep a sticky last bit, so that comparisons with the borders are exact.
 */
#include "real.h"

#include <assert.h>

struct decimal {
    uint64_t digits;
    int32_t exponent;
};

static int32_t log10_of_power2(int32_t e)
{
    return (int32_t)((e * (int64_t)1262611) >> 22);
}

static int32_t log10_of_three_quarters_power2(int32_t e)
{
    return (int32_t)((e * (int64_t)1262611 - 524031) >> 22);
}

static int32_t log2_of_power10(int32_t e)
{
    return (int32_t)((e * (int64_t)1741647) >> 19);
}

/* g * factor / 2^128, its last bit set if anything was cut off. */
static uint64_t scale_sticky(struct qetl_sdk_u128 g, uint64_t factor)
{
    unsigned __int128 low = (unsigned __int128)g.low * factor;
    unsigned __int128 high = (unsigned __int128)g.high * factor + (uint64_t)(low >> 64);
    return (uint64_t)(high >> 64) | ((uint64_t)high > 1);
}

/* The candidates around value / 4 * 10^exponent in units of `unit`, if just one lies in the
 * interval. */
static bool pick_one(uint64_t below, uint64_t unit, uint64_t lower, uint64_t upper, uint64_t *out)
{
    bool below_inside = lower <= 4 * unit * below;
    bool above_inside = 4 * unit * (below + 1) <= upper;
    *out = below + above_inside;
    return below_inside != above_inside;
}

/* c * 2^q; uneven: the interval is half as wide below, as behind a power of two. */
static struct decimal decimal_shortest(uint64_t c, int32_t q, bool uneven)
{
    int32_t k = uneven ? log10_of_three_quarters_power2(q) : log10_of_power2(q);
    int32_t shift = q + log2_of_power10(-k) + 1;
    assert(-k >= QETL_SDK_POWER_MIN && -k <= QETL_SDK_POWER_MAX && shift >= 0 && shift < 8);
    struct qetl_sdk_u128 g = qetl_sdk_powers[-k - QETL_SDK_POWER_MIN];
    bool odd = c & 1; /* a border belongs to the interval only if ties go to this number */
    uint64_t lower = scale_sticky(g, (4 * c - (uneven ? 1 : 2)) << shift) + odd;
    uint64_t value = scale_sticky(g, 4 * c << shift);
    uint64_t upper = scale_sticky(g, (4 * c + 2) << shift) - odd;
    uint64_t whole = value / 4, picked;
    if (whole >= 10 && pick_one(whole / 10, 10, lower, upper, &picked))
        return (struct decimal){picked, k + 1};
    if (pick_one(whole, 1, lower, upper, &picked))
        return (struct decimal){picked, k};
    uint64_t middle = 4 * whole + 2;
    bool up = value > middle || (value == middle && (whole & 1));
    return (struct decimal){whole + up, k};
}

static char *bytes_write(char *at, const char *text, size_t size)
{
    memcpy(at, text, size);
    return at + size;
}

static char *zeros_write(char *at, int32_t n)
{
    while (n-- > 0)
        *at++ = '0';
    return at;
}

static char *scientific_write(char *at, const char *digits, int32_t n, int32_t exponent)
{
    *at++ = digits[0];
    if (n > 1) {
        *at++ = '.';
        at = bytes_write(at, digits + 1, (size_t)n - 1);
    }
    *at++ = 'e';
    *at++ = exponent < 0 ? '-' : '+';
    int32_t magnitude = exponent < 0 ? -exponent : exponent;
    if (magnitude >= 100)
        *at++ = (char)('0' + magnitude / 100);
    *at++ = (char)('0' + magnitude / 10 % 10);
    *at++ = (char)('0' + magnitude % 10);
    return at;
}

/* point: how many digits stand before the point. */
static char *plain_write(char *at, const char *digits, int32_t n, int32_t point)
{
    if (point <= 0) {
        at = zeros_write(bytes_write(at, "0.", 2), -point);
        return bytes_write(at, digits, (size_t)n);
    }
    if (n <= point)
        return zeros_write(bytes_write(at, digits, (size_t)n), point - n);
    at = bytes_write(at, digits, (size_t)point);
    *at++ = '.';
    return bytes_write(at, digits + point, (size_t)(n - point));
}

static char *decimal_write(struct decimal value, char *at)
{
    enum {
        PLAIN_LEAST = -4,
        PLAIN_MOST = 14
    }; /* exponents written without an e, as PostgreSQL does */
    char digits[QETL_SDK_DIGITS_MAX];
    int32_t n = qetl_sdk_digits(value.digits, digits);
    int32_t exponent = n - 1 + value.exponent;
    while (n > 1 && digits[n - 1] == '0')
        n--;
    if (exponent < PLAIN_LEAST || exponent > PLAIN_MOST)
        return scientific_write(at, digits, n, exponent);
    return plain_write(at, digits, n, exponent + 1);
}

/* biased: exponent as stored; bits: of the fraction; low: the exponent of the least subnormal. */
static char *parts_write(char *at, uint64_t fraction, int32_t biased, int32_t bits, int32_t low)
{
    if (!biased && !fraction)
        return bytes_write(at, "0", 1);
    if (!biased)
        return decimal_write(decimal_shortest(fraction, low, false), at);
    uint64_t c = fraction | (uint64_t)1 << bits;
    int32_t q = low + biased - 1;
    if (q <= 0 && q >= -bits && !(c & (((uint64_t)1 << -q) - 1)))
        return decimal_write((struct decimal){c >> -q, 0}, at);
    return decimal_write(decimal_shortest(c, q, !fraction && biased > 1), at);
}

static char *special_write(char *at, bool nan, bool negative)
{
    if (nan)
        return bytes_write(at, "NaN", 3);
    return negative ? bytes_write(at, "-Infinity", 9) : bytes_write(at, "Infinity", 8);
}

char *qetl_sdk_real_write(double value, char out[QETL_SDK_REAL_MAX])
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint64_t fraction = bits & (((uint64_t)1 << 52) - 1);
    int32_t biased = (int32_t)(bits >> 52 & 0x7ff);
    if (biased == 0x7ff)
        return special_write(out, fraction, bits >> 63);
    if (bits >> 63)
        *out++ = '-';
    return parts_write(out, fraction, biased, 52, -1074);
}

char *qetl_sdk_float_write(float value, char out[QETL_SDK_REAL_MAX])
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint32_t fraction = bits & (((uint32_t)1 << 23) - 1);
    int32_t biased = (int32_t)(bits >> 23 & 0xff);
    if (biased == 0xff)
        return special_write(out, fraction, bits >> 31);
    if (bits >> 31)
        *out++ = '-';
    return parts_write(out, fraction, biased, 23, -149);
}
