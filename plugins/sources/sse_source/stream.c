/* SPDX-License-Identifier: Apache-2.0 */
#include "stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { LEAST_PAUSE_MS = 10, MOST_PAUSE_MS = 60000 };

static int32_t no_memory(struct stream *s)
{
    return qetl_fail(s->env, QETL_E_NO_MEMORY, NULL, NULL, "no memory for events");
}

/* ---- life ---- */

static const struct qetl_option_field fields[] = {
    {"/reconnect", QETL_OPTION_BOOL, offsetof(struct stream, reconnects), "true", NULL},
    {"/reconnect_ms", QETL_OPTION_INT, offsetof(struct stream, wait_ms), "3000", "0.."},
    {"/replays", QETL_OPTION_BOOL, offsetof(struct stream, replays), "false", NULL},
    {"/end_data", QETL_OPTION_TEXT, offsetof(struct stream, end_data), "", NULL},
    {"/max_event_bytes", QETL_OPTION_INT, offsetof(struct stream, max_event_bytes), "16777216",
     "1.."},
};

int32_t stream_init(struct stream *s, struct qetl_env env, const char *config)
{
    s->env = env;
    const char *url = qetl_option_text(env, "/url");
    int32_t status = http_client_init_streams(&s->client, env, url ? url : "", "/url");
    if (!status)
        status = qetl_options_read(env, fields, sizeof fields / sizeof *fields, s);
    if (!status)
        status = asking_read(&s->asking, env, config);
    s->parser.max_bytes = s->max_event_bytes;
    return status;
}

void stream_free(struct stream *s)
{
    http_end(s->exchange);
    s->exchange = NULL;
    http_client_free(&s->client);
    asking_free(&s->asking);
    curl_slist_free_all(s->headers);
    s->headers = NULL;
    sse_parser_free(&s->parser);
}

void stream_interrupt(struct stream *s)
{
    http_client_ring(&s->client);
}

bool stream_open(struct stream *s)
{
    http_end(s->exchange);
    s->exchange = NULL;
    s->begun = s->opened = s->ended = false;
    s->due_ns = 0;
    s->parser.retry_ms = -1;
    return sse_parser_set_id(&s->parser, s->id, (int64_t)strlen(s->id));
}

/* ---- asking ---- */

static bool header_add(struct stream *s, const char *line)
{
    struct curl_slist *longer = curl_slist_append(s->headers, line);
    if (longer)
        s->headers = longer;
    return longer;
}

static bool id_add(struct stream *s)
{
    const struct sse_text *id = &s->parser.last;
    char *line;
    if (!id->size)
        return true;
    if (asprintf(&line, "Last-Event-ID: %.*s", (int)id->size, id->data) < 0)
        return false;
    bool added = header_add(s, line);
    free(line);
    return added;
}

/* What the user says of these comes first. */
static bool is_said(const struct stream *s, const char *name)
{
    size_t size = strlen(name);
    for (const struct curl_slist *h = s->asking.headers; h; h = h->next)
        if (strncasecmp(h->data, name, size) == 0)
            return true;
    return false;
}

static bool headers_make(struct stream *s)
{
    curl_slist_free_all(s->headers);
    s->headers = NULL;
    bool fine = is_said(s, "Accept:") || header_add(s, "Accept: text/event-stream");
    fine = fine && (is_said(s, "Cache-Control:") || header_add(s, "Cache-Control: no-store"));
    for (const struct curl_slist *h = s->asking.headers; h && fine; h = h->next)
        fine = header_add(s, h->data);
    return fine && id_add(s);
}

static int32_t ask(struct stream *s)
{
    struct http_request request = asking_request(&s->asking, s->asking.url);
    if (!headers_make(s))
        return no_memory(s);
    request.headers = s->headers;
    request.streams = true;
    s->exchange = http_begin(&s->client, &request);
    s->at = 0;
    s->opened = false;
    s->rejoined = s->begun || s->parser.last.size;
    sse_parser_begin(&s->parser);
    return s->exchange ? QETL_OK : no_memory(s);
}

/* ---- what comes ---- */

/* 204 says that there is nothing to come; what is none is no stream of events. */
static int32_t check_open(struct stream *s)
{
    const struct http_exchange *e = s->exchange;
    if (e->status == 204) {
        s->ended = true;
        return QETL_END;
    }
    if (e->status != 200 || !e->type || strcasecmp(e->type, "text/event-stream") != 0)
        return qetl_fail(s->env, QETL_E_DATA, "/url",
                         "see what the URL answers to a request with Accept: text/event-stream",
                         "%s %.300s: %ld with content of type %.80s, which is no text/event-stream",
                         e->request.method, e->url, e->status, e->type ? e->type : "none");
    s->opened = s->begun = true;
    s->opened_ns = http_now_ns();
    return QETL_OK;
}

/* As the stream says, or the user; longer where connections end at once, and brought nothing. */
static int64_t pause_ms(struct stream *s, int64_t now)
{
    int64_t ms = s->parser.retry_ms >= 0 ? s->parser.retry_ms : s->wait_ms;
    bool barren = s->rejoined && now - s->opened_ns < (ms + LEAST_PAUSE_MS) * 1000000;
    s->barren = barren ? s->barren + 1 : 0;
    for (int i = 0; i < s->barren && ms < MOST_PAUSE_MS; i++)
        ms = ms * 2 > LEAST_PAUSE_MS ? ms * 2 : LEAST_PAUSE_MS;
    return ms;
}

static bool passes(const struct http_fault *fault)
{
    return fault->code == QETL_E_RETRY_CALL || fault->code == QETL_E_THROTTLED;
}

/* The connection is gone. What failed before it was open is the host's to try again. */
static int32_t close_done(struct stream *s)
{
    struct http_exchange *e = s->exchange;
    int64_t now = http_now_ns(), wait_ms = pause_ms(s, now);
    bool broken = e->fault.code;
    int32_t status = QETL_OK;
    if (broken && (!s->opened || !passes(&e->fault)))
        status = http_fault_report(&e->fault, s->env);
    if (!status && broken)
        qetl_logf(s->env, QETL_LOG_INFO, "%s; it is asked for again in %lld ms", e->fault.message,
                  (long long)wait_ms);
    s->ended = !status && !broken && !s->reconnects;
    s->due_ns = status ? 0 : now + wait_ms * 1000000;
    http_end(e);
    s->exchange = NULL;
    return status ? status : s->ended ? QETL_END : QETL_IDLE;
}

static int32_t too_long(struct stream *s)
{
    return qetl_fail(s->env, QETL_E_DATA, "/max_event_bytes", "allow more, if they are so long",
                     "%s %.300s: an event, or a line, of more than %lld bytes", s->asking.method,
                     s->asking.url, (long long)s->max_event_bytes);
}

static bool is_chosen(const struct stream *s, const struct sse_event *event)
{
    int64_t count = qetl_option_count(s->env, "/events");
    for (int64_t i = 0; i < count; i++) {
        char pointer[40];
        snprintf(pointer, sizeof pointer, "/events/%lld", (long long)i);
        const char *type = qetl_option_text(s->env, pointer);
        if (type && (int64_t)strlen(type) == event->type_size &&
            !memcmp(type, event->type, (size_t)event->type_size))
            return true;
    }
    return count <= 0;
}

/* Where events come again, an ID says which. Some servers send the last one, too. */
static int32_t check_replayed(struct stream *s, const struct sse_event *event, bool *again)
{
    bool same = event->id_size == (int64_t)strlen(s->id) &&
                !memcmp(event->id, s->id, (size_t)event->id_size);
    *again = s->rejoined && event->own_id && event->id_size && same;
    if (*again)
        return QETL_OK;
    if (event->own_id && event->id_size && !same)
        return QETL_OK;
    return qetl_fail(
        s->env, QETL_E_DATA, "/replays",
        "leave events of this type out by `events`, or say `replays: false`: then what comes "
        "while there is no connection may be lost",
        "an event of type %.*s has %s: nobody could say behind which one to go on",
        (int)event->type_size, event->type,
        event->own_id && event->id_size ? "the ID of the one before it" : "no ID of its own");
}

static int32_t event_take(struct stream *s, const struct sse_event *event, bool *chosen)
{
    bool again = false;
    *chosen = is_chosen(s, event);
    int32_t status = s->replays && *chosen ? check_replayed(s, event, &again) : QETL_OK;
    if (status)
        return status;
    *chosen &= !again;
    s->rejoined = false;
    if (event->id_size >= STREAM_ID_MAX)
        return qetl_fail(s->env, QETL_E_DATA, NULL, NULL, "the ID of an event has %lld bytes",
                         (long long)event->id_size);
    memcpy(s->id, event->id, (size_t)event->id_size);
    s->id[event->id_size] = 0;
    if (*s->end_data && (int64_t)strlen(s->end_data) == event->data_size &&
        !memcmp(s->end_data, event->data, (size_t)event->data_size)) {
        s->ended = true;
        return QETL_END;
    }
    return QETL_OK;
}

/* OK: an event. IDLE: there is none in what came. */
static int32_t parse(struct stream *s, struct sse_event *out)
{
    struct http_exchange *e = s->exchange;
    bool chosen = false;
    while (!chosen) {
        int64_t used = 0;
        enum sse_answer answer =
            sse_parser_next(&s->parser, (const char *)e->body + s->at, e->size - s->at, &used, out);
        s->at += used;
        if (answer == SSE_MORE) {
            if (s->at)
                http_taken(e, s->at);
            s->at = 0;
            if (!e->size)
                return QETL_IDLE;
            continue; /* what was held back came */
        }
        if (answer != SSE_EVENT)
            return answer == SSE_TOO_LONG ? too_long(s) : no_memory(s);
        int32_t status = event_take(s, out, &chosen);
        if (status)
            return status;
    }
    return QETL_OK;
}

/* As far as it gets without waiting. */
static int32_t advance(struct stream *s, struct sse_event *out)
{
    int32_t status = QETL_OK;
    s->client.alarm_ns = s->due_ns;
    if (!s->exchange && http_now_ns() >= s->due_ns) {
        s->due_ns = s->client.alarm_ns = 0;
        status = ask(s);
    }
    if (!status)
        status = http_client_drive(&s->client);
    if (status || !s->exchange)
        return status ? status : QETL_IDLE;
    if (s->exchange->open && !s->opened)
        status = check_open(s);
    if (!status && s->opened)
        status = parse(s, out);
    if ((!status && s->opened) || (status && status != QETL_IDLE))
        return status;
    if (s->exchange->state != HTTP_DONE)
        return QETL_IDLE;
    status = close_done(s);
    if (status != QETL_IDLE)
        return status;
    s->client.alarm_ns = s->due_ns;
    status = http_client_drive(&s->client); /* which sets the alarm */
    return status ? status : QETL_IDLE;
}

int32_t stream_next(struct stream *s, int64_t until_ns, struct sse_event *out)
{
    if (s->ended)
        return QETL_END;
    int32_t status = s->exchange && s->opened ? parse(s, out) : QETL_IDLE;
    if (status == QETL_IDLE)
        status = advance(s, out);
    while (status == QETL_IDLE && http_client_wait(&s->client, until_ns))
        status = advance(s, out);
    if (status == QETL_IDLE) {
        int32_t awaited = http_client_await(&s->client);
        status = awaited ? awaited : QETL_IDLE;
    }
    return status;
}
