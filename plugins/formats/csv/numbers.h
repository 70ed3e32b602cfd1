/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many numbers of a column at once.
 *
 * Invariant: a row that a kernel has read has the value, or passed the check, that the parser of
 *            its type has for it; any row may be left to that parser.
 * Ownership: all is the caller's.
 * Threads:   pure.
 */
#ifndef QETL_CSV_NUMBERS_H
#define QETL_CSV_NUMBERS_H

#include "values.h"

struct csv_numbers {
    const uint32_t *base; /* per row, as in scratch */
    const uint32_t *ends; /* of the column, from a row's base on */
    const uint8_t *data;
    const struct csv_type *type; /* integer of 4 or 8 bytes, or decimal */
    uint8_t *out;                /* values from row 0 on; NULL: they are only checked */
};

/* Rows [row, row + n), n up to 64. Bit i: row + i has been read. */
uint64_t csv_numbers_avx512(const struct csv_numbers *, int64_t row, int64_t n);
uint64_t csv_numbers_avx2(const struct csv_numbers *, int64_t row, int64_t n);

#endif
