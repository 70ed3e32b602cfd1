/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The exact value of a number's spelling.
 *
 * Invariant: value = ± digits * 10^exponent; a number that needs more than 38 digits is none here.
 * Ownership: nothing is owned.
 * Threads:   pure functions.
 */
#ifndef NDJSON_NUMBER_H
#define NDJSON_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

enum { NDJSON_DIGITS_MAX = 38 };

struct ndjson_number {
    unsigned __int128 digits;
    int32_t exponent;
    bool negative;
};

/* data: a number by JSON's grammar. False: over 38 significant digits. */
bool ndjson_number_parse(const uint8_t *data, int64_t size, struct ndjson_number *out);
/* The number times 10^scale, if that is an integer of at most `precision` digits. */
bool ndjson_number_scaled(const struct ndjson_number *number, int32_t precision, int32_t scale,
                          __int128 *out);
/* The nearest double; false: beyond its range, or out of memory. */
bool ndjson_number_real(const uint8_t *data, int64_t size, double *out);
bool ndjson_number_single(const uint8_t *data, int64_t size, float *out);

#endif
