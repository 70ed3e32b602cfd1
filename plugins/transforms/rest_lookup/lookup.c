/* SPDX-License-Identifier: Apache-2.0 */
/* The transform `rest_lookup`: columns, or rows, from what a service answers for each row. */
#include "../../shared/http/headers.h"
#include "../../shared/http/probe.h"
#include "../../shared/rest/bytes.h"
#include "../../shared/rest/template.h"
#include "asking.h"

#include <qetl/conns.h>
#include <qetl/rows.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_AT_ONCE = 16384 };
enum missing { MISSING_NULL, MISSING_REJECT, MISSING_DROP };

struct rest_lookup {
    struct qetl_env env;
    struct http_client client;
    struct found_columns columns;
    struct cache cache;
    struct lookups lookups;
    struct curl_slist *headers;
    const char *url;
    int32_t missing; /* enum missing */
    int64_t cache_rows, cache_ms;

    struct template address;
    struct ArrowSchema read; /* the columns that the URL needs */
    struct rows rows;

    bool begun; /* of the batch at hand, answers are awaited or given out */
    bool ready; /* they are there */
    int64_t row, at;
    struct qetl_row_map map;
    struct qetl_space text;
};

static const struct qetl_option_field fields[] = {
    {"/url", QETL_OPTION_TEXT, offsetof(struct rest_lookup, url), NULL, NULL},
    {"/missing", QETL_OPTION_WORD, offsetof(struct rest_lookup, missing), "null",
     "null|reject|drop"},
    {"/concurrency", QETL_OPTION_INT, offsetof(struct rest_lookup, lookups.concurrency), "4",
     "1..64"},
    {"/cache_rows", QETL_OPTION_INT, offsetof(struct rest_lookup, cache_rows), "10000",
     "0..100000000"},
    {"/cache_ms", QETL_OPTION_INT, offsetof(struct rest_lookup, cache_ms), "300000", "0.."},
};

static int32_t no_memory(const struct rest_lookup *s)
{
    return qetl_fail(s->env, QETL_E_NO_MEMORY, NULL, NULL, "no memory to look rows up");
}

/* ---- Life ---- */

/* A row chooses a path or a parameter, never whom it goes to. */
static int32_t client_open(struct rest_lookup *s)
{
    const char *host = strstr(s->url, "://");
    size_t size = host ? (size_t)(host + 3 - s->url) : 0;
    size += strcspn(s->url + size, "/?#");
    if (memchr(s->url, '{', size))
        return qetl_fail(s->env, QETL_E_CONFIG, "/url", "put {column} behind the host",
                         "a row cannot say which host is asked");
    char *origin = strndup(s->url, size);
    int32_t status = origin ? http_client_init(&s->client, s->env, origin, "/url") : no_memory(s);
    free(origin);
    return status;
}

static int32_t lookup_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                             const char *config)
{
    struct rest_lookup *s = self;
    bool has_type;
    (void)config;
    s->env = (struct qetl_env){host, ctx};
    s->text = bytes_none();
    int32_t status = qetl_options_need(s->env);
    if (!status)
        status = qetl_options_read(s->env, fields, sizeof fields / sizeof *fields, s);
    if (!status)
        status = http_headers_read(s->env, "/headers", &s->headers, &has_type);
    if (!status)
        status = found_columns_read(&s->columns, s->env);
    if (!status)
        status = client_open(s);
    s->lookups.env = s->env;
    s->lookups.client = &s->client;
    s->lookups.headers = s->headers;
    s->lookups.cache = &s->cache;
    if (!status && !cache_init(&s->cache, &s->columns, s->cache_rows, s->cache_ms))
        status = no_memory(s);
    return status;
}

static void lookup_destroy(void *self)
{
    struct rest_lookup *s = self;
    lookups_free(&s->lookups);
    cache_free(&s->cache);
    http_client_free(&s->client);
    found_columns_free(&s->columns);
    template_free(&s->address);
    rows_free(&s->rows);
    qetl_schema_release(&s->read);
    qetl_row_map_free(&s->map);
    bytes_free(&s->text);
    curl_slist_free_all(s->headers);
}

static void lookup_interrupt(void *self)
{
    struct rest_lookup *s = self;
    http_client_ring(&s->client);
}

/* ---- Bind ---- */

/* The template counts the input's columns; it is given those alone that it needs. */
static int32_t reads_bind(struct rest_lookup *s, const struct ArrowSchema *input,
                          struct qetl_binder *binder, int64_t *columns)
{
    int32_t status = QETL_OK;
    for (size_t i = 0; i < s->address.n && !status; i++) {
        struct part *part = &s->address.parts[i];
        int64_t place = 0, n = s->read.release ? s->read.n_children : 0;
        if (part->kind != PART_URL)
            continue;
        while (place < n && columns[place] != part->column)
            place++;
        if (place == n) {
            columns[n] = part->column;
            status = qetl_bind_read(binder, input, part->column, &s->read);
        }
        part->column = place;
    }
    return status;
}

static int32_t lookup_bind(void *self, uint32_t n_inputs, const struct ArrowSchema *const *inputs,
                           struct qetl_binder *binder)
{
    struct rest_lookup *s = self;
    int64_t *columns = calloc((size_t)inputs[0]->n_children + 1, sizeof *columns);
    (void)n_inputs;
    template_free(&s->address);
    qetl_schema_release(&s->read);
    int32_t status = columns ? template_url(&s->address, s->env, inputs[0], "/url") : no_memory(s);
    if (!status && !s->address.has_columns)
        status = qetl_fail(s->env, QETL_E_CONFIG, "/url", "write https://HOST/customers/{id}, say",
                           "no {column} stands in it, so that all rows would get the same answer");
    if (!status)
        status = qetl_bind_all(binder, inputs[0]);
    if (!status)
        status = reads_bind(s, inputs[0], binder, columns);
    if (!status)
        status = found_columns_bind(&s->columns, binder, s->read.n_children, columns);
    if (!status)
        status = rows_bind(&s->rows, s->env, &s->read, NULL);
    free(columns);
    if (!status) /* the cache and the rate of requests are one */
        status = binder->distribution(binder, QETL_DISTRIBUTION_SINGLE, 0, NULL);
    return status < 0
               ? status
               : binder->rows(binder, 0, s->columns.rows ? QETL_ROWS_EXPAND : QETL_ROWS_SUBSET);
}

/* ---- Batches ---- */

/* The URL of each row. */
static int32_t batch_take(struct rest_lookup *s, const struct qetl_event *event)
{
    int64_t lacks;
    int32_t status = rows_open(&s->rows, event->batch);
    lookups_clear(&s->lookups);
    for (int64_t row = 0; row < event->rows && !status; row++) {
        s->text.size = 0;
        status = template_fill(&s->address, &s->rows, row, NULL, &s->text, &lacks);
        if (status == QETL_E_ROW)
            status = lookups_add(&s->lookups, NULL);
        else if (status || !bytes_text(&s->text))
            status = no_memory(s);
        else
            status = lookups_add(&s->lookups, (const char *)s->text.data);
    }
    s->begun = !status;
    s->ready = false;
    s->row = s->at = 0;
    return status;
}

/* A row of which nothing was found. Nonzero: it goes on, with NULLs. */
static bool missing_take(struct rest_lookup *s, struct qetl_output *out)
{
    const struct entry *e = s->lookups.entries[s->row];
    if (s->missing == MISSING_DROP)
        out->rows_filtered++;
    else if (s->missing == MISSING_REJECT && e)
        qetl_rejectf(s->env, s->row, -1, "not_found", "GET %.300s: nothing was found", e->url);
    else if (s->missing == MISSING_REJECT)
        qetl_rejectf(s->env, s->row, -1, "no_value", "it has no value to be looked up by");
    return s->missing == MISSING_NULL;
}

static int32_t row_put(struct rest_lookup *s, const struct found *found, int64_t i)
{
    qetl_row_map_keep(&s->map, s->row);
    return found_put(&s->columns, found, i);
}

static int32_t row_next(struct rest_lookup *s, struct qetl_output *out)
{
    const struct entry *e = s->lookups.entries[s->row];
    const struct found *f = e ? &e->found : NULL;
    int32_t status = QETL_OK;
    if (f && *f->code) {
        qetl_rejectf(s->env, s->row, -1, f->code, "%s", f->message);
    } else if (!f || !f->n) {
        if (missing_take(s, out))
            status = row_put(s, NULL, 0);
    } else {
        while (s->at < f->n && s->map.n < ROWS_AT_ONCE && !status)
            status = row_put(s, f, s->at++);
        if (s->at < f->n)
            return status; /* the output is full */
        out->rows_added += f->n - 1;
    }
    s->row++;
    s->at = 0;
    return status;
}

static int32_t batch_give(struct rest_lookup *s, struct qetl_output *out)
{
    int32_t status = qetl_row_map_begin(&s->map, ROWS_AT_ONCE);
    while (s->row < s->lookups.n && s->map.n < ROWS_AT_ONCE && !status)
        status = row_next(s, out);
    if (!status)
        status = found_columns_close(&s->columns, s->map.n, &out->batch);
    if (status)
        return no_memory(s);
    out->rows = s->map.n;
    out->row_map = s->map.rows;
    if (s->row < s->lookups.n)
        return QETL_MORE;
    s->begun = false;
    lookups_clear(&s->lookups);
    return QETL_OUTPUT;
}

static int32_t lookup_process(void *self, const struct qetl_event *event, struct qetl_output *out)
{
    struct rest_lookup *s = self;
    int32_t status = QETL_OK;
    if (event && event->kind != QETL_EVENT_BATCH)
        return QETL_NEED_INPUT;
    if (event && !(s->begun && s->lookups.n == event->rows))
        status = batch_take(s, event);
    if (!status && !s->begun)
        return QETL_NEED_INPUT;
    if (!status && !s->ready)
        status = lookups_go_on(&s->lookups);
    if (status == QETL_IDLE) {
        status = http_client_await(&s->client);
        return status ? status : QETL_BLOCKED;
    }
    if (status)
        return status;
    s->ready = true;
    return batch_give(s, out);
}

static const struct qetl_transform lookup_vtable = {
    .struct_size = sizeof(struct qetl_transform),
    .bind = lookup_bind,
    .process = lookup_process,
};

/* ---- before there is a run ---- */

static int32_t lookup_probe(void *self, void *stream,
                            int32_t (*tell)(void *stream, const char *line))
{
    struct rest_lookup *s = self;
    return http_probe(&s->client, s->url, s->headers, stream, tell);
}

static const struct qetl_probe probes = {.struct_size = sizeof probes, .probe = lookup_probe};

static const void *lookup_extension(void *self, const char *id)
{
    (void)self;
    return strcmp(id, QETL_EXT_PROBE) == 0 ? &probes : NULL;
}

static const struct qetl_component lookup_component = {
    .struct_size = sizeof(struct qetl_component),
    .kind = QETL_TRANSFORM,
    .id = "rest_lookup",
    .state_size = sizeof(struct rest_lookup),
    .create = lookup_create,
    .destroy = lookup_destroy,
    .get_extension = lookup_extension,
    .interrupt = lookup_interrupt,
    .transform = &lookup_vtable,
};

QETL_PLUGIN("rest_lookup", "0.1.0", &lookup_component)
