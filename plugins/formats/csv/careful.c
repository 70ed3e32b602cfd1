/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Behind a record that has no end (a quote that is never closed, or more than max_record bytes),
 * the records are told line by line as far as the search for its end went: a line that is a whole
 * row by itself (all quotes closed and none within a bare cell, as many cells as there are
 * columns) is taken as one; the lines
 * between two of those are rejected together, as many as max_record bytes hold. A line of more than
 * max_record bytes is one rejected row that keeps its first max_record bytes; the rest of it is
 * passed over. So is what lies behind a rejected piece that fills max_record bytes, until the
 * quotes of the record end or a line is a whole row: it is the same record. So one lost quote costs
 * its own lines alone, no line is lost silently or counted twice, and each byte is looked at a
 * bounded number of times.
 */
#include "foreign.h"

#include <stdio.h>

enum line_end { LINE_ENDS, LINE_TOO_LONG, LINE_NEEDS_MORE };

struct line {
    enum line_end kind;
    int64_t end;
};

/* Behind the first line end, or -1. */
static int64_t line_find(const struct csv *self, const uint8_t *data, int64_t size)
{
    const uint8_t *feed;

    if (self->foreign)
        return csv_foreign_line(self->foreign, data, size);
    feed = size ? memchr(data, '\n', (size_t)size) : NULL;
    return feed ? feed + 1 - data : -1;
}

static int64_t whole_units(const struct csv *self, int64_t size)
{
    return self->foreign ? size - size % self->foreign->width : size;
}

static struct line line_look(const struct csv *self, const struct qetl_frame *io, int64_t at)
{
    int64_t left = io->size - at, room = left < io->max_record ? left : io->max_record;
    int64_t behind = line_find(self, io->data + at, room);

    if (behind >= 0)
        return (struct line){LINE_ENDS, at + behind};
    if (left >= io->max_record)
        return (struct line){LINE_TOO_LONG, at + whole_units(self, io->max_record)};
    if (io->flags & QETL_ITEM_OBJECT_END)
        return (struct line){LINE_ENDS, io->size};
    return (struct line){LINE_NEEDS_MORE, io->size};
}

/* 1: a whole row by itself; 0: not; or a failure. */
static int32_t line_is_row(struct csv *self, const uint8_t *data, int64_t size)
{
    const struct csv_framer *f = &self->framer;
    const struct csv_index *ix = &self->index;

    if (self->foreign) {
        struct csv_scan scan = CSV_SCAN_START;

        /* its end may be escaped */
        if (csv_foreign_feed(self->foreign, data, size) &&
            csv_foreign_end(self->foreign, data, 0, size, &scan) != size)
            return 0;
        self->foreign->strict = true;
        data = csv_converted(self, data, &size);
        self->foreign->strict = false;
        if (!data)
            return QETL_E_NO_MEMORY;
        if (self->foreign->n_faults || !self->foreign->n_spans)
            return !self->foreign->n_faults;
    }
    if (self->kernel->index(data, size, self->dialect.marks, &self->index))
        return QETL_E_NO_MEMORY;
    return ix->n_rows == 1 && !ix->n_faults &&
           ix->rows[0] == (f->cells ? f->cells : self->n_columns);
}

static int32_t piece_reject(struct csv *self, struct qetl_frame *io, int64_t size)
{
    struct csv_framer *f = &self->framer;
    char message[160];
    struct qetl_reject reject = {.struct_size = sizeof reject,
                                 .column = -1,
                                 .message = message,
                                 .bytes = io->data,
                                 .bytes_size = size};

    reject.bytes_cut = f->code == CSV_OVERSIZE_RECORD;
    reject.code = csv_code_word(f->code ? f->code : CSV_BROKEN_LINE);
    if (f->code == CSV_OVERSIZE_RECORD)
        snprintf(message, sizeof message,
                 "the row has no end within max_record (%lld bytes); reading goes on at the next "
                 "line that is a whole row",
                 (long long)io->max_record);
    else if (f->code == CSV_OPEN_QUOTE)
        snprintf(message, sizeof message,
                 "a quote is opened and never closed; reading goes on at the next line that is a "
                 "whole row");
    else
        snprintf(message, sizeof message,
                 "not a whole row by itself, behind a row that had no end before");
    self->env.host->reject(self->env.ctx, &reject);
    f->code = CSV_FINE;
    io->rejected++;
    io->begin = size;
    return QETL_OK;
}

/* ---- a record of many lines, of which the beginning was rejected ---- */

/* Carries the state of the quotes over data[0, size), which ends where a line does; whether the
 * record ends there. */
static bool quotes_follow(const struct csv *self, const uint8_t *data, int64_t size,
                          struct csv_scan *scan)
{
    bool ends = false;

    for (int64_t at = 0; at < size; at += 64) {
        int n = size - at < 64 ? (int)(size - at) : 64;

        ends = csv_scan_exact(data + at, n, -1, self->dialect.marks, scan, NULL, at).lines != 0;
    }
    return ends;
}

/* Other dialects, and single columns, whose every line is a row, are left to the lines. */
static void tail_begin(struct csv *self, const uint8_t *data, int64_t size)
{
    struct csv_framer *f = &self->framer;

    f->tail = CSV_SCAN_START;
    f->within_record = !self->foreign && self->n_columns > 1 && size > 0 &&
                       data[size - 1] == '\n' && !quotes_follow(self, data, size, &f->tail);
}

/* Lets go of data[0, at): rows, or a piece to reject. */
static int32_t careful_leave(struct csv *self, struct qetl_frame *io, int64_t at, bool rows,
                             bool within_line)
{
    struct csv_framer *f = &self->framer;

    bool begins = at && !rows && !within_line && f->code == CSV_OVERSIZE_RECORD;

    if (at && !rows)
        piece_reject(self, io, at);
    if (begins)
        tail_begin(self, io->data, at);
    io->used = at;
    f->offset = io->offset + at;
    f->scan = CSV_SCAN_START;
    f->scanned = f->known_end = 0;
    f->within_line = within_line;
    return QETL_OK;
}

/* data[0, size) is more of this line than a row may have; it goes on behind. */
static int32_t long_line_leave(struct csv *self, struct qetl_frame *io, int64_t size)
{
    self->framer.code = CSV_OVERSIZE_RECORD;
    return careful_leave(self, io, size, false, true);
}

int32_t csv_frame_pass_over(struct csv *self, struct qetl_frame *io)
{
    int64_t behind = line_find(self, io->data, io->size);

    io->begin = behind >= 0                        ? behind
                : io->flags & QETL_ITEM_OBJECT_END ? io->size
                                                   : whole_units(self, io->size);
    return careful_leave(self, io, io->begin, true, behind < 0);
}

static bool line_is_last_empty(const struct csv *self, const struct qetl_frame *io, int64_t at,
                               int64_t end)
{
    return end == io->size &&
           csv_empty_line_size(self, io->data + at, 0, end - at, true) == end - at;
}

/* Passes over lines; *used: where a record begins, unless within_record still holds. */
int32_t csv_frame_tail(struct csv *self, struct qetl_frame *io, int64_t *used)
{
    struct csv_framer *f = &self->framer;
    int64_t at = 0;

    while (f->within_record && at < io->size) {
        struct line line = line_look(self, io, at);
        int32_t row = 0;

        if (line.kind == LINE_NEEDS_MORE)
            break;
        if (!f->tail_mid)
            row = line.kind == LINE_ENDS ? line_is_row(self, io->data + at, line.end - at) : 0;
        if (row < 0)
            return row;
        f->within_record = !row && !quotes_follow(self, io->data + at, line.end - at, &f->tail);
        f->tail_mid = line.kind == LINE_TOO_LONG;
        at = row ? at : line.end;
    }
    *used = at;
    io->begin = at;
    return careful_leave(self, io, at, true, false);
}

int32_t csv_frame_careful(struct csv *self, struct qetl_frame *io)
{
    struct csv_framer *f = &self->framer;
    bool rows = false, object_end = io->flags & QETL_ITEM_OBJECT_END;
    int64_t at = 0, until = f->careful_until - io->offset;

    while (at < io->size && at < until) {
        struct line line = line_look(self, io, at);
        bool empty = line_is_last_empty(self, io, at, line.end);
        int32_t row;

        if (line.kind == LINE_NEEDS_MORE || (empty && !object_end))
            return careful_leave(self, io, rows ? at : 0, true, false);
        if (empty)
            break;
        if (line.kind == LINE_TOO_LONG)
            return at ? careful_leave(self, io, at, rows, false)
                      : long_line_leave(self, io, line.end);
        row = line_is_row(self, io->data + at, line.end - at);
        if (row < 0)
            return row;
        if (at && (rows != (row > 0) || (!rows && line.end > io->max_record)))
            break;
        rows = row > 0;
        at = line.end;
    }
    if (!at && io->size && object_end) {
        io->begin = io->size;
        return careful_leave(self, io, io->size, true, false);
    }
    return careful_leave(self, io, at, rows, false);
}
