/* SPDX-License-Identifier: Apache-2.0 */
/* Encodes the rows of a batch object by object, for a sink that spreads them. */
#include "data/gather.h"
#include "op_encode.h"
#include "run_internal.h"

#include <stdlib.h>
#include <string.h>

static int32_t no_memory(struct qetl_op *op)
{
    return qetl_op_fault(op, "out_of_memory", "no memory for encoded rows");
}

static int32_t gather_column(struct qetl_op *op, const struct qetl_want *want,
                             const struct ArrowSchema *layout, const struct qetl_batch *batch,
                             struct qetl_batch *out)
{
    const struct qetl_partition *p = &((struct qetl_encode_state *)op->state)->partition;
    const struct qetl_batch_column *in = &batch->columns[want->column];
    bool value = want->form == QETL_FORM_VALUE;
    struct qetl_vector *made = qetl_gather(op->instance->env->pool, layout,
                                           value ? in->value : in->lexical, p->map, batch->rows);
    *(value ? &out->columns[want->column].value : &out->columns[want->column].lexical) = made;
    return made ? QETL_OK : QETL_E_NO_MEMORY;
}

/* The encoded columns, group by group. NULL: no memory. */
static struct qetl_batch *rows_sort(struct qetl_op *op, const struct qetl_batch *batch)
{
    const struct qetl_encode_state *state = op->state;
    const struct qetl_take_flow *take = state->take;
    const int32_t *map = state->partition.map;
    struct qetl_batch *out = qetl_batch_new(batch->rows, batch->n_columns, batch->origin);
    int32_t status = out ? QETL_OK : QETL_E_NO_MEMORY;
    for (int64_t i = 0; !status && i < take->n_wants - take->n_left_out; i++)
        status = gather_column(op, &take->wants[i], take->delivered.children[i], batch, out);
    if (!status && batch->origin) {
        out->record_map = qetl_pool_alloc(op->instance->env->pool,
                                          (size_t)(batch->rows + 1) * sizeof *out->record_map);
        for (int64_t i = 0; out->record_map && i < batch->rows; i++)
            out->record_map[i] = (int32_t)qetl_batch_record(batch, map[i]);
        status = out->record_map ? QETL_OK : QETL_E_NO_MEMORY;
    }
    if (!status)
        return out;
    qetl_batch_unref(out);
    return NULL;
}

int64_t qetl_encode_range(struct qetl_op *op, const struct qetl_batch *sorted, int64_t from,
                          int64_t rows, struct qetl_pool_space *space)
{
    bool whole = from == 0 && rows == sorted->rows;
    struct qetl_batch *piece =
        whole ? NULL : qetl_batch_slice(sorted, op->instance->env->pool, from, rows);
    const struct qetl_batch *batch = whole ? sorted : piece;
    if (!batch)
        return no_memory(op);
    int64_t rejected = qetl_encode_into(op, batch, space);
    if (!rejected)
        rejected = qetl_op_bury(op, batch->origin, batch, &op->flow->takes[op->take].delivered);
    qetl_batch_unref(piece);
    return rejected < 0 ? rejected : rows - rejected;
}

static struct qetl_parts *parts_new(const struct qetl_partition *p, int64_t n)
{
    struct qetl_parts *parts = calloc(1, sizeof *parts);
    if (!parts)
        return NULL;
    parts->n_keys = p->n_keys;
    parts->items = calloc((size_t)n, sizeof *parts->items);
    parts->keys = calloc((size_t)(n * p->n_keys) + 1, sizeof *parts->keys);
    if (parts->items && parts->keys)
        return parts;
    qetl_parts_free(parts);
    return NULL;
}

static void part_add(struct qetl_parts *parts, const struct qetl_partition *p,
                     const struct qetl_group *group, int64_t size, int64_t rows)
{
    struct qetl_blob *keys = parts->keys + parts->n * parts->n_keys;
    qetl_partition_keys(p, group, keys);
    parts->items[parts->n++] = (struct qetl_part){.size = size, .rows = rows, .keys = keys};
}

/* The keys lie in the partition, which is used again: the block takes their text with it. */
static bool parts_own(struct qetl_parts *parts, const struct qetl_partition *p)
{
    parts->text = malloc((size_t)p->text.size + 1);
    if (!parts->text)
        return false;
    if (p->text.size)
        memcpy(parts->text, p->text.data, (size_t)p->text.size);
    for (int64_t i = 0; i < parts->n * parts->n_keys; i++)
        if (parts->keys[i].data)
            parts->keys[i].data =
                parts->text + ((const uint8_t *)parts->keys[i].data - p->text.data);
    return true;
}

static int32_t block_emit(struct qetl_op *op, struct qetl_pool_space *space,
                          struct qetl_parts *parts)
{
    struct qetl_encode_state *state = op->state;
    int64_t rows = 0;
    for (int64_t i = 0; i < parts->n; i++)
        rows += parts->items[i].rows;
    struct qetl_block *block =
        parts_own(parts, &state->partition) ? qetl_pool_space_close(space, rows) : NULL;
    if (!block) {
        qetl_parts_free(parts);
        qetl_buffer_free(space->base.data);
        return no_memory(op);
    }
    block->parts = parts;
    return qetl_op_emit(op, 0, QETL_SLOT_BLOCK, block);
}

/* Groups [first, first + n) as one block, the rows of each as far as they have not been yet. */
static int32_t encode_groups(struct qetl_op *op, const struct qetl_batch *sorted, int64_t first,
                             int64_t n, int64_t most)
{
    struct qetl_encode_state *state = op->state;
    struct qetl_partition *p = &state->partition;
    struct qetl_pool_space space;
    struct qetl_parts *parts = parts_new(p, n);
    int32_t status = parts ? qetl_pool_space_open(&space, op->instance->env->pool, 0) : -1;
    if (status) {
        qetl_parts_free(parts);
        return no_memory(op);
    }
    for (int64_t g = first; g < first + n; g++) {
        struct qetl_group *group = &p->groups[g];
        int64_t before = space.base.size, rows = group->rows < most ? group->rows : most;
        int64_t encoded = qetl_encode_range(op, sorted, group->from, rows, &space);
        if (encoded < 0) {
            qetl_parts_free(parts);
            qetl_buffer_free(space.base.data);
            return (int32_t)encoded;
        }
        group->from += rows;
        group->rows -= rows;
        part_add(parts, p, group, space.base.size - before, encoded);
    }
    return block_emit(op, &space, parts);
}

static int64_t room_for(struct qetl_op *op, const struct qetl_group *group, struct qetl_blob *keys)
{
    struct qetl_encode_state *state = op->state;
    qetl_partition_keys(&state->partition, group, keys);
    return op->flow->parts->room(op->flow->instance->self, state->partition.n_keys, keys);
}

/* The sink, which stands behind this operator in its own stage, says before each piece how many
 * rows go into the object that is open. */
static int32_t encode_with_room(struct qetl_op *op, const struct qetl_batch *sorted)
{
    struct qetl_partition *p = &((struct qetl_encode_state *)op->state)->partition;
    struct qetl_blob *keys = calloc((size_t)p->n_keys + 1, sizeof *keys);
    int32_t status = keys ? QETL_OK : no_memory(op);
    for (int64_t g = 0; !status && g < p->n_groups; g++)
        while (!status && p->groups[g].rows > 0) {
            int64_t most = room_for(op, &p->groups[g], keys);
            status = most > 0
                         ? encode_groups(op, sorted, g, 1, most)
                         : qetl_op_fault(op, "unsupported", "room answered %lld", (long long)most);
        }
    free(keys);
    return status;
}

int32_t qetl_encode_sort(struct qetl_op *op, struct qetl_batch *batch, struct qetl_batch **sorted)
{
    struct qetl_encode_state *state = op->state;
    struct qetl_partition *p = &state->partition;
    const struct ArrowSchema *schema =
        qetl_flow_input(op->run->attempt.flows, op->run->pipeline, &op->node->inputs[op->take])
            ->schema;
    p->keys = state->take->keys;
    p->n_keys = state->take->n_keys;
    if (qetl_partition_make(p, schema, batch))
        return no_memory(op);
    if (p->in_order)
        qetl_batch_ref(batch);
    *sorted = p->in_order ? batch : rows_sort(op, batch);
    return *sorted ? QETL_OK : no_memory(op);
}

int32_t qetl_encode_parts(struct qetl_op *op, struct qetl_batch *batch)
{
    struct qetl_encode_state *state = op->state;
    struct qetl_batch *sorted;
    if (!batch->rows)
        return QETL_OK;
    int32_t status = qetl_encode_sort(op, batch, &sorted);
    if (status)
        return status;
    status = op->flow->parts->room
                 ? encode_with_room(op, sorted)
                 : encode_groups(op, sorted, 0, state->partition.n_groups, INT64_MAX);
    qetl_batch_unref(sorted);
    return status;
}
