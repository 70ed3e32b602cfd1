/* SPDX-License-Identifier: Apache-2.0 */
#include "moment.h"

#include <qetl/board.h>
#include <stdio.h>
#include <stdlib.h>

static const char begin[] = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";

static const struct qetl_board *board_of(const struct pg_session *s)
{
    const struct qetl_board *board = s->env.host->get_extension(s->env.ctx, QETL_EXT_BOARD);
    return board && board->read && board->write ? board : NULL;
}

/* Whom the connection was to reach, not whom it did: of several hosts each has moments of its own.
 */
static bool name_make(const struct pg_session *s, const char *what, char *out, size_t size)
{
    static const char *const parts[] = {"host", "hostaddr", "port", "dbname"};
    PQconninfoOption *options = PQconninfo(s->conn);
    size_t used = (size_t)snprintf(out, size, "%s", what);
    for (const PQconninfoOption *o = options; o && o->keyword; o++)
        for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
            if (strcmp(o->keyword, parts[i]) == 0 && used < size)
                used += (size_t)snprintf(out + used, size - used, "\n%s %s", parts[i],
                                         o->val ? o->val : "");
    bool fits = options && used < size;
    PQconninfoFree(options);
    return fits;
}

/* It goes into a statement that takes no parameters. */
static bool is_snapshot(const char *text)
{
    size_t size = strlen(text);
    return size && size < MOMENT_MAX && strspn(text, "0123456789ABCDEFabcdef-") == size;
}

static int32_t join(struct moment *m, struct pg_session *s, const char *snapshot)
{
    char sql[sizeof "SET TRANSACTION SNAPSHOT ''" + MOMENT_MAX];
    struct pg_doing doing = {.what = "the moment of the run's other sources cannot be joined"};
    PGresult *result = NULL;
    snprintf(sql, sizeof sql, "SET TRANSACTION SNAPSHOT '%s'", snapshot);
    int32_t status = pg_session_try(s, doing, sql, 0, NULL, &result);
    if (!status && pg_session_refused(result)) {
        char why[300];
        pg_fault_line(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY), why, sizeof why);
        status = qetl_fail(s->env, QETL_E_RETRY_EPOCH, "/host",
                           "let all sources of the run reach one and the same server", "%s: %s: %s",
                           s->who, doing.what, why);
    }
    PQclear(result);
    snprintf(m->snapshot, sizeof m->snapshot, "%s", snapshot);
    m->joined = !status;
    return status;
}

/* A server that knows of no snapshots (it only speaks the protocol) is read alone. */
static int32_t offer(struct moment *m, struct pg_session *s)
{
    struct pg_doing doing = {.what = "its moment cannot be told"};
    PGresult *result = NULL;
    int32_t status =
        pg_session_try(s, doing, "SELECT pg_catalog.pg_export_snapshot()", 0, NULL, &result);
    bool refused = !status && pg_session_refused(result);
    if (!status && !refused && PQntuples(result) == 1 && is_snapshot(PQgetvalue(result, 0, 0)))
        snprintf(m->snapshot, sizeof m->snapshot, "%s", PQgetvalue(result, 0, 0));
    PQclear(result);
    if (!refused)
        return status;
    qetl_logf(s->env, QETL_LOG_INFO, "%s: the server does not let others see what it shows now",
              s->who);
    status = pg_session_run(s, doing, "ROLLBACK", 0, NULL, NULL);
    return status ? status : pg_session_run(s, doing, begin, 0, NULL, NULL);
}

int32_t moment_begin(struct moment *m, struct pg_session *s)
{
    char name[1000];
    const struct qetl_board *board = board_of(s);
    *m = (struct moment){.snapshot = ""};
    int32_t status = pg_session_run(s, (struct pg_doing){.what = "no transaction can be begun"},
                                    begin, 0, NULL, NULL);
    if (status || !board || !name_make(s, "moment", name, sizeof name))
        return status;
    const char *snapshot = board->read(s->env.ctx, name);
    return snapshot && is_snapshot(snapshot) ? join(m, s, snapshot) : offer(m, s);
}

int64_t moment_connections(const struct pg_session *s)
{
    char name[1000];
    const struct qetl_board *board = board_of(s);
    const char *count = board && name_make(s, "connections", name, sizeof name)
                            ? board->read(s->env.ctx, name)
                            : NULL;
    return count ? strtoll(count, NULL, 10) : 1;
}

static int32_t count(struct pg_session *s, const struct qetl_board *board)
{
    char name[1000], number[24];
    if (!name_make(s, "connections", name, sizeof name))
        return QETL_OK;
    const char *before = board->read(s->env.ctx, name);
    snprintf(number, sizeof number, "%lld", before ? strtoll(before, NULL, 10) + 1 : 1);
    return board->write(s->env.ctx, name, number);
}

int32_t moment_tell(const struct moment *m, struct pg_session *s)
{
    char name[1000];
    const struct qetl_board *board = board_of(s);
    int32_t status = board ? count(s, board) : QETL_OK;
    if (status || !board || m->joined || !*m->snapshot ||
        !name_make(s, "moment", name, sizeof name))
        return status;
    return board->write(s->env.ctx, name, m->snapshot);
}
