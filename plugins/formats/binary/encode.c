/* SPDX-License-Identifier: Apache-2.0 */
/* Rows into records. A row with a value that its field cannot hold is rejected, and leaves no
 * bytes.
 */
#include "binary.h"

#include <stdio.h>
#include <stdlib.h>

int32_t binary_forms(const struct ArrowSchema *schema, uint32_t *forms)
{
    for (int64_t i = 0; i < schema->n_children; i++)
        forms[i] = QETL_FORM_VALUE;
    return QETL_OK;
}

void binary_encoder_free(struct binary *self)
{
    qetl_schema_release(&self->encoded);
    free(self->inputs);
    free(self->readers);
    free(self->text.data);
    self->inputs = NULL;
    self->readers = NULL;
    self->text = (struct qetl_space){0};
}

static int32_t text_reserve(struct qetl_space *space, int64_t n)
{
    int64_t capacity = (space->size + n) * 2;
    uint8_t *grown = realloc(space->data, (size_t)capacity);

    if (!grown)
        return QETL_E_NO_MEMORY;
    space->data = grown;
    space->capacity = capacity;
    return QETL_OK;
}

/* Columns of a struct string without names are taken in their order; others by name. */
static int32_t inputs_find(struct binary *self)
{
    const struct binary_layout *l = &self->layout;
    bool by_place = !l->name && !qetl_option_given(self->env, "/names");

    if ((by_place && l->n_columns != self->encoded.n_children) ||
        self->encoded.n_children > l->n_columns)
        return qetl_fail(self->env, QETL_E_CONFIG, l->name ? "/layout" : "/struct",
                         "Leave columns out with the transform select.",
                         "%lld columns arrive, a record has %lld",
                         (long long)self->encoded.n_children, (long long)l->n_columns);
    for (int64_t i = 0; i < l->n_columns; i++) {
        const char *name = l->columns[i].field->name;

        self->inputs[i] = by_place ? i : qetl_schema_find(&self->encoded, name);
        if (self->inputs[i] < 0)
            return qetl_fail(self->env, QETL_E_CONFIG, l->name ? "/layout" : "/names",
                             "Add or rename it with the transform select or compute.",
                             "no column %s arrives, which each record has", name);
    }
    return QETL_OK;
}

int32_t binary_open_encode(struct binary *self, const struct ArrowSchema *schema)
{
    bool given;
    int32_t status;

    binary_encoder_free(self);
    binary_layout_free(&self->layout);
    status = binary_layout_given(self, &given);
    if (status)
        return status;
    if (!given)
        return qetl_fail(self->env, QETL_E_CONFIG, "/struct",
                         "Say what a record is made of, with struct or layout.",
                         "a writer of binary records needs a struct string or a layout");
    if (self->layout.readonly || self->layout.promise)
        return qetl_fail(self->env, QETL_E_CONFIG, "/layout", NULL,
                         "the layout %s can be read, not written: its header says how much follows",
                         self->layout.name);
    self->text.reserve = text_reserve;
    self->inputs = calloc((size_t)self->layout.n_columns + 1, sizeof *self->inputs);
    self->readers = calloc((size_t)self->layout.n_columns + 1, sizeof *self->readers);
    if (!self->inputs || !self->readers || qetl_schema_copy(schema, &self->encoded))
        return QETL_E_NO_MEMORY;
    return inputs_find(self);
}

static int32_t zeros_put(struct qetl_space *out, int64_t n)
{
    int32_t status = out->capacity - out->size < n ? out->reserve(out, n) : QETL_OK;

    if (status)
        return status;
    if (n)
        memset(out->data + out->size, 0, (size_t)n);
    out->size += n;
    return QETL_OK;
}

int32_t binary_begin(struct binary *self, struct qetl_space *out)
{
    int64_t at = out->size;
    int32_t status = zeros_put(out, self->layout.header);

    for (int64_t i = 0; !status && i < self->layout.n_matches; i++) {
        const struct binary_match *m = &self->layout.matches[i];

        if (m->at + m->size <= self->layout.header)
            memcpy(out->data + at + m->at, m->bytes, (size_t)m->size);
    }
    return status;
}

int32_t binary_finish(struct binary *self, struct qetl_space *out)
{
    return zeros_put(out, self->layout.trailer);
}

static int32_t readers_open(struct binary *self, const struct ArrowArray *batch)
{
    const struct binary_layout *l = &self->layout;

    for (int64_t i = 0; i < l->n_columns; i++) {
        const struct ArrowSchema *field = self->encoded.children[self->inputs[i]];
        struct qetl_column *reader = &self->readers[i];
        int32_t status = qetl_column_open(reader, field, batch->children[self->inputs[i]]);
        char type[QETL_TYPE_FORMAT_MAX], wanted[QETL_TYPE_FORMAT_MAX];
        struct ArrowSchema made = {0};

        if (!status && binary_value_suits(l->columns[i].field, reader))
            continue;
        status = binary_field_schema(l->columns[i].field, &made);
        if (!status)
            status = qetl_fail(self->env, QETL_E_UNSUPPORTED, NULL,
                               "Cast it in a compute, or give it a type where it is read.",
                               "column %s: its type is %s, the record has %s there", field->name,
                               qetl_type_name(field, type, sizeof type),
                               qetl_type_name(&made, wanted, sizeof wanted));
        qetl_schema_release(&made);
        return status;
    }
    return QETL_OK;
}

/* One row on its way; `column` is the one at fault. */
struct row {
    struct binary *self;
    struct qetl_space *out;
    int64_t at, row, column, begin;
    int32_t anchors[BINARY_FIELDS_MAX + 1];
};

static const struct qetl_column *reader_of(struct row *r, const struct binary_record *type,
                                           const struct binary_field *f)
{
    const struct binary_layout *l = &r->self->layout;
    int64_t t = type - l->types, i = f - type->fields;

    for (int64_t c = 0; c < l->n_columns; c++)
        if (l->columns[c].index[t] == i) {
            r->column = c;
            return &r->self->readers[c];
        }
    return NULL;
}

/* A length that another field tells must be what that field tells. */
static int32_t length_put(struct row *r, const struct binary_record *type,
                          const struct binary_field *f, int64_t units)
{
    uint8_t *begin = r->out->data + r->begin, *prefix = begin + r->anchors[f->anchor] + f->at;
    const struct binary_field *from;

    if (f->length_width) {
        if (f->length_width < 8 && units >> 8 * f->length_width)
            return BINARY_TOO_LONG;
        binary_store(prefix, f->length_width, f->big, (uint64_t)units);
        return BINARY_FINE;
    }
    from = &type->fields[f->length_from];
    return binary_raw(from, begin + r->anchors[from->anchor] + from->at) == units
               ? BINARY_FINE
               : BINARY_WRONG_COUNT;
}

static int32_t field_write(struct row *r, const struct binary_record *type,
                           const struct binary_field *f)
{
    const struct qetl_column *c = reader_of(r, type, f);
    int64_t from = r->begin + r->anchors[f->anchor] + f->at, end = from + f->size, units = 0;
    int32_t code = end > r->out->size ? zeros_put(r->out, end - r->out->size) : QETL_OK;

    if (code || !c)
        return code;
    if (!f->ends)
        return binary_value_write(f, c, r->row, r->out->data + from, &r->self->text);
    code = binary_variable_write(f, c, r->row, r->out, &r->self->text, &units);
    r->anchors[f->ends] = (int32_t)(r->out->size - r->begin);
    return code ? code : length_put(r, type, f, units);
}

/* The type that the row's discriminator names; what only other types have must be NULL. */
static int32_t type_choose(struct row *r, const struct binary_record **out)
{
    const struct binary_layout *l = &r->self->layout;
    const struct binary_field *tag;
    uint8_t bytes[16] = {0};
    int32_t code;
    int64_t value, t = 0;

    *out = l->types;
    if (l->tag_field < 0)
        return BINARY_FINE;
    tag = &l->types->fields[l->tag_field];
    code = binary_value_write(tag, reader_of(r, l->types, tag), r->row, bytes, &r->self->text);
    if (code)
        return code;
    value = binary_raw(tag, bytes);
    while (t < l->n_types && l->types[t].tag != value)
        t++;
    if (t == l->n_types)
        return BINARY_UNKNOWN_TYPE;
    *out = &l->types[t];
    for (int64_t c = 0; c < l->n_columns; c++)
        if (l->columns[c].index[t] < 0 && !qetl_column_is_null(&r->self->readers[c], r->row)) {
            r->column = c;
            return BINARY_NOT_OF_TYPE;
        }
    return BINARY_FINE;
}

static int32_t row_write(struct row *r)
{
    const struct binary_record *type;
    int32_t code = type_choose(r, &type);

    r->begin = r->out->size;
    r->anchors[0] = 0;
    for (int64_t i = 0; !code && i < type->n_fields; i++)
        code = field_write(r, type, &type->fields[i]);
    if (!code && r->out->size - r->begin > BINARY_RECORD_MAX)
        code = BINARY_TOO_LONG;
    return code;
}

static const char *fault_text(int32_t code)
{
    static const char *const texts[] = {
        [BINARY_UNKNOWN_VALUE] = "the enumeration has no such name",
        [BINARY_UNKNOWN_TYPE] = "no record type has this discriminator",
        [BINARY_NO_NULL] = "NULL, for which the field has no value (null: in the layout)",
        [BINARY_TOO_LARGE] = "the value is beyond what the field can hold",
        [BINARY_TOO_LONG] = "the text or list is longer than the field",
        [BINARY_NOT_EXACT] = "the field would have to round the value",
        [BINARY_NO_LETTER] = "the field's encoding lacks one of the letters",
        [BINARY_TRIMMED] = "the text ends in what a reader of the field trims off",
        [BINARY_READS_AS_NULL] = "the value would be read as NULL",
        [BINARY_WRONG_COUNT] = "the number of elements or bytes is not the field's",
        [BINARY_NOT_OF_TYPE] = "records of this row's type have no such field",
    };

    return texts[code] ? texts[code] : "the field cannot hold the value";
}

static void row_reject(struct row *r, int32_t code, int64_t reported)
{
    const struct binary *self = r->self;
    char message[256];
    struct qetl_reject reject = {.struct_size = sizeof reject,
                                 .row = reported,
                                 .column = self->inputs[r->column],
                                 .code = binary_code_word((enum binary_code)code),
                                 .message = message};

    snprintf(message, sizeof message, "column %.60s: %s",
             self->layout.columns[r->column].field->name, fault_text(code));
    self->env.host->reject(self->env.ctx, &reject);
}

int32_t binary_encode(struct binary *self, const struct ArrowArray *batch, struct qetl_space *out)
{
    struct row r = {.self = self, .out = out};
    int32_t status = readers_open(self, batch);

    for (int64_t i = 0; status >= 0 && i < batch->length; i++) {
        int64_t before = out->size;

        if (status)
            return status;
        r.row = i + batch->offset;
        r.column = 0;
        status = row_write(&r);
        if (!status)
            continue;
        out->size = before;
        if (status > 0)
            row_reject(&r, status, i);
        status = status > 0 ? QETL_OK : status;
    }
    return status;
}
