/* SPDX-License-Identifier: Apache-2.0 */
#include "format_rig.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { TAIL_ROOM = 64, MAX_RECORD = 1 << 20 };

void format_rig_open(struct format_rig *rig, qetl_plugin_entry_fn *entry, const char *id,
                     const char *options)
{
    uint32_t abi = QETL_ABI_VERSION;
    const struct qetl_plugin *plugin;
    *rig = (struct format_rig){.max_record = MAX_RECORD};
    qetl_fake_host_init(&rig->fake, options);
    qetl_fake_space_init(&rig->rendered);
    qetl_fake_space_init(&rig->encoded);
    rig->status = entry(&rig->fake.host, rig->fake.ctx, &abi, &plugin);
    for (uint32_t i = 0; !rig->status && i < plugin->n_components; i++)
        if (!strcmp(plugin->components[i]->id, id))
            rig->component = plugin->components[i];
    assert(rig->component);
    rig->self = calloc(1, rig->component->state_size);
    assert(rig->self);
    rig->status =
        rig->component->create(rig->self, &rig->fake.host, rig->fake.ctx, rig->fake.config_json);
}

void format_rig_close(struct format_rig *rig)
{
    rig->component->destroy(rig->self);
    free(rig->self);
    free(rig->wants);
    qetl_schema_release(&rig->schema);
    qetl_fake_space_free(&rig->rendered);
    qetl_fake_space_free(&rig->encoded);
    qetl_fake_host_close(&rig->fake);
}

static int32_t rows_render(struct format_rig *rig, const struct ArrowSchema *schema,
                           const struct ArrowArray *batch)
{
    struct qetl_column rows, cell;
    struct qetl_space *out = &rig->rendered.space;
    int32_t status = qetl_column_open(&rows, schema, batch);
    for (int64_t i = 0; !status && i < batch->length; i++)
        for (int64_t c = 0; !status && c < batch->n_children; c++) {
            status = qetl_column_child(&rows, c, &cell);
            if (!status && qetl_column_is_null(&cell, i))
                status = qetl_space_put(out, "NULL", 4);
            else if (!status)
                status = qetl_render(&cell, i, out);
            if (!status)
                status = qetl_space_put(out, c + 1 < batch->n_children ? "|" : "\n", 1);
        }
    return status;
}

static int32_t as_wanted(const struct format_rig *rig, struct ArrowSchema *out)
{
    int32_t status = qetl_schema_init_struct(out);
    for (int64_t c = 0; !status && c < rig->schema.n_children; c++) {
        const struct ArrowSchema *field = rig->schema.children[c];
        struct ArrowSchema child = {0};
        status = rig->wants[c].form == QETL_FORM_VALUE
                     ? qetl_schema_copy(field, &child)
                     : qetl_schema_init_field(&child, field->name, "vu");
        if (!status)
            status = qetl_schema_append(out, &child);
        qetl_schema_release(&child);
    }
    return status;
}

static int32_t batch_take(struct format_rig *rig, struct ArrowArray *batch)
{
    struct ArrowSchema schema;
    char message[200];
    int32_t status = as_wanted(rig, &schema);
    if (!status && qetl_array_validate(&schema, batch, message, sizeof message)) {
        fprintf(stderr, "invalid batch: %s\n", message);
        abort();
    }
    if (!status)
        status = rows_render(rig, &schema, batch);
    if (!status && rig->encode)
        status = rig->component->format->open_encode(rig->self, &schema);
    if (!status && rig->encode)
        status = rig->component->format->encode(rig->self, batch, &rig->encoded.space);
    qetl_schema_release(&schema);
    return status;
}

static void decode(struct format_rig *rig, const uint8_t *data, int64_t size, int64_t offset)
{
    uint8_t *buffer = rig->fake.host.buffer_alloc(rig->fake.ctx, (size_t)size + TAIL_ROOM);
    if (size)
        memcpy(buffer, data, (size_t)size);
    struct qetl_chunk chunk = {.struct_size = sizeof chunk,
                               .data = buffer,
                               .size = size,
                               .buffer = buffer,
                               .object = "object",
                               .offset = offset,
                               .tail_room = TAIL_ROOM};
    int32_t status = QETL_MORE;
    for (bool more = false; status == QETL_MORE; more = true) {
        struct qetl_decoded out = {.struct_size = sizeof out};
        chunk.more = more;
        status = rig->component->format->decode(rig->self, &chunk, &out);
        if (status >= 0) {
            rig->records += out.records;
            rig->rows += out.rows;
        }
        int32_t taken = status >= 0 && out.rows ? batch_take(rig, &out.batch) : QETL_OK;
        qetl_array_release(&out.batch);
        status = taken ? taken : status;
    }
    rig->fake.host.buffer_free(buffer);
    rig->status = status;
}

static void frame(struct format_rig *rig, const uint8_t *data, int64_t size, int64_t block)
{
    for (int64_t at = 0, seen = 0; !rig->status;) {
        seen = size - seen > block ? seen + block : size;
        /* the framer sees nothing behind its window */
        uint8_t *window = malloc((size_t)(seen - at) + 1);
        if (seen > at)
            memcpy(window, data + at, (size_t)(seen - at));
        struct qetl_frame io = {.struct_size = sizeof io,
                                .data = window,
                                .size = seen - at,
                                .max_record = rig->max_record,
                                .object = "object",
                                .offset = at};
        io.flags = at == 0 ? QETL_ITEM_OBJECT_START : 0;
        io.flags |= seen == size ? QETL_ITEM_OBJECT_END : 0;
        rig->status = rig->component->format->frame(rig->self, &io);
        free(window);
        assert(rig->status || (io.begin >= 0 && io.begin <= io.used && io.used <= seen - at));
        rig->records += io.rejected;
        if (!rig->status && (io.used > io.begin || io.empty))
            decode(rig, data + at + io.begin, io.used - io.begin, at + io.begin);
        at += io.used;
        if (seen == size && (at == size || !io.used))
            break;
    }
}

void format_rig_run(struct format_rig *rig, const void *data, size_t size, uint32_t form,
                    size_t block)
{
    struct qetl_sample sample = {.struct_size = sizeof sample,
                                 .whole = 1,
                                 .data = data,
                                 .size = (int64_t)size,
                                 .object = ""};
    struct qetl_inferred inferred = {.struct_size = sizeof inferred};
    const struct qetl_format *format = rig->component->format;
    if (!rig->status)
        rig->status = format->infer(rig->self, &sample, &inferred);
    rig->schema = inferred.schema;
    if (rig->status)
        return;
    rig->wants = calloc((size_t)rig->schema.n_children + 1, sizeof *rig->wants);
    assert(rig->wants);
    for (int64_t c = 0; c < rig->schema.n_children; c++)
        rig->wants[c] = (struct qetl_want){.column = c, .form = form};
    rig->status = format->open_decode(rig->self, &rig->schema, inferred.prologue,
                                      rig->schema.n_children, rig->wants);
    frame(rig, data, (int64_t)size, (int64_t)block);
    rig->rejected = rig->fake.n_rejects;
}

char *format_rig_take(struct format_rig *rig)
{
    struct qetl_space *out = &rig->rendered.space;
    for (int64_t i = 0; i < rig->fake.n_rejects; i++) {
        qetl_space_put(out, "! ", 2);
        qetl_space_put(out, rig->fake.rejects[i].code, (int64_t)strlen(rig->fake.rejects[i].code));
        qetl_space_put(out, "\n", 1);
    }
    char *text = malloc((size_t)out->size + 1);
    assert(text);
    memcpy(text, out->size ? out->data : (const uint8_t *)"", (size_t)out->size);
    text[out->size] = 0;
    return text;
}
