/* SPDX-License-Identifier: Apache-2.0 */
/* Why a record was rejected, in words. */
#include "decode.h"
#include "foreign.h"
#include "match.h"

#include <stdio.h>

enum { MESSAGE_MAX = 400, EXCERPT_MAX = 48 };

const char *csv_code_word(enum csv_code code)
{
    switch (code) {
    case CSV_RAGGED_ROW:
        return "ragged_row";
    case CSV_BARE_QUOTE:
        return "bare_quote";
    case CSV_AFTER_QUOTE:
        return "text_after_quote";
    case CSV_OPEN_QUOTE:
        return "unterminated_quote";
    case CSV_OVERSIZE_RECORD:
        return "oversize_record";
    case CSV_BROKEN_LINE:
        return "broken_line";
    case CSV_BAD_UTF8:
        return "bad_utf8";
    case CSV_NEW_COLUMN:
        return "new_column";
    case CSV_OUT_OF_RANGE:
        return "out_of_range";
    case CSV_INEXACT:
        return "inexact";
    default:
        return "bad_value";
    }
}

static const char *value_word(enum csv_kind kind)
{
    switch (kind) {
    case CSV_BOOLEAN:
        return "bad_boolean";
    case CSV_BINARY:
        return "bad_binary";
    case CSV_DATE:
        return "bad_date";
    case CSV_TIME:
        return "bad_time";
    case CSV_TIMESTAMP:
        return "bad_timestamp";
    default:
        return "bad_number";
    }
}

/* One record as the rejection sees it. */
struct record {
    const struct csv_job *job;
    const uint8_t *data; /* of the chunk */
    uint32_t base;       /* ends before it */
    int64_t cells;
    int64_t begin, end;
};

static struct record record_at(const struct csv_job *job, int64_t number)
{
    const struct csv_index *ix = &job->self->index;
    struct record r = {.job = job, .data = job->chunk->data};

    r.base = number ? ix->rows[number - 1] : 0;
    r.cells = ix->rows[number] - r.base;
    r.begin = csv_record_begin(job, number);
    r.end = csv_record_begin(job, number + 1);
    return r;
}

/* The cell that holds a byte of the chunk. */
static int64_t cell_of(const struct record *r, int64_t at)
{
    const uint32_t *ends = r->job->self->index.ends + r->base;
    int64_t cell = 0;

    while (cell + 1 < r->cells && ends[cell] < at)
        cell++;
    return cell;
}

/* "column 4 (price)"; the number alone where there is no such column. */
static void column_show(const struct csv *self, int64_t cell, char *out, size_t size)
{
    if (cell < self->n_columns)
        snprintf(out, size, "column %lld (%.*s)", (long long)cell + 1, 60,
                 self->columns[cell].name);
    else
        snprintf(out, size, "cell %lld", (long long)cell + 1);
}

/* The beginning of a cell for a message: one line, whole characters. */
static void excerpt_make(struct csv_cell cell, char out[EXCERPT_MAX + 8])
{
    int64_t n = cell.size < EXCERPT_MAX ? cell.size : EXCERPT_MAX;

    while (n < cell.size && n > 0 && (cell.data[n] & 0xc0) == 0x80)
        n--;
    for (int64_t i = 0; i < n; i++)
        out[i] = cell.data[i] < ' ' || cell.data[i] == 0x7f ? ' ' : (char)cell.data[i];
    snprintf(out + n, 4, "%s", n < cell.size ? "..." : "");
}

/* The first byte that begins no character. */
static int64_t utf8_fault(const uint8_t *data, int64_t begin, int64_t end)
{
    int64_t at = begin;

    while (at < end) {
        int64_t n = 1;

        while (n <= 4 && at + n <= end && !qetl_utf8_valid(data + at, n))
            n++;
        if (n > 4 || at + n > end)
            return at;
        at += n;
    }
    return begin;
}

static void shape_message(const struct record *r, const struct csv_verdict *v, int64_t number,
                          char *out)
{
    const struct csv_index *ix = &r->job->self->index;
    char column[128];
    int64_t at = r->begin;

    if (v->code == CSV_NEW_COLUMN) {
        const struct csv_match *m = r->job->self->match;

        snprintf(out, MESSAGE_MAX,
                 "its file has the column %.60s, which the first file has not; take it in with "
                 "new_columns: evolve, or let it go with new_columns: drop",
                 m->names.children[m->first_unknown]->name);
        return;
    }
    if (v->code == CSV_RAGGED_ROW && r->job->self->matching) {
        snprintf(out, MESSAGE_MAX, "the row has not the %lld cells that its file's header has",
                 (long long)r->job->self->match->n_cells);
        return;
    }
    if (v->code == CSV_RAGGED_ROW) {
        snprintf(out, MESSAGE_MAX, "the row has %lld cell%s where %lld %s expected",
                 (long long)r->cells, r->cells == 1 ? "" : "s", (long long)r->job->self->n_columns,
                 r->job->self->n_columns == 1 ? "is" : "are");
        return;
    }
    if (r->job->self->matching && v->code != CSV_BAD_UTF8) {
        snprintf(out, MESSAGE_MAX, "a quote stands where none may, or is never closed");
        return;
    }
    for (int64_t i = 0; v->code != CSV_BAD_UTF8 && i < ix->n_faults; i++)
        if (ix->faults[i].record == number)
            at = ix->faults[i].at;
    if (v->code == CSV_BAD_UTF8)
        at = utf8_fault(r->data, r->begin, r->end);
    column_show(r->job->self, cell_of(r, at), column, sizeof column);
    if (v->code == CSV_BAD_UTF8)
        snprintf(out, MESSAGE_MAX, "%s: byte %lld of the row (0x%02x) is not UTF-8", column,
                 (long long)(at - r->begin) + 1, r->data[at]);
    else if (v->code == CSV_BARE_QUOTE)
        snprintf(out, MESSAGE_MAX,
                 "%s: blanks stand before a quote (byte %lld of the row); set trim: unquoted if it "
                 "opens, or quote: \"\" if it is text",
                 column, (long long)(at - r->begin) + 1);
    else if (v->code == CSV_AFTER_QUOTE)
        snprintf(out, MESSAGE_MAX,
                 "%s: text stands behind the closing quote (byte %lld of the row)", column,
                 (long long)(at - r->begin) + 1);
    else
        snprintf(out, MESSAGE_MAX, "a quote is opened and never closed");
}

static void value_message(const struct record *r, const struct csv_verdict *v, char *out)
{
    const struct csv *self = r->job->self;
    const struct csv_type *type = &self->columns[v->column].type;
    struct csv_cell cell = csv_cell_at(&self->index, r->data, self->dialect.marks.quote, r->base,
                                       v->column, v->column == self->n_columns - 1);
    char column[128], excerpt[EXCERPT_MAX + 8];

    column_show(self, v->column, column, sizeof column);
    excerpt_make(cell, excerpt);
    if (v->code == CSV_OUT_OF_RANGE)
        snprintf(out, MESSAGE_MAX, "%s: \"%s\" is beyond %s", column, excerpt, type->name);
    else if (v->code == CSV_INEXACT)
        snprintf(out, MESSAGE_MAX, "%s: \"%s\" has more digits behind the point than %s keeps",
                 column, excerpt, type->name);
    else
        snprintf(out, MESSAGE_MAX, "%s: \"%s\" is no %s%s", column, excerpt, type->name,
                 type->strict ? " (a type that was inferred; declare another under types)" : "");
}

void csv_reject_record(struct csv_job *job, int64_t record, const struct csv_verdict *verdict)
{
    struct record r = record_at(job, record);
    char message[MESSAGE_MAX];
    struct qetl_reject reject = {
        .struct_size = sizeof reject, .row = record, .column = verdict->column, .message = message};
    const struct csv_foreign *f = job->self->foreign;
    int64_t begin = job->s->offsets[record];
    int64_t end = f                           ? f->spans[record].behind
                  : record + 1 < job->records ? job->s->offsets[record + 1]
                                              : job->original->size;

    reject.bytes = job->original->data + begin;
    reject.bytes_size = end - begin;
    reject.bytes_offset = begin;

    reject.code = csv_code_word(verdict->code);
    if (verdict->column < 0) {
        shape_message(&r, verdict, record, message);
    } else {
        value_message(&r, verdict, message);
        if (verdict->code == CSV_BAD_VALUE)
            reject.code = value_word(job->self->columns[verdict->column].type.kind);
    }
    job->self->env.host->reject(job->self->env.ctx, &reject);
}
