/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The functions of expressions, found by a pattern.
 *
 * Invariant: what is shown is what the reference says.
 * Ownership: static.
 * Threads:   the main thread.
 */
#ifndef QETL_CORE_EXPR_FUNCTIONS_H
#define QETL_CORE_EXPR_FUNCTIONS_H

#include <jansson.h>
#include <stdio.h>

/* pattern: part of a name, or a pattern with * and ?; NULL: all. How many there were. */
size_t qetl_functions_print(const char *pattern, FILE *out, int width, int colour);
json_t *qetl_functions_json(const char *pattern);
/* The nearest name, or NULL. */
const char *qetl_functions_suggest(const char *word);

#endif
