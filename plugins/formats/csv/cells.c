/* SPDX-License-Identifier: Apache-2.0 */
/* Cells into bytes: with quotes where they are needed. */
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
