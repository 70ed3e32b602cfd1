/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Literals of a condition's syntax tree, as far as the server reads them as qetl does.
 *
 * Invariant: what is taken means the same to both; in doubt it is not taken.
 * Ownership: nothing is kept.
 * Threads:   any.
 */
#ifndef POSTGRES_SOURCE_LITERAL_H
#define POSTGRES_SOURCE_LITERAL_H

#include "../../shared/postgres/types.h"

#include <jansson.h>

enum { LITERAL_MAX = 128 };

/* Digits, within 64 bits; digits with a point; those, and an exponent. A sign before each. */
bool literal_integer(const json_t *tree, char out[LITERAL_MAX]);
bool literal_decimal(const json_t *tree, char out[LITERAL_MAX]);
bool literal_number(const json_t *tree, char out[LITERAL_MAX]);
/* ISO 8601 of years with four digits, for a column of that way; of instants, with an offset. */
bool literal_moment(const char *text, enum pg_way way);

#endif
