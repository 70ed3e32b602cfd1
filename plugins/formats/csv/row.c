/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One cell, whatever it is. Text that came as it stood in some input is written as it stood; only
 * the quotes are this writer's own: around delimiters, quotes and line ends, around empty text
 * (NULL is the empty cell without quotes), around text that spells NULL, and around a byte order
 * mark at the beginning of a row.
 */
#include "encoder.h"

enum csv_writer csv_writer_of(const struct csv_encoder *e, const struct qetl_column *reader)
{
    bool wide = reader->scale < 0 || reader->scale > 18;

    if (reader->kind == QETL_KIND_TEXT)
        return reader->layout == 'v' && !reader->indices ? CSV_WRITE_VIEWS : CSV_WRITE_TEXT;
    if (!e->numbers_plain)
        return CSV_WRITE_OTHER;
    switch (reader->kind) {
    case QETL_KIND_INT:
        return CSV_WRITE_INTEGER;
    case QETL_KIND_UINT:
        return CSV_WRITE_UNSIGNED;
    case QETL_KIND_DECIMAL:
        return wide ? CSV_WRITE_OTHER : CSV_WRITE_DECIMAL;
    default:
        return CSV_WRITE_OTHER;
    }
}

static void null_write(const struct csv *self, const struct csv_encoder *e,
                       const struct csv_column_out *c, int64_t row, struct csv_pen *pen)
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

/* -5, 0.5: what begins like a formula and is none. */
static bool is_plain_number(const uint8_t *data, int64_t size)
{
    int64_t digits = 0, points = 0;

    for (int64_t i = *data == '-' || *data == '+'; i < size; i++) {
        digits += data[i] >= '0' && data[i] <= '9';
        points += data[i] == '.';
    }
    return digits && points < 2 && digits + points + (*data == '-' || *data == '+') == size;
}

/* What spreadsheets take for a formula, or cut off to find one. */
static bool is_formula(const uint8_t *data, int64_t size)
{
    return size && memchr("=+-@\t\r", *data, 6) && !is_plain_number(data, size);
}

uint8_t *csv_text_write(const struct csv *self, uint8_t *at, const uint8_t *data, int64_t size,
                        bool force)
{
    const struct csv_special *special = &self->encoder->special;
    uint8_t *end;

    if (!self->dialect.safe || !is_formula(data, size))
        return csv_cell_write(special, at, data, size, force);
    end = csv_cell_quote(special, at + 1, data, size);
    at[0] = special->mark;
    at[1] = '\'';
    return end;
}

/* A text that is not NULL. */
static int32_t text_write(const struct csv *self, const struct csv_column_out *c,
                          const uint8_t *data, int64_t size, struct csv_pen *pen)
{
    const struct csv_encoder *e = self->encoder;
    const struct csv_nulls *nulls = &self->dialect.nulls;
    bool force = c->quoted || !size ||
                 (csv_nulls_may(nulls, size) && csv_nulls_match(nulls, data, size)) ||
                 (c->first && csv_bom_size(data, size));
    int32_t status = csv_pen_room(pen, 2 * size + 4 + e->row_room);

    if (!status && c->numeric)
        pen->at = csv_cell_write(&e->special, pen->at, data, size, force);
    else if (!status)
        pen->at = csv_text_write(self, pen->at, data, size, force);
    return status;
}

static int32_t other_write(const struct csv *self, const struct csv_column_out *c, int64_t row,
                           struct csv_pen *pen)
{
    struct qetl_space *scratch = &self->encoder->scratch;
    int32_t status;

    scratch->size = 0;
    status = qetl_render(&c->reader, row, scratch);
    return status ? status : text_write(self, c, scratch->data, scratch->size, pen);
}

static int32_t decimal_write(const struct csv *self, const struct csv_column_out *c, int64_t row,
                             struct csv_pen *pen)
{
    qetl_int128 value = qetl_column_decimal(&c->reader, row);

    if (value != (int64_t)value)
        return other_write(self, c, row, pen);
    pen->at = qetl_print_decimal(pen->at, (int64_t)value, c->reader.scale);
    return QETL_OK;
}

int32_t csv_cell_put(const struct csv *self, int64_t column, int64_t row, struct csv_pen *pen)
{
    const struct csv_column_out *c = &self->encoder->columns[column];

    if (qetl_column_is_null(&c->reader, row)) {
        null_write(self, self->encoder, c, row, pen);
        return QETL_OK;
    }
    switch (c->writer) {
    case CSV_WRITE_VIEWS:
    case CSV_WRITE_TEXT: {
        struct qetl_text t = qetl_column_text(&c->reader, row);

        return text_write(self, c, (const uint8_t *)t.data, t.size, pen);
    }
    case CSV_WRITE_INTEGER:
        pen->at = qetl_print_integer(pen->at, qetl_column_int(&c->reader, row));
        return QETL_OK;
    case CSV_WRITE_UNSIGNED:
        pen->at = qetl_print_unsigned(pen->at, qetl_column_uint(&c->reader, row));
        return QETL_OK;
    case CSV_WRITE_DECIMAL:
        return decimal_write(self, c, row, pen);
    default:
        return other_write(self, c, row, pen);
    }
}
