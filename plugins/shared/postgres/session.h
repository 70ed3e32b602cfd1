/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection to a server, with nothing in it that waits longer than it may.
 *
 * Invariant: every wait ends when the bell rings. Texts come and go as UTF-8 (of a
 *            database without an encoding: as they are), moments in ISO 8601
 *            and UTC, whatever the server's settings are.
 * Ownership: a session owns its connection and bell; results belong to the caller.
 * Threads:   one at a time; pg_session_ring: any.
 */
#ifndef PG_SESSION_H
#define PG_SESSION_H

#include "fault.h"
#include "settings.h"

#include <stdatomic.h>

struct pg_session {
    struct qetl_env env;
    struct pg_settings settings;
    PGconn *conn;
    int bell_fd;
    bool has_bell;
    _Atomic bool rung;
    char who[400];      /* database@host:port, for diagnoses */
    char blockers[300]; /* whom the last statement waited for, if it waited long */
    int64_t since_ms;   /* when it was sent; 0: nobody needs to ask any more */
    int version;        /* of the server: 150004 */
};

/* In create, behind zeroing: reads the options. */
int32_t pg_session_init(struct pg_session *, struct qetl_env);
/* Connects anew. A failure is reported, as those below are. */
int32_t pg_session_open(struct pg_session *);
/* A statement that is still at work is cancelled. Accepts what was zeroed. */
void pg_session_close(struct pg_session *);
void pg_session_free(struct pg_session *);
void pg_session_ring(struct pg_session *); /* [any] */

/* Runs one statement; *out (may be NULL) is its result. doing: what and option; who is filled in.
 */
int32_t pg_session_run(struct pg_session *, struct pg_doing doing, const char *sql, int n,
                       const char *const *values, PGresult **out);
/* Prepares the unnamed statement, and what its result would have. */
int32_t pg_session_describe(struct pg_session *, struct pg_doing doing, const char *sql,
                            PGresult **out);
/* Begins COPY … TO STDOUT, whose messages follow; what the server refuses is *refused, and not
 * reported. */
int32_t pg_session_copy(struct pg_session *, struct pg_doing doing, const char *sql,
                        PGresult **refused);
/* Begins a SELECT, whose rows follow one by one, in their types' binary forms. */
int32_t pg_session_rows(struct pg_session *, struct pg_doing doing, const char *sql);
/* As run, but what the server refuses is *out as well, and not reported; where a statement of
 * several is refused, that one's. */
int32_t pg_session_try(struct pg_session *, struct pg_doing doing, const char *sql, int n,
                       const char *const *values, PGresult **out);
/* Reports what the server refused. */
int32_t pg_session_fault(struct pg_session *, struct pg_doing doing, const PGresult *);
bool pg_session_refused(const PGresult *);
/* Asks for COPY … FROM STDIN, behind other statements without parameters; takes the answer, which
 * may come while the caller makes ready what to put; puts bytes, and ends it: as try. */
int32_t pg_session_ask(struct pg_session *, struct pg_doing doing, const char *sql);
int32_t pg_session_copy_in(struct pg_session *, struct pg_doing doing);
int32_t pg_session_put(struct pg_session *, struct pg_doing doing, const void *data, size_t size);
int32_t pg_session_put_end(struct pg_session *, struct pg_doing doing, PGresult **out);
/* The end of what was sent: OK, or what went wrong. */
int32_t pg_session_finish(struct pg_session *, struct pg_doing doing);
int64_t pg_session_now_ms(void); /* [any] of a clock that only goes on */
/* Waits for the socket (POLLIN, POLLOUT) up to timeout_ms; -1: as long as it takes. OK, also when
 * the time is over; CANCELLED, reported. */
int32_t pg_session_wait(struct pg_session *, int events, int timeout_ms);

#endif
