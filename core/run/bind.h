/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a transform said of itself in bind: what it reads, and where each output column comes from.
 *
 * Invariant: every output column is COPY of an input column for each port (or NULL there), or
 * derived.
 * Ownership: the binding owns its schemas and arrays.
 * Threads:   made by one, then immutable.
 */
#ifndef QETL_CORE_BIND_H
#define QETL_CORE_BIND_H

#include "host/instance.h"

struct qetl_in_binding {
    struct qetl_want *reads;
    int64_t n_reads;
    int64_t n_columns; /* of the input */
    uint32_t kind;     /* QETL_INPUT_ */
};

struct qetl_out_column {
    int64_t derived; /* index among the port's derived columns, or -1 */
    int64_t *from;   /* COPY: the input column, per input port; -1: none from there */
};

struct qetl_out_binding {
    struct ArrowSchema schema; /* struct of the output's logical columns */
    struct qetl_out_column *columns;
    int64_t n_columns, n_derived;
    uint32_t rows; /* QETL_ROWS_ */
};

struct qetl_binding {
    struct qetl_in_binding *in;
    uint32_t n_in;
    struct qetl_out_binding *out;
    uint32_t n_out;
    uint32_t distribution;
};

/* Calls the instance's bind. A failure was reported through the instance. */
int32_t qetl_bind(struct qetl_ctx *, uint32_t n_in, const struct ArrowSchema *const *inputs,
                  uint32_t n_out, struct qetl_binding *out);
void qetl_binding_free(struct qetl_binding *);
/* Nothing to call process for: every row leaves with untouched columns. */
bool qetl_binding_is_copy(const struct qetl_binding *);
/* Of a transform that makes no columns, which from now on hands every row on. */
void qetl_binding_pass(struct qetl_binding *);

#endif
