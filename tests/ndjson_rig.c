/* SPDX-License-Identifier: Apache-2.0 */
#include "ndjson_rig.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { TAIL_ROOM = 64 };

void ndjson_rig_open(struct rig *rig, const char *options)
{
    memset(rig, 0, sizeof *rig);
    qetl_fake_host_init(&rig->fake, options);
    rig->kernel = ndjson_kernel_best();
    rig->max_record = 1 << 20;
}

void ndjson_rig_close(struct rig *rig)
{
    ndjson_infer_free(&rig->infer);
    ndjson_decoder_free(&rig->decoder);
    ndjson_encoder_free(&rig->encoder);
    qetl_schema_release(&rig->schema);
    free(rig->declared);
    free(rig->wants);
    free(rig->text);
    json_path_free(&rig->path);
    int64_t left = qetl_fake_host_free(&rig->fake);
    assert(left == 0);
    (void)left;
}

void rig_add(struct rig *rig, const void *data, size_t size)
{
    if (rig->text_capacity - rig->text_size < size + 1) {
        rig->text_capacity = (rig->text_capacity + size + 1) * 2;
        rig->text = realloc(rig->text, rig->text_capacity);
        if (!rig->text)
            abort();
    }
    if (size)
        memcpy(rig->text + rig->text_size, data, size);
    rig->text_size += size;
    rig->text[rig->text_size] = 0;
}

char *rig_take(struct rig *rig)
{
    rig_add(rig, "", 0);
    char *text = rig->text;
    rig->text = NULL;
    rig->text_size = rig->text_capacity = 0;
    return text;
}

void rig_infer(struct rig *rig, const void *data, size_t size)
{
    ndjson_infer_free(&rig->infer);
    qetl_schema_release(&rig->schema);
    free(rig->declared);
    const char *nested = qetl_option_text(rig->fake.env, "/nested");
    rig->infer =
        (struct ndjson_infer){.env = rig->fake.env, .flat = nested && !strcmp(nested, "json")};
    int64_t mark = ndjson_mark_size(data, (int64_t)size, true);
    if (rig->across)
        rig->status = json_infer_sample(&rig->infer, &rig->path, data, (int64_t)size, true);
    else
        rig->status =
            ndjson_infer_sample(&rig->infer, (const uint8_t *)data + mark, (int64_t)size - mark);
    if (!rig->status)
        rig->status = ndjson_infer_finish(&rig->infer, &rig->schema);
    rig->declared = calloc((size_t)rig->schema.n_children + 1, 1);
    int64_t n = qetl_option_count(rig->fake.env, "/types");
    for (int64_t i = 0; i < n && !rig->status; i++) {
        const char *name = qetl_option_key(rig->fake.env, "/types", i);
        rig->declared[qetl_schema_find(&rig->schema, name)] = 1;
    }
}

void rig_want(struct rig *rig, uint32_t form)
{
    rig->n_wants = rig->schema.n_children;
    free(rig->wants);
    rig->wants = calloc((size_t)rig->n_wants + 1, sizeof *rig->wants);
    for (int64_t i = 0; i < rig->n_wants; i++)
        rig->wants[i] = (struct qetl_want){.column = i, .form = form};
}

/* As the host delivers it: lexical columns are text that names its type and where it came from. */
static void delivered_schema(struct rig *rig, struct ArrowSchema *out)
{
    qetl_schema_init_struct(out);
    for (int64_t i = 0; i < rig->n_wants; i++) {
        const struct ArrowSchema *from = rig->schema.children[rig->wants[i].column];
        struct ArrowSchema field;
        char name[128];
        size_t size;
        qetl_schema_copy(from, &field);
        if (rig->wants[i].form != QETL_FORM_VALUE) {
            bool json = qetl_schema_metadata(from, "qetl:type", &size);
            qetl_schema_release(&field);
            qetl_schema_init_field(&field, from->name, "vu");
            qetl_schema_set_metadata(&field, "qetl:type",
                                     json ? "json" : qetl_type_name(from, name, sizeof name));
            qetl_schema_set_metadata(&field, "qetl:lexical", "ndjson");
        }
        qetl_schema_append(out, &field);
    }
}

static void encoder_open(struct rig *rig)
{
    struct ArrowSchema delivered;
    delivered_schema(rig, &delivered);
    rig->encode = true;
    rig->status = ndjson_encoder_open(&rig->encoder, rig->fake.env, &delivered);
    rig->encoder.kernel = rig->kernel;
    qetl_schema_release(&delivered);
}

void rig_want_and_encode(struct rig *rig, uint32_t form)
{
    rig_want(rig, form);
    encoder_open(rig);
}

void rig_want_for_encode(struct rig *rig)
{
    uint32_t *forms = calloc((size_t)rig->schema.n_children + 1, sizeof *forms);
    ndjson_encoder_forms(&rig->schema, forms);
    rig_want(rig, QETL_FORM_VALUE);
    for (int64_t i = 0; i < rig->n_wants; i++)
        rig->wants[i].form = forms[i] & QETL_FORM_LEXICAL   ? QETL_FORM_LEXICAL
                             : forms[i] & QETL_FORM_CHECKED ? QETL_FORM_CHECKED
                                                            : QETL_FORM_VALUE;
    free(forms);
    encoder_open(rig);
}

static void cell_write(struct rig *rig, const struct qetl_want *want, const struct qetl_column *c,
                       int64_t i)
{
    struct qetl_fake_space space;
    qetl_fake_space_init(&space);
    bool null = qetl_column_is_null(c, i);
    rig_add(rig, null ? "~" : "=", 1);
    if (want->form != QETL_FORM_VALUE || c->kind == QETL_KIND_TEXT) {
        struct qetl_text text = qetl_column_text(c, i);
        if (!null || want->form != QETL_FORM_VALUE)
            rig_add(rig, text.data, (size_t)text.size);
    } else if (!null && c->kind == QETL_KIND_BINARY) {
        struct qetl_text text = qetl_column_text(c, i);
        rig_add(rig, text.data, (size_t)text.size);
    } else if (!null) {
        int32_t status = qetl_render(c, i, &space.space);
        assert(!status);
        (void)status;
        rig_add(rig, space.space.data, (size_t)space.space.size);
    }
    rig_add(rig, "|", 1);
    qetl_fake_space_free(&space);
}

static void batch_validate(struct rig *rig, const struct ArrowArray *batch)
{
    struct ArrowSchema schema;
    char message[256];
    delivered_schema(rig, &schema);
    int32_t status = qetl_array_validate(&schema, batch, message, sizeof message);
    if (status) {
        fprintf(stderr, "invalid batch: %s\n", message);
        abort();
    }
    qetl_schema_release(&schema);
}

static void batch_write(struct rig *rig, const struct ArrowArray *batch)
{
    struct qetl_column *columns = calloc((size_t)batch->n_children + 1, sizeof *columns);
    struct ArrowSchema schema;
    delivered_schema(rig, &schema);
    for (int64_t c = 0; c < batch->n_children; c++) {
        int32_t status = qetl_column_open(&columns[c], schema.children[c], batch->children[c]);
        assert(!status);
        (void)status;
    }
    for (int64_t i = 0; i < batch->length; i++) {
        for (int64_t c = 0; c < batch->n_children; c++)
            cell_write(rig, &rig->wants[c], &columns[c], i);
        rig_add(rig, "\n", 1);
    }
    qetl_schema_release(&schema);
    free(columns);
}

static void batch_encode(struct rig *rig, const struct ArrowArray *batch)
{
    struct qetl_fake_space space;
    qetl_fake_space_init(&space);
    rig->status = ndjson_encode_batch(&rig->encoder, batch, &space.space);
    rig_add(rig, space.space.data, (size_t)space.space.size);
    qetl_fake_space_free(&space);
}

static void maps_check(const struct qetl_decoded *decoded, int64_t size)
{
    for (int64_t i = 0; decoded->record_map && i < decoded->rows; i++) {
        assert(decoded->record_map[i] < decoded->records);
        assert(!i || decoded->record_map[i] > decoded->record_map[i - 1]);
    }
    for (int64_t i = 0; i < decoded->records; i++)
        assert(decoded->record_offsets[i] < size &&
               (!i || decoded->record_offsets[i] > decoded->record_offsets[i - 1]));
    (void)size;
}

static void chunk_decode(struct rig *rig, const uint8_t *data, int64_t size)
{
    static const char lure[TAIL_ROOM + 8] =
        "}\n{\"a\":1}\n\"5,\"a\":}\n00e9\\\"\"\"\"}}}]\n,,,,\"id\":123456789012345678901";
    const struct qetl_host *host = &rig->fake.host;
    uint8_t *buffer = host->buffer_alloc(rig->fake.ctx, (size_t)size + 3 + TAIL_ROOM);
    struct qetl_decoded decoded = {.struct_size = sizeof decoded};
    if (!buffer) {
        rig->status = QETL_E_NO_MEMORY;
        return;
    }
    memcpy(buffer + 3, data, (size_t)size);
    memcpy(buffer + 3 + size, lure + size % 8, TAIL_ROOM);
    if (rig->lure)
        memcpy(buffer + 3 + size, rig->lure, strnlen(rig->lure, TAIL_ROOM));
    struct qetl_chunk chunk = {.struct_size = sizeof chunk,
                               .data = buffer + 3,
                               .size = size,
                               .buffer = buffer,
                               .tail_room = TAIL_ROOM};
    int64_t before = rig->fake.n_rejects;
    rig->status = ndjson_decode_chunk(&rig->decoder, &chunk, &decoded);
    host->buffer_free(buffer);
    if (rig->status)
        return;
    assert(decoded.rows + rig->fake.n_rejects - before == decoded.records);
    maps_check(&decoded, size);
    rig->rows += decoded.rows;
    rig->records += decoded.records;
    batch_validate(rig, &decoded.batch);
    if (rig->encode)
        batch_encode(rig, &decoded.batch);
    else
        batch_write(rig, &decoded.batch);
    qetl_array_release(&decoded.batch);
    (void)before;
}

static void rejects_write(struct rig *rig, int64_t from)
{
    for (int64_t i = from; i < rig->fake.n_rejects; i++) {
        const struct qetl_fake_reject *reject = &rig->fake.rejects[i];
        char line[64];
        snprintf(line, sizeof line, "!%s:", reject->code);
        rig_add(rig, line, strlen(line));
        rig_add(rig, reject->bytes, (size_t)reject->bytes_size);
        rig_add(rig, "\n", 1);
        assert(qetl_utf8_valid(reject->message, (int64_t)strlen(reject->message)));
    }
}

static void object_run(struct rig *rig, const void *data, size_t size, size_t block, unsigned seed)
{
    const uint8_t *bytes = data;
    size_t start = 0, end = 0;
    bool first = true, last = false;
    rig->framer = (struct ndjson_framer){0};
    rig->json = (struct json_framer){.path = &rig->path};
    while (!last && !rig->status) {
        size_t step = block ? block : (size_t)rand_r(&seed) % 40;
        end = size - end <= step ? size : end + step;
        last = end == size;
        struct qetl_frame frame = {.struct_size = sizeof frame,
                                   .flags = (first ? QETL_ITEM_OBJECT_START : 0) |
                                            (last ? QETL_ITEM_OBJECT_END : 0),
                                   .data = bytes + start,
                                   .size = (int64_t)(end - start),
                                   .max_record = rig->max_record,
                                   .offset = (int64_t)start};
        do {
            frame.data = bytes + start;
            frame.size = (int64_t)(end - start);
            rig->status = rig->across ? json_frame(&rig->json, rig->fake.env, &frame)
                                      : ndjson_frame(&rig->framer, rig->fake.env, &frame);
            assert(frame.begin >= 0 && frame.begin <= frame.used && frame.used <= frame.size);
            rig->records += frame.rejected;
            if (frame.used > frame.begin)
                chunk_decode(rig, bytes + start + frame.begin, frame.used - frame.begin);
            start += (size_t)frame.used;
            if (frame.used)
                frame.flags &= ~(uint32_t)QETL_ITEM_OBJECT_START;
        } while (frame.used && start < end && !rig->status);
        first = frame.flags & QETL_ITEM_OBJECT_START;
        assert(!last || rig->status || start == size);
    }
}

static void decoder_open(struct rig *rig)
{
    rig->status = ndjson_decoder_open(&rig->decoder, rig->fake.env, &rig->schema, rig->declared,
                                      rig->n_wants, rig->wants);
    rig->decoder.kernel = rig->kernel;
    rig->decoder.reader.across = rig->across;
}

static void run_end(struct rig *rig)
{
    rig->rejected = rig->fake.n_rejects;
    if (!rig->encode)
        rejects_write(rig, 0);
}

void rig_run(struct rig *rig, const void *data, size_t size, size_t block, unsigned seed)
{
    decoder_open(rig);
    object_run(rig, data, size, block, seed);
    run_end(rig);
}

void rig_objects(struct rig *rig, const char *first, const char *second)
{
    decoder_open(rig);
    object_run(rig, first, strlen(first), SIZE_MAX, 0);
    object_run(rig, second, strlen(second), SIZE_MAX, 0);
    run_end(rig);
}

const struct ndjson_kernel *kernel_at(int i)
{
    return ndjson_kernels[i]->usable() ? ndjson_kernels[i] : &ndjson_kernel_portable;
}

char *rig_all(const char *options, uint32_t form, const char *data)
{
    struct rig rig;
    ndjson_rig_open(&rig, options);
    rig_infer(&rig, data, strlen(data));
    if (form)
        rig_want(&rig, form);
    else
        rig_want_for_encode(&rig);
    rig_run(&rig, data, strlen(data), SIZE_MAX, 0);
    char *text = rig_take(&rig);
    ndjson_rig_close(&rig);
    return text;
}
