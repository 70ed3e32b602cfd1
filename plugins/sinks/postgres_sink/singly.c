/* SPDX-License-Identifier: Apache-2.0 */
#include "singly.h"

/* What refusal.c takes for the row's fault, and nothing else, ends with the row. Names of columns
 * go before the block's own. */
static const char head[] =
    "#variable_conflict use_column\n"
    "DECLARE s record; taken bigint; state text; told text; detail text; name text; field text;\n"
    "BEGIN FOR s IN SELECT * FROM pg_temp.qetl_stage ORDER BY n LOOP BEGIN\n";
static const char tail[] =
    ";\nGET DIAGNOSTICS taken = ROW_COUNT;\n"
    "IF taken = 0 THEN INSERT INTO pg_temp.qetl_refused (n) VALUES (s.n); END IF;\n"
    "EXCEPTION WHEN data_exception OR integrity_constraint_violation OR with_check_option_violation"
    " OR raise_exception OR program_limit_exceeded THEN\n"
    "GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, told = MESSAGE_TEXT, "
    "detail = PG_EXCEPTION_DETAIL, name = CONSTRAINT_NAME, field = COLUMN_NAME;\n"
    "INSERT INTO pg_temp.qetl_refused VALUES (s.n, state, told, detail, name, field);\n"
    "END; END LOOP; END";

void singly_make(struct singly *y, const struct merge *m)
{
    struct pg_sql body = {0};
    *y = (struct singly){.merge = m};
    bool ignores = m->kind == MERGE_UPSERT && m->n_keys == m->n_values;
    if (m->kind == MERGE_DELETE || m->kind == MERGE_SCD2 || ignores)
        return;
    pg_sql_put(&body, head);
    merge_text(m, &body, "INSERT INTO %t (%n) OVERRIDING SYSTEM VALUE VALUES (%v)");
    if (m->kind == MERGE_UPSERT)
        merge_text(m, &body, MERGE_CONFLICT);
    pg_sql_put(&body, tail);
    pg_sql_put(&y->run, "DO ");
    pg_sql_text(&y->run, body.text ? body.text : "");
    y->run.failed |= body.failed;
    pg_sql_free(&body);
}

void singly_free(struct singly *y)
{
    pg_sql_free(&y->run);
    y->asked = false;
}

/* Rules are for INSERT, and COPY knows none. */
static int32_t may_ask(struct singly *y, struct server *s)
{
    static const struct server_text text = {.what = "nobody says how rows may go in"};
    const char *const values[] = {y->merge->table->path};
    PGresult *result = NULL;
    int32_t status = server_ask(
        s, text,
        "SELECT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'TEMPORARY') AND "
        "EXISTS (SELECT FROM pg_catalog.pg_language WHERE lanname = 'plpgsql' AND lanpltrusted AND "
        "pg_catalog.has_language_privilege(oid, 'USAGE')) AND NOT relhasrules "
        "FROM pg_catalog.pg_class WHERE oid = $1::pg_catalog.regclass",
        1, values, &result);
    if (!status)
        y->may = PQntuples(result) == 1 && *PQgetvalue(result, 0, 0) == 't';
    y->asked = !status;
    PQclear(result);
    return status;
}

static const char list[] = "CREATE TEMPORARY TABLE qetl_refused (n pg_catalog.int8, state "
                           "pg_catalog.text, told pg_catalog.text, detail pg_catalog.text, name "
                           "pg_catalog.text, field pg_catalog.text) ON COMMIT DROP; ";

/* Where the server does not want them, for whatever reason, rows go on as they did. */
static int32_t tables_make(struct singly *y, struct server *s)
{
    static const struct server_text text = {.what = "rows cannot be staged"};
    struct pg_sql sql = {0};
    PGresult *result = NULL;
    if (s->staged && s->listed)
        return QETL_OK;
    pg_sql_put(&sql, "SAVEPOINT qetl; ");
    pg_sql_put(&sql, s->staged ? "" : y->merge->stage.text);
    pg_sql_put(&sql, s->staged ? "" : "; ");
    pg_sql_put(&sql, s->listed ? "" : list);
    pg_sql_put(&sql, "RELEASE SAVEPOINT qetl");
    int32_t status =
        sql.failed ? pg_fault_memory(s->session.env)
                   : pg_session_try(&s->session, server_doing(s, text), sql.text, 0, NULL, &result);
    bool refused = !status && pg_session_refused(result);
    if (refused)
        status = server_run(s, text, "ROLLBACK TO SAVEPOINT qetl; RELEASE SAVEPOINT qetl");
    else if (!status)
        s->staged = s->listed = true;
    y->may = !refused;
    PQclear(result);
    pg_sql_free(&sql);
    return status;
}

int32_t singly_ready(struct singly *y, struct server *s, bool *may)
{
    static const struct server_text text = {.what = "rows cannot be written"};
    int32_t status = QETL_OK;
    *may = false;
    if (!y->run.text || (y->asked && !y->may))
        return QETL_OK;
    if (s->point == POINT_REFUSED)
        status = server_run(s, text, "ROLLBACK TO SAVEPOINT qetl; RELEASE SAVEPOINT qetl");
    else if (s->point == POINT_GOOD)
        status = server_run(s, text, "RELEASE SAVEPOINT qetl");
    if (!status)
        s->point = POINT_NONE;
    if (!status && !y->asked)
        status = may_ask(y, s);
    if (!status && y->may)
        status = tables_make(y, s);
    *may = !status && y->may;
    return status;
}

int32_t singly_run(struct singly *y, struct server *s, PGresult **told, PGresult **refused)
{
    static const struct server_text text = {.what = "rows cannot be written", .option = "/table"};
    PGresult *result = NULL;
    *told = NULL;
    int32_t status =
        pg_session_try(&s->session, server_doing(s, text), y->run.text, 0, NULL, &result);
    if (status)
        return status;
    if (pg_session_refused(result)) {
        *refused = result;
        return QETL_OK;
    }
    PQclear(result);
    return server_ask(s, text,
                      "SELECT n, state, told, detail, name, field FROM pg_temp.qetl_refused "
                      "ORDER BY n",
                      0, NULL, told);
}
