/* SPDX-License-Identifier: Apache-2.0 */
#include "server.h"

#include <stdio.h>

static bool is_up(const struct server *s)
{
    return s->session.conn && PQstatus(s->session.conn) == CONNECTION_OK;
}

int32_t server_open(struct server *s)
{
    if (is_up(s))
        return QETL_OK;
    if (s->begun)
        return qetl_fail(s->session.env, QETL_E_RETRY_EPOCH, NULL, NULL,
                         "%s: the connection is gone, and what was written with it",
                         s->session.who);
    return pg_session_open(&s->session);
}

struct pg_doing server_doing(const struct server *s, struct server_text text)
{
    return (struct pg_doing){
        .what = text.what, .option = text.option, .grant = text.grant, .begun = s->begun};
}

int32_t server_run(struct server *s, struct server_text text, const char *sql)
{
    PGresult *result = NULL;
    struct pg_doing doing = server_doing(s, text);
    int32_t status = pg_session_try(&s->session, doing, sql, 0, NULL, &result);
    if (!status && pg_session_refused(result))
        status = pg_session_fault(&s->session, doing, result);
    PQclear(result);
    return status;
}

int32_t server_run_moved(struct server *s, struct server_text text, struct pg_sql *sql)
{
    int32_t status = sql->failed ? pg_fault_memory(s->session.env) : server_run(s, text, sql->text);
    pg_sql_free(sql);
    return status;
}

int32_t server_ask(struct server *s, struct server_text text, const char *sql, int n,
                   const char *const *values, PGresult **out)
{
    return pg_session_run(&s->session, server_doing(s, text), sql, n, values, out);
}

/* ---- Transactions ---- */

int32_t server_begin(struct server *s)
{
    static const struct server_text text = {.what = "no transaction can be begun"};
    if (s->begun)
        return QETL_OK;
    int32_t status = server_open(s);
    if (!status)
        status = server_run(s, text, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
    s->begun = !status;
    s->emptied = s->staged = s->listed = s->filled = false;
    s->point = POINT_NONE;
    *s->transaction = 0;
    return status;
}

/* Since when the server is up: a crash alone, behind which the postmaster goes on, begins the
 * statistics anew. */
#define UPTIME                                                                                   \
    "pg_catalog.concat_ws(' ', pg_catalog.pg_postmaster_start_time(), (SELECT stats_reset FROM " \
    "pg_catalog.pg_stat_bgwriter))"

static int32_t number_take(struct server *s, struct server_text text)
{
    PGresult *result = NULL;
    int32_t status =
        server_ask(s, text, "SELECT pg_catalog.txid_current(), " UPTIME, 0, NULL, &result);
    if (!status) {
        snprintf(s->transaction, sizeof s->transaction, "%s", PQgetvalue(result, 0, 0));
        snprintf(s->uptime, sizeof s->uptime, "%s", PQgetvalue(result, 0, 1));
    }
    PQclear(result);
    return status;
}

int32_t server_seal(struct server *s, bool numbered)
{
    static const struct server_text text = {.what = "the epoch cannot be committed"};
    int32_t status = server_run(s, text, "SET CONSTRAINTS ALL IMMEDIATE");
    return status || !numbered ? status : number_take(s, text);
}

/* The server said nothing that decides it: it went away, or was told to. */
static bool is_open(const struct server *s, const PGresult *result)
{
    const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    return !is_up(s) || !state || strncmp(state, "57", 2) == 0 || strncmp(state, "08", 2) == 0;
}

int32_t server_commit(struct server *s)
{
    static const struct server_text text = {.what = "the epoch cannot be committed"};
    PGresult *result = NULL;
    s->begun = false;
    s->doubtful = true;
    int32_t status = pg_session_try(&s->session, server_doing(s, text), "COMMIT", 0, NULL, &result);
    bool refused = !status && pg_session_refused(result);
    if (!status && !refused && strcmp(PQcmdStatus(result), "COMMIT") != 0)
        status =
            qetl_fail(s->session.env, QETL_E_FATAL, NULL, NULL,
                      "%s: the transaction had failed before it was committed", s->session.who);
    if (refused) {
        struct pg_doing doing = server_doing(s, text);
        s->doubtful = is_open(s, result);
        doing.begun = !s->doubtful;
        status = pg_session_fault(&s->session, doing, result);
    }
    if (!status)
        s->doubtful = false;
    PQclear(result);
    return status;
}

int32_t server_under_way(const struct server *s)
{
    return qetl_fail(s->session.env, QETL_E_RETRY_CALL, NULL, NULL,
                     "%s: the last commit is still under way", s->session.who);
}

/* A server that went down may give a number again that it had not written down yet. That of a
 * transaction which it had committed it knows for good; any other says nothing. */
static int32_t status_judge(struct server *s, const char *word, const char *uptime, bool *committed)
{
    bool same = strcmp(uptime, s->uptime) == 0, done = strcmp(word, "committed") == 0;
    if (same && strcmp(word, "in progress") == 0)
        return server_under_way(s);
    if (done && !same)
        return qetl_fail(s->session.env, QETL_E_IN_DOUBT, NULL,
                         "see whether the rows are there; a run with a state is sure of it",
                         "%s: the server went down while the rows were committed, and nobody can "
                         "tell whether they are",
                         s->session.who);
    *committed = done;
    return QETL_OK;
}

int32_t server_settle(struct server *s, bool *committed)
{
    static const struct server_text text = {.what = "nobody says how the last commit ended"};
    const char *const values[] = {s->transaction};
    PGresult *result = NULL;
    *committed = false;
    int32_t status = server_open(s);
    if (!status)
        status = pg_session_try(&s->session, server_doing(s, text),
                                "SELECT pg_catalog.txid_status($1::pg_catalog.int8), " UPTIME, 1,
                                values, &result);
    const char *state = status ? NULL : PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (!status && !pg_session_refused(result))
        status = status_judge(s, PQgetvalue(result, 0, 0), PQgetvalue(result, 0, 1), committed);
    else if (!status && (!state || strcmp(state, "22023") != 0)) /* a number yet to come */
        status = pg_session_fault(&s->session, server_doing(s, text), result);
    if (!status)
        s->doubtful = false;
    PQclear(result);
    return status;
}

void server_rollback(struct server *s)
{
    if (s->begun && is_up(s) && !atomic_load(&s->session.rung) &&
        PQtransactionStatus(s->session.conn) != PQTRANS_ACTIVE) {
        PGresult *result = NULL;
        struct pg_doing doing = {.what = "the epoch cannot be taken back"};
        if (pg_session_try(&s->session, doing, "ROLLBACK", 0, NULL, &result))
            pg_session_close(&s->session);
        PQclear(result);
    } else if (s->begun) {
        pg_session_close(&s->session); /* which takes it back as well */
    }
    s->begun = false;
}

void server_close(struct server *s)
{
    s->begun = false;
    pg_session_free(&s->session);
}
