/* SPDX-License-Identifier: Apache-2.0 */
/* Chunks to batches, and the records and blocks that do not make it. */
#include "decoder.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    BATCH_ROWS = 16384,
    BATCH_ROWS_LEAST = 64,
    BATCH_VALUES = 2 << 20,
    NOTHINGS_MAX = 1 << 16,
    PLAN_FIRST = 0,
    PLAN_OTHER = 1
};

/* ---- opening ---- */

static int32_t wants_open(struct avro_decoder *d, int64_t n_wants, const struct qetl_want *wants)
{
    d->wants = malloc(((size_t)d->schema.n_children + 1) * sizeof *d->wants);
    d->builders = calloc((size_t)n_wants + 1, sizeof *d->builders);
    if (!d->wants || !d->builders)
        return QETL_E_NO_MEMORY;
    for (int64_t i = 0; i < d->schema.n_children; i++)
        d->wants[i] = -1;
    for (int64_t i = 0; i < n_wants; i++) {
        int64_t column = wants[i].column;
        if (column < 0 || column >= d->schema.n_children || d->wants[column] >= 0 ||
            wants[i].form != QETL_FORM_VALUE)
            return qetl_fail(d->env, QETL_E_FATAL, NULL, NULL,
                             "column %lld is wanted twice, or not as a value", (long long)column);
        d->wants[column] = i;
        int32_t status = qetl_builder_open(&d->builders[i], d->env, d->schema.children[column], 0);
        if (status)
            return status;
        d->n_wants++;
    }
    return QETL_OK;
}

static int32_t plan_open(struct avro_decoder *d, int at, struct qetl_blob about, const char *object)
{
    void *copy = malloc(about.size + 1);
    if (!copy)
        return QETL_E_NO_MEMORY;
    if (d->planned[at])
        avro_plan_free(&d->plans[at]);
    free((void *)(uintptr_t)d->about[at].data);
    memcpy(copy, about.data, about.size);
    ((char *)copy)[about.size] = 0;
    d->about[at] = (struct qetl_blob){copy, about.size};
    d->planned[at] = true;
    return avro_plan_make(&d->plans[at], d->env, d->about[at], object, d->policy, &d->schema,
                          d->wants, d->n_wants);
}

int32_t avro_decoder_open(struct avro_decoder *d, const struct ArrowSchema *schema,
                          struct qetl_blob prologue, int64_t n_wants, const struct qetl_want *wants)
{
    struct qetl_env env = d->env;
    enum avro_policy policy = d->policy;
    int64_t max_block = d->max_block;
    avro_decoder_free(d);
    d->env = d->room.env = env;
    d->policy = policy;
    d->max_block = max_block;
    int32_t status = qetl_schema_copy(schema, &d->schema);
    if (!status)
        status = wants_open(d, n_wants, wants);
    return status ? status : plan_open(d, PLAN_FIRST, prologue, NULL);
}

void avro_decoder_free(struct avro_decoder *d)
{
    for (int i = 0; i < 2; i++) {
        if (d->planned[i])
            avro_plan_free(&d->plans[i]);
        free((void *)(uintptr_t)d->about[i].data);
    }
    for (int64_t i = 0; i < d->n_wants; i++)
        qetl_builder_free(&d->builders[i]);
    qetl_schema_release(&d->schema);
    avro_room_free(&d->room);
    free(d->wants);
    free(d->builders);
    free(d->blocks);
    free(d->map);
    free(d->offsets);
    *d = (struct avro_decoder){0};
}

/* ---- rejects ---- */

static int32_t map_room(struct avro_decoder *d)
{
    int64_t need = d->records > d->rows ? d->records : d->rows;
    if (need < d->map_room)
        return QETL_OK;
    int64_t room = d->map_room ? d->map_room * 2 : BATCH_ROWS;
    int32_t *map = realloc(d->map, (size_t)room * sizeof *map);
    d->map = map ? map : d->map;
    int32_t *offsets = map ? realloc(d->offsets, (size_t)room * sizeof *offsets) : NULL;
    d->offsets = offsets ? offsets : d->offsets;
    d->map_room = offsets ? room : d->map_room;
    return offsets ? QETL_OK : QETL_E_NO_MEMORY;
}

/* Where a place in a block lies in the chunk: of what was packed, where the block does. */
static int64_t place_of(const struct avro_decoder *d, const struct avro_block *block,
                        const uint8_t *at)
{
    return d->plan->codec == AVRO_CODEC_NULL ? at - d->chunk->data : block->offset;
}

static int32_t piece_reject(struct avro_decoder *d, const struct avro_block *block,
                            const uint8_t *begin, const uint8_t *end, int64_t column,
                            const char *code, const char *message)
{
    int32_t status = map_room(d);
    if (status)
        return status;
    struct qetl_reject reject = {.struct_size = sizeof reject,
                                 .row = d->before + d->records,
                                 .column = column,
                                 .code = code,
                                 .message = message,
                                 .bytes = begin,
                                 .bytes_size = end - begin,
                                 .bytes_offset = place_of(d, block, begin)};
    d->env.host->reject(d->env.ctx, &reject);
    d->offsets[d->records++] = (int32_t)place_of(d, block, begin);
    return QETL_OK;
}

/* The block cannot be unpacked. */
static int32_t block_reject(struct avro_decoder *d, struct avro_block *block)
{
    char message[AVRO_FAULT_TEXT];
    snprintf(message, sizeof message, "the block at byte %lld, of %lld rows, cannot be read: %s",
             (long long)(d->chunk->offset + block->offset), (long long)block->count, block->fault);
    block->count = 0;
    return piece_reject(d, block, d->chunk->data + block->offset, d->chunk->data + block->behind,
                        -1, "bad_block", message);
}

/* A record that is not like its schema takes all of its block behind it along; one with a value
 * that does not fit is passed over. */
static int32_t record_reject(struct avro_decoder *d, struct avro_block *block, const uint8_t *begin)
{
    struct avro_reader *r = &d->reader;
    char message[2 * AVRO_FAULT_TEXT + 200];
    const char *code = r->code;
    bool fatal = r->fatal;
    int64_t column = qetl_schema_find(&d->schema, d->plan->root.children[r->field].name);
    for (int64_t i = 0; i < d->n_wants; i++)
        qetl_builder_truncate(&d->builders[i], d->rows);
    int n = snprintf(message, sizeof message, "\"%s\": %s (row %lld of the block at byte %lld)",
                     r->path, r->text, (long long)block->number,
                     (long long)(d->chunk->offset + block->offset));
    if (!fatal) {
        r->at = begin;
        r->end = block->end;
        fatal = avro_record_read(r, &d->plan->root, NULL, true) != QETL_OK;
    }
    if (fatal && block->count > 1)
        snprintf(message + n, sizeof message - (size_t)n,
                 "; the %lld rows behind it in the block are lost with it",
                 (long long)block->count - 1);
    if (fatal)
        r->at = block->end;
    block->count = fatal ? 0 : block->count - 1;
    block->data = r->at;
    block->number++;
    return piece_reject(d, block, begin, r->at, column, code, message);
}

/* Every record of a file whose columns do not fit. */
static int32_t refused_reject(struct avro_decoder *d, struct avro_block *block,
                              const uint8_t *begin)
{
    block->data = d->reader.at;
    block->count--;
    block->number++;
    return piece_reject(d, block, begin, d->reader.at, d->plan->refused, d->plan->refusal,
                        d->plan->reason);
}

static int32_t rest_reject(struct avro_decoder *d, struct avro_block *block)
{
    char message[AVRO_FAULT_TEXT];
    const uint8_t *begin = block->data;
    snprintf(message, sizeof message,
             "%lld bytes are left behind the last row of the block at byte %lld",
             (long long)(block->end - begin), (long long)(d->chunk->offset + block->offset));
    block->data = block->end;
    return piece_reject(d, block, begin, block->end, -1, "remainder", message);
}

/* ---- records ---- */

static int32_t record_take(struct avro_decoder *d, struct avro_block *block)
{
    struct avro_reader *r = &d->reader;
    const uint8_t *begin = r->at = block->data;
    bool refused = d->plan->refusal != NULL;
    r->end = block->end;
    int32_t status = map_room(d);
    if (!status)
        status = avro_record_read(r, &d->plan->root, d->builders, refused);
    if (status)
        return status == QETL_E_DATA ? record_reject(d, block, begin) : status;
    if (refused)
        return refused_reject(d, block, begin);
    d->map[d->rows++] = (int32_t)(d->before + d->records);
    d->offsets[d->records++] = (int32_t)place_of(d, block, begin);
    block->data = r->at;
    block->count--;
    block->number++;
    return QETL_OK;
}

/* A block of records without a byte could go on without end. */
static const char *block_fault(const struct avro_decoder *d, const struct avro_block *block)
{
    const struct avro_node *root = &d->plan->root;
    bool endless = !root->least && block->count > NOTHINGS_MAX / root->weight;
    return endless ? "it has more rows than bytes" : block->fault;
}

static int32_t block_read(struct avro_decoder *d, struct avro_block *block, int64_t rows_max)
{
    int32_t status = QETL_OK;
    if (block->number == 1) {
        block->fault = block_fault(d, block);
        d->reader.nothings = NOTHINGS_MAX;
    }
    if (block->fault)
        return block_reject(d, block);
    while (!status && block->count && d->records < rows_max)
        status = record_take(d, block);
    if (!status && !block->count && block->data < block->end)
        status = rest_reject(d, block);
    return status;
}

/* Records of the group at hand, of all of it or a batch. */
static int32_t group_read(struct avro_decoder *d, int64_t rows_max)
{
    int32_t status = QETL_OK;
    while (!status && d->block_at < d->n_blocks && d->records < rows_max) {
        struct avro_block *block = &d->blocks[d->block_at];
        status = block_read(d, block, rows_max);
        d->block_at += !status && !block->count;
    }
    return status;
}

/* ---- batches ---- */

static void views_share(struct qetl_builder *b, void *buffer)
{
    if (b->layout == 'v')
        qetl_builder_share(b, buffer);
    for (int64_t i = 0; i < b->n_children; i++)
        views_share(&b->children[i], buffer);
}

static int32_t batch_close(struct avro_decoder *d, struct qetl_decoded *out)
{
    struct ArrowArray *columns = calloc((size_t)d->n_wants + 1, sizeof *columns);
    int32_t status = columns ? QETL_OK : QETL_E_NO_MEMORY;
    for (int64_t i = 0; !status && i < d->n_wants; i++)
        status = qetl_builder_close(&d->builders[i], &columns[i]);
    if (!status)
        status = qetl_array_struct(d->env, d->rows, d->n_wants, columns, &out->batch);
    for (int64_t i = 0; status && columns && i < d->n_wants; i++)
        qetl_array_release(&columns[i]);
    free(columns);
    return status;
}

static bool chunk_is_done(const struct avro_decoder *d)
{
    return d->block_at == d->n_blocks && d->chunk_at >= d->chunk->size;
}

/* Of wide records fewer. A format that grows has to answer with all of the chunk. */
static int64_t rows_most(const struct avro_decoder *d)
{
    int64_t rows = BATCH_VALUES / d->plan->root.weight;
    return d->policy == AVRO_NEW_EVOLVE ? INT64_MAX
           : rows > BATCH_ROWS          ? BATCH_ROWS
           : rows > BATCH_ROWS_LEAST    ? rows
                                        : BATCH_ROWS_LEAST;
}

static int32_t batch_make(struct avro_decoder *d, struct qetl_decoded *out)
{
    int64_t rows_max = rows_most(d);
    int32_t status = d->block_at == d->n_blocks ? avro_group_fill(d) : QETL_OK;
    void *buffer = status ? NULL : avro_group_buffer(d);
    for (int64_t i = 0; buffer && i < d->n_wants; i++)
        views_share(&d->builders[i], buffer);
    if (!status)
        status = group_read(d, rows_max);
    if (!status)
        status = batch_close(d, out);
    for (int64_t i = 0; status && i < d->n_wants; i++)
        qetl_builder_clear(&d->builders[i]);
    return status;
}

static int32_t plan_choose(struct avro_decoder *d, const struct qetl_chunk *chunk)
{
    int at = chunk->note.size ? PLAN_OTHER : PLAN_FIRST;
    int32_t status = QETL_OK;
    bool known =
        !chunk->note.size || (d->planned[at] && d->about[at].size == chunk->note.size &&
                              !memcmp(d->about[at].data, chunk->note.data, chunk->note.size));
    if (!known)
        status = plan_open(d, at, chunk->note, chunk->object);
    d->plan = &d->plans[at];
    return status;
}

static int32_t chunk_begin(struct avro_decoder *d, const struct qetl_chunk *chunk,
                           struct qetl_decoded *out)
{
    int32_t status = plan_choose(d, chunk);
    d->chunk_at = d->n_blocks = d->block_at = d->before = 0;
    if (status || !d->plan->grown.release)
        return status;
    status = qetl_schema_copy(&d->plan->grown, &out->schema);
    return status ? status : QETL_SCHEMA;
}

int32_t avro_decode_chunk(struct avro_decoder *d, const struct qetl_chunk *chunk,
                          struct qetl_decoded *out)
{
    d->chunk = chunk;
    int32_t status = chunk->more ? QETL_OK : chunk_begin(d, chunk, out);
    d->rows = d->records = 0;
    if (!status)
        status = batch_make(d, out);
    if (status)
        return status;
    bool done = chunk_is_done(d), whole = done && !chunk->more;
    out->rows = d->rows;
    out->records = d->records;
    out->record_map = whole && d->rows == d->records ? NULL : d->map;
    out->record_offsets = whole ? d->offsets : NULL;
    d->before += d->records;
    if (done)
        avro_room_free(&d->room);
    return done ? QETL_OK : QETL_MORE;
}
