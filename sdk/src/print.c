/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Integers and decimals as text. Eight digits are made in one register: a number is split in two of
 * four digits, those in four of two, those in eight of one, each time all parts at once; the
 * divisions are multiplications by a reciprocal that is exact for numbers of that size.
 */
#include "internal.h"

#include <endian.h>
#include <string.h>

#define EIGHT UINT64_C(100000000)
#define ASCII UINT64_C(0x3030303030303030)

/* Eight digits as numbers, the first in the lowest byte. */
static inline uint64_t eight_digits(uint64_t value)
{
    uint64_t fours = value / 10000, twos, ones;

    fours |= (value - fours * 10000) << 32;
    twos = (fours * 10486 >> 20) & UINT64_C(0x0000007f0000007f);
    twos |= (fours - twos * 100) << 16;
    ones = (twos * 103 >> 10) & UINT64_C(0x000f000f000f000f);
    return ones | (twos - ones * 10) << 8;
}

static inline uint8_t *store(uint8_t *at, uint64_t digits, int32_t n)
{
    digits = htole64(digits | ASCII);
    memcpy(at, &digits, sizeof digits);
    return at + n;
}

/* Zeros in front of eight digits; the last is none. */
static inline int32_t zeros(uint64_t digits)
{
    return __builtin_ctzll(digits | UINT64_C(1) << 56) / 8;
}

static inline uint8_t *store_plain(uint8_t *at, uint64_t digits)
{
    int32_t skip = zeros(digits);

    return store(at, digits >> 8 * skip, 8 - skip);
}

uint8_t *qetl_print_unsigned(uint8_t *at, uint64_t value)
{
    uint64_t high;

    if (value < EIGHT)
        return store_plain(at, eight_digits(value));
    high = value / EIGHT;
    if (high < EIGHT)
        at = store_plain(at, eight_digits(high));
    else {
        at = store_plain(at, eight_digits(high / EIGHT));
        at = store(at, eight_digits(high % EIGHT), 8);
    }
    return store(at, eight_digits(value % EIGHT), 8);
}

uint8_t *qetl_print_integer(uint8_t *at, int64_t value)
{
    *at = '-';
    return qetl_print_unsigned(at + (value < 0), value < 0 ? -(uint64_t)value : (uint64_t)value);
}

/* More digits than a register holds, or than the number has. */
static uint8_t *decimal_long(uint8_t *at, uint64_t magnitude, int32_t scale)
{
    uint8_t text[QETL_PRINT_ROOM];
    int64_t n = qetl_print_unsigned(text, magnitude) - text, whole = n > scale ? n - scale : 1;

    if (n <= scale) {
        memset(at, '0', (size_t)(scale + 2));
        at[1] = '.';
        memcpy(at + scale + 2 - n, text, (size_t)n);
    } else {
        memcpy(at, text, (size_t)whole);
        at[whole] = '.';
        memcpy(at + whole + 1, text + whole, (size_t)scale);
    }
    return at + whole + 1 + scale;
}

uint8_t *qetl_print_decimal(uint8_t *at, int64_t value, int32_t scale)
{
    uint64_t magnitude = value < 0 ? -(uint64_t)value : (uint64_t)value, digits;
    int32_t skip;

    *at = '-';
    at += value < 0;
    if (!scale)
        return qetl_print_unsigned(at, magnitude);
    if (magnitude >= EIGHT || scale > 7)
        return decimal_long(at, magnitude, scale);
    digits = eight_digits(magnitude);
    skip = zeros(digits);
    skip = skip < 7 - scale ? skip : 7 - scale;
    at = store(at, digits >> 8 * skip, 8 - skip - scale);
    *at = '.';
    return store(at + 1, digits >> 8 * (8 - scale), scale);
}
