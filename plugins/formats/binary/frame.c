/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which bytes are records: behind the header, before the trailer, as far as the header promises.
 * What is left over at the end of an object is one rejected record.
 */
#include "binary.h"

#include <stdio.h>

static void piece_reject(struct binary *self, struct qetl_frame *io, int64_t begin, int64_t end,
                         enum binary_code code, const char *message)
{
    int64_t size = end - begin, kept = size < io->max_record ? size : io->max_record;
    struct qetl_reject reject = {.struct_size = sizeof reject,
                                 .row = 0,
                                 .column = -1,
                                 .code = binary_code_word(code),
                                 .message = message,
                                 .bytes = io->data + begin,
                                 .bytes_size = kept,
                                 .bytes_offset = begin,
                                 .bytes_cut = kept < size};

    self->env.host->reject(self->env.ctx, &reject);
    io->rejected++;
}

/* The header is here in full: what it must be, and what it promises. */
static int32_t header_read(struct binary *self, const struct qetl_frame *io, const uint8_t *data)
{
    const struct binary_layout *l = &self->layout;
    struct binary_framer *f = &self->framer;

    for (int64_t i = 0; i < l->n_matches; i++) {
        const struct binary_match *m = &l->matches[i];

        if (m->at + m->size <= l->header && memcmp(data + m->at, m->bytes, (size_t)m->size))
            return qetl_fail(self->env, QETL_E_DATA, NULL, "Look at the layout's header.match.",
                             "%s: the header is not that of %s: other bytes at %lld", io->object,
                             l->name ? l->name : "the layout", (long long)m->at);
    }
    if (!l->promise)
        return QETL_OK;
    f->left = binary_raw(l->promise, data + l->promise->at);
    f->promised = binary_promises(l, f->left);
    if (f->left < 0)
        f->left = 0;
    return QETL_OK;
}

/* A header that is not here in full is waited for. Answers where records begin, or -1. */
static int32_t header_pass(struct binary *self, struct qetl_frame *io, int64_t *at)
{
    struct binary_framer *f = &self->framer;
    int64_t header = self->layout.header;
    char message[160];

    *at = 0;
    if (!(io->flags & QETL_ITEM_OBJECT_START))
        return QETL_OK;
    *f = (struct binary_framer){0};
    if (io->offset || !header)
        return QETL_OK;
    if (io->size >= header) {
        *at = header;
        return header_read(self, io, io->data);
    }
    *at = -1;
    if (!(io->flags & QETL_ITEM_OBJECT_END) || !io->size)
        return QETL_OK;
    snprintf(message, sizeof message, "the file ends within its header: %lld of %lld bytes",
             (long long)io->size, (long long)header);
    piece_reject(self, io, 0, io->size, BINARY_REMAINDER, message);
    io->begin = io->used = io->size;
    return QETL_OK;
}

/* Whole records of any sizes. */
static int64_t walk_frame(const struct binary *self, const uint8_t *data, int64_t size,
                          int64_t most, int64_t *records, bool *lost)
{
    int32_t anchors[BINARY_FIELDS_MAX + 1], type;
    int64_t at = 0, n = 0;

    *lost = false;
    while (at < size && n < most) {
        int64_t record = binary_record_size(&self->layout, data + at, size - at, &type, anchors);

        if (record <= 0) {
            *lost = record == BINARY_LOST;
            break;
        }
        at += record;
        n++;
    }
    *records = n;
    return at;
}

/* Where records may lie: not in the trailer, nor beyond what was promised. */
struct extent {
    int64_t from, limit;
    int64_t used; /* end of the whole ones */
    bool lost;    /* what comes behind them is none */
    bool last;    /* no more will come within the limit */
    bool full;    /* all that was promised is here */
};

static struct extent extent_of(const struct binary *self, const struct qetl_frame *io, int64_t at)
{
    const struct binary_framer *f = &self->framer;
    struct extent x = {.from = at, .limit = io->size - self->layout.trailer};
    int64_t left = f->left;

    x.last = io->flags & QETL_ITEM_OBJECT_END;
    x.limit = x.limit < at ? at : x.limit;
    if (f->promised && !self->layout.promise_bytes)
        left = self->layout.fixed && left < INT64_MAX / self->layout.stride
                   ? left * self->layout.stride
                   : INT64_MAX;
    if (f->promised && x.limit - at >= left) {
        x.limit = at + left;
        x.last = x.full = true;
    }
    return x;
}

static void records_frame(struct binary *self, const struct qetl_frame *io, struct extent *x)
{
    const struct binary_layout *l = &self->layout;
    struct binary_framer *f = &self->framer;
    int64_t room = x->limit - x->from, records;

    if (l->fixed) {
        x->used = x->from + room - room % l->stride;
        records = (x->used - x->from) / l->stride;
    } else {
        int64_t most = f->promised && !l->promise_bytes ? f->left : INT64_MAX;

        x->used = x->from + walk_frame(self, io->data + x->from, room, most, &records, &x->lost);
    }
    if (f->promised)
        f->left -= l->promise_bytes ? x->used - x->from : records;
    f->behind = f->promised && !f->left;
    if (f->behind)
        x->limit = x->used;
}

/* Why what stands behind the whole records is none. */
static void rest_explain(const struct binary *self, const struct extent *x, char *out, size_t size)
{
    const struct binary_framer *f = &self->framer;
    long long rest = (long long)(x->limit - x->used), stride = (long long)self->layout.stride;

    if (x->lost)
        snprintf(out, size,
                 "no record begins here: no type has this discriminator, or a length is over 16 "
                 "MiB; the rest of the file is left out");
    else if (f->promised && !rest)
        snprintf(out, size, "the header promises %lld more %s than the file has",
                 (long long)f->left, self->layout.promise_bytes ? "bytes" : "records");
    else if (self->layout.fixed)
        snprintf(out, size,
                 "this is no whole number of records: %lld bytes of %lld are left at the end", rest,
                 stride);
    else
        snprintf(out, size, "the file ends within a record, behind %lld bytes of it", rest);
}

/* Nothing but a rest: one rejected record. What is behind it in the file is passed over. */
static void rest_reject(struct binary *self, struct qetl_frame *io, const struct extent *x)
{
    struct binary_framer *f = &self->framer;
    char message[200];

    rest_explain(self, x, message, sizeof message);
    piece_reject(self, io, x->used, x->lost ? io->size : x->limit,
                 x->lost ? BINARY_UNKNOWN_TYPE : BINARY_REMAINDER, message);
    f->behind |= x->lost || x->full;
}

/* A record that does not fit into what the host is willing to hold. */
static int32_t sizes_check(struct binary *self, const struct qetl_frame *io, const struct extent *x)
{
    int64_t size = self->layout.fixed   ? self->layout.stride
                   : x->used == x->from ? io->size - x->from
                                        : 0;

    if (size <= io->max_record)
        return QETL_OK;
    return qetl_fail(self->env, QETL_E_DATA, NULL, "Raise max_record, or look at the layout.",
                     "%s: a record has %s%lld bytes, more than max_record", io->object,
                     self->layout.fixed ? "" : "over ", (long long)size);
}

static int32_t body_frame(struct binary *self, struct qetl_frame *io, int64_t at)
{
    struct binary_framer *f = &self->framer;
    struct extent x = extent_of(self, io, at);
    bool end = io->flags & QETL_ITEM_OBJECT_END;
    int32_t status;

    records_frame(self, io, &x);
    io->begin = x.from;
    io->used = x.used;
    status = x.last || x.lost ? QETL_OK : sizes_check(self, io, &x);
    if (status || (x.used > x.from && (x.used < io->size || !end)))
        return status; /* what is left comes again */
    if (x.lost || (x.last && (x.used < x.limit || (f->promised && f->left))))
        rest_reject(self, io, &x);
    if (x.used == x.from && (end || f->behind))
        io->begin = io->used = io->size;
    return QETL_OK;
}

static int32_t object_frame(struct binary *self, struct qetl_frame *io)
{
    int64_t at;
    int32_t status = header_pass(self, io, &at);

    if (status || at < 0)
        return status;
    if (self->framer.behind) {
        io->begin = io->used = io->size;
        return QETL_OK;
    }
    if (io->flags & QETL_ITEM_OBJECT_END && io->size && io->size - at < self->layout.trailer) {
        piece_reject(self, io, at, io->size, BINARY_REMAINDER,
                     "the file is shorter than its header and its trailer");
        io->begin = io->used = io->size;
        return QETL_OK;
    }
    return body_frame(self, io, at);
}

int32_t binary_frame(struct binary *self, struct qetl_frame *io)
{
    int32_t status;

    if (self->framer.ended && self->layout.promise && !(io->flags & QETL_ITEM_OBJECT_START))
        return qetl_fail(self->env, QETL_E_UNSUPPORTED, NULL, "Follow one file by itself.",
                         "%s: it goes on after a pause, and its header counts what follows",
                         io->object);
    status = object_frame(self, io);
    self->framer.ended = io->flags & QETL_ITEM_OBJECT_END && io->used == io->size;
    return status;
}
