/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cells to values: one function per type.
 *
 * Invariant: a cell is taken as a whole and exactly, or refused: nothing is rounded (binary
 * floating point excepted), clipped or trimmed. Ownership: nothing is kept. Threads:   pure.
 */
#ifndef QETL_CSV_VALUES_H
#define QETL_CSV_VALUES_H

#include "scan.h"

#include <qetl/sdk.h>

enum csv_kind {
    CSV_TEXT = 1,
    CSV_BINARY,
    CSV_BOOLEAN,
    CSV_INTEGER,
    CSV_UNSIGNED,
    CSV_DECIMAL,
    CSV_FLOAT,
    CSV_DOUBLE,
    CSV_DATE,
    CSV_TIME,
    CSV_TIMESTAMP
};

struct csv_type {
    enum csv_kind kind;
    uint8_t width; /* bytes of a value; booleans are one byte until they are packed */
    bool strict;   /* inferred: only what inference takes for a number */
    bool zoned;
    int32_t precision, scale;
    int64_t least;
    uint64_t greatest;
    char name[QETL_TYPE_FORMAT_MAX]; /* in SQL */
};

enum { CSV_READ_BEHIND = 8 }; /* a parser may read so many bytes behind the cell's end */

/* UNSUPPORTED: the type cannot stand in a cell. */
int32_t csv_type_of(const struct ArrowSchema *field, bool strict, struct csv_type *out);

/* Each writes one value of the type's width; CSV_FINE, or why the cell is none. */
typedef enum csv_code csv_parse_fn(const uint8_t *cell, int64_t size, const struct csv_type *type,
                                   void *out);

/* numbers.c */
csv_parse_fn csv_parse_integer, csv_parse_unsigned, csv_parse_decimal;
/* Whether the cell is plainly a value of the type, in the one spelling that inference believes in.
 * No may mean that the parser must look. */
typedef bool csv_plain_fn(const uint8_t *cell, int64_t size, const struct csv_type *type);
csv_plain_fn csv_plain_integer, csv_plain_decimal;
/* reals.c */
csv_parse_fn csv_parse_float, csv_parse_double;
/* moments.c */
csv_parse_fn csv_parse_date, csv_parse_time, csv_parse_timestamp;
/* values.c */
csv_parse_fn csv_parse_boolean;
csv_parse_fn *csv_parser_of(enum csv_kind kind);

/* Decoding of "\x0aff" into at most size / 2 bytes; their number, or -1. */
int64_t csv_parse_binary(const uint8_t *cell, int64_t size, uint8_t *out);

#endif
