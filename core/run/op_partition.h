/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Groups of the rows of a batch that are equal in some columns, as text.
 *
 * Invariant: within a group rows keep their order; groups stand in the order of their first rows.
 * Ownership: a partition owns what it says until it is used for the next batch. Threads:   one.
 */
#ifndef QETL_CORE_OP_PARTITION_H
#define QETL_CORE_OP_PARTITION_H

#include "op.h"

#include <qetl/sdk.h>

struct qetl_group {
    int64_t key;  /* offset in text */
    int64_t size; /* of the key */
    uint64_t hash;
    int64_t from, rows; /* in the map */
};

struct qetl_partition {
    const int64_t *keys;
    int64_t n_keys;
    struct qetl_cells *cells;
    struct qetl_space text;
    struct qetl_group *groups;
    int64_t n_groups, room;
    int32_t *group_of, *map, *table; /* a row's group; rows by groups; open addressing */
    int64_t rows_room, table_size;
    bool in_order; /* the map is the identity */
};

/* 0 or a failure. */
int32_t qetl_partition_make(struct qetl_partition *, const struct ArrowSchema *schema,
                            const struct qetl_batch *);
/* The key's n_keys texts, which lie in the partition. */
void qetl_partition_keys(const struct qetl_partition *, const struct qetl_group *,
                         struct qetl_blob *out);
void qetl_partition_free(struct qetl_partition *);

#endif
