/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Types of columns that are made: what a column of the rows is in PostgreSQL.
 *
 * Invariant: what is declared holds every value of the column; only what has the form of a type
 * ever becomes part of a statement. Ownership: none. Threads:   as the server.
 */
#ifndef POSTGRES_SINK_DECLARE_H
#define POSTGRES_SINK_DECLARE_H

#include "server.h"

enum { DECLARED_MAX = 512 };

/* The type that the column had in PostgreSQL where its metadata tells one that this server knows;
 * else the one that fits. Asks the server, in whatever transaction there is. */
int32_t declare(struct server *, const struct ArrowSchema *field, char out[DECLARED_MAX]);
/* Whether a text has the form of a type: words, names in quotes, numbers in parentheses. */
bool declare_is_type(const char *text, size_t size);

#endif
