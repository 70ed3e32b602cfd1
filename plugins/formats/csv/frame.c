/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the borders of records, block by block. What was looked at once is not looked at again: the
 * state of the scan is carried from call to call, so that where the data was cut makes no
 * difference.
 *
 * An empty line at the very end of an object is no record. While more may come, an empty line at
 * the end of the data is therefore held back; at the object's end it is passed over.
 */
#include "foreign.h"
#include "match.h"

enum { CSV_PADDED_CELLS = 2 << 20 };

/* The unit at data[at]: an odd number of escapes stands before it. */
static bool is_escaped(const struct csv_foreign *f, const uint8_t *data, int64_t from, int64_t at)
{
    bool odd = false;

    while (f->escape && at >= from + f->width && csv_unit(f, data + at - f->width) == f->escape) {
        at -= f->width;
        odd = !odd;
    }
    return odd;
}

static int64_t foreign_empty_line(const struct csv_foreign *f, const uint8_t *data, int64_t from,
                                  int64_t size, bool object_end)
{
    int64_t feed = csv_foreign_feed(f, data + from, size - from), at = size - feed;

    if (!feed || (!object_end && csv_unit(f, data + size - f->width) != (f->returns ? '\r' : '\n')))
        return 0;
    if (at == from)
        return feed;
    if (at < from + f->width || csv_unit(f, data + at - f->width) != (f->returns ? '\r' : '\n'))
        return 0;
    return is_escaped(f, data, from, at - f->width) ? 0 : feed;
}

int64_t csv_empty_line_size(const struct csv *self, const uint8_t *data, int64_t from, int64_t size,
                            bool object_end)
{
    if (self->foreign)
        return foreign_empty_line(self->foreign, data, from, size, object_end);

    int64_t at = size;

    if (at > from && data[at - 1] == '\n')
        at--;
    else if (!object_end)
        return 0;
    if (at > from && data[at - 1] == '\r')
        at--;
    return at < size && (at == from || data[at - 1] == '\n') ? size - at : 0;
}

static int32_t header_differs(struct csv *self, const char *object, const struct csv_names *names)
{
    char here[256], first[256];

    csv_names_show(names, here, sizeof here);
    csv_names_show(&self->header, first, sizeof first);
    return qetl_fail(self->env, QETL_E_DATA, NULL,
                     "Read objects with other columns by a source of their own.",
                     "%s: its header (%s) is not that of the first object (%s)",
                     object ? object : "input", here, first);
}

static bool host_takes_notes(const struct qetl_frame *io)
{
    return io->struct_size >= offsetof(struct qetl_frame, note) + sizeof io->note;
}

static int32_t header_compare(struct csv *self, struct qetl_frame *io, const uint8_t *data,
                              int64_t size)
{
    struct csv_names names = {0};
    int32_t status;

    data = csv_converted(self, data, &size);
    if (!data || csv_index_make(self->kernel, data, size, self->dialect.marks, &self->index))
        return QETL_E_NO_MEMORY;
    status = csv_names_read(self, &self->index, data, &names, io->object);
    /* an empty line names no columns, as the sample that was one did */
    bool none = !self->header.count && names.count == 1 && !names.list[0].size;
    /* the first header lacks columns that were taken in since */
    bool same = csv_names_equal(&names, &self->header) &&
                (self->header.count == self->n_columns || !self->header.count);
    if (!status && !none && !same) {
        status = qetl_option_count(self->env, "/names") > 0 || !host_takes_notes(io)
                     ? QETL_E_UNSUPPORTED
                     : csv_match_note(self, &names, io->object, &io->note);
        if (status == QETL_E_UNSUPPORTED)
            status = header_differs(self, io->object, &names);
    }
    csv_names_free(&names);
    return status;
}

/* The end of the first record of data[from, size), or -1. */
static int64_t first_end(struct csv *self, const uint8_t *data, int64_t from, int64_t size)
{
    struct csv_scan scan = CSV_SCAN_START;

    if (self->foreign)
        return csv_foreign_end(self->foreign, data, from, size, &scan);
    while (from < size) {
        int n = size - from < 64 ? (int)(size - from) : 64;
        struct csv_block b =
            csv_scan_exact(data + from, n, -1, self->dialect.marks, &scan, NULL, from);

        if (b.lines)
            return from + __builtin_ctzll(b.lines) + 1;
        from += n;
    }
    return -1;
}

/* Passes over the byte order mark and the header. *from: where records begin, or -1: more data is
 * needed. */
static int32_t header_skip(struct csv *self, struct qetl_frame *io, int64_t *from)
{
    bool end = io->flags & QETL_ITEM_OBJECT_END, full;
    int64_t begin = csv_preamble_size(self, io->data, io->size, end), behind;

    *from = !end && io->size == 0 ? -1 : begin;
    if (*from < 0 || !self->dialect.header)
        return QETL_OK;
    if (end && io->size - begin == csv_empty_line_size(self, io->data, begin, io->size, true)) {
        *from = io->size;
        return QETL_OK;
    }
    full = io->size - begin >= io->max_record;
    behind = first_end(self, io->data, begin, full ? begin + io->max_record : io->size);
    if (behind < 0 && full)
        return qetl_fail(self->env, QETL_E_DATA, NULL,
                         "Check delimiter and quote, or raise max_record.",
                         "%s: the header does not end within %lld bytes",
                         io->object ? io->object : "input", (long long)io->max_record);
    if (behind < 0 && !end) {
        *from = -1;
        return QETL_OK;
    }
    *from = behind < 0 ? io->size : behind;
    return header_compare(self, io, io->data + begin, *from - begin);
}

/* What lies behind `used` will be seen again: keeps what is known of it. */
static int32_t frame_leave(struct csv_framer *f, struct qetl_frame *io, int64_t used,
                           int64_t scanned)
{
    io->used = used;
    f->offset = io->offset + used;
    f->scanned = scanned - used;
    f->known_end = 0;
    return QETL_OK;
}

/* The object ends outside of quotes: all that is left is records, an empty last line excepted. */
static int32_t frame_finish(struct csv *self, struct qetl_frame *io, int64_t from)
{
    struct csv_framer *f = &self->framer;
    int64_t records_end = io->size - csv_empty_line_size(self, io->data, from, io->size, true);

    f->scan = CSV_SCAN_START;
    if (records_end == from)
        records_end = io->begin = io->size;
    return frame_leave(f, io, records_end, records_end);
}

static int64_t last_end(struct csv *self, const uint8_t *data, int64_t from, int64_t to,
                        struct csv_scan *scan)
{
    return self->foreign ? csv_foreign_last_end(self->foreign, data, from, to, scan)
                         : self->kernel->last_end(data, from, to, self->dialect.marks, scan);
}

/* Records of at most max_record bytes each: looks no farther than that from `from` at a time. */
static int32_t records_find(struct csv *self, struct qetl_frame *io, int64_t from)
{
    struct csv_framer *f = &self->framer;
    bool end = io->flags & QETL_ITEM_OBJECT_END, full = io->size - from >= io->max_record;
    int64_t window = full ? from + io->max_record : io->size;
    int64_t scanned = from + f->scanned, last = f->known_end ? from + f->known_end : -1, held;

    if (self->foreign && (!end || window < io->size))
        window -= (window - from) % self->foreign->width;
    if (scanned < window) {
        int64_t found = last_end(self, io->data, scanned, window, &f->scan);

        last = found < 0 ? last : found;
        scanned = window;
    }
    io->begin = from;
    if (end && window == io->size && !f->scan.inside && (last >= 0 || !full))
        return frame_finish(self, io, from);
    if (last < 0 && (full || end)) {
        f->careful_until = io->offset + window;
        f->code = full ? CSV_OVERSIZE_RECORD : CSV_OPEN_QUOTE;
        return from ? frame_leave(f, io, from, from) : csv_frame_careful(self, io);
    }
    if (last < 0)
        return frame_leave(f, io, from, scanned);
    held =
        last == io->size && !end ? csv_empty_line_size(self, io->data, from, io->size, false) : 0;
    frame_leave(f, io, last - held, scanned);
    f->known_end = held;
    return QETL_OK;
}

/* An object begins, or is taken up again where a record begins. */
static void framer_begin(struct csv_framer *f, const struct qetl_frame *io)
{
    bool start = io->flags & QETL_ITEM_OBJECT_START;

    if (start || io->offset != f->offset)
        *f = (struct csv_framer){.scan = CSV_SCAN_START,
                                 .offset = io->offset,
                                 .careful_until = -1,
                                 .header_pending = start};
}

static void rows_cut(struct csv_framer *f, struct qetl_frame *io, int64_t cut)
{
    int64_t held = f->known_end;

    f->known_end = io->used + held - cut;
    f->scanned += io->used - cut;
    f->offset = io->offset + cut;
    io->used = cut;
}

static int32_t foreign_rows_limit(struct csv *self, struct qetl_frame *io, int64_t rows_max)
{
    struct csv_scan scan = CSV_SCAN_START;
    int64_t at = io->begin;

    for (int64_t i = 0; i < rows_max && at >= 0 && at < io->used; i++)
        at = csv_foreign_end(self->foreign, io->data, at, io->used, &scan);
    if (at >= 0 && at < io->used)
        rows_cut(&self->framer, io, at);
    return QETL_OK;
}

/* Short rows become as long as all: a chunk may only have so many that its columns stay small. What
 * is left for the next call has been scanned already. */
static int32_t rows_limit(struct csv *self, struct qetl_frame *io)
{
    const struct csv_index *ix = &self->index;
    int64_t rows_max = CSV_PADDED_CELLS / (self->n_columns + 1) + 1;

    if (!self->dialect.pad || io->used - io->begin < rows_max)
        return QETL_OK;
    if (self->foreign)
        return foreign_rows_limit(self, io, rows_max);
    if (self->kernel->index(io->data + io->begin, io->used - io->begin, self->dialect.marks,
                            &self->index))
        return QETL_E_NO_MEMORY;
    if (ix->n_rows <= rows_max)
        return QETL_OK;
    rows_cut(&self->framer, io, io->begin + ix->ends[(int64_t)ix->rows[rows_max - 1] - 1] + 1);
    return QETL_OK;
}

int32_t csv_frame(struct csv *self, struct qetl_frame *io)
{
    struct csv_framer *f = &self->framer;
    int64_t from = 0;

    io->begin = io->used = io->rejected = 0;
    if (host_takes_notes(io))
        io->note = (struct qetl_blob){NULL, 0};
    framer_begin(f, io);
    if (f->header_pending) {
        int32_t status = header_skip(self, io, &from);

        if (status || from < 0)
            return status;
        f->header_pending = false;
    }
    if (f->within_line)
        return csv_frame_pass_over(self, io);
    if (f->within_record) {
        int32_t status = csv_frame_tail(self, io, &from);

        if (status || from || f->within_record)
            return status;
    }
    if (io->offset < f->careful_until)
        return csv_frame_careful(self, io);
    int32_t status = records_find(self, io, from);

    return status ? status : rows_limit(self, io);
}
