/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arrow arrays of our own making, over buffers of the pool.
 *
 * Invariant: release gives back all that was added. Ownership: as Arrow says.
 * Threads:   one, until it is handed on.
 */
#ifndef QETL_CORE_OWNED_ARRAY_H
#define QETL_CORE_OWNED_ARRAY_H

#include "batch.h"

struct qetl_owned {           /* the array's private_data */
    struct qetl_vector *keep; /* whose buffers are referred to, or NULL */
    void *owned[3];
    struct ArrowArray *children; /* malloc'ed, n_children of them */
    struct ArrowArray **table;
    const void **buffers;
};

/* After a failure, too, the array is to be released, if it has a release. */
int qetl_owned_open(struct ArrowArray *out, int64_t rows, int64_t n_buffers, int64_t n_children);
/* A new buffer, which stands at this place; NULL without memory. At most three. */
void *qetl_owned_buffer(struct ArrowArray *out, struct qetl_pool *, int64_t buffer, int64_t size);

#endif
