/* SPDX-License-Identifier: Apache-2.0 */
/* A small host's work around the binary format. */
#include "rig_binary.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { TAIL_ROOM = 64, RECORD_MAX = 1 << 20 };

int32_t qetl_plugin_entry(const struct qetl_host *host, struct qetl_ctx *ctx, uint32_t *abi,
                          const struct qetl_plugin **out);

const char *rig_binary_file(const char *text, size_t size)
{
    static int fd = -1;
    static char path[64];

    if (fd < 0)
        fd = memfd_create("layout", MFD_CLOEXEC);
    assert(fd >= 0 && !ftruncate(fd, 0) && pwrite(fd, text, size, 0) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return path;
}

static struct binary *instance_new(struct rig_binary *rig)
{
    struct binary *self = calloc(1, rig->component->state_size);

    assert(self);
    rig->component->create(self, &rig->fake.host, rig->fake.ctx, rig->fake.config_json);
    return self;
}

void rig_binary_open(struct rig_binary *rig, const char *options)
{
    const struct qetl_plugin *plugin;
    uint32_t abi = QETL_ABI_VERSION;

    memset(rig, 0, sizeof *rig);
    qetl_fake_host_init(&rig->fake, options);
    assert(!qetl_plugin_entry(&rig->fake.host, rig->fake.ctx, &abi, &plugin));
    rig->component = plugin->components[0];
    rig->framer = instance_new(rig);
    rig->decoder = instance_new(rig);
    rig->hash = UINT64_C(0xcbf29ce484222325);
}

void rig_binary_close(struct rig_binary *rig)
{
    rig->component->destroy(rig->framer);
    rig->component->destroy(rig->decoder);
    free(rig->framer);
    free(rig->decoder);
    qetl_schema_release(&rig->schema);
    qetl_fake_host_close(&rig->fake);
}

static void hash_add(struct rig_binary *rig, const void *data, int64_t size)
{
    for (int64_t i = 0; i < size; i++)
        rig->hash = (rig->hash ^ ((const uint8_t *)data)[i]) * UINT64_C(0x100000001b3);
}

static void batch_note(struct rig_binary *rig, const struct ArrowArray *batch, int64_t rows)
{
    struct qetl_fake_space text;
    char message[200];

    if (qetl_array_validate(&rig->schema, batch, message, sizeof message)) {
        fprintf(stderr, "%s\n", message);
        abort();
    }
    qetl_fake_space_init(&text);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t c = 0; c < rig->schema.n_children; c++) {
            struct qetl_column column;

            assert(!qetl_column_open(&column, rig->schema.children[c], batch->children[c]));
            text.space.size = 0;
            if (!qetl_column_is_null(&column, i))
                assert(!qetl_render(&column, i, &text.space));
            hash_add(rig, text.space.data, text.space.size);
            hash_add(rig, ",", 1);
        }
    qetl_fake_space_free(&text);
}

static void chunk_decode(struct rig_binary *rig, const uint8_t *data, int64_t size)
{
    uint8_t *buffer = rig->fake.host.buffer_alloc(rig->fake.ctx, (size_t)size + TAIL_ROOM);
    struct qetl_chunk chunk = {.struct_size = sizeof chunk,
                               .data = buffer,
                               .size = size,
                               .buffer = buffer,
                               .object = "records.bin",
                               .tail_room = TAIL_ROOM};
    struct qetl_decoded out = {.struct_size = sizeof out};
    int64_t rejects = rig->fake.n_rejects;

    assert(buffer);
    memcpy(buffer, data, (size_t)size);
    memset(buffer + size, 0xd5, TAIL_ROOM);
    rig->status = rig->component->format->decode(rig->decoder, &chunk, &out);
    if (!rig->status) {
        batch_note(rig, &out.batch, out.rows);
        qetl_array_release(&out.batch);
        rig->rows += out.rows;
        rig->records += out.records;
        rig->rejected += rig->fake.n_rejects - rejects;
        if (out.records != out.rows + rig->fake.n_rejects - rejects)
            abort();
    }
    rig->fake.host.buffer_free(buffer);
}

/* Cut in blocks, the end comes by itself, behind all bytes. */
static void object_run(struct rig_binary *rig, const uint8_t *data, int64_t size, int64_t block)
{
    int64_t at = 0, end = block && block < size ? block : size;
    bool started = true, ended = !block, told = false;

    while (!rig->status && !told) {
        uint8_t *copy = malloc((size_t)(end - at) + 1);
        struct qetl_frame frame = {.struct_size = sizeof frame,
                                   .data = copy,
                                   .size = end - at,
                                   .max_record = RECORD_MAX,
                                   .object = "records.bin",
                                   .offset = at};
        int64_t rejects = rig->fake.n_rejects;

        assert(copy);
        memcpy(copy, data + at, (size_t)(end - at));
        frame.flags = (started ? QETL_ITEM_OBJECT_START : 0) | (ended ? QETL_ITEM_OBJECT_END : 0);
        rig->status = rig->component->format->frame(rig->framer, &frame);
        if (frame.begin < 0 || frame.begin > frame.used || frame.used > frame.size ||
            rig->fake.n_rejects - rejects != frame.rejected ||
            (!rig->status && ended && frame.size && !frame.used))
            abort();
        rig->rejected += frame.rejected;
        rig->records += frame.rejected;
        if (!rig->status && frame.used > frame.begin)
            chunk_decode(rig, copy + frame.begin, frame.used - frame.begin);
        free(copy);
        started = started && !frame.used;
        at += frame.used;
        told = ended && at == end;
        if (!frame.used || at == end) {
            ended = end == size;
            end = end + block < size ? end + block : size;
        }
    }
}

int32_t rig_binary_run(struct rig_binary *rig, const uint8_t *data, int64_t size, int64_t block)
{
    struct qetl_sample sample = {.struct_size = sizeof sample,
                                 .whole = 1,
                                 .data = data,
                                 .size = size,
                                 .object = "records.bin"};
    struct qetl_inferred inferred = {.struct_size = sizeof inferred};
    struct qetl_want *wants;
    int64_t n;

    rig->status = rig->component->format->infer(rig->framer, &sample, &inferred);
    rig->schema = inferred.schema;
    if (rig->status)
        return rig->status;
    n = rig->schema.n_children;
    wants = calloc((size_t)n + 1, sizeof *wants);
    assert(wants);
    for (int64_t i = 0; i < n; i++)
        wants[i] = (struct qetl_want){.column = i, .form = QETL_FORM_VALUE};
    if (rig->kernel)
        rig->decoder->kernel = rig->kernel;
    rig->status = rig->component->format->open_decode(rig->decoder, &rig->schema, inferred.prologue,
                                                      n, wants);
    if (!rig->status)
        rig->status = rig->component->format->open_decode(
            rig->framer, &rig->schema,
            (struct qetl_blob){rig->framer->prologue, strlen(rig->framer->prologue)}, 0, NULL);
    free(wants);
    object_run(rig, data, size, block);
    return rig->status;
}
