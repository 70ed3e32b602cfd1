/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of sources. */
#include "border_internal.h"
#include "host/call.h"

static const struct qetl_source *real_of(const struct qetl_border_guest *guest)
{
    return guest->of->real->source;
}

static int32_t source_describe(void *self, struct qetl_source_info *out)
{
    struct qetl_border_guest *guest = self;
    struct qetl_crossing c = qetl_crossing_in(guest, "describe");
    qetl_crossing_begin(&c);
    int32_t status = real_of(guest)->describe(guest->state, out);
    if (!status) {
        qetl_cargo_number(&c, "emits", out->emits);
        qetl_cargo_number(&c, "delivery", out->delivery);
        qetl_cargo_number(&c, "bytes_expected", out->bytes_expected);
        qetl_cargo_number(&c, "rows_expected", out->rows_expected);
        qetl_cargo_nonzero(&c, "endless", out->endless);
        if (out->schema.release) {
            qetl_shape_set(guest, QETL_SHAPE_OUT, 0, &out->schema);
            qetl_cargo_schema(&c, "schema", &out->schema);
        }
    }
    return qetl_crossing_end(&c, status);
}

/* What is EXACT leaves the wanted columns alone in the batches. */
static void shape_narrow(struct qetl_border_guest *guest, const struct qetl_pushdown *request)
{
    struct ArrowSchema whole;
    const struct ArrowSchema *shape = qetl_shape_of(guest, QETL_SHAPE_OUT, 0);
    if (!shape || qetl_schema_copy(shape, &whole))
        return;
    qetl_shape_clear(guest, QETL_SHAPE_OUT, 0);
    for (int64_t i = 0; i < request->n_columns; i++)
        if (request->columns[i] < whole.n_children)
            qetl_shape_add(guest, QETL_SHAPE_OUT, 0, whole.children[request->columns[i]],
                           QETL_FORM_VALUE);
    qetl_schema_release(&whole);
}

static int32_t source_negotiate(void *self, struct qetl_pushdown *request)
{
    struct qetl_border_guest *guest = self;
    struct qetl_crossing c = qetl_crossing_in(guest, "negotiate");
    qetl_cargo_number(&c, "n_columns", request->n_columns);
    if (request->n_columns > 0)
        qetl_cargo_numbers(&c, "columns", request->columns, request->n_columns);
    qetl_cargo_texts(&c, "predicates", request->predicates, request->n_predicates);
    qetl_cargo_number(&c, "limit", request->limit);
    qetl_crossing_begin(&c);
    int32_t status = real_of(guest)->negotiate(guest->state, request);
    if (!status) {
        qetl_cargo_number(&c, "columns_answer", *request->columns_answer);
        qetl_cargo_map(&c, "predicates_answer", request->predicates_answer, request->n_predicates);
        qetl_cargo_number(&c, "limit_answer", *request->limit_answer);
    }
    if (!status && request->n_columns >= 0 && *request->columns_answer == QETL_PUSH_EXACT)
        shape_narrow(guest, request);
    return qetl_crossing_end(&c, status);
}

static int32_t source_plan_splits(void *self, int64_t wanted, const struct qetl_writer *out)
{
    struct qetl_border_guest *guest = self;
    struct qetl_border_writer writer;
    struct qetl_crossing c = qetl_crossing_in(guest, "plan_splits");
    qetl_border_writer(&writer, guest, out, "plan_splits.write");
    qetl_cargo_number(&c, "splits_wanted", wanted);
    qetl_crossing_begin(&c);
    return qetl_crossing_end(&c, real_of(guest)->plan_splits(guest->state, wanted, &writer.base));
}

static int32_t source_open(void *self, struct qetl_blob split, const struct qetl_blob *position)
{
    struct qetl_border_guest *guest = self;
    struct qetl_crossing c = qetl_crossing_in(guest, "open");
    qetl_cargo_blob(&c, "split", split);
    if (position)
        qetl_cargo_blob(&c, "position", *position);
    qetl_crossing_begin(&c);
    return qetl_crossing_end(&c, real_of(guest)->open(guest->state, split, position));
}

static void cargo_item(struct qetl_crossing *c, struct qetl_border_guest *guest, int32_t status,
                       const struct qetl_demand *demand, const struct qetl_item *item)
{
    if (status == QETL_BATCH) {
        qetl_cargo_number(c, "rows", item->batch.length);
        qetl_cargo_array(c, "batch", &item->batch, qetl_shape_of(guest, QETL_SHAPE_OUT, 0));
    } else if (status == QETL_BYTES) {
        qetl_cargo_bytes(c, "bytes", demand->space, item->bytes);
        qetl_cargo_number(c, "offset", item->offset);
        qetl_cargo_nonzero(c, "object_id", (int64_t)item->object_id);
        if (item->object)
            qetl_cargo_text(c, "object", item->object);
    } else if (status == QETL_SCHEMA) {
        qetl_shape_set(guest, QETL_SHAPE_OUT, 0, &item->schema);
        qetl_cargo_schema(c, "schema", &item->schema);
    } else {
        return;
    }
    qetl_cargo_nonzero(c, "flags", item->flags);
    qetl_cargo_nonzero(c, "stream", item->stream);
    qetl_cargo_nonzero(c, "bytes_read", item->bytes_read);
    if (item->flags & QETL_ITEM_WATERMARK)
        qetl_cargo_number(c, "watermark_us", item->watermark_us);
    if (item->position.size)
        qetl_cargo_blob(c, "position", item->position);
}

static int32_t source_next(void *self, const struct qetl_demand *demand, struct qetl_item *out)
{
    struct qetl_border_guest *guest = self;
    struct qetl_crossing c = qetl_crossing_in(guest, "next");
    qetl_cargo_number(&c, "max_rows", demand->max_rows);
    qetl_cargo_number(&c, "max_bytes", demand->max_bytes);
    qetl_cargo_number(&c, "within_ms", (demand->deadline_ns - qetl_call_now_ns()) / 1000000);
    qetl_cargo_nonzero(&c, "space", demand->space != NULL);
    qetl_cargo_nonzero(&c, "flags", demand->flags);
    qetl_crossing_begin(&c);
    int32_t status = real_of(guest)->next(guest->state, demand, out);
    cargo_item(&c, guest, status, demand, out);
    return qetl_crossing_end(&c, status);
}

static int32_t source_ack(void *self, struct qetl_blob position)
{
    struct qetl_border_guest *guest = self;
    struct qetl_crossing c = qetl_crossing_in(guest, "ack");
    qetl_cargo_blob(&c, "position", position);
    qetl_crossing_begin(&c);
    return qetl_crossing_end(&c, real_of(guest)->ack(guest->state, position));
}

static int32_t source_nack(void *self, struct qetl_blob position)
{
    struct qetl_border_guest *guest = self;
    struct qetl_crossing c = qetl_crossing_in(guest, "nack");
    qetl_cargo_blob(&c, "position", position);
    qetl_crossing_begin(&c);
    return qetl_crossing_end(&c, real_of(guest)->nack(guest->state, position));
}

static int32_t source_on_revoke(void *self, struct qetl_blob split)
{
    struct qetl_border_guest *guest = self;
    struct qetl_crossing c = qetl_crossing_in(guest, "on_revoke");
    qetl_cargo_blob(&c, "split", split);
    qetl_crossing_begin(&c);
    return qetl_crossing_end(&c, real_of(guest)->on_revoke(guest->state, split));
}

void qetl_border_source(struct qetl_border_component *made)
{
    struct qetl_source *table = &made->source;
    QETL_BORDER_COPY(table, made->real->source);
    QETL_BORDER_PUT(table, describe, source_describe);
    QETL_BORDER_PUT(table, negotiate, source_negotiate);
    QETL_BORDER_PUT(table, plan_splits, source_plan_splits);
    QETL_BORDER_PUT(table, open, source_open);
    QETL_BORDER_PUT(table, next, source_next);
    QETL_BORDER_PUT(table, ack, source_ack);
    QETL_BORDER_PUT(table, nack, source_nack);
    QETL_BORDER_PUT(table, on_revoke, source_on_revoke);
    made->base.source = table;
}
