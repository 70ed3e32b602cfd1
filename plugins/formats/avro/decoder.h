/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A decoder: chunks of blocks to batches.
 *
 * Blocks are unpacked until they fill a group, one behind the other in one buffer of the host's, so
 * that texts need not be copied; then their records are read by the plan, batch by batch.
 *
 * Invariant: each builder has one value for each of `rows`; a row that is not finished is undone.
 * Ownership: the decoder owns plans, builders and the group's buffer.
 * Threads:   one decoder, one thread.
 */
#ifndef AVRO_DECODER_H
#define AVRO_DECODER_H

#include "plan.h"

struct avro_block {
    const uint8_t *data, *end;
    int64_t at; /* where it begins, or how far it was read, in its group's buffer */
    int64_t size;
    int64_t count;          /* rows that are left */
    int64_t number;         /* of the row at hand in the block, from 1 */
    int64_t offset, behind; /* of the block in the chunk, as it stands there */
    const char *fault;      /* it cannot be unpacked; or NULL */
};

/* Where reading stands. */
struct avro_reader {
    const uint8_t *at, *end;
    int64_t nothings; /* values without a byte that the block may still have */
    const char *code;
    bool fatal; /* where the next record begins cannot be known */
    char text[AVRO_FAULT_TEXT];
    char path[AVRO_FAULT_TEXT]; /* "column.field" at which reading ended */
    int64_t field;              /* of the root */
};

struct avro_decoder {
    struct qetl_env env;
    enum avro_policy policy;
    int64_t max_block;
    struct ArrowSchema schema;
    int64_t *wants; /* for each column: its builder, or -1 */
    struct qetl_builder *builders;
    int64_t n_wants;
    struct avro_plan plans[2]; /* of the first object, and of the last one that differs */
    bool planned[2];
    struct qetl_blob about[2];
    const struct avro_plan *plan; /* of the chunk at hand */
    const struct qetl_chunk *chunk;
    int64_t chunk_at; /* how much of it lies in groups */
    struct avro_room room;
    struct avro_block *blocks;
    int64_t n_blocks, blocks_room, block_at;
    struct avro_reader reader;
    int64_t rows, records, before; /* of this call; records of the calls before */
    int32_t *map, *offsets;
    int64_t map_room;
};

int32_t avro_decoder_open(struct avro_decoder *d, const struct ArrowSchema *schema,
                          struct qetl_blob prologue, int64_t n_wants,
                          const struct qetl_want *wants);
void avro_decoder_free(struct avro_decoder *d);
int32_t avro_decode_chunk(struct avro_decoder *d, const struct qetl_chunk *chunk,
                          struct qetl_decoded *out);

/* group.c: takes blocks of the chunk from chunk_at on until they fill a group. */
int32_t avro_group_fill(struct avro_decoder *d);
/* Which buffer texts lie in. */
void *avro_group_buffer(const struct avro_decoder *d);

/* value.c: reads one value, into b, or past it where b is NULL. DATA: reader->code says why not;
 * with `fatal`, where it ends is not known. */
int32_t avro_value_read(struct avro_reader *r, const struct avro_node *node,
                        struct qetl_builder *b);
/* A record into the builders that its fields are for. */
int32_t avro_record_read(struct avro_reader *r, const struct avro_node *root,
                         struct qetl_builder *builders, bool skip);

#endif
