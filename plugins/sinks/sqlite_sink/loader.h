/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way of rows into a table: which columns go where, and the statement that takes a row there.
 *
 * Invariant: a row is in the open transaction as a whole, or was rejected with SQLite's reason.
 * Ownership: the statements and the binders are the loader's. Threads: as the database.
 */
#ifndef SQLITE_SINK_LOADER_H
#define SQLITE_SINK_LOADER_H

#include "history.h"

enum load_mode { LOAD_APPEND, LOAD_TRUNCATE, LOAD_REPLACE, LOAD_UPSERT, LOAD_DELETE, LOAD_SCD2 };

/* A column that the table lacks, of which no row may have a value. */
struct stray {
    int64_t child; /* of the batch */
    struct qetl_column column;
};

struct loader {
    struct database *database;
    enum load_mode mode;
    const char *new_columns; /* the option: what becomes of columns that the table lacks */
    struct table table;
    char *beside; /* LOAD_REPLACE: the table that takes the rows, until it is the one */
    struct binder *binders;
    int64_t n_binders, n_keys; /* the keys' binders are the first */
    struct stray *strays;
    int64_t n_strays;
    sqlite3_stmt *statement;
    struct history history;  /* LOAD_SCD2 */
    int64_t cookie;          /* of the database's schema, as it was when columns were matched */
    bool fresh;              /* nothing of this run is in the database yet */
    bool swapped;            /* LOAD_REPLACE: within the open transaction */
    bool may_change_nothing; /* DELETE, and DO NOTHING: a row that changes nothing is no fault */
    int64_t unmatched;       /* rows of LOAD_DELETE that were not there */
};

/* The table is there as the option table says; schema and options fit it, or that is the error. */
int32_t loader_open(struct loader *l, struct database *d, const struct ArrowSchema *schema);
/* Takes the lock for writing, and looks whether somebody has changed the tables meanwhile. */
int32_t loader_begin(struct loader *l, const struct ArrowSchema *schema);
/* Rows of a batch; those that cannot be are rejected. */
int32_t loader_write(struct loader *l, const struct ArrowArray *batch,
                     const struct ArrowSchema *schema, int64_t *written);
/* No row comes any more: LOAD_REPLACE shows what it has. May be called again. */
int32_t loader_finish(struct loader *l);
void loader_clear(struct loader *l);

#endif
