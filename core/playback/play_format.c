/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of formats. */
#include "data/cell.h"
#include "playback_internal.h"

#include <stdlib.h>
#include <string.h>

static const struct qetl_format *format_of(const struct step *step)
{
    return step->player->component->format;
}

static void *self_of(const struct step *step)
{
    return step->player->ctx->self;
}

static int missing(const struct step *step)
{
    return qetl_step_fail(step, "the plugin has no such call, or what went in was not recorded");
}

static const char *text_of(const struct step *step, const char *name)
{
    const char *text = qetl_values_text(&step->in, name);
    return text ? text : "";
}

static int play_describe(struct step *step)
{
    struct qetl_format_info info = {.struct_size = sizeof info};
    format_of(step)->describe(self_of(step), &info);
    return 0;
}

/* What lay ahead then, at the same offset. */
static int64_t glimpse(void *stream, int64_t offset, void *data, int64_t capacity)
{
    const struct step *step = stream;
    struct qetl_values values;
    for (size_t i = 0; i < step->n_asked; i++) {
        if (strcmp(step->asked[i]->call, "glimpse") != 0 ||
            qetl_entry_values(step->asked[i], &values) ||
            qetl_values_number(&values, "offset") != offset)
            continue;
        struct qetl_blob blob = qetl_values_blob(&values, "data");
        int64_t size = (int64_t)blob.size < capacity ? (int64_t)blob.size : capacity;
        if (size)
            memcpy(data, blob.data, (size_t)size);
        return size;
    }
    return 0;
}

static int play_infer(struct step *step)
{
    const struct qetl_value *data = qetl_values_find(&step->in, "data");
    uint8_t *copy = qetl_value_copy(data);
    struct qetl_inferred out = {.struct_size = sizeof out};
    struct qetl_sample sample = {
        .struct_size = sizeof sample,
        .whole = (uint32_t)qetl_values_number(&step->in, "whole"),
        .data = copy,
        .size = copy ? (int64_t)data->size : 0,
        .object = text_of(step, "object"),
        .object_size = qetl_values_number(&step->in, "object_size"),
    };
    if (qetl_values_find(&step->in, "object_size")) {
        sample.glimpse = glimpse;
        sample.stream = step;
    }
    int bad = format_of(step)->infer ? 0 : missing(step);
    if (!bad)
        format_of(step)->infer(self_of(step), &sample, &out);
    qetl_schema_release(&out.schema);
    free(copy);
    return bad;
}

static int play_open_decode(struct step *step)
{
    struct ArrowSchema schema;
    const struct qetl_value *columns = qetl_values_find(&step->in, "schema");
    const struct qetl_value *wants = qetl_values_find(&step->in, "wants");
    struct qetl_want *wanted = qetl_value_copy(wants);
    int bad = !format_of(step)->open_decode || !columns || qetl_value_schema(columns, &schema);
    int64_t n = wanted ? (int64_t)(wants->size / sizeof *wanted) : 0;
    for (int64_t i = 0; i < n && !bad; i++)
        if (wanted[i].column < 0 || wanted[i].column >= schema.n_children) {
            qetl_schema_release(&schema);
            bad = 1;
        }
    if (!bad) {
        format_of(step)->open_decode(self_of(step), &schema,
                                     qetl_values_blob(&step->in, "prologue"), n, wanted);
        qetl_schema_release(&schema);
    }
    free(wanted);
    return bad ? missing(step) : 0;
}

static int play_frame(struct step *step)
{
    const struct qetl_value *data = qetl_values_find(&step->in, "data");
    uint8_t *copy = qetl_value_copy(data);
    struct qetl_frame io = {
        .struct_size = sizeof io,
        .flags = (uint32_t)qetl_values_number(&step->in, "flags"),
        .data = copy,
        .size = copy ? (int64_t)data->size : 0,
        .max_record = qetl_values_number(&step->in, "max_record"),
        .object = text_of(step, "object"),
        .offset = qetl_values_number(&step->in, "offset"),
    };
    int bad = format_of(step)->frame ? 0 : missing(step);
    if (!bad)
        format_of(step)->frame(self_of(step), &io);
    free(copy);
    qetl_instance_drop_rejected(step->player->ctx);
    return bad;
}

/* The chunk stays for decode_late and for MORE; the batch may point into it. */
static uint8_t *chunk_make(struct step *step, const struct qetl_value *data)
{
    struct player *p = step->player;
    if (p->chunk && qetl_values_number(&step->in, "more"))
        return p->chunk;
    qetl_buffer_free(p->chunk);
    p->chunk = qetl_pool_alloc(step->replay->pool, (data ? data->size : 0) + 64);
    if (p->chunk && data && data->size)
        memcpy(p->chunk, data->data, data->size);
    if (p->chunk)
        memset((uint8_t *)p->chunk + (data ? data->size : 0), 0, 64);
    return p->chunk;
}

static int play_decode(struct step *step)
{
    const struct qetl_value *data = qetl_values_find(&step->in, "data");
    uint8_t *copy = chunk_make(step, data);
    struct qetl_decoded out = {.struct_size = sizeof out};
    struct qetl_chunk chunk = {
        .struct_size = sizeof chunk,
        .more = (uint32_t)qetl_values_number(&step->in, "more"),
        .data = copy,
        .size = data ? (int64_t)data->size : 0,
        .buffer = copy,
        .object = text_of(step, "object"),
        .offset = qetl_values_number(&step->in, "offset"),
        .tail_room = 64,
        .note = qetl_values_blob(&step->in, "note"),
    };
    if (!format_of(step)->decode || !copy)
        return missing(step);
    format_of(step)->decode(self_of(step), &chunk, &out);
    qetl_array_release(&out.batch);
    qetl_schema_release(&out.schema);
    qetl_instance_drop_rejected(step->player->ctx);
    return 0;
}

static int play_decode_late(struct step *step)
{
    const struct qetl_value *value = qetl_values_find(&step->in, "map");
    int32_t *map = qetl_value_copy(value);
    struct ArrowArray out = {0};
    int64_t rows = qetl_values_number(&step->in, "rows");
    int bad = !format_of(step)->decode_late || (value && (!map || value->count < rows));
    if (!bad)
        format_of(step)->decode_late(self_of(step), rows, map, &out);
    qetl_array_release(&out);
    free(map);
    return bad ? missing(step) : 0;
}

static int play_forms(struct step *step)
{
    struct ArrowSchema schema;
    const struct qetl_value *columns = qetl_values_find(&step->in, "schema");
    if (!format_of(step)->forms || !columns || qetl_value_schema(columns, &schema))
        return missing(step);
    uint32_t *forms = calloc((size_t)schema.n_children + 1, sizeof *forms);
    if (forms)
        format_of(step)->forms(self_of(step), &schema, forms);
    free(forms);
    qetl_schema_release(&schema);
    return 0;
}

static int play_open_encode(struct step *step)
{
    struct ArrowSchema schema;
    const struct qetl_value *columns = qetl_values_find(&step->in, "schema");
    if (!format_of(step)->open_encode || !columns || qetl_value_schema(columns, &schema))
        return missing(step);
    format_of(step)->open_encode(self_of(step), &schema);
    qetl_schema_release(&schema);
    return 0;
}

static int play_space(struct step *step, int32_t (*call)(void *self, struct qetl_space *))
{
    struct qetl_space space;
    if (!call)
        return missing(step);
    qetl_heap_space(&space);
    call(self_of(step), &space);
    free(space.data);
    return 0;
}

static int play_begin(struct step *step)
{
    return play_space(step, format_of(step)->begin);
}

static int play_finish(struct step *step)
{
    return play_space(step, format_of(step)->finish);
}

static int play_encode(struct step *step)
{
    struct ArrowSchema schema;
    struct ArrowArray batch;
    struct qetl_space space;
    const struct qetl_value *array = qetl_values_find(&step->in, "batch");
    if (!format_of(step)->encode || !array || array->lost ||
        qetl_value_array(array, &schema, &batch))
        return missing(step);
    qetl_heap_space(&space);
    format_of(step)->encode(self_of(step), &batch, &space);
    free(space.data);
    qetl_array_release(&batch);
    qetl_schema_release(&schema);
    qetl_instance_drop_rejected(step->player->ctx);
    return 0;
}

const struct play qetl_plays_format[] = {
    {"describe", play_describe},
    {"infer", play_infer},
    {"open_decode", play_open_decode},
    {"frame", play_frame},
    {"decode", play_decode},
    {"decode_late", play_decode_late},
    {"forms", play_forms},
    {"open_encode", play_open_encode},
    {"begin", play_begin},
    {"finish", play_finish},
    {"encode", play_encode},
    {NULL, NULL},
};
