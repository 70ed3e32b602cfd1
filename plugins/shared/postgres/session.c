/* SPDX-License-Identifier: Apache-2.0 */
#include "session.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

int64_t pg_session_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int32_t pg_session_init(struct pg_session *s, struct qetl_env env)
{
    s->env = env;
    s->bell_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    s->has_bell = s->bell_fd >= 0;
    if (!s->has_bell)
        return qetl_fail(env, QETL_E_ENVIRONMENT, NULL, "see the limit of open files: ulimit -n",
                         "no descriptor for a connection");
    return pg_settings_read(&s->settings, env);
}

void pg_session_ring(struct pg_session *s)
{
    uint64_t one = 1;
    atomic_store(&s->rung, true);
    if (s->has_bell && write(s->bell_fd, &one, sizeof one) < 0)
        return; /* it rings already */
}

static int32_t cancelled(struct pg_session *s)
{
    return qetl_fail(s->env, QETL_E_CANCELLED, NULL, NULL, "%s: interrupted", s->who);
}

int32_t pg_session_wait(struct pg_session *s, int events, int timeout_ms)
{
    struct pollfd watched[] = {{.fd = PQsocket(s->conn), .events = (short)events},
                               {.fd = s->bell_fd, .events = POLLIN}};
    if (!atomic_load(&s->rung) && timeout_ms)
        poll(watched, 2, timeout_ms);
    return atomic_load(&s->rung) ? cancelled(s) : QETL_OK;
}

/* ---- Connecting ---- */

static void notice(void *arg, const char *message)
{
    char line[600];
    const struct pg_session *s = arg;
    pg_fault_line(message, line, sizeof line);
    qetl_logf(s->env, QETL_LOG_INFO, "%s: %s", s->who, line);
}

static const char *or_else(const char *text, const char *other)
{
    return text && *text ? text : other;
}

static void who_set(struct pg_session *s)
{
    const char *host = s->conn ? PQhost(s->conn) : NULL, *port = s->conn ? PQport(s->conn) : NULL;
    const char *name = s->conn ? PQdb(s->conn) : NULL;
    snprintf(s->who, sizeof s->who, "%.120s@%.200s%s%.10s",
             or_else(name, or_else(s->settings.database, "postgres")),
             or_else(host, or_else(s->settings.host, "localhost")), port && *port ? ":" : "",
             or_else(port, ""));
}

static int32_t connect_wait(struct pg_session *s, const struct pg_doing *doing, int64_t until_ms)
{
    PostgresPollingStatusType next = PGRES_POLLING_WRITING;
    while (next == PGRES_POLLING_READING || next == PGRES_POLLING_WRITING) {
        int64_t left = until_ms - pg_session_now_ms();
        if (left <= 0)
            return qetl_fail(s->env, QETL_E_RETRY_CALL, "/connect_timeout_ms",
                             "see whether the server is up and can be reached, or wait longer",
                             "%s: %s: no answer within %lld ms", s->who, doing->what,
                             (long long)s->settings.connect_timeout_ms);
        int32_t status = pg_session_wait(s, next == PGRES_POLLING_READING ? POLLIN : POLLOUT,
                                         left > 1000 ? 1000 : (int)left);
        if (status)
            return status;
        next = PQconnectPoll(s->conn);
    }
    return next == PGRES_POLLING_OK ? QETL_OK : pg_fault_connect(s->env, doing, s->conn);
}

/* What would change how values are written, or how long may be waited. */
static int32_t session_set(struct pg_session *s)
{
    char statement[24], lock[24];
    snprintf(statement, sizeof statement, "%lld", (long long)s->settings.statement_timeout_ms);
    snprintf(lock, sizeof lock, "%lld", (long long)s->settings.lock_timeout_ms);
    /* A database without an encoding checks nothing; what comes of it is looked at here. */
    const char *server = PQparameterStatus(s->conn, "server_encoding");
    bool raw = server && strcmp(server, "SQL_ASCII") == 0;
    const char *const values[] = {statement, lock, raw ? "SQL_ASCII" : "UTF8"};
    struct pg_doing doing = {.what = "the session cannot be set up"};
    return pg_session_run(
        s, doing,
        "SELECT pg_catalog.set_config('client_encoding', $3, false),"
        " pg_catalog.set_config('DateStyle', 'ISO, YMD', false),"
        " pg_catalog.set_config('IntervalStyle', 'postgres', false),"
        " pg_catalog.set_config('TimeZone', 'UTC', false),"
        " pg_catalog.set_config('extra_float_digits', '1', false),"
        " pg_catalog.set_config('bytea_output', 'hex', false),"
        " pg_catalog.set_config('statement_timeout', $1, false),"
        " pg_catalog.set_config('lock_timeout', $2, false),"
        " pg_catalog.set_config('idle_in_transaction_session_timeout', '0', false)",
        3, values, NULL);
}

int32_t pg_session_open(struct pg_session *s)
{
    struct pg_keywords keywords;
    struct pg_doing doing = {.who = s->who, .what = "no connection", .option = "/host"};
    pg_session_close(s);
    who_set(s);
    int64_t until_ms = pg_session_now_ms() + s->settings.connect_timeout_ms;
    if (!pg_settings_keywords(&s->settings, &keywords))
        return pg_fault_memory(s->env);
    s->conn = PQconnectStartParams(keywords.names, keywords.values, 0);
    if (!s->conn)
        return pg_fault_memory(s->env);
    who_set(s);
    PQsetNoticeProcessor(s->conn, notice, s);
    int32_t status = PQstatus(s->conn) == CONNECTION_BAD ? pg_fault_connect(s->env, &doing, s->conn)
                                                         : connect_wait(s, &doing, until_ms);
    if (status)
        return status;
    who_set(s);
    s->version = PQserverVersion(s->conn);
    return session_set(s);
}

void pg_session_close(struct pg_session *s)
{
    char why[256];
    PGcancel *cancel = s->conn && PQstatus(s->conn) == CONNECTION_OK &&
                               PQtransactionStatus(s->conn) == PQTRANS_ACTIVE
                           ? PQgetCancel(s->conn)
                           : NULL;
    if (cancel && !PQcancel(cancel, why, sizeof why)) {
        pg_fault_line(why, why, sizeof why);
        qetl_logf(s->env, QETL_LOG_DEBUG, "%s: the statement could not be cancelled: %s", s->who,
                  why);
    }
    PQfreeCancel(cancel);
    PQfinish(s->conn);
    s->conn = NULL;
}

void pg_session_free(struct pg_session *s)
{
    pg_session_close(s);
    if (s->has_bell)
        close(s->bell_fd);
    s->has_bell = false;
}
