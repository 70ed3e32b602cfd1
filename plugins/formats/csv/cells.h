/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cells into an encoder's bytes.
 *
 * Invariant: a cell is put in quotes only where it would be read as something else without.
 * Ownership: a pen writes between `at` and `end`; whoever moves it has made room, with
 * CSV_PEN_SLACK bytes to spare behind what is written. Threads:   pure.
 */
#ifndef QETL_CSV_CELLS_H
#define QETL_CSV_CELLS_H

#include "csv.h"

enum { CSV_PEN_SLACK = 16, CSV_INLINE = 12 };

typedef uint8_t csv_bytes16 __attribute__((vector_size(16)));

/* Bytes that call for quotes. */
struct csv_special {
    csv_bytes16 delimiter, quote, feed, carriage;
    uint8_t mark; /* the quote */
};

struct csv_special csv_special_make(struct csv_marks marks);

static inline csv_bytes16 csv_special_in(const struct csv_special *s, csv_bytes16 v)
{
    return (csv_bytes16)((v == s->delimiter) | (v == s->quote) | (v == s->feed) |
                         (v == s->carriage));
}

static inline bool csv_any16(csv_bytes16 v)
{
    uint64_t words[2];

    memcpy(words, &v, sizeof words);
    return words[0] | words[1];
}

/* Copies a cell and answers the place behind it, whether or not it may stand without quotes. size >
 * 12; reads nothing beyond it. */
static inline uint8_t *csv_cell_copy(const struct csv_special *s, uint8_t *at, const uint8_t *data,
                                     int64_t size, bool *special)
{
    csv_bytes16 v, found = {0};
    int64_t i = 0;

    if (size < 16) {
        uint64_t words[2];

        memcpy(&words[0], data, 8);
        memcpy(&words[1], data + size - 8, 8);
        memcpy(at, &words[0], 8);
        memcpy(at + size - 8, &words[1], 8);
        memcpy(&v, words, 16);
        *special = csv_any16(csv_special_in(s, v));
        return at + size;
    }
    for (; i + 16 <= size; i += 16) {
        memcpy(&v, data + i, 16);
        memcpy(at + i, &v, 16);
        found |= csv_special_in(s, v);
    }
    memcpy(&v, data + size - 16, 16);
    memcpy(at + size - 16, &v, 16);
    found |= csv_special_in(s, v);
    *special = csv_any16(found);
    return at + size;
}

/* In quotes, with quotes within doubled: at most 2 * size + 2 bytes. */
uint8_t *csv_cell_quote(const struct csv_special *s, uint8_t *at, const uint8_t *data,
                        int64_t size);
/* A text of any size, with quotes where they are needed. force: they are. */
uint8_t *csv_cell_write(const struct csv_special *s, uint8_t *at, const uint8_t *data, int64_t size,
                        bool force);

#endif
