/* SPDX-License-Identifier: Apache-2.0 */
#include "toy_lines.h"

#include <qetl/sdk.h>

#include <stdlib.h>

struct lines {
    struct qetl_env env;
    int64_t flags;
    struct qetl_want *wants;
    int64_t n_wants;
    struct ArrowSchema schema; /* delivered to the encoder */
    int32_t *record_map, *record_offsets;
    int64_t room;
};

atomic_int toy_lines_lapses;
void (*toy_lines_watch)(const struct qetl_chunk *);

static int32_t lines_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                            const char *config)
{
    struct lines *l = self;
    (void)config;
    l->env = (struct qetl_env){host, ctx};
    l->flags = qetl_option_int(l->env, "/number");
    return QETL_OK;
}

static void lines_destroy(void *self)
{
    struct lines *l = self;
    free(l->wants);
    free(l->record_map);
    free(l->record_offsets);
    qetl_schema_release(&l->schema);
}

static int32_t lines_describe(void *self, struct qetl_format_info *out)
{
    const struct lines *l = self;
    out->encode = l->flags & TOY_LINES_CLOSED ? QETL_ENCODE_CLOSED : QETL_ENCODE_CONCATENABLE;
    return QETL_OK;
}

static int32_t lines_infer(void *self, const struct qetl_sample *sample, struct qetl_inferred *out)
{
    (void)self, (void)sample;
    out->prologue = (struct qetl_blob){"lines", 5};
    int32_t status = qetl_schema_init_struct(&out->schema);
    if (!status)
        status = qetl_schema_add(&out->schema, "id", "l");
    return status ? status : qetl_schema_add(&out->schema, "text", "vu");
}

static int32_t lines_open_decode(void *self, const struct ArrowSchema *schema,
                                 struct qetl_blob prologue, int64_t n_wants,
                                 const struct qetl_want *wants)
{
    struct lines *l = self;
    (void)schema;
    if (prologue.size != 5 || memcmp(prologue.data, "lines", 5) != 0)
        return qetl_fail(l->env, QETL_E_FATAL, NULL, NULL, "the prologue got lost");
    l->wants = calloc((size_t)n_wants + 1, sizeof *l->wants);
    if (n_wants)
        memcpy(l->wants, wants, (size_t)n_wants * sizeof *wants);
    l->n_wants = n_wants;
    return QETL_OK;
}

/* ---- frame ---- */

static void too_long(struct lines *l, struct qetl_frame *io, const uint8_t *at, int64_t size)
{
    struct qetl_reject reject = {.struct_size = sizeof reject,
                                 .row = io->rejected++,
                                 .column = -1,
                                 .code = "too_long",
                                 .message = "a line is too long",
                                 .bytes = at,
                                 .bytes_size = size,
                                 .bytes_offset = at - io->data};
    l->env.host->reject(l->env.ctx, &reject);
}

/* The size of the line at `at` with its newline, or 0 if it is not whole. */
static int64_t line_size(const struct qetl_frame *io, int64_t at)
{
    const uint8_t *end = memchr(io->data + at, '\n', (size_t)(io->size - at));
    if (end)
        return end + 1 - (io->data + at);
    return io->flags & QETL_ITEM_OBJECT_END ? io->size - at : 0;
}

static int32_t lines_frame(void *self, struct qetl_frame *io)
{
    struct lines *l = self;
    int64_t size;
    while (io->used < io->size && (size = line_size(io, io->used)) > 0) {
        if (size > io->max_record && io->used > io->begin)
            break; /* it stands first in the next call */
        if (size > io->max_record) {
            too_long(l, io, io->data + io->used, size);
            io->begin = io->used + size;
        }
        io->used += size;
        if (l->flags & TOY_LINES_SHORT && io->used > io->begin)
            break;
    }
    return QETL_OK;
}

/* ---- decode ---- */

struct field {
    const char *data;
    int64_t size;
};

struct record {
    struct field id, text;
    int64_t number;
    bool good;
};

static struct record record_parse(const uint8_t *data, int64_t size)
{
    struct record r = {.good = true};
    const char *line = (const char *)data;
    size -= size > 0 && line[size - 1] == '\n';
    const char *bar = size ? memchr(line, '|', (size_t)size) : NULL;
    if (!bar || bar == line)
        return (struct record){0};
    r.id = (struct field){line, bar - line};
    r.text = (struct field){bar + 1, size - (bar + 1 - line)};
    for (int64_t i = 0; i < r.id.size; i++) {
        r.good &= line[i] >= '0' && line[i] <= '9' && r.number < INT64_MAX / 100;
        r.number = r.good ? r.number * 10 + (line[i] - '0') : 0;
    }
    return r;
}

static int32_t column_put(struct qetl_builder *b, const struct qetl_want *want,
                          const struct record *r)
{
    if (want->column == 0 && want->form == QETL_FORM_VALUE)
        return qetl_builder_int(b, r->number);
    const struct field *field = want->column ? &r->text : &r->id;
    return qetl_builder_view(b, field->data, field->size);
}

static int32_t builders_open(struct lines *l, const struct qetl_chunk *chunk,
                             struct qetl_builder *builders)
{
    int32_t status = QETL_OK;
    for (int64_t w = 0; !status && w < l->n_wants; w++) {
        bool number = l->wants[w].column == 0 && l->wants[w].form == QETL_FORM_VALUE;
        struct ArrowSchema field;
        status = qetl_schema_init_field(&field, "", number ? "l" : "vu");
        if (!status)
            status = qetl_builder_open(&builders[w], l->env, &field, 16);
        if (!status && !number)
            qetl_builder_share(&builders[w], chunk->buffer);
        qetl_schema_release(&field);
    }
    return status;
}

static void maps_grow(struct lines *l, int64_t records)
{
    if (records < l->room)
        return;
    l->room = l->room ? l->room * 2 : 64;
    l->record_map = realloc(l->record_map, (size_t)l->room * sizeof *l->record_map);
    l->record_offsets = realloc(l->record_offsets, (size_t)l->room * sizeof *l->record_offsets);
}

static void bad_line(struct lines *l, int64_t record, const uint8_t *line, int64_t size)
{
    struct qetl_reject reject = {.struct_size = sizeof reject,
                                 .row = record,
                                 .column = 0,
                                 .code = "bad_line",
                                 .message = "a line is no ID|TEXT",
                                 .bytes = line,
                                 .bytes_size = size};
    l->env.host->reject(l->env.ctx, &reject);
}

static int32_t rows_build(struct lines *l, const struct qetl_chunk *chunk,
                          struct qetl_builder *builders, struct qetl_decoded *out)
{
    int32_t status = QETL_OK;
    for (int64_t at = 0, size; !status && at < chunk->size; at += size) {
        const uint8_t *line = chunk->data + at;
        const uint8_t *end = memchr(line, '\n', (size_t)(chunk->size - at));
        size = end ? end + 1 - line : chunk->size - at;
        maps_grow(l, out->records);
        struct record r = record_parse(line, size);
        l->record_offsets[out->records] = (int32_t)at;
        if (r.good) {
            l->record_map[out->rows++] = (int32_t)out->records;
            for (int64_t w = 0; !status && w < l->n_wants; w++)
                status = column_put(&builders[w], &l->wants[w], &r);
        } else {
            bad_line(l, out->records, line, size);
        }
        out->records++;
    }
    return status;
}

/* As wide loads do: what stands there is of no interest. */
static void guard_read(const struct qetl_chunk *chunk)
{
    volatile uint8_t sink = 0;
    for (int64_t i = 0; i < chunk->tail_room; i++)
        sink = (uint8_t)(sink ^ chunk->data[chunk->size + i]);
}

static int32_t lapse(const struct lines *l)
{
    if (!(l->flags & TOY_LINES_LAPSES) || atomic_fetch_sub(&toy_lines_lapses, 1) <= 0)
        return QETL_OK;
    return qetl_fail(l->env, QETL_E_RETRY_EPOCH, NULL, NULL, "the format lost it");
}

static int32_t lines_decode(void *self, const struct qetl_chunk *chunk, struct qetl_decoded *out)
{
    struct lines *l = self;
    struct qetl_builder builders[4] = {0};
    struct ArrowArray columns[4] = {0};
    if (toy_lines_watch)
        toy_lines_watch(chunk);
    guard_read(chunk);
    int32_t status = lapse(l);
    if (!status)
        status = builders_open(l, chunk, builders);
    if (!status)
        status = rows_build(l, chunk, builders, out);
    for (int64_t w = 0; !status && w < l->n_wants; w++)
        status = qetl_builder_close(&builders[w], &columns[w]);
    if (!status)
        status = qetl_array_struct(l->env, out->rows, l->n_wants, columns, &out->batch);
    for (int64_t w = 0; status && w < l->n_wants; w++) {
        qetl_builder_free(&builders[w]);
        qetl_array_release(&columns[w]);
    }
    out->record_map = l->record_map;
    out->record_offsets = l->record_offsets;
    out->rows -= l->flags & TOY_LINES_FAITHLESS ? 1 : 0;
    return status;
}

/* ---- encode ---- */

static int32_t lines_forms(void *self, const struct ArrowSchema *schema, uint32_t *forms)
{
    (void)self;
    for (int64_t c = 0; c < schema->n_children; c++)
        forms[c] = QETL_FORM_VALUE | QETL_FORM_LEXICAL;
    return QETL_OK;
}

static int32_t lines_open_encode(void *self, const struct ArrowSchema *schema)
{
    struct lines *l = self;
    qetl_schema_release(&l->schema);
    return qetl_schema_copy(schema, &l->schema);
}

static int32_t lines_begin(void *self, struct qetl_space *out)
{
    const struct lines *l = self;
    return l->flags & TOY_LINES_WRAPPED ? qetl_space_put(out, "<\n", 2) : QETL_OK;
}

static int32_t lines_finish(void *self, struct qetl_space *out)
{
    const struct lines *l = self;
    return l->flags & TOY_LINES_WRAPPED ? qetl_space_put(out, ">\n", 2) : QETL_OK;
}

/* All columns, with a bar between them. */
static int32_t lines_encode(void *self, const struct ArrowArray *batch, struct qetl_space *out)
{
    const struct lines *l = self;
    struct qetl_column whole, column;
    bool poisoned = false;
    int32_t status = lapse(l);
    if (!status)
        status = qetl_column_open(&whole, &l->schema, batch);
    for (int64_t i = 0; !status && i < batch->length; i++) {
        int64_t at = out->size;
        for (int64_t c = 0; !status && c < batch->n_children; c++) {
            status = qetl_column_child(&whole, c, &column);
            if (!status && c)
                status = qetl_space_put(out, "|", 1);
            if (!status)
                status = qetl_render(&column, i, out);
        }
        if (!status)
            status = qetl_space_put(out, "\n", 1);
        poisoned |= !status && atoi((const char *)out->data + at) % 7 == 0;
    }
    return !status && poisoned && l->flags & TOY_LINES_POISON
               ? qetl_fail(l->env, QETL_E_ROW, NULL, NULL, "one of them is a multiple of 7")
               : status;
}

static const struct qetl_format format = {
    .struct_size = sizeof format,
    .describe = lines_describe,
    .infer = lines_infer,
    .open_decode = lines_open_decode,
    .frame = lines_frame,
    .decode = lines_decode,
    .forms = lines_forms,
    .open_encode = lines_open_encode,
    .begin = lines_begin,
    .finish = lines_finish,
    .encode = lines_encode,
};

const struct qetl_component toy_lines = {
    .struct_size = sizeof toy_lines,
    .kind = QETL_FORMAT,
    .id = "lines",
    .state_size = sizeof(struct lines),
    .create = lines_create,
    .destroy = lines_destroy,
    .format = &format,
};
