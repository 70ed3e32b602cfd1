/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The moment at which a database is read: that of the first source of the run that reads it, which
 * the others join, whatever was written since.
 *
 * Invariant: two sources of one run that name the same server and database see the same rows.
 * Ownership: a moment's text is its source's own; it is there for others as long as the transaction
 *            lasts that it comes from.
 * Threads:   [control].
 */
#ifndef POSTGRES_SOURCE_MOMENT_H
#define POSTGRES_SOURCE_MOMENT_H

#include "../../shared/postgres/session.h"

enum { MOMENT_MAX = 100 };

struct moment {
    char snapshot[MOMENT_MAX]; /* as the server names it; "": it is nobody else's */
    bool joined;               /* it was another's before */
};

/* Begins the transaction that all is read in. */
int32_t moment_begin(struct moment *, struct pg_session *);
/* The source is ready: others may join. */
int32_t moment_tell(const struct moment *, struct pg_session *);

/* How many connections of the run are ready to read this database; 1 where nobody counts. */
int64_t moment_connections(const struct pg_session *);

#endif
