/* SPDX-License-Identifier: Apache-2.0 */
#include "epochs.h"

#include <stdio.h>
#include <stdlib.h>

#define TABLE_NAME "_qetl_epochs"

static const struct server_text uses = {
    .what = "the table " TABLE_NAME " cannot be used",
    .grant =
        "let someone who may run: GRANT CREATE, USAGE ON SCHEMA … TO this user; or, where it is "
        "there, GRANT SELECT, INSERT, UPDATE ON " TABLE_NAME};

static void path_put(struct pg_sql *sql, const char *schema)
{
    pg_sql_name(sql, schema);
    pg_sql_put(sql, "." TABLE_NAME);
}

/* A role that may not create tables may still find one. */
static int32_t is_there(struct server *s, const char *schema, bool *there)
{
    struct pg_sql path = {0};
    PGresult *r = NULL;
    path_put(&path, schema);
    const char *const values[] = {path.text};
    int32_t status =
        path.failed
            ? pg_fault_memory(s->session.env)
            : server_ask(s, uses, "SELECT pg_catalog.to_regclass($1) IS NOT NULL", 1, values, &r);
    *there = !status && *PQgetvalue(r, 0, 0) == 't';
    PQclear(r);
    pg_sql_free(&path);
    return status;
}

static int32_t table_make(struct server *s, const char *schema)
{
    struct pg_sql sql = {0};
    bool there = false;
    int32_t status = is_there(s, schema, &there);
    if (status || there)
        return status;
    pg_sql_put(&sql, "CREATE TABLE IF NOT EXISTS ");
    path_put(&sql, schema);
    pg_sql_put(&sql, " (pipeline text NOT NULL, component text NOT NULL, epoch bigint NOT NULL, "
                     "generation bigint NOT NULL, PRIMARY KEY (pipeline, component))");
    return server_run_moved(s, uses, &sql);
}

int32_t epochs_read(struct server *s, const char *schema, const struct qetl_epoch *asked,
                    int64_t *number, int64_t *generation)
{
    struct pg_sql sql = {0};
    const char *const values[] = {asked->pipeline, asked->component};
    PGresult *r = NULL;
    bool there = false;
    *number = *generation = 0;
    int32_t status = is_there(s, schema, &there);
    if (status || !there)
        return status;
    pg_sql_put(&sql, "SELECT epoch, generation FROM ");
    path_put(&sql, schema);
    pg_sql_put(&sql, " WHERE pipeline = $1 AND component = $2");
    status =
        sql.failed ? pg_fault_memory(s->session.env) : server_ask(s, uses, sql.text, 2, values, &r);
    if (!status && PQntuples(r) == 1) {
        *number = atoll(PQgetvalue(r, 0, 0));
        *generation = atoll(PQgetvalue(r, 0, 1));
    }
    PQclear(r);
    pg_sql_free(&sql);
    return status;
}

static int32_t fenced(struct server *s, const struct qetl_epoch *epoch, int64_t generation)
{
    return qetl_fail(
        s->session.env, QETL_E_FENCED, NULL, "let the other run go on, or end it first",
        "%s: run %lld of the pipeline %s has written here, and this is run %lld", s->session.who,
        (long long)generation, epoch->pipeline, (long long)epoch->generation);
}

/* Why no row was raised. */
static int32_t raised_not(struct server *s, const char *schema, const struct qetl_epoch *epoch)
{
    int64_t number, generation;
    int32_t status = epochs_read(s, schema, epoch, &number, &generation);
    return status ? status : fenced(s, epoch, generation);
}

/* Raises the row of (pipeline, component), by what set says; *number is its epoch then. It waits
 * for a transaction that holds the row. */
static int32_t row_raise(struct server *s, const char *schema, const struct qetl_epoch *epoch,
                         const char *set, uint64_t *number)
{
    struct pg_sql sql = {0};
    char texts[2][24];
    const char *const values[] = {epoch->pipeline, epoch->component, texts[0], texts[1]};
    PGresult *r = NULL;
    snprintf(texts[0], sizeof texts[0], "%llu", (unsigned long long)epoch->number);
    snprintf(texts[1], sizeof texts[1], "%llu", (unsigned long long)epoch->generation);
    pg_sql_put(&sql, "INSERT INTO ");
    path_put(&sql, schema);
    pg_sql_put(&sql, " AS e (pipeline, component, epoch, generation) VALUES ($1, $2, $3, $4) "
                     "ON CONFLICT (pipeline, component) DO UPDATE SET ");
    pg_sql_put(&sql, set);
    pg_sql_put(&sql, " WHERE e.generation <= excluded.generation RETURNING epoch");
    int32_t status =
        sql.failed ? pg_fault_memory(s->session.env) : server_ask(s, uses, sql.text, 4, values, &r);
    pg_sql_free(&sql);
    if (!status && !PQntuples(r))
        status = raised_not(s, schema, epoch);
    else if (!status)
        *number = strtoull(PQgetvalue(r, 0, 0), NULL, 10);
    PQclear(r);
    return status;
}

int32_t epochs_last(struct server *s, const char *schema, const struct qetl_epoch *asked,
                    uint64_t *number)
{
    struct qetl_epoch none = *asked;
    none.number = 0;
    *number = 0;
    server_rollback(s);
    int32_t status = server_begin(s);
    if (!status)
        status = table_make(s, schema);
    if (!status)
        status = row_raise(s, schema, &none, "generation = excluded.generation", number);
    if (!status)
        status = server_commit(s);
    server_rollback(s);
    return status;
}

int32_t epochs_note(struct server *s, const char *schema, const struct qetl_epoch *epoch)
{
    uint64_t number;
    int32_t status = table_make(s, schema);
    return status ? status
                  : row_raise(s, schema, epoch,
                              "epoch = excluded.epoch, generation = excluded.generation", &number);
}

/* The row is locked by the transaction that nobody has answered, as long as that lives. Its number
 * would not do: behind a crash the server may give the same to another, and say that it was
 * committed. */
int32_t epochs_settle(struct server *s, const char *schema, const struct qetl_epoch *epoch,
                      bool *committed)
{
    struct pg_sql sql = {0};
    const char *const values[] = {epoch->pipeline, epoch->component};
    PGresult *r = NULL;
    pg_sql_put(&sql, "SELECT epoch, generation FROM ");
    path_put(&sql, schema);
    pg_sql_put(&sql, " WHERE pipeline = $1 AND component = $2 FOR UPDATE NOWAIT");
    int32_t status = sql.failed ? pg_fault_memory(s->session.env) : server_open(s);
    if (!status)
        status = pg_session_try(&s->session, server_doing(s, uses), sql.text, 2, values, &r);
    pg_sql_free(&sql);
    const char *state = status ? NULL : PQresultErrorField(r, PG_DIAG_SQLSTATE);
    if (state && strcmp(state, "55P03") == 0) {
        status = server_under_way(s);
    } else if (!status && pg_session_refused(r)) {
        status = pg_session_fault(&s->session, server_doing(s, uses), r);
    } else if (!status) {
        bool there = PQntuples(r) == 1;
        int64_t generation = there ? atoll(PQgetvalue(r, 0, 1)) : 0;
        *committed = there && atoll(PQgetvalue(r, 0, 0)) >= (int64_t)epoch->number;
        s->doubtful = false;
        if (generation > (int64_t)epoch->generation)
            status = fenced(s, epoch, generation);
    }
    PQclear(r);
    return status;
}
