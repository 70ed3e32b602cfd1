/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grammar of event streams (WHATWG HTML, "Server-sent events"), in pieces as they come.
 *
 * Invariant: whatever the pieces are, the same bytes make the same events. Bytes are handed on as
 *            they came: none is replaced that is no UTF-8.
 * Ownership: the parser owns its texts; what an event points to is valid until the next call.
 * Threads:   one at a time.
 */
#ifndef SSE_SOURCE_PARSER_H
#define SSE_SOURCE_PARSER_H

#include <stdbool.h>
#include <stdint.h>

struct sse_text {
    char *data;
    int64_t size, room;
};

struct sse_event {
    const char *type, *id, *data; /* type "message" unless it says so; id: the last that came */
    int64_t type_size, id_size, data_size;
    bool own_id; /* it brought that id */
};

struct sse_parser {
    int64_t max_bytes; /* of an event, and of a line */
    struct sse_text line, data, type;
    struct sse_text id;   /* that the event at hand brings */
    struct sse_text last; /* the last event ID */
    bool own_id, begun, after_cr, dispatched;
    int64_t retry_ms; /* as the stream says; -1: it does not */
};

enum sse_answer { SSE_MORE, SSE_EVENT, SSE_TOO_LONG, SSE_NO_MEMORY };

/* A stream begins: what was left of another is forgotten, but the last event ID and retry. */
void sse_parser_begin(struct sse_parser *);
/* Up to the end of the next event. MORE: all of the bytes were used. */
enum sse_answer sse_parser_next(struct sse_parser *, const char *data, int64_t size, int64_t *used,
                                struct sse_event *out);
/* The last event ID, as it was before. false: no memory. */
bool sse_parser_set_id(struct sse_parser *, const char *id, int64_t size);
void sse_parser_free(struct sse_parser *);

#endif
