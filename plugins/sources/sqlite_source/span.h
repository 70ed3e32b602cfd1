/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A part of a table: the rows whose numbers lie between two.
 *
 * Invariant: the spans of one plan have each row of the table once, as long as a row keeps its
 * number.
 * Ownership: none. Threads: as the database.
 */
#ifndef SQLITE_SOURCE_SPAN_H
#define SQLITE_SOURCE_SPAN_H

#include "relation.h"

#include <qetl/parcel.h>

/* The first number is in, the last is not; where they are open, there is none. */
struct span {
    bool from_open, to_open;
    int64_t from, to;
};

/* Whether the option connections is one that the relation can have. */
int32_t span_check(const struct relation *, struct database *);
/* One write a span, about as wide as each other: some for each connection. */
int32_t span_plan(const struct relation *, struct database *, int64_t connections,
                  const struct qetl_writer *out, int64_t *spans);
/* Reported: it is none of these options', or the rows have other numbers since. An empty blob is
 * all. */
int32_t span_unpack(struct span *, const struct relation *, struct database *, struct qetl_blob);
bool span_is_all(const struct span *);
/* Its condition on a column. */
void span_put(const struct span *, sqlite3_str *sql, const char *column);

#endif
