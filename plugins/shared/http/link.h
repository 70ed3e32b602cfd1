/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The header Link (RFC 8288).
 *
 * Invariant: a relation is found among several of one link, in any case of its letters, and nothing
 *            within quotes or brackets is taken for more.
 * Ownership: what is found points into the header.
 * Threads:   any.
 */
#ifndef HTTP_LINK_H
#define HTTP_LINK_H

#include <stdbool.h>
#include <stddef.h>

/* The target of the first link of that relation; false: there is none. */
bool http_link_find(const char *header, const char *relation, const char **target, size_t *size);

#endif
