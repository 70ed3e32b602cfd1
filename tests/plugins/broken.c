/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A source, a transform and a format whose third batch holds an array that is no valid Arrow: the
 * option `array` says which, and how. The one of the transform has columns named x_…
 */
#include <qetl/plugin.h>
#include <qetl/sdk.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 10, BATCHES = 5, BROKEN_BATCH = 3 };

struct broken {
    struct qetl_env env;
    const char *how;
    int64_t batches;
    struct ArrowSchema schema;
    int64_t n_wants;
    struct qetl_want wants[8];
};

static int32_t broken_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                             const char *config)
{
    struct broken *b = self;
    (void)config;
    b->env = (struct qetl_env){host, ctx};
    b->how = qetl_option_text(b->env, "/array");
    return QETL_OK;
}

static void broken_destroy(void *self)
{
    qetl_schema_release(&((struct broken *)self)->schema);
}

/* ---- what is right about them ---- */

enum { NUMBER, TEXT, DECIMAL, NESTED, OFFSETS, WORDS, N_COLUMNS };

static int32_t nested_init(struct ArrowSchema *field, const char *name)
{
    struct ArrowSchema list, item;
    int32_t status = qetl_schema_init_struct(field);
    status = status ? status : qetl_schema_set_name(field, name);
    status = status ? status : qetl_schema_init_field(&list, "items", "+l");
    status = status ? status : qetl_schema_init_field(&item, "item", "vu");
    status = status ? status : qetl_schema_append(&list, &item);
    return status ? status : qetl_schema_append(field, &list);
}

static int32_t words_init(struct ArrowSchema *field, const char *name)
{
    int32_t status = qetl_schema_init_field(field, name, "i");
    field->dictionary = status ? NULL : calloc(1, sizeof *field->dictionary);
    return field->dictionary ? qetl_schema_init_field(field->dictionary, "", "vu")
                             : QETL_E_NO_MEMORY;
}

static int32_t field_init(int column, const char *prefix, struct ArrowSchema *field)
{
    static const char *const names[] = {"number", "text", "decimal", "nested", "offsets", "words"};
    static const char *const formats[] = {"l", "vu", "d:5,2", NULL, "u", NULL};
    char name[32];
    snprintf(name, sizeof name, "%s%s", prefix, names[column]);
    return column == NESTED  ? nested_init(field, name)
           : column == WORDS ? words_init(field, name)
                             : qetl_schema_init_field(field, name, formats[column]);
}

/* Of the columns, or of a column's own fields, two have one name. */
static int32_t twin_make(const char *how, int column, struct ArrowSchema *field)
{
    struct ArrowSchema twin = {0};
    if (column == TEXT && !strcmp(how, "twins"))
        return qetl_schema_set_name(field, "number");
    if (column != NESTED || strcmp(how, "inner_twins") != 0)
        return QETL_OK;
    int32_t status = qetl_schema_copy(field->children[0], &twin);
    return status ? status : qetl_schema_append(field, &twin);
}

static int32_t schema_make(const char *how, struct ArrowSchema *out)
{
    int32_t status = qetl_schema_init_struct(out);
    for (int c = 0; !status && c < N_COLUMNS; c++) {
        struct ArrowSchema field = {0};
        status = field_init(c, "", &field);
        status = status ? status : twin_make(how, c, &field);
        status = status ? status : qetl_schema_append(out, &field);
        qetl_schema_release(&field);
    }
    return status;
}

static int32_t text_put(struct qetl_builder *b, int64_t i)
{
    char text[40];
    int size = snprintf(text, sizeof text, i % 2 ? "w%d" : "a text of more than 12 bytes, %d",
                        (int)(i % 100));
    return qetl_builder_text(b, text, size);
}

static int32_t nested_put(struct qetl_builder *b, int64_t i)
{
    struct qetl_builder *list = qetl_builder_child(b, 0);
    int32_t status = QETL_OK;
    for (int64_t k = 0; !status && k < 2; k++)
        status = text_put(qetl_builder_child(list, 0), i + k);
    status = status ? status : qetl_builder_list(list);
    return status ? status : qetl_builder_struct(b);
}

static int32_t value_put(struct qetl_builder *b, int column, int64_t i)
{
    switch (column) {
    case NUMBER:
        return i % 7 == 3 ? qetl_builder_null(b) : qetl_builder_int(b, i);
    case DECIMAL:
        return qetl_builder_decimal(b, i);
    case NESTED:
        return nested_put(b, i);
    default:
        return text_put(b, i);
    }
}

static int32_t built_make(struct qetl_env env, int column, struct ArrowArray *out)
{
    struct ArrowSchema field = {0};
    struct qetl_builder b = {0};
    int32_t status = field_init(column, "", &field);
    status = status ? status : qetl_builder_open(&b, env, &field, ROWS);
    for (int64_t i = 0; !status && i < ROWS; i++)
        status = value_put(&b, column, i);
    status = status ? status : qetl_builder_close(&b, out);
    qetl_builder_free(&b);
    qetl_schema_release(&field);
    return status;
}

/* Two buffers of int32 each, made by hand: offsets of "xxx…", or indices. */
static int32_t offsets_make(struct qetl_env env, struct ArrowArray *out)
{
    int32_t *offsets = env.host->buffer_alloc(env.ctx, (ROWS + 1) * sizeof *offsets);
    char *data = env.host->buffer_alloc(env.ctx, ROWS);
    if (!offsets || !data)
        return QETL_E_NO_MEMORY;
    memset(data, 'x', ROWS);
    for (int i = 0; i <= ROWS; i++)
        offsets[i] = i;
    return qetl_array_make(env, ROWS, 0, 3, (const void *[]){NULL, offsets, data}, 0, NULL, out);
}

static int32_t words_make(struct qetl_env env, struct ArrowArray *out)
{
    struct ArrowArray values;
    int32_t *indices = env.host->buffer_alloc(env.ctx, ROWS * sizeof *indices);
    int32_t status = indices ? built_make(env, TEXT, &values) : QETL_E_NO_MEMORY;
    for (int i = 0; !status && i < ROWS; i++)
        indices[i] = (i + 1) % ROWS;
    if (!status)
        status = qetl_array_make(env, ROWS, 0, 2, (const void *[]){NULL, indices}, 1, &values, out);
    if (status)
        return status;
    out->dictionary = out->children[0];
    out->n_children = 0;
    out->children = NULL;
    return QETL_OK;
}

/* ---- what is wrong ---- */

struct wrap { /* what is wrong with the array itself is taken back before its release */
    struct ArrowArray right;
    const void **place, *value;
};

static void wrap_release(struct ArrowArray *array)
{
    struct wrap *wrap = array->private_data;
    if (wrap->place)
        *wrap->place = wrap->value;
    wrap->right.release(&wrap->right);
    free(wrap);
    array->release = NULL;
}

static int32_t array_wrap(struct ArrowArray *array, int buffer, const void *value)
{
    struct wrap *wrap = malloc(sizeof *wrap);
    if (!wrap)
        return QETL_E_NO_MEMORY;
    *wrap = (struct wrap){*array, buffer < 0 ? NULL : &array->buffers[buffer], NULL};
    if (wrap->place) {
        wrap->value = *wrap->place;
        *wrap->place = value;
    }
    array->release = wrap_release;
    array->private_data = wrap;
    return QETL_OK;
}

static int32_t array_break(const char *how, int column, struct ArrowArray *array)
{
    int32_t *values = (int32_t *)array->buffers[column == NESTED ? 0 : 1];
    struct ArrowArray *list = column == NESTED ? array->children[0] : NULL;
    int32_t status = QETL_OK;
    if (column == NUMBER && !strcmp(how, "nulls"))
        array->null_count++;
    else if (column == NUMBER && !strcmp(how, "length"))
        array->length--;
    else if (column == NUMBER && !strcmp(how, "offset") && !(status = array_wrap(array, -1, NULL)))
        array->offset = -1;
    else if (column == NUMBER && !strcmp(how, "missing"))
        status = array_wrap(array, 1, NULL);
    else if (column == NUMBER && !strcmp(how, "unaligned"))
        status = array_wrap(array, 1, (const char *)values + 8);
    else if (column == TEXT && !strcmp(how, "utf8"))
        ((uint8_t *)values)[16 * 1 + 4] = 0xff;
    else if (column == TEXT && !strcmp(how, "padding"))
        ((uint8_t *)values)[16 * 1 + 15] = 1;
    else if (column == TEXT && !strcmp(how, "negative"))
        values[4 * 4] = -1;
    else if (column == TEXT && !strcmp(how, "prefix"))
        values[4 * 4 + 1]++;
    else if (column == TEXT && !strcmp(how, "buffer"))
        values[4 * 4 + 2] = 3;
    else if (column == TEXT && !strcmp(how, "reach"))
        values[4 * 4 + 3] = 1 << 20;
    else if (column == TEXT && !strcmp(how, "sizes"))
        status = array_wrap(array, (int)array->n_buffers - 1, NULL);
    else if (column == DECIMAL && !strcmp(how, "digits"))
        values[4 * 5] = 100000;
    else if (column == NESTED && !strcmp(how, "short"))
        list->length--;
    else if (column == NESTED && !strcmp(how, "childless") &&
             !(status = array_wrap(array, -1, NULL)))
        array->n_children = 0;
    else if (column == NESTED && !strcmp(how, "elements"))
        ((int32_t *)list->buffers[1])[ROWS] = 99;
    else if (column == NESTED && !strcmp(how, "inner"))
        ((uint8_t *)list->children[0]->buffers[1])[16 * 2 + 4] = 0xff;
    else if (column == OFFSETS && !strcmp(how, "backward"))
        values[6] = 1;
    else if (column == OFFSETS && !strcmp(how, "before"))
        values[0] = -1;
    else if (column == WORDS && !strcmp(how, "index"))
        values[7] = ROWS;
    return status;
}

static int32_t column_make(struct broken *b, int column, struct ArrowArray *out)
{
    int32_t status = column == OFFSETS ? offsets_make(b->env, out)
                     : column == WORDS ? words_make(b->env, out)
                                       : built_make(b->env, column, out);
    if (!status && b->batches == BROKEN_BATCH)
        status = array_break(b->how, column, out);
    return status;
}

/* columns: which of them, or NULL for all. */
static int32_t batch_make(struct broken *b, int64_t n, const struct qetl_want *columns,
                          struct ArrowArray *out)
{
    struct ArrowArray arrays[N_COLUMNS] = {{0}};
    int32_t status = QETL_OK;
    b->batches++;
    for (int64_t c = 0; !status && c < n; c++)
        status = column_make(b, columns ? (int)columns[c].column : (int)c, &arrays[c]);
    status = status ? status : qetl_array_struct(b->env, ROWS, n, arrays, out);
    for (int64_t c = 0; c < n; c++)
        qetl_array_release(&arrays[c]);
    return status;
}

/* ---- the source ---- */

static int32_t source_describe(void *self, struct qetl_source_info *out)
{
    out->emits = QETL_EMITS_BATCHES;
    out->delivery = QETL_LOSSY;
    out->rows_expected = ROWS * BATCHES;
    return schema_make(((struct broken *)self)->how, &out->schema);
}

static int32_t source_open(void *self, struct qetl_blob split, const struct qetl_blob *position)
{
    (void)split, (void)position;
    ((struct broken *)self)->batches = 0;
    return QETL_OK;
}

static int32_t source_next(void *self, const struct qetl_demand *demand, struct qetl_item *out)
{
    struct broken *b = self;
    (void)demand;
    if (b->batches == BATCHES)
        return QETL_END;
    int32_t status = batch_make(b, N_COLUMNS, NULL, &out->batch);
    return status ? status : QETL_BATCH;
}

/* ---- the transform: as many rows as came in, which are ten ---- */

static int32_t transform_bind(void *self, uint32_t n_inputs, const struct ArrowSchema *const *in,
                              struct qetl_binder *binder)
{
    int32_t status = binder->rows(binder, 0, QETL_ROWS_KEEP);
    (void)self, (void)n_inputs;
    for (int64_t i = 0; !status && i < in[0]->n_children; i++)
        status = binder->copy(binder, 0, -1, 0, i, NULL);
    for (int c = 0; !status && c < N_COLUMNS; c++) {
        struct ArrowSchema field = {0};
        status = field_init(c, "x_", &field);
        status = status ? status : binder->derive(binder, 0, &field, 0, NULL);
    }
    return status;
}

static int32_t transform_process(void *self, const struct qetl_event *event,
                                 struct qetl_output *out)
{
    if (!event || event->kind != QETL_EVENT_BATCH)
        return QETL_NEED_INPUT;
    int32_t status = batch_make(self, N_COLUMNS, NULL, &out->batch);
    out->rows = ROWS;
    return status ? status : QETL_OUTPUT;
}

/* ---- the format: a line stands for a batch ---- */

static int32_t format_describe(void *self, struct qetl_format_info *out)
{
    (void)self;
    out->decode = QETL_DECODE_VALUES;
    return QETL_OK;
}

static int32_t format_infer(void *self, const struct qetl_sample *sample, struct qetl_inferred *out)
{
    (void)sample;
    return schema_make(((struct broken *)self)->how, &out->schema);
}

static int32_t format_open(void *self, const struct ArrowSchema *schema, struct qetl_blob prologue,
                           int64_t n, const struct qetl_want *wants)
{
    struct broken *b = self;
    (void)schema, (void)prologue;
    b->n_wants = n < 8 ? n : 8;
    memcpy(b->wants, wants, (size_t)b->n_wants * sizeof *wants);
    return QETL_OK;
}

static int32_t format_frame(void *self, struct qetl_frame *io)
{
    (void)self;
    io->used = io->size ? 1 : 0;
    return QETL_OK;
}

static int32_t format_decode(void *self, const struct qetl_chunk *chunk, struct qetl_decoded *out)
{
    struct broken *b = self;
    (void)chunk;
    out->rows = out->records = ROWS;
    return batch_make(b, b->n_wants, b->wants, &out->batch);
}

static const struct qetl_source source = {.struct_size = sizeof source,
                                          .describe = source_describe,
                                          .open = source_open,
                                          .next = source_next};
static const struct qetl_transform transform = {
    .struct_size = sizeof transform, .bind = transform_bind, .process = transform_process};
static const struct qetl_format format = {.struct_size = sizeof format,
                                          .describe = format_describe,
                                          .infer = format_infer,
                                          .open_decode = format_open,
                                          .frame = format_frame,
                                          .decode = format_decode};

#define COMPONENT(name, of)                                                                        \
    static const struct qetl_component name##_component = {.struct_size = sizeof name##_component, \
                                                           .kind = of,                             \
                                                           .id = "broken",                         \
                                                           .state_size = sizeof(struct broken),    \
                                                           .create = broken_create,                \
                                                           .name = &name,                          \
                                                           .destroy = broken_destroy}
COMPONENT(source, QETL_SOURCE);
COMPONENT(transform, QETL_TRANSFORM);
COMPONENT(format, QETL_FORMAT);

QETL_PLUGIN("broken", "0.1.0", &source_component, &transform_component, &format_component)
