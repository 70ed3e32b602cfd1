/* SPDX-License-Identifier: Apache-2.0 */
/* The format `parquet`, which writes: batches to a COPY of DuckDB's, whose bytes are handed on. */
#include "parquet.h"

#include "feed.h"
#include "query.h"

#include <stdlib.h>

struct parquet_writer {
    struct session session;
    struct ArrowSchema schema;
    struct lane *lanes;
    struct duck_type **types;
    int64_t n_columns;
    struct query copy, options;
    struct feed feed;
    bool started;
    int32_t *rows; /* of the batch at hand, without those that were rejected */
    int64_t rows_room;
};

static int32_t format_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                             const char *config)
{
    struct parquet_writer *w = self;
    (void)config;
    w->session.env = (struct qetl_env){host, ctx};
    feed_init(&w->feed);
    return qetl_options_need(w->session.env);
}

static void columns_free(struct parquet_writer *w)
{
    for (int64_t i = 0; w->lanes && i < w->n_columns; i++)
        lane_free(&w->lanes[i]);
    for (int64_t i = 0; w->types && i < w->n_columns; i++)
        if (w->types[i])
            w->session.duck.destroy_logical_type(&w->types[i]);
    free(w->lanes);
    free(w->types);
    w->lanes = NULL;
    w->types = NULL;
    w->n_columns = 0;
}

static void format_destroy(void *self)
{
    struct parquet_writer *w = self;
    feed_destroy(&w->feed);
    columns_free(w);
    qetl_schema_release(&w->schema);
    query_free(&w->copy);
    query_free(&w->options);
    free(w->rows);
    session_close(&w->session);
}

static int32_t format_start(void *self)
{
    struct parquet_writer *w = self;
    return session_share(&w->session, w->session.env);
}

static void format_interrupt(void *self)
{
    struct parquet_writer *w = self;
    feed_cancel(&w->feed);
}

static int32_t format_describe(void *self, struct qetl_format_info *out)
{
    (void)self;
    out->encode = QETL_ENCODE_CLOSED;
    return QETL_OK;
}

static int32_t format_forms(void *self, const struct ArrowSchema *schema, uint32_t *forms)
{
    (void)self;
    for (int64_t i = 0; i < schema->n_children; i++)
        forms[i] = QETL_FORM_VALUE;
    return QETL_OK;
}

/* ---- Opening ---- */

static int names_compare(const void *a, const void *b)
{
    return strcasecmp(*(const char *const *)a, *(const char *const *)b);
}

/* DuckDB would rename the second. */
static int32_t check_names(const struct parquet_writer *w, const struct ArrowSchema *schema)
{
    int64_t n = schema->n_children;
    const char **names = calloc((size_t)n, sizeof *names);
    int32_t status = QETL_OK;
    if (!names)
        return QETL_E_NO_MEMORY;
    for (int64_t i = 0; i < n; i++)
        names[i] = schema->children[i]->name;
    qsort(names, (size_t)n, sizeof *names, names_compare);
    for (int64_t i = 1; !status && i < n; i++)
        if (strcasecmp(names[i - 1], names[i]) == 0)
            status = qetl_fail(w->session.env, QETL_E_UNSUPPORTED, NULL,
                               "rename one of the two with a select",
                               "the columns %s and %s differ in their case only, which Parquet "
                               "readers do not tell apart",
                               names[i - 1], names[i]);
    free(names);
    return status;
}

static int32_t column_open(struct parquet_writer *w, const struct ArrowSchema *field, int64_t i)
{
    char type[200];
    int32_t status = lane_open(&w->lanes[i], &w->session.duck, field, &w->types[i]);
    if (status == QETL_E_NO_MEMORY)
        return session_memory(&w->session);
    return status ? qetl_fail(w->session.env, QETL_E_UNSUPPORTED, NULL,
                              "cast it to another type, or leave it out",
                              "column %s: Parquet has no type for %s", field->name,
                              qetl_type_name(field, type, sizeof type))
                  : QETL_OK;
}

static void copy_make(struct parquet_writer *w)
{
    const struct qetl_env env = w->session.env;
    const char *codec = qetl_option_text(env, "/compression");
    bool zstd = !codec || strcmp(codec, "zstd") == 0;
    query_add(&w->copy, "COPY (SELECT ");
    for (int64_t i = 0; i < w->n_columns; i++) {
        query_add(&w->copy, "%sc%lld AS ", i ? ", " : "", (long long)i);
        query_quoted(&w->copy, w->schema.children[i]->name, '"');
    }
    query_add(&w->copy, " FROM qetl_rows()) TO");
    query_add(&w->options, "(FORMAT parquet, USE_TMP_FILE false, COMPRESSION '%s'",
              strcmp(codec ? codec : "zstd", "none") == 0 ? "uncompressed"
              : codec && strcmp(codec, "lz4") == 0 ? "lz4_raw"
              : codec                              ? codec
                                                   : "zstd");
    if (zstd)
        query_add(&w->options, ", COMPRESSION_LEVEL %lld",
                  (long long)qetl_option_int(env, "/compression_level"));
    query_add(&w->options, ", ROW_GROUP_SIZE %lld",
              (long long)qetl_option_int(env, "/row_group_rows"));
    if (qetl_option_int(env, "/version") == 2)
        query_add(&w->options, ", PARQUET_VERSION V2");
    query_add(&w->options, ")");
}

static int32_t format_open_encode(void *self, const struct ArrowSchema *schema)
{
    struct parquet_writer *w = self;
    if (schema->n_children == 0)
        return qetl_fail(w->session.env, QETL_E_UNSUPPORTED, NULL, "select one column at least",
                         "a Parquet file has columns, and here are none");
    if (schema->n_children > PARQUET_MOST_COLUMNS)
        return qetl_fail(w->session.env, QETL_E_UNSUPPORTED, NULL,
                         "select fewer, or write them as rows of names and values",
                         "%lld columns are too many for a Parquet file: at most %d are written",
                         (long long)schema->n_children, PARQUET_MOST_COLUMNS);
    int32_t status = check_names(w, schema);
    if (status == QETL_E_NO_MEMORY)
        return session_memory(&w->session);
    if (!status && qetl_schema_copy(schema, &w->schema))
        status = session_memory(&w->session);
    if (status)
        return status;
    w->lanes = calloc((size_t)schema->n_children, sizeof *w->lanes);
    w->types = calloc((size_t)schema->n_children, sizeof *w->types);
    if (!w->lanes || !w->types)
        return session_memory(&w->session);
    w->n_columns = schema->n_children;
    for (int64_t i = 0; !status && i < w->n_columns; i++)
        status = column_open(w, schema->children[i], i);
    copy_make(w);
    if (!status && (w->copy.bad || w->options.bad))
        status = session_memory(&w->session);
    return status ? status : feed_open(&w->feed, &w->session, w->lanes, w->types, w->n_columns);
}

/* ---- Writing ---- */

static int32_t writer_start(struct parquet_writer *w)
{
    if (w->started)
        return QETL_OK;
    w->started = true;
    return feed_begin(&w->feed, w->copy.text, w->options.text);
}

static int32_t columns_bind(struct parquet_writer *w, const struct ArrowArray *batch)
{
    struct qetl_column all, column;
    int32_t status = qetl_column_open(&all, &w->schema, batch);
    for (int64_t i = 0; !status && i < w->n_columns; i++) {
        status = qetl_column_child(&all, i, &column);
        if (!status)
            status = lane_bind(&w->lanes[i], &column);
    }
    return status ? qetl_fail(w->session.env, QETL_E_UNSUPPORTED, NULL, NULL,
                              "a batch does not have the columns that were announced")
                  : QETL_OK;
}

static bool row_refused(const struct parquet_writer *w, int64_t row)
{
    const struct qetl_env env = w->session.env;
    for (int64_t i = 0; i < w->n_columns; i++) {
        const char *why = give_refuses(&w->lanes[i], row);
        if (!why)
            continue;
        struct qetl_reject reject = {.struct_size = sizeof reject,
                                     .row = row,
                                     .column = i,
                                     .code = "not_in_parquet",
                                     .message = why};
        env.host->reject(env.ctx, &reject);
        return true;
    }
    return false;
}

/* The rows that can be written: *rows NULL: all of them. */
static int32_t rows_choose(struct parquet_writer *w, int64_t n, const int32_t **rows,
                           int64_t *count)
{
    bool careful = false;
    *rows = NULL;
    *count = n;
    for (int64_t i = 0; i < w->n_columns; i++)
        careful |= w->lanes[i].careful;
    if (!careful)
        return QETL_OK;
    if (n > w->rows_room) {
        int32_t *grown = realloc(w->rows, (size_t)n * sizeof *grown);
        if (!grown)
            return session_memory(&w->session);
        w->rows = grown;
        w->rows_room = n;
    }
    int64_t kept = 0;
    for (int64_t row = 0; row < n; row++)
        if (!row_refused(w, row))
            w->rows[kept++] = (int32_t)row;
    *rows = kept < n ? w->rows : NULL;
    *count = kept;
    return QETL_OK;
}

static int32_t format_encode(void *self, const struct ArrowArray *batch, struct qetl_space *out)
{
    struct parquet_writer *w = self;
    const int32_t *rows;
    int64_t count;
    int32_t status = writer_start(w);
    if (!status)
        status = columns_bind(w, batch);
    if (!status)
        status = rows_choose(w, batch->length, &rows, &count);
    return status ? status : feed_batch(&w->feed, rows, count, out);
}

static int32_t format_finish(void *self, struct qetl_space *out)
{
    struct parquet_writer *w = self;
    int32_t status = writer_start(w);
    if (!status)
        status = feed_finish(&w->feed, out);
    w->started = false;
    return status;
}

static const struct qetl_format format_vtable = {
    .struct_size = sizeof(struct qetl_format),
    .describe = format_describe,
    .forms = format_forms,
    .open_encode = format_open_encode,
    .encode = format_encode,
    .finish = format_finish,
};

const struct qetl_component parquet_format = {
    .struct_size = sizeof(struct qetl_component),
    .kind = QETL_FORMAT,
    .id = "parquet",
    .state_size = sizeof(struct parquet_writer),
    .create = format_create,
    .destroy = format_destroy,
    .start = format_start,
    .interrupt = format_interrupt,
    .format = &format_vtable,
};

QETL_PLUGIN("parquet", "0.1.0", &parquet_source, &parquet_format)
