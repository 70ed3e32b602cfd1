/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text in lines.
 *
 * Invariant: no line is longer than asked for, but for words that are.
 * Ownership: the text is borrowed for the call.
 * Threads:   any; out is the caller's.
 */
#ifndef QETL_CORE_WRAP_H
#define QETL_CORE_WRAP_H

#include <stdio.h>

/* In lines of at most `width`, each after `indent` spaces; the first goes on from column `at`.
 * Paragraphs stand between empty lines; a line that begins with a space stays as it is. */
void qetl_wrap(const char *text, int at, int indent, int width, FILE *out);

#endif
