/* SPDX-License-Identifier: Apache-2.0 */
#include "share.h"

#include "room.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    CONNECTIONS_MAX = 32,
    UNASKED_MAX = 4,     /* connections of one run to one database, unless more are asked for */
    SAMPLE_PAGES = 1000, /* that tell how a column's values are spread */
    BORDER_MAX = 1000,   /* bytes of a value that spans meet at */
    TID_RANGES = 140000  /* the first server that finds rows by pages */
};
#define UNASKED_BYTES INT64_C(134217728) /* that are worth a connection more */

struct size { /* of the table, with all that is a part of it */
    int64_t pages, most_pages, bytes;
    bool tables; /* it has pages, and so has each of its parts */
    bool open;   /* all of it may be read: pages are nobody's who may read some columns */
};

static const struct pg_doing looking = {.what = "the table cannot be divided",
                                        .option = "/connections"};

int32_t share_check(struct qetl_env env)
{
    if (qetl_option_given(env, "/split_by") && !qetl_option_given(env, "/table"))
        return qetl_fail(env, QETL_E_CONFIG, "/split_by", NULL, "split_by goes with table alone");
    if (qetl_option_given(env, "/query") && qetl_option_int(env, "/connections") > 1)
        return qetl_fail(env, QETL_E_CONFIG, "/connections",
                         "name a table, or read the query by one connection",
                         "a query cannot be divided among connections");
    return QETL_OK;
}

/* ---- How many ---- */

static int32_t size_read(const struct share *h, struct size *out)
{
    static const char sql[] =
        "WITH RECURSIVE parts AS (SELECT $1::pg_catalog.oid AS oid UNION SELECT i.inhrelid FROM "
        "pg_catalog.pg_inherits i JOIN parts p ON i.inhparent = p.oid), sizes AS (SELECT "
        "c.relkind, "
        "a.amname, pg_catalog.pg_relation_size(c.oid) AS bytes FROM parts p JOIN "
        "pg_catalog.pg_class c ON c.oid = p.oid LEFT JOIN pg_catalog.pg_am a ON a.oid = c.relam) "
        "SELECT sum(bytes), max(bytes), pg_catalog.current_setting('block_size'), "
        "bool_and(relkind = 'p' OR (relkind IN ('r', 'm') AND amname = 'heap')), "
        "pg_catalog.has_table_privilege($1::pg_catalog.oid, 'SELECT') FROM sizes";
    char oid[24];
    PGresult *answer = NULL;
    const char *const values[] = {oid};
    snprintf(oid, sizeof oid, "%u", h->relation->oid);
    int32_t status = pg_session_run(h->session, looking, sql, 1, values, &answer);
    if (!status && PQntuples(answer) == 1) {
        int64_t page = strtoll(PQgetvalue(answer, 0, 2), NULL, 10);
        page = page ? page : 8192;
        out->bytes = strtoll(PQgetvalue(answer, 0, 0), NULL, 10);
        out->pages = out->bytes / page;
        out->most_pages = strtoll(PQgetvalue(answer, 0, 1), NULL, 10) / page;
        out->tables = *PQgetvalue(answer, 0, 3) == 't';
        out->open = *PQgetvalue(answer, 0, 4) == 't';
    }
    PQclear(answer);
    return status;
}

/* By itself a source takes more connections than one only where nobody can miss an order, where all
 * of a large table is read, and where the run has few. */
static int64_t unasked(const struct share *h, const struct size *size, bool by_column)
{
    bool findable = by_column || (size->open && h->session->version >= TID_RANGES);
    if (h->relation->n_keys || h->judges || !*h->moment->snapshot || !size->tables || !findable)
        return 1;
    int64_t spare = UNASKED_MAX - moment_connections(h->session);
    int64_t worth = size->bytes / UNASKED_BYTES - 1;
    return 1 + (worth < spare ? worth : spare);
}

static int32_t refuse(const struct share *h, const char *option, const char *mend, const char *why)
{
    return qetl_fail(h->session->env, QETL_E_CONFIG, option, mend, "%s: %s", h->session->who, why);
}

static int32_t decide(const struct share *h, const struct size *size, bool by_column, int64_t *out)
{
    struct qetl_env env = h->session->env;
    bool asked = qetl_option_given(env, "/connections");
    *out = asked ? qetl_option_int(env, "/connections") : unasked(h, size, by_column);
    if (!asked || *out < 2)
        return QETL_OK;
    if (!size->tables)
        return refuse(h, "/connections", "read it by one connection, or name a table",
                      "a view or a foreign table cannot be divided among connections");
    if (!*h->moment->snapshot)
        return refuse(h, "/connections",
                      "GRANT EXECUTE ON FUNCTION pg_export_snapshot() TO this user, or read it by "
                      "one connection",
                      "the server does not let several connections see one moment");
    if (!by_column && h->session->version < TID_RANGES)
        return refuse(h, "/connections", "name a column that has an index: split_by",
                      "servers before PostgreSQL 14 do not find rows by their pages");
    return QETL_OK;
}

/* Those of the run itself would stand in each other's way until nobody waits any more. */
static int32_t fit(const struct share *h, int64_t *n)
{
    struct pg_session *s = h->session;
    char limit[300];
    int64_t more;
    int32_t status = *n < 2 ? QETL_OK : room_read(s, &more, limit, sizeof limit);
    if (status || *n < 2 || more >= *n - 1)
        return status;
    int64_t fewer = more > 0 ? more + 1 : 1;
    qetl_logf(s->env, QETL_LOG_WARN,
              "%s: the table is read by %lld connections, not %lld, as there is no room for more "
              "(%s)",
              s->who, (long long)fewer, (long long)*n, limit);
    *n = fewer;
    return QETL_OK;
}

/* ---- Where ---- */

static int32_t write_span(struct share *h, const struct span *span, const struct qetl_writer *out)
{
    struct qetl_parcel parcel;
    struct qetl_blob blob = span_pack(span, h->moment, &parcel);
    h->spans++;
    return out->write(out->stream, blob.data, blob.size);
}

static int32_t all(struct share *h, const struct qetl_writer *out)
{
    return write_span(h, &(struct span){.kind = SPAN_ALL}, out);
}

static int32_t pages(struct share *h, const struct size *size, int64_t n,
                     const struct qetl_writer *out)
{
    int32_t status = QETL_OK;
    int64_t from = 0;
    if (n > size->most_pages)
        n = size->most_pages;
    for (int64_t i = 1; !status && i <= n; i++) {
        char begin[40], end[40];
        int64_t to = size->most_pages / n * i + size->most_pages % n * i / n;
        snprintf(begin, sizeof begin, "(%" PRId64 ",0)", from);
        snprintf(end, sizeof end, "(%" PRId64 ",0)", to);
        struct span span = {
            .kind = SPAN_PAGES, .from = i > 1 ? begin : NULL, .to = i < n ? end : NULL};
        if (n > 1)
            status = write_span(h, &span, out);
        from = to;
    }
    h->together = n > 1;
    return n > 1 ? status : all(h, out);
}

static const char *option_of_column(const struct share *h)
{
    return qetl_option_given(h->session->env, "/split_by") ? "/split_by" : "/key";
}

static const struct pg_doing dividing = {.what = "its values do not divide the table",
                                         .option = "/split_by"};

/* Values without an order (json, point), or of which the server makes no array (arrays). */
static int32_t borders_refuse(const struct share *h, const char *column, const PGresult *refused)
{
    char why[400];
    const char *state = PQresultErrorField(refused, PG_DIAG_SQLSTATE);
    if (!state || (strcmp(state, "42883") != 0 && strcmp(state, "42704") != 0))
        return pg_session_fault(h->session, dividing, refused);
    snprintf(why, sizeof why, "the values of %.100s have no order that divides them", column);
    return refuse(h, option_of_column(h), "split by a column of numbers, texts or moments", why);
}

/* Of a column's values, as a sample has them, the least, and those that divide the rows into n like
 * parts. */
static int32_t borders_read(const struct share *h, const char *column, const struct size *size,
                            int64_t n, PGresult **out)
{
    struct pg_sql sql = {0};
    char fractions[CONNECTIONS_MAX * 12 + 4] = "{0", percent[40];
    size_t used = 2;
    for (int64_t i = 1; i < n; i++)
        used += (size_t)snprintf(fractions + used, sizeof fractions - used, ",0.%04" PRId64,
                                 10000 * i / n);
    snprintf(fractions + used, sizeof fractions - used, "}");
    int64_t part =
        size->pages > SAMPLE_PAGES ? SAMPLE_PAGES * INT64_C(100000000) / size->pages : 100000000;
    snprintf(percent, sizeof percent, "%" PRId64 ".%06" PRId64, part / 1000000, part % 1000000);
    const char *const values[] = {fractions, percent};
    pg_sql_put(&sql,
               "SELECT border::pg_catalog.text FROM (SELECT DISTINCT pg_catalog.unnest((SELECT "
               "pg_catalog.percentile_disc($1::pg_catalog.float8[]) WITHIN GROUP (ORDER BY ");
    pg_sql_name(&sql, column);
    pg_sql_put(&sql, ") FROM ");
    relation_from(h->relation, &sql);
    pg_sql_put(&sql, " TABLESAMPLE SYSTEM ($2::pg_catalog.float4) REPEATABLE (0))) AS border) AS "
                     "borders WHERE border IS NOT NULL ORDER BY borders.border");
    int32_t status = sql.failed ? pg_fault_memory(h->session->env)
                                : pg_session_try(h->session, dividing, sql.text, 2, values, out);
    pg_sql_free(&sql);
    return status || !pg_session_refused(*out) ? status : borders_refuse(h, column, *out);
}

static int32_t column_read(const struct share *h, struct span *span)
{
    static const char sql[] =
        "SELECT pg_catalog.format_type(atttypid, -1), attnotnull FROM pg_catalog.pg_attribute "
        "WHERE "
        "attrelid = $1::pg_catalog.oid AND attname = $2 AND attnum > 0 AND NOT attisdropped";
    char oid[24];
    PGresult *answer = NULL;
    const char *const values[] = {oid, span->column};
    snprintf(oid, sizeof oid, "%u", h->relation->oid);
    int32_t status = pg_session_run(h->session, looking, sql, 2, values, &answer);
    if (!status && PQntuples(answer) != 1)
        status = refuse(h, option_of_column(h), "name a column of the table",
                        "the table has no such column");
    if (!status) {
        span->type = strdup(PQgetvalue(answer, 0, 0));
        span->nulls = *PQgetvalue(answer, 0, 1) != 't';
        status = span->type ? QETL_OK : pg_fault_memory(h->session->env);
    }
    PQclear(answer);
    return status;
}

/* Whether it is needed or not: a name that is wrong is told at once. */
static int32_t column_check(const struct share *h, const char *column)
{
    struct span span = {.column = (char *)column};
    int32_t status = column_read(h, &span);
    free(span.type);
    return status;
}

static int32_t between(struct share *h, struct span span, const PGresult *borders,
                       const struct qetl_writer *out)
{
    int32_t status = QETL_OK;
    bool nulls = span.nulls;
    for (int i = 1; !status && i < PQntuples(borders); i++) {
        char *border = PQgetvalue(borders, i, 0);
        if (strlen(border) > BORDER_MAX)
            continue;
        span.to = border;
        span.nulls = nulls && !span.from;
        status = write_span(h, &span, out);
        span.from = border;
    }
    span.to = NULL;
    span.nulls = false;
    if (!span.from)
        return status ? status : all(h, out);
    return status ? status : write_span(h, &span, out);
}

static int32_t by_column(struct share *h, const struct size *size, const char *column, int64_t n,
                         const struct qetl_writer *out)
{
    struct span span = {.kind = SPAN_COLUMN, .column = (char *)column};
    PGresult *borders = NULL;
    int32_t status = column_read(h, &span);
    if (!status)
        status = borders_read(h, column, size, n, &borders);
    if (!status)
        status = between(h, span, borders, out);
    h->together = !h->relation->n_keys && h->spans > 1;
    PQclear(borders);
    free(span.type);
    return status;
}

int32_t share_plan(struct share *h, int64_t wanted, const struct qetl_writer *out)
{
    struct qetl_env env = h->session->env;
    const char *named = qetl_option_text(env, "/split_by");
    const char *key = h->relation->n_keys ? h->relation->keys[0] : NULL;
    const char *column = named ? named : key;
    struct size size = {0};
    int64_t n = 1;
    h->spans = 0;
    h->together = false;
    if (named && key && strcmp(named, key) != 0)
        return refuse(h, "/split_by", "split by the key's first column, or leave key out",
                      "with a key, the connections share the values of its first column");
    int32_t status = named ? column_check(h, named) : QETL_OK;
    if (status)
        return status;
    if (wanted < 2 || h->limited || !h->relation->table || !h->relation->oid)
        return all(h, out);
    status = size_read(h, &size);
    if (!status)
        status = decide(h, &size, column != NULL, &n);
    if (status)
        return status;
    n = n < wanted ? n : wanted;
    n = n < CONNECTIONS_MAX ? n : CONNECTIONS_MAX;
    status = fit(h, &n);
    return status   ? status
           : n < 2  ? all(h, out)
           : column ? by_column(h, &size, column, n, out)
                    : pages(h, &size, n, out);
}
