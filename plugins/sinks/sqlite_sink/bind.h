/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of a column as parameters of a statement: exactly what they are, or not at all.
 *
 * Invariant: what SQLite's affinity would change is refused here, row by row. Ownership: texts stay
 * where they lie, in the batch or in the binder's room, until its next value. Threads: one at a
 * time.
 */
#ifndef SQLITE_SINK_BIND_H
#define SQLITE_SINK_BIND_H

#include "declare.h"

#include <sqlite3.h>

enum bind_way {
    BIND_NULL,
    BIND_INT,
    BIND_INT_AS_REAL, /* where that is the same number */
    BIND_UINT,        /* where it fits */
    BIND_UINT_ANY,    /* as text where it does not */
    BIND_REAL,
    BIND_DECIMAL, /* into a column of numbers, where that is the same number */
    BIND_TEXT,
    BIND_BLOB,
    BIND_RENDER /* as its canonical text */
};

struct binder {
    int64_t child; /* of the batch */
    int parameter; /* of the statement, from 1 */
    bool key;      /* NULL is refused */
    bool since;    /* it is the time from which a version holds: NULL is refused, too */
    bool nan_is_null;
    enum affinity affinity;
    const char *name, *declared; /* of the table's column; lent */
    enum bind_way way;
    bool zoned;
    struct qetl_column column;
    struct qetl_space room;
    char why[240]; /* of the value that was refused last */
    bool starved;  /* which was for want of memory: its row is not at fault */
};

/* What the next values are taken from. UNSUPPORTED: a type that cannot be written. */
int32_t binder_attach(struct binder *b, const struct qetl_column *batch);
/* Row i. NULL: it is bound; else a word for machines, and `why` says it to people. */
const char *binder_bind(struct binder *b, sqlite3_stmt *statement, int64_t i);
void binder_free(struct binder *b);

#endif
