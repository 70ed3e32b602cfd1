/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows that meet others of the same key: they lie in a table of this session's own, and go from
 * there by statements over all of them at once.
 *
 * Invariant: of several rows of a key, what stands in the end is what one after the other would
 * have left; each key has one current version. Ownership: until merge_free; names are lent.
 * Threads:   as the server.
 */
#ifndef POSTGRES_SINK_MERGE_H
#define POSTGRES_SINK_MERGE_H

#include "table.h"
#include "value.h"

enum merge_kind { MERGE_APPEND /* the stage alone */, MERGE_UPSERT, MERGE_DELETE, MERGE_SCD2 };

struct merge {
    enum merge_kind kind;
    const struct table *table;
    const struct value *values; /* the keys' are the first; with `at`, the last is the time's */
    int64_t n_values, n_keys;
    const struct table_history *history;
    struct pg_sql stage;    /* makes it */
    struct pg_sql once;     /* UPSERT where no key comes twice; DELETE */
    struct pg_sql last;     /* UPSERT of the last row of each key, */
    struct pg_sql distinct; /* of which there are so many */
    struct pg_sql turns, number, late, again, follow, add; /* SCD2; rows of turn %d */
    bool repeats;                                          /* UPSERT: keys came twice */
};

/* What the rows did that a statement took. */
struct merged {
    int64_t changed;
    int64_t n_keys; /* UPSERT where keys came twice: so many there are */
    int64_t n_late; /* SCD2: places among the rows of those that came too late, ascending */
    int64_t *late;  /* to be freed */
};

void merge_make(struct merge *, enum merge_kind, const struct table *, int64_t n_values,
                const struct value *values, int64_t n_keys, const struct table_history *);
/* A template of this table and these values (merge.c says of which pieces); MERGE_CONFLICT: behind
 * an INSERT, of rows that have keys and more. */
#define MERGE_CONFLICT " ON CONFLICT (%N) DO UPDATE SET %X"
void merge_text(const struct merge *, struct pg_sql *, const char *template);
bool merge_failed(struct merge *); /* for want of memory */
/* COPY into the stage: the row's place, then the values. */
void merge_stage_copy(const struct merge *, struct pg_sql *);
/* For the transaction at hand. */
int32_t merge_stage_make(const struct merge *, struct server *);
/* From the stage to the table. *refused: what the server said against it, else NULL. */
int32_t merge_run(struct merge *, struct server *, struct merged *out, PGresult **refused);
void merge_free(struct merge *);

#endif
