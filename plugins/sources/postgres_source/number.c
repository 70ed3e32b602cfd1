/* SPDX-License-Identifier: Apache-2.0 */
#include "number.h"

#include "wire.h"

#include <stdio.h>

enum { BASE_DIGITS = 4, BASE = 10000, HEADER = 8, DIGITS_MAX = 38 };
enum {
    POSITIVE = 0x0000,
    NEGATIVE = 0x4000,
    NAN_SIGN = 0xC000,
    PLUS_INFINITY = 0xD000,
    MINUS_INFINITY = 0xF000
};

static qetl_int128 power(int32_t n)
{
    static const int64_t small[] = {1,
                                    10,
                                    100,
                                    1000,
                                    10000,
                                    100000,
                                    1000000,
                                    10000000,
                                    100000000,
                                    1000000000,
                                    10000000000,
                                    100000000000,
                                    1000000000000,
                                    10000000000000,
                                    100000000000000,
                                    1000000000000000,
                                    10000000000000000,
                                    100000000000000000,
                                    1000000000000000000};
    enum { SMALL = 18 };
    qetl_int128 value = 1;
    for (; n > SMALL; n -= SMALL)
        value *= small[SMALL];
    return value * small[n];
}

struct numeric {
    int32_t count, weight, sign;
    const uint8_t *digits;
};

static bool numeric_read(const uint8_t *data, int64_t size, struct numeric *out)
{
    if (size < HEADER)
        return false;
    *out = (struct numeric){.count = wire_int16(data),
                            .weight = wire_int16(data + 2),
                            .sign = (uint16_t)wire_int16(data + 4),
                            .digits = data + HEADER};
    bool signed_well = out->sign == POSITIVE || out->sign == NEGATIVE || out->sign == NAN_SIGN ||
                       out->sign == PLUS_INFINITY || out->sign == MINUS_INFINITY;
    if (!signed_well || out->count < 0 || size != HEADER + 2 * (int64_t)out->count)
        return false;
    for (int32_t i = 0; i < out->count; i++)
        if ((uint16_t)wire_int16(out->digits + 2 * i) >= BASE)
            return false;
    return true;
}

/* Of a digit that stands across the decimal's end, the part before it; the rest has to be zeros. */
static bool cut(int32_t *digit, int32_t behind)
{
    int32_t by = behind > BASE_DIGITS ? BASE : (int32_t)power(behind);
    bool whole = *digit % by == 0;
    *digit /= by;
    return whole;
}

static bool append(qetl_int128 *value, int32_t width, int32_t digit)
{
    return !__builtin_mul_overflow(*value, power(width), value) &&
           !__builtin_add_overflow(*value, (qetl_int128)digit, value);
}

/* The digits, and by which power of ten they are to be raised. false: beyond, or a rest. */
static bool digits_add(const struct numeric *n, int32_t scale, qetl_int128 *value)
{
    int32_t short_count = n->count <= 4 ? n->count : 0, i = 0;
    int64_t first = 0; /* has room for four of them */
    for (; i < short_count && scale + BASE_DIGITS * (n->weight - i) >= 0; i++)
        first = first * BASE + wire_int16(n->digits + 2 * i);
    *value = first;
    for (; i < n->count; i++) {
        int32_t place = scale + BASE_DIGITS * (n->weight - i);
        int32_t digit = wire_int16(n->digits + 2 * i), width = BASE_DIGITS;
        if (place < 0) {
            width = place < -BASE_DIGITS ? 0 : BASE_DIGITS + place;
            if (!cut(&digit, -place))
                return false;
        }
        if (!append(value, width, digit))
            return false;
    }
    int32_t rest = n->count ? scale + BASE_DIGITS * (n->weight - n->count + 1) : 0;
    if (rest > DIGITS_MAX)
        return *value == 0;
    return rest <= 0 || !__builtin_mul_overflow(*value, power(rest), value);
}

enum number_answer number_decimal(const uint8_t *data, int64_t size, int32_t precision,
                                  int32_t scale, qetl_int128 *out)
{
    struct numeric n;
    qetl_int128 value;
    if (!numeric_read(data, size, &n))
        return NUMBER_BROKEN;
    if (n.sign != POSITIVE && n.sign != NEGATIVE)
        return NUMBER_NO_VALUE;
    if (!digits_add(&n, scale, &value) || value >= power(precision))
        return NUMBER_NO_VALUE;
    *out = n.sign == NEGATIVE ? -value : value;
    return NUMBER_TAKEN;
}

static size_t put(char *out, size_t at, size_t capacity, const char *format, int value)
{
    int n = snprintf(out + at, capacity - at, format, value);
    return n > 0 && (size_t)n < capacity - at ? at + (size_t)n : at;
}

void number_text(const uint8_t *data, int64_t size, char *out, size_t capacity)
{
    struct numeric n;
    *out = 0;
    if (!numeric_read(data, size, &n))
        return;
    if (n.sign != POSITIVE && n.sign != NEGATIVE) {
        snprintf(out, capacity, "%s",
                 n.sign == NAN_SIGN        ? "NaN"
                 : n.sign == PLUS_INFINITY ? "Infinity"
                                           : "-Infinity");
        return;
    }
    int32_t dscale = wire_int16(data + 6), whole = n.weight < 0 ? 0 : n.weight;
    size_t at = put(out, 0, capacity, n.sign == NEGATIVE ? "-%.0d" : "%.0d", 0);
    for (int32_t i = 0; i <= whole; i++) {
        int digit = n.weight >= 0 && i < n.count ? wire_int16(n.digits + 2 * i) : 0;
        at = put(out, at, capacity, i ? "%04d" : "%d", digit);
    }
    if (dscale <= 0)
        return;
    at = put(out, at, capacity, ".%.0d", 0);
    for (int32_t done = 0, place = 1; done < dscale; done += BASE_DIGITS, place++) {
        int32_t i = n.weight + place;
        char four[16];
        snprintf(four, sizeof four, "%04d",
                 i >= 0 && i < n.count ? wire_int16(n.digits + 2 * i) : 0);
        four[dscale - done < BASE_DIGITS ? dscale - done : BASE_DIGITS] = 0;
        if (capacity - at <= BASE_DIGITS)
            return;
        at += (size_t)snprintf(out + at, capacity - at, "%s", four);
    }
}
