/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of sinks. */
#include "border_internal.h"

static const struct qetl_sink *real_of(const struct qetl_border_guest *guest)
{
    return guest->of->real->sink;
}

static int32_t sink_describe(void *self, struct qetl_sink_info *out)
{
    struct qetl_border_guest *guest = self;
    struct qetl_crossing c = qetl_crossing_in(guest, "describe");
    qetl_crossing_begin(&c);
    int32_t status = real_of(guest)->describe(guest->state, out);
    if (!status) {
        qetl_cargo_number(&c, "takes", out->takes);
        qetl_cargo_number(&c, "delivery", out->delivery);
        qetl_cargo_number(&c, "commit", out->commit);
    }
    return qetl_crossing_end(&c, status);
}

static int32_t sink_forms(void *self, const struct ArrowSchema *schema, uint32_t *forms)
{
    struct qetl_border_guest *guest = self;
    struct qetl_crossing c = qetl_crossing_in(guest, "forms");
    qetl_cargo_schema(&c, "schema", schema);
    qetl_crossing_begin(&c);
    int32_t status = real_of(guest)->forms(guest->state, schema, forms);
    if (!status)
        qetl_cargo_map(&c, "forms", (const int32_t *)forms, schema->n_children);
    return qetl_crossing_end(&c, status);
}

static int32_t sink_open(void *self, uint32_t stream, const struct ArrowSchema *schema)
{
    struct qetl_border_guest *guest = self;
    struct qetl_crossing c = qetl_crossing_in(guest, "open");
    qetl_cargo_number(&c, "stream", stream);
    qetl_cargo_schema(&c, "schema", schema);
    qetl_crossing_begin(&c);
    qetl_shape_set(guest, QETL_SHAPE_IN, stream, schema);
    return qetl_crossing_end(&c, real_of(guest)->open(guest->state, stream, schema));
}

static int32_t sink_write(void *self, struct qetl_write *write)
{
    struct qetl_border_guest *guest = self;
    struct qetl_crossing c = qetl_crossing_in(guest, "write");
    int batch_at = -1;
    qetl_cargo_nonzero(&c, "stream", write->stream);
    qetl_cargo_number(&c, "rows", write->rows);
    if (write->batch) {
        batch_at = c.n_cargo;
        qetl_cargo_array(&c, "batch", write->batch,
                         qetl_shape_of(guest, QETL_SHAPE_IN, write->stream));
    } else {
        qetl_cargo_bytes(&c, "bytes", write->bytes, write->bytes_size);
    }
    if (write->n_keys)
        qetl_cargo_blobs(&c, "keys", write->keys, write->n_keys);
    qetl_crossing_begin(&c);
    int32_t status = real_of(guest)->write(guest->state, write);
    if (batch_at >= 0)
        c.cargo[batch_at].array = NULL; /* the plugin may have moved it */
    if (status >= 0)
        qetl_cargo_number(&c, "rows_written", write->rows_written);
    return qetl_crossing_end(&c, status);
}

static void cargo_epoch(struct qetl_crossing *c, const struct qetl_epoch *epoch)
{
    qetl_cargo_number(c, "epoch", (int64_t)epoch->number);
    qetl_cargo_nonzero(c, "flags", epoch->flags);
    qetl_cargo_number(c, "generation", (int64_t)epoch->generation);
    qetl_cargo_text(c, "pipeline", epoch->pipeline);
    qetl_cargo_text(c, "component", epoch->component);
}

static int32_t sink_prepare(void *self, const struct qetl_epoch *epoch,
                            const struct qetl_writer *handle)
{
    struct qetl_border_guest *guest = self;
    struct qetl_border_writer writer;
    struct qetl_crossing c = qetl_crossing_in(guest, "prepare");
    qetl_border_writer(&writer, guest, handle, "prepare.write");
    cargo_epoch(&c, epoch);
    qetl_crossing_begin(&c);
    return qetl_crossing_end(&c, real_of(guest)->prepare(guest->state, epoch, &writer.base));
}

static int32_t sink_commit(void *self, const struct qetl_epoch *epoch, int64_t n_handles,
                           const struct qetl_blob *handles)
{
    struct qetl_border_guest *guest = self;
    struct qetl_crossing c = qetl_crossing_in(guest, "commit");
    cargo_epoch(&c, epoch);
    qetl_cargo_blobs(&c, "handles", handles, n_handles);
    qetl_crossing_begin(&c);
    return qetl_crossing_end(&c, real_of(guest)->commit(guest->state, epoch, n_handles, handles));
}

static int32_t sink_abort(void *self, const struct qetl_epoch *epoch, int64_t n_handles,
                          const struct qetl_blob *handles)
{
    struct qetl_border_guest *guest = self;
    struct qetl_crossing c = qetl_crossing_in(guest, "abort");
    cargo_epoch(&c, epoch);
    qetl_cargo_blobs(&c, "handles", handles, n_handles);
    qetl_crossing_begin(&c);
    return qetl_crossing_end(&c, real_of(guest)->abort(guest->state, epoch, n_handles, handles));
}

static int32_t sink_last_committed(void *self, const struct qetl_epoch *asked, uint64_t *number)
{
    struct qetl_border_guest *guest = self;
    struct qetl_crossing c = qetl_crossing_in(guest, "last_committed");
    cargo_epoch(&c, asked);
    qetl_crossing_begin(&c);
    int32_t status = real_of(guest)->last_committed(guest->state, asked, number);
    if (!status)
        qetl_cargo_number(&c, "number", (int64_t)*number);
    return qetl_crossing_end(&c, status);
}

void qetl_border_sink(struct qetl_border_component *made)
{
    struct qetl_sink *table = &made->sink;
    QETL_BORDER_COPY(table, made->real->sink);
    QETL_BORDER_PUT(table, describe, sink_describe);
    QETL_BORDER_PUT(table, forms, sink_forms);
    QETL_BORDER_PUT(table, open, sink_open);
    QETL_BORDER_PUT(table, write, sink_write);
    QETL_BORDER_PUT(table, prepare, sink_prepare);
    QETL_BORDER_PUT(table, commit, sink_commit);
    QETL_BORDER_PUT(table, abort, sink_abort);
    QETL_BORDER_PUT(table, last_committed, sink_last_committed);
    made->base.sink = table;
}
