/* SPDX-License-Identifier: Apache-2.0 */
/* Cuts at separators. Only where a line might be too long are lines looked at one by one. */
#include "lines.h"

#include <stdio.h>

int64_t lines_find(const struct lines *l, const uint8_t *data, int64_t from, int64_t size)
{
    const uint8_t *found =
        l->separator_size == 1
            ? memchr(data + from, l->separator[0], (size_t)(size - from))
            : memmem(data + from, (size_t)(size - from), l->separator, (size_t)l->separator_size);
    return found ? found - data : -1;
}

void lines_reject_oversize(struct qetl_env env, struct qetl_frame *io, int64_t begin, int64_t limit,
                           const char *what)
{
    char message[160];
    snprintf(message, sizeof message, "%s, %lld bytes", what, (long long)limit);
    struct qetl_reject reject = {.struct_size = sizeof reject,
                                 .row = io->rejected,
                                 .column = -1,
                                 .code = "oversize_record",
                                 .message = message,
                                 .bytes = io->data + begin,
                                 .bytes_size = limit,
                                 .bytes_offset = begin,
                                 .bytes_cut = 1};
    env.host->reject(env.ctx, &reject);
    io->rejected++;
}

static void line_reject(struct lines *l, struct qetl_frame *io, int64_t begin)
{
    lines_reject_oversize(l->env, io, begin, io->max_record, "the line is longer than max_record");
}

/* Behind the last separator, or `from`. Separators of several bytes may overlap themselves, so that
 * only the way from the front finds the same as the decoder. */
static int64_t last_behind(const struct lines *l, const struct qetl_frame *io, int64_t from)
{
    if (l->separator_size == 1) {
        const uint8_t *last = memrchr(io->data + from, l->separator[0], (size_t)(io->size - from));
        return last ? last + 1 - io->data : from;
    }
    for (int64_t at; (at = lines_find(l, io->data, from, io->size)) >= 0;)
        from = at + l->separator_size;
    return from;
}

/* What may be passed over where no separator was found: one may have begun. */
static int64_t end_safe(const struct lines *l, const struct qetl_frame *io, int64_t from)
{
    int64_t end = io->flags & QETL_ITEM_OBJECT_END ? io->size : io->size - l->separator_size + 1;
    return end > from ? end : from;
}

/* The last line may be too long already: what of it is here is passed over, the rest later. */
static void tail_check(struct lines *l, struct qetl_frame *io)
{
    if (io->used > io->begin || io->size - io->begin <= io->max_record + l->separator_size)
        return;
    line_reject(l, io, io->begin);
    l->passing_over = !(io->flags & QETL_ITEM_OBJECT_END);
    io->begin = io->used = end_safe(l, io, io->begin);
}

/* Lines one by one: from begin to before the first that is too long. */
static void frame_slowly(struct lines *l, struct qetl_frame *io)
{
    bool last = io->flags & QETL_ITEM_OBJECT_END;
    int64_t at = io->begin;
    while (at < io->size) {
        int64_t end = lines_find(l, io->data, at, io->size);
        if (end < 0 && !last)
            break;
        int64_t behind = end < 0 ? io->size : end + l->separator_size;
        end = end < 0 ? io->size : end;
        if (end - at > io->max_record) {
            if (at > io->begin)
                break;
            line_reject(l, io, at);
            io->begin = behind;
        }
        at = behind;
    }
    io->used = at;
    tail_check(l, io);
}

/* The first line goes on from data that was passed over. False: it does not end here. */
static bool pass_over(struct lines *l, struct qetl_frame *io)
{
    int64_t end = lines_find(l, io->data, 0, io->size);
    io->begin = io->used = end >= 0 ? end + l->separator_size : end_safe(l, io, 0);
    l->passing_over = end < 0 && !(io->flags & QETL_ITEM_OBJECT_END);
    return end >= 0;
}

/* Bytes of the mark at the beginning; -1: too few to say. */
static int64_t mark_size(const struct lines *l, const struct qetl_frame *io)
{
    int64_t n = io->size < 3 ? io->size : 3;
    if (l->binary || l->encoding || memcmp(io->data, "\xef\xbb\xbf", (size_t)n) != 0)
        return 0;
    return n == 3 ? 3 : io->flags & QETL_ITEM_OBJECT_END ? 0 : -1;
}

int32_t lines_frame(void *self, struct qetl_frame *io)
{
    struct lines *l = self;
    io->begin = io->used = io->rejected = 0;
    if (io->flags & QETL_ITEM_OBJECT_START) {
        l->passing_over = false;
        int64_t mark = io->size ? mark_size(l, io) : 0;
        if (mark < 0)
            return QETL_OK;
        io->begin = io->used = mark;
    }
    if (l->passing_over && !pass_over(l, io))
        return QETL_OK;
    if (io->size - io->begin > io->max_record)
        frame_slowly(l, io);
    else
        io->used = io->flags & QETL_ITEM_OBJECT_END ? io->size : last_behind(l, io, io->begin);
    return QETL_OK;
}
