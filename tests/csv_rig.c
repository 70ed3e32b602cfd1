/* SPDX-License-Identifier: Apache-2.0 */
/* A small host's work around the csv format. */
#include "csv_rig.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { TAIL_ROOM = 64, RECORD_MAX = 1 << 20, COPY_MOST = 1 << 14 };

int32_t qetl_plugin_entry(const struct qetl_host *host, struct qetl_ctx *ctx, uint32_t *abi,
                          const struct qetl_plugin **out);

void rig_text_add(struct rig_text *text, const void *data, size_t size)
{
    if (text->capacity - text->size < size + 1) {
        text->capacity = (text->size + size) * 2 + 64;
        text->data = realloc(text->data, text->capacity);
        assert(text->data);
    }
    if (size)
        memcpy(text->data + text->size, data, size);
    text->size += size;
    text->data[text->size] = 0;
}

void rig_text_clear(struct rig_text *text)
{
    text->size = 0;
    rig_text_add(text, "", 0);
}

void rig_text_cell(struct rig_text *text, const void *data, size_t size, bool null)
{
    const uint8_t *p = data;

    rig_text_add(text, null ? "<" : "[", 1);
    for (size_t i = 0; i < size; i++) {
        char code[8];

        if (p[i] < ' ' || strchr("\\<>[]", p[i]))
            rig_text_add(text, code, (size_t)snprintf(code, sizeof code, "\\%02x", p[i]));
        else
            rig_text_add(text, p + i, 1);
    }
    rig_text_add(text, null ? ">" : "]", 1);
}

static struct csv *instance_new(struct rig *rig, struct qetl_fake_host *fake)
{
    struct csv *self = calloc(1, rig->component->state_size);
    int32_t status;

    assert(self);
    status = rig->component->create(self, &fake->host, fake->ctx, fake->config_json);
    rig->status = rig->status ? rig->status : status;
    return self;
}

static void instance_free(struct rig *rig, struct csv *self)
{
    if (self)
        rig->component->destroy(self);
    free(self);
}

void rig_open_as(struct rig *rig, const char *component, const char *options)
{
    const struct qetl_plugin *plugin;
    uint32_t abi = QETL_ABI_VERSION;

    memset(rig, 0, sizeof *rig);
    qetl_fake_host_init(&rig->fake, options);
    assert(!qetl_plugin_entry(&rig->fake.host, rig->fake.ctx, &abi, &plugin));
    for (uint32_t i = 0; i < plugin->n_components; i++)
        if (!strcmp(plugin->components[i]->id, component))
            rig->component = plugin->components[i];
    assert(rig->component);
    rig->max_record = RECORD_MAX;
    rig->framer = instance_new(rig, &rig->fake);
    rig->decoder = instance_new(rig, &rig->fake);
    qetl_fake_space_init(&rig->encoded);
    rig_text_clear(&rig->text);
    rig_text_clear(&rig->rejects);
    rig_text_clear(&rig->kept);
}

void csv_rig_open(struct rig *rig, const char *options)
{
    rig_open_as(rig, "csv", options);
}

void csv_rig_close(struct rig *rig)
{
    instance_free(rig, rig->framer);
    instance_free(rig, rig->decoder);
    instance_free(rig, rig->encoder);
    qetl_schema_release(&rig->schema);
    qetl_schema_release(&rig->delivered);
    qetl_fake_space_free(&rig->encoded);
    free(rig->wants);
    free(rig->text.data);
    free(rig->rejects.data);
    free(rig->note.data);
    free(rig->kept.data);
    if (rig->encode)
        assert(qetl_fake_host_free(&rig->writer) == 0);
    assert(qetl_fake_host_free(&rig->fake) == 0);
}

static void kernel_set(struct rig *rig)
{
    if (!rig->kernel)
        return;
    rig->framer->kernel = rig->kernel;
    rig->decoder->kernel = rig->kernel;
}

int32_t rig_infer(struct rig *rig, const void *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    struct qetl_sample sample = {.struct_size = sizeof sample,
                                 .whole = 1,
                                 .data = copy,
                                 .size = (int64_t)size,
                                 .object = "orders.csv"};
    struct qetl_inferred out = {.struct_size = sizeof out};

    assert(copy);
    if (size)
        memcpy(copy, data, size);
    kernel_set(rig);
    if (!rig->status)
        rig->status = rig->component->format->infer(rig->framer, &sample, &out);
    free(copy);
    qetl_schema_release(&rig->schema);
    rig->schema = out.schema;
    rig->prologue = out.prologue;
    rig->summary = out.summary;
    return rig->status;
}

static void delivered_add(struct rig *rig, const struct ArrowSchema *field, uint32_t form)
{
    bool lexical = form != QETL_FORM_VALUE;
    struct ArrowSchema copy;
    char name[QETL_TYPE_FORMAT_MAX];

    assert(!qetl_schema_init_field(&copy, field->name, lexical ? "vu" : field->format));
    if (lexical) {
        assert(!qetl_schema_set_metadata(&copy, "qetl:lexical", "csv"));
        assert(!qetl_schema_set_metadata(&copy, "qetl:type",
                                         qetl_type_name(field, name, sizeof name)));
    }
    assert(!qetl_schema_append(&rig->delivered, &copy));
}

void rig_want(struct rig *rig, uint32_t form)
{
    const struct qetl_format *format = rig->component->format;

    if (rig->status)
        return;
    rig->n_wants = rig->schema.n_children;
    free(rig->wants);
    rig->wants = calloc((size_t)rig->n_wants + 1, sizeof *rig->wants);
    qetl_schema_release(&rig->delivered);
    assert(rig->wants && !qetl_schema_init_struct(&rig->delivered));
    for (int64_t i = 0; i < rig->n_wants; i++) {
        rig->wants[i] = (struct qetl_want){.column = i, .form = form};
        delivered_add(rig, rig->schema.children[i], form);
    }
    /* The framer wrote the prologue, and it reads it too. */
    rig->status =
        format->open_decode(rig->decoder, &rig->schema, rig->prologue, rig->n_wants, rig->wants);
    if (!rig->status)
        rig->status = format->open_decode(rig->framer, &rig->schema, rig->prologue, 0, NULL);
}

static void cell_note(struct rig *rig, const struct qetl_column *column, int64_t row)
{
    bool null = qetl_column_is_null(column, row);
    struct qetl_fake_space space;

    if (column->kind == QETL_KIND_TEXT) {
        struct qetl_text text = qetl_column_text(column, row);

        rig_text_cell(&rig->text, text.data, (size_t)text.size, null);
        return;
    }
    qetl_fake_space_init(&space);
    if (!null)
        assert(!qetl_render(column, row, &space.space));
    rig_text_cell(&rig->text, space.space.data, (size_t)space.space.size, null);
    qetl_fake_space_free(&space);
}

static void batch_note(struct rig *rig, const struct qetl_decoded *d)
{
    for (int64_t i = 0; i < d->rows; i++) {
        for (int64_t c = 0; c < rig->n_wants; c++) {
            struct qetl_column column;

            assert(!qetl_column_open(&column, rig->delivered.children[c], d->batch.children[c]));
            cell_note(rig, &column, i);
        }
        rig_text_add(&rig->text, "\n", 1);
    }
}

static void rejects_note(struct rig *rig, int64_t from, int64_t offset)
{
    for (int64_t i = from; i < rig->fake.n_rejects; i++) {
        const struct qetl_fake_reject *r = &rig->fake.rejects[i];
        char place[64];

        rig_text_add(&rig->rejects, place,
                     (size_t)snprintf(place, sizeof place, "%lld+%lld ",
                                      (long long)(offset + r->bytes_offset),
                                      (long long)r->bytes_size));
        rig_text_add(&rig->rejects, r->code, strlen(r->code));
        rig_text_add(&rig->rejects, ": ", 2);
        rig_text_add(&rig->rejects, r->message, strlen(r->message));
        rig_text_add(&rig->rejects, "\n", 1);
    }
}

static void decoded_check(const struct rig *rig, const struct qetl_decoded *d, int64_t size,
                          int64_t rejected)
{
    char message[256];

    assert(d->rows + rejected == d->records);
    assert(d->batch.length == d->rows && d->batch.n_children == rig->n_wants);
    for (int64_t i = 0; i < d->records; i++)
        assert(d->record_offsets[i] < size && d->record_offsets[i] >= (i ? 1 : 0) &&
               (!i || d->record_offsets[i] > d->record_offsets[i - 1]));
    for (int64_t i = 0; i < d->rows; i++)
        assert(!d->record_map ||
               (d->record_map[i] < d->records && (!i || d->record_map[i] > d->record_map[i - 1])));
    if (qetl_array_validate(&rig->delivered, &d->batch, message, sizeof message)) {
        fprintf(stderr, "%s\n", message);
        abort();
    }
}

static void chunk_run(struct rig *rig, const uint8_t *data, int64_t size, int64_t offset)
{
    const struct qetl_host *host = &rig->fake.host;
    int64_t rejects = rig->fake.n_rejects, lead = offset % 3;
    uint8_t *buffer = host->buffer_alloc(rig->fake.ctx, (size_t)(lead + size + TAIL_ROOM));
    struct qetl_chunk chunk = {.struct_size = sizeof chunk,
                               .data = buffer + lead,
                               .size = size,
                               .buffer = buffer,
                               .object = "orders.csv",
                               .offset = offset,
                               .tail_room = TAIL_ROOM,
                               .note = {rig->note.data, rig->note.size}};
    struct qetl_decoded d = {.struct_size = sizeof d};

    assert(buffer);
    memcpy(buffer + lead, data, (size_t)size);
    for (int64_t i = 0; i < TAIL_ROOM; i++)
        buffer[lead + size + i] = (uint8_t) "\",\n9\r\xff"[i % 6];
    rig_text_add(&rig->kept, data, (size_t)size);
    rig->status = rig->component->format->decode(rig->decoder, &chunk, &d);
    host->buffer_free(buffer);
    if (rig->status)
        return;
    decoded_check(rig, &d, size, rig->fake.n_rejects - rejects);
    rejects_note(rig, rejects, offset);
    rig->records += d.records;
    rig->rows += d.rows;
    rig->rejected += rig->fake.n_rejects - rejects;
    if (rig->encode && rig->spoil)
        rig->spoil(&d.batch);
    if (rig->encode)
        rig->status = rig->component->format->encode(rig->encoder, &d.batch, &rig->encoded.space);
    else
        batch_note(rig, &d);
    qetl_array_release(&d.batch);
}

/* Noted already: many would slow down the fake. Answers how many are left. */
static int64_t rejects_forget(struct rig *rig)
{
    if (rig->fake.n_rejects > 1000)
        qetl_fake_host_reset(&rig->fake);
    return rig->fake.n_rejects;
}

/* One call of frame over data[at, known); answers how much was used. */
static int64_t frame_once(struct rig *rig, const uint8_t *data, int64_t at, int64_t known, bool end)
{
    int64_t rejects = rejects_forget(rig), size = known - at;
    /* A block of its own, so that a sanitizer sees a read beyond it; large ones would cost too
     * much. */
    uint8_t *copy = size < COPY_MOST ? malloc(size ? (size_t)size : 1) : NULL;
    struct qetl_frame io = {.struct_size = sizeof io,
                            .flags = (at ? 0 : QETL_ITEM_OBJECT_START) |
                                     (end ? QETL_ITEM_OBJECT_END : 0),
                            .data = copy ? copy : data + at,
                            .size = size,
                            .max_record = rig->max_record,
                            .object = "orders.csv",
                            .offset = at};

    if (copy && size)
        memcpy(copy, data + at, (size_t)size);
    rig->status = rig->component->format->frame(rig->framer, &io);
    free(copy);
    if (rig->status)
        return 0;
    if (!at)
        rig_text_clear(&rig->note);
    if (io.note.size) {
        rig_text_clear(&rig->note);
        rig_text_add(&rig->note, io.note.data, io.note.size);
    }
    assert(io.begin >= 0 && io.begin <= size && io.used <= size && io.begin <= io.used);
    assert(io.rejected == rig->fake.n_rejects - rejects);
    rejects_note(rig, rejects, at);
    rig->records += io.rejected;
    rig->rejected += io.rejected;
    if (io.used > io.begin)
        chunk_run(rig, data + at + io.begin, io.used - io.begin, at + io.begin);
    return io.used;
}

int32_t rig_run(struct rig *rig, const void *data, size_t size, int64_t block, unsigned seed)
{
    int64_t at = 0, known = 0, used = 0;
    bool end = false;

    kernel_set(rig);
    while (!rig->status && (!end || at < known)) {
        int64_t step = block > 0 ? block : block < 0 ? rand_r(&seed) % 97 : (int64_t)size;

        if (!used)
            known = known + step < (int64_t)size ? known + step : (int64_t)size;
        /* The end may be told with the last bytes or behind them. */
        end = known == (int64_t)size && (block >= 0 || rand_r(&seed) % 2);
        used = frame_once(rig, data, at, known, end);
        at += used;
        /* At the end all must be used; an empty object is. */
        assert(rig->status || !end || used || at == known);
    }
    return rig->status;
}

void rig_encode_to_csv(struct rig *rig, const char *options)
{
    const struct qetl_format *format = rig->component->format;

    if (rig->status)
        return;
    qetl_fake_host_init(&rig->writer, options);
    rig->encode = true;
    rig->encoder = instance_new(rig, &rig->writer);
    if (!rig->status)
        rig->status = format->open_encode(rig->encoder, &rig->delivered);
    if (!rig->status && rig->rows_kernel)
        rig->encoder->encoder->rows = rig->rows_kernel->write;
    if (!rig->status)
        rig->status = format->begin(rig->encoder, &rig->encoded.space);
}
