/* SPDX-License-Identifier: Apache-2.0 */
/* A row in the kernels' dialect becomes one of a foreign dialect. */
#include "encoder.h"
#include "foreign.h"

/* One cell while it is written. */
struct writing {
    const uint8_t *data;
    int64_t size;
    bool quoted, null, first;
};

static bool is_blank(const struct csv_foreign *f, uint8_t c)
{
    return (c == ' ' || c == '\t') && c != f->delimiter.text[0];
}

static bool begins_with(const struct writing *w, int64_t at, const uint8_t *mark, int64_t size)
{
    return size && w->size - at >= size && !memcmp(w->data + at, mark, (size_t)size);
}

/* The rest of the cell is the beginning of a delimiter of several bytes, which what follows could
 * complete. */
static bool ends_like_delimiter(const struct csv_foreign *f, const struct writing *w, int64_t at)
{
    int64_t rest = w->size - at;

    return rest < f->delimiter.size && !memcmp(w->data + at, f->delimiter.text, (size_t)rest);
}

static bool byte_is_special(const struct csv_foreign *f, const struct writing *w, int64_t at)
{
    uint8_t c = w->data[at];

    return c == '\n' || c == '\r' || (f->quote && c == f->quote) || (f->escape && c == f->escape) ||
           begins_with(w, at, f->delimiter.text, f->delimiter.size) ||
           ends_like_delimiter(f, w, at) ||
           (at == 0 && w->first && begins_with(w, 0, f->comment, f->n_comment)) ||
           (f->trim && (at == 0 || at == w->size - 1) && is_blank(f, c));
}

static bool cell_is_special(const struct csv_foreign *f, const struct writing *w)
{
    for (int64_t i = 0; i < w->size; i++)
        if (byte_is_special(f, w, i))
            return true;
    return false;
}

static void put(struct csv_bytes *out, uint8_t c)
{
    out->data[out->size++] = c;
}

static void escape_put(const struct csv_foreign *f, uint8_t c, struct csv_bytes *out)
{
    static const char bytes[] = "\n\r\t\b\x1a", letters[] = "nrtbZ";
    const char *at = f->coded && c ? strchr(bytes, c) : NULL;

    put(out, f->escape);
    put(out, f->coded && !c ? '0' : at ? (uint8_t)letters[at - bytes] : c);
}

static void quoted_put(const struct csv_foreign *f, const struct writing *w, struct csv_bytes *out)
{
    put(out, f->quote);
    for (int64_t i = 0; i < w->size; i++) {
        uint8_t c = w->data[i];

        if (f->escape &&
            (c == f->quote || c == f->escape || (f->coded && (c == '\n' || c == '\r' || !c)))) {
            escape_put(f, c, out);
            continue;
        }
        put(out, c);
        if (c == f->quote)
            put(out, c);
    }
    put(out, f->quote);
}

/* Without quotes: what is special is escaped, or cannot be written. */
static bool bare_put(const struct csv *self, const struct writing *w, struct csv_bytes *out)
{
    const struct csv_foreign *f = self->foreign;
    bool like_null = !w->null && csv_nulls_match(&self->dialect.nulls, w->data, w->size);

    if ((like_null && (!f->escape || !w->size)) || (!f->escape && cell_is_special(f, w)))
        return false;
    for (int64_t i = 0; i < w->size; i++) {
        bool special = (like_null && !i) || byte_is_special(f, w, i);

        if (special && f->coded && w->data[i] && strchr("0bnrtvfZ", w->data[i]))
            return false; /* a code, behind an escape */
        if (special)
            escape_put(f, w->data[i], out);
        else
            put(out, w->data[i]);
    }
    return true;
}

static bool cell_put(const struct csv *self, const struct writing *w, struct csv_bytes *out)
{
    const struct csv_foreign *f = self->foreign;

    if (w->null) {
        memcpy(out->data + out->size, w->data, (size_t)w->size);
        out->size += w->size;
        return true;
    }
    if (!f->quote)
        return bare_put(self, w, out);
    if (w->quoted || cell_is_special(f, w))
        quoted_put(f, w, out);
    else
        return bare_put(self, w, out);
    return true;
}

/* A number or a moment as the country writes it; what is none stays. */
static void cell_translate(struct csv *self, int64_t column, struct writing *w)
{
    struct csv_foreign *f = self->foreign;
    const struct csv_local_type *type = &self->encoder->columns[column].local;
    int64_t n = -1;

    if (type->kind == CSV_LOCAL_PATTERN) {
        n = csv_pattern_write(type->pattern, w->data, w->size, (char *)f->local.data);
    } else if (type->kind == CSV_LOCAL_NUMBER && w->size <= CSV_LOCAL_MAX) {
        for (n = 0; n < w->size; n++)
            f->local.data[n] = w->data[n] == '.' ? (uint8_t)f->locale.mark : w->data[n];
    }
    if (n < 0)
        return;
    w->data = f->local.data;
    w->size = n;
}

/* The next cell of a canonical row, its content in f->cell. */
static const uint8_t *cell_take(struct csv *self, const uint8_t *at, const uint8_t *end,
                                struct writing *w)
{
    struct csv_bytes *cell = &self->foreign->cell;

    cell->size = 0;
    w->quoted = at < end && *at == CSV_CANON_QUOTE;
    at += w->quoted;
    while (at < end) {
        if (w->quoted && *at == CSV_CANON_QUOTE) {
            if (++at == end || *at != CSV_CANON_QUOTE)
                break;
        } else if (!w->quoted && *at == CSV_CANON_DELIMITER) {
            break;
        }
        put(cell, *at++);
    }
    w->data = cell->data;
    w->size = cell->size;
    w->null = !w->quoted && csv_nulls_match(&self->dialect.nulls, w->data, w->size);
    return at;
}

static void line_end_put(const struct csv *self, struct csv_bytes *out)
{
    if (self->foreign->crlf || self->dialect.returns)
        put(out, '\r');
    if (!self->dialect.returns)
        put(out, '\n');
}

static int32_t space_put(struct qetl_space *space, const struct csv_bytes *b)
{
    if (space->capacity - space->size < b->size + CSV_PEN_SLACK &&
        space->reserve(space, b->size + CSV_PEN_SLACK))
        return QETL_E_NO_MEMORY;
    memcpy(space->data + space->size, b->data, (size_t)b->size);
    space->size += b->size;
    return QETL_OK;
}

static int32_t rooms_make(struct csv_foreign *f, int64_t size)
{
    int64_t n = (size + 1) * (2 + f->delimiter.size) + CSV_LOCAL_MAX;

    f->text.size = f->cell.size = f->local.size = f->canon.size = 0;
    return csv_bytes_room(&f->text, n) || csv_bytes_room(&f->cell, size + 8) ||
                   csv_bytes_room(&f->local, 2 * CSV_LOCAL_MAX)
               ? QETL_E_NO_MEMORY
               : QETL_OK;
}

int32_t csv_foreign_write(struct csv *self, const uint8_t *row, int64_t size, bool header,
                          struct qetl_space *out, const char **why)
{
    struct csv_foreign *f = self->foreign;
    const uint8_t *at = row, *end = row + size;
    int32_t status = rooms_make(f, size);

    for (int64_t c = 0; !status; c++) {
        struct writing w = {.first = c == 0};

        at = cell_take(self, at, end, &w);
        w.null &= !header;
        if (!w.null && !header)
            cell_translate(self, c, &w);
        *why = "it holds a delimiter, quote, line end or spelling of NULL, and this dialect has no "
               "quotes and no escape to write it with";
        if (csv_bytes_room(&f->text, 2 * w.size + 2 * CSV_MARK_MAX))
            return QETL_E_NO_MEMORY;
        if (!cell_put(self, &w, &f->text))
            return QETL_E_UNSUPPORTED;
        if (at == end)
            break;
        at++;
        memcpy(f->text.data + f->text.size, f->delimiter.text, f->delimiter.size);
        f->text.size += f->delimiter.size;
    }
    *why = "its only cell is empty, and an empty line is no row";
    if (!status && !f->text.size)
        return QETL_E_UNSUPPORTED;
    if (!status)
        line_end_put(self, &f->text);
    if (status || !f->encoding)
        return status ? status : space_put(out, &f->text);
    *why = "it has a character that the encoding of the file lacks";
    status = csv_foreign_encode_text(f, f->text.data, f->text.size, &f->canon);
    return status ? status : space_put(out, &f->canon);
}
