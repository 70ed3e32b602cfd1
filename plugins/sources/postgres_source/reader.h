/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batches out of rows that the server sends, without waiting for it longer than a moment.
 *
 * Invariant: a batch holds whole rows; what was rejected of it is told in the call that hands it
 *            on.
 * Ownership: reader_free frees all but the session and the relation, which are lent.
 * Threads:   one at a time.
 */
#ifndef POSTGRES_SOURCE_READER_H
#define POSTGRES_SOURCE_READER_H

#include "flow.h"
#include "relation.h"

#include <qetl/parcel.h>

struct reader {
    struct pg_session *session;
    const struct relation *relation;
    const int64_t *wants;
    int64_t n_wants;
    const char **names; /* of the wants */
    struct copy copy;
    struct block block; /* rows that came, and are not taken yet */
    struct ArrowArray *arrays;
    struct flow flow;
    bool ended;                            /* all rows came */
    int64_t rejected, bytes, began_ns;     /* of the batch at hand */
    int64_t most_rows, most_bytes;         /* that it has room for; 0 rows: none is begun */
    struct qetl_parcel position, boundary; /* behind the last row; behind the last batch */
};

/* Begins the statement; rows that another left in it are forgotten. */
int32_t reader_open(struct reader *, const struct flow_statement *);
/* BATCH: *out, and what is behind it in `boundary`; IDLE: the server has to go on first; END. */
int32_t reader_next(struct reader *, const struct qetl_demand *, struct ArrowArray *out);
/* A statement under way ends. */
int32_t reader_stop(struct reader *);
void reader_free(struct reader *);

#endif
