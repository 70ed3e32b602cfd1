/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the server sends of the rows that are read: the messages of a binary COPY; or, where it
 * takes no such COPY, the rows of the same SELECT, each as it comes.
 *
 * Invariant: the fields of the last row that was fed alone stay until the next one is; of all
 * others there is no more than what libpq has taken from the socket. Ownership: flow_free frees all
 * but the session, which is lent. Threads:   one at a time.
 */
#ifndef POSTGRES_SOURCE_FLOW_H
#define POSTGRES_SOURCE_FLOW_H

#include "block.h"

#include "../../shared/postgres/session.h"

struct flow {
    struct pg_session *session;
    bool runs;           /* the server is at it */
    bool by_rows;        /* of a SELECT */
    char *message;       /* of a COPY, just come … */
    int size;            /* … with so many bytes */
    char *kept;          /* that of the last row */
    PGresult *row, *end; /* of a SELECT: the last row, and what stands behind it */
};

/* The same rows as a COPY and as a SELECT. */
struct flow_statement {
    const char *copy, *select;
};

enum flow_answer {
    FLOW_SOME, /* something has come: flow_feed */
    FLOW_DRY,  /* nothing has come */
    FLOW_OVER, /* nothing will: flow_end */
    FLOW_LOST  /* the connection, as libpq has it */
};

/* Behind a savepoint `qetl`, which it makes. */
int32_t flow_begin(struct flow *, struct pg_doing, const struct flow_statement *);
enum flow_answer flow_next(struct flow *);
/* Adds what has come to a block; false: that has no room for it, or it is to be fed alone. */
bool flow_add(struct flow *, const struct copy *, struct block *, int64_t *size);
/* Hands on what has come. *size: the bytes that it had. */
enum copy_answer flow_feed(struct flow *, struct copy *, int64_t *size, int32_t *column);
/* OK: all rows came. */
int32_t flow_end(struct flow *, struct pg_doing, struct copy *);
/* What is under way ends, and the savepoint is as it was. Accepts what was zeroed. */
int32_t flow_stop(struct flow *, struct pg_doing);
void flow_free(struct flow *);

#endif
