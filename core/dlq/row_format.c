/* SPDX-License-Identifier: Apache-2.0 */
/* The format of decoded rows as letters hold them: values, and how they were spelled. */
#include "feed.h"
#include "host/instance.h"
#include "value_read.h"

#include <stdlib.h>
#include <string.h>

struct row_state {
    const struct qetl_feed *feed;
    struct qetl_env env;
    struct qetl_want *wants;
    struct qetl_builder *builders; /* one a want */
    int64_t n_wants;
};

static int32_t row_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                          const char *config)
{
    struct row_state *state = self;
    (void)config;
    size_t at = offsetof(struct qetl_feed, format_component);
    state->feed = (const struct qetl_feed *)((const char *)ctx->component - at);
    state->env = (struct qetl_env){host, ctx};
    return QETL_OK;
}

static void wants_clear(struct row_state *state)
{
    for (int64_t i = 0; state->builders && i < state->n_wants; i++)
        qetl_builder_free(&state->builders[i]);
    free(state->builders);
    free(state->wants);
    state->builders = NULL;
    state->wants = NULL;
    state->n_wants = 0;
}

static void row_destroy(void *self)
{
    wants_clear(self);
}

static int32_t row_describe(void *self, struct qetl_format_info *out)
{
    (void)self;
    out->encode = QETL_ENCODE_CONCATENABLE;
    return QETL_OK;
}

static int32_t row_infer(void *self, const struct qetl_sample *sample, struct qetl_inferred *out)
{
    const struct row_state *state = self;
    (void)sample;
    return qetl_schema_copy(&state->feed->schema, &out->schema);
}

static int32_t row_open_decode(void *self, const struct ArrowSchema *schema,
                               struct qetl_blob prologue, int64_t n_wants,
                               const struct qetl_want *wants)
{
    static const struct ArrowSchema text = {
        .format = "vu", .name = "", .flags = ARROW_FLAG_NULLABLE};
    struct row_state *state = self;
    (void)prologue;
    wants_clear(state);
    state->wants = calloc((size_t)n_wants + 1, sizeof *state->wants);
    state->builders = calloc((size_t)n_wants + 1, sizeof *state->builders);
    if (!state->wants || !state->builders)
        return QETL_E_NO_MEMORY;
    int32_t status = QETL_OK;
    for (int64_t i = 0; !status && i < n_wants; i++) {
        bool value = wants[i].form == QETL_FORM_VALUE;
        state->wants[i] = wants[i];
        status = qetl_builder_open(&state->builders[i], state->env,
                                   value ? schema->children[wants[i].column] : &text, 64);
        state->n_wants += !status;
    }
    return status;
}

/* Each line is a record. */
static int32_t row_frame(void *self, struct qetl_frame *io)
{
    (void)self;
    const uint8_t *end = memrchr(io->data, '\n', (size_t)io->size);
    io->begin = 0;
    io->used = io->flags & QETL_ITEM_OBJECT_END ? io->size : end ? end - io->data + 1 : 0;
    return QETL_OK;
}

static bool names(const json_t *list, const char *name)
{
    size_t i;
    json_t *one;
    json_array_foreach (list, i, one)
        if (strcmp(json_string_value(one), name) == 0)
            return true;
    return false;
}

/* As it was spelled, and whether that is NULL. */
static int32_t put_words(const json_t *letter, const char *name, struct qetl_builder *out)
{
    const json_t *value = json_object_get(json_object_get(letter, "decoded"), name);
    const json_t *spelled = json_object_get(json_object_get(letter, "spelled"), name);
    bool null = !value || json_is_null(value);
    static const struct ArrowSchema text = {.format = "vu", .name = ""};
    if (null)
        return qetl_builder_null_spelled(out, spelled ? json_string_value(spelled) : "",
                                         (int64_t)json_string_length(spelled));
    return qetl_value_read(spelled ? spelled : value, &text, out);
}

/* A text that nobody proved to be of its type is read as such, before it goes on as one. */
static int32_t put_cell(struct row_state *state, const json_t *letter, int64_t i)
{
    const struct ArrowSchema *field = state->feed->schema.children[state->wants[i].column];
    const json_t *value = json_object_get(json_object_get(letter, "decoded"), field->name);
    uint32_t form = state->wants[i].form;
    if (form == QETL_FORM_VALUE)
        return qetl_value_read(value, field, &state->builders[i]);
    if (form == QETL_FORM_CHECKED && names(json_object_get(letter, "unchecked"), field->name)) {
        struct qetl_builder trial;
        int32_t status = qetl_builder_open(&trial, state->env, field, 1);
        if (!status)
            status = qetl_value_read(value, field, &trial);
        qetl_builder_free(&trial);
        if (status)
            return status;
    }
    return put_words(letter, field->name, &state->builders[i]);
}

static void reject(struct row_state *state, int64_t record, int64_t column, const char *message)
{
    const struct qetl_reject info = {.struct_size = sizeof info,
                                     .row = record,
                                     .column = column,
                                     .code = "bad_value",
                                     .message = message};
    state->env.host->reject(state->env.ctx, &info);
}

/* 1: a row; 0: rejected; negative: failed. */
static int32_t put_row(struct row_state *state, const char *line, size_t size, int64_t record,
                       int64_t rows)
{
    json_t *letter = json_loadb(line, size, JSON_ALLOW_NUL, NULL);
    int32_t status = letter ? QETL_OK : QETL_E_NO_MEMORY;
    int64_t i = 0;
    for (; !status && i < state->n_wants; i++)
        status = put_cell(state, letter, i);
    json_decref(letter);
    if (!status)
        return 1;
    for (int64_t k = 0; k < state->n_wants; k++)
        qetl_builder_truncate(&state->builders[k], rows);
    if (status != QETL_E_DATA)
        return status;
    int64_t column = state->wants[i - 1].column;
    char message[300], type[100];
    const struct ArrowSchema *field = state->feed->schema.children[column];
    snprintf(message, sizeof message, "%.150s: its text is no %s", field->name,
             qetl_type_name(field, type, sizeof type));
    reject(state, record, column, message);
    return 0;
}

static int32_t close_batch(struct row_state *state, int64_t rows, struct qetl_decoded *out)
{
    struct ArrowArray *children = calloc((size_t)state->n_wants + 1, sizeof *children);
    int32_t status = children ? QETL_OK : QETL_E_NO_MEMORY;
    for (int64_t i = 0; !status && i < state->n_wants; i++)
        status = qetl_builder_close(&state->builders[i], &children[i]);
    if (!status)
        status = qetl_array_struct(state->env, rows, state->n_wants, children, &out->batch);
    for (int64_t i = 0; status && children && i < state->n_wants; i++)
        qetl_array_release(&children[i]);
    free(children);
    out->rows = rows;
    return status;
}

/* A chunk is one letter: one row, or none. */
static int32_t row_decode(void *self, const struct qetl_chunk *chunk, struct qetl_decoded *out)
{
    struct row_state *state = self;
    const char *at = (const char *)chunk->data, *end = at + chunk->size;
    static const int32_t none[1];
    int64_t rows = 0, records = 0;
    while (at < end) {
        const char *line = at, *newline = memchr(at, '\n', (size_t)(end - at));
        at = newline ? newline + 1 : end;
        int32_t put = put_row(state, line, (size_t)(at - line), records, rows);
        if (put < 0)
            return put;
        rows += put;
        records++;
    }
    out->records = records;
    out->record_map = rows == records ? NULL : none;
    return rows == records || !rows ? close_batch(state, rows, out) : QETL_E_FATAL;
}

static int32_t row_forms(void *self, const struct ArrowSchema *schema, uint32_t *forms)
{
    (void)self, (void)schema, (void)forms;
    return QETL_E_UNSUPPORTED;
}

static int32_t row_open_encode(void *self, const struct ArrowSchema *schema)
{
    (void)self, (void)schema;
    return QETL_E_UNSUPPORTED;
}

static int32_t row_encode(void *self, const struct ArrowArray *batch, struct qetl_space *out)
{
    (void)self, (void)batch, (void)out;
    return QETL_E_UNSUPPORTED;
}

void qetl_row_format(struct qetl_feed *feed)
{
    feed->format = (struct qetl_format){.struct_size = sizeof feed->format,
                                        .describe = row_describe,
                                        .infer = row_infer,
                                        .open_decode = row_open_decode,
                                        .frame = row_frame,
                                        .decode = row_decode,
                                        .forms = row_forms,
                                        .open_encode = row_open_encode,
                                        .encode = row_encode};
    feed->format_component = (struct qetl_component){.struct_size = sizeof feed->format_component,
                                                     .kind = QETL_FORMAT,
                                                     .id = feed->spelled_by,
                                                     .state_size = sizeof(struct row_state),
                                                     .create = row_create,
                                                     .destroy = row_destroy,
                                                     .format = &feed->format};
}
