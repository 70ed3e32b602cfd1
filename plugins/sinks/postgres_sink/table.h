/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table as it stands in the catalogue, and what makes it fit: created, emptied, made anew,
 * widened.
 *
 * Invariant: columns are found by their names as they are, upper and lower case apart.
 * Ownership: what table_read fills is the table's, until table_free.
 * Threads:   as the server.
 */
#ifndef POSTGRES_SINK_TABLE_H
#define POSTGRES_SINK_TABLE_H

#include "../../shared/postgres/types.h"
#include "server.h"

enum { TABLE_NAME_MAX = 63 };

struct table_column {
    char *name;
    char *declared; /* as the server's format_type has it */
    struct pg_type type;
    int32_t typmod;
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
    char *schema; /* where it is, or would be made */
    char *name;
    char *path; /* both, quoted */
    char *mark; /* of what the catalogue says of it: another where something else is said */
    bool exists;
    struct table_column *columns;
    int64_t n_columns;
};

/* schema NULL: the first of the search path that has it, else the first of it. */
int32_t table_read(struct server *, const char *schema, const char *name, struct table *out);
/* As it is now. */
int32_t table_again(struct server *, struct table *);
/* Another one of its schema, in its place. */
int32_t table_beside(struct server *, struct table *, const char *name);
/* Whether it is still as it was read; rows may come and go meanwhile, columns may not. */
int32_t table_hold(struct server *, const struct table *, bool *same);
int64_t table_find(const struct table *, const char *column); /* or -1 */
/* n_keys of the schema's columns are its primary key; with a history (or NULL), each version of
 * them. */
int32_t table_create(struct server *, const struct table *, const struct ArrowSchema *schema,
                     int64_t n_keys, const int64_t *keys, const struct table_history *history);
int32_t table_add_column(struct server *, const struct table *, const struct ArrowSchema *field);
/* type: one that `widens` the column's. */
int32_t table_widen_column(struct server *, const struct table *, const struct table_column *,
                           const char *type);
int32_t table_empty(struct server *, const struct table *);
int32_t table_drop(struct server *, const struct table *);
/* `name` (which may not be there) is what `by` was, with the rights that others had on it. */
int32_t table_swap(struct server *, const char *name, const struct table *by);
void table_free(struct table *);

#endif
