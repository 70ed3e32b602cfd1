/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an unquoted word of a configuration file is. YAML and JSON files mean the same by it.
 *
 * Invariant: a number is what JSON calls one, and keeps its value; all others are text: 007, +1,
 * .5, 0x10, NaN, whole numbers beyond 64 bits, fractions of more than 15 digits. Ownership: answers
 * are new references; NULL without memory. Threads:   none of its own.
 */
#ifndef QETL_CORE_SCALAR_H
#define QETL_CORE_SCALAR_H

#include <jansson.h>
#include <stddef.h>

/* The length of the JSON number at the beginning of text, 0 if there is none. */
size_t qetl_scalar_number_size(const char *text, size_t size);
/* A whole text that is a JSON number, as number or as text if it would lose digits. */
json_t *qetl_scalar_number(const char *text, size_t size);
/* YAML 1.2's core schema, numbers narrowed to the above: null, booleans, numbers, or text. */
json_t *qetl_scalar_plain(const char *text, size_t size);

#endif
