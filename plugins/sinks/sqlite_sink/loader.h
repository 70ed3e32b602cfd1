/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way of rows into a table: which columns go where, and the statement that takes a row there.
 *
 * Invariant: a row is in the open transaction as a whole, or was rejected with SQLite's reason.
 * Ownership: the statement and the binders are the loader's. Threads: as the database.
 */
#ifndef SQLITE_SINK_LOADER_H
#define SQLITE_SINK_LOADER_H

#include "bind.h"
#include "table.h"

enum load_mode { LOAD_INSERT, LOAD_UPSERT, LOAD_REPLACE, LOAD_DELETE };

struct loader {
    struct database *database;
    enum load_mode mode;
    const char *new_columns; /* the option: what becomes of columns that the table lacks */
    struct table table;
    struct binder *binders;
    int64_t n_binders, n_keys; /* the keys' binders are the first */
    sqlite3_stmt *statement;
    bool fresh; /* this run has not been here before: if_exists is still to be heeded */
    bool may_change_nothing; /* DELETE, and DO NOTHING: a row that changes nothing is no fault */
    int64_t unmatched;       /* rows of LOAD_DELETE that were not there */
};

/* The table is there as the option table says; schema and options fit it, or that is the error. */
int32_t loader_open(struct loader *l, struct database *d, const struct ArrowSchema *schema);
/* Rows of a batch; those that cannot be are rejected. */
int32_t loader_write(struct loader *l, const struct ArrowArray *batch,
                     const struct ArrowSchema *schema, int64_t *written);
void loader_clear(struct loader *l);

#endif
