/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of a condition another may judge in its place.
 *
 * Invariant: a row for which one of the parts is not TRUE would be filtered by the condition
 * itself: what stands before a part in AND never fails, and neither does the part. Ownership: parts
 * until free. Threads:   any; ctx is asked for its zone alone.
 */
#ifndef QETL_EXPR_CONDITIONS_H
#define QETL_EXPR_CONDITIONS_H

#include <qetl/plugin.h>
#include <stdbool.h>
#include <stddef.h>

struct qetl_expr_conditions {
    char **trees; /* JSON, as qetl.expr/1 answers it */
    size_t n;
    bool whole; /* the condition is these parts and nothing else */
};

/* Of a condition that compiles over the schema. 0, or -1 without memory. */
int qetl_expr_conditions(struct qetl_ctx *ctx, const char *text, const struct ArrowSchema *schema,
                         struct qetl_expr_conditions *out);
void qetl_expr_conditions_free(struct qetl_expr_conditions *);

#endif
