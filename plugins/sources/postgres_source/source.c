/* SPDX-License-Identifier: Apache-2.0 */
/* The source `postgres`: rows of a table or a query as batches, of one state of the database. */
#include "discover.h"
#include "moment.h"
#include "predicate.h"
#include "reader.h"
#include "relation.h"
#include "share.h"
#include "values.h"

#include <qetl/parcel.h>
#include <qetl/splits.h>
#include <stdlib.h>

struct postgres_source {
    struct pg_session session;
    struct moment moment;
    struct relation relation;
    int64_t *wants; /* columns that are read, in the order of the batches' */
    int64_t n_wants;
    struct predicates predicates;
    int64_t limit; /* -1: none */
    int32_t spans; /* that were planned */
    bool together; /* they are of one moment */
    struct reader reader;
};

static int32_t source_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                             const char *config)
{
    struct postgres_source *s = self;
    struct qetl_env env = {host, ctx};
    (void)config;
    s->limit = -1;
    s->reader.session = &s->session;
    s->reader.relation = &s->relation;
    int32_t status = qetl_options_need(env);
    if (!status)
        status = pg_session_init(&s->session, env);
    if (status)
        return status;
    bool table = qetl_option_given(env, "/table"), query = qetl_option_given(env, "/query");
    if (table && query)
        return qetl_fail(env, QETL_E_CONFIG, "/query", NULL,
                         "table and query cannot stand beside each other");
    if (query && qetl_option_given(env, "/schema"))
        return qetl_fail(env, QETL_E_CONFIG, "/schema", "name the schema in the query",
                         "schema goes with table alone");
    return share_check(env);
}

static void source_destroy(void *self)
{
    struct postgres_source *s = self;
    reader_free(&s->reader);
    free(s->wants);
    predicates_free(&s->predicates);
    relation_free(&s->relation);
    pg_session_free(&s->session);
}

static int32_t wants_set(struct postgres_source *s, int64_t n, const int64_t *columns)
{
    free(s->wants);
    s->wants = calloc((size_t)n + 1, sizeof *s->wants);
    s->n_wants = s->wants ? n : 0;
    for (int64_t i = 0; i < s->n_wants; i++)
        s->wants[i] = columns ? columns[i] : i;
    return s->wants ? QETL_OK : pg_fault_memory(s->session.env);
}

static int32_t source_start(void *self)
{
    struct postgres_source *s = self;
    struct qetl_env env = s->session.env;
    if (!qetl_option_given(env, "/table") && !qetl_option_given(env, "/query"))
        return qetl_fail(env, QETL_E_CONFIG, "/table",
                         "`qetl conns discover` shows what there is to read",
                         "neither table nor query says what to read");
    relation_free(&s->relation); /* of a start that failed */
    int32_t status = pg_session_open(&s->session);
    if (!status)
        status = moment_begin(&s->moment, &s->session);
    if (!status)
        status = relation_open(&s->relation, &s->session);
    if (!status && !s->relation.n_keys)
        qetl_logf(s->session.env, QETL_LOG_INFO,
                  "%s: nothing says in which order rows stand (key), so that a run cannot go on "
                  "half-way",
                  s->session.who);
    if (!status)
        status = wants_set(s, s->relation.schema.n_children, NULL);
    return status ? status : moment_tell(&s->moment, &s->session);
}

static void source_interrupt(void *self)
{
    struct postgres_source *s = self;
    pg_session_ring(&s->session);
}

static int32_t source_describe(void *self, struct qetl_source_info *out)
{
    struct postgres_source *s = self;
    out->emits = QETL_EMITS_BATCHES;
    out->delivery = QETL_REPLAYABLE;
    out->bytes_expected = -1;
    out->rows_expected = -1;
    return qetl_schema_copy(&s->relation.schema, &out->schema);
}

/* Whether all of them are judged here, so that the rows that come are the rows that count. */
static int32_t negotiate_rows(struct postgres_source *s, struct qetl_pushdown *request, bool *all)
{
    *all = true;
    for (int64_t i = 0; i < request->n_predicates; i++) {
        int32_t answer = predicates_add(&s->predicates, &s->relation, request->predicates[i]);
        if (answer < 0)
            return pg_fault_memory(s->session.env);
        request->predicates_answer[i] = answer;
        *all = *all && answer == QETL_PUSH_EXACT;
    }
    return QETL_OK;
}

/* Rows that are rejected do not count, so that nobody may stop behind so many of all. */
static bool rejects(const struct postgres_source *s, const struct qetl_pushdown *request)
{
    bool rejects = false;
    bool all = request->n_columns < 0;
    int64_t n = all ? s->relation.schema.n_children : request->n_columns;
    for (int64_t i = 0; !rejects && i < n; i++)
        rejects = relation_rejects(&s->relation, all ? i : request->columns[i]);
    return rejects;
}

static int32_t source_negotiate(void *self, struct qetl_pushdown *request)
{
    struct postgres_source *s = self;
    bool all;
    predicates_free(&s->predicates);
    s->limit = -1;
    int32_t status = negotiate_rows(s, request, &all);
    if (!status && all && request->limit >= 0 && !rejects(s, request)) {
        s->limit = request->limit;
        *request->limit_answer = QETL_PUSH_EXACT;
    }
    if (status || request->n_columns < 0)
        return status;
    status = wants_set(s, request->n_columns, request->columns);
    *request->columns_answer = status ? QETL_PUSH_NO : QETL_PUSH_EXACT;
    return status;
}

/* ---- Splits ---- */

static int32_t source_plan_splits(void *self, int64_t wanted, const struct qetl_writer *out)
{
    struct postgres_source *s = self;
    struct share share = {.session = &s->session,
                          .relation = &s->relation,
                          .moment = &s->moment,
                          .judges = s->predicates.where.size > 0,
                          .limited = s->limit >= 0};
    int32_t status = share_plan(&share, wanted, out);
    s->spans = share.spans;
    s->together = share.together;
    return status;
}

static int32_t source_readers(void *self, uint32_t *flags)
{
    struct postgres_source *s = self;
    *flags = s->together ? QETL_SPLITS_TOGETHER : 0;
    return s->spans;
}

static int32_t source_asked(void *self)
{
    const struct postgres_source *s = self;
    return qetl_option_given(s->session.env, "/connections");
}

/* ---- Opening ---- */

static int32_t position_read(struct postgres_source *s, const struct qetl_blob *position,
                             struct values *keys)
{
    struct qetl_parcel_in in;
    bool lacks = false;
    qetl_parcel_open(&in, *position, 1);
    bool fits = qetl_parcel_int(&in) == s->relation.n_keys && s->relation.n_keys;
    for (int64_t i = 0; fits && !lacks && i < s->relation.n_keys; i++) {
        struct qetl_blob bytes = qetl_parcel_bytes(&in);
        char *text = strndup(bytes.data ? bytes.data : "", bytes.size);
        lacks = !text || values_add(keys, text) < 0;
        free(text);
    }
    if (lacks)
        return pg_fault_memory(s->session.env);
    return fits && !qetl_parcel_close(&in)
               ? QETL_OK
               : qetl_fail(s->session.env, QETL_E_UNSUPPORTED, NULL, "begin anew: --full-refresh",
                           "%s: the position is none of these options", s->session.who);
}

static int32_t rows_begin(struct postgres_source *s, const struct relation_part *part)
{
    struct pg_sql copy = {0}, select = {0};
    relation_copy(&s->relation, &copy, s->n_wants, s->wants, part);
    relation_select(&s->relation, &select, s->n_wants, s->wants, part);
    struct flow_statement statement = {copy.text, select.text};
    int32_t status = copy.failed || select.failed ? pg_fault_memory(s->session.env)
                                                  : reader_open(&s->reader, &statement);
    pg_sql_free(&copy);
    pg_sql_free(&select);
    return status;
}

/* The values of the position, of the conditions and of the span, as settings, in this order. */
static int32_t part_open(struct postgres_source *s, const struct values *keys,
                         const struct values *bounds, struct relation_part *part)
{
    int64_t first = s->relation.n_keys + 1;
    part->span_first = first + s->predicates.values.n;
    int32_t status = reader_stop(&s->reader); /* of an open before */
    if (!status)
        status = values_set(keys, &s->session, 1);
    if (!status)
        status = values_set(&s->predicates.values, &s->session, first);
    if (!status)
        status = values_set(bounds, &s->session, part->span_first);
    return status ? status : rows_begin(s, part);
}

static int32_t source_open(void *self, struct qetl_blob split, const struct qetl_blob *position)
{
    struct postgres_source *s = self;
    struct values keys = {0}, bounds = {0};
    struct span span;
    struct relation_part part = {.behind = position && position->size,
                                 .where =
                                     s->predicates.where.size ? s->predicates.where.text : NULL,
                                 .limit = s->limit};
    s->reader.wants = s->wants;
    s->reader.n_wants = s->n_wants;
    int32_t status = span_unpack(&span, &s->moment, &s->session, split);
    part.span = span.kind == SPAN_ALL ? NULL : &span;
    if (!status && span_values(&span, &bounds))
        status = pg_fault_memory(s->session.env);
    if (!status && part.behind)
        status = position_read(s, position, &keys);
    if (!status)
        status = part_open(s, &keys, &bounds, &part);
    values_free(&keys);
    values_free(&bounds);
    span_free(&span);
    return status;
}

/* ---- Rows ---- */

static int32_t await(struct postgres_source *s)
{
    struct qetl_env env = s->session.env;
    const struct qetl_poll *poll = env.host->get_extension(env.ctx, QETL_EXT_POLL);
    if (!poll || !poll->watch)
        return qetl_fail(env, QETL_E_UNSUPPORTED, NULL, NULL,
                         "this host has no qetl.poll/1, which connections to servers need");
    int32_t status = poll->watch(env.ctx, PQsocket(s->session.conn), QETL_POLL_IN);
    return status < 0 ? qetl_fail(env, status, NULL, NULL, "the host cannot watch a descriptor")
                      : QETL_IDLE;
}

static int32_t source_next(void *self, const struct qetl_demand *demand, struct qetl_item *out)
{
    struct postgres_source *s = self;
    int32_t answer = reader_next(&s->reader, demand, &out->batch);
    if (answer == QETL_IDLE)
        return await(s);
    if (answer == QETL_BATCH && s->relation.n_keys) {
        out->flags = QETL_ITEM_CUT;
        out->position = qetl_parcel_blob(&s->reader.boundary);
    }
    return answer;
}

/* ---- The component ---- */

static int32_t source_discover(void *self, void *stream, discover_found *found)
{
    struct postgres_source *s = self;
    return discover(&s->session, stream, found);
}

static const void *source_get_extension(void *self, const char *id)
{
    static const struct qetl_discover discovers = {sizeof discovers, source_discover};
    static const struct qetl_splits splits = {
        .struct_size = sizeof splits, .readers = source_readers, .asked = source_asked};
    (void)self;
    return strcmp(id, QETL_EXT_DISCOVER) == 0 ? (const void *)&discovers
           : strcmp(id, QETL_EXT_SPLITS) == 0 ? &splits
                                              : NULL;
}

static const struct qetl_source source_vtable = {
    .struct_size = sizeof(struct qetl_source),
    .describe = source_describe,
    .negotiate = source_negotiate,
    .plan_splits = source_plan_splits,
    .open = source_open,
    .next = source_next,
};

static const struct qetl_component postgres_component = {
    .struct_size = sizeof(struct qetl_component),
    .kind = QETL_SOURCE,
    .id = "postgres",
    .state_size = sizeof(struct postgres_source),
    .create = source_create,
    .destroy = source_destroy,
    .start = source_start,
    .interrupt = source_interrupt,
    .get_extension = source_get_extension,
    .source = &source_vtable,
};

QETL_PLUGIN("postgres-source", "0.1.0", &postgres_component)
