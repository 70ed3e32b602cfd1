/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of several batches, one behind the other, as one.
 *
 * Invariant: each value equals the one that it was copied from, NULLs and the spelling of lexical
 * NULLs included. Ownership: what is made refers to nothing of its parts' columns.
 * Threads:   any.
 */
#ifndef QETL_CORE_JOIN_H
#define QETL_CORE_JOIN_H

#include "batch.h"

struct qetl_slice {
    const struct ArrowArray *array;
    int64_t from, rows; /* from: behind the array's own offset */
};

/* layout: the Arrow schema of the arrays as they stand. OK, NO_MEMORY, or UNSUPPORTED: what cannot
 * be one array (dictionaries that differ, 2 GiB of text). After a failure there is nothing. */
int32_t qetl_join(struct qetl_pool *, const struct ArrowSchema *layout,
                  const struct qetl_slice *slices, int64_t n, struct ArrowArray *out);

#endif
