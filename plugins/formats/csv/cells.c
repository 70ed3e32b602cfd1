/* SPDX-License-Identifier: Apache-2.0 */
/* Cells into bytes: quotes where they are needed, numbers two digits at a time. */
#include "cells.h"

static csv_bytes16 spread(uint8_t byte)
{
    csv_bytes16 v;

    memset(&v, byte, sizeof v);
    return v;
}

struct csv_special csv_special_make(struct csv_marks marks)
{
    return (struct csv_special){.delimiter = spread(marks.delimiter),
                                .quote = spread(marks.quote),
                                .feed = spread('\n'),
                                .carriage = spread('\r'),
                                .mark = marks.quote};
}

uint8_t *csv_cell_quote(const struct csv_special *s, uint8_t *at, const uint8_t *data, int64_t size)
{
    const uint8_t *end = data + size;

    *at++ = s->mark;
    while (data < end) {
        const uint8_t *quote = memchr(data, s->mark, (size_t)(end - data));
        size_t run = (size_t)((quote ? quote + 1 : end) - data);

        memcpy(at, data, run);
        at += run;
        data += run;
        if (quote)
            *at++ = s->mark;
    }
    *at++ = s->mark;
    return at;
}

uint8_t *csv_cell_write(const struct csv_special *s, uint8_t *at, const uint8_t *data, int64_t size,
                        bool force)
{
    bool special = force;
    uint8_t *behind = at;

    if (size > CSV_INLINE && !force) {
        behind = csv_cell_copy(s, at, data, size, &special);
    } else if (!force) {
        csv_bytes16 v = {0};

        memcpy(&v, data, (size_t)size);
        memcpy(at, &v, sizeof v);
        special = csv_any16(csv_special_in(s, v));
        behind = at + size;
    }
    return special ? csv_cell_quote(s, at, data, size) : behind;
}

static const char pairs[201] = "00010203040506070809101112131415161718192021222324"
                               "25262728293031323334353637383940414243444546474849"
                               "50515253545556575859606162636465666768697071727374"
                               "75767778798081828384858687888990919293949596979899";

/* Writes backwards, ending before `end`; answers the first digit's place. */
static uint8_t *digits_back(uint8_t *end, uint64_t value)
{
    while (value >= 100) {
        end -= 2;
        memcpy(end, pairs + value % 100 * 2, 2);
        value /= 100;
    }
    if (value >= 10) {
        end -= 2;
        memcpy(end, pairs + value * 2, 2);
        return end;
    }
    *--end = (uint8_t)('0' + value);
    return end;
}

uint8_t *csv_unsigned_write(uint8_t *at, uint64_t value)
{
    uint8_t digits[48], *end = digits + 24, *first = digits_back(end, value);

    /* A copy of fixed size is the faster one. */
    memcpy(at, first, 24);
    return at + (end - first);
}

uint8_t *csv_integer_write(uint8_t *at, int64_t value)
{
    *at = '-';
    return csv_unsigned_write(at + (value < 0), value < 0 ? -(uint64_t)value : (uint64_t)value);
}

uint8_t *csv_decimal_write(uint8_t *at, int64_t value, int32_t scale)
{
    uint8_t digits[72], *end = digits + 48, *first;
    uint64_t magnitude = value < 0 ? -(uint64_t)value : (uint64_t)value;
    size_t n;

    memset(digits, '0', 48);
    first = digits_back(end, magnitude);
    if (end - first <= scale)
        first = end - scale - 1;
    n = (size_t)(end - first) - (size_t)scale;
    *at = '-';
    at += value < 0;
    memcpy(at, first, 24);
    at += n;
    if (!scale)
        return at;
    *at++ = '.';
    memcpy(at, first + n, 24);
    return at + scale;
}
