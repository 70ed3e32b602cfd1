/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Into how many spans a table is divided, for as many connections, and where.
 *
 * Invariant: each row is in one span.
 * Ownership: nothing is kept.
 * Threads:   [control].
 */
#ifndef POSTGRES_SOURCE_SHARE_H
#define POSTGRES_SOURCE_SHARE_H

#include "relation.h"
#include "span.h"

struct share {
    struct pg_session *session;
    const struct relation *relation;
    const struct moment *moment;
    bool judges;  /* the server leaves rows out */
    bool limited; /* it stops behind some */
    /* what came of it */
    int32_t spans;
    bool together; /* they mean something at this moment only */
};

/* Mistakes in the options that can be told without a server. */
int32_t share_check(struct qetl_env);
/* One write a span, of at most `wanted`. */
int32_t share_plan(struct share *, int64_t wanted, const struct qetl_writer *out);

#endif
