/* SPDX-License-Identifier: Apache-2.0 */
#include "bisect.h"

#include "op.h"

#include <assert.h>

int32_t qetl_bisect_split(struct qetl_bisect *bisect, struct qetl_pool *pool, struct qetl_piece *at)
{
    int64_t rows = at->batch->rows, half = rows / 2;
    assert(rows > 1 && bisect->n < QETL_BISECT_DEPTH);
    struct qetl_batch *first = qetl_batch_slice(at->batch, pool, 0, half);
    struct qetl_batch *second = first ? qetl_batch_slice(at->batch, pool, half, rows - half) : NULL;
    if (!second) {
        qetl_batch_unref(first);
        return QETL_E_NO_MEMORY;
    }
    bisect->rest[bisect->n++] = (struct qetl_piece){second, at->from + half};
    qetl_batch_unref(at->batch);
    at->batch = first;
    return QETL_OK;
}

bool qetl_bisect_next(struct qetl_bisect *bisect, struct qetl_piece *piece)
{
    if (!bisect->n)
        return false;
    *piece = bisect->rest[--bisect->n];
    return true;
}

void qetl_bisect_clear(struct qetl_bisect *bisect)
{
    while (bisect->n)
        qetl_batch_unref(bisect->rest[--bisect->n].batch);
}

void qetl_op_reject_refused(struct qetl_op *op)
{
    struct qetl_env env = qetl_instance_sdk_env(op->instance);
    struct qetl_error_report error = qetl_instance_take_error(op->instance);
    struct qetl_reject reject = {.struct_size = sizeof reject,
                                 .column = -1,
                                 .code = error.vendor_code ? error.vendor_code : "refused",
                                 .message = error.message};
    env.host->reject(env.ctx, &reject);
    qetl_error_report_free(&error);
}
