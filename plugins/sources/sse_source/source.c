/* SPDX-License-Identifier: Apache-2.0 */
/* The source `sse`: the data of events as bytes, for a format. One object for all of them. */
#include "data.h"
#include "events.h"
#include "stream.h"

#include <qetl/parcel.h>

enum { POSITION = 1 };

struct sse_source {
    struct stream stream;
    struct qetl_parcel position;
    const char *data; /* the event at hand, of which some did not go out yet */
    int64_t left;
    int64_t offset; /* of what went out, over all connections */
    bool started;   /* the object began at the host */
};

/* ---- Life ---- */

static int32_t source_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                             const char *config)
{
    struct sse_source *s = self;
    return stream_init(&s->stream, (struct qetl_env){host, ctx}, config);
}

static void source_destroy(void *self)
{
    struct sse_source *s = self;
    stream_free(&s->stream);
}

static void source_interrupt(void *self)
{
    struct sse_source *s = self;
    stream_interrupt(&s->stream);
}

/* ---- Reading ---- */

static int32_t source_describe(void *self, struct qetl_source_info *out)
{
    const struct sse_source *s = self;
    out->emits = QETL_EMITS_BYTES;
    out->delivery = s->stream.replays ? QETL_REPLAYABLE : QETL_LOSSY;
    out->bytes_expected = out->rows_expected = -1;
    out->endless = s->stream.reconnects;
    return QETL_OK;
}

static int32_t position_take(struct sse_source *s, struct qetl_blob position)
{
    struct qetl_parcel_in in;
    qetl_parcel_open(&in, position, POSITION);
    s->offset = qetl_parcel_int(&in);
    qetl_parcel_text(&in, s->stream.id, sizeof s->stream.id);
    if (!qetl_parcel_close(&in) && s->offset >= 0)
        return QETL_OK;
    return qetl_fail(s->stream.env, QETL_E_UNSUPPORTED, NULL, "begin anew with --full-refresh",
                     "this is no position in the source sse");
}

static int32_t source_open(void *self, struct qetl_blob split, const struct qetl_blob *position)
{
    struct sse_source *s = self;
    (void)split;
    s->left = s->offset = 0;
    s->started = position;
    *s->stream.id = 0;
    int32_t status = position ? position_take(s, *position) : QETL_OK;
    if (!status && !stream_open(&s->stream))
        status = qetl_fail(s->stream.env, QETL_E_NO_MEMORY, NULL, NULL, "no memory for events");
    return status;
}

/* As much of the event at hand as there is room for. */
static int64_t put(struct sse_source *s, uint8_t *space, int64_t room)
{
    int64_t size = s->left < room ? s->left : room;
    memcpy(space, s->data, (size_t)size);
    s->data += size;
    s->left -= size;
    return size;
}

/* Events until there is no room. What was written before a failure goes out first. */
static int32_t fill(struct sse_source *s, const struct qetl_demand *demand, int64_t *size)
{
    uint8_t *space = demand->space;
    int32_t status = QETL_OK;
    while (!status && *size < demand->max_bytes) {
        if (!s->left) {
            struct sse_event event;
            status = stream_next(&s->stream, *size ? 0 : demand->deadline_ns, &event);
            if (status)
                break;
            s->data = event.data;
            s->left = data_line((char *)event.data, event.data_size);
        }
        *size += put(s, space + *size, demand->max_bytes - *size);
    }
    return *size ? QETL_OK : status;
}

static int32_t source_next(void *self, const struct qetl_demand *demand, struct qetl_item *out)
{
    struct sse_source *s = self;
    int64_t size = 0;
    int32_t status = fill(s, demand, &size);
    if (status)
        return status;
    out->flags = s->started ? 0 : QETL_ITEM_OBJECT_START;
    out->object = s->stream.asking.url;
    out->bytes = out->bytes_read = size;
    out->offset = s->offset;
    s->started = true;
    s->offset += size;
    if (s->left)
        return QETL_BYTES;
    qetl_parcel_begin(&s->position, POSITION);
    qetl_parcel_put_int(&s->position, s->offset);
    qetl_parcel_put_text(&s->position, s->stream.id);
    out->position = qetl_parcel_blob(&s->position);
    out->flags |= QETL_ITEM_CUT;
    return QETL_BYTES;
}

static const struct qetl_source sse_vtable = {
    .struct_size = sizeof(struct qetl_source),
    .describe = source_describe,
    .open = source_open,
    .next = source_next,
};

static const struct qetl_component sse_component = {
    .struct_size = sizeof(struct qetl_component),
    .kind = QETL_SOURCE,
    .id = "sse",
    .state_size = sizeof(struct sse_source),
    .create = source_create,
    .destroy = source_destroy,
    .interrupt = source_interrupt,
    .source = &sse_vtable,
};

QETL_PLUGIN("sse-source", "0.1.0", &sse_component, &sse_events_component)
