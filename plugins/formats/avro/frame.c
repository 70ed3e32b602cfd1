/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chunks are whole blocks: their number of rows, their size, their content, the file's sync marker.
 * What is no block is rejected as a piece, up to and with the next sync marker.
 */
#include "avro.h"

#include "wire.h"

#include <stdio.h>
#include <stdlib.h>

enum { CHUNK_ROWS = 65536 };

struct block {
    int64_t count, size; /* of rows, of bytes */
    int64_t behind;      /* where the next block begins */
};

enum verdict { BLOCK_WHOLE, BLOCK_SHORT, BLOCK_BAD };

static enum verdict block_bad(char why[AVRO_FAULT_TEXT], const char *text)
{
    snprintf(why, AVRO_FAULT_TEXT, "%s", text);
    return BLOCK_BAD;
}

static enum verdict block_look(const struct avro_framer *f, const struct qetl_frame *io, int64_t at,
                               struct block *out, char why[AVRO_FAULT_TEXT])
{
    const uint8_t *p = io->data + at, *end = io->data + io->size;
    int64_t *const numbers[] = {&out->count, &out->size};
    for (int i = 0; i < 2; i++)
        switch (avro_varint(&p, end, numbers[i])) {
        case AVRO_WIRE_SHORT:
            return BLOCK_SHORT;
        case AVRO_WIRE_LONG:
            return block_bad(why, "a number in its head has more than 64 bits");
        default:
            if (*numbers[i] < 0)
                return block_bad(why, i ? "its size is negative" : "its row count is negative");
        }
    if (out->size > io->max_record) {
        snprintf(why, AVRO_FAULT_TEXT, "it has %lld bytes, and max_record is %lld",
                 (long long)out->size, (long long)io->max_record);
        return BLOCK_BAD;
    }
    if (end - p < out->size + AVRO_SYNC_BYTES)
        return BLOCK_SHORT;
    if (memcmp(p + out->size, f->sync, AVRO_SYNC_BYTES) != 0)
        return block_bad(why, "the sync marker of the file does not stand behind it");
    out->behind = p + out->size + AVRO_SYNC_BYTES - io->data;
    return BLOCK_WHOLE;
}

static void piece_reject(struct qetl_env env, struct qetl_frame *io, int64_t at, int64_t behind,
                         bool cut, const char *why)
{
    char message[AVRO_FAULT_TEXT + 120];
    int64_t size = behind - at < io->max_record ? behind - at : io->max_record;
    snprintf(message, sizeof message,
             "the block at byte %lld cannot be read: %s; what follows the next sync marker is "
             "read again",
             (long long)(io->offset + at), why);
    struct qetl_reject reject = {.struct_size = sizeof reject,
                                 .row = io->rejected,
                                 .column = -1,
                                 .code = "bad_block",
                                 .message = message,
                                 .bytes = io->data + at,
                                 .bytes_size = size,
                                 .bytes_offset = at,
                                 .bytes_cut = cut || size < behind - at};
    env.host->reject(env.ctx, &reject);
    io->rejected++;
}

/* Behind the next sync marker from `at` on, or as far as none can begin; *found: which of both. */
static int64_t sync_find(const struct avro_framer *f, const struct qetl_frame *io, int64_t at,
                         bool *found)
{
    bool last = io->flags & QETL_ITEM_OBJECT_END;
    const uint8_t *sync = memmem(io->data + at, (size_t)(io->size - at), f->sync, AVRO_SYNC_BYTES);
    *found = sync != NULL;
    if (sync)
        return sync + AVRO_SYNC_BYTES - io->data;
    int64_t rest = last ? 0 : AVRO_SYNC_BYTES - 1;
    return io->size - rest > at ? io->size - rest : at;
}

/* Passes over what stands at `begin`, which is no block. */
static void block_lose(struct avro_framer *f, struct qetl_env env, struct qetl_frame *io,
                       const char *why)
{
    bool found;
    int64_t behind = sync_find(f, io, io->begin, &found);
    f->lost = !found && !(io->flags & QETL_ITEM_OBJECT_END);
    piece_reject(env, io, io->begin, behind, f->lost, why);
    io->begin = io->used = behind;
}

/* False: the marker is still to come. */
static bool lost_find(struct avro_framer *f, struct qetl_frame *io)
{
    bool found;
    io->begin = io->used = sync_find(f, io, 0, &found);
    f->lost = !found && !(io->flags & QETL_ITEM_OBJECT_END);
    return found;
}

static int32_t header_take(struct avro *a, struct qetl_frame *io)
{
    struct avro_framer *f = &a->framer;
    bool last = io->flags & QETL_ITEM_OBJECT_END;
    char fault[AVRO_FAULT_TEXT];
    struct qetl_blob about;
    int32_t status = avro_header_read(io->data, io->size, &f->header, fault);
    const char *object = io->object ? io->object : "input";
    if (status == QETL_NEED_INPUT && !last)
        return status;
    if (status)
        return qetl_fail(a->env, QETL_E_DATA, NULL, NULL, "%s: %s", object,
                         status != QETL_NEED_INPUT ? fault
                         : io->size                ? "it ends within its header"
                                    : "it is empty, and a container file of Avro has a header");
    memcpy(f->sync, f->header.sync, AVRO_SYNC_BYTES);
    f->lost = false;
    io->begin = io->used = f->header.size;
    status = avro_about_make(&f->header, &about);
    if (status)
        return status;
    bool alike = about.size == f->about.size && !memcmp(about.data, f->about.data, about.size);
    free((void *)(uintptr_t)f->note.data);
    f->note = about;
    if (!alike) {
        io->note = f->note;
        status = avro_difference_tell(a, &f->header, io->object);
    }
    f->single = a->policy == AVRO_NEW_EVOLVE &&
                !(f->header.codec_size == 4 && !memcmp(f->header.codec, "null", 4));
    return status;
}

/* Blocks from begin on; stops before one that is bad. */
static void blocks_take(struct avro *a, struct qetl_frame *io)
{
    struct avro_framer *f = &a->framer;
    char why[AVRO_FAULT_TEXT];
    bool last = io->flags & QETL_ITEM_OBJECT_END;
    int64_t rows = 0;
    while (io->used < io->size && rows < CHUNK_ROWS) {
        struct block block;
        enum verdict verdict = block_look(f, io, io->used, &block, why);
        if (verdict == BLOCK_SHORT && last)
            verdict = block_bad(why, "the file ends within it");
        if (verdict == BLOCK_WHOLE) {
            io->used = block.behind;
            rows += block.count < CHUNK_ROWS ? block.count : CHUNK_ROWS;
            if (f->single)
                break;
        } else if (verdict == BLOCK_SHORT || io->used > io->begin) {
            break;
        } else {
            block_lose(f, a->env, io, why);
            if (f->lost)
                break;
        }
    }
}

int32_t avro_frame(void *self, struct qetl_frame *io)
{
    struct avro *a = self;
    io->begin = io->used = io->rejected = 0;
    if (io->flags & QETL_ITEM_OBJECT_START) {
        int32_t status = header_take(a, io);
        if (status)
            return status < 0 ? status : QETL_OK;
    }
    if (a->framer.lost && !lost_find(&a->framer, io))
        return QETL_OK;
    blocks_take(a, io);
    return QETL_OK;
}

void avro_framer_free(struct avro_framer *f)
{
    free((void *)(uintptr_t)f->about.data);
    free((void *)(uintptr_t)f->note.data);
}
