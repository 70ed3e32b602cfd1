/* SPDX-License-Identifier: Apache-2.0 */
#include "parser.h"

#include <stdlib.h>
#include <string.h>

enum { LEAST_ROOM = 256 };

static bool text_append(struct sse_text *t, const char *data, int64_t size)
{
    int64_t room = t->room ? t->room : LEAST_ROOM;
    while (room < t->size + size)
        room *= 2;
    if (room > t->room) {
        char *grown = realloc(t->data, (size_t)room);
        if (!grown)
            return false;
        t->data = grown;
        t->room = room;
    }
    if (size)
        memcpy(t->data + t->size, data, (size_t)size);
    t->size += size;
    return true;
}

static bool text_set(struct sse_text *t, const char *data, int64_t size)
{
    t->size = 0;
    return text_append(t, data, size);
}

static void text_free(struct sse_text *t)
{
    free(t->data);
    *t = (struct sse_text){0};
}

static void event_clear(struct sse_parser *p)
{
    p->data.size = p->type.size = 0;
    p->own_id = p->dispatched = false;
}

void sse_parser_begin(struct sse_parser *p)
{
    event_clear(p);
    p->line.size = 0;
    p->begun = p->after_cr = false;
}

bool sse_parser_set_id(struct sse_parser *p, const char *id, int64_t size)
{
    return text_set(&p->last, id, size);
}

void sse_parser_free(struct sse_parser *p)
{
    text_free(&p->line);
    text_free(&p->data);
    text_free(&p->type);
    text_free(&p->id);
    text_free(&p->last);
}

static bool is_name(const char *line, int64_t size, const char *name)
{
    return size == (int64_t)strlen(name) && !memcmp(line, name, (size_t)size);
}

/* Of more digits than any time has, the longest that there is. */
static void retry_take(struct sse_parser *p, const char *value, int64_t size)
{
    int64_t ms = 0;
    for (int64_t i = 0; i < size; i++) {
        if (value[i] < '0' || value[i] > '9')
            return;
        if (ms < INT32_MAX)
            ms = ms * 10 + (value[i] - '0');
    }
    if (size)
        p->retry_ms = ms < INT32_MAX ? ms : INT32_MAX;
}

static enum sse_answer field_take(struct sse_parser *p, const char *line, int64_t name,
                                  const char *value, int64_t size)
{
    bool fine = true;
    if (is_name(line, name, "data")) {
        if (p->data.size + size + 1 > p->max_bytes)
            return SSE_TOO_LONG;
        fine = text_append(&p->data, value, size) && text_append(&p->data, "\n", 1);
    } else if (is_name(line, name, "event")) {
        fine = text_set(&p->type, value, size);
    } else if (is_name(line, name, "id")) {
        if (size && memchr(value, 0, (size_t)size))
            return SSE_MORE;
        p->own_id = true;
        fine = text_set(&p->id, value, size);
    } else if (is_name(line, name, "retry")) {
        retry_take(p, value, size);
    }
    return fine ? SSE_MORE : SSE_NO_MEMORY;
}

/* A line without data is none; its id counts all the same. */
static enum sse_answer dispatch(struct sse_parser *p, struct sse_event *out)
{
    if (p->own_id && !text_set(&p->last, p->id.data, p->id.size))
        return SSE_NO_MEMORY;
    if (!p->data.size) {
        event_clear(p);
        return SSE_MORE;
    }
    *out = (struct sse_event){.type = p->type.size ? p->type.data : "message",
                              .type_size = p->type.size ? p->type.size : 7,
                              .id = p->last.size ? p->last.data : "",
                              .id_size = p->last.size,
                              .data = p->data.data,
                              .data_size = p->data.size - 1,
                              .own_id = p->own_id};
    p->dispatched = true;
    return SSE_EVENT;
}

static enum sse_answer line_take(struct sse_parser *p, const char *line, int64_t size,
                                 struct sse_event *out)
{
    if (!p->begun && size >= 3 && !memcmp(line, "\xef\xbb\xbf", 3)) {
        line += 3;
        size -= 3;
    }
    p->begun = true;
    if (!size)
        return dispatch(p, out);
    const char *colon = memchr(line, ':', (size_t)size);
    if (colon == line)
        return SSE_MORE;
    if (!colon)
        return field_take(p, line, size, "", 0);
    const char *value = colon + 1, *end = line + size;
    value += value < end && *value == ' ';
    return field_take(p, line, colon - line, value, end - value);
}

/* Where the line ends; NULL: not here. */
static const char *line_end(const char *data, int64_t size)
{
    const char *lf = memchr(data, '\n', (size_t)size);
    const char *cr = memchr(data, '\r', lf ? (size_t)(lf - data) : (size_t)size);
    return cr ? cr : lf;
}

/* One line, or what there is of it. */
static enum sse_answer line_next(struct sse_parser *p, const char *data, int64_t size,
                                 int64_t *used, struct sse_event *out)
{
    const char *end = line_end(data, size);
    int64_t length = end ? end - data : size;
    if (p->line.size + length > p->max_bytes)
        return SSE_TOO_LONG;
    if ((!end || p->line.size) && !text_append(&p->line, data, length))
        return SSE_NO_MEMORY;
    *used += length + (end != NULL);
    if (!end)
        return SSE_MORE;
    p->after_cr = *end == '\r';
    bool kept = p->line.size;
    enum sse_answer answer =
        kept ? line_take(p, p->line.data, p->line.size, out) : line_take(p, data, length, out);
    p->line.size = 0;
    return answer;
}

enum sse_answer sse_parser_next(struct sse_parser *p, const char *data, int64_t size, int64_t *used,
                                struct sse_event *out)
{
    enum sse_answer answer = SSE_MORE;
    *used = 0;
    if (p->dispatched)
        event_clear(p);
    while (answer == SSE_MORE && *used < size) {
        if (p->after_cr) {
            p->after_cr = false;
            if (data[*used] == '\n') {
                ++*used;
                continue;
            }
        }
        answer = line_next(p, data + *used, size - *used, used, out);
    }
    return answer;
}
