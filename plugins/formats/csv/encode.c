/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batches into delimited text, row by row. Text that came as it stood in some input is written as it
 * stood; only the quotes are this writer's own: around delimiters, quotes and line ends, around empty
 * text (NULL is the empty cell without quotes), around text that spells NULL, and around a byte order
 * mark at the beginning of a row.
 */
#include "cells.h"

#include <stdio.h>
#include <stdlib.h>

enum { BOM_WORD = 0xbfbbef };
enum { ROOM_AT_ONCE = 1 << 16, CELL_ROOM = 2 * CSV_INLINE + 8, NUMBER_ROOM = CSV_NUMBER_MAX + 8 };

enum writer { WRITE_VIEWS, WRITE_TEXT, WRITE_INTEGER, WRITE_UNSIGNED, WRITE_DECIMAL, WRITE_OTHER };

struct column {
    struct qetl_column reader;
    enum writer writer;
    bool from_csv; /* a NULL's view holds how it was spelled */
    bool first;
};

struct csv_encoder {
    struct ArrowSchema schema;
    struct column *columns;
    struct csv_special special;
    struct qetl_text null;      /* how a NULL is written */
    struct qetl_text lone_null; /* in a row of one cell; data NULL: it cannot be */
    bool numbers_plain;         /* a number never needs quotes */
    uint64_t odd_sizes;         /* of texts that may need quotes whatever they hold; as csv_nulls.sizes */
    int64_t row_room;           /* most bytes of a row without its long texts */
    struct qetl_space scratch;
};

/* Where the next byte goes. */
struct pen {
    struct qetl_space *space;
    uint8_t *at, *end;
};

static int32_t scratch_reserve(struct qetl_space *space, int64_t n)
{
    int64_t capacity = (space->size + n) * 2;
    uint8_t *grown = realloc(space->data, (size_t)capacity);

    if (!grown)
        return QETL_E_NO_MEMORY;
    space->data = grown;
    space->capacity = capacity;
    return QETL_OK;
}

void csv_encoder_free(struct csv_encoder *e)
{
    if (!e)
        return;
    qetl_schema_release(&e->schema);
    free(e->columns);
    free(e->scratch.data);
    free(e);
}

static bool lexical_from_csv(const struct ArrowSchema *field)
{
    size_t size = 0;
    const char *origin = qetl_schema_metadata(field, "qetl:lexical", &size);

    return origin && size == 3 && (!memcmp(origin, "csv", 3) || !memcmp(origin, "tsv", 3));
}

static void encoder_settle(struct csv *self, struct csv_encoder *e)
{
    const struct csv_nulls *nulls = &self->dialect.nulls;

    e->special = csv_special_make(self->dialect.marks);
    e->null = nulls->list[0];
    e->odd_sizes = nulls->sizes | 1;
    for (int64_t i = nulls->count - 1; i >= 0; i--)
        if (nulls->list[i].size)
            e->lone_null = nulls->list[i];
    e->numbers_plain = nulls->count == 1 && !nulls->list[0].size &&
                       !strchr("0123456789-.", self->dialect.marks.delimiter) &&
                       !strchr("0123456789-.", self->dialect.marks.quote);
    e->row_room = 2 + CSV_PEN_SLACK;
    for (int64_t i = 0; i < e->schema.n_children; i++)
        e->row_room += NUMBER_ROOM;
    for (int64_t i = 0; i < nulls->count; i++)
        e->row_room += e->schema.n_children * nulls->list[i].size;
}

int32_t csv_open_encode(struct csv *self, const struct ArrowSchema *schema)
{
    struct csv_encoder *e = calloc(1, sizeof *e);

    csv_encoder_free(self->encoder);
    self->encoder = e;
    if (!e)
        return QETL_E_NO_MEMORY;
    e->scratch.reserve = scratch_reserve;
    if (qetl_schema_copy(schema, &e->schema))
        return QETL_E_NO_MEMORY;
    e->columns = calloc((size_t)schema->n_children + 1, sizeof *e->columns);
    if (!e->columns)
        return QETL_E_NO_MEMORY;
    for (int64_t i = 0; i < schema->n_children; i++) {
        e->columns[i].from_csv = lexical_from_csv(e->schema.children[i]);
        e->columns[i].first = i == 0;
    }
    encoder_settle(self, e);
    return QETL_OK;
}

static struct pen pen_take(struct qetl_space *space)
{
    uint8_t *data = space->data;

    return data ? (struct pen){space, data + space->size, data + space->capacity}
                : (struct pen){.space = space};
}

/* Room for n bytes more and for what a row may need besides. */
static int32_t pen_room(struct pen *pen, int64_t n)
{
    struct qetl_space *space = pen->space;
    int32_t status;

    if (__builtin_expect(pen->end - pen->at >= n, 1))
        return QETL_OK;
    space->size = pen->at ? pen->at - space->data : space->size;
    status = space->reserve(space, n > ROOM_AT_ONCE ? n : ROOM_AT_ONCE);
    *pen = pen_take(space);
    return status;
}

static void line_end(const struct csv *self, struct pen *pen)
{
    if (self->dialect.crlf)
        *pen->at++ = '\r';
    *pen->at++ = '\n';
}

static bool begins_with_bom(const uint8_t *data, int64_t size)
{
    return csv_bom_size(data, size) > 0;
}

int32_t csv_begin(struct csv *self, struct qetl_space *out)
{
    struct csv_encoder *e = self->encoder;
    struct pen pen = pen_take(out);
    int64_t before = out->size;
    int32_t status = QETL_OK;

    if (!self->dialect.header || !e->schema.n_children)
        return QETL_OK;
    for (int64_t i = 0; !status && i < e->schema.n_children; i++) {
        const char *name = e->schema.children[i]->name ? e->schema.children[i]->name : "";
        int64_t size = (int64_t)strlen(name);

        status = pen_room(&pen, 2 * size + 8 + CSV_PEN_SLACK);
        if (status)
            break;
        if (i)
            *pen.at++ = self->dialect.marks.delimiter;
        pen.at = csv_cell_write(&e->special, pen.at, (const uint8_t *)name, size,
                                !size || (!i && begins_with_bom((const uint8_t *)name, size)));
    }
    if (!status)
        line_end(self, &pen);
    out->size = status ? before : pen.at - out->data;
    return status;
}

static enum writer writer_of(const struct csv_encoder *e, const struct qetl_column *reader)
{
    bool wide = reader->scale < 0 || reader->scale > 18;

    if (reader->kind == QETL_KIND_TEXT)
        return reader->layout == 'v' && !reader->indices ? WRITE_VIEWS : WRITE_TEXT;
    if (!e->numbers_plain)
        return WRITE_OTHER;
    switch (reader->kind) {
    case QETL_KIND_INT:
        return WRITE_INTEGER;
    case QETL_KIND_UINT:
        return WRITE_UNSIGNED;
    case QETL_KIND_DECIMAL:
        return wide ? WRITE_OTHER : WRITE_DECIMAL;
    default:
        return WRITE_OTHER;
    }
}

static int32_t columns_open(struct csv *self, const struct ArrowArray *batch)
{
    struct csv_encoder *e = self->encoder;

    for (int64_t i = 0; i < e->schema.n_children; i++) {
        struct column *c = &e->columns[i];
        int32_t status = qetl_column_open(&c->reader, e->schema.children[i], batch->children[i]);

        if (status)
            return qetl_fail(self->env, status, NULL, "Cast the column to a type of SQL.",
                             "column %s: csv cannot write the Arrow type %s",
                             e->schema.children[i]->name, e->schema.children[i]->format);
        c->writer = writer_of(e, &c->reader);
    }
    return QETL_OK;
}

static void null_write(const struct csv *self, const struct csv_encoder *e, const struct column *c,
                       int64_t row, struct pen *pen)
{
    struct qetl_text text = e->null;

    if (c->from_csv && c->reader.kind == QETL_KIND_TEXT) {
        struct qetl_text spelled = qetl_column_text(&c->reader, row);

        if (csv_nulls_may(&self->dialect.nulls, spelled.size) &&
            csv_nulls_match(&self->dialect.nulls, spelled.data, spelled.size))
            text = spelled;
    }
    if (e->schema.n_children == 1 && !text.size)
        text = e->lone_null;
    memcpy(pen->at, text.data, (size_t)text.size);
    pen->at += text.size;
}

/* A text that is not NULL. */
static int32_t text_write(const struct csv *self, const struct column *c, const uint8_t *data,
                          int64_t size, struct pen *pen)
{
    const struct csv_encoder *e = self->encoder;
    const struct csv_nulls *nulls = &self->dialect.nulls;
    bool force = !size || (csv_nulls_may(nulls, size) && csv_nulls_match(nulls, data, size)) ||
                 (c->first && begins_with_bom(data, size));
    int32_t status = pen_room(pen, 2 * size + e->row_room);

    if (!status)
        pen->at = csv_cell_write(&e->special, pen->at, data, size, force);
    return status;
}

/* The usual cell: a view of up to twelve bytes, or of more. */
static inline int32_t view_write(const struct csv *self, const struct column *c, int64_t row,
                                 struct pen *pen)
{
    const struct csv_encoder *e = self->encoder;
    const uint8_t *view = (const uint8_t *)c->reader.buffers[0] + 16 * (row + c->reader.offset);
    uint64_t words[2], text[2];
    uint32_t size;
    csv_bytes16 v;
    bool special;
    uint8_t *behind;

    memcpy(words, view, sizeof words);
    size = (uint32_t)words[0];
    if (__builtin_expect(e->odd_sizes >> (size < 63 ? size : 63) & 1, 0) ||
        __builtin_expect(c->first && (words[0] >> 32 & 0xffffff) == BOM_WORD, 0)) {
        struct qetl_text t = qetl_column_text(&c->reader, row);

        return text_write(self, c, (const uint8_t *)t.data, t.size, pen);
    }
    if (size <= CSV_INLINE) {
        text[0] = words[0] >> 32 | words[1] << 32;
        text[1] = words[1] >> 32;
        memcpy(&v, text, sizeof v);
        memcpy(pen->at, text, sizeof text);
        if (__builtin_expect(csv_any16(csv_special_in(&e->special, v)), 0))
            pen->at = csv_cell_quote(&e->special, pen->at, (const uint8_t *)text, size);
        else
            pen->at += size;
        return QETL_OK;
    }
    if (pen_room(pen, 2 * (int64_t)size + e->row_room))
        return QETL_E_NO_MEMORY;
    view = (const uint8_t *)c->reader.buffers[1 + (uint32_t)words[1]] + (words[1] >> 32);
    behind = csv_cell_copy(&e->special, pen->at, view, size, &special);
    pen->at = __builtin_expect(special, 0) ? csv_cell_quote(&e->special, pen->at, view, size) : behind;
    return QETL_OK;
}

static int32_t other_write(const struct csv *self, const struct column *c, int64_t row, struct pen *pen)
{
    struct qetl_space *scratch = &self->encoder->scratch;
    int32_t status;

    scratch->size = 0;
    status = qetl_render(&c->reader, row, scratch);
    return status ? status : text_write(self, c, scratch->data, scratch->size, pen);
}

static int32_t decimal_write(const struct csv *self, const struct column *c, int64_t row,
                             struct pen *pen)
{
    qetl_int128 value = qetl_column_decimal(&c->reader, row);

    if (value != (int64_t)value)
        return other_write(self, c, row, pen);
    pen->at = csv_decimal_write(pen->at, (int64_t)value, c->reader.scale);
    return QETL_OK;
}

static inline int32_t cell_write(const struct csv *self, const struct column *c, int64_t row,
                                 struct pen *pen)
{
    if (__builtin_expect(qetl_column_is_null(&c->reader, row), 0)) {
        null_write(self, self->encoder, c, row, pen);
        return QETL_OK;
    }
    switch (c->writer) {
    case WRITE_VIEWS:
        return view_write(self, c, row, pen);
    case WRITE_TEXT: {
        struct qetl_text t = qetl_column_text(&c->reader, row);

        return text_write(self, c, (const uint8_t *)t.data, t.size, pen);
    }
    case WRITE_INTEGER:
        pen->at = csv_integer_write(pen->at, qetl_column_int(&c->reader, row));
        return QETL_OK;
    case WRITE_UNSIGNED:
        pen->at = csv_unsigned_write(pen->at, qetl_column_uint(&c->reader, row));
        return QETL_OK;
    case WRITE_DECIMAL:
        return decimal_write(self, c, row, pen);
    default:
        return other_write(self, c, row, pen);
    }
}

/* A row that would be an empty line is none; it goes to the dead letters. */
static bool row_is_writable(struct csv *self, int64_t row, int64_t reported)
{
    const struct csv_encoder *e = self->encoder;
    struct qetl_reject reject = {.struct_size = sizeof reject, .row = reported, .column = -1};

    if (e->schema.n_children > 1)
        return true;
    if (!e->schema.n_children) {
        reject.code = "no_columns";
        reject.message = "a row without columns cannot be written as csv";
    } else if (e->lone_null.data || !qetl_column_is_null(&e->columns[0].reader, row)) {
        return true;
    } else {
        reject.column = 0;
        reject.code = "lone_null";
        reject.message = "a NULL in the only column would be an empty line; give a spelling that is not "
                         "empty under null, such as null: [NA]";
    }
    self->env.host->reject(self->env.ctx, &reject);
    return false;
}

static int32_t row_write(const struct csv *self, int64_t row, struct pen *pen)
{
    const struct csv_encoder *e = self->encoder;
    int64_t n = e->schema.n_children;
    int32_t status = pen_room(pen, e->row_room);

    for (int64_t i = 0; !status && i < n; i++) {
        if (i)
            *pen->at++ = self->dialect.marks.delimiter;
        status = cell_write(self, &e->columns[i], row, pen);
    }
    if (!status)
        line_end(self, pen);
    return status;
}

int32_t csv_encode(struct csv *self, const struct ArrowArray *batch, struct qetl_space *out)
{
    struct pen pen = pen_take(out);
    int64_t whole_rows = out->size;
    int32_t status = columns_open(self, batch);

    for (int64_t i = 0; !status && i < batch->length; i++) {
        if (!row_is_writable(self, i + batch->offset, i))
            continue;
        status = row_write(self, i + batch->offset, &pen);
        if (!status)
            whole_rows = pen.at - out->data;
    }
    out->size = whole_rows;
    return status;
}
