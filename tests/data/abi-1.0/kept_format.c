/* SPDX-License-Identifier: Apache-2.0 */
/* A format of lines whose fields are parted by bars; the first line of an object names them. Long
 * texts are views into the chunk. */
#include "kept.h"

#include <inttypes.h>
#include <stdio.h>

QETL_EMBED_MANIFEST("kept_format.qetl.json");

struct pipes {
    struct kept kept;
    int64_t n_fields, n_wants, n_columns, room;
    int32_t wants[16];
    char formats[16];
    char names[16][32];
    int32_t *records, *offsets;
};

static int32_t pipes_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                            const char *config)
{
    struct pipes *p = self;
    (void)config;
    return kept_open(&p->kept, host, ctx);
}

static void pipes_destroy(void *self)
{
    struct pipes *p = self;
    free(p->records);
    free(p->offsets);
}

static int32_t pipes_describe(void *self, struct qetl_format_info *out)
{
    (void)self;
    out->encode = QETL_ENCODE_CONCATENABLE;
    return QETL_OK;
}

/* The ends of the fields of one line; answers how many there are, at most 17. */
static int64_t split(const uint8_t *line, int64_t size, int64_t ends[17])
{
    int64_t n = 0;
    for (int64_t i = 0; i <= size && n < 17; i++)
        if (i == size || line[i] == '|')
            ends[n++] = i;
    return n;
}

static int64_t line_size(const uint8_t *data, int64_t size)
{
    const uint8_t *end = size ? memchr(data, '\n', (size_t)size) : NULL;
    return end ? end - data : -1;
}

static int32_t pipes_infer(void *self, const struct qetl_sample *sample, struct qetl_inferred *out)
{
    struct pipes *p = self;
    int64_t ends[17], size = line_size(sample->data, sample->size), begin = 0;
    if (size < 0 && !sample->whole)
        return QETL_NEED_INPUT;
    size = size < 0 ? sample->size : size;
    int64_t n = split(sample->data, size, ends);
    if (n > 16)
        return kept_fail(&p->kept, QETL_E_DATA, "there are more than 16 fields");
    kept_schema(&out->schema, "", 0, "+s", n);
    for (int64_t i = 0; i < n; begin = ends[i++] + 1)
        kept_schema(out->schema.children[i], (const char *)sample->data + begin, ends[i] - begin,
                    "vu", 0);
    out->prologue = (struct qetl_blob){"bars", 4};
    out->summary = "parted by bars";
    return QETL_OK;
}

static int32_t pipes_open_decode(void *self, const struct ArrowSchema *schema,
                                 struct qetl_blob prologue, int64_t n_wants,
                                 const struct qetl_want *wants)
{
    struct pipes *p = self;
    if (prologue.size != 4 || n_wants > 16)
        return kept_fail(&p->kept, QETL_E_FATAL, "that prologue is not mine");
    p->n_fields = schema->n_children;
    p->n_wants = n_wants;
    for (int64_t i = 0; i < n_wants; i++)
        p->wants[i] = (int32_t)wants[i].column;
    return QETL_OK;
}

static int32_t pipes_frame(void *self, struct qetl_frame *io)
{
    (void)self;
    int64_t begin = 0, used = io->size;
    if (io->flags & QETL_ITEM_OBJECT_START) {
        int64_t header = line_size(io->data, io->size);
        if (header < 0 && !(io->flags & QETL_ITEM_OBJECT_END))
            return QETL_OK; /* used is 0: more is needed */
        begin = header < 0 ? io->size : header + 1;
    }
    if (!(io->flags & QETL_ITEM_OBJECT_END))
        while (used > begin && io->data[used - 1] != '\n')
            used--;
    io->begin = begin;
    io->used = used;
    return QETL_OK;
}

static int maps_reserve(struct pipes *p, int64_t records)
{
    if (records <= p->room)
        return 1;
    int32_t *maps[2] = {realloc(p->records, (size_t)records * 4),
                        realloc(p->offsets, (size_t)records * 4)};
    p->records = maps[0] ? maps[0] : p->records;
    p->offsets = maps[1] ? maps[1] : p->offsets;
    p->room = maps[0] && maps[1] ? records : 0;
    return p->room;
}

static int64_t count_lines(const struct qetl_chunk *chunk)
{
    int64_t n = chunk->size && chunk->data[chunk->size - 1] != '\n';
    for (int64_t i = 0; i < chunk->size; i++)
        n += chunk->data[i] == '\n';
    return n;
}

static void decode_line(struct pipes *p, const struct qetl_chunk *chunk, int64_t at, int64_t size,
                        struct kept_view *const views[16], struct qetl_decoded *out)
{
    int64_t ends[17], base = chunk->data - (const uint8_t *)chunk->buffer;
    const char *line = (const char *)chunk->data + at;
    p->offsets[out->records] = (int32_t)at;
    if (split(chunk->data + at, size, ends) != p->n_fields) {
        struct qetl_reject reject = {.struct_size = sizeof reject,
                                     .row = out->records++,
                                     .column = -1,
                                     .code = "bad_fields",
                                     .message = "too few or too many fields",
                                     .bytes = line,
                                     .bytes_size = size,
                                     .bytes_offset = at};
        p->kept.host->reject(p->kept.ctx, &reject);
        return;
    }
    for (int64_t i = 0; i < p->n_wants; i++) {
        int32_t field = p->wants[i];
        int64_t begin = field ? ends[field - 1] + 1 : 0;
        kept_view_set(&views[i][out->rows], line + begin, (int32_t)(ends[field] - begin),
                      (int32_t)(base + at + begin));
    }
    p->records[out->rows++] = (int32_t)out->records++;
}

static int32_t pipes_decode(void *self, const struct qetl_chunk *chunk, struct qetl_decoded *out)
{
    struct pipes *p = self;
    struct kept_view *views[16];
    int64_t lines = count_lines(chunk);
    int64_t reach = chunk->data + chunk->size - (const uint8_t *)chunk->buffer;
    if (!maps_reserve(p, lines))
        return QETL_E_NO_MEMORY;
    kept_array_make(&p->kept, lines, 1, (const void *[]){NULL}, p->n_wants, &out->batch);
    for (int64_t i = 0; i < p->n_wants; i++) {
        views[i] = kept_texts(&p->kept, lines, chunk->buffer, reach, out->batch.children[i]);
        if (!views[i]) {
            out->batch.release(&out->batch);
            return QETL_E_NO_MEMORY;
        }
    }
    for (int64_t at = 0, size; at < chunk->size; at += size + 1) {
        size = line_size(chunk->data + at, chunk->size - at);
        size = size < 0 ? chunk->size - at : size;
        decode_line(p, chunk, at, size, views, out);
    }
    out->batch.length = out->rows;
    for (int64_t i = 0; i < p->n_wants; i++)
        out->batch.children[i]->length = out->rows;
    out->record_map = p->records;
    out->record_offsets = p->offsets;
    return QETL_OK;
}

static int32_t pipes_forms(void *self, const struct ArrowSchema *schema, uint32_t *forms)
{
    (void)self;
    for (int64_t i = 0; i < schema->n_children; i++)
        forms[i] = QETL_FORM_VALUE;
    return QETL_OK;
}

static int32_t pipes_open_encode(void *self, const struct ArrowSchema *schema)
{
    struct pipes *p = self;
    p->n_columns = schema->n_children;
    for (int64_t i = 0; i < p->n_columns; i++) {
        const char *format = schema->children[i]->format;
        if (i == 16 || (strcmp(format, "l") != 0 && strcmp(format, "vu") != 0))
            return kept_fail(&p->kept, QETL_E_UNSUPPORTED, "a column is neither integer nor text");
        p->formats[i] = format[0];
        snprintf(p->names[i], sizeof p->names[i], "%s", schema->children[i]->name);
    }
    return QETL_OK;
}

static int32_t put(struct qetl_space *out, const char *text, int64_t size)
{
    int32_t status = out->capacity - out->size < size ? out->reserve(out, size) : QETL_OK;
    if (status)
        return status;
    memcpy(out->data + out->size, text, (size_t)size);
    out->size += size;
    return QETL_OK;
}

static int32_t pipes_begin(void *self, struct qetl_space *out)
{
    struct pipes *p = self;
    int32_t status = QETL_OK;
    for (int64_t i = 0; i < p->n_columns && !status; i++) {
        status = i ? put(out, "|", 1) : QETL_OK;
        if (!status)
            status = put(out, p->names[i], (int64_t)strlen(p->names[i]));
    }
    return status ? status : put(out, "\n", 1);
}

/* A positive answer: the cell cannot be written. */
static int32_t encode_cell(struct pipes *p, const struct ArrowArray *column, int64_t i, int64_t row,
                           struct qetl_space *out)
{
    char number[24];
    int32_t size;
    if (kept_is_null(column, row))
        return QETL_OK;
    if (p->formats[i] == 'l')
        return put(out, number,
                   snprintf(number, sizeof number, "%" PRId64, kept_integer(column, row)));
    const char *text = kept_text(column, row, &size);
    return memchr(text, '|', (size_t)size) ? 1 : put(out, text, size);
}

static int32_t encode_row(struct pipes *p, const struct ArrowArray *batch, int64_t row,
                          struct qetl_space *out)
{
    int64_t before = out->size;
    int32_t status = QETL_OK;
    for (int64_t i = 0; i < p->n_columns && !status; i++) {
        status = i ? put(out, "|", 1) : QETL_OK;
        if (!status)
            status = encode_cell(p, batch->children[i], i, row + batch->offset, out);
        if (status > 0) {
            out->size = before;
            kept_reject(&p->kept, row, i, "bar_in_text", "the text has a bar");
            return QETL_OK;
        }
    }
    return status ? status : put(out, "\n", 1);
}

static int32_t pipes_encode(void *self, const struct ArrowArray *batch, struct qetl_space *out)
{
    int32_t status = QETL_OK;
    for (int64_t row = 0; row < batch->length && !status; row++)
        status = encode_row(self, batch, row, out);
    return status;
}

static const struct qetl_format pipes_format = {.struct_size = sizeof pipes_format,
                                                .describe = pipes_describe,
                                                .infer = pipes_infer,
                                                .open_decode = pipes_open_decode,
                                                .frame = pipes_frame,
                                                .decode = pipes_decode,
                                                .forms = pipes_forms,
                                                .open_encode = pipes_open_encode,
                                                .begin = pipes_begin,
                                                .encode = pipes_encode};
static const struct qetl_component pipes = {.struct_size = sizeof pipes,
                                            .kind = QETL_FORMAT,
                                            .id = "kept_pipes",
                                            .state_size = sizeof(struct pipes),
                                            .create = pipes_create,
                                            .destroy = pipes_destroy,
                                            .format = &pipes_format};

KEPT_PLUGIN("kept_format", pipes)
