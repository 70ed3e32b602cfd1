/* SPDX-License-Identifier: Apache-2.0 */
#include "frame.h"

#include "kernel.h"

#include <assert.h>
#include <stdio.h>

enum { RECORD_LEAST = 3 }; /* {} and its line feed */

struct ndjson_framer ndjson_framer_for(int64_t n_columns)
{
    int64_t rows = NDJSON_BATCH_BYTES / NDJSON_CELL_BYTES / (n_columns > 0 ? n_columns : 1);
    return (struct ndjson_framer){.rows_max = rows > 0 ? rows : 1};
}

int64_t ndjson_mark_size(const uint8_t *data, int64_t size, bool whole)
{
    static const uint8_t mark[] = {0xef, 0xbb, 0xbf};
    int64_t n = size < 3 ? size : 3;
    if (n && memcmp(data, mark, (size_t)n) != 0)
        return 0;
    return n == 3 ? 3 : whole ? 0 : -1;
}

static void line_reject(struct qetl_env env, struct qetl_frame *io, int64_t begin, int64_t size)
{
    char message[160];
    snprintf(message, sizeof message,
             "the record is longer than max_record, %lld bytes; raise max_record, or end records "
             "with a line feed",
             (long long)io->max_record);
    struct qetl_reject reject = {.struct_size = sizeof reject,
                                 .row = io->rejected,
                                 .column = -1,
                                 .code = "oversize_record",
                                 .message = message,
                                 .bytes = io->data + begin,
                                 .bytes_size = io->max_record,
                                 .bytes_offset = begin,
                                 .bytes_cut = 1};
    assert(size > io->max_record);
    env.host->reject(env.ctx, &reject);
    io->rejected++;
}

/* Behind the line feed at or after `from`, or -1. */
static int64_t line_behind(const struct qetl_frame *io, int64_t from)
{
    const uint8_t *feed = memchr(io->data + from, '\n', (size_t)(io->size - from));
    return feed ? feed + 1 - io->data : -1;
}

/* The last line may be too long already: then what of it is here is passed over, and the rest
 * later. */
static void tail_check(struct ndjson_framer *framer, struct qetl_env env, struct qetl_frame *io)
{
    if (io->used > io->begin || io->size - io->begin <= io->max_record)
        return;
    line_reject(env, io, io->begin, io->size - io->begin);
    framer->passing_over = !(io->flags & QETL_ITEM_OBJECT_END);
    io->begin = io->used = io->size;
}

/* Lines one by one, since one of them may be too long: from begin to before the first that is. */
static void frame_slowly(struct ndjson_framer *framer, struct qetl_env env, struct qetl_frame *io)
{
    bool last = io->flags & QETL_ITEM_OBJECT_END;
    int64_t at = io->begin;
    while (at < io->size) {
        int64_t behind = line_behind(io, at);
        int64_t feed = behind >= 0;
        if (!feed && !last)
            break;
        behind = feed ? behind : io->size;
        if (behind - feed - at > io->max_record) {
            if (at > io->begin)
                break;
            line_reject(env, io, at, behind - feed - at);
            io->begin = behind;
        }
        at = behind;
    }
    io->used = at;
    tail_check(framer, env, io);
}

/* The first line goes on from data that was passed over. False: it does not end here. */
static bool pass_over(struct ndjson_framer *framer, struct qetl_frame *io)
{
    int64_t behind = line_behind(io, 0);
    io->begin = io->used = behind >= 0 ? behind : io->size;
    framer->passing_over = behind < 0 && !(io->flags & QETL_ITEM_OBJECT_END);
    return behind >= 0;
}

static int32_t frame_lines(struct ndjson_framer *framer, struct qetl_env env, struct qetl_frame *io)
{
    bool last = io->flags & QETL_ITEM_OBJECT_END;
    io->begin = io->used = io->rejected = 0;
    if (io->flags & QETL_ITEM_OBJECT_START) {
        framer->passing_over = false;
        io->begin = ndjson_mark_size(io->data, io->size, last);
        if (io->begin < 0) {
            io->begin = 0;
            return QETL_OK;
        }
        io->used = io->begin;
    }
    if (framer->passing_over && !pass_over(framer, io))
        return QETL_OK;
    if (io->size - io->begin > io->max_record) {
        frame_slowly(framer, env, io);
        return QETL_OK;
    }
    const uint8_t *feed = NULL;
    if (io->size > io->begin && !last)
        feed = memrchr(io->data + io->begin, '\n', (size_t)(io->size - io->begin));
    if (feed)
        io->used = feed + 1 - io->data;
    if (last)
        io->used = io->size;
    return QETL_OK;
}

/* A chunk of more lines than rows_max ends earlier. */
static void rows_limit(const struct ndjson_framer *framer, struct qetl_frame *io)
{
    bool ascii;
    const uint8_t *p = io->data + io->begin, *end = io->data + io->used;
    if (!framer->rows_max || (end - p) / RECORD_LEAST < framer->rows_max ||
        ndjson_kernel_best()->lines(p, end - p, &ascii) <= framer->rows_max)
        return;
    for (int64_t i = 0; i < framer->rows_max; i++)
        p = (const uint8_t *)memchr(p, '\n', (size_t)(end - p)) + 1;
    io->used = p - io->data;
}

int32_t ndjson_frame(struct ndjson_framer *framer, struct qetl_env env, struct qetl_frame *io)
{
    int32_t status = frame_lines(framer, env, io);
    if (!status)
        rows_limit(framer, io);
    return status;
}
