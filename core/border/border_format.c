/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of formats. */
#include "border_internal.h"

static const struct qetl_format *real_of(const struct qetl_border_guest *guest)
{
    return guest->of->real->format;
}

static int32_t format_describe(void *self, struct qetl_format_info *out)
{
    struct qetl_border_guest *guest = self;
    struct qetl_crossing c = qetl_crossing_in(guest, "describe");
    qetl_crossing_begin(&c);
    int32_t status = real_of(guest)->describe(guest->state, out);
    if (!status) {
        qetl_cargo_number(&c, "encode", out->encode);
        qetl_cargo_number(&c, "decode", out->decode);
    }
    return qetl_crossing_end(&c, status);
}

struct ahead { /* the host's glimpses, on their way to the plugin */
    const struct qetl_border_guest *guest;
    const struct qetl_sample *sample;
};

static int64_t glimpse(void *stream, int64_t offset, void *data, int64_t capacity)
{
    const struct ahead *ahead = stream;
    struct qetl_crossing c = qetl_crossing_to_host(ahead->guest, "glimpse");
    qetl_cargo_number(&c, "offset", offset);
    qetl_cargo_number(&c, "capacity", capacity);
    qetl_crossing_begin(&c);
    int64_t size = ahead->sample->glimpse(ahead->sample->stream, offset, data, capacity);
    if (size > 0)
        qetl_cargo_bytes(&c, "data", data, size);
    return qetl_crossing_end_number(&c, size);
}

static void cargo_inferred(struct qetl_crossing *c, int32_t status, const struct qetl_inferred *out)
{
    if (!status) {
        qetl_cargo_schema(c, "schema", &out->schema);
        qetl_cargo_blob(c, "prologue", out->prologue);
    }
    if ((!status || status == QETL_INSTEAD) && out->summary)
        qetl_cargo_text(c, "summary", out->summary)->private = true;
    if (status == QETL_INSTEAD)
        qetl_cargo_text(c, "instead", out->instead);
}

static int32_t format_infer(void *self, const struct qetl_sample *sample, struct qetl_inferred *out)
{
    struct qetl_border_guest *guest = self;
    struct ahead ahead = {guest, sample};
    struct qetl_sample shown = *sample;
    struct qetl_crossing c = qetl_crossing_in(guest, "infer");
    if (sample->glimpse) {
        shown.glimpse = glimpse;
        shown.stream = &ahead;
    }
    qetl_cargo_number(&c, "whole", sample->whole);
    qetl_cargo_bytes(&c, "data", sample->data, sample->size);
    qetl_cargo_text(&c, "object", sample->object);
    qetl_cargo_nonzero(&c, "object_size", sample->glimpse ? sample->object_size : 0);
    qetl_crossing_begin(&c);
    int32_t status = real_of(guest)->infer(guest->state, &shown, out);
    cargo_inferred(&c, status, out);
    return qetl_crossing_end(&c, status);
}

static void shapes_want(struct qetl_border_guest *guest, const struct ArrowSchema *schema,
                        int64_t n_wants, const struct qetl_want *wants)
{
    qetl_shape_clear(guest, QETL_SHAPE_OUT, 0);
    qetl_shape_clear(guest, QETL_SHAPE_LATE, 0);
    for (int64_t i = 0; i < n_wants; i++)
        qetl_shape_add(guest, wants[i].flags & QETL_WANT_LATE ? QETL_SHAPE_LATE : QETL_SHAPE_OUT, 0,
                       schema->children[wants[i].column], wants[i].form);
}

/* struct qetl_want in the words of a recording: three numbers each. */
static void cargo_wants(struct qetl_crossing *c, int64_t n_wants, const struct qetl_want *wants)
{
    _Static_assert(sizeof(struct qetl_want) == 16, "two numbers of 64 bits each");
    qetl_cargo_map(c, "wants", (const int32_t *)(const void *)wants, n_wants * 4);
}

static int32_t format_open_decode(void *self, const struct ArrowSchema *schema,
                                  struct qetl_blob prologue, int64_t n_wants,
                                  const struct qetl_want *wants)
{
    struct qetl_border_guest *guest = self;
    struct qetl_crossing c = qetl_crossing_in(guest, "open_decode");
    qetl_cargo_schema(&c, "schema", schema);
    qetl_cargo_blob(&c, "prologue", prologue);
    cargo_wants(&c, n_wants, wants);
    qetl_crossing_begin(&c);
    shapes_want(guest, schema, n_wants, wants);
    return qetl_crossing_end(
        &c, real_of(guest)->open_decode(guest->state, schema, prologue, n_wants, wants));
}

static int32_t format_frame(void *self, struct qetl_frame *io)
{
    struct qetl_border_guest *guest = self;
    struct qetl_crossing c = qetl_crossing_in(guest, "frame");
    qetl_cargo_bytes(&c, "data", io->data, io->size);
    qetl_cargo_nonzero(&c, "flags", io->flags);
    qetl_cargo_number(&c, "max_record", io->max_record);
    qetl_cargo_text(&c, "object", io->object);
    qetl_cargo_number(&c, "offset", io->offset);
    qetl_crossing_begin(&c);
    int32_t status = real_of(guest)->frame(guest->state, io);
    if (status >= 0) {
        qetl_cargo_nonzero(&c, "begin", io->begin);
        qetl_cargo_number(&c, "used", io->used);
        qetl_cargo_nonzero(&c, "rejected", io->rejected);
        qetl_cargo_nonzero(&c, "empty", io->empty);
        if (io->note.size)
            qetl_cargo_blob(&c, "note", io->note);
    }
    return qetl_crossing_end(&c, status);
}

static void cargo_decoded(struct qetl_crossing *c, const struct qetl_border_guest *guest,
                          int32_t status, const struct qetl_decoded *out)
{
    if (status == QETL_SCHEMA)
        qetl_cargo_schema(c, "schema", &out->schema);
    if (status < 0 || status == QETL_SCHEMA)
        return;
    qetl_cargo_number(c, "rows", out->rows);
    qetl_cargo_number(c, "records", out->records);
    if (out->batch.release)
        qetl_cargo_array(c, "batch", &out->batch, qetl_shape_of(guest, QETL_SHAPE_OUT, 0));
    if (out->record_map)
        qetl_cargo_map(c, "record_map", out->record_map, out->rows);
    if (out->record_offsets)
        qetl_cargo_map(c, "record_offsets", out->record_offsets, out->records);
}

static int32_t format_decode(void *self, const struct qetl_chunk *chunk, struct qetl_decoded *out)
{
    struct qetl_border_guest *guest = self;
    struct qetl_crossing c = qetl_crossing_in(guest, "decode");
    qetl_cargo_bytes(&c, "data", chunk->data, chunk->size);
    qetl_cargo_nonzero(&c, "more", chunk->more);
    qetl_cargo_text(&c, "object", chunk->object);
    qetl_cargo_number(&c, "offset", chunk->offset);
    if (chunk->note.size)
        qetl_cargo_blob(&c, "note", chunk->note);
    qetl_crossing_begin(&c);
    int32_t status = real_of(guest)->decode(guest->state, chunk, out);
    cargo_decoded(&c, guest, status, out);
    return qetl_crossing_end(&c, status);
}

static int32_t format_decode_late(void *self, int64_t rows, const int32_t *map,
                                  struct ArrowArray *out)
{
    struct qetl_border_guest *guest = self;
    struct qetl_crossing c = qetl_crossing_in(guest, "decode_late");
    qetl_cargo_number(&c, "rows", rows);
    if (map)
        qetl_cargo_map(&c, "map", map, rows);
    qetl_crossing_begin(&c);
    int32_t status = real_of(guest)->decode_late(guest->state, rows, map, out);
    if (status >= 0 && out->release)
        qetl_cargo_array(&c, "batch", out, qetl_shape_of(guest, QETL_SHAPE_LATE, 0));
    return qetl_crossing_end(&c, status);
}

static int32_t format_forms(void *self, const struct ArrowSchema *schema, uint32_t *forms)
{
    struct qetl_border_guest *guest = self;
    struct qetl_crossing c = qetl_crossing_in(guest, "forms");
    qetl_cargo_schema(&c, "schema", schema);
    qetl_crossing_begin(&c);
    int32_t status = real_of(guest)->forms(guest->state, schema, forms);
    if (!status)
        qetl_cargo_map(&c, "forms", (const int32_t *)forms, schema->n_children);
    return qetl_crossing_end(&c, status);
}

static int32_t format_open_encode(void *self, const struct ArrowSchema *schema)
{
    struct qetl_border_guest *guest = self;
    struct qetl_crossing c = qetl_crossing_in(guest, "open_encode");
    qetl_cargo_schema(&c, "schema", schema);
    qetl_crossing_begin(&c);
    qetl_shape_set(guest, QETL_SHAPE_IN, 0, schema);
    return qetl_crossing_end(&c, real_of(guest)->open_encode(guest->state, schema));
}

static int32_t end_space(struct qetl_crossing *c, int32_t status, const struct qetl_space *out,
                         int64_t before)
{
    if (status >= 0 && out->size > before)
        qetl_cargo_bytes(c, "bytes", out->data + before, out->size - before);
    return qetl_crossing_end(c, status);
}

static int32_t format_begin(void *self, struct qetl_space *out)
{
    struct qetl_border_guest *guest = self;
    int64_t before = out->size;
    struct qetl_crossing c = qetl_crossing_in(guest, "begin");
    qetl_crossing_begin(&c);
    return end_space(&c, real_of(guest)->begin(guest->state, out), out, before);
}

static int32_t format_finish(void *self, struct qetl_space *out)
{
    struct qetl_border_guest *guest = self;
    int64_t before = out->size;
    struct qetl_crossing c = qetl_crossing_in(guest, "finish");
    qetl_crossing_begin(&c);
    return end_space(&c, real_of(guest)->finish(guest->state, out), out, before);
}

static int32_t format_encode(void *self, const struct ArrowArray *batch, struct qetl_space *out)
{
    struct qetl_border_guest *guest = self;
    int64_t before = out->size;
    struct qetl_crossing c = qetl_crossing_in(guest, "encode");
    qetl_cargo_number(&c, "rows", batch->length);
    qetl_cargo_array(&c, "batch", batch, qetl_shape_of(guest, QETL_SHAPE_IN, 0));
    qetl_crossing_begin(&c);
    return end_space(&c, real_of(guest)->encode(guest->state, batch, out), out, before);
}

void qetl_border_format(struct qetl_border_component *made)
{
    struct qetl_format *table = &made->format;
    QETL_BORDER_COPY(table, made->real->format);
    QETL_BORDER_PUT(table, describe, format_describe);
    QETL_BORDER_PUT(table, infer, format_infer);
    QETL_BORDER_PUT(table, open_decode, format_open_decode);
    QETL_BORDER_PUT(table, frame, format_frame);
    QETL_BORDER_PUT(table, decode, format_decode);
    QETL_BORDER_PUT(table, forms, format_forms);
    QETL_BORDER_PUT(table, open_encode, format_open_encode);
    QETL_BORDER_PUT(table, begin, format_begin);
    QETL_BORDER_PUT(table, finish, format_finish);
    QETL_BORDER_PUT(table, encode, format_encode);
    QETL_BORDER_PUT(table, decode_late, format_decode_late);
    made->base.format = table;
}
