/* SPDX-License-Identifier: Apache-2.0 */
/* Rejected rows become dead letters, with the place that they came from. */
#include "op.h"
#include "run_internal.h"

#include <stdlib.h>
#include <string.h>

static const char *column_name(const struct ArrowSchema *columns, int64_t column)
{
    if (!columns || column < 0 || column >= columns->n_children)
        return NULL;
    return columns->children[column]->name;
}

/* The original bytes of a record: what its plugin handed back, or its range in the chunk. */
static int set_original(struct qetl_letter *letter, const struct qetl_rejected *rejected,
                        const struct qetl_origin *origin)
{
    if (rejected->bytes) {
        int64_t offset = (origin ? origin->offset : 0) + rejected->bytes_offset;
        if (qetl_letter_set_bytes(letter, rejected->bytes, rejected->bytes_kept, offset))
            return -1;
        letter->bytes_total = rejected->bytes_size;
        letter->bytes_cut = rejected->bytes_cut;
        memcpy(letter->sha256, rejected->sha256, sizeof letter->sha256);
        return 0;
    }
    if (!origin || !origin->record_offsets || letter->record < 0 ||
        letter->record >= origin->records)
        return 0;
    int64_t first = origin->record_offsets[letter->record];
    int64_t end = letter->record + 1 < origin->records ? origin->record_offsets[letter->record + 1]
                                                       : origin->size;
    return qetl_letter_set_bytes(letter, origin->data + first, end - first, origin->offset + first);
}

/* What the row was, for who tries it again at this component. */
static int set_row(struct qetl_op *op, struct qetl_letter *letter, const struct qetl_batch *batch,
                   const struct qetl_origin *origin, int64_t row)
{
    if (op->node->kind == QETL_SOURCE)
        return qetl_letter_bytes(op->run, letter, op->flow, origin ? origin->object : NULL);
    return batch ? qetl_letter_row(op->run, letter, &op->node->inputs[op->take], batch, row) : 0;
}

static int bury_one(struct qetl_op *op, const struct qetl_rejected *rejected,
                    struct qetl_origin *origin, const struct qetl_batch *batch,
                    const struct qetl_batch *whole, const struct ArrowSchema *columns)
{
    struct qetl_letter *letter = qetl_letter_new(op->node->id, rejected->code, rejected->message,
                                                 column_name(columns, rejected->column));
    int64_t row = rejected->row;
    const struct qetl_batch *came_in = batch ? qetl_batch_source(batch, &row) : NULL;
    if (!letter)
        return -1;
    letter->plugin = op->instance->use->plugin->id;
    letter->epoch = op->epoch + 1;
    origin = came_in && came_in != batch ? came_in->origin : origin;
    letter->record = batch ? qetl_batch_record(came_in, row) : row;
    if (set_original(letter, rejected, origin) ||
        set_row(op, letter, whole ? whole : batch, origin, rejected->row)) {
        qetl_letter_free(letter);
        return -1;
    }
    if (origin)
        qetl_origin_post(origin, letter);
    else
        qetl_run_letter(op->run, letter);
    return 0;
}

int64_t qetl_op_bury(struct qetl_op *op, struct qetl_origin *origin, const struct qetl_batch *batch,
                     const struct ArrowSchema *columns)
{
    struct qetl_ctx *ctx = op->instance;
    int64_t n = (int64_t)ctx->n_rejected;
    if (op->run->attempt.surveying) {
        qetl_instance_drop_rejected(ctx);
        return n;
    }
    if (!n && !ctx->reject_failed)
        return 0;
    bool lost = ctx->reject_failed;
    struct qetl_batch *whole = batch && op->decoder ? qetl_decode_whole(op->decoder, batch) : NULL;
    for (int64_t i = 0; !lost && i < n; i++) {
        int64_t row = ctx->rejected[i].row;
        if (batch && (row < 0 || row >= batch->rows)) {
            qetl_batch_unref(whole);
            return qetl_op_fault(op, "bad_reject", "rejected row %lld of a batch of %lld rows",
                                 (long long)row, (long long)batch->rows);
        }
        lost = bury_one(op, &ctx->rejected[i], origin, batch, whole, columns) != 0;
    }
    qetl_batch_unref(whole);
    int32_t status = QETL_OK;
    if (lost)
        status = qetl_op_fault(op, "out_of_memory", "no memory to keep a rejected row");
    qetl_tally_add(&ctx->tally.rows_rejected, lost ? 0 : n);
    if (!lost)
        status = qetl_run_count_rejected(op->run, op->node, n, ctx->rejected[0].code,
                                         ctx->rejected[0].message);
    qetl_instance_drop_rejected(ctx);
    return status ? status : n;
}
