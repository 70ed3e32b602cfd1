/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of a foreign dialect in the one that the kernels speak. Cells lose their escapes, blanks
 * that are to be trimmed, and the spelling of their country; a cell that was in quotes stays in
 * quotes, for it is never NULL.
 */
#include "decode.h"
#include "foreign.h"
#include "match.h"

#include <stdlib.h>

/* One cell while it is read. */
struct reading {
    const uint8_t *at, *end; /* of the record */
    bool quoted, escaped;
    int64_t kept_from, kept_to; /* of the cell, where trimming stops at escapes */
    enum csv_code code;
};

static bool is_blank(const struct csv_foreign *f, uint8_t c)
{
    return (c == ' ' || c == '\t') && c != f->delimiter.text[0];
}

/* What an escape and this byte mean: 0 for nothing but the byte. */
static uint8_t coded_byte(uint8_t c)
{
    static const char letters[] = "0bnrtvfZ", bytes[] = "\0\b\n\r\t\v\f\x1a";
    const char *at = c ? strchr(letters, c) : NULL;

    return at ? (uint8_t)bytes[at - letters] : c;
}

static void cell_add(struct csv_foreign *f, uint8_t c)
{
    f->cell.data[f->cell.size++] = c;
}

/* Behind the escape. */
static void escape_read(struct csv_foreign *f, struct reading *r)
{
    if (!r->escaped)
        r->kept_from = f->cell.size;
    r->escaped = true;
    if (++r->at == r->end)
        cell_add(f, f->escape);
    else
        cell_add(f, f->coded ? coded_byte(*r->at) : *r->at);
    r->at += r->at < r->end;
    r->kept_to = f->cell.size;
}

static bool at_delimiter(const struct csv_foreign *f, const struct reading *r)
{
    return r->end - r->at >= f->delimiter.size &&
           !memcmp(r->at, f->delimiter.text, f->delimiter.size);
}

static void quoted_read(struct csv_foreign *f, struct reading *r)
{
    for (r->at++; r->at < r->end;) {
        if (f->escape && *r->at == f->escape) {
            escape_read(f, r);
        } else if (*r->at != f->quote) {
            cell_add(f, *r->at++);
        } else if (r->end - r->at > 1 && r->at[1] == f->quote) {
            cell_add(f, f->quote);
            r->at += 2;
        } else {
            r->at++;
            return;
        }
    }
    r->code = CSV_OPEN_QUOTE;
}

/* Whether a quote here is none of a bare cell's bytes: it may be there, but behind blanks alone. */
static bool quote_is_fault(const struct csv_foreign *f, const struct reading *r)
{
    int64_t at = 0;

    while (at < f->cell.size && is_blank(f, f->cell.data[at]))
        at++;
    return r->quoted || f->strict || (at == f->cell.size && !r->escaped);
}

static void bare_read(struct csv_foreign *f, struct reading *r)
{
    while (r->at < r->end && !at_delimiter(f, r)) {
        if (f->escape && *r->at == f->escape) {
            escape_read(f, r);
            continue;
        }
        if (f->quote && *r->at == f->quote && !r->code && quote_is_fault(f, r))
            r->code = r->quoted ? CSV_AFTER_QUOTE : CSV_BARE_QUOTE;
        cell_add(f, *r->at++);
    }
}

/* A blank behind an escape is no blank. */
static void blanks_cut(struct csv_foreign *f, const struct reading *r)
{
    struct csv_bytes *c = &f->cell;
    int64_t front = 0;

    while (c->size > (r->escaped ? r->kept_to : 0) && is_blank(f, c->data[c->size - 1]))
        c->size--;
    while (front < (r->escaped ? r->kept_from : c->size) && is_blank(f, c->data[front]))
        front++;
    memmove(c->data, c->data + front, (size_t)(c->size - front));
    c->size -= front;
}

/* A cell of escapes may spell NULL as it stands, as \N. */
static void null_read(struct csv *self, struct reading *r, const uint8_t *begin)
{
    struct csv_foreign *f = self->foreign;
    const uint8_t *end = r->at;

    while (f->trim && begin < end && is_blank(f, *begin))
        begin++;
    while (f->trim && begin < end && is_blank(f, end[-1]))
        end--;
    if (!csv_nulls_match(&self->dialect.nulls, begin, end - begin))
        return;
    f->cell.size = end - begin;
    memcpy(f->cell.data, begin, (size_t)f->cell.size);
    r->escaped = false;
}

/* Reads a cell into f->cell and stops at the delimiter behind it, or at the end. */
static void cell_read(struct csv *self, struct reading *r)
{
    struct csv_foreign *f = self->foreign;
    const uint8_t *begin;

    f->cell.size = 0;
    r->quoted = r->escaped = false;
    r->code = CSV_FINE;
    begin = r->at;
    while (f->trim && r->at < r->end && is_blank(f, *r->at))
        r->at++;
    if (f->quote && r->at < r->end && *r->at == f->quote) {
        quoted_read(f, r);
        r->quoted = true;
        if (f->trim == CSV_TRIM_ALL)
            blanks_cut(f, r);
        while (f->trim && r->at < r->end && is_blank(f, *r->at))
            r->at++;
        if (r->code == CSV_FINE && r->at < r->end && !at_delimiter(f, r))
            r->code = CSV_AFTER_QUOTE;
        bare_read(f, r);
        return;
    }
    bare_read(f, r);
    if (f->trim)
        blanks_cut(f, r);
    if (r->escaped)
        null_read(self, r, begin);
}

/* The cell as the column's type is spelled in SQL, in f->local; false: it is none. */
static bool cell_translate(struct csv *self, const struct reading *r, int64_t column,
                           struct csv_bytes *out)
{
    struct csv_foreign *f = self->foreign;
    const struct csv_local_type *type = &self->columns[column].local;

    if (type->kind == CSV_LOCAL_NONE ||
        (!r->quoted && csv_nulls_match(&self->dialect.nulls, f->cell.data, f->cell.size)))
        return true;
    *out = f->local;
    out->size =
        type->kind == CSV_LOCAL_NUMBER
            ? csv_number_read(&f->locale, type->real, f->cell.data, f->cell.size, (char *)out->data)
            : csv_pattern_read(type->pattern, type, f->cell.data, f->cell.size, (char *)out->data);
    if (out->size >= 0)
        return true;
    *out = f->cell;
    return false;
}

/* In a header a bare return is left for who reads the names to find. */
static bool needs_quotes(const struct csv_bytes *cell, bool header)
{
    for (int64_t i = 0; i < cell->size; i++) {
        uint8_t c = cell->data[i];

        if (c < ' ' && (c == CSV_CANON_DELIMITER || c == CSV_CANON_QUOTE || c == '\n' ||
                        (c == '\r' && !header)))
            return true;
    }
    return false;
}

/* Room was made: two bytes for each of the cell, and three more. */
static void cell_put(struct csv_foreign *f, const struct csv_bytes *cell, bool quoted, bool header)
{
    uint8_t *at = f->canon.data + f->canon.size;

    if (!quoted && !needs_quotes(cell, header)) {
        memcpy(at, cell->data, (size_t)cell->size);
        f->canon.size += cell->size;
        return;
    }
    *at++ = CSV_CANON_QUOTE;
    for (int64_t i = 0; i < cell->size; i++) {
        *at++ = cell->data[i];
        if (cell->data[i] == CSV_CANON_QUOTE)
            *at++ = CSV_CANON_QUOTE;
    }
    *at++ = CSV_CANON_QUOTE;
    f->canon.size = at - f->canon.data;
}

static int32_t fault_add(struct csv_foreign *f, int64_t record, enum csv_code code)
{
    if (f->n_faults && f->faults[f->n_faults - 1].record == record)
        return QETL_OK;
    if (f->n_faults == f->room_faults) {
        int64_t room = f->room_faults ? f->room_faults * 2 : 64;
        struct csv_fault *grown = realloc(f->faults, (size_t)room * sizeof *grown);

        if (!grown)
            return QETL_E_NO_MEMORY;
        f->faults = grown;
        f->room_faults = room;
    }
    f->faults[f->n_faults++] =
        (struct csv_fault){.record = (uint32_t)record, .at = (uint32_t)f->canon.size, .code = code};
    return QETL_OK;
}

/* Where a cell goes, or -1. */
static int64_t column_of(const struct csv *self, int64_t cell)
{
    if (cell >= csv_cells_of(self))
        return -1;
    return self->matching ? self->match->columns[cell] : cell;
}

static int32_t record_read(struct csv *self, struct reading *r, int64_t record, struct csv_job *job)
{
    struct csv_foreign *f = self->foreign;
    int32_t status = QETL_OK;

    for (int64_t c = 0; !status; c++) {
        struct csv_bytes cell;
        int64_t column;
        bool fits;

        cell_read(self, r);
        cell = f->cell;
        column = job ? column_of(self, c) : -1;
        fits = column < 0 || cell_translate(self, r, column, &cell);
        if (!fits)
            csv_verdict_set(job, record, CSV_BAD_VALUE, column);
        if (r->code)
            status = fault_add(f, record, r->code);
        if (!status)
            status = csv_bytes_room(&f->canon, 2 * cell.size + 4);
        if (status)
            break;
        cell_put(f, &cell, r->quoted || r->escaped, !job);
        if (r->at == r->end)
            return self->dialect.pad && job ? csv_foreign_pad(self, c + 1) : QETL_OK;
        r->at += f->delimiter.size;
        f->canon.data[f->canon.size++] = CSV_CANON_DELIMITER;
    }
    return status;
}

int32_t csv_foreign_pad(struct csv *self, int64_t cells)
{
    struct csv_bytes *out = &self->foreign->canon;

    if (csv_bytes_room(out, csv_cells_of(self) + 4))
        return QETL_E_NO_MEMORY;
    for (; cells < csv_cells_of(self); cells++)
        out->data[out->size++] = CSV_CANON_DELIMITER;
    return QETL_OK;
}

static int32_t span_read(struct csv *self, const uint8_t *data, int64_t size, int64_t record,
                         struct csv_job *job)
{
    struct csv_foreign *f = self->foreign;
    struct reading r = {.at = data, .end = data + size};

    if (f->encoding && csv_foreign_decode(f, data, size, &f->text))
        return QETL_E_NO_MEMORY;
    if (f->encoding)
        r = (struct reading){.at = f->text.data, .end = f->text.data + f->text.size};
    size = r.end - r.at;
    f->cell.size = f->local.size = 0;
    if (csv_bytes_room(&f->cell, size + 8) || csv_bytes_room(&f->local, size + CSV_LOCAL_MAX) ||
        record_read(self, &r, record, job) || csv_bytes_room(&f->canon, 80))
        return QETL_E_NO_MEMORY;
    f->canon.data[f->canon.size++] = '\n';
    return QETL_OK;
}

int32_t csv_foreign_read(struct csv *self, const uint8_t *data, struct csv_job *job)
{
    struct csv_foreign *f = self->foreign;
    int32_t status = QETL_OK;

    f->canon.size = f->n_faults = 0;
    for (int64_t r = 0; !status && r < f->n_spans; r++)
        status =
            span_read(self, data + f->spans[r].begin, f->spans[r].end - f->spans[r].begin, r, job);
    return status ? status : csv_bytes_room(&f->canon, 80);
}
