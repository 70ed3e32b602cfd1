/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which type holds all values of two others.
 *
 *   integers       the smallest that holds both; with bigint unsigned decimal(20,0)
 *   decimals       as many digits behind the point as either has, and as many before it, up to
 *                  38 in all: a value for which that is too few is a row to reject
 *   real, double   real with itself, else double
 *   dates          date with timestamp: timestamp; other temporal types with themselves
 *   the others     with themselves
 *
 * Invariant: no value changes, but for digits of numbers that become doubles. Ownership: none.
 * Threads:   any.
 */
#ifndef QETL_UNION_WIDEN_H
#define QETL_UNION_WIDEN_H

#include <qetl/sdk.h>

enum union_fit {
    UNION_SAME,    /* both are of the one type already */
    UNION_WIDER,   /* *format is the common type */
    UNION_CONFLICT /* there is none */
};

/* format: of what was seen so far; becomes the common type. */
enum union_fit union_widen(char format[QETL_TYPE_FORMAT_MAX], const struct ArrowSchema *other);

#endif
