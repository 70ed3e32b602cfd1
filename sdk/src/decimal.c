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

int32_t qetl_sdk_digits(unsigned __int128 value, char out[QETL_SDK_DIGITS_MAX])
{
    if (value <= UINT64_MAX)
        return (int32_t)(qetl_print_unsigned((uint8_t *)out, (uint64_t)value) - (uint8_t *)out);
    uint64_t high = (uint64_t)(value / power_table[19]), low = (uint64_t)(value % power_table[19]);
    int32_t n = qetl_sdk_digits(high, out);
    for (int32_t i = 19; i-- > 0; low /= 10)
        out[n + i] = (char)('0' + low % 10);
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
