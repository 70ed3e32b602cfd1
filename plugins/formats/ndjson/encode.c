/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of columns to lines. Keys are escaped once, and copied with what stands around them. */
#include "encoder.h"

#include "convert.h"

#include <stdlib.h>

enum { RUN_COPY = NDJSON_RUN_COPY, CELL_PIECE = 4096, INLINE_MOST = 12 };

static bool metadata_is(const struct ArrowSchema *field, const char *key, const char *value)
{
    size_t size;
    const char *found = qetl_schema_metadata(field, key, &size);
    return found && size == strlen(value) && !memcmp(found, value, size);
}

int32_t ndjson_encoder_forms(const struct ArrowSchema *schema, uint32_t *forms)
{
    for (int64_t i = 0; i < schema->n_children; i++) {
        const struct ArrowSchema *field = schema->children[i];
        bool json = metadata_is(field, "qetl:type", "json");
        /* JSON tells types apart: even text must be proven not to have been a number. */
        json |= field->n_children > 0;
        forms[i] = QETL_FORM_VALUE | (json ? QETL_FORM_LEXICAL : QETL_FORM_CHECKED);
        /* how bytes are spelled is each format's own */
        bool bytes = !strcmp(field->format, "vz") || !strcmp(field->format, "z") ||
                     !strcmp(field->format, "Z");
        if (field->dictionary || bytes)
            forms[i] = QETL_FORM_VALUE;
    }
    return QETL_OK;
}

/* A value's field may still name where it came from: only text that names its type is lexical. */
static bool field_is_lexical(const struct ArrowSchema *field)
{
    size_t size;
    return qetl_schema_is_lexical(field) && !strcmp(field->format, "vu") &&
           qetl_schema_metadata(field, "qetl:type", &size);
}

/* Text that holds JSON: it is said so, or the type is nested. */
static bool field_is_json(const struct ArrowSchema *field)
{
    size_t size;
    const char *type = qetl_schema_metadata(field, "qetl:type", &size);
    if (!type)
        return false;
    return qetl_schema_is_json(field) || (size > 2 && !memcmp(type + size - 2, "[]", 2)) ||
           (size > 7 && !memcmp(type, "struct(", 7));
}

/* The kind of a lexical column, by the SQL name of its type. */
static enum ndjson_outlet_kind lexical_kind(const struct ArrowSchema *field)
{
    char sql[QETL_TYPE_FORMAT_MAX], format[QETL_TYPE_FORMAT_MAX];
    size_t size;
    const char *type = qetl_schema_metadata(field, "qetl:type", &size);
    if (!type || size >= sizeof sql)
        return NDJSON_OUT_TEXT;
    memcpy(sql, type, size);
    sql[size] = 0;
    if (qetl_type_parse(sql, format))
        return NDJSON_OUT_TEXT;
    if (!strcmp(format, "b"))
        return NDJSON_OUT_BOOLEAN;
    bool number = format[0] == 'd' || (!format[1] && strchr("cCsSiIlLfg", format[0]));
    return number ? NDJSON_OUT_NUMBER : NDJSON_OUT_TEXT;
}

static int32_t outlet_run(struct ndjson_outlet *o, const char *name)
{
    int64_t size = (int64_t)strlen(name);
    const uint8_t *key = (const uint8_t *)name;
    o->run = malloc((size_t)size * 6 + 64 + 2 * RUN_COPY);
    if (!o->run)
        return QETL_E_NO_MEMORY;
    uint8_t *out = o->run;
    *out++ = ',';
    *out++ = '"';
    out = ndjson_kernel_portable.quote(out, key, size, key + size);
    *out++ = '"';
    *out++ = ':';
    *out++ = '"';
    o->run_size = out - o->run;
    return QETL_OK;
}

static int32_t outlet_open(struct ndjson_encoder *e, struct ndjson_outlet *o,
                           const struct ArrowSchema *field)
{
    bool ours =
        metadata_is(field, "qetl:lexical", "ndjson") || metadata_is(field, "qetl:lexical", "json");
    bool lexical = field_is_lexical(field);
    bool text =
        !strcmp(field->format, "vu") || !strcmp(field->format, "u") || !strcmp(field->format, "U");
    struct qetl_column column;
    struct ArrowArray none = {.n_buffers = 4, .n_children = field->n_children};
    const void *buffers[4] = {NULL, NULL, NULL, NULL};
    none.buffers = buffers;
    o->leaves_out = lexical && ours;
    if (text && field_is_json(field)) {
        o->kind = NDJSON_OUT_JSON;
        o->trusted = lexical && ours;
    } else if (lexical) {
        o->kind = lexical_kind(field);
    } else {
        o->kind = text && !field->dictionary ? NDJSON_OUT_TEXT : NDJSON_OUT_VALUE;
    }
    if (!field->dictionary && qetl_column_open(&column, field, &none) == QETL_E_UNSUPPORTED)
        return qetl_fail(e->env, QETL_E_UNSUPPORTED, NULL, "cast the column to text",
                         "column \"%s\": ndjson does not write values of Arrow type %s",
                         field->name, field->format);
    return outlet_run(o, field->name ? field->name : "");
}

int32_t ndjson_encoder_open(struct ndjson_encoder *e, struct qetl_env env,
                            const struct ArrowSchema *schema)
{
    ndjson_encoder_free(e);
    e->env = env;
    e->kernel = ndjson_kernel_best();
    const char *nan = qetl_option_text(env, "/nan");
    e->nan = !nan || !strcmp(nan, "reject") ? NDJSON_NAN_REJECT
             : !strcmp(nan, "null")         ? NDJSON_NAN_NULL
                                            : NDJSON_NAN_STRING;
    int32_t status = qetl_schema_copy(schema, &e->schema);
    if (status)
        return status;
    e->outlets = calloc((size_t)schema->n_children + 1, sizeof *e->outlets);
    if (!e->outlets)
        return QETL_E_NO_MEMORY;
    e->n_outlets = schema->n_children;
    for (int64_t i = 0; i < e->n_outlets && !status; i++)
        status = outlet_open(e, &e->outlets[i], e->schema.children[i]);
    return status;
}

void ndjson_encoder_free(struct ndjson_encoder *e)
{
    for (int64_t i = 0; i < e->n_outlets; i++)
        free(e->outlets[i].run);
    free(e->outlets);
    qetl_schema_release(&e->schema);
    ndjson_reader_free(&e->reader);
    *e = (struct ndjson_encoder){0};
}

struct cell {
    const uint8_t *data;
    int64_t size;
    const uint8_t *limit; /* end of what is readable */
};

static inline struct cell view_at(const struct qetl_column *c, int64_t at)
{
    const uint8_t *view = (const uint8_t *)c->buffers[0] + at * 16;
    int32_t part[4];
    memcpy(part, view, sizeof part);
    if (part[0] <= 12)
        return (struct cell){view + 4, part[0], view + 16};
    const uint8_t *data = c->buffers[1 + part[2]];
    const int64_t *sizes = c->buffers[c->array->n_buffers - 2];
    return (struct cell){data + part[3], part[0], data + sizes[part[2]]};
}

static inline struct cell cell_at(const struct qetl_column *c, int64_t i)
{
    if (c->layout == 'v' && !c->indices)
        return view_at(c, i + c->offset);
    struct qetl_text text = qetl_column_text(c, i);
    const uint8_t *data = (const uint8_t *)text.data;
    return (struct cell){data, text.size, data + text.size};
}

static inline void run_put(struct ndjson_pen *pen, const struct ndjson_outlet *o, int64_t size)
{
    memcpy(pen->p, o->run, RUN_COPY);
    if (__builtin_expect(size > RUN_COPY, 0))
        memcpy(pen->p + RUN_COPY, o->run + RUN_COPY, (size_t)(size - RUN_COPY));
    pen->p += size;
}

static inline int32_t text_put(struct ndjson_encoder *e, const struct ndjson_outlet *o,
                               struct cell cell)
{
    struct ndjson_pen *pen = &e->pen;
    int64_t first = cell.size < CELL_PIECE ? cell.size : CELL_PIECE;
    int32_t status = ndjson_pen_room(pen, o->run_size + RUN_COPY + 6 * first + 65);
    if (status)
        return status;
    run_put(pen, o, o->run_size);
    if (__builtin_expect(cell.size > CELL_PIECE, 0))
        status = ndjson_pen_text(e, cell.data, cell.size, cell.limit);
    else
        pen->p = e->kernel->quote(pen->p, cell.data, cell.size, cell.limit);
    return status ? status : ndjson_pen_put(pen, "\"", 1);
}

static int32_t null_put(struct ndjson_encoder *e, const struct ndjson_outlet *o, int64_t i)
{
    if (o->leaves_out && !cell_at(&o->column, i).size)
        return QETL_OK;
    int32_t status = ndjson_pen_room(&e->pen, o->run_size + RUN_COPY);
    if (status)
        return status;
    run_put(&e->pen, o, o->run_size - 1);
    return ndjson_pen_put(&e->pen, "null", 4);
}

int32_t ndjson_cell_put(struct ndjson_encoder *e, const struct ndjson_outlet *o, int64_t i)
{
    if (qetl_column_is_null(&o->column, i))
        return null_put(e, o, i);
    if (o->kind == NDJSON_OUT_TEXT)
        return text_put(e, o, cell_at(&o->column, i));
    int32_t status = ndjson_pen_room(&e->pen, o->run_size + RUN_COPY);
    if (status)
        return status;
    run_put(&e->pen, o, o->run_size - 1);
    if (o->kind == NDJSON_OUT_VALUE)
        return ndjson_write_value(e, &o->column, i);
    struct cell cell = cell_at(&o->column, i);
    if (o->kind == NDJSON_OUT_NUMBER)
        return ndjson_write_number(e, cell.data, cell.size);
    if (o->kind == NDJSON_OUT_BOOLEAN)
        return ndjson_write_boolean(e, cell.data, cell.size);
    return ndjson_write_json(e, cell.data, cell.size, o->trusted);
}

void ndjson_row_reject(struct ndjson_encoder *e, int64_t row, int64_t column)
{
    struct qetl_reject reject = {.struct_size = sizeof reject,
                                 .row = row,
                                 .column = column,
                                 .code = e->code,
                                 .message = e->message};
    e->env.host->reject(e->env.ctx, &reject);
    e->code = NULL;
}

/* Text and numbers that lie in views are the kernel's; the rest goes cell by cell. */
static void outlet_aim(struct ndjson_outlet *o)
{
    const struct qetl_column *c = &o->column;
    bool views = c->layout == 'v' && !c->indices;
    o->views = NULL;
    if (!views || (o->kind != NDJSON_OUT_TEXT && o->kind != NDJSON_OUT_NUMBER))
        return;
    o->views = (const uint8_t *)c->buffers[0] + c->offset * 16;
    o->data = (const uint8_t *const *)&c->buffers[1];
    o->sizes = c->buffers[c->array->n_buffers - 2];
}

static uint64_t bits_at(const uint8_t *bitmap, int64_t at, int64_t n)
{
    uint64_t low = 0, high = 0;
    int64_t shift = at & 7, size = (shift + n + 7) >> 3;
    memcpy(&low, bitmap + (at >> 3), (size_t)(size < 8 ? size : 8));
    if (size > 8)
        high = bitmap[(at >> 3) + 8];
    return shift ? low >> shift | high << (64 - shift) : low;
}

uint64_t ndjson_outlet_plain(const struct ndjson_outlet *o, int64_t row, int64_t n)
{
    if (!o->views)
        return 0;
    const struct qetl_column *c = &o->column;
    const uint8_t *views = o->views + row * 16;
    uint64_t plain = o->kind == NDJSON_OUT_TEXT
                         ? qetl_views_plain_texts(views, n)
                         : qetl_views_plain_numbers(views, n, INLINE_MOST, INLINE_MOST);
    return c->validity ? plain & bits_at(c->validity, row + c->offset, n) : plain;
}

int32_t ndjson_encode_batch(struct ndjson_encoder *e, const struct ArrowArray *batch,
                            struct qetl_space *out)
{
    for (int64_t i = 0; i < e->n_outlets; i++) {
        int32_t status =
            qetl_column_open(&e->outlets[i].column, e->schema.children[i], batch->children[i]);
        if (status)
            return qetl_fail(e->env, status, NULL, NULL, "column \"%s\" cannot be read",
                             e->schema.children[i]->name);
        e->outlets[i].column.offset += batch->offset;
        outlet_aim(&e->outlets[i]);
    }
    int32_t status = out->data ? QETL_OK : out->reserve(out, 1);
    if (status)
        return status;
    e->code = NULL;
    e->pen = (struct ndjson_pen){out, out->data + out->size, out->data + out->capacity};
    status = e->kernel->rows(e, batch->length);
    out->size = e->pen.p - out->data;
    return status;
}
