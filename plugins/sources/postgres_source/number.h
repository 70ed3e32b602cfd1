/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A numeric as it stands in a binary COPY: digits to the base of 10,000, and where the point is.
 *
 * Invariant: a number is taken as just that number, or refused.
 * Ownership: nothing is kept.
 * Threads:   any.
 */
#ifndef POSTGRES_SOURCE_NUMBER_H
#define POSTGRES_SOURCE_NUMBER_H

#include <qetl/sdk.h>

enum number_answer {
    NUMBER_TAKEN,
    NUMBER_NO_VALUE, /* NaN, infinity, or more digits than the decimal has */
    NUMBER_BROKEN    /* these bytes are no numeric */
};

/* Its value times 10^scale, of at most so many digits. */
enum number_answer number_decimal(const uint8_t *data, int64_t size, int32_t precision,
                                  int32_t scale, qetl_int128 *out);
/* As text, cut to size: "NaN", "-12.50". */
void number_text(const uint8_t *data, int64_t size, char *out, size_t capacity);

#endif
