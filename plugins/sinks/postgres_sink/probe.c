/* SPDX-License-Identifier: Apache-2.0 */
#include "probe.h"

#include "epochs.h"

#include <stdio.h>

static const struct server_text asks = {.what = "the catalogue cannot be read"};

/* What each mode does with a table that is there, in the words of GRANT. */
static const char *rights_of(enum load_mode mode)
{
    static const char *const rights[] = {
        "INSERT",         "INSERT, TRUNCATE",      "", "INSERT, SELECT, UPDATE",
        "SELECT, DELETE", "INSERT, SELECT, UPDATE"};
    return rights[mode];
}

static bool is_true(const PGresult *r, int field)
{
    return *PQgetvalue(r, 0, field) == 't';
}

static int32_t lacks(const struct server *s, const char *what, const char *on)
{
    return qetl_fail(s->session.env, QETL_E_AUTH, "/user",
                     "let someone who may grant it to this user",
                     "%s: the right %s on %s is missing", s->session.who, what, on);
}

static int32_t there_check(const struct loader *l, struct server *s)
{
    static const char sql[] =
        "SELECT pg_catalog.bool_and(pg_catalog.has_table_privilege(c.oid, r)), "
        "pg_catalog.pg_has_role(max(c.relowner), 'USAGE'), "
        "pg_catalog.has_database_privilege(pg_catalog.current_database(), 'TEMPORARY') "
        "FROM pg_catalog.pg_class c, pg_catalog.string_to_table($2, ', ') r "
        "WHERE c.oid = pg_catalog.to_regclass($1)";
    const char *rights = rights_of(l->mode);
    const char *const values[] = {l->table.path, *rights ? rights : "SELECT"};
    PGresult *r = NULL;
    int32_t status = server_ask(s, asks, sql, 2, values, &r);
    if (status)
        ;
    else if (l->mode == LOAD_REPLACE && !is_true(r, 1))
        status = lacks(s, "to replace (only its owner has that)", l->table.name);
    else if (*rights && !is_true(r, 0))
        status = lacks(s, rights, l->table.name);
    else if (loader_merges(l) && !is_true(r, 2))
        status = lacks(s, "TEMPORARY", "the database");
    PQclear(r);
    return status;
}

static int32_t absent_check(const struct loader *l, struct server *s)
{
    const char *const values[] = {l->table.schema};
    PGresult *r = NULL;
    bool deletes = l->mode == LOAD_DELETE;
    if (deletes || !l->create)
        return qetl_fail(s->session.env, QETL_E_CONFIG, "/table",
                         deletes ? "name the table that has the rows"
                                 : "create it, or set create: true",
                         "%s: there is no table %s", s->session.who, l->table_name);
    int32_t status = server_ask(s, asks,
                                "SELECT pg_catalog.has_schema_privilege(oid, 'CREATE') FROM "
                                "pg_catalog.pg_namespace WHERE nspname = $1",
                                1, values, &r);
    if (!status && !PQntuples(r))
        status =
            qetl_fail(s->session.env, QETL_E_CONFIG, "/schema", "CREATE SCHEMA, or name another",
                      "%s: there is no schema %s", s->session.who, l->table.schema);
    else if (!status && !is_true(r, 0))
        status = lacks(s, "CREATE", l->table.schema);
    PQclear(r);
    return status;
}

int32_t probe(struct loader *l, struct server *s, void *stream, probe_tell *tell)
{
    const char *mode = qetl_option_text(s->session.env, "/mode");
    char line[600];
    int32_t status = server_open(s);
    if (!status)
        status = table_read(s, l->schema_name, l->table_name, &l->table);
    if (!status)
        status = l->table.exists ? there_check(l, s) : absent_check(l, s);
    if (!status && l->table.exists)
        snprintf(line, sizeof line, "table %.200s.%.200s of %lld column%s (mode: %s)",
                 l->table.schema, l->table.name, (long long)l->table.n_columns,
                 l->table.n_columns == 1 ? "" : "s", mode);
    else if (!status)
        snprintf(line, sizeof line,
                 "there is no table %.200s yet, and it can be made in %.200s (mode: %s)",
                 l->table_name, l->table.schema, mode);
    pg_session_close(&s->session);
    return status ? status : tell(stream, line);
}

int32_t inspect(struct loader *l, struct server *s, struct qetl_inspection *about, void *stream,
                inspect_tell *tell)
{
    const struct qetl_inspect_to to = {tell, stream};
    int64_t generation = 0, number = 0;
    about->committed = -1;
    int32_t status = server_open(s);
    if (!status)
        status = table_read(s, l->schema_name, l->table_name, &l->table);
    if (!status)
        status = epochs_read(s, l->table.schema, about->epoch, &number, &generation);
    if (!status) {
        about->committed = number;
        if (!l->table.exists && number && l->mode != LOAD_REPLACE)
            qetl_inspect_say(&to, QETL_INSPECT_LOST, false, l->table_name,
                             "put it back as it was; or begin anew with `qetl run --full-refresh`",
                             "the table is gone");
    } else {
        qetl_inspect_say(&to, QETL_INSPECT_OPEN, false, s->session.who,
                         "see whether the server is up, and ask again",
                         "the database cannot be asked");
    }
    pg_session_close(&s->session);
    return QETL_OK;
}
