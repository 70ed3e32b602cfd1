/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A format whose columns grow: a record is a line of NAME=VALUE pairs with blanks between, every
 * value a text. `fault` makes it break what it promises.
 */
#include <qetl/plugin.h>
#include <qetl/sdk.h>

#include <stdio.h>
#include <stdlib.h>

enum { COLUMNS_MOST = 32 };

struct pairs {
    struct qetl_env env;
    const char *fault;
    struct ArrowSchema schema;
    struct qetl_want wants[COLUMNS_MOST];
    int64_t n_wants;
    int32_t *map; /* row -> record */
    int64_t room;
};

struct pair {
    const char *name, *value;
    int64_t name_size, value_size;
};

static int32_t pairs_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                            const char *config)
{
    struct pairs *p = self;
    (void)config;
    p->env = (struct qetl_env){host, ctx};
    p->fault = qetl_option_text(p->env, "/fault");
    return QETL_OK;
}

static void pairs_destroy(void *self)
{
    struct pairs *p = self;
    qetl_schema_release(&p->schema);
    free(p->map);
}

static int32_t pairs_describe(void *self, struct qetl_format_info *out)
{
    (void)self;
    out->encode = QETL_ENCODE_CONCATENABLE;
    out->decode = QETL_DECODE_GROWS;
    return QETL_OK;
}

/* The next pair of the line that ends at end; false: there is none. */
static bool pair_next(const char **at, const char *end, struct pair *out)
{
    while (*at < end && **at == ' ')
        ++*at;
    const char *stop = memchr(*at, ' ', (size_t)(end - *at));
    stop = stop ? stop : end;
    const char *sign = memchr(*at, '=', (size_t)(stop - *at));
    if (*at == end || !sign)
        return false;
    *out = (struct pair){*at, sign + 1, sign - *at, stop - sign - 1};
    *at = stop;
    return true;
}

static int64_t column_of(const struct ArrowSchema *schema, const struct pair *pair)
{
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)pair->name_size, pair->name);
    return qetl_schema_find(schema, name);
}

/* Adds the columns of the lines that the schema lacks. */
static int32_t columns_add(const char *data, int64_t size, struct ArrowSchema *schema)
{
    int32_t status = QETL_OK;
    const char *end = data + size;
    while (!status && data < end) {
        const char *stop = memchr(data, '\n', (size_t)(end - data));
        struct pair pair;
        stop = stop ? stop : end;
        while (!status && pair_next(&data, stop, &pair)) {
            char name[64];
            snprintf(name, sizeof name, "%.*s", (int)pair.name_size, pair.name);
            if (column_of(schema, &pair) < 0 && schema->n_children < COLUMNS_MOST)
                status = qetl_schema_add(schema, name, "vu");
        }
        data = stop + 1;
    }
    return status;
}

/* From the first line alone. */
static int32_t pairs_infer(void *self, const struct qetl_sample *sample, struct qetl_inferred *out)
{
    (void)self;
    const char *data = (const char *)sample->data;
    const char *end = memchr(data, '\n', (size_t)sample->size);
    int32_t status = qetl_schema_init_struct(&out->schema);
    return status ? status : columns_add(data, end ? end - data : sample->size, &out->schema);
}

static int32_t pairs_open_decode(void *self, const struct ArrowSchema *schema,
                                 struct qetl_blob prologue, int64_t n_wants,
                                 const struct qetl_want *wants)
{
    struct pairs *p = self;
    (void)prologue;
    qetl_schema_release(&p->schema);
    p->n_wants = n_wants;
    for (int64_t w = 0; w < n_wants; w++)
        p->wants[w] = wants[w];
    return qetl_schema_copy(schema, &p->schema);
}

static int32_t pairs_frame(void *self, struct qetl_frame *io)
{
    (void)self;
    io->used = io->size;
    if (!(io->flags & QETL_ITEM_OBJECT_END))
        while (io->used > 0 && io->data[io->used - 1] != '\n')
            io->used--;
    return QETL_OK;
}

static void reject_line(struct pairs *p, int64_t record)
{
    struct qetl_reject reject = {.struct_size = sizeof reject,
                                 .row = record,
                                 .column = -1,
                                 .code = "no_pair",
                                 .message = "a line has no pair"};
    p->env.host->reject(p->env.ctx, &reject);
}

static int32_t row_put(struct pairs *p, const char *line, const char *end,
                       struct qetl_builder *builders)
{
    int32_t status = QETL_OK;
    for (int64_t w = 0; !status && w < p->n_wants; w++) {
        struct pair pair;
        const char *at = line;
        bool found = false;
        while (!found && pair_next(&at, end, &pair))
            found = column_of(&p->schema, &pair) == p->wants[w].column;
        status = found ? qetl_builder_text(&builders[w], pair.value, pair.value_size)
                       : qetl_builder_null(&builders[w]);
    }
    return status;
}

static int32_t map_put(struct pairs *p, struct qetl_decoded *out)
{
    if (out->rows == p->room) {
        int64_t room = p->room * 2 + 64;
        int32_t *map = realloc(p->map, (size_t)room * sizeof *map);
        if (!map)
            return QETL_E_NO_MEMORY;
        p->map = map;
        p->room = room;
    }
    p->map[out->rows++] = (int32_t)out->records;
    return QETL_OK;
}

static int32_t rows_put(struct pairs *p, const struct qetl_chunk *chunk,
                        struct qetl_builder *builders, struct qetl_decoded *out)
{
    const char *data = (const char *)chunk->data, *end = data + chunk->size;
    int32_t status = QETL_OK;
    for (; !status && data < end; out->records++) {
        const char *stop = memchr(data, '\n', (size_t)(end - data)), *at = data;
        struct pair pair;
        stop = stop ? stop : end;
        if (pair_next(&at, stop, &pair)) {
            status = row_put(p, data, stop, builders);
            status = status ? status : map_put(p, out);
        } else {
            reject_line(p, out->records);
        }
        data = stop + 1;
    }
    out->record_map = strcmp(p->fault, "unmapped") == 0 ? NULL : p->map;
    return status;
}

static int32_t decode_rows(struct pairs *p, const struct qetl_chunk *chunk,
                           struct qetl_decoded *out)
{
    struct qetl_builder builders[COLUMNS_MOST] = {0};
    struct ArrowArray columns[COLUMNS_MOST] = {0};
    int32_t status = QETL_OK;
    for (int64_t w = 0; !status && w < p->n_wants; w++)
        status = qetl_builder_open(&builders[w], p->env, p->schema.children[p->wants[w].column], 8);
    if (!status)
        status = rows_put(p, chunk, builders, out);
    for (int64_t w = 0; !status && w < p->n_wants; w++)
        status = qetl_builder_close(&builders[w], &columns[w]);
    if (!status)
        status = qetl_array_struct(p->env, out->rows, p->n_wants, columns, &out->batch);
    for (int64_t w = 0; status && w < p->n_wants; w++) {
        qetl_builder_free(&builders[w]);
        qetl_array_release(&columns[w]);
    }
    return status;
}

static int32_t pairs_decode(void *self, const struct qetl_chunk *chunk, struct qetl_decoded *out)
{
    struct pairs *p = self;
    int32_t status = qetl_schema_copy(&p->schema, &out->schema);
    if (!status)
        status = columns_add((const char *)chunk->data, chunk->size, &out->schema);
    if (status)
        return status;
    bool grew = out->schema.n_children > p->schema.n_children;
    if (grew && strcmp(p->fault, "forgets") == 0) {
        qetl_schema_release(&out->schema);
        return qetl_schema_init_struct(&out->schema) ? QETL_E_NO_MEMORY : QETL_SCHEMA;
    }
    if (grew || strcmp(p->fault, "insists") == 0)
        return QETL_SCHEMA;
    qetl_schema_release(&out->schema);
    return decode_rows(p, chunk, out);
}

static int32_t pairs_forms(void *self, const struct ArrowSchema *schema, uint32_t *forms)
{
    (void)self, (void)schema, (void)forms;
    return QETL_OK;
}

static int32_t pairs_no_encode(void *self, const struct ArrowSchema *schema)
{
    struct pairs *p = self;
    (void)schema;
    return qetl_fail(p->env, QETL_E_UNSUPPORTED, NULL, NULL, "pairs are only read");
}

static int32_t pairs_encode(void *self, const struct ArrowArray *batch, struct qetl_space *out)
{
    (void)self, (void)batch, (void)out;
    return QETL_E_UNSUPPORTED;
}

static const struct qetl_format format = {
    .struct_size = sizeof format,
    .describe = pairs_describe,
    .infer = pairs_infer,
    .open_decode = pairs_open_decode,
    .frame = pairs_frame,
    .decode = pairs_decode,
    .forms = pairs_forms,
    .open_encode = pairs_no_encode,
    .encode = pairs_encode,
};

static const struct qetl_component component = {
    .struct_size = sizeof component,
    .kind = QETL_FORMAT,
    .id = "pairs",
    .state_size = sizeof(struct pairs),
    .create = pairs_create,
    .destroy = pairs_destroy,
    .format = &format,
};

QETL_PLUGIN("pairs", "0.1.0", &component)
