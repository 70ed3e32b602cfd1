/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the server or libpq said, in the host's classes of errors.
 *
 * Invariant: one line, with what was done and to whom; SQLSTATE is the vendor code. What may pass
 *            by itself is told as such, and nothing else is.
 * Ownership: nothing is kept.
 * Threads:   any.
 */
#ifndef PG_FAULT_H
#define PG_FAULT_H

#include <libpq-fe.h>
#include <qetl/sdk.h>

/* What was about to be done, for diagnoses. */
struct pg_doing {
    const char *who;    /* shop@db.example:5432 */
    const char *what;   /* "the table cannot be read" */
    const char *option; /* whose mistake it would be, or NULL */
    const char *grant;  /* what a role needs for it, or NULL: SELECT */
    bool begun;         /* rows came already: what is transient costs them */
};

/* All report and answer the code. */
/* more: what else is known of it, or "". */
int32_t pg_fault_result(struct qetl_env, const struct pg_doing *, const PGresult *,
                        const char *more);
int32_t pg_fault_connection(struct qetl_env, const struct pg_doing *, const PGconn *);
int32_t pg_fault_connect(struct qetl_env, const struct pg_doing *, const PGconn *);
int32_t pg_fault_memory(struct qetl_env);
/* Copies the first line of a message, on one line. */
void pg_fault_line(const char *message, char *out, size_t size);

#endif
