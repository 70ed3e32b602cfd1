/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the server says against rows: whether one of them is to blame, which, and in what words.
 *
 * Invariant: a refusal that is of a row says nothing of the transaction, which goes on behind its
 *            savepoint.
 * Ownership: plain data.
 * Threads:   any.
 */
#ifndef POSTGRES_SINK_REFUSAL_H
#define POSTGRES_SINK_REFUSAL_H

#include <libpq-fe.h>
#include <qetl/sdk.h>

struct refusal {
    const char *code; /* a word for machines */
    char message[1200];
    char column[256]; /* of the table, or "" */
    int64_t line;     /* of the COPY, from 1; 0: nobody says */
    bool own;         /* it would be refused whatever other rows do */
    bool unread;      /* and even by a table without constraints */
};

/* What the server says; none is NULL. */
struct refusal_words {
    const char *state, *message, *detail, *constraint, *column, *context;
};

/* false: no row is to blame. */
bool refusal_read(const struct refusal_words *, struct refusal *out);
bool refusal_of_row(const PGresult *, struct refusal *out);
/* Whether a row came a second time to a statement that takes each key once. */
bool refusal_is_repeated(const PGresult *);
/* Where COPY was: "COPY t, line 3, column x: …", as the last line of a context. */
void refusal_place(const char *context, struct refusal *out);

#endif
