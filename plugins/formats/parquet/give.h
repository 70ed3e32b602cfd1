/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of Arrow columns put into DuckDB's vectors.
 *
 * Invariant: a value is put as it is; one that Parquet cannot hold is found beforehand by
 *            give_refuses, and its row is never put.
 * Ownership: shapes belong to the lane; columns are borrowed for as long as a batch is put.
 * Threads:   one at a time.
 */
#ifndef PARQUET_GIVE_H
#define PARQUET_GIVE_H

#include "shape.h"

/* A column on its way out, with those within it. */
struct lane {
    struct shape shape;
    struct qetl_column column;
    struct lane *children; /* of a list its elements, of a struct its fields */
    int64_t n_children;
    uint64_t used,
        room;     /* of a list: elements in the chunk at hand, and what its child has room for */
    bool careful; /* it, or one within it, has values that Parquet cannot hold */
};

int32_t lane_open(struct lane *, const struct duck *, const struct ArrowSchema *field,
                  struct duck_type **type);
void lane_free(struct lane *);
/* For the next batch. */
int32_t lane_bind(struct lane *, const struct qetl_column *);
/* Why row cannot be written; NULL: it can. Asked only of lanes that are careful. */
const char *give_refuses(const struct lane *, int64_t row);
/* Around a vector's rows, however many batches they are of. */
void give_begin(struct lane *, const struct duck *, struct duck_vector *);
void give_end(struct lane *, const struct duck *);
/* Rows rows[0 … count), or, without rows, [first, first + count), into the vector from row `to` on.
 */
void give_rows(struct lane *, const struct duck *, const int32_t *rows, int64_t first,
               int64_t count, int64_t to);

#endif
