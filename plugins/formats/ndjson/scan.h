/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a JSON value ends, without a look at its grammar: brackets are counted, strings passed
 * over.
 *
 * Invariant: a value that is valid ends where the strict reader says; framer and decoder find the
 *            same end of one that is not. Ownership: nothing is owned.
 * Threads:   none.
 */
#ifndef NDJSON_SCAN_H
#define NDJSON_SCAN_H

#include <stdbool.h>
#include <stdint.h>

/* Inside a value that may go on in the next data. */
struct ndjson_scan {
    int64_t depth;
    bool string, escape, word;
};

static inline bool ndjson_is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The place behind the value that begins at p, or goes on there; NULL: it does not end before end.
 * A number or word ends before the next blank, comma, bracket or quote, or at the end if `last`. */
const uint8_t *ndjson_scan_value(struct ndjson_scan *scan, const uint8_t *p, const uint8_t *end,
                                 bool last);
/* Values between p and end, with blanks and commas between them. */
int64_t ndjson_scan_count(const uint8_t *p, const uint8_t *end);

#endif
