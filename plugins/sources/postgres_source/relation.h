/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is read: a table, a view or a query; its columns, and the order in which its rows have a
 * place.
 *
 * Invariant: with keys, no two rows have the same values in them; without, rows cannot be found
 *            again.
 * Ownership: until relation_free.
 * Threads:   as the session.
 */
#ifndef POSTGRES_SOURCE_RELATION_H
#define POSTGRES_SOURCE_RELATION_H

#include "../../shared/postgres/session.h"
#include "../../shared/postgres/sql.h"
#include "../../shared/postgres/types.h"

struct span;

struct relation {
    const char *schema_name, *table, *query; /* of the options; one of the last two */
    struct ArrowSchema schema;               /* all columns that are handed on */
    struct pg_type *types;                   /* one a column of the schema */
    char **keys;                             /* names of columns */
    char **key_types;                        /* as a cast is written */
    int64_t n_keys;
    Oid oid;    /* of a table; 0: it is none */
    bool plain; /* a table, all of whose rows and columns COPY finds by its name */
    bool utf8;  /* the database's encoding: each text can be read, and has the order of its bytes */
};

int32_t relation_open(struct relation *, struct pg_session *);
/* Of schema_name and table, which the caller has set: the columns, whatever the options choose. */
int32_t relation_look(struct relation *, struct pg_session *);
/* Which rows, and how many. */
struct relation_part {
    bool behind;             /* a position, whose values are settings 1 … n_keys (values.h) */
    const char *where;       /* a condition, or NULL */
    const struct span *span; /* or NULL … */
    int64_t span_first;      /* … whose values are settings from here on */
    int64_t limit;           /* -1: none */
};
/* A SELECT of these columns, then the keys as text; the same as COPY … TO STDOUT. */
void relation_select(const struct relation *, struct pg_sql *, int64_t n_wants,
                     const int64_t *wants, const struct relation_part *);
void relation_copy(const struct relation *, struct pg_sql *, int64_t n_wants, const int64_t *wants,
                   const struct relation_part *);
/* What stands behind FROM. */
void relation_from(const struct relation *, struct pg_sql *);
/* Whether a row may have to be rejected for what stands in the column. */
bool relation_rejects(const struct relation *, int64_t column);
/* What goes wrong with it is this option's. */
const char *relation_option(const struct relation *);
void relation_free(struct relation *);

/* columns.c: of a statement that was described. keys: of the option `key`. */
int32_t columns_read(struct relation *, struct pg_session *, const PGresult *described);
/* All of them, as they are. */
int32_t columns_look(struct relation *, struct pg_session *, const PGresult *described);

#endif
