/* SPDX-License-Identifier: Apache-2.0 */
/* Statements of a session, and the ways in and out of COPY. */
#include "session.h"

#include <poll.h>
#include <stdio.h>

/* Whom this session waits for, asked by another one; it takes two seconds at most. */
static void blockers_ask(struct pg_session *s)
{
    static const char sql[] =
        "SELECT pg_catalog.string_agg(pg_catalog.format('pid %s of %s, %s since %s', a.pid, "
        "a.usename, a.state, pg_catalog.to_char(a.state_change, 'HH24:MI:SS')), '; ') "
        "FROM pg_catalog.pg_stat_activity a "
        "WHERE a.pid = ANY (pg_catalog.pg_blocking_pids($1::pg_catalog.int4))";
    struct pg_keywords k;
    char pid[24];
    const char *const values[] = {pid};
    int n = 0;
    snprintf(pid, sizeof pid, "%d", PQbackendPID(s->conn));
    if (!pg_settings_keywords(&s->settings, &k))
        return;
    while (k.names[n])
        n++;
    k.names[n] = "connect_timeout";
    k.values[n] = "2";
    PGconn *conn = PQconnectdbParams(k.names, k.values, 0);
    PGresult *result = PQexecParams(conn, sql, 1, NULL, values, NULL, NULL, 0);
    if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1)
        pg_fault_line(PQgetvalue(result, 0, 0), s->blockers, sizeof s->blockers);
    PQclear(result);
    PQfinish(conn);
    if (*s->blockers)
        qetl_logf(s->env, QETL_LOG_WARN, "%s: waits for %s", s->who, s->blockers);
}

/* Half of the time is over that a lock is waited for, or so long that somebody may wonder. */
static int32_t wait_answer(struct pg_session *s, int events)
{
    enum { PATIENCE_MS = 5000 };
    int64_t lock_ms = s->settings.lock_timeout_ms;
    int64_t patience_ms = lock_ms && lock_ms / 2 < PATIENCE_MS ? lock_ms / 2 : PATIENCE_MS;
    int64_t left_ms = s->since_ms + patience_ms - pg_session_now_ms();
    if (!s->since_ms || left_ms > 0)
        return pg_session_wait(s, events, s->since_ms ? (int)left_ms : -1);
    s->since_ms = 0;
    blockers_ask(s);
    return QETL_OK;
}

/* Who holds what others wait for; asked once the statement has been given up. */
static void blockers_find(struct pg_session *s, char *out, size_t size)
{
    static const char sql[] =
        "SELECT pg_catalog.string_agg(DISTINCT pg_catalog.format('pid %s of %s, %s since %s', "
        "a.pid, a.usename, a.state, pg_catalog.to_char(a.state_change, 'HH24:MI:SS')), '; ') "
        "FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid "
        "WHERE l.granted AND l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' "
        "AND l.pid <> pg_catalog.pg_backend_pid() AND l.relation >= 16384";
    PQclear(PQexec(s->conn, "ROLLBACK"));
    PGresult *result = PQexec(s->conn, sql);
    if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1)
        pg_fault_line(PQgetvalue(result, 0, 0), out, size);
    PQclear(result);
}

static bool is_good(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_COPY_OUT ||
           status == PGRES_COPY_IN;
}

static int32_t judge(struct pg_session *s, const struct pg_doing *doing, const PGresult *result)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    char blockers[300] = "";
    if (!state && PQstatus(s->conn) == CONNECTION_BAD)
        return pg_fault_connection(s->env, doing, s->conn);
    bool waited = state && strcmp(state, "55P03") == 0;
    if (waited && !*s->blockers)
        blockers_find(s, blockers, sizeof blockers);
    return pg_fault_result(s->env, doing, result, waited && *s->blockers ? s->blockers : blockers);
}

static int32_t flush(struct pg_session *s, const struct pg_doing *doing)
{
    int left;
    while ((left = PQflush(s->conn)) == 1) {
        int32_t status = wait_answer(s, POLLIN | POLLOUT);
        if (status)
            return status;
        if (!PQconsumeInput(s->conn))
            break;
    }
    return left ? pg_fault_connection(s->env, doing, s->conn) : QETL_OK;
}

/* The next result, or NULL in *out behind the last one. */
static int32_t result_next(struct pg_session *s, const struct pg_doing *doing, PGresult **out)
{
    while (PQisBusy(s->conn)) {
        int32_t status = wait_answer(s, POLLIN);
        if (status)
            return status;
        if (!PQconsumeInput(s->conn) && PQisBusy(s->conn))
            return pg_fault_connection(s->env, doing, s->conn);
    }
    *out = PQgetResult(s->conn);
    return QETL_OK;
}

/* All of them. The last that was good goes into *out, the first that was not into *failure. */
static int32_t results_take(struct pg_session *s, const struct pg_doing *doing, PGresult **out,
                            PGresult **failure)
{
    int32_t status;
    PGresult *result = NULL, *failed = NULL;
    *out = NULL;
    while (!(status = result_next(s, doing, &result)) && result) {
        PGresult **place = is_good(result) ? out : &failed;
        if (failed && place == &failed) {
            PQclear(result);
            continue;
        }
        PQclear(*place);
        *place = result;
        if (PQresultStatus(result) == PGRES_COPY_OUT || PQresultStatus(result) == PGRES_COPY_IN)
            break;
    }
    *failure = failed;
    if (status || failed) {
        PQclear(*out);
        *out = NULL;
    }
    return status;
}

/* refused: as the server said it; NULL: it is reported. */
static int32_t answered(struct pg_session *s, struct pg_doing doing, int fine, PGresult **out,
                        PGresult **refused)
{
    PGresult *result = NULL, *failed = NULL;
    doing.who = s->who;
    *s->blockers = 0;
    s->since_ms = pg_session_now_ms();
    int32_t status = fine ? flush(s, &doing) : pg_fault_connection(s->env, &doing, s->conn);
    if (!status)
        status = results_take(s, &doing, &result, &failed);
    if (!status && failed && (!refused || !PQresultErrorField(failed, PG_DIAG_SQLSTATE)))
        status = judge(s, &doing, failed);
    if (refused && !status) {
        *refused = failed;
        failed = NULL;
    }
    PQclear(failed);
    if (out)
        *out = result;
    else
        PQclear(result);
    return status;
}

static int32_t sent(struct pg_session *s, struct pg_doing doing, int fine, PGresult **out)
{
    return answered(s, doing, fine, out, NULL);
}

static int32_t tried(struct pg_session *s, struct pg_doing doing, int fine, PGresult **out)
{
    PGresult *refused = NULL;
    int32_t status = answered(s, doing, fine, out, &refused);
    if (!status && refused)
        *out = refused;
    return status;
}

int32_t pg_session_run(struct pg_session *s, struct pg_doing doing, const char *sql, int n,
                       const char *const *values, PGresult **out)
{
    return sent(s, doing, PQsendQueryParams(s->conn, sql, n, NULL, values, NULL, NULL, 0), out);
}

int32_t pg_session_describe(struct pg_session *s, struct pg_doing doing, const char *sql,
                            PGresult **out)
{
    int32_t status = sent(s, doing, PQsendPrepare(s->conn, "", sql, 0, NULL), NULL);
    return status ? status : sent(s, doing, PQsendDescribePrepared(s->conn, ""), out);
}

int32_t pg_session_copy(struct pg_session *s, struct pg_doing doing, const char *sql,
                        PGresult **refused)
{
    PGresult *result;
    int32_t status = answered(s, doing, PQsendQuery(s->conn, sql), &result, refused);
    bool copies = !status && PQresultStatus(result) == PGRES_COPY_OUT;
    PQclear(result);
    return status || copies || *refused
               ? status
               : qetl_fail(s->env, QETL_E_FATAL, NULL, NULL,
                           "%s: the server answered COPY with something else", s->who);
}

int32_t pg_session_rows(struct pg_session *s, struct pg_doing doing, const char *sql)
{
    doing.who = s->who;
    bool fine = PQsendQueryParams(s->conn, sql, 0, NULL, NULL, NULL, NULL, 1) == 1 &&
                PQsetSingleRowMode(s->conn) == 1;
    return fine ? flush(s, &doing) : pg_fault_connection(s->env, &doing, s->conn);
}

int32_t pg_session_finish(struct pg_session *s, struct pg_doing doing)
{
    return sent(s, doing, 1, NULL);
}

/* ---- What the caller looks at himself ---- */

bool pg_session_refused(const PGresult *result)
{
    return !is_good(result);
}

int32_t pg_session_fault(struct pg_session *s, struct pg_doing doing, const PGresult *result)
{
    doing.who = s->who;
    return judge(s, &doing, result);
}

int32_t pg_session_try(struct pg_session *s, struct pg_doing doing, const char *sql, int n,
                       const char *const *values, PGresult **out)
{
    int fine = n ? PQsendQueryParams(s->conn, sql, n, NULL, values, NULL, NULL, 0)
                 : PQsendQuery(s->conn, sql);
    return tried(s, doing, fine, out);
}

/* ---- COPY … FROM STDIN ---- */

int32_t pg_session_ask(struct pg_session *s, struct pg_doing doing, const char *sql)
{
    doing.who = s->who;
    return PQsendQuery(s->conn, sql) ? flush(s, &doing)
                                     : pg_fault_connection(s->env, &doing, s->conn);
}

int32_t pg_session_copy_in(struct pg_session *s, struct pg_doing doing)
{
    PGresult *result = NULL;
    int32_t status = sent(s, doing, 1, &result);
    bool copies = !status && PQresultStatus(result) == PGRES_COPY_IN;
    PQclear(result);
    if (copies)
        PQsetnonblocking(s->conn, 1);
    return status || copies ? status
                            : qetl_fail(s->env, QETL_E_FATAL, NULL, NULL,
                                        "%s: the server answered COPY with something else", s->who);
}

int32_t pg_session_put(struct pg_session *s, struct pg_doing doing, const void *data, size_t size)
{
    doing.who = s->who;
    return PQputCopyData(s->conn, data, (int)size) == 1
               ? flush(s, &doing)
               : pg_fault_connection(s->env, &doing, s->conn);
}

int32_t pg_session_put_end(struct pg_session *s, struct pg_doing doing, PGresult **out)
{
    int32_t status = tried(s, doing, PQputCopyEnd(s->conn, NULL) == 1, out);
    PQsetnonblocking(s->conn, 0);
    return status;
}
