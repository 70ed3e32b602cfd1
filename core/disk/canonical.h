/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON that there is one way to write: what is signed, or compared by its bytes. No two texts that
 * mean one, no key that only some readers see.
 *
 * Shape:     a member on each line, one space for each level, ASCII, a newline at the end; members
 *            stand in the order in which they were put.
 * Ownership: texts are the caller's to free.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_DISK_CANONICAL_H
#define QETL_CORE_DISK_CANONICAL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* Takes json, which may be NULL: so is the answer then, and without memory. */
char *qetl_canonical_write(json_t *json);

/* Whether the text is what was written of what was read from it. Takes again; NULL: it is not. */
bool qetl_canonical_is(char *again, const void *text, size_t size);

#endif
