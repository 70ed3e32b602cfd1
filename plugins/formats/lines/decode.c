/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of lines: text is a view into the chunk wherever it is UTF-8 as it stands. */
#include "lines.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROWS_FIRST = 1024 };

struct job {
    struct lines *l;
    const struct qetl_chunk *chunk;
    bool valid; /* the chunk as a whole is what it should be */
    int64_t records, rows;
};

void lines_decode_free(struct lines *l)
{
    for (int64_t i = 0; i < l->n_wants; i++)
        qetl_builder_free(&l->wants[i].builder);
    free(l->wants);
    free(l->offsets);
    free(l->map);
    free(l->text);
    l->wants = NULL;
    l->offsets = l->map = NULL;
    l->text = NULL;
    l->n_wants = l->offsets_room = l->map_room = l->text_room = 0;
}

static int32_t want_open(struct lines *l, struct lines_want *out, const struct ArrowSchema *field,
                         enum lines_content content, uint32_t form)
{
    struct ArrowSchema text;
    bool is_text = !strcmp(field->format, "vu");
    out->content = content;
    out->spelled = !is_text && form != QETL_FORM_VALUE;
    if (!out->spelled)
        return qetl_builder_open(&out->builder, l->env, field, ROWS_FIRST);
    int32_t status = qetl_schema_init_field(&text, field->name, "vu");
    if (!status)
        status = qetl_builder_open(&out->builder, l->env, &text, ROWS_FIRST);
    qetl_schema_release(&text);
    return status;
}

int32_t lines_open_decode(void *self, const struct ArrowSchema *schema, struct qetl_blob prologue,
                          int64_t n_wants, const struct qetl_want *wants)
{
    struct lines *l = self;
    const char *names[LINES_COLUMNS_MAX];
    enum lines_content contents[LINES_COLUMNS_MAX];
    int64_t n = lines_columns(l, names, contents);
    (void)prologue;
    lines_decode_free(l);
    l->passing_over = false;
    l->wants = calloc((size_t)n_wants + 1, sizeof *l->wants);
    int32_t status = l->wants ? QETL_OK : QETL_E_NO_MEMORY;
    for (int64_t i = 0; !status && i < n_wants; i++, l->n_wants += !status) {
        int64_t c = wants[i].column;
        if (c < 0 || c >= n || c >= schema->n_children)
            return qetl_fail(l->env, QETL_E_FATAL, NULL, NULL,
                             "a column was wanted that the schema does not have");
        status = want_open(l, &l->wants[i], schema->children[c], contents[c], wants[i].form);
    }
    return status;
}

static int32_t grow(int32_t **list, int64_t *room, int64_t n)
{
    if (n < *room)
        return QETL_OK;
    int64_t wanted = *room ? *room * 2 : ROWS_FIRST;
    int32_t *grown = realloc(*list, (size_t)wanted * sizeof **list);
    if (!grown)
        return QETL_E_NO_MEMORY;
    *list = grown;
    *room = wanted;
    return QETL_OK;
}

static int32_t bytes_put(struct qetl_builder *b, struct qetl_text text)
{
    static const char digits[] = "0123456789abcdef";
    char *room = qetl_builder_text_room(b, text.size * 2 + 2);
    if (!room)
        return QETL_E_NO_MEMORY;
    memcpy(room, "\\x", 2);
    for (int64_t i = 0; i < text.size; i++) {
        room[2 + 2 * i] = digits[(uint8_t)text.data[i] >> 4];
        room[3 + 2 * i] = digits[(uint8_t)text.data[i] & 15];
    }
    qetl_builder_text_put(b, text.size * 2 + 2);
    return QETL_OK;
}

static int32_t number_put(const struct lines_want *w, struct qetl_builder *b, int64_t number)
{
    char text[24];
    if (!w->spelled)
        return qetl_builder_int(b, number);
    return qetl_builder_text(b, text, snprintf(text, sizeof text, "%" PRId64, number));
}

/* Views of the text itself where it stands in the chunk. */
static int32_t row_put(struct job *job, int64_t at, struct qetl_text text, bool in_chunk)
{
    struct lines *l = job->l;
    int32_t status = QETL_OK;
    for (int64_t i = 0; !status && i < l->n_wants; i++) {
        struct lines_want *w = &l->wants[i];
        struct qetl_builder *b = &w->builder;
        const char *object = job->chunk->object ? job->chunk->object : "";
        if (w->content == LINES_FILE)
            status = qetl_builder_text(b, object, (int64_t)strlen(object));
        else if (w->content == LINES_NUMBER)
            status = number_put(w, b, l->raw ? text.size : job->chunk->offset + at);
        else if (w->spelled)
            status = bytes_put(b, text);
        else
            status = in_chunk ? qetl_builder_view(b, text.data, text.size)
                              : qetl_builder_text(b, text.data, text.size);
    }
    return status;
}

static void line_reject(struct job *job, int64_t at, int64_t size, const char *code,
                        const char *message)
{
    struct qetl_reject reject = {.struct_size = sizeof reject,
                                 .row = job->records,
                                 .column = 0,
                                 .code = code,
                                 .message = message,
                                 .bytes = job->chunk->data + at,
                                 .bytes_size = size,
                                 .bytes_offset = at};
    job->l->env.host->reject(job->l->env.ctx, &reject);
}

/* A line that is not simply a view: rejected, or put in words. *text is what it becomes. */
static int32_t line_judge(struct job *job, int64_t at, struct qetl_text *text)
{
    struct lines *l = job->l;
    char message[96];
    if (!l->raw && l->max_bytes && text->size > l->max_bytes) {
        snprintf(message, sizeof message, "the line has %lld bytes, and max_bytes is %lld",
                 (long long)text->size, (long long)l->max_bytes);
        line_reject(job, at, text->size, "oversize_record", message);
        return QETL_E_DATA;
    }
    if (job->valid || (!l->encoding && qetl_utf8_valid(text->data, text->size)))
        return QETL_OK;
    int64_t size = text->size;
    int32_t status = lines_text(l, text->data, text->size, text);
    if (status == QETL_E_DATA)
        line_reject(job, at, size, "bad_utf8",
                    l->encoding ? "a byte means nothing in this encoding"
                                : "the text is not UTF-8; name its encoding, or binary");
    return status;
}

static int32_t line_take(struct job *job, int64_t at, int64_t end)
{
    struct lines *l = job->l;
    const uint8_t *data = job->chunk->data;
    end -= l->strip && end > at && end < job->chunk->size && data[end - 1] == '\r';
    if (l->skip_blank && end == at)
        return QETL_OK;
    int32_t status = grow(&l->offsets, &l->offsets_room, job->records);
    if (!status)
        status = grow(&l->map, &l->map_room, job->rows);
    if (status)
        return status;
    struct qetl_text text = {(const char *)data + at, end - at};
    status = line_judge(job, at, &text);
    if (!status)
        status = row_put(job, at, text, text.data == (const char *)data + at);
    if (!status)
        l->map[job->rows++] = (int32_t)job->records;
    if (!status || status == QETL_E_DATA)
        l->offsets[job->records++] = (int32_t)at;
    return status == QETL_E_DATA ? QETL_OK : status;
}

static int32_t lines_take(struct job *job)
{
    const struct qetl_chunk *chunk = job->chunk;
    struct lines *l = job->l;
    if (l->raw)
        return line_take(job, 0, chunk->size);
    int32_t status = QETL_OK;
    for (int64_t at = 0; !status && at < chunk->size;) {
        int64_t end = lines_find(l, chunk->data, at, chunk->size);
        status = line_take(job, at, end < 0 ? chunk->size : end);
        at = end < 0 ? chunk->size : end + l->separator_size;
    }
    return status;
}

static int32_t batch_close(struct job *job, struct qetl_decoded *out)
{
    struct lines *l = job->l;
    struct ArrowArray *columns = calloc((size_t)l->n_wants + 1, sizeof *columns);
    int32_t status = columns ? QETL_OK : QETL_E_NO_MEMORY;
    for (int64_t i = 0; !status && i < l->n_wants; i++)
        status = qetl_builder_close(&l->wants[i].builder, &columns[i]);
    if (!status)
        status = qetl_array_struct(l->env, job->rows, l->n_wants, columns, &out->batch);
    for (int64_t i = 0; columns && i < l->n_wants; i++)
        qetl_array_release(&columns[i]);
    free(columns);
    return status;
}

int32_t lines_decode(void *self, const struct qetl_chunk *chunk, struct qetl_decoded *out)
{
    struct lines *l = self;
    struct job job = {.l = l, .chunk = chunk};
    job.valid = l->binary || (!l->encoding && qetl_utf8_valid(chunk->data, chunk->size));
    for (int64_t i = 0; i < l->n_wants; i++) {
        qetl_builder_clear(&l->wants[i].builder);
        if (l->wants[i].content == LINES_CONTENT && chunk->buffer && !l->wants[i].spelled)
            qetl_builder_share(&l->wants[i].builder, chunk->buffer);
    }
    int32_t status = lines_take(&job);
    if (!status)
        status = batch_close(&job, out);
    if (status)
        return status;
    out->rows = job.rows;
    out->records = job.records;
    out->record_map = job.rows == job.records ? NULL : l->map;
    out->record_offsets = l->offsets;
    return QETL_OK;
}
