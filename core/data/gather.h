/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Picks rows of a column by a row map: what carries untouched columns past a filter.
 *
 * Invariant: out[i] equals in[map[i]], NULLs and the spelling of lexical NULLs included. Text is
 * not copied but referred to, unless under a quarter of the rows remain: then the rest is let go.
 * Ownership: the result owns its buffers (the pool's) and, where it refers to text, a reference to
 * `from`. Threads:   any.
 */
#ifndef QETL_CORE_GATHER_H
#define QETL_CORE_GATHER_H

#include "batch.h"

/* layout: the Arrow schema of the vector as it stands. The new vector, or NULL without memory. */
struct qetl_vector *qetl_gather(struct qetl_pool *, const struct ArrowSchema *layout,
                                struct qetl_vector *from, const int32_t *map, int64_t rows);
/* As gather; rows whose map is -1 are NULL. */
struct qetl_vector *qetl_gather_nulls(struct qetl_pool *, const struct ArrowSchema *layout,
                                      struct qetl_vector *from, const int32_t *map, int64_t rows);

#endif
