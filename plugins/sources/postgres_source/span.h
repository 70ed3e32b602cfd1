/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A part of a table: some of its pages, or the rows between two values of a column.
 *
 * Invariant: the spans of one plan have each row of the table once, at the moment of the plan those
 * of pages, at any those of a column that does not change. Ownership: texts until span_free.
 * Threads:   one at a time.
 */
#ifndef POSTGRES_SOURCE_SPAN_H
#define POSTGRES_SOURCE_SPAN_H

#include "../../shared/postgres/sql.h"
#include "moment.h"
#include "values.h"

#include <qetl/parcel.h>

enum span_kind { SPAN_ALL, SPAN_PAGES, SPAN_COLUMN };

struct span {
    enum span_kind kind;
    char *from, *to;     /* values, as text; NULL: open. The first is in, the last is not */
    bool nulls;          /* rows without a value, too */
    char *column, *type; /* as a cast is written */
};

/* moment: pages mean something at one moment only, and are refused at another. */
struct qetl_blob span_pack(const struct span *, const struct moment *, struct qetl_parcel *);
/* Reported: it is none of these options', or of another moment. An empty blob is all. */
int32_t span_unpack(struct span *, const struct moment *, struct pg_session *, struct qetl_blob);

/* Its values; then its condition, with them from number `first` on. */
int32_t span_values(const struct span *, struct values *);
void span_put(const struct span *, struct pg_sql *, int64_t first);
void span_free(struct span *);

#endif
