/* SPDX-License-Identifier: Apache-2.0 */
/* Drives a format: a whole object to rows, and rows to a whole object. */
#include "test.h"

#include <stdlib.h>

enum { TAIL_ROOM = 64 };

static int32_t begin_write(void *about, struct qetl_space *space)
{
    struct qetl_rig *t = about;
    return t->component->format->begin(t->self, space);
}

int32_t format_encode_open(struct qetl_rig *t)
{
    const struct qetl_format *format = t->component->format;
    if (t->begun)
        return QETL_OK;
    if (!format->encode)
        return test_fail(t, QETL_E_UNSUPPORTED, "the format does not write");
    int32_t status = test_forms_check(t, format->forms);
    if (!status)
        status = format->open_encode(t->self, &t->inputs[0]);
    if (status >= 0 && t->note.noted)
        status = test_restore(t);
    else if (status >= 0 && format->begin)
        status = test_space(&t->bytes, t, begin_write);
    t->begun = status >= 0;
    return status < 0 ? status : QETL_OK;
}

struct encoding {
    struct qetl_rig *test;
    const struct ArrowArray *batch;
};

static int32_t batch_write(void *about, struct qetl_space *space)
{
    const struct encoding *e = about;
    return e->test->component->format->encode(e->test->self, e->batch, space);
}

int32_t format_encode(struct qetl_rig *t, const struct ArrowArray *batch)
{
    struct encoding e = {t, batch};
    int32_t status = format_encode_open(t);
    return status ? status : test_space(&t->bytes, &e, batch_write);
}

static int32_t finish_write(void *about, struct qetl_space *space)
{
    struct qetl_rig *t = about;
    return t->component->format->finish(t->self, space);
}

int32_t format_finish(struct qetl_rig *t)
{
    int32_t status = format_encode_open(t);
    t->begun = false;
    return status || !t->component->format->finish ? status
                                                   : test_space(&t->bytes, t, finish_write);
}

struct decoding {
    struct qetl_rig *test;
    const uint8_t *data;
    int64_t size;
    struct text note;
};

static int32_t infer(struct qetl_rig *t, const struct decoding *d)
{
    struct qetl_sample sample = {.struct_size = sizeof sample,
                                 .whole = 1,
                                 .data = d->data,
                                 .size = d->size,
                                 .object = "test"};
    struct qetl_inferred inferred = {.struct_size = sizeof inferred};
    const struct qetl_format *format = t->component->format;
    int32_t status = format->infer(t->self, &sample, &inferred);
    if (status)
        return status < 0 ? status : test_fail(t, QETL_E_DATA, "infer answered %d", (int)status);
    qetl_schema_release(&t->made);
    t->made = inferred.schema;
    test_columns_print(&t->made, &t->columns[0]);
    struct qetl_want *wants = memory_need(calloc((size_t)t->made.n_children + 1, sizeof *wants));
    for (int64_t i = 0; i < t->made.n_children; i++)
        wants[i] = (struct qetl_want){.column = i, .form = QETL_FORM_VALUE};
    status = format->open_decode(t->self, &t->made, inferred.prologue, t->made.n_children, wants);
    free(wants);
    return status;
}

static int32_t rows_take(struct qetl_rig *t, struct qetl_decoded *out)
{
    int32_t status = QETL_OK;
    if (out->rows)
        status = test_validate(t, &t->made, &out->batch);
    if (!status && out->rows)
        status = test_rows_print(t, &t->made, &out->batch, &t->rows[0]);
    qetl_array_release(&out->batch);
    return status;
}

/* A chunk in a buffer of the host, with the room behind it that decoders may read. */
static int32_t chunk_decode(struct decoding *d, int64_t begin, int64_t size)
{
    struct qetl_rig *t = d->test;
    uint8_t *buffer = t->host.buffer_alloc(t->env.ctx, (size_t)size + TAIL_ROOM);
    if (!buffer)
        return QETL_E_NO_MEMORY;
    if (size)
        memcpy(buffer, d->data + begin, (size_t)size);
    struct qetl_chunk chunk = {.struct_size = sizeof chunk,
                               .data = buffer,
                               .size = size,
                               .buffer = buffer,
                               .object = "test",
                               .offset = begin,
                               .tail_room = TAIL_ROOM,
                               .note = {text_of(&d->note), d->note.size}};
    int32_t status;
    do {
        struct qetl_decoded out = {.struct_size = sizeof out};
        status = t->component->format->decode(t->self, &chunk, &out);
        if (status == QETL_SCHEMA)
            qetl_schema_release(&out.schema);
        if (status == QETL_SCHEMA)
            status = test_fail(t, QETL_E_UNSUPPORTED,
                               "the test host does not let columns grow behind the sample");
        int32_t taken = status >= 0 ? rows_take(t, &out) : QETL_OK;
        status = taken ? taken : status;
        chunk.more = 1;
    } while (status == QETL_MORE);
    t->host.buffer_free(buffer);
    return status < 0 ? status : QETL_OK;
}

static int32_t frame(struct decoding *d)
{
    struct qetl_rig *t = d->test;
    int32_t status = QETL_OK;
    for (int64_t at = 0; !status && at < d->size;) {
        struct qetl_frame io = {.struct_size = sizeof io,
                                .flags = QETL_ITEM_OBJECT_END | (at ? 0 : QETL_ITEM_OBJECT_START),
                                .data = d->data + at,
                                .size = d->size - at,
                                .max_record = 1 << 20,
                                .object = "test",
                                .offset = at};
        status = t->component->format->frame(t->self, &io);
        if (status)
            return status;
        if (io.begin < 0 || io.begin > io.used || io.used > d->size - at)
            return test_broken(t, "frame: begin and used are out of the data");
        if (!io.used)
            return test_fail(t, QETL_E_DATA, "frame: from byte %lld on there is no whole record",
                             (long long)at);
        if (io.note.size)
            text_put(&d->note, io.note.data, io.note.size);
        if (io.used > io.begin || io.empty)
            status = chunk_decode(d, at + io.begin, io.used - io.begin);
        at += io.used;
    }
    return status;
}

int32_t qetl_rig_decode(struct qetl_rig *t, const void *bytes, size_t size)
{
    struct decoding d = {t, bytes, (int64_t)size, {0}};
    if (t->opened)
        return t->opened;
    if (t->component->kind != QETL_FORMAT)
        return test_done(t, test_fail(t, QETL_E_FATAL, "only formats decode"));
    if (!t->component->format->decode)
        return test_done(t, test_fail(t, QETL_E_UNSUPPORTED, "the format does not read"));
    int32_t status = infer(t, &d);
    if (!status)
        status = frame(&d);
    text_free(&d.note);
    return test_done(t, status);
}
