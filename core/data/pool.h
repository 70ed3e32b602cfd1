/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The run's memory: recycled, reference-counted buffers that are charged to one budget.
 *
 * Invariant: in_use is the sum of all buffers that are referenced; a freed buffer is reused before
 * new memory is touched, since first-touched memory is slower than the parsers. Ownership: whoever
 * allocates or retains frees once; the pool's memory lives until the last buffer of a freed pool
 * came back. Threads:   any, for all calls; new and free by one.
 */
#ifndef QETL_CORE_POOL_H
#define QETL_CORE_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct qetl_pool;

struct qetl_pool *qetl_pool_new(int64_t budget_bytes);
void qetl_pool_free(struct qetl_pool *); /* buffers may still be out */

/* Aligned to 64 bytes, contents undefined; NULL when the system has no memory. Never refused for
 * the budget's sake: it is the sources that wait (qetl_pool_has_room), so that what is under way
 * can end. */
void *qetl_pool_alloc(struct qetl_pool *, size_t size);
void qetl_buffer_retain(void *buffer);
void qetl_buffer_free(void *buffer); /* accepts NULL */
size_t qetl_buffer_capacity(const void *buffer);
/* How many would have to free it; others may change that at any time. */
unsigned qetl_buffer_owners(const void *buffer);

bool qetl_pool_has_room(const struct qetl_pool *, int64_t bytes);
int64_t qetl_pool_in_use(const struct qetl_pool *);
int64_t qetl_pool_kept(const struct qetl_pool *); /* for the next alloc: a quarter at most */
int64_t qetl_pool_budget(const struct qetl_pool *);

#endif
