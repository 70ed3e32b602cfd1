/* SPDX-License-Identifier: Apache-2.0 */
/* Integers and decimals, eight digits at a time. */
#include "values.h"

#include <endian.h>

enum { DIGITS_64 = 19 };

/* Eight digits as numbers, the first in the lowest byte: 8 digits, 4 pairs, 2 quads, 1 number. */
static inline uint64_t digits_join(uint64_t v)
{
    v = v * 10 + (v >> 8);
    return ((v & UINT64_C(0x000000ff000000ff)) * UINT64_C(0x000f424000000064) +
            (v >> 16 & UINT64_C(0x000000ff000000ff)) * UINT64_C(0x0000271000000001)) >>
           32;
}

/*
 * The value of n digits (1 to 8) that begin at p; eight bytes are read. The bytes are shifted so
 * that zeros stand in front of the digits.
 */
static inline bool eight_digits(const uint8_t *p, int64_t n, uint64_t *out)
{
    uint64_t v;

    memcpy(&v, p, sizeof v);
    v = (le64toh(v) ^ UINT64_C(0x3030303030303030)) << (64 - 8 * n);
    if (((v + UINT64_C(0x7676767676767676)) | v) & UINT64_C(0x8080808080808080))
        return false;
    *out = digits_join(v);
    return true;
}

static const uint64_t powers[] = {UINT64_C(1),
                                  UINT64_C(10),
                                  UINT64_C(100),
                                  UINT64_C(1000),
                                  UINT64_C(10000),
                                  UINT64_C(100000),
                                  UINT64_C(1000000),
                                  UINT64_C(10000000),
                                  UINT64_C(100000000),
                                  UINT64_C(1000000000),
                                  UINT64_C(10000000000),
                                  UINT64_C(100000000000),
                                  UINT64_C(1000000000000),
                                  UINT64_C(10000000000000),
                                  UINT64_C(100000000000000),
                                  UINT64_C(1000000000000000),
                                  UINT64_C(10000000000000000),
                                  UINT64_C(100000000000000000),
                                  UINT64_C(1000000000000000000),
                                  UINT64_C(10000000000000000000)};

/* The value of n digits, at most 19. */
static inline bool digits_64(const uint8_t *p, int64_t n, uint64_t *out)
{
    uint64_t high, low;

    if (n <= 8)
        return eight_digits(p, n, out);
    if (!eight_digits(p, 8, &high))
        return false;
    for (p += 8, n -= 8; n > 8; p += 8, n -= 8) {
        if (!eight_digits(p, 8, &low))
            return false;
        high = high * 100000000 + low;
    }
    if (!eight_digits(p, n, &low))
        return false;
    *out = high * powers[n] + low;
    return true;
}

static bool all_digits(const uint8_t *p, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (p[i] < '0' || p[i] > '9')
            return false;
    return true;
}

/* Passes over a sign; true if it is a minus. A plus is for declared types only. */
static inline bool sign_take(const uint8_t **p, int64_t *n, bool strict)
{
    bool minus = *n && **p == '-', sign = minus || (*n && !strict && **p == '+');

    *p += sign;
    *n -= sign;
    return minus;
}

/* Zeros in front: for declared types only, beyond the one of "0". */
static inline bool zeros_fit(const uint8_t *p, int64_t n, bool strict)
{
    return !(strict && n > 1 && p[0] == '0');
}

/* 64 bits of magnitude from digits of any number. */
static enum csv_code magnitude_long(const uint8_t *p, int64_t n, uint64_t *out)
{
    uint64_t last;

    if (!all_digits(p, n))
        return CSV_BAD_VALUE;
    while (n > 1 && *p == '0') {
        p++;
        n--;
    }
    if (n > DIGITS_64 + 1)
        return CSV_OUT_OF_RANGE;
    if (n <= DIGITS_64)
        return digits_64(p, n, out) ? CSV_FINE : CSV_BAD_VALUE;
    digits_64(p, DIGITS_64, out);
    last = p[DIGITS_64] - '0';
    if (__builtin_mul_overflow(*out, 10, out) || __builtin_add_overflow(*out, last, out))
        return CSV_OUT_OF_RANGE;
    return CSV_FINE;
}

static inline enum csv_code magnitude(const uint8_t *p, int64_t n, bool strict, uint64_t *out)
{
    if (n < 1 || !zeros_fit(p, n, strict))
        return CSV_BAD_VALUE;
    if (n > DIGITS_64)
        return magnitude_long(p, n, out);
    return digits_64(p, n, out) ? CSV_FINE : CSV_BAD_VALUE;
}

static inline void integer_store(void *out, uint64_t value, uint8_t width)
{
    uint64_t little = htole64(value);

    if (width == 8) {
        memcpy(out, &value, 8);
    } else if (width == 4) {
        uint32_t v = (uint32_t)value;
        memcpy(out, &v, 4);
    } else if (width == 2) {
        uint16_t v = (uint16_t)value;
        memcpy(out, &v, 2);
    } else {
        memcpy(out, &little, 1);
    }
}

enum csv_code csv_parse_integer(const uint8_t *cell, int64_t size, const struct csv_type *type,
                                void *out)
{
    bool minus = sign_take(&cell, &size, type->strict);
    uint64_t value;
    enum csv_code code = magnitude(cell, size, type->strict, &value);

    if (code)
        return code;
    if (value > type->greatest + minus)
        return CSV_OUT_OF_RANGE;
    integer_store(out, minus ? -value : value, type->width);
    return CSV_FINE;
}

enum csv_code csv_parse_unsigned(const uint8_t *cell, int64_t size, const struct csv_type *type,
                                 void *out)
{
    bool minus = sign_take(&cell, &size, type->strict);
    uint64_t value;
    enum csv_code code = magnitude(cell, size, type->strict, &value);

    if (code)
        return code;
    if (value > type->greatest || (minus && value))
        return CSV_OUT_OF_RANGE;
    integer_store(out, value, type->width);
    return CSV_FINE;
}

/* Takes any number of digits on both sides of the point: slower, and right. */
static enum csv_code decimal_long(const uint8_t *p, int64_t whole, int64_t fraction,
                                  const struct csv_type *type, unsigned __int128 *out)
{
    const uint8_t *behind = p + whole + 1;
    unsigned __int128 value = 0;
    int32_t used = 0;

    if (!all_digits(p, whole) || !all_digits(behind, fraction))
        return CSV_BAD_VALUE;
    while (fraction > type->scale)
        if (behind[--fraction] != '0')
            return CSV_INEXACT;
    for (int64_t i = 0; i < whole + type->scale; i++) {
        int64_t at = i - whole;
        uint8_t digit = at < 0 ? p[i] : at < fraction ? behind[at] : '0';

        used += used || digit != '0';
        if (used > type->precision)
            return CSV_OUT_OF_RANGE;
        value = value * 10 + (uint8_t)(digit - '0');
    }
    *out = value;
    return CSV_FINE;
}

/* Bit i: byte i is no digit, of n from 1 to 16; eight bytes are read in any case. */
static inline uint32_t nondigits(const uint8_t *p, int64_t n)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t v, w;
    uint32_t bits;

    memcpy(&v, p, sizeof v);
    v = le64toh(v) ^ ones * '0';
    v = (((v & ones * 0x7f) + ones * 0x76) | v) & ones << 7;
    bits = (uint32_t)((v >> 7) * UINT64_C(0x0102040810204080) >> 56);
    if (n <= 8)
        return bits & ((1U << n) - 1);
    memcpy(&w, p + n - 8, sizeof w);
    w = le64toh(w) ^ ones * '0';
    w = (((w & ones * 0x7f) + ones * 0x76) | w) & ones << 7;
    return bits | (uint32_t)((w >> 7) * UINT64_C(0x0102040810204080) >> 56) << (n - 8);
}

/* At most eight bytes, the point among them: the digits behind it move up, and all are joined at
 * once. False: somebody else must look. */
static inline bool decimal_short(const uint8_t *p, int64_t n, const struct csv_type *type,
                                 uint64_t *out)
{
    uint32_t other = nondigits(p, n);
    int64_t whole = n, fraction = 0;
    uint64_t v;

    memcpy(&v, p, sizeof v);
    v = le64toh(v) ^ UINT64_C(0x3030303030303030);
    if (other) {
        uint64_t before;

        whole = __builtin_ctz(other);
        fraction = n - whole - 1;
        before = (UINT64_C(1) << (8 * whole)) - 1;
        if ((other & (other - 1)) || p[whole] != '.' || !whole || !fraction)
            return false;
        v = (v & before) | (v >> 8 & ~before);
    }
    if (fraction > type->scale || whole + type->scale > type->precision ||
        whole + type->scale > DIGITS_64 - 1 || (whole > 1 && *p == '0'))
        return false;
    *out = digits_join(v << (64 - 8 * (whole + fraction))) * powers[type->scale - fraction];
    return true;
}

static int64_t point_find(const uint8_t *p, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (p[i] == '.')
            return i;
    return n;
}

static inline void decimal_store(void *out, unsigned __int128 value, bool minus)
{
    value = minus ? -value : value;
    memcpy(out, &value, sizeof value);
}

enum csv_code csv_parse_decimal(const uint8_t *cell, int64_t size, const struct csv_type *type,
                                void *out)
{
    bool minus = sign_take(&cell, &size, type->strict);
    int64_t whole, fraction;
    unsigned __int128 value;
    uint64_t high = 0, low = 0;
    enum csv_code code;

    if (size > 0 && size <= 8 && decimal_short(cell, size, type, &low)) {
        decimal_store(out, low, minus);
        return CSV_FINE;
    }
    whole = point_find(cell, size);
    fraction = size > whole ? size - whole - 1 : 0;
    low = 0;
    if (whole + fraction == 0 || !zeros_fit(cell, whole, type->strict) ||
        (type->strict && (!whole || (size > whole && !fraction))))
        return CSV_BAD_VALUE;
    if (whole + type->scale <= DIGITS_64 - 1 && fraction <= type->scale &&
        whole + type->scale <= type->precision) {
        if ((whole && !digits_64(cell, whole, &high)) ||
            (fraction && !digits_64(cell + whole + 1, fraction, &low)))
            return CSV_BAD_VALUE;
        value = high * powers[type->scale] + low * powers[type->scale - fraction];
    } else {
        code = decimal_long(cell, whole, fraction, type, &value);
        if (code)
            return code;
    }
    decimal_store(out, value, minus);
    return CSV_FINE;
}

bool csv_plain_integer(const uint8_t *cell, int64_t size, const struct csv_type *type)
{
    int64_t minus = size && *cell == '-', n = size - minus;

    cell += minus;
    return n >= 1 && n <= 16 && type->width == 8 && zeros_fit(cell, n, true) && !nondigits(cell, n);
}

bool csv_plain_decimal(const uint8_t *cell, int64_t size, const struct csv_type *type)
{
    int64_t minus = size && *cell == '-', n = size - minus, whole = n;
    uint32_t other;

    cell += minus;
    if (n < 1 || n > 16)
        return false;
    other = nondigits(cell, n);
    if (other) {
        whole = __builtin_ctz(other);
        if ((other & (other - 1)) || cell[whole] != '.' || n - whole - 1 > type->scale ||
            whole + 1 == n)
            return false;
    }
    return whole && whole <= type->precision - type->scale && zeros_fit(cell, whole, true);
}
