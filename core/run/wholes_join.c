/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of one object that came in small pieces, as one batch: a call of an encoder may cost as much
 * as a thousand rows. */
#include "data/join.h"
#include "run_internal.h"
#include "wholes.h"

#include <stdlib.h>

static struct qetl_vector *vector_of(const struct qetl_batch *batch, const struct qetl_want *want)
{
    const struct qetl_batch_column *column = &batch->columns[want->column];
    return want->form == QETL_FORM_VALUE ? column->value : column->lexical;
}

static int32_t column_join(struct qetl_op *op, const struct qetl_joined *joined,
                           const struct qetl_want *want, const struct ArrowSchema *layout,
                           struct qetl_slice *slices, struct qetl_batch *out)
{
    struct qetl_batch_column *column = &out->columns[want->column];
    struct ArrowArray array;
    for (int64_t i = 0; i < joined->n; i++) {
        const struct qetl_joined_rows *rows = &joined->items[i];
        slices[i] =
            (struct qetl_slice){&vector_of(rows->batch, want)->array, rows->from, rows->rows};
    }
    int32_t status = qetl_join(op->run->pool, layout, slices, joined->n, &array);
    if (status)
        return status;
    struct qetl_vector *made = qetl_vector_new(&array);
    if (!made)
        array.release(&array);
    *(want->form == QETL_FORM_VALUE ? &column->value : &column->lexical) = made;
    return made ? QETL_OK : QETL_E_NO_MEMORY;
}

struct qetl_batch *qetl_whole_join(struct qetl_op *op, const struct qetl_held *first, int64_t n)
{
    const struct qetl_take_flow *take = ((struct qetl_encode_state *)op->state)->take;
    struct qetl_joined *joined = qetl_joined_new(n);
    struct qetl_slice *slices = calloc((size_t)n + 1, sizeof *slices);
    int64_t rows = 0;
    for (const struct qetl_held *held = first; joined && joined->n < n; held = held->next) {
        qetl_batch_ref(held->batch);
        joined->items[joined->n++] = (struct qetl_joined_rows){held->batch, held->from, held->rows};
        rows += held->rows;
    }
    struct qetl_batch *out = joined ? qetl_batch_new(rows, first->batch->n_columns, NULL) : NULL;
    int32_t status = out && slices ? QETL_OK : QETL_E_NO_MEMORY;
    for (int64_t i = 0; !status && i < take->n_wants - take->n_left_out; i++)
        status = column_join(op, joined, &take->wants[i], take->delivered.children[i], slices, out);
    free(slices);
    if (out)
        out->joined = joined;
    if (!status)
        return out;
    qetl_batch_unref(out);
    return NULL;
}
