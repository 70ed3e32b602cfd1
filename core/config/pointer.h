/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON pointers (RFC 6901), and their dotted form for people: "/sources/orders/path" is
 * "sources.orders.path".
 *
 * Invariant: ~ and / inside a key are written ~0 and ~1.
 * Ownership: every text answered is the caller's, to be freed; NULL without memory.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_POINTER_H
#define QETL_CORE_POINTER_H

#include <jansson.h>
#include <stddef.h>

/* The value at a pointer, borrowed; NULL if there is none. */
const json_t *qetl_pointer_get(const json_t *root, const char *pointer);

/* One step of a pointer, ~1 and ~0 read back. */
char *qetl_pointer_token(const char *step, size_t size);
char *qetl_pointer_key(const char *base, const char *key);
char *qetl_pointer_index(const char *base, size_t index);
char *qetl_pointer_dotted(const char *pointer);

#endif
