/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What moves between components: chunks of bytes, batches of columns, blocks of encoded
 * bytes, and states.
 *
 * Invariant: immutable once made. A batch holds each column in the forms that someone downstream
 * wants: as value, as lexical text, or both; a column nobody wants is empty. Ownership:
 * reference-counted; vectors are shared by all batches that carry the column untouched. Threads:
 * any may hold, read and drop references.
 */
#ifndef QETL_CORE_BATCH_H
#define QETL_CORE_BATCH_H

#include "origin.h"
#include "pool.h"

#include <qetl/plugin.h>

#include <stdatomic.h>

struct qetl_vector { /* one column's array, shared */
    atomic_int refs;
    struct ArrowArray array;
};

struct qetl_vector *qetl_vector_new(struct ArrowArray *moved); /* NULL without memory: not moved */
struct qetl_vector *qetl_vector_ref(struct qetl_vector *);     /* accepts NULL */
void qetl_vector_unref(struct qetl_vector *);                  /* accepts NULL */

struct qetl_batch_column {
    struct qetl_vector *value, *lexical;
};

struct qetl_batch {
    atomic_int refs;
    int64_t rows;
    struct qetl_origin *origin; /* NULL: rows of no single chunk */
    int32_t *record_map;        /* row -> record of the origin; a pool buffer; NULL: identity */
    struct qetl_joined *joined; /* its rows came in several batches; NULL: in this one */
    int64_t joined_at;          /* its first row, among all that were joined */
    int64_t n_columns;
    struct qetl_batch_column columns[];
};

struct qetl_joined_rows {
    struct qetl_batch *batch;
    int64_t from, rows;
};

struct qetl_joined { /* whence the rows came, for those that are rejected */
    atomic_int refs;
    int64_t n;
    struct qetl_joined_rows items[];
};

struct qetl_batch *qetl_batch_new(int64_t rows, int64_t n_columns, struct qetl_origin *);
void qetl_batch_ref(struct qetl_batch *);
void qetl_batch_unref(struct qetl_batch *); /* accepts NULL */
/* Rows [from, from + rows), with the columns' memory shared; NULL without memory. */
struct qetl_batch *qetl_batch_slice(const struct qetl_batch *, struct qetl_pool *, int64_t from,
                                    int64_t rows);
/* The columns alone, shared: what a batch knows of its origin belongs to the run. NULL without
 * memory. */
struct qetl_batch *qetl_batch_columns(const struct qetl_batch *);
int64_t qetl_batch_record(const struct qetl_batch *, int64_t row);
/* Room for n pieces; NULL without memory. Its batches are referenced by who fills it in. */
struct qetl_joined *qetl_joined_new(int64_t n);
/* The batch that a row came in, and *row there. */
const struct qetl_batch *qetl_batch_source(const struct qetl_batch *, int64_t *row);

/* The wanted columns as one struct array, to be lent to a plugin, which may move it away. */
int qetl_batch_view(const struct qetl_batch *, int64_t n_wants, const struct qetl_want *,
                    struct ArrowArray *out);

struct qetl_chunk_data { /* framed bytes on their way to a decoder */
    struct qetl_origin *origin;
    uint32_t flags; /* QETL_ITEM_ */
};

struct qetl_block { /* encoded rows on their way to a sink */
    uint8_t *data;  /* a pool buffer */
    int64_t size;
    int64_t rows;
    struct qetl_parts *parts; /* NULL: it is one whole */
};

struct qetl_part { /* of a block: rows that are equal in the columns that a sink named */
    int64_t size, rows;
    const struct qetl_blob *keys; /* n_keys of them */
    bool ends;                    /* the object is whole with it */
};

struct qetl_parts {
    int64_t n, n_keys;
    struct qetl_part *items;
    struct qetl_blob *keys;
    uint8_t *text; /* that the keys lie in */
};

void qetl_parts_free(struct qetl_parts *); /* accepts NULL */

struct qetl_saved { /* a replica's state on its way to be merged */
    uint32_t version;
    uint8_t *data;
    size_t size, room, taken;
    struct qetl_saved *next; /* of the next replica */
};

void qetl_saved_free(struct qetl_saved *); /* and those behind it; accepts NULL */

struct qetl_block *qetl_block_new(uint8_t *moved, int64_t size, int64_t rows);
void qetl_block_free(struct qetl_block *);

#endif
