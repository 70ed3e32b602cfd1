/* SPDX-License-Identifier: Apache-2.0 */
/* Batches into delimited text: what is settled once, and what once per batch. */
#include "encoder.h"
#include "foreign.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROOM_AT_ONCE = 1 << 16, CELL_ROOM = QETL_PRINT_ROOM + 8 };

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
    free(e->hot);
    free(e->scratch.data);
    free(e->row.data);
    free(e);
}

static bool lexical_from_csv(const struct ArrowSchema *field)
{
    size_t size = 0;
    const char *origin = qetl_schema_metadata(field, "qetl:lexical", &size);

    return origin && size == 3 && (!memcmp(origin, "csv", 3) || !memcmp(origin, "tsv", 3));
}

static bool format_is_number(const char *format)
{
    return format[0] == 'd' || (!format[1] && strchr("cCsSiIlLfg", format[0]));
}

/* Of a lexical column, the type that its text stands for. */
static bool field_is_number(const struct ArrowSchema *field)
{
    char sql[QETL_TYPE_FORMAT_MAX], format[QETL_TYPE_FORMAT_MAX];
    size_t size = 0;
    const char *type = qetl_schema_metadata(field, "qetl:type", &size);

    if (!qetl_schema_is_lexical(field) || !type)
        return format_is_number(field->format);
    if (size >= sizeof sql)
        return false;
    memcpy(sql, type, size);
    sql[size] = 0;
    return !qetl_type_parse(sql, format) && format_is_number(format);
}

static csv_rows_fn *rows_best(void)
{
    int i = 0;

    while (!csv_rows_kernels[i]->usable())
        i++;
    return csv_rows_kernels[i]->write;
}

static void encoder_settle(struct csv *self, struct csv_encoder *e)
{
    const struct csv_nulls *nulls = &self->dialect.nulls;

    e->rows = rows_best();
    e->special = csv_special_make(self->dialect.marks);
    e->null = nulls->list[0];
    e->odd_sizes = nulls->sizes | 1;
    for (int64_t i = nulls->count - 1; i >= 0; i--)
        if (nulls->list[i].size)
            e->lone_null = nulls->list[i];
    if (e->schema.n_children == 1 && !e->null.size)
        e->null = e->lone_null;
    e->numbers_plain = self->dialect.quoting != CSV_QUOTE_ALL && nulls->count == 1 &&
                       !nulls->list[0].size &&
                       !strchr("0123456789-.", self->dialect.marks.delimiter) &&
                       !strchr("0123456789-.", self->dialect.marks.quote);
    e->row_room = 2 + CSV_PEN_SLACK;
    for (int64_t i = 0; i < e->schema.n_children; i++)
        e->row_room += CELL_ROOM;
    for (int64_t i = 0; i < nulls->count; i++)
        e->row_room += e->schema.n_children * nulls->list[i].size;
}

static struct csv_local_type local_of(const struct csv *self, const struct ArrowSchema *field)
{
    struct csv_type type;

    if (csv_type_of(field, false, &type))
        return (struct csv_local_type){.kind = CSV_LOCAL_NONE};
    return csv_local_of(self, field->name ? field->name : "", &type);
}

/* Encodings of one byte have a table for readers; a writer goes the other way. */
static int32_t encoding_open(struct csv *self)
{
    const char *encoding = qetl_option_text(self->env, "/encoding");

    return self->encoding ? csv_foreign_encoding(self, encoding) : QETL_OK;
}

int32_t csv_open_encode(struct csv *self, const struct ArrowSchema *schema)
{
    struct csv_encoder *e = calloc(1, sizeof *e);
    int32_t status;

    csv_encoder_free(self->encoder);
    self->encoder = e;
    if (!e)
        return QETL_E_NO_MEMORY;
    e->scratch.reserve = e->row.reserve = scratch_reserve;
    status = encoding_open(self);
    if (status)
        return status;
    if (qetl_schema_copy(schema, &e->schema))
        return QETL_E_NO_MEMORY;
    e->columns = calloc((size_t)schema->n_children + 1, sizeof *e->columns);
    e->hot = calloc((size_t)schema->n_children + 1, sizeof *e->hot);
    if (!e->columns || !e->hot)
        return QETL_E_NO_MEMORY;
    for (int64_t i = 0; i < schema->n_children; i++) {
        e->columns[i].from_csv = lexical_from_csv(e->schema.children[i]);
        e->columns[i].first = i == 0;
        e->columns[i].local = local_of(self, e->schema.children[i]);
        e->columns[i].numeric = field_is_number(e->schema.children[i]);
        e->columns[i].quoted =
            self->dialect.quoting == CSV_QUOTE_ALL ||
            (self->dialect.quoting == CSV_QUOTE_NONNUMERIC && !e->columns[i].numeric);
    }
    encoder_settle(self, e);
    return QETL_OK;
}

struct csv_pen csv_pen_take(struct qetl_space *space)
{
    uint8_t *data = space->data;
    struct csv_pen pen = {.space = space, .row_at = space->size};

    if (data) {
        pen.at = data + space->size;
        pen.end = data + space->capacity;
    }
    return pen;
}

int32_t csv_pen_grow(struct csv_pen *pen, int64_t n)
{
    struct qetl_space *space = pen->space;
    int64_t row_at = pen->row_at;
    int32_t status;

    space->size = pen->at ? pen->at - space->data : space->size;
    status = space->reserve(space, n > ROOM_AT_ONCE ? n : ROOM_AT_ONCE);
    *pen = csv_pen_take(space);
    pen->row_at = row_at;
    return status;
}

static void line_end(const struct csv *self, struct csv_pen *pen)
{
    if (self->dialect.crlf)
        *pen->at++ = '\r';
    *pen->at++ = '\n';
}

static int32_t begin_plain(struct csv *self, struct qetl_space *out)
{
    struct csv_encoder *e = self->encoder;
    struct csv_pen pen = csv_pen_take(out);
    int64_t before = out->size;
    int32_t status = QETL_OK;

    if (self->dialect.bom && !self->foreign) {
        status = csv_pen_room(&pen, 3 + CSV_PEN_SLACK);
        if (!status)
            pen.at = (uint8_t *)memcpy(pen.at, "\xef\xbb\xbf", 3) + 3;
    }
    if (!self->dialect.header || !e->schema.n_children) {
        out->size = status || !pen.at ? before : pen.at - out->data;
        return status;
    }
    for (int64_t i = 0; !status && i < e->schema.n_children; i++) {
        const char *name = e->schema.children[i]->name ? e->schema.children[i]->name : "";
        int64_t size = (int64_t)strlen(name);

        status = csv_pen_room(&pen, 2 * size + 12 + CSV_PEN_SLACK);
        if (status)
            break;
        if (i)
            *pen.at++ = self->dialect.marks.delimiter;
        pen.at = csv_text_write(self, pen.at, (const uint8_t *)name, size,
                                !size || self->dialect.quoting != CSV_QUOTE_MINIMAL ||
                                    (!i && csv_bom_size((const uint8_t *)name, size)));
    }
    if (!status)
        line_end(self, &pen);
    out->size = status ? before : pen.at - out->data;
    return status;
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
        reject.message =
            "a NULL in the only column would be an empty line; give a spelling that is not "
            "empty under null, such as null: [NA]";
    }
    self->env.host->reject(self->env.ctx, &reject);
    return false;
}

static int32_t mark_write(struct csv *self, struct qetl_space *out)
{
    const struct csv_foreign *f = self->foreign;
    const char *mark = !f->encoding ? "\xef\xbb\xbf" : f->big ? "\xfe\xff" : "\xff\xfe";
    const char *encoding = qetl_option_text(self->env, "/encoding");
    bool always = encoding && !strcmp(encoding, "utf-16");
    size_t size = f->encoding && f->width == 1 ? 0 : strlen(mark);

    if ((!self->dialect.bom && !always) || !size)
        return QETL_OK;
    if (out->capacity - out->size < (int64_t)size && out->reserve(out, (int64_t)size))
        return QETL_E_NO_MEMORY;
    memcpy(out->data + out->size, mark, size);
    out->size += (int64_t)size;
    return QETL_OK;
}

int32_t csv_begin(struct csv *self, struct qetl_space *out)
{
    struct csv_encoder *e = self->encoder;
    const char *why = "";
    int32_t status;

    if (!self->foreign)
        return begin_plain(self, out);
    e->row.size = 0;
    status = begin_plain(self, &e->row);
    if (!status)
        status = mark_write(self, out);
    if (status || !e->row.size)
        return status;
    status = csv_foreign_write(self, e->row.data, e->row.size - 1, true, out, &why);
    return status != QETL_E_UNSUPPORTED
               ? status
               : qetl_fail(self->env, QETL_E_CONFIG, "/header",
                           "Rename columns by a select, or choose a dialect with quotes.",
                           "the header cannot be written: %s", why);
}

/* A foreign dialect, row by row: each is written for the kernels first. */
static int32_t foreign_encode(struct csv *self, const struct ArrowArray *batch,
                              struct qetl_space *out)
{
    struct csv_encoder *e = self->encoder;
    int32_t status = QETL_OK;

    for (int64_t i = 0; !status && i < batch->length; i++) {
        struct csv_pen pen;
        const char *why;
        char message[200];

        if (!row_is_writable(self, i + batch->offset, i))
            continue;
        e->row.size = 0;
        pen = csv_pen_take(&e->row);
        status = e->rows(self, i + batch->offset, i + batch->offset + 1, &pen);
        if (status)
            break;
        status = csv_foreign_write(self, e->row.data, pen.at - e->row.data - 1, false, out, &why);
        if (status != QETL_E_UNSUPPORTED)
            continue;
        snprintf(message, sizeof message, "the row cannot be written: %s", why);
        self->env.host->reject(self->env.ctx,
                               &(struct qetl_reject){.struct_size = sizeof(struct qetl_reject),
                                                     .row = i,
                                                     .column = -1,
                                                     .code = "unwritable_row",
                                                     .message = message});
        status = QETL_OK;
    }
    return status;
}

static struct csv_hot hot_of(const struct csv_column_out *c)
{
    const struct qetl_column *r = &c->reader;

    if ((c->writer == CSV_WRITE_INTEGER || c->writer == CSV_WRITE_UNSIGNED) && !r->indices)
        return (struct csv_hot){.integers = r->buffers[0],
                                .layout = r->layout,
                                .validity = r->validity,
                                .offset = r->offset};
    if (c->writer != CSV_WRITE_VIEWS)
        return (struct csv_hot){.views = NULL};
    return (struct csv_hot){.views = (const uint64_t *)r->buffers[0] + 2 * r->offset,
                            .data = (const uint8_t *const *)r->buffers + 1,
                            .validity = r->validity,
                            .offset = r->offset,
                            .first = c->first};
}

static int32_t columns_open(struct csv *self, const struct ArrowArray *batch)
{
    struct csv_encoder *e = self->encoder;

    for (int64_t i = 0; i < e->schema.n_children; i++) {
        struct csv_column_out *c = &e->columns[i];
        int32_t status = qetl_column_open(&c->reader, e->schema.children[i], batch->children[i]);

        if (status)
            return qetl_fail(self->env, status, NULL, "Cast the column to a type of SQL.",
                             "column %s: csv cannot write the Arrow type %s",
                             e->schema.children[i]->name, e->schema.children[i]->format);
        c->writer = csv_writer_of(e, &c->reader);
        e->hot[i] = hot_of(c);
        if (c->quoted || (self->dialect.safe && !c->numeric))
            e->hot[i] = (struct csv_hot){.views = NULL};
    }
    return QETL_OK;
}

/* Rows that may not be written are seen to one by one. */
static int32_t few_columns_encode(struct csv *self, const struct ArrowArray *batch,
                                  struct csv_pen *pen)
{
    int32_t status = QETL_OK;

    for (int64_t i = 0; !status && i < batch->length; i++)
        if (row_is_writable(self, i + batch->offset, i))
            status = self->encoder->rows(self, i + batch->offset, i + batch->offset + 1, pen);
    return status;
}

int32_t csv_encode(struct csv *self, const struct ArrowArray *batch, struct qetl_space *out)
{
    struct csv_pen pen = csv_pen_take(out);
    int32_t status = columns_open(self, batch);

    if (!status && self->foreign)
        return foreign_encode(self, batch, out);
    if (!status && self->encoder->schema.n_children < 2)
        status = few_columns_encode(self, batch, &pen);
    else if (!status)
        status = self->encoder->rows(self, batch->offset, batch->offset + batch->length, &pen);
    out->size = status ? pen.row_at : pen.at - out->data;
    return status;
}
