/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batches out of a COPY that is under way, without waiting for the server longer than a moment.
 *
 * Invariant: a batch holds whole rows; what was rejected of it is told in the call that hands it
 *            on.
 * Ownership: reader_free frees all but the session and the relation, which are lent.
 * Threads:   one at a time.
 */
#ifndef POSTGRES_SOURCE_READER_H
#define POSTGRES_SOURCE_READER_H

#include "copy.h"
#include "relation.h"

#include <qetl/parcel.h>

struct reader {
    struct pg_session *session;
    const struct relation *relation;
    const int64_t *wants;
    int64_t n_wants;
    const char **names; /* of the wants */
    struct copy copy;
    struct ArrowArray *arrays;
    bool copies;                           /* the server is at it */
    bool ended;                            /* all rows came */
    char *row;                             /* of libpq: the last one, where its keys stand */
    int64_t rejected, bytes, began_ns;     /* of the batch at hand */
    struct qetl_parcel position, boundary; /* behind the last row; behind the last batch */
};

/* Begins the COPY; rows that another left in it are forgotten. */
int32_t reader_open(struct reader *, const char *sql);
/* BATCH: *out, and what is behind it in `boundary`; IDLE: the server has to go on first; END. */
int32_t reader_next(struct reader *, int64_t most, struct ArrowArray *out);
/* A COPY under way ends. */
int32_t reader_stop(struct reader *);
void reader_free(struct reader *);

#endif
