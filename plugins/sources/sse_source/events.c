/* SPDX-License-Identifier: Apache-2.0 */
#include "events.h"
#include "stream.h"

#include <qetl/row_source.h>

#include <time.h>

enum { EVENT, ID, DATA, RECEIVED_AT };

struct sse_events {
    struct qetl_row row;
    struct stream stream;
};

static int32_t events_describe(void *self, struct qetl_source_info *out)
{
    const struct sse_events *s = self;
    out->delivery = s->stream.replays ? QETL_REPLAYABLE : QETL_LOSSY;
    out->endless = s->stream.reconnects;
    return QETL_OK;
}

static int32_t events_open(void *self)
{
    struct sse_events *s = self;
    return stream_open(&s->stream)
               ? QETL_OK
               : qetl_fail(s->row.env, QETL_E_NO_MEMORY, NULL, NULL, "no memory for events");
}

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int32_t events_row(void *self)
{
    struct sse_events *s = self;
    struct sse_event event;
    int32_t status = stream_next(&s->stream, 0, &event);
    if (status)
        return status;
    if (!qetl_utf8_valid(event.data, event.data_size))
        return qetl_row_reject_bytes(&s->row, "bad_utf8", event.data, event.data_size,
                                     "the data of an event is no UTF-8");
    qetl_row_put_text(&s->row, EVENT, event.type, event.type_size);
    if (event.id_size)
        qetl_row_put_text(&s->row, ID, event.id, event.id_size);
    qetl_row_put_text(&s->row, DATA, event.data, event.data_size);
    qetl_row_put_int(&s->row, RECEIVED_AT, now_us());
    return QETL_OK;
}

static void events_close(void *self)
{
    struct sse_events *s = self;
    stream_free(&s->stream);
}

static void events_interrupt(void *self)
{
    struct sse_events *s = self;
    stream_interrupt(&s->stream);
}

static const struct qetl_kept_field position[] = {QETL_KEPT_TEXT(struct sse_events, stream.id)};

static const struct qetl_row_source events = {
    .columns = "event text, id text, data text, received_at timestamp with time zone",
    .position = QETL_TABLE(position),
    .describe = events_describe,
    .open = events_open,
    .row = events_row,
    .close = events_close,
    .interrupt = events_interrupt};

static int32_t events_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                             const char *config)
{
    struct sse_events *s = self;
    int32_t status = qetl_row_source_create(self, host, ctx, &events, "sse_events");
    return status ? status : stream_init(&s->stream, s->row.env, config);
}

const struct qetl_component sse_events_component = {
    .struct_size = sizeof(struct qetl_component),
    .kind = QETL_SOURCE,
    .id = "sse_events",
    .state_size = sizeof(struct sse_events),
    .create = events_create,
    .destroy = qetl_row_source_destroy,
    .interrupt = qetl_row_source_interrupt,
    .source = &qetl_row_source_table,
};
