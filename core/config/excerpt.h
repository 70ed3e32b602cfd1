/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The line of a text that a finding speaks of, with the part under which carets go.
 *
 * Invariant: one line of at most QETL_EXCERPT_MAX bytes of whole characters, tabs as spaces; a line
 *            that seems to say a password is not shown.
 * Ownership: the finding owns its excerpt.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_EXCERPT_H
#define QETL_CORE_EXCERPT_H

#include "finding.h"

enum { QETL_EXCERPT_MAX = 160 };

/* Bytes [begin, end) of the text; end at begin: the word there. Nothing without memory. */
void qetl_finding_excerpt(struct qetl_finding *finding, const char *text, size_t size, size_t begin,
                          size_t end);
/* The same of the finding's own line and column, so many characters wide; 0: the word there. */
void qetl_finding_excerpt_line(struct qetl_finding *finding, const char *text, size_t size,
                               size_t width);
/* The byte of the text at a line and column, both from 1; behind its end: not in it. */
size_t qetl_excerpt_offset(const char *text, size_t size, int line, int column);
/* "\n  LINE\n     ^~~", indented by so much; 0, or -1 where there is nothing to show. */
int qetl_excerpt_print(const struct qetl_finding *finding, int indent, FILE *out);

#endif
