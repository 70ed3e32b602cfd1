/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An expression over the rows of a file: a pipeline of three components.
 *
 * Invariant: a line for each row that has a value, in their order; the others are told of.
 * Ownership: none.
 * Threads:   the main thread.
 */
#ifndef QETL_CORE_EXPR_ROWS_H
#define QETL_CORE_EXPR_ROWS_H

#include "cli.h"

/* format NULL: by the file's name. The exit code, answered. */
int qetl_expr_rows(struct qetl_cli *, const char *input, const char *format, const char *text,
                   struct qetl_findings *);

#endif
