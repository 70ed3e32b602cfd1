/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The events of one URL, over as many connections as it takes: a stream that ends is asked for
 * again, with the last event ID.
 *
 * Invariant: an event comes once all of it came. Where the server is said to send events again
 *            (`replays`), each has an ID of its own, and none comes twice or is passed over.
 * Ownership: owns client, parser and exchange; an event's texts are valid until the next call.
 * Threads:   one at a time; only stream_interrupt is for any.
 */
#ifndef SSE_SOURCE_STREAM_H
#define SSE_SOURCE_STREAM_H

#include "../../shared/http/asking.h"
#include "parser.h"

enum { STREAM_ID_MAX = 2048 };

struct stream {
    struct qetl_env env;
    struct http_client client;
    struct asking asking;
    struct sse_parser parser;
    struct http_exchange *exchange;
    struct curl_slist *headers; /* the request's, with the last event ID */
    char id[STREAM_ID_MAX];     /* the last event ID, for a position */
    int64_t at;                 /* bytes of the exchange's body that were parsed */
    int64_t wait_ms, max_event_bytes;
    const char *end_data;
    bool replays, reconnects;
    bool begun;     /* it was open once */
    bool opened;    /* this connection was found good */
    bool rejoined;  /* no event came since it was asked for again */
    bool ended;     /* no more will come */
    int64_t due_ns; /* not asked for before */
    int64_t opened_ns;
    int barren; /* connections in a row that ended at once, and brought nothing */
};

/* Reads the options. OK, or a failure that was reported. Zeroed, it may be freed. */
int32_t stream_init(struct stream *, struct qetl_env, const char *config);
void stream_free(struct stream *);
void stream_interrupt(struct stream *); /* [any] */
/* Begins behind the last event ID that stands in id. false: no memory. */
bool stream_open(struct stream *);
/* The next event of the chosen types. OK; IDLE: not yet, and the host was asked to call again; END:
 * no more comes; or a failure that was reported. until_ns: how long it may wait. */
int32_t stream_next(struct stream *, int64_t until_ns, struct sse_event *out);

#endif
