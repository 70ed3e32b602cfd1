/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of transforms, but bind. */
#include "border_binder.h"

static void cargo_event(struct qetl_crossing *c, const struct qetl_border_guest *guest,
                        const struct qetl_event *event)
{
    if (!event) {
        qetl_cargo_number(c, "more", 1);
        return;
    }
    qetl_cargo_number(c, "kind", event->kind);
    qetl_cargo_nonzero(c, "port", event->port);
    qetl_cargo_nonzero(c, "stream", event->stream);
    switch (event->kind) {
    case QETL_EVENT_BATCH:
        qetl_cargo_number(c, "rows", event->rows);
        if (event->batch)
            qetl_cargo_array(c, "batch", event->batch,
                             qetl_shape_of(guest, QETL_SHAPE_IN, event->port));
        break;
    case QETL_EVENT_SCHEMA:
        qetl_cargo_schema(c, "schema", event->schema);
        break;
    case QETL_EVENT_BARRIER:
        qetl_cargo_number(c, "epoch", (int64_t)event->epoch);
        break;
    case QETL_EVENT_WATERMARK:
        qetl_cargo_number(c, "watermark_us", event->watermark_us);
        break;
    default:
        break;
    }
}

static void cargo_output(struct qetl_crossing *c, const struct qetl_border_guest *guest,
                         int32_t status, const struct qetl_output *out)
{
    if (status < 0)
        return;
    bool stands = status == QETL_OUTPUT || status == QETL_MORE || (status == QETL_END && out->rows);
    qetl_cargo_nonzero(c, "out_port", out->port);
    if (stands) {
        qetl_cargo_number(c, "rows", out->rows);
        if (out->batch.release)
            qetl_cargo_array(c, "batch", &out->batch,
                             qetl_shape_of(guest, QETL_SHAPE_OUT, out->port));
        if (out->row_map)
            qetl_cargo_map(c, "row_map", out->row_map, out->rows);
        if (out->derived_map)
            qetl_cargo_map(c, "derived_map", out->derived_map, out->rows);
    }
    qetl_cargo_nonzero(c, "rows_filtered", out->rows_filtered);
    qetl_cargo_nonzero(c, "rows_added", out->rows_added);
    qetl_cargo_nonzero(c, "rows_reduced", out->rows_reduced);
    qetl_cargo_nonzero(c, "rows_held", out->rows_held);
}

/* The batch may be moved by the plugin: it is told before the call, and is not looked at again. */
static void cargo_forget_arrays(struct qetl_crossing *c)
{
    for (int i = 0; i < c->n_cargo; i++)
        if (c->cargo[i].kind == QETL_CARGO_ARRAY)
            c->cargo[i].array = NULL;
}

static int32_t transform_process(void *self, const struct qetl_event *event,
                                 struct qetl_output *out)
{
    struct qetl_border_guest *guest = self;
    struct qetl_crossing c = qetl_crossing_in(guest, "process");
    cargo_event(&c, guest, event);
    qetl_crossing_begin(&c);
    int32_t status = guest->of->real->transform->process(guest->state, event, out);
    cargo_forget_arrays(&c);
    cargo_output(&c, guest, status, out);
    return qetl_crossing_end(&c, status);
}

static int32_t transform_merge(void *self, uint32_t version, const struct qetl_reader *in)
{
    struct qetl_border_guest *guest = self;
    struct qetl_border_reader reader;
    struct qetl_crossing c = qetl_crossing_in(guest, "merge");
    qetl_border_reader(&reader, guest, in, "merge.read");
    qetl_cargo_number(&c, "version", version);
    qetl_crossing_begin(&c);
    return qetl_crossing_end(
        &c, guest->of->real->transform->merge(guest->state, version, &reader.base));
}

void qetl_border_transform(struct qetl_border_component *made)
{
    struct qetl_transform *table = &made->transform;
    QETL_BORDER_COPY(table, made->real->transform);
    QETL_BORDER_PUT(table, bind, qetl_border_bind);
    QETL_BORDER_PUT(table, process, transform_process);
    QETL_BORDER_PUT(table, merge, transform_merge);
    made->base.transform = table;
}
