/* SPDX-License-Identifier: Apache-2.0 */
/* Decimals of 128 bits: powers of ten, digits, and the nearest double. */
#include "internal.h"

#include <assert.h>
#include <stdio.h>

static const uint64_t power_table[] = {
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
    10000000000000000000ULL,
};

qetl_int128 qetl_sdk_power10(int32_t exponent)
{
    assert(exponent >= 0 && exponent <= QETL_SDK_DECIMAL_DIGITS);
    if (exponent < 20)
        return (qetl_int128)power_table[exponent];
    return (qetl_int128)power_table[19] * (qetl_int128)power_table[exponent - 19];
}

/* How many digits a number has: guessed from its bits, which is at most one too few. */
static int32_t digits_count(uint64_t value)
{
    int32_t guess = (64 - __builtin_clzll(value | 1)) * 1233 >> 12;
    return guess + (value >= power_table[guess]) + (guess == 0 && value == 0);
}

/* Writes n digits, zeros in front where the number has fewer. */
static void digits_write(uint64_t value, char *out, int32_t n)
{
    static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                                "25262728293031323334353637383940414243444546474849"
                                "50515253545556575859606162636465666768697071727374"
                                "75767778798081828384858687888990919293949596979899";
    for (; n >= 2; n -= 2, value /= 100)
        memcpy(out + n - 2, pairs + 2 * (value % 100), 2);
    if (n)
        out[0] = (char)('0' + value % 10);
}

int32_t qetl_sdk_digits(unsigned __int128 value, char out[QETL_SDK_DIGITS_MAX])
{
    if (value <= UINT64_MAX) {
        int32_t n = digits_count((uint64_t)value);
        digits_write((uint64_t)value, out, n);
        return n;
    }
    uint64_t high = (uint64_t)(value / power_table[19]), low = (uint64_t)(value % power_table[19]);
    int32_t n = digits_count(high);
    digits_write(high, out, n);
    digits_write(low, out + n, 19);
    return n + 19;
}

/* strtod rounds rightly, and a number without a point means the same in every locale. */
double qetl_sdk_decimal_real(qetl_int128 value, int32_t scale)
{
    char text[QETL_SDK_DIGITS_MAX + 16];
    unsigned __int128 magnitude = qetl_sdk_magnitude(value);
    if (magnitude <= (uint64_t)1 << 53 && scale >= 0 && scale <= 22)
        return (double)value / (double)qetl_sdk_power10(scale);
    int32_t n = qetl_sdk_digits(magnitude, text);
    snprintf(text + n, sizeof text - (size_t)n, "e%d", -scale);
    double real = strtod(text, NULL);
    return value < 0 ? -real : real;
}
