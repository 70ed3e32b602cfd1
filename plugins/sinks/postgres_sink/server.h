/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection for writing, and its transaction.
 *
 * Invariant: `begun` says whether a transaction was opened and not ended; what fails within it that
 *            may pass by itself costs the epoch.
 * Ownership: server_close ends the connection, and with it what was not committed.
 * Threads:   one at a time; pg_session_ring: any.
 */
#ifndef POSTGRES_SINK_SERVER_H
#define POSTGRES_SINK_SERVER_H

#include "../../shared/postgres/session.h"
#include "../../shared/postgres/sql.h"

/* The savepoint behind which rows go. */
enum server_point { POINT_NONE, POINT_GOOD, POINT_REFUSED };

struct server {
    struct pg_session session;
    bool begun;
    char transaction[32];    /* its number, from server_seal on; or "" */
    char uptime[80];         /* of the server that gave the number */
    enum server_point point; /* what stands behind it is good, or to be taken back first of all */
    bool emptied;            /* within this transaction: the table was, */
    bool staged, listed;     /* a stage is there, and a list of what was refused, */
    bool filled;             /* and something may lie in them */
    bool doubtful;           /* nobody has said how it ended */
};

struct server_text {
    const char *what;   /* that cannot be done: for diagnoses */
    const char *option; /* whose mistake it would be, or NULL */
    const char *grant;  /* what the role would need, or NULL */
};

/* Does nothing where there is a connection. */
int32_t server_open(struct server *);
/* Statements without parameters, several at once if need be; a failure is reported. */
int32_t server_run(struct server *, struct server_text, const char *sql);
/* The same, and what was built of it is freed. */
int32_t server_run_moved(struct server *, struct server_text, struct pg_sql *sql);
/* One statement with parameters, and its result (or NULL). */
int32_t server_ask(struct server *, struct server_text, const char *sql, int n,
                   const char *const *values, PGresult **out);
struct pg_doing server_doing(const struct server *, struct server_text);
/* Opens a transaction, if there is none. */
int32_t server_begin(struct server *);
/* Constraints that wait for the end are checked; what follows is server_commit. numbered: nothing
 * in the transaction tells later that it was committed, so that its number has to. */
int32_t server_seal(struct server *, bool numbered);
/* RETRY_CALL: how it ended is not known yet; server_settle will tell. */
int32_t server_commit(struct server *);
/* Of a commit of which nobody has said how it ended, by the transaction's number: *committed.
 * RETRY_CALL: not yet. IN_DOUBT: nobody will ever tell. */
int32_t server_settle(struct server *, bool *committed);
int32_t server_under_way(const struct server *); /* RETRY_CALL, reported */
void server_rollback(struct server *);
void server_close(struct server *);

#endif
