/* SPDX-License-Identifier: Apache-2.0 */
/* What a test feeds, to a component of whatever kind. */
#include "test.h"

int32_t qetl_rig_input(struct qetl_rig *t, uint32_t port, const char *columns)
{
    if (t->opened)
        return t->opened;
    if (port >= PORTS_MAX || port > t->n_inputs)
        return test_done(t, test_fail(t, QETL_E_FATAL, "inputs are declared in order, from 0 on"));
    qetl_schema_release(&t->inputs[port]);
    int32_t status = test_schema_parse(t, columns, &t->inputs[port]);
    if (!status && port == t->n_inputs)
        t->n_inputs++;
    t->bound = t->begun = false;
    return test_done(t, status);
}

static int32_t batch_feed(struct qetl_rig *t, uint32_t port, struct ArrowArray *batch)
{
    struct qetl_write write = {
        .struct_size = sizeof write, .stream = port, .batch = batch, .rows = batch->length};
    int32_t status = test_validate(t, &t->inputs[port], batch);
    if (!status && t->component->kind == QETL_TRANSFORM)
        status = transform_bind(t);
    if (status)
        return status;
    switch (t->component->kind) {
    case QETL_TRANSFORM:
        return transform_feed(t, port, batch);
    case QETL_SINK:
        return sink_write(t, &write);
    case QETL_FORMAT:
        return format_encode(t, batch);
    default:
        return test_fail(t, QETL_E_FATAL, "a source is not fed");
    }
}

int32_t qetl_rig_feed_batch(struct qetl_rig *t, uint32_t port, struct ArrowArray *batch)
{
    int32_t status = t->opened;
    if (!status && port >= t->n_inputs)
        status = test_fail(t, QETL_E_FATAL, "declare the columns with qetl_rig_input first");
    if (!status)
        status = batch_feed(t, port, batch);
    qetl_array_release(batch);
    return test_done(t, status);
}

int32_t qetl_rig_feed(struct qetl_rig *t, uint32_t port, const char *rows)
{
    struct ArrowArray batch = {0};
    if (t->opened)
        return t->opened;
    if (port >= t->n_inputs)
        return test_done(
            t, test_fail(t, QETL_E_FATAL, "declare the columns with qetl_rig_input first"));
    int64_t failing = atomic_exchange(&t->fail_alloc, -1);
    int32_t status = test_batch_parse(t, &t->inputs[port], rows, &batch);
    atomic_store(&t->fail_alloc, failing);
    return status ? test_done(t, status) : qetl_rig_feed_batch(t, port, &batch);
}

int32_t qetl_rig_feed_bytes(struct qetl_rig *t, const void *bytes, size_t size, int64_t rows)
{
    struct qetl_write write = {
        .struct_size = sizeof write, .bytes = bytes, .bytes_size = (int64_t)size, .rows = rows};
    if (t->opened)
        return t->opened;
    if (t->component->kind != QETL_SINK)
        return test_done(t, test_fail(t, QETL_E_FATAL, "only sinks take bytes"));
    return test_done(t, sink_write(t, &write));
}

static int32_t transform_end(struct qetl_rig *t)
{
    int32_t status = transform_bind(t);
    for (uint32_t port = 0; port < t->n_inputs && status >= 0; port++)
        status = transform_event(t, port, QETL_EVENT_END);
    return status;
}

int32_t qetl_rig_end(struct qetl_rig *t)
{
    int32_t status = t->opened;
    if (status)
        return status;
    switch (t->component->kind) {
    case QETL_TRANSFORM:
        return test_done(t, transform_end(t));
    case QETL_FORMAT:
        return test_done(t, format_finish(t));
    case QETL_SINK:
        t->note.final = true;
        status = qetl_rig_epoch(t);
        return status ? status : qetl_rig_commit(t);
    default:
        return test_done(t, test_fail(t, QETL_E_FATAL, "a source ends by itself"));
    }
}
