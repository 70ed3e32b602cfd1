/* SPDX-License-Identifier: Apache-2.0 */
/* The source `sqlite`: rows of a table or a query as batches, of one state of the database. */
#include "discover.h"
#include "fault.h"
#include "letter.h"
#include "position.h"
#include "predicate.h"
#include "relation.h"
#include "span.h"
#include "take.h"

#include <qetl/splits.h>
#include <stdio.h>
#include <stdlib.h>

enum { BATCH_ROWS = 16384, BATCH_BYTES = 4 << 20 /* where nobody says */ };
enum { VALUE_BYTES = 16, SHOWN_BYTES = 60 };

struct sqlite_source {
    struct database database;
    struct relation relation;
    int64_t *wants; /* columns that are read, in the order of the batches' */
    int64_t n_wants;
    struct predicates predicates;
    struct taker *takers; /* one a want */
    struct ArrowArray *arrays;
    sqlite3_stmt *statement;
    struct position position, boundary; /* of the last row; of the one before the batch */
    int64_t left;                       /* rows that are still wanted */
    int64_t spans;                      /* that were planned */
    bool ended;
};

static int32_t source_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                             const char *config)
{
    struct sqlite_source *s = self;
    struct database *d = &s->database;
    (void)config;
    d->env = (struct qetl_env){host, ctx};
    pthread_mutex_init(&d->closing, NULL);
    int32_t status = qetl_options_need(d->env);
    if (status)
        return status;
    d->path = qetl_option_text(d->env, "/path");
    s->left = INT64_MAX;
    bool table = qetl_option_given(d->env, "/table"), query = qetl_option_given(d->env, "/query");
    return table && query ? qetl_fail(d->env, QETL_E_CONFIG, "/query", NULL,
                                      "table and query cannot stand beside each other")
                          : QETL_OK;
}

static void takers_free(struct sqlite_source *s)
{
    for (int64_t i = 0; s->takers && i < s->n_wants; i++)
        taker_free(&s->takers[i]);
    free(s->takers);
    free(s->arrays);
    s->takers = NULL;
    s->arrays = NULL;
}

static void source_destroy(void *self)
{
    struct sqlite_source *s = self;
    takers_free(s);
    free(s->wants);
    predicates_free(&s->predicates);
    sqlite3_finalize(s->statement);
    position_free(&s->position);
    position_free(&s->boundary);
    relation_free(&s->relation);
    database_close(&s->database);
    pthread_mutex_destroy(&s->database.closing);
}

static int32_t wants_set(struct sqlite_source *s, int64_t n, const int64_t *columns)
{
    free(s->wants);
    s->wants = calloc((size_t)n + 1, sizeof *s->wants);
    s->n_wants = s->wants ? n : 0;
    for (int64_t i = 0; i < s->n_wants; i++)
        s->wants[i] = columns ? columns[i] : i;
    return s->wants ? QETL_OK : fault_memory(s->database.env);
}

static int32_t source_start(void *self)
{
    struct sqlite_source *s = self;
    struct qetl_env env = s->database.env;
    if (!qetl_option_given(env, "/table") && !qetl_option_given(env, "/query"))
        return qetl_fail(env, QETL_E_CONFIG, "/table",
                         "`qetl conns discover sqlite path=FILE` shows the tables",
                         "neither table nor query says what to read");
    relation_free(&s->relation); /* of a start that found the database busy */
    database_close(&s->database);
    int32_t status = database_open(&s->database);
    if (!status)
        status = relation_open(&s->relation, &s->database);
    if (!status)
        status = span_check(&s->relation, &s->database);
    if (!status && !s->relation.n_keys)
        qetl_logf(s->database.env, QETL_LOG_INFO,
                  "%s: nothing says in which order rows stand (key), so that a run cannot go on "
                  "half-way",
                  s->database.path);
    return status ? status : wants_set(s, s->relation.schema.n_children, NULL);
}

static void source_interrupt(void *self)
{
    struct sqlite_source *s = self;
    database_interrupt(&s->database);
}

static int32_t source_describe(void *self, struct qetl_source_info *out)
{
    struct sqlite_source *s = self;
    out->emits = QETL_EMITS_BATCHES;
    out->delivery = QETL_REPLAYABLE;
    out->bytes_expected = -1;
    out->rows_expected = -1;
    return qetl_schema_copy(&s->relation.schema, &out->schema);
}

/* Whether all of them are judged here, so that the rows that come are the rows that count. */
static int32_t negotiate_rows(struct sqlite_source *s, struct qetl_pushdown *request, bool *all)
{
    *all = true;
    for (int64_t i = 0; i < request->n_predicates; i++) {
        int32_t answer = predicates_add(&s->predicates, &s->relation, request->predicates[i]);
        if (answer < 0)
            return fault_memory(s->database.env);
        request->predicates_answer[i] = answer;
        *all = *all && answer == QETL_PUSH_EXACT;
    }
    return QETL_OK;
}

static int32_t source_negotiate(void *self, struct qetl_pushdown *request)
{
    struct sqlite_source *s = self;
    bool all;
    predicates_free(&s->predicates);
    s->left = INT64_MAX;
    int32_t status = negotiate_rows(s, request, &all);
    if (!status && all && request->limit >= 0) {
        s->left = request->limit;
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
    struct sqlite_source *s = self;
    int64_t connections = qetl_option_int(s->database.env, "/connections");
    bool one = wanted < 2 || s->left < INT64_MAX;
    return span_plan(&s->relation, &s->database, one ? 1 : connections, out, &s->spans);
}

static int32_t source_readers(void *self, uint32_t *flags)
{
    struct sqlite_source *s = self;
    int64_t connections = qetl_option_int(s->database.env, "/connections");
    (void)flags; /* numbers stay what they are: each part can be gone on with */
    return (int32_t)(s->spans < connections ? s->spans : connections);
}

/* ---- Opening ---- */

static int32_t takers_open(struct sqlite_source *s)
{
    int32_t status = QETL_OK;
    takers_free(s);
    s->takers = calloc((size_t)s->n_wants + 1, sizeof *s->takers);
    s->arrays = calloc((size_t)s->n_wants + 1, sizeof *s->arrays);
    if (!s->takers || !s->arrays)
        return fault_memory(s->database.env);
    for (int64_t i = 0; !status && i < s->n_wants; i++)
        status = taker_open(&s->takers[i], s->database.env, s->database.db,
                            s->relation.schema.children[s->wants[i]], 0);
    return status ? fault_memory(s->database.env) : QETL_OK;
}

static int32_t position_take(struct sqlite_source *s, const struct qetl_blob *position)
{
    struct database *d = &s->database;
    if (!s->relation.n_keys || !position_bind(position, s->statement, s->relation.n_keys))
        return qetl_fail(d->env, QETL_E_UNSUPPORTED, NULL, "begin anew: --full-refresh",
                         "%s: the position is none of these options", d->path);
    return relation_check_numbers(&s->relation, d, position_cookie(position));
}

static int32_t source_open(void *self, struct qetl_blob split, const struct qetl_blob *position)
{
    struct sqlite_source *s = self;
    struct database *d = &s->database;
    struct span span;
    struct relation_part part = {.behind = position && position->size,
                                 .where = s->predicates.where};
    int32_t status = span_unpack(&span, &s->relation, d, split);
    if (status)
        return status;
    part.span = span_is_all(&span) ? NULL : &span;
    sqlite3_finalize(s->statement);
    s->statement = NULL;
    s->ended = false;
    s->boundary.size = 0;
    char *sql = relation_select(&s->relation, d, s->n_wants, s->wants, &part);
    status = database_prepare(d, sql, &s->statement, s->relation.table ? "/table" : "/query",
                              "it cannot be read");
    if (!status && part.behind)
        status = position_take(s, position);
    if (!status)
        predicates_bind(&s->predicates, s->statement, s->relation.n_keys);
    return status ? status : takers_open(s);
}

/* ---- Rows ---- */

/* Of so many bytes, those that are whole characters. */
static size_t utf8_prefix(const char *text, size_t most)
{
    size_t size = strnlen(text, most);
    while (size == most && size && ((unsigned char)text[size] & 0xc0) == 0x80)
        most = --size;
    return size;
}

/* "a text abc": what stands there, as far as it can be shown. */
static void value_describe(sqlite3_stmt *row, int i, bool legible, char *out, size_t size)
{
    static const char *const names[] = {[SQLITE_INTEGER] = "an integer",
                                        [SQLITE_FLOAT] = "a real number",
                                        [SQLITE_TEXT] = "a text",
                                        [SQLITE_BLOB] = "a blob",
                                        [SQLITE_NULL] = "NULL"};
    int class = sqlite3_column_type(row, i);
    const char *text = class == SQLITE_BLOB ? "" : (const char *)sqlite3_column_text(row, i);
    if (!legible)
        snprintf(out, size, "%s that is no UTF-8", names[class]);
    else
        snprintf(out, size, "%s%s%.*s", names[class], *text ? " " : "",
                 (int)utf8_prefix(text, SHOWN_BYTES), text);
}

static int32_t reject(struct sqlite_source *s, int64_t want, int64_t ordinal)
{
    char why[600], type[64], value[160];
    struct qetl_env env = s->database.env;
    int at = relation_place(&s->relation, s->wants, want);
    int class = sqlite3_column_type(s->statement, at);
    bool legible = class != SQLITE_TEXT || qetl_utf8_valid(sqlite3_column_text(s->statement, at),
                                                           sqlite3_column_bytes(s->statement, at));
    const struct ArrowSchema *field = s->relation.schema.children[s->wants[want]];
    int n = sqlite3_column_count(s->statement);
    char *row = letter_make(s->statement, s->relation.n_keys ? (int)s->n_wants : n);
    if (!row)
        return fault_memory(env);
    value_describe(s->statement, at, legible, value, sizeof value);
    const char *other = class == SQLITE_BLOB || !legible ? "binary" : "text";
    snprintf(why, sizeof why, "%s is no %s; as %s it can be read: types: {%.100s: %s}", value,
             qetl_type_name(field, type, sizeof type), other, field->name, other);
    struct qetl_reject info = {.struct_size = sizeof info,
                               .row = ordinal,
                               .column = s->wants[want],
                               .code = "bad_type",
                               .message = why,
                               .bytes = row,
                               .bytes_size = (int64_t)strlen(row),
                               .bytes_offset = -1};
    env.host->reject(env.ctx, &info);
    sqlite3_free(row);
    return QETL_OK;
}

/* How many bytes the row has, about. */
static int64_t row_bytes(const struct sqlite_source *s)
{
    int64_t bytes = VALUE_BYTES * s->n_wants;
    for (int64_t i = 0; i < s->n_wants; i++)
        if (s->takers[i].way >= TAKE_TEXT && s->takers[i].way <= TAKE_BINARY)
            bytes += sqlite3_column_bytes(s->statement, relation_place(&s->relation, s->wants, i));
    return bytes;
}

/* rows: those of the batch so far. */
static int32_t row_take(struct sqlite_source *s, int64_t *rows, int64_t *rejected)
{
    int32_t status = QETL_OK;
    int64_t i = 0;
    for (; !status && i < s->n_wants; i++)
        status = taker_take(&s->takers[i], s->statement, relation_place(&s->relation, s->wants, i));
    if (!status) {
        ++*rows;
        return QETL_OK;
    }
    for (int64_t k = 0; k < i; k++)
        qetl_builder_truncate(&s->takers[k].builder, *rows);
    if (status == QETL_E_NO_MEMORY)
        return fault_memory(s->database.env);
    return reject(s, i - 1, *rows + (*rejected)++);
}

/* Behind which row the next batch would begin: of each row, since none says that it is the last.
 * Two batches whose border no position tells would be read twice, or not at all. */
static int32_t position_move(struct sqlite_source *s)
{
    struct database *d = &s->database;
    int64_t cookie = s->relation.numbered ? d->cookie : 0;
    if (!position_note(&s->position, cookie, s->statement, (int)s->n_wants, s->relation.n_keys))
        return s->position.no_memory
                   ? fault_memory(d->env)
                   : qetl_fail(d->env, QETL_E_DATA, "/key", "name a key without NULL",
                               "%s: a row has NULL in its key", d->path);
    if (position_equals(&s->position, &s->boundary))
        return qetl_fail(d->env, QETL_E_DATA, "/key", "name columns that tell rows apart",
                         "%s: two rows have the same key", d->path);
    return QETL_OK;
}

static int32_t rows_fetch(struct sqlite_source *s, const struct qetl_demand *demand, int64_t *rows,
                          int64_t *rejected)
{
    int32_t status = QETL_OK;
    bool few = demand->max_rows > 0 && demand->max_rows < BATCH_ROWS;
    int64_t most = few ? demand->max_rows : BATCH_ROWS, bytes = 0;
    int64_t most_bytes = demand->max_bytes > 0 ? demand->max_bytes : BATCH_BYTES;
    while (!status && *rows + *rejected < most && *rows < s->left && bytes < most_bytes) {
        int code = sqlite3_step(s->statement);
        s->ended = code == SQLITE_DONE;
        if (code != SQLITE_ROW)
            return s->ended ? QETL_OK
                            : database_fault(&s->database, code, "/query", "it cannot be read");
        if (s->relation.n_keys)
            status = position_move(s);
        if (!status)
            status = row_take(s, rows, rejected);
        bytes += row_bytes(s);
    }
    return status;
}

static int32_t batch_close(struct sqlite_source *s, int64_t rows, struct ArrowArray *out)
{
    int32_t status = QETL_OK;
    for (int64_t i = 0; !status && i < s->n_wants; i++)
        status = qetl_builder_close(&s->takers[i].builder, &s->arrays[i]);
    if (!status)
        status = qetl_array_struct(s->database.env, rows, s->n_wants, s->arrays, out);
    for (int64_t i = 0; i < s->n_wants; i++)
        qetl_array_release(&s->arrays[i]);
    return status ? fault_memory(s->database.env) : QETL_OK;
}

static int32_t source_next(void *self, const struct qetl_demand *demand, struct qetl_item *out)
{
    struct sqlite_source *s = self;
    int64_t rows = 0, rejected = 0;
    if (s->ended || !s->left)
        return QETL_END;
    int32_t status = rows_fetch(s, demand, &rows, &rejected);
    if (status)
        return status;
    if (rows + rejected == 0)
        return QETL_END;
    status = batch_close(s, rows, &out->batch);
    if (status)
        return status;
    s->left -= rows;
    if (s->relation.n_keys) {
        struct position newest = s->position;
        s->position = s->boundary;
        s->boundary = newest;
        out->flags = QETL_ITEM_CUT;
        out->position = (struct qetl_blob){s->boundary.data, s->boundary.size};
    }
    return QETL_BATCH;
}

/* ---- The component ---- */

static int32_t source_list(void *self, void *stream,
                           int32_t (*add)(void *stream, const char *identity, const char *name,
                                          uint32_t flags))
{
    struct sqlite_source *s = self;
    char identity[4200];
    return qetl_identity_of_path(s->database.path, identity, sizeof identity)
               ? add(stream, identity, s->database.path, 0)
               : QETL_OK;
}

static int32_t source_discover(void *self, void *stream, discover_found *found)
{
    struct sqlite_source *s = self;
    return discover(&s->database, stream, found);
}

static const void *source_get_extension(void *self, const char *id)
{
    static const struct qetl_objects objects = {sizeof objects, source_list};
    static const struct qetl_discover discovers = {sizeof discovers, source_discover};
    static const struct qetl_splits splits = {.struct_size = sizeof splits,
                                              .readers = source_readers};
    (void)self;
    return strcmp(id, QETL_EXT_OBJECTS) == 0    ? (const void *)&objects
           : strcmp(id, QETL_EXT_DISCOVER) == 0 ? (const void *)&discovers
           : strcmp(id, QETL_EXT_SPLITS) == 0   ? &splits
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

static const struct qetl_component sqlite_component = {
    .struct_size = sizeof(struct qetl_component),
    .kind = QETL_SOURCE,
    .id = "sqlite",
    .state_size = sizeof(struct sqlite_source),
    .create = source_create,
    .destroy = source_destroy,
    .start = source_start,
    .interrupt = source_interrupt,
    .get_extension = source_get_extension,
    .source = &source_vtable,
};

QETL_PLUGIN("sqlite-source", "0.1.0", &sqlite_component)
