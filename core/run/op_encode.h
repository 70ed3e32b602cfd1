/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the ways of encoding share: batches as they come, and rows that go to several objects.
 *
 * Invariant: a row that the format cannot hold leaves no bytes. Ownership: the space's buffer moves
 * into the block that it is closed as. Threads:   one.
 */
#ifndef QETL_CORE_OP_ENCODE_H
#define QETL_CORE_OP_ENCODE_H

#include "op_partition.h"

struct qetl_pool_space {    /* a qetl_space in a pool buffer */
    struct qetl_space base; /* first: the plugin's pointer is ours */
    struct qetl_pool *pool;
};

int32_t qetl_pool_space_open(struct qetl_pool_space *, struct qetl_pool *, int64_t expected);
struct qetl_block *qetl_pool_space_close(struct qetl_pool_space *, int64_t rows);

struct qetl_wholes;

struct qetl_encode_state {
    uint32_t inputs_ended;
    int64_t last_size; /* of the block before: the next one is about as large */
    const struct qetl_take_flow *take;
    struct qetl_partition partition;
    struct qetl_wholes *wholes; /* or NULL */
};

int32_t qetl_encode_into(struct qetl_op *, const struct qetl_batch *, struct qetl_pool_space *);

/* op_encode_parts.c: groups the batch's rows in the state's partition; *sorted has them group by
 * group, to be dropped. 0 or a failure, which was reported. */
int32_t qetl_encode_sort(struct qetl_op *, struct qetl_batch *, struct qetl_batch **sorted);
/* Rows [from, from + rows) behind what stands in the space; how many were encoded, or a failure. */
int64_t qetl_encode_range(struct qetl_op *, const struct qetl_batch *, int64_t from, int64_t rows,
                          struct qetl_pool_space *);
int32_t qetl_encode_parts(struct qetl_op *, struct qetl_batch *);

/* op_encode_wholes.c: each object has an encoder of its own. */
int32_t qetl_encode_wholes(struct qetl_op *, struct qetl_batch *);
int32_t qetl_encode_wholes_end(struct qetl_op *, bool last);
void qetl_wholes_free(struct qetl_wholes *); /* accepts NULL */

#endif
