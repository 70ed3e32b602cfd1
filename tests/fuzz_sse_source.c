/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arbitrary bytes as an event stream. The first byte says where pieces end. Held: the events are
 * those that a reader of the whole text finds, which looks at it line by line, as the standard has
 * it; what is made one line for a format has one end, unless it is no JSON.
 */
#include "plugins/sources/sse_source/data.h"
#include "plugins/sources/sse_source/parser.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 4096 };

static void expect(bool held, const char *what)
{
    if (held)
        return;
    fprintf(stderr, "not held: %s\n", what);
    abort();
}

struct plain { /* the reader of the whole text */
    char type[MOST], id[MOST], last[MOST], data[2 * MOST];
    size_t type_size, id_size, last_size, data_size;
    bool own_id;
    const char *at, *end;
};

static bool field_is(const char *line, size_t size, const char *name)
{
    return strlen(name) == size && !memcmp(line, name, size);
}

static void plain_line(struct plain *r, const char *line, size_t size)
{
    size_t name = 0;
    while (name < size && line[name] != ':')
        name++;
    size_t from = name < size ? name + 1 : size;
    from += from < size && line[from] == ' ';
    const char *value = line + from;
    size_t length = size - from;
    if (field_is(line, name, "data")) {
        memcpy(r->data + r->data_size, value, length);
        r->data_size += length;
        r->data[r->data_size++] = '\n';
    } else if (field_is(line, name, "event")) {
        memcpy(r->type, value, r->type_size = length);
    } else if (field_is(line, name, "id") && !memchr(value, 0, length)) {
        memcpy(r->id, value, r->id_size = length);
        r->own_id = true;
    }
}

/* The next event, with the type in type; false: there is none. */
static bool plain_next(struct plain *r)
{
    r->type_size = r->data_size = 0;
    r->own_id = false;
    while (r->at < r->end) {
        const char *line = r->at;
        while (r->at < r->end && *r->at != '\n' && *r->at != '\r')
            r->at++;
        if (r->at == r->end)
            return false;
        size_t size = (size_t)(r->at - line);
        r->at += *r->at == '\r' && r->at + 1 < r->end && r->at[1] == '\n' ? 2 : 1;
        if (size) {
            plain_line(r, line, size);
            continue;
        }
        if (r->own_id)
            memcpy(r->last, r->id, r->last_size = r->id_size);
        if (r->data_size)
            return true;
        r->type_size = 0;
        r->own_id = false;
    }
    return false;
}

static void same(const char *got, int64_t size, const char *wanted, size_t wanted_size,
                 const char *what)
{
    expect(size == (int64_t)wanted_size && !memcmp(got, wanted, wanted_size), what);
}

static void event_check(struct plain *r, const struct sse_event *event)
{
    expect(plain_next(r), "there is such an event");
    same(event->data, event->data_size, r->data, r->data_size - 1, "its data");
    same(event->type, event->type_size, r->type_size ? r->type : "message",
         r->type_size ? r->type_size : 7, "its type");
    same(event->id, event->id_size, r->last, r->last_size, "the last ID");
    expect(event->own_id == r->own_id, "whose it is");
    int64_t line = data_line((char *)event->data, event->data_size);
    expect(event->data[line - 1] == '\n' && line == event->data_size + 1, "a line has an end");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct plain r;
    struct sse_parser p = {.max_bytes = MOST, .retry_ms = -1};
    if (size < 2 || size > MOST)
        return 0;
    const char *text = (const char *)bytes + 1, *end = (const char *)bytes + size;
    int64_t step = bytes[0] ? bytes[0] : (int64_t)size;
    memset(&r, 0, sizeof r);
    r.at = text + (end - text >= 3 && !memcmp(text, "\xef\xbb\xbf", 3) ? 3 : 0);
    r.end = end;
    sse_parser_begin(&p);
    for (const char *at = text; at < end;) {
        const char *until = end - at > step ? at + step : end;
        struct sse_event event;
        int64_t used = 0;
        enum sse_answer answer = sse_parser_next(&p, at, until - at, &used, &event);
        expect(answer == SSE_MORE || answer == SSE_EVENT, "it goes on");
        expect(used > 0 && used <= until - at, "it gets on");
        expect(answer == SSE_EVENT || used == until - at, "MORE has used all");
        at += used;
        if (answer == SSE_EVENT)
            event_check(&r, &event);
    }
    expect(!plain_next(&r), "no event is left out");
    sse_parser_free(&p);
    return 0;
}
