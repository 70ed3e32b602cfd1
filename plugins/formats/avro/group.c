/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks of a chunk, unpacked one behind the other. */
#include "decoder.h"

#include "wire.h"

#include <stdlib.h>

enum { GROUP_BYTES = 8 << 20 };

static int32_t block_push(struct avro_decoder *d, struct avro_block block)
{
    if (d->n_blocks == d->blocks_room) {
        int64_t room = d->blocks_room ? d->blocks_room * 2 : 64;
        void *grown = realloc(d->blocks, (size_t)room * sizeof *d->blocks);
        if (!grown)
            return QETL_E_NO_MEMORY;
        d->blocks = grown;
        d->blocks_room = room;
    }
    d->blocks[d->n_blocks++] = block;
    return QETL_OK;
}

/* The block at chunk_at, which the framer has proven to be whole. */
static int32_t block_take(struct avro_decoder *d)
{
    const struct qetl_chunk *chunk = d->chunk;
    const uint8_t *p = chunk->data + d->chunk_at, *end = chunk->data + chunk->size;
    struct avro_block block = {.number = 1, .offset = d->chunk_at};
    int64_t size;
    if (avro_varint(&p, end, &block.count) || avro_varint(&p, end, &size) || size < 0 ||
        size > end - p - AVRO_SYNC_BYTES)
        return qetl_fail(d->env, QETL_E_FATAL, NULL, NULL,
                         "a chunk to decode does not hold whole blocks");
    d->chunk_at = p + size + AVRO_SYNC_BYTES - chunk->data;
    block.behind = d->chunk_at;
    block.data = p;
    block.at = d->room.size;
    block.size = size;
    if (d->plan->codec == AVRO_CODEC_NULL)
        return block_push(d, block);
    int32_t status = avro_unpack(d->plan->codec, p, size, d->max_block, &d->room, &block.fault);
    block.size = d->room.size - block.at;
    return status && status != QETL_E_DATA ? status : block_push(d, block);
}

int32_t avro_group_fill(struct avro_decoder *d)
{
    int32_t status = QETL_OK;
    avro_room_free(&d->room);
    d->n_blocks = d->block_at = 0;
    while (!status && d->chunk_at < d->chunk->size && d->room.size < GROUP_BYTES)
        status = block_take(d);
    for (int64_t i = 0; i < d->n_blocks; i++) {
        struct avro_block *block = &d->blocks[i];
        if (block->size == 0)
            block->data = d->chunk->data;
        else if (d->plan->codec != AVRO_CODEC_NULL)
            block->data = d->room.data + block->at;
        block->end = block->data + block->size;
    }
    return status;
}

void *avro_group_buffer(const struct avro_decoder *d)
{
    return d->plan->codec == AVRO_CODEC_NULL ? d->chunk->buffer : d->room.data;
}
