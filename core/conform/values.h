/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values that the schema of an option allows, the odd ones first: its bounds, each word, nothing at
 * all.
 *
 * Invariant: options that are handed out fit the schema of the component, with defaults filled in.
 * Ownership: what is answered is the caller's. Threads:   any.
 */
#ifndef QETL_CORE_CONFORM_VALUES_H
#define QETL_CORE_CONFORM_VALUES_H

#include "bench.h"

/* A list; some in it may not fit what the schema says beyond types. now: what it is, or NULL. */
json_t *conform_values(const json_t *schema, const json_t *now);
/* The options with that one in place of what they have; NULL: the schema refuses it. */
json_t *conform_options_with(const struct conform_trial *, const json_t *options, const char *name,
                             json_t *value);
/* `size = 3`, cut to be shown. */
void conform_value_print(const char *name, const json_t *value, char *out, size_t size);

#endif
