/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the two ways of encoding share: batches as they come, and rows that go to several objects.
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

struct qetl_encode_state {
    int64_t last_size; /* of the block before: the next one is about as large */
    const struct qetl_take_flow *take;
    struct qetl_partition partition;
};

int32_t qetl_encode_into(struct qetl_op *, const struct qetl_batch *, struct qetl_pool_space *);
/* op_encode_parts.c */
int32_t qetl_encode_parts(struct qetl_op *, const struct qetl_batch *);

#endif
