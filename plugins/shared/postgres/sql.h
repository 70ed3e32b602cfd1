/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQL texts that grow. Names go in quoted; values never go in.
 *
 * Invariant: after a lack of memory nothing is added, and `failed` says so.
 * Ownership: the text is the caller's, until pg_sql_free.
 * Threads:   one at a time.
 */
#ifndef PG_SQL_H
#define PG_SQL_H

#include <stdbool.h>
#include <stddef.h>

struct pg_sql {
    char *text;
    size_t size, capacity;
    bool failed;
};

void pg_sql_put(struct pg_sql *, const char *text);
void pg_sql_bytes(struct pg_sql *, const char *text, size_t size);
void pg_sql_format(struct pg_sql *, const char *format, ...) __attribute__((format(printf, 2, 3)));
void pg_sql_name(struct pg_sql *, const char *name); /* as an identifier, in quotes */
void pg_sql_text(struct pg_sql *, const char *text); /* as a literal */
void pg_sql_free(struct pg_sql *);

#endif
