/* SPDX-License-Identifier: Apache-2.0 */
#include "flow.h"

static const char savepoint[] = "SAVEPOINT qetl";
static const char rollback[] = "ROLLBACK TO SAVEPOINT qetl";

static void drain(PGconn *conn)
{
    PGresult *result;
    while ((result = PQgetResult(conn)))
        PQclear(result);
}

static void clear(struct flow *f)
{
    PQfreemem(f->message);
    PQfreemem(f->kept);
    PQclear(f->row);
    PQclear(f->end);
    f->message = f->kept = NULL;
    f->row = f->end = NULL;
}

/* A server that speaks the protocol and knows no such statement. */
static bool knows_no_copy(const PGresult *refused)
{
    const char *state = PQresultErrorField(refused, PG_DIAG_SQLSTATE);
    return state && (strcmp(state, "42601") == 0 || strcmp(state, "0A000") == 0);
}

static int32_t rows_begin(struct flow *f, struct pg_doing doing, const char *select,
                          const PGresult *refused)
{
    char why[300];
    pg_fault_line(PQresultErrorField(refused, PG_DIAG_MESSAGE_PRIMARY), why, sizeof why);
    qetl_logf(f->session->env, QETL_LOG_INFO,
              "%s: the server takes no COPY of it (%s): rows are read as those of a SELECT",
              f->session->who, why);
    int32_t status = pg_session_run(f->session, doing, rollback, 0, NULL, NULL);
    if (!status)
        status = pg_session_rows(f->session, doing, select);
    f->runs = f->by_rows = !status;
    return status;
}

int32_t flow_begin(struct flow *f, struct pg_doing doing, const struct flow_statement *statement)
{
    PGresult *refused = NULL;
    clear(f);
    f->by_rows = false;
    int32_t status = pg_session_run(f->session, doing, savepoint, 0, NULL, NULL);
    if (!status)
        status = pg_session_copy(f->session, doing, statement->copy, &refused);
    f->runs = !status && !refused;
    if (refused)
        status = knows_no_copy(refused) ? rows_begin(f, doing, statement->select, refused)
                                        : pg_session_fault(f->session, doing, refused);
    PQclear(refused);
    return status;
}

static enum flow_answer next_message(struct flow *f)
{
    f->size = PQgetCopyData(f->session->conn, &f->message, 1);
    return f->size > 0     ? FLOW_SOME
           : f->size == 0  ? FLOW_DRY
           : f->size == -1 ? FLOW_OVER
                           : FLOW_LOST;
}

static enum flow_answer next_row(struct flow *f)
{
    if (PQisBusy(f->session->conn))
        return FLOW_DRY;
    PGresult *result = PQgetResult(f->session->conn);
    bool some = PQresultStatus(result) == PGRES_SINGLE_TUPLE;
    PGresult **place = some ? &f->row : &f->end;
    PQclear(*place);
    *place = result;
    return some ? FLOW_SOME : FLOW_OVER;
}

enum flow_answer flow_next(struct flow *f)
{
    return f->by_rows ? next_row(f) : next_message(f);
}

bool flow_add(struct flow *f, const struct copy *c, struct block *b, int64_t *size)
{
    if (f->by_rows || !c->headed || c->ended ||
        !block_add(b, c, (const uint8_t *)f->message, f->size))
        return false;
    *size = f->size;
    PQfreemem(f->message);
    f->message = NULL;
    return true;
}

static enum copy_answer feed_row(const PGresult *row, struct copy *c, int64_t *size,
                                 int32_t *column)
{
    int n = PQnfields(row);
    *size = 0;
    for (int i = 0; i < n && i < c->n_fields; i++) {
        const uint8_t *data = (const uint8_t *)PQgetvalue(row, 0, i);
        c->fields[i] =
            (struct copy_field){data, PQgetisnull(row, 0, i) ? -1 : PQgetlength(row, 0, i)};
        *size += PQgetlength(row, 0, i) + 4;
    }
    return copy_row(c, n, column);
}

static enum copy_answer feed_message(struct flow *f, struct copy *c, int32_t *column)
{
    enum copy_answer answer = copy_feed(c, (const uint8_t *)f->message, f->size, column);
    char **spent = answer == COPY_NOTHING ? &f->message : &f->kept;
    PQfreemem(*spent);
    if (answer != COPY_NOTHING)
        f->kept = f->message;
    f->message = NULL;
    return answer;
}

enum copy_answer flow_feed(struct flow *f, struct copy *c, int64_t *size, int32_t *column)
{
    *size = f->size;
    return f->by_rows ? feed_row(f->row, c, size, column) : feed_message(f, c, column);
}

int32_t flow_end(struct flow *f, struct pg_doing doing, struct copy *c)
{
    bool well = f->by_rows && PQresultStatus(f->end) == PGRES_TUPLES_OK;
    int32_t status = QETL_OK;
    f->runs = false;
    if (f->by_rows)
        drain(f->session->conn);
    if (f->by_rows && !well)
        status = pg_session_fault(f->session, doing, f->end);
    else if (!f->by_rows)
        status = pg_session_finish(f->session, doing);
    c->ended = c->ended || well;
    return status || c->ended ? status
                              : qetl_fail(c->env, QETL_E_RETRY_EPOCH, NULL, NULL,
                                          "%s: what the server sent is cut off", f->session->who);
}

int32_t flow_stop(struct flow *f, struct pg_doing doing)
{
    char why[256];
    enum flow_answer last = FLOW_SOME;
    if (!f->runs)
        return QETL_OK;
    PGconn *conn = f->session->conn;
    f->runs = false;
    PGcancel *cancel = PQgetCancel(conn);
    if (cancel)
        PQcancel(cancel, why, sizeof why);
    PQfreeCancel(cancel);
    clear(f);
    while (!f->by_rows && last == FLOW_SOME) { /* all that was on its way */
        char *message = NULL;
        last = PQgetCopyData(conn, &message, 0) > 0 ? FLOW_SOME : FLOW_OVER;
        PQfreemem(message);
    }
    drain(conn);
    return pg_session_run(f->session, doing, rollback, 0, NULL, NULL);
}

void flow_free(struct flow *f)
{
    clear(f);
}
