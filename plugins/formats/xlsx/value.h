/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a cell means: its type, its value in a column of some type, its spelling.
 *
 * Invariant: nothing is rounded but times, to the millisecond that Excel itself keeps.
 * Ownership: none. Threads:   any.
 */
#ifndef XLSX_VALUE_H
#define XLSX_VALUE_H

#include "sheet.h"

enum { XLSX_SPELLED_MAX = 64, XLSX_DAY_MS = 86400000 };

/* Bits of what a column has shown. */
enum {
    XLSX_SEEN_INT = 1,
    XLSX_SEEN_REAL = 2,
    XLSX_SEEN_BOOL = 4,
    XLSX_SEEN_DATE = 8,
    XLSX_SEEN_TIME = 16,
    XLSX_SEEN_STAMP = 32,
    XLSX_SEEN_DURATION = 64,
    XLSX_SEEN_TEXT = 128
};
uint32_t xlsx_seen(const struct xlsx_cell *cell);
/* Arrow's format for all that was seen. */
const char *xlsx_format_of(uint32_t seen);

/* Milliseconds from 1970-01-01 of a serial number; false: it is no day that ever was. */
bool xlsx_serial_ms(double serial, bool from_1904, int64_t *out);
/* Appends the cell to a column of the builder's type. DATA: it does not fit. */
int32_t xlsx_value_put(struct qetl_builder *b, const struct ArrowSchema *field,
                       const struct xlsx_cell *cell, bool from_1904);
/* The cell as text: ISO 8601, the shortest number; *out may point into room. */
struct qetl_text xlsx_spell(const struct xlsx_cell *cell, bool from_1904,
                            char room[XLSX_SPELLED_MAX]);

#endif
