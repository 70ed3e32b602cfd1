/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditions of the pipeline as conditions of SQL, as far as SQLite judges alike.
 *
 * Invariant: no row that the pipeline would keep is left out; and one whose value is none of its
 * column's type is not left out for that value. Ownership: texts and values until predicates_free.
 * Threads: one at a time.
 */
#ifndef SQLITE_SOURCE_PREDICATE_H
#define SQLITE_SOURCE_PREDICATE_H

#include "relation.h"

struct predicate_value {
    int class; /* SQLITE_INTEGER, SQLITE_FLOAT or SQLITE_TEXT */
    int64_t integer;
    double real;
    char *text;
};

struct predicates {
    char *where; /* NULL: no condition */
    struct predicate_value *values;
    int64_t n_values;
};

/* tree: JSON of qetl.expr/1. Answers QETL_PUSH_, or a failure. */
int32_t predicates_add(struct predicates *p, const struct relation *r, const char *tree);
/* Binds parameters first + 1 … */
void predicates_bind(const struct predicates *p, sqlite3_stmt *statement, int64_t first);
void predicates_free(struct predicates *p);

#endif
