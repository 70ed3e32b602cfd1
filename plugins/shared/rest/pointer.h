/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON pointers (RFC 6901), in which * is the first member, whatever its name.
 *
 * Invariant: what does not lead anywhere is NULL.
 * Ownership: borrowed from the value.
 * Threads:   any.
 */
#ifndef SHARED_REST_POINTER_H
#define SHARED_REST_POINTER_H

#include <jansson.h>

const json_t *rest_value_at(const json_t *value, const char *pointer);

#endif
