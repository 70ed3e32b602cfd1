/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the transforms behind a source say of the rows that they need, for the source to leave out
 * the others.
 *
 * Invariant: a condition is asked of the source only where every row that it leaves out would be
 *            filtered: all between the two hand on each row, and none is seen by anybody else.
 * Ownership: texts until free.
 * Threads:   [control]
 */
#ifndef QETL_CORE_PUSHDOWN_H
#define QETL_CORE_PUSHDOWN_H

#include "run_internal.h"

struct qetl_judge { /* a transform with a condition */
    size_t node;
    size_t begin, end; /* its parts among the predicates */
    bool whole;        /* these parts are all of it */
};

struct qetl_needed {
    char **predicates; /* JSON trees over the source's columns */
    size_t n_predicates;
    struct qetl_judge *judges; /* in the order of the rows' way */
    size_t n_judges;
    int64_t limit; /* -1: none */
};

/* 0, or -1 without memory. */
int qetl_needed_gather(const struct qetl_run *, const struct qetl_node *source,
                       struct qetl_needed *out);
/* As the source answered, one a predicate: who need not judge any more hands every row on. */
void qetl_needed_settle(struct qetl_run *, const struct qetl_needed *, const int32_t *answers);
void qetl_needed_free(struct qetl_needed *);

struct qetl_asked { /* what a source was told in negotiate, and what it answered */
    struct qetl_needed needed;
    int64_t *columns;
    int32_t *answers; /* one a predicate; then those to columns and limit */
};
void qetl_asked_free(struct qetl_asked *); /* negotiate.c; accepts NULL */

#endif
