/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows one by one, within the server: where it refuses many of a batch, a block of PL/pgSQL takes
 * each from the stage to the table, and notes what was said against those that stay out.
 *
 * Invariant: rows go in in their order, each as if it came alone; what is said of a row is what the
 *            server would have said of a COPY of it.
 * Ownership: until singly_free.
 * Threads:   as the server.
 */
#ifndef POSTGRES_SINK_SINGLY_H
#define POSTGRES_SINK_SINGLY_H

#include "merge.h"

struct singly {
    struct pg_sql run; /* the block; none: of this kind rows do not go singly */
    bool asked, may;   /* whether this role may, and the table can */
    const struct merge *merge;
};

/* The same values go into the same table, as of the merge, whose stage it uses. */
void singly_make(struct singly *, const struct merge *);
void singly_free(struct singly *);
/* The stage and the list are there, for the transaction at hand, if *may. It settles what stands
 * behind the savepoint. */
int32_t singly_ready(struct singly *, struct server *, bool *may);
/* From the stage to the table. *told: of each row that was refused, in order, its place, SQLSTATE,
 * message, detail, constraint and column; no SQLSTATE: it was left out without a word. *refused: as
 * of merge_run. */
int32_t singly_run(struct singly *, struct server *, PGresult **told, PGresult **refused);

#endif
