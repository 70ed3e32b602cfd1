/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects that are whole: each is what one encoder makes of its rows, from begin to finish.
 *
 * Invariant: no more objects have an encoder than the sink allows.
 * Ownership: encoders are the run's; all else is the operator's, and freed with it.
 * Threads:   one.
 */
#ifndef QETL_CORE_WHOLES_H
#define QETL_CORE_WHOLES_H

#include "op_encode.h"

struct qetl_held { /* rows of a sorted batch */
    struct qetl_held *next;
    struct qetl_batch *batch;
    int64_t from, rows;
};

struct qetl_whole { /* the object that rows with some keys go to, and those that follow it */
    struct qetl_blob *keys;
    struct qetl_ctx *encoder; /* NULL: nothing is under way, and the rows are held */
    size_t slot;              /* among those that are open */
    bool begun;
    int64_t rows;                 /* of the object under way, without those that were rejected */
    struct qetl_pool_space space; /* what it begins with, until there is a row; data NULL: none */
    struct qetl_held *first, *last;
    int64_t held;
    int64_t seen;   /* the number of the last batch with its rows */
    int64_t recent; /* rows since what was held was written last */
};

struct qetl_wholes {
    struct qetl_whole *items;
    int64_t n, room;
    size_t *open; /* the items with an encoder */
    size_t n_open, open_room;
    struct qetl_ctx **idle; /* encoders without an object; as many as open has room */
    size_t n_idle;
    bool codec_used; /* the one from set-up is the first */
    bool any;        /* an object was ended */
    int64_t held;
    int64_t batches;
};

struct qetl_wholes *qetl_wholes_of(const struct qetl_op *);
int64_t qetl_whole_keys(const struct qetl_op *); /* how many each object has */
/* All: 0 or a failure, which was reported. Gives the object an encoder, if need be that of another,
 * which is ended. */
int32_t qetl_whole_open(struct qetl_op *, struct qetl_whole *);
int32_t qetl_whole_put(struct qetl_op *, struct qetl_whole *, const struct qetl_batch *,
                       int64_t from, int64_t rows);
/* The first n pieces of what is held, as one batch. NULL: they cannot be one. */
struct qetl_batch *qetl_whole_join(struct qetl_op *, const struct qetl_held *first, int64_t n);
/* Ends what is under way; also_empty: an object without rows is one, too. */
int32_t qetl_whole_end(struct qetl_op *, struct qetl_whole *, bool also_empty);
int32_t qetl_whole_close(struct qetl_op *, struct qetl_whole *);

#endif
