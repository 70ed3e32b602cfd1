/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a column of each type is declared as, and what SQLite makes of a declaration.
 *
 * Invariant: a column declared here has an affinity that changes none of its values; words that are
 * no type of SQLite's tell the source `sqlite` which type they were. Ownership: static texts, or
 * the caller's. Threads: any.
 */
#ifndef SQLITE_SINK_DECLARE_H
#define SQLITE_SINK_DECLARE_H

#include <qetl/sdk.h>

enum { DECLARED_MAX = 48 };

enum affinity {
    AFFINITY_NONE, /* BLOB, or no type at all: everything stays as it is bound */
    AFFINITY_TEXT,
    AFFINITY_NUMERIC,
    AFFINITY_INTEGER,
    AFFINITY_REAL
};

/* strict: one of the five types that a STRICT table knows. numbers: decimals are numbers of
 * SQLite's, which compare as such and are sure to 15 digits; else texts. */
struct declare_as {
    bool strict, numbers;
};
void declare(const struct ArrowSchema *field, struct declare_as as, char out[DECLARED_MAX]);
/* SQLite's own rules; ANY of a STRICT table has none. */
enum affinity affinity_of(const char *declared, bool strict);

#endif
