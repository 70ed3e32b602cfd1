/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers that stand as text, and texts of numbers.
 *
 * Invariant: a number is read as just that number, or refused. Ownership: nothing is kept. Threads:
 * any.
 */
#ifndef SQLITE_SOURCE_NUMBER_H
#define SQLITE_SOURCE_NUMBER_H

#include <qetl/sdk.h>

enum { NUMBER_TEXT_MAX = 128 };

/* An optional sign, and digits. */
bool number_int(struct qetl_text text, int64_t *value);
bool number_uint(struct qetl_text text, uint64_t *value);
/* Also with a point and an exponent; nan and inf, as strtod knows them. */
bool number_real(struct qetl_text text, double *value);
/* value * 10^scale, without a rest, of up to 38 digits. */
bool number_decimal(struct qetl_text text, int32_t scale, qetl_int128 *value);
/* The shortest text that is this double. */
struct qetl_text number_real_text(double value, char room[NUMBER_TEXT_MAX]);

#endif
