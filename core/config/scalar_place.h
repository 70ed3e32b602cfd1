/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a character of a text stands in the file that it was written in: behind quotes, escapes,
 * folded lines and indentation.
 *
 * Invariant: a place is only answered where the file, read again from the text's beginning, gives
 *            the text's own bytes up to there.
 * Ownership: borrows all.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_SCALAR_PLACE_H
#define QETL_CORE_SCALAR_PLACE_H

#include "places.h"

/* The mark of byte `offset` of the value (its size: behind the last) of a YAML or JSON scalar that
 * begins at `begin`. 0, or -1 if that is not what stands there. */
int qetl_scalar_place(const char *file, size_t size, struct qetl_mark begin, const char *value,
                      size_t offset, struct qetl_mark *out);

#endif
