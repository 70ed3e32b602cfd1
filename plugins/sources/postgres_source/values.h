/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values for a statement that takes no parameters, which COPY is: they are settings of the
 * transaction, which the statement asks for.
 *
 * Invariant: no value becomes part of a statement's text.
 * Ownership: texts are copied; until values_free.
 * Threads:   one at a time.
 */
#ifndef POSTGRES_SOURCE_VALUES_H
#define POSTGRES_SOURCE_VALUES_H

#include "../../shared/postgres/session.h"
#include "../../shared/postgres/sql.h"

struct values {
    char **texts;
    int64_t n;
};

/* Its number, from 1; -1: no memory. */
int64_t values_add(struct values *, const char *text);
void values_cut(struct values *, int64_t n);
/* Makes settings of them, from number `first` on, until the transaction ends. */
int32_t values_set(const struct values *, struct pg_session *, int64_t first);
/* (current_setting(…)::type) of number n. */
void values_put(struct pg_sql *, int64_t n, const char *type);
void values_free(struct values *);

#endif
