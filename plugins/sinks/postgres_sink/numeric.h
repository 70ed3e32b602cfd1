/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers as PostgreSQL's numeric stands in a binary COPY: digits of base 10,000.
 *
 * Invariant: the number is the same, digit for digit, with its zeros behind the point; or nothing
 * is put. Ownership: none. Threads:   any.
 */
#ifndef POSTGRES_SINK_NUMERIC_H
#define POSTGRES_SINK_NUMERIC_H

#include "wire.h"

#include <qetl/sdk.h>

enum numeric_answer {
    NUMERIC_PUT = 0,
    NUMERIC_NO_NUMBER = 1,
    NUMERIC_TOO_LONG = 2, /* more digits than PostgreSQL has room for */
    NUMERIC_ROUNDS = 3    /* digits would be lost behind the point */
};

/* scale: how many digits behind the point the column has; -1: any number of them. */
/* The value's size stands in front of it, as COPY has it. A decimal of few digits: false where it
 * has more, and nothing is put. */
bool numeric_put_small(struct wire *, qetl_int128 value, int32_t value_scale);
/* 12, -0.50, 1e-7, NaN, Infinity; blanks around it. */
enum numeric_answer numeric_put_text(struct wire *, const char *text, int64_t size, int32_t scale);
/* Whether value / 10^value_scale is a number of `scale` digits behind the point. */
bool numeric_fits(qetl_int128 value, int32_t value_scale, int32_t scale);

#endif
