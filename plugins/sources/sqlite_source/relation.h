/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is read: a table, a view or a query; its columns, and the order in which its rows have a
 * place.
 *
 * Invariant: with keys, no two rows have the same values in them; without, rows cannot be found
 * again. Ownership: until relation_free. Threads: as the database.
 */
#ifndef SQLITE_SOURCE_RELATION_H
#define SQLITE_SOURCE_RELATION_H

#include "database.h"
#include "take.h"

struct span;

/* What SQLite makes of a column's values when it compares them. */
struct column_fact {
    enum take_way way;
    bool numeric; /* declared as a number: texts in it are none */
    bool textual; /* declared as text, and ordered as UTF-8 */
    bool sure;    /* of values of one class alone, and NULL */
};

struct relation {
    const char *table, *query; /* one of them; of the options */
    char *from;                /* what stands behind FROM */
    struct ArrowSchema schema; /* all columns that are handed on */
    int64_t *at;               /* … and where each stands in SELECT * */
    struct column_fact *facts; /* one a column of the schema */
    char **keys;               /* as they are written in SQL */
    int64_t n_keys;
    bool number;   /* the key is the number of the row itself, which is a column of it */
    bool strict;   /* a table that keeps its types */
    bool numbered; /* by numbers that VACUUM may change */
};

int32_t relation_open(struct relation *r, struct database *d);
/* Which rows of it. */
struct relation_part {
    bool behind;             /* a position, whose values are parameters 1 … n_keys */
    const struct span *span; /* with those numbers alone; or NULL */
    const char *where;       /* that meet more conditions; or NULL */
};

/* SELECT of these columns, then the keys. */
char *relation_select(const struct relation *r, struct database *d, int64_t n_wants,
                      const int64_t *wants, const struct relation_part *part);
/* Whether the key is the rows' numbers. */
bool relation_is_numbered(const struct relation *r);
/* Whether rows have the numbers that they had when the cookie was noted; reported. */
int32_t relation_check_numbers(const struct relation *r, const struct database *d, int64_t cookie);
/* Whether conditions may be added; without, a query is run as it was written. */
bool relation_is_ordered(const struct relation *r);
/* Where column i of the wants stands in the statement. */
int relation_place(const struct relation *r, const int64_t *wants, int64_t i);
void relation_free(struct relation *r);

/* columns.c: types as they are declared, as the values are, or as the option types says. all: a
 * statement over every column. */
int32_t columns_read(struct database *d, sqlite3_stmt *all, struct ArrowSchema *out);
/* The same, whatever the option says. */
int32_t columns_declared(struct database *d, sqlite3_stmt *all, struct ArrowSchema *out);

#endif
