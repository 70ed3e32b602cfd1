/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a row stands: the values of the keys, as they are in the database.
 *
 * Invariant: a position read back binds the very values that it was made of. Ownership: the buffer
 * is the position's, until position_free. Threads: one at a time.
 */
#ifndef SQLITE_SOURCE_POSITION_H
#define SQLITE_SOURCE_POSITION_H

#include "database.h"

struct position {
    uint8_t *data;
    size_t size, capacity;
    bool no_memory;
};

/* Of the statement's row: columns [first, first + n). False: one of them is NULL, or no memory. */
bool position_note(struct position *p, int64_t cookie, sqlite3_stmt *row, int first, int64_t n);
bool position_equals(const struct position *a, const struct position *b);
/* Binds parameters 1 … n. False: it is no position of so many keys. */
bool position_bind(const struct qetl_blob *blob, sqlite3_stmt *statement, int64_t n);
int64_t position_cookie(const struct qetl_blob *blob); /* or -1 */
void position_free(struct position *p);

#endif
