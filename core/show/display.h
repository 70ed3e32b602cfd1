/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text as a terminal shows it: how many columns it takes, and nothing in it that a terminal obeys.
 *
 * Invariant: printable text is UTF-8 without control characters, also those that turn the direction
 * of text; the locale of the process is not looked at. Ownership: answers are the caller's to free.
 * Threads:   any.
 */
#ifndef QETL_CORE_DISPLAY_H
#define QETL_CORE_DISPLAY_H

#include <stddef.h>
#include <stdio.h>

/* A copy in which control characters and bytes that are no UTF-8 are written out: \n, \t, \x1b.
 * NULL without memory. */
char *qetl_display_printable(const char *text, size_t size);
/* As fprintf, of %s and %% alone: each text is made printable, the format itself is not. */
void qetl_display_print(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Columns that printable text takes. */
int qetl_display_width(const char *text);
/* Bytes of the longest beginning that takes at most so many columns, and how many it takes. */
size_t qetl_display_fit(const char *text, int columns, int *taken);

#endif
