/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table as it stands in the database, and what makes it fit: created, emptied, made anew,
 * widened.
 *
 * Invariant: columns are found as SQLite finds them, whatever the case of A to Z. Ownership: what
 * table_read fills is the table's, until table_free. Threads: as the database.
 */
#ifndef SQLITE_SINK_TABLE_H
#define SQLITE_SINK_TABLE_H

#include "database.h"
#include "declare.h"

struct table_column {
    char *name;
    char *declared;
    enum affinity affinity;
    int64_t key; /* its place in the primary key, from 1; 0: none */
    bool needed; /* NOT NULL, without a default */
    bool generated;
};

/* Columns that say when a version of a row held. */
struct table_history {
    const char *from, *to, *current; /* lent */
    int64_t at;                      /* the schema's column that `from` is; -1: none */
};

struct table {
    const char *name; /* lent */
    bool exists, strict;
    struct table_column *columns;
    int64_t n_columns;
};

int32_t table_read(struct database *d, const char *name, struct table *out);
int64_t table_find(const struct table *t, const char *column); /* or -1 */
/* n_keys of the schema's columns are its primary key; with a history (or NULL), each version of
 * them. */
int32_t table_create(struct database *d, const char *name, const struct ArrowSchema *schema,
                     int64_t n_keys, const int64_t *keys, struct declare_as as,
                     const struct table_history *history);
int32_t table_add_column(struct database *d, const struct table *t, const struct ArrowSchema *field,
                         struct declare_as as);
int32_t table_empty(struct database *d, const char *name);
int32_t table_drop(struct database *d, const char *name);
/* `name` is what `by` was; who looks sees one or the other. */
int32_t table_swap(struct database *d, const char *name, const char *by);
void table_free(struct table *t);

#endif
