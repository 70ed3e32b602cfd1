/* SPDX-License-Identifier: Apache-2.0 */
#include "relation.h"

#include "span.h"
#include "values.h"

#include <stdio.h>
#include <stdlib.h>

const char *relation_option(const struct relation *r)
{
    return r->table ? "/table" : "/query";
}

/* ---- Opening ---- */

void relation_from(const struct relation *r, struct pg_sql *sql)
{
    if (!r->table) { /* a comment at its end ends with the line */
        size_t size = strlen(r->query);
        while (size && strchr("; \t\r\n", r->query[size - 1]))
            size--;
        pg_sql_put(sql, "(");
        pg_sql_bytes(sql, r->query, size);
        pg_sql_put(sql, "\n) AS q");
        return;
    }
    if (r->schema_name) {
        pg_sql_name(sql, r->schema_name);
        pg_sql_put(sql, ".");
    }
    pg_sql_name(sql, r->table);
}

static int32_t describe(struct relation *r, struct pg_session *session, PGresult **out)
{
    struct pg_sql sql = {0};
    struct pg_doing doing = {.what =
                                 r->table ? "the table cannot be read" : "the query cannot be read",
                             .option = relation_option(r)};
    pg_sql_put(&sql, r->table ? "SELECT * FROM " : r->query);
    if (r->table)
        relation_from(r, &sql);
    int32_t status = sql.failed ? pg_fault_memory(session->env)
                                : pg_session_describe(session, doing, sql.text, out);
    pg_sql_free(&sql);
    return status;
}

/* COPY of a table by its name leaves out rows of its children, and refuses generated columns. */
static int32_t plain_read(struct relation *r, struct pg_session *session, const PGresult *described)
{
    static const char sql[] =
        "SELECT c.relkind = 'r' AND NOT c.relhassubclass AND NOT EXISTS (SELECT FROM "
        "pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attgenerated <> '') "
        "FROM pg_catalog.pg_class c WHERE c.oid = $1::pg_catalog.oid";
    char oid[24];
    PGresult *answer = NULL;
    const char *const values[] = {oid};
    if (!r->table || !PQnfields(described))
        return QETL_OK;
    r->oid = PQftable(described, 0);
    snprintf(oid, sizeof oid, "%u", r->oid);
    int32_t status =
        pg_session_run(session, (struct pg_doing){.what = "the catalogue cannot be read"}, sql, 1,
                       values, &answer);
    r->plain = !status && PQntuples(answer) == 1 && *PQgetvalue(answer, 0, 0) == 't';
    PQclear(answer);
    return status;
}

int32_t relation_open(struct relation *r, struct pg_session *session)
{
    PGresult *described = NULL;
    struct qetl_env env = session->env;
    r->table = qetl_option_text(env, "/table");
    r->query = qetl_option_text(env, "/query");
    r->schema_name = qetl_option_text(env, "/schema");
    const char *encoding = PQparameterStatus(session->conn, "server_encoding");
    r->utf8 = encoding && strcmp(encoding, "UTF8") == 0;
    int32_t status = describe(r, session, &described);
    if (!status && !PQnfields(described) && r->query)
        status = qetl_fail(env, QETL_E_CONFIG, "/query", "write one SELECT",
                           "the query gives no columns");
    if (!status)
        status = columns_read(r, session, described);
    if (!status)
        status = plain_read(r, session, described);
    PQclear(described);
    return status;
}

int32_t relation_look(struct relation *r, struct pg_session *session)
{
    PGresult *described = NULL;
    int32_t status = describe(r, session, &described);
    if (!status)
        status = columns_look(r, session, described);
    PQclear(described);
    return status;
}

bool relation_rejects(const struct relation *r, int64_t column)
{
    switch (r->types[column].way) {
    case PG_NUMERIC:
    case PG_DATE:
    case PG_TIME:
    case PG_TIMESTAMP:
    case PG_TIMESTAMPTZ:
    case PG_INTERVAL:
        return true;
    default:
        return r->types[column].way >= PG_TEXT && !r->utf8;
    }
}

/* ---- Reading ---- */

/* As its output function writes it, which is not what all casts to text do. */
static void written_put(struct pg_sql *sql, const char *name)
{
    pg_sql_put(sql, "CASE WHEN ");
    pg_sql_name(sql, name);
    pg_sql_put(sql, " IS NOT DISTINCT FROM NULL THEN NULL ELSE pg_catalog.concat(");
    pg_sql_name(sql, name);
    pg_sql_put(sql, ") END");
}

static void keys_put(const struct relation *r, struct pg_sql *sql)
{
    for (int64_t i = 0; i < r->n_keys; i++) {
        pg_sql_put(sql, i ? ", " : "");
        pg_sql_name(sql, r->keys[i]);
    }
}

static void behind_put(const struct relation *r, struct pg_sql *sql)
{
    pg_sql_put(sql, "ROW(");
    keys_put(r, sql);
    pg_sql_put(sql, ") > ROW(");
    for (int64_t i = 0; i < r->n_keys; i++) {
        pg_sql_put(sql, i ? ", " : "");
        values_put(sql, i + 1, r->key_types[i]);
    }
    pg_sql_put(sql, ")");
}

static void select_put(const struct relation *r, struct pg_sql *sql, int64_t n_wants,
                       const int64_t *wants)
{
    pg_sql_put(sql, "SELECT ");
    for (int64_t i = 0; i < n_wants; i++) {
        const char *name = r->schema.children[wants[i]]->name;
        pg_sql_put(sql, i ? ", " : "");
        if (r->types[wants[i]].way == PG_WRITTEN)
            written_put(sql, name);
        else
            pg_sql_name(sql, name);
    }
    for (int64_t i = 0; i < r->n_keys; i++) {
        pg_sql_put(sql, i || n_wants ? ", " : "");
        written_put(sql, r->keys[i]);
    }
}

/* By its name it costs the server a fifth less than as a query. */
static bool whole_put(const struct relation *r, struct pg_sql *sql, int64_t n_wants,
                      const int64_t *wants)
{
    bool whole = r->plain && n_wants && !r->n_keys;
    for (int64_t i = 0; whole && i < n_wants; i++)
        whole = r->types[wants[i]].way != PG_WRITTEN;
    if (!whole)
        return false;
    pg_sql_put(sql, "COPY ");
    relation_from(r, sql);
    for (int64_t i = 0; i < n_wants; i++) {
        pg_sql_put(sql, i ? ", " : " (");
        pg_sql_name(sql, r->schema.children[wants[i]]->name);
    }
    pg_sql_put(sql, ") TO STDOUT (FORMAT binary)");
    return true;
}

/* One more of the conditions that a row has to meet. */
static void also(struct pg_sql *sql, bool *first)
{
    pg_sql_put(sql, *first ? " WHERE " : " AND ");
    *first = false;
}

void relation_select(const struct relation *r, struct pg_sql *sql, int64_t n_wants,
                     const int64_t *wants, const struct relation_part *part)
{
    bool first = true;
    select_put(r, sql, n_wants, wants);
    pg_sql_put(sql, " FROM ");
    relation_from(r, sql);
    if (part->behind) {
        also(sql, &first);
        behind_put(r, sql);
    }
    if (part->span) {
        also(sql, &first);
        span_put(part->span, sql, part->span_first);
    }
    if (part->where) {
        also(sql, &first);
        pg_sql_put(sql, part->where);
    }
    if (r->n_keys)
        pg_sql_put(sql, " ORDER BY ");
    keys_put(r, sql);
    if (part->limit >= 0)
        pg_sql_format(sql, " LIMIT %lld", (long long)part->limit);
}

void relation_copy(const struct relation *r, struct pg_sql *sql, int64_t n_wants,
                   const int64_t *wants, const struct relation_part *part)
{
    if (!part->behind && !part->where && !part->span && part->limit < 0 &&
        whole_put(r, sql, n_wants, wants))
        return;
    pg_sql_put(sql, "COPY (");
    relation_select(r, sql, n_wants, wants, part);
    pg_sql_put(sql, ") TO STDOUT (FORMAT binary)");
}

void relation_free(struct relation *r)
{
    for (int64_t i = 0; i < r->n_keys; i++) {
        free(r->keys[i]);
        free(r->key_types[i]);
    }
    free(r->keys);
    free(r->key_types);
    free(r->types);
    qetl_schema_release(&r->schema);
    *r = (struct relation){0};
}
