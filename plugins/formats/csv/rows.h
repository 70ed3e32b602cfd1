/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop over rows and cells, once for each kernel. A kernel's file defines, before it includes
 * this one, ROWS_TARGET and cell_fast(), which writes the usual cell and says whether it was one.
 *
 * Invariant: the same bytes as csv_cell_put for every cell.
 * Ownership: none.
 * Threads:   as the instance.
 */

/* A NULL that is written as nothing, or a text that cannot be taken for one. */
static inline ROWS_TARGET bool cell_is_odd(const struct csv_hot *hot, int64_t row, uint32_t size,
                                           uint64_t odd_sizes, bool null_spelled)
{
    int64_t at = row + hot->offset;
    bool null = hot->validity && !csv_bit(hot->validity, at);

    return null ? size || null_spelled : odd_sizes >> (size < 63 ? size : 63) & 1;
}

/* Of an integer that is not NULL. */
static inline ROWS_TARGET uint8_t *integer_fast(const struct csv_hot *hot, int64_t row, uint8_t *at)
{
    int64_t i = row + hot->offset;

    switch (hot->layout) {
    case 'i':
        return qetl_print_integer(at, ((const int32_t *)hot->integers)[i]);
    case 'I':
        return qetl_print_unsigned(at, ((const uint32_t *)hot->integers)[i]);
    case 'l':
        return qetl_print_integer(at, ((const int64_t *)hot->integers)[i]);
    case 'L':
        return qetl_print_unsigned(at, ((const uint64_t *)hot->integers)[i]);
    case 's':
        return qetl_print_integer(at, ((const int16_t *)hot->integers)[i]);
    case 'S':
        return qetl_print_unsigned(at, ((const uint16_t *)hot->integers)[i]);
    case 'c':
        return qetl_print_integer(at, ((const int8_t *)hot->integers)[i]);
    default:
        return qetl_print_unsigned(at, ((const uint8_t *)hot->integers)[i]);
    }
}

static inline ROWS_TARGET bool integer_is_plain(const struct csv_hot *hot, int64_t row)
{
    return hot->integers && (!hot->validity || csv_bit(hot->validity, row + hot->offset));
}

static ROWS_TARGET int32_t rows_write(const struct csv *self, int64_t from, int64_t to,
                                      struct csv_pen *pen)
{
    const struct csv_encoder *e = self->encoder;
    int64_t n = e->schema.n_children;
    uint8_t delimiter = self->dialect.marks.delimiter;
    bool crlf = self->dialect.crlf;

    for (int64_t row = from; row < to; row++) {
        uint8_t *at;

        pen->row_at = pen->at - pen->space->data;
        if (csv_pen_room(pen, e->row_room))
            return QETL_E_NO_MEMORY;
        at = pen->at;
        for (int64_t i = 0; i < n; i++) {
            if (i)
                *at++ = delimiter;
            if (e->hot[i].views && cell_fast(e, &e->hot[i], row, &at))
                continue;
            if (integer_is_plain(&e->hot[i], row)) {
                at = integer_fast(&e->hot[i], row, at);
                continue;
            }
            pen->at = at;
            int32_t status = csv_cell_put(self, i, row, pen);
            if (status)
                return status;
            at = pen->at;
        }
        if (crlf)
            *at++ = '\r';
        *at++ = '\n';
        pen->at = at;
    }
    return QETL_OK;
}
