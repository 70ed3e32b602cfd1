/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The type of a column as both sides see it: DuckDB's vectors and Arrow's arrays.
 *
 * Invariant: children of a shape are those of the Arrow field: a list's elements, a struct's
 *            fields, and of a map the one struct of key and value.
 * Ownership: shape_free frees what was made; zeroed is freed.
 * Threads:   one.
 */
#ifndef PARQUET_SHAPE_H
#define PARQUET_SHAPE_H

#include "library.h"

struct shape {
    enum duck_id id;
    enum duck_id stored; /* of a decimal: the integer that holds it */
    int32_t precision, scale;
    int32_t digits; /* of times on the way out: of a second's fraction, as DuckDB keeps it */
    struct shape *children;
    int64_t n_children;
    /* of the chunk at hand */
    struct duck_vector *vector;
    void *data;
    uint64_t *validity;
};

/* From DuckDB's type; *field is made beside it. UNSUPPORTED: qetl has no such type. */
int32_t shape_read(struct shape *, const struct duck *, struct duck_type *, const char *name,
                   struct ArrowSchema *field);
/* From an Arrow field; *type is made beside it, for the caller to destroy. UNSUPPORTED: Parquet has
 * no such type. */
int32_t shape_write(struct shape *, const struct duck *, const struct ArrowSchema *field,
                    struct duck_type **type);
int32_t shape_children(struct shape *, int64_t n); /* for those two: room for n of them */
/* Looks at the vector, and at those of the children. */
void shape_attach(struct shape *, const struct duck *, struct duck_vector *);
void shape_free(struct shape *);

#endif
