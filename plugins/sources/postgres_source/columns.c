/* SPDX-License-Identifier: Apache-2.0 */
/* The columns of what is read: as the server describes them, as the option types says, and those
 * that the options name. */
#include "relation.h"

#include <stdio.h>
#include <stdlib.h>

/* What the catalogue says of a described column. */
enum { FACT_TYPE, FACT_KIND, FACT_BYTES, FACT_CAST };

/* format_type(…, -1): a cast to "character" would cut, one to "bpchar" does not. */
static const char facts_sql[] =
    "SELECT pg_catalog.format_type(coalesce(a.atttypid, t.type), coalesce(a.atttypmod, t.mod)), "
    "y.typtype, coalesce(c.collisdeterministic, true), pg_catalog.format_type(t.type, -1) "
    "FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.oid[]), "
    "pg_catalog.unnest($2::pg_catalog.int4[]), "
    "pg_catalog.unnest($3::pg_catalog.oid[]), pg_catalog.unnest($4::pg_catalog.int4[])) "
    "WITH ORDINALITY AS t(type, mod, relation, number, place) "
    "JOIN pg_catalog.pg_type y ON y.oid = t.type "
    "LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = t.relation AND a.attnum = t.number AND "
    "t.number > 0 "
    "LEFT JOIN pg_catalog.pg_collation c ON c.oid = a.attcollation "
    "ORDER BY t.place";

static int32_t facts_read(struct pg_session *session, const PGresult *described, PGresult **out)
{
    struct pg_sql lists[4] = {{0}};
    const char *values[4];
    int n = PQnfields(described);
    bool failed = false;
    for (int k = 0; k < 4; k++) {
        pg_sql_put(&lists[k], "{");
        for (int i = 0; i < n; i++) {
            long long value = k == 0   ? (long long)PQftype(described, i)
                              : k == 1 ? PQfmod(described, i)
                              : k == 2 ? (long long)PQftable(described, i)
                                       : PQftablecol(described, i);
            pg_sql_format(&lists[k], "%s%lld", i ? "," : "", value);
        }
        pg_sql_put(&lists[k], "}");
        failed = failed || lists[k].failed;
        values[k] = lists[k].text;
    }
    int32_t status =
        failed ? pg_fault_memory(session->env)
               : pg_session_run(session, (struct pg_doing){.what = "the catalogue cannot be read"},
                                facts_sql, 4, values, out);
    for (int k = 0; k < 4; k++)
        pg_sql_free(&lists[k]);
    return status;
}

/* ---- All columns ---- */

struct found {
    struct ArrowSchema schema;
    struct pg_type *types;
    const PGresult *facts;
    bool as_they_are; /* the option types is not looked at */
};

static int32_t type_choose(struct qetl_env env, const char *name, const char *server,
                           struct pg_type *type)
{
    char pointer[1200];
    const char *given = qetl_option_pointer(pointer, sizeof pointer, "/types", name)
                            ? NULL
                            : qetl_option_text(env, pointer);
    if (!given || pg_type_as(type, given))
        return QETL_OK;
    return qetl_fail(env, QETL_E_CONFIG, pointer,
                     "read it as text, or cast it in a query: SELECT …::…",
                     "the column's type is %s, which is not read as %s", server, given);
}

static int32_t field_add(struct found *f, struct qetl_env env, const char *name, int i)
{
    struct ArrowSchema field = {0};
    const char *server = PQgetvalue(f->facts, i, FACT_TYPE);
    if (qetl_schema_find(&f->schema, name) >= 0)
        return qetl_fail(env, QETL_E_CONFIG, "/query", "name one of them with AS",
                         "two columns are called %s", name);
    if (!qetl_utf8_valid(name, (int64_t)strlen(name)))
        return qetl_fail(env, QETL_E_DATA, "/query", "name it with AS in a query",
                         "the name of column %d is no UTF-8", i + 1);
    int32_t status = f->as_they_are ? QETL_OK : type_choose(env, name, server, &f->types[i]);
    if (status)
        return status;
    status = qetl_type_field(f->types[i].sql, name, &field);
    if (!status)
        status = qetl_schema_set_metadata(&field, PG_METADATA, server);
    if (!status)
        status = qetl_schema_append(&f->schema, &field);
    qetl_schema_release(&field);
    return status ? pg_fault_memory(env) : QETL_OK;
}

static int32_t found_make(struct found *f, struct qetl_env env, const PGresult *described)
{
    int n = PQnfields(described);
    if (PQntuples(f->facts) != n)
        return qetl_fail(env, QETL_E_FATAL, NULL, NULL, "the catalogue lacks the type of a column");
    f->types = calloc((size_t)n + 1, sizeof *f->types);
    int32_t status =
        f->types && !qetl_schema_init_struct(&f->schema) ? QETL_OK : pg_fault_memory(env);
    for (int i = 0; !status && i < n; i++) {
        f->types[i] = pg_type_of(PQftype(described, i), PQfmod(described, i),
                                 *PQgetvalue(f->facts, i, FACT_KIND) == 'e');
        if (*PQgetvalue(f->facts, i, FACT_BYTES) != 't')
            f->types[i].compares_bytes = false;
        status = field_add(f, env, PQfname(described, i), i);
    }
    return status;
}

/* A name in the option that is no column would be minded by nobody. */
static int32_t types_check(struct qetl_env env, const struct ArrowSchema *schema)
{
    int64_t n = qetl_option_count(env, "/types");
    for (int64_t i = 0; i < n; i++) {
        char pointer[1200];
        const char *name = qetl_option_key(env, "/types", i);
        if (qetl_option_pointer(pointer, sizeof pointer, "/types", name))
            continue;
        int64_t column = qetl_schema_require(env, schema, pointer, name);
        if (column < 0)
            return (int32_t)column;
    }
    return QETL_OK;
}

/* ---- Those that are named ---- */

static int32_t keys_read(struct relation *r, struct qetl_env env, const struct found *f)
{
    int64_t n = qetl_option_count(env, "/key");
    if (!qetl_option_given(env, "/key"))
        return QETL_OK;
    bool one = n < 0;
    n = one ? 1 : n;
    r->keys = calloc((size_t)n, sizeof *r->keys);
    r->key_types = calloc((size_t)n, sizeof *r->key_types);
    for (int64_t i = 0; r->keys && r->key_types && i < n; i++) {
        char pointer[32] = "/key";
        if (!one)
            snprintf(pointer, sizeof pointer, "/key/%lld", (long long)i);
        const char *name = qetl_option_text(env, pointer);
        int64_t column = qetl_schema_require(env, &f->schema, pointer, name);
        if (column < 0)
            return (int32_t)column;
        r->keys[i] = strdup(name);
        r->key_types[i] = strdup(PQgetvalue(f->facts, (int)column, FACT_CAST));
        r->n_keys++;
        if (!r->keys[i] || !r->key_types[i])
            return pg_fault_memory(env);
    }
    return r->keys && r->key_types ? QETL_OK : pg_fault_memory(env);
}

static int32_t choose_one(struct relation *r, struct qetl_env env, const struct found *f,
                          int64_t from, int64_t to)
{
    struct ArrowSchema field = {0};
    int32_t status = qetl_schema_copy(f->schema.children[from], &field);
    if (!status)
        status = qetl_schema_append(&r->schema, &field);
    qetl_schema_release(&field);
    r->types[to] = f->types[from];
    return status ? pg_fault_memory(env) : QETL_OK;
}

static int32_t choose(struct relation *r, struct qetl_env env, const struct found *f)
{
    int64_t named = qetl_option_count(env, "/columns");
    int64_t n = named < 0 ? f->schema.n_children : named;
    r->types = calloc((size_t)n + 1, sizeof *r->types);
    int32_t status =
        r->types && !qetl_schema_init_struct(&r->schema) ? QETL_OK : pg_fault_memory(env);
    for (int64_t i = 0; !status && i < n; i++) {
        char pointer[32];
        int64_t from = i;
        if (named >= 0) {
            snprintf(pointer, sizeof pointer, "/columns/%lld", (long long)i);
            from = qetl_schema_require(env, &f->schema, pointer, qetl_option_text(env, pointer));
            if (from < 0)
                return (int32_t)from;
            if (qetl_schema_find(&r->schema, f->schema.children[from]->name) >= 0)
                return qetl_fail(env, QETL_E_CONFIG, pointer, NULL,
                                 "the column stands there twice");
        }
        status = choose_one(r, env, f, from, i);
    }
    return status;
}

int32_t columns_read(struct relation *r, struct pg_session *session, const PGresult *described)
{
    struct qetl_env env = session->env;
    PGresult *facts = NULL;
    int32_t status = facts_read(session, described, &facts);
    struct found f = {.facts = facts};
    if (!status)
        status = found_make(&f, env, described);
    if (!status)
        status = types_check(env, &f.schema);
    if (!status)
        status = keys_read(r, env, &f);
    if (!status)
        status = choose(r, env, &f);
    qetl_schema_release(&f.schema);
    free(f.types);
    PQclear(facts);
    return status;
}

int32_t columns_look(struct relation *r, struct pg_session *session, const PGresult *described)
{
    PGresult *facts = NULL;
    int32_t status = facts_read(session, described, &facts);
    struct found f = {.facts = facts, .as_they_are = true};
    if (!status)
        status = found_make(&f, session->env, described);
    r->schema = f.schema;
    r->types = f.types;
    PQclear(facts);
    return status;
}
