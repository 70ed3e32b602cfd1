/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cells to values of a type.
 *
 * Invariant: a cell converts exactly or not at all (double and real: to the nearest).
 * Ownership: nothing is owned; text and JSON have no value beside their cell.
 * Threads:   pure functions.
 */
#ifndef NDJSON_CONVERT_H
#define NDJSON_CONVERT_H

#include "json.h"

#include <qetl/sdk.h>

struct ndjson_type {
    enum qetl_kind kind;
    bool json;     /* text that holds raw JSON, and nested types, which are spelled so */
    bool declared; /* by the user: text converts, and the type binds whatever is wanted */
    char layout;   /* Arrow's letter for numbers */
    int32_t width; /* bytes a value; views: 16; booleans: 0, they are bits */
    int32_t precision;
    int32_t scale; /* of decimals; of times: digits of the fraction */
    bool zoned;
};

int32_t ndjson_type_open(struct ndjson_type *out, const struct ArrowSchema *field);

/* NULL, or the code of the rejection ("bad_number"). value holds 16 aligned bytes; booleans as one
 * byte. The cell is neither null nor escaped. */
const char *ndjson_convert(const struct ndjson_type *type, const struct ndjson_cell *cell,
                           void *value);

/* Decoded size, or -1. out may be NULL to check alone. */
int64_t ndjson_base64_decode(const uint8_t *data, int64_t size, uint8_t *out);
/* out has room for (size + 2) / 3 * 4. */
void ndjson_base64_encode(const uint8_t *data, int64_t size, uint8_t *out);

#endif
