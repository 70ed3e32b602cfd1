/* SPDX-License-Identifier: Apache-2.0 */
/* The source `parquet`: rows of Parquet files as batches, only of the columns that are wanted. */
#include "parquet.h"

#include "files.h"
#include "take.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { BATCH_ROWS = 16384 };

struct parquet_source {
    struct session session;
    struct files files;
    struct ArrowSchema schema;
    struct shape *shapes; /* one a column of the schema */
    int64_t n_columns;
    int64_t *wants; /* columns that are read, in the order of the batches' */
    int64_t n_wants;
    struct qetl_builder *builders; /* one a want */
    struct duck_statement *statement;
    struct duck_pending *pending;
    struct duck_result result;
    struct duck_chunk *chunk; /* of the result, of which so many rows were handed out */
    int64_t chunk_rows, chunk_taken;
    bool streaming, exhausted;
    struct place {
        uint64_t files; /* digest of their names, sizes and times: rows are counted over all */
        int64_t rows;   /* handed out */
    } place;
};

static int32_t source_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                             const char *config)
{
    struct parquet_source *p = self;
    (void)config;
    p->session.env = (struct qetl_env){host, ctx};
    return qetl_options_need(p->session.env);
}

static void chunk_drop(struct parquet_source *p)
{
    if (p->chunk)
        p->session.duck.destroy_data_chunk(&p->chunk);
    p->chunk = NULL;
    p->chunk_rows = p->chunk_taken = 0;
}

static void query_end(struct parquet_source *p)
{
    const struct duck *duck = &p->session.duck;
    chunk_drop(p);
    if (p->streaming)
        duck->destroy_result(&p->result);
    if (p->pending)
        duck->destroy_pending(&p->pending);
    if (p->statement)
        duck->destroy_prepare(&p->statement);
    p->streaming = p->exhausted = false;
    p->pending = NULL;
    p->statement = NULL;
}

static void source_destroy(void *self)
{
    struct parquet_source *p = self;
    for (int64_t i = 0; p->builders && i < p->n_wants; i++)
        qetl_builder_free(&p->builders[i]);
    for (int64_t i = 0; p->shapes && i < p->n_columns; i++)
        shape_free(&p->shapes[i]);
    free(p->builders);
    free(p->shapes);
    free(p->wants);
    query_end(p);
    qetl_schema_release(&p->schema);
    files_free(&p->files);
    session_close(&p->session);
}

static int32_t wants_set(struct parquet_source *p, int64_t n, const int64_t *columns)
{
    free(p->wants);
    p->wants = calloc((size_t)n + 1, sizeof *p->wants);
    p->n_wants = p->wants ? n : 0;
    for (int64_t i = 0; i < p->n_wants; i++)
        p->wants[i] = columns ? columns[i] : i;
    return p->wants ? QETL_OK : session_memory(&p->session);
}

static int32_t source_start(void *self)
{
    struct parquet_source *p = self;
    p->session.threads = qetl_option_int(p->session.env, "/threads");
    int32_t status = session_open(&p->session, p->session.env);
    if (!status)
        status = files_open(&p->files, &p->session);
    if (!status)
        status = files_columns(&p->files, &p->session, &p->schema, &p->shapes);
    p->n_columns = p->schema.n_children;
    return status ? status : wants_set(p, p->n_columns, NULL);
}

static void source_interrupt(void *self)
{
    struct parquet_source *p = self;
    session_interrupt(&p->session);
}

static int32_t source_describe(void *self, struct qetl_source_info *out)
{
    struct parquet_source *p = self;
    out->emits = QETL_EMITS_BATCHES;
    out->delivery = QETL_REPLAYABLE;
    out->bytes_expected = p->files.bytes;
    out->rows_expected = p->files.rows;
    return qetl_schema_copy(&p->schema, &out->schema);
}

static int32_t source_negotiate(void *self, struct qetl_pushdown *request)
{
    struct parquet_source *p = self;
    if (request->n_columns < 0)
        return QETL_OK;
    int32_t status = wants_set(p, request->n_columns, request->columns);
    *request->columns_answer = status ? QETL_PUSH_NO : QETL_PUSH_EXACT;
    return status;
}

static int32_t builders_open(struct parquet_source *p)
{
    int32_t status = QETL_OK;
    p->builders = calloc((size_t)p->n_wants + 1, sizeof *p->builders);
    if (!p->builders)
        return session_memory(&p->session);
    for (int64_t i = 0; !status && i < p->n_wants; i++)
        status = qetl_builder_open(&p->builders[i], p->session.env, p->schema.children[p->wants[i]],
                                   BATCH_ROWS);
    return status ? session_memory(&p->session) : QETL_OK;
}

/* Where nobody wants a column the rows are counted all the same. */
static void select_make(const struct parquet_source *p, struct query *q, int64_t skip)
{
    query_add(q, "SELECT ");
    for (int64_t i = 0; i < p->n_wants; i++) {
        query_add(q, i ? ", " : "");
        query_quoted(q, p->schema.children[p->wants[i]]->name, '"');
    }
    query_add(q, "%s FROM %s", p->n_wants ? "" : "true", p->files.from.text);
    if (skip)
        query_add(q, " OFFSET %lld", (long long)skip);
}

static int32_t query_begin(struct parquet_source *p, const char *sql)
{
    struct session *s = &p->session;
    if (s->duck.prepare(s->connection, sql, &p->statement))
        return session_fault(s, "/path", s->duck.prepare_error(p->statement));
    if (s->duck.pending_prepared_streaming(p->statement, &p->pending))
        return session_fault(s, "/path", s->duck.pending_error(p->pending));
    p->streaming = true;
    if (s->duck.execute_pending(p->pending, &p->result))
        return session_fault(s, "/path", s->duck.result_error(&p->result));
    return QETL_OK;
}

static uint64_t digest_add(uint64_t digest, const void *data, size_t size)
{
    for (const uint8_t *at = data, *end = at + size; at < end; at++)
        digest = (digest ^ *at) * 0x100000001b3;
    return digest;
}

static uint64_t files_digest(const struct files *files)
{
    uint64_t digest = 0xcbf29ce484222325;
    for (int64_t i = 0; i < files->n; i++) {
        const char *path = files->items[i].path;
        struct stat st = {0};
        int64_t facts[3];
        if (stat(path, &st) != 0)
            st.st_size = -1;
        facts[0] = st.st_size;
        facts[1] = st.st_mtim.tv_sec;
        facts[2] = st.st_mtim.tv_nsec;
        digest = digest_add(digest, path, strlen(path) + 1);
        digest = digest_add(digest, facts, sizeof facts);
    }
    return digest;
}

static int32_t place_take(struct parquet_source *p, const struct qetl_blob *position)
{
    struct place place;
    if (position->size != sizeof place)
        return qetl_fail(p->session.env, QETL_E_UNSUPPORTED, NULL, "start the run anew",
                         "the position is none of this version of the source parquet");
    memcpy(&place, position->data, sizeof place);
    if (place.files != p->place.files)
        return qetl_fail(p->session.env, QETL_E_DATA, "/path",
                         "put the files back as they were, or start the run anew",
                         "cannot go on behind row %lld, where the last run stopped: files were "
                         "changed, added or removed meanwhile",
                         (long long)place.rows);
    p->place = place;
    return QETL_OK;
}

static int32_t source_open(void *self, struct qetl_blob split, const struct qetl_blob *position)
{
    struct parquet_source *p = self;
    struct query q = {0};
    (void)split;
    query_end(p);
    p->place = (struct place){.files = files_digest(&p->files)};
    p->session.about = p->files.items[0].path;
    int32_t status = position ? place_take(p, position) : QETL_OK;
    if (status)
        return status;
    select_make(p, &q, p->place.rows);
    status = q.bad ? session_memory(&p->session) : QETL_OK;
    if (!status && !p->builders)
        status = builders_open(p);
    if (!status)
        status = query_begin(p, q.text);
    query_free(&q);
    return status;
}

static int32_t chunk_take(struct parquet_source *p, int64_t rows)
{
    const struct duck *duck = &p->session.duck;
    int32_t status = QETL_OK;
    for (int64_t i = 0; !status && i < p->n_wants; i++) {
        struct shape *shape = &p->shapes[p->wants[i]];
        shape_attach(shape, duck, duck->data_chunk_get_vector(p->chunk, (uint64_t)i));
        status = take_rows(shape, &p->builders[i], p->chunk_taken, rows);
        if (status == QETL_E_DATA || status == QETL_E_UNSUPPORTED)
            return qetl_fail(
                p->session.env, QETL_E_DATA, "/path", NULL,
                "%s: column %s: a value in rows %lld to %lld is beyond what its type holds",
                files_at(&p->files, p->place.rows), p->schema.children[p->wants[i]]->name,
                (long long)p->place.rows + 1, (long long)(p->place.rows + rows));
    }
    return status == QETL_E_NO_MEMORY ? session_memory(&p->session) : status;
}

static int32_t batch_close(struct parquet_source *p, int64_t rows, struct ArrowArray *out)
{
    int32_t status = QETL_OK;
    struct ArrowArray *columns = calloc((size_t)p->n_wants + 1, sizeof *columns);
    if (!columns)
        return session_memory(&p->session);
    for (int64_t i = 0; !status && i < p->n_wants; i++)
        status = qetl_builder_close(&p->builders[i], &columns[i]);
    if (!status)
        status = qetl_array_struct(p->session.env, rows, p->n_wants, columns, out);
    for (int64_t i = 0; i < p->n_wants; i++)
        qetl_array_release(&columns[i]);
    free(columns);
    return status ? session_memory(&p->session) : QETL_OK;
}

/* The next chunk, or none: the result is exhausted. */
static int32_t chunk_fetch(struct parquet_source *p)
{
    const struct duck *duck = &p->session.duck;
    chunk_drop(p);
    p->chunk = duck->fetch_chunk(p->result);
    if (p->chunk) {
        p->chunk_rows = (int64_t)duck->data_chunk_get_size(p->chunk);
        return QETL_OK;
    }
    const char *error = duck->result_error(&p->result);
    p->exhausted = true;
    p->session.about = files_at(&p->files, p->place.rows);
    return error ? session_fault(&p->session, "/path", error) : QETL_OK;
}

/* Rows up to a batch, fewer only at the end. */
static int32_t rows_fetch(struct parquet_source *p, int64_t wanted, int64_t *rows)
{
    int32_t status = QETL_OK;
    while (!status && !p->exhausted && *rows < wanted) {
        int64_t left = p->chunk_rows - p->chunk_taken;
        int64_t n = left < wanted - *rows ? left : wanted - *rows;
        if (!n) {
            status = chunk_fetch(p);
            continue;
        }
        status = chunk_take(p, n);
        p->chunk_taken += n;
        p->place.rows += n;
        *rows += n;
    }
    return status;
}

static int32_t source_next(void *self, const struct qetl_demand *demand, struct qetl_item *out)
{
    struct parquet_source *p = self;
    int64_t rows = 0;
    bool few = demand->max_rows > 0 && demand->max_rows < BATCH_ROWS;
    int32_t status = rows_fetch(p, few ? demand->max_rows : BATCH_ROWS, &rows);
    if (status)
        return status;
    if (rows == 0)
        return QETL_END;
    status = batch_close(p, rows, &out->batch);
    if (status)
        return status;
    out->flags = QETL_ITEM_CUT;
    out->position = (struct qetl_blob){&p->place, sizeof p->place};
    if (p->files.rows)
        out->bytes_read = (int64_t)((double)p->files.bytes * (double)rows / (double)p->files.rows);
    return QETL_BATCH;
}

static int32_t source_list(void *self, void *stream,
                           int32_t (*add)(void *stream, const char *identity, const char *name,
                                          uint32_t flags))
{
    struct parquet_source *p = self;
    int32_t status = QETL_OK;
    for (int64_t i = 0; !status && i < p->files.n; i++) {
        char identity[4200];
        if (qetl_identity_of_path(p->files.items[i].path, identity, sizeof identity))
            status = add(stream, identity, p->files.items[i].path, 0);
    }
    return status;
}

static const void *source_get_extension(void *self, const char *id)
{
    static const struct qetl_objects objects = {sizeof objects, source_list};
    (void)self;
    return strcmp(id, QETL_EXT_OBJECTS) == 0 ? &objects : NULL;
}

static const struct qetl_source source_vtable = {
    .struct_size = sizeof(struct qetl_source),
    .describe = source_describe,
    .negotiate = source_negotiate,
    .open = source_open,
    .next = source_next,
};

const struct qetl_component parquet_source = {
    .struct_size = sizeof(struct qetl_component),
    .kind = QETL_SOURCE,
    .id = "parquet",
    .state_size = sizeof(struct parquet_source),
    .create = source_create,
    .destroy = source_destroy,
    .start = source_start,
    .interrupt = source_interrupt,
    .get_extension = source_get_extension,
    .source = &source_vtable,
};
