/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row that could not be taken, as JSON: what a dead letter keeps of it.
 *
 * Invariant: every column stands there, in the class that SQLite holds it in; blobs as X'…'.
 * Ownership: the caller's. Threads: any.
 */
#ifndef SQLITE_SOURCE_LETTER_H
#define SQLITE_SOURCE_LETTER_H

#include <qetl/sdk.h>
#include <sqlite3.h>

/* The first n columns of the row, to be freed with sqlite3_free; NULL: no memory. */
char *letter_make(sqlite3_stmt *row, int n);

#endif
