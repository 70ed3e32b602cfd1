/* SPDX-License-Identifier: Apache-2.0 */
/* Where records end in a foreign dialect: a state machine over units, carried from call to call. */
#include "foreign.h"

#include <stdlib.h>

enum state { ROW_BEGIN, CELL_BEGIN, BARE, QUOTED, CLOSED, COMMENT };

static bool is_blank(const struct csv_foreign *f, uint32_t u)
{
    return (u == ' ' || u == '\t') && u != f->delimiter.units[0];
}

/* A unit within a bare cell, or behind a quoted one; true: the record ends. */
static bool bare_step(const struct csv_foreign *f, struct csv_scan *s, uint32_t u)
{
    const struct csv_mark *d = &f->delimiter;

    if (u == (f->returns ? '\r' : '\n')) {
        s->matched = 0;
        s->state = ROW_BEGIN;
        return true;
    }
    s->state = BARE;
    if (f->escape && u == f->escape) {
        s->matched = 0;
        s->escaped = 1;
        return false;
    }
    while (s->matched && d->units[s->matched] != u)
        s->matched = d->fall[s->matched];
    s->matched += d->units[s->matched] == u;
    if (s->matched == d->n_units) {
        s->matched = 0;
        s->state = CELL_BEGIN;
    }
    return false;
}

static bool cell_step(const struct csv_foreign *f, struct csv_scan *s, uint32_t u)
{
    switch (s->state) {
    case QUOTED:
        if (f->escape && u == f->escape)
            s->escaped = 1;
        else if (u == f->quote)
            s->state = CLOSED;
        return false;
    case CLOSED:
        if (u != f->quote)
            return bare_step(f, s, u);
        s->state = QUOTED;
        return false;
    case ROW_BEGIN:
    case CELL_BEGIN:
        if (f->quote && u == f->quote)
            s->state = QUOTED;
        else if (f->trim && is_blank(f, u))
            s->state = CELL_BEGIN;
        else
            return bare_step(f, s, u);
        return false;
    default:
        return bare_step(f, s, u);
    }
}

/* The beginning of a row may be that of a comment; if it was not, it is looked at as text. */
static bool row_step(const struct csv_foreign *f, struct csv_scan *s, uint32_t u)
{
    uint8_t before = s->commented;

    if (u == f->comment[before]) {
        if (++s->commented == f->n_comment) {
            s->commented = 0;
            s->state = COMMENT;
        }
        return false;
    }
    s->commented = 0;
    if (before)
        cell_step(f, s, f->comment[0]);
    return cell_step(f, s, u);
}

static bool step(const struct csv_foreign *f, struct csv_scan *s, uint32_t u)
{
    if (s->escaped) {
        s->escaped = 0;
        s->state = s->state == QUOTED ? QUOTED : BARE;
        return false;
    }
    if (s->state == COMMENT) {
        s->state = u == (f->returns ? '\r' : '\n') ? ROW_BEGIN : COMMENT;
        return s->state == ROW_BEGIN;
    }
    return s->state == ROW_BEGIN && f->n_comment ? row_step(f, s, u) : cell_step(f, s, u);
}

int64_t csv_foreign_end(const struct csv_foreign *f, const uint8_t *data, int64_t from, int64_t to,
                        struct csv_scan *s)
{
    while (from + f->width <= to) {
        if (f->width == 1 && (s->state == BARE || s->state == QUOTED) && !s->escaped && !s->matched)
            while (from + 8 <= to && !f->stops[data[from]])
                from++;
        bool end = step(f, s, csv_unit(f, data + from));

        from += f->width;
        if (end)
            return from;
    }
    s->inside = s->state == QUOTED ? ~UINT64_C(0) : 0;
    return -1;
}

int64_t csv_foreign_last_end(const struct csv_foreign *f, const uint8_t *data, int64_t from,
                             int64_t to, struct csv_scan *scan)
{
    int64_t last = -1, at = from;

    for (int64_t end; (end = csv_foreign_end(f, data, at, to, scan)) >= 0; at = end)
        last = end;
    scan->inside = scan->state == QUOTED ? ~UINT64_C(0) : 0;
    return last;
}

int64_t csv_foreign_line(const struct csv_foreign *f, const uint8_t *data, int64_t size)
{
    uint32_t feed = f->returns ? '\r' : '\n';

    for (int64_t at = 0; at + f->width <= size; at += f->width)
        if (csv_unit(f, data + at) == feed)
            return at + f->width;
    return -1;
}

int64_t csv_foreign_feed(const struct csv_foreign *f, const uint8_t *data, int64_t size)
{
    int64_t at = size;

    if (at >= f->width && csv_unit(f, data + at - f->width) == (f->returns ? '\r' : '\n'))
        at -= f->width;
    if (!f->returns && at >= f->width && csv_unit(f, data + at - f->width) == '\r')
        at -= f->width;
    return size - at;
}

/* A line that is no row: blank, or a comment. */
static bool line_is_idle(const struct csv_foreign *f, const uint8_t *data, int64_t size)
{
    int64_t text = size - csv_foreign_feed(f, data, size);

    if (!text)
        return f->skip_blank;
    if (!f->n_comment || text < f->n_comment * f->width)
        return false;
    for (int i = 0; i < f->n_comment; i++)
        if (csv_unit(f, data + i * f->width) != f->comment[i])
            return false;
    return true;
}

int64_t csv_foreign_idle(const struct csv_foreign *f, const uint8_t *data, int64_t size, bool whole)
{
    int64_t at = 0;

    while (at < size) {
        int64_t line = csv_foreign_line(f, data + at, size - at);

        if (line < 0 && !whole && f->n_comment && size - at < f->n_comment * f->width)
            return -1;
        line = line < 0 ? size - at : line;
        if (!line_is_idle(f, data + at, line))
            return at;
        at += line;
        if (at == size && !whole)
            return -1;
    }
    return at;
}

static int32_t span_add(struct csv_foreign *f, int64_t begin, int64_t end, int64_t behind)
{
    if (f->n_spans == f->room_spans) {
        int64_t room = f->room_spans ? f->room_spans * 2 : 1024;
        struct csv_span *grown = realloc(f->spans, (size_t)room * sizeof *grown);

        if (!grown)
            return QETL_E_NO_MEMORY;
        f->spans = grown;
        f->room_spans = room;
    }
    f->spans[f->n_spans++] = (struct csv_span){begin, end, behind};
    return QETL_OK;
}

/* Where the record's text ends: behind a return or line feed that is escaped. */
static int64_t text_end(const struct csv_foreign *f, const uint8_t *data, int64_t begin,
                        int64_t end)
{
    int64_t text = end - csv_foreign_feed(f, data + begin, end - begin), at = text;

    if (!f->escape || at == end)
        return text;
    while (at - f->width >= begin && csv_unit(f, data + at - f->width) == f->escape)
        at -= f->width;
    return text + ((text - at) / f->width % 2 ? f->width : 0);
}

int32_t csv_foreign_spans(struct csv_foreign *f, const uint8_t *data, int64_t size)
{
    struct csv_scan scan = CSV_SCAN_START;
    int32_t status = QETL_OK;

    f->n_spans = 0;
    for (int64_t at = 0, end; !status && at < size; at = end) {
        end = csv_foreign_end(f, data, at, size, &scan);
        end = end < 0 ? size : end;
        if (!line_is_idle(f, data + at, end - at))
            status = span_add(f, at, text_end(f, data, at, end), end);
    }
    return status;
}
