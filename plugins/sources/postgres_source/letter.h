/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row that could not be taken, as JSON: what a dead letter keeps of it.
 *
 * Invariant: every column stands there by its name, with what it holds, also where its type in
 *            Arrow has no such value.
 * Ownership: the caller's.
 * Threads:   any.
 */
#ifndef POSTGRES_SOURCE_LETTER_H
#define POSTGRES_SOURCE_LETTER_H

#include "copy.h"

/* To be freed; NULL: no memory. names: of the columns. */
char *letter_make(const struct copy *, const char *const *names);
/* A value as it is written, cut to size. */
void letter_value(const struct column *, const struct copy_field *, char *out, size_t size);

#endif
