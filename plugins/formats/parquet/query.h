/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text of SQL, put together.
 *
 * Invariant: after a failure to allocate, bad is set and stays; the text is then not used.
 * Ownership: query_free frees the text; zeroed is freed.
 * Threads:   one.
 */
#ifndef PARQUET_QUERY_H
#define PARQUET_QUERY_H

#include <stdbool.h>
#include <stddef.h>

struct query {
    char *text;
    size_t size, room;
    bool bad;
};

void query_add(struct query *, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* In quotes of this kind (' or "), those within doubled. */
void query_quoted(struct query *, const char *text, char quote);
void query_free(struct query *);

#endif
