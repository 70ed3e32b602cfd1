/* SPDX-License-Identifier: Apache-2.0 */
/* Values as JSON: numbers in full, times as RFC 3339, binary as base64, lists and structs as they
 * are. */
#include "encoder.h"

#include "convert.h"
#include "rfc3339.h"

#include <math.h>

enum { DAY_MS = 86400000 };

static int32_t refuse(struct ndjson_encoder *e, const char *code, const char *message)
{
    e->code = code;
    e->message = message;
    return QETL_OK;
}

static int32_t integer_put(struct ndjson_encoder *e, int64_t number)
{
    int32_t status = ndjson_pen_room(&e->pen, QETL_PRINT_ROOM);
    if (!status)
        e->pen.p = qetl_print_integer(e->pen.p, number);
    return status;
}

static int32_t unsigned_put(struct ndjson_encoder *e, uint64_t number)
{
    int32_t status = ndjson_pen_room(&e->pen, QETL_PRINT_ROOM);
    if (!status)
        e->pen.p = qetl_print_unsigned(e->pen.p, number);
    return status;
}

/* Through the renderer that all text formats share. */
static int32_t rendered_put(struct ndjson_encoder *e, const struct qetl_column *c, int64_t i)
{
    struct qetl_space *space = e->pen.space;
    space->size = e->pen.p - space->data;
    int32_t status = qetl_render(c, i, space);
    e->pen.p = space->data + space->size;
    e->pen.end = space->data + space->capacity;
    return status;
}

static int32_t text_put(struct ndjson_encoder *e, const uint8_t *data, int64_t size)
{
    int32_t status = ndjson_pen_put(&e->pen, "\"", 1);
    if (!status)
        status = ndjson_pen_text(e, data, size, data + size);
    return status ? status : ndjson_pen_put(&e->pen, "\"", 1);
}

static int32_t binary_put(struct ndjson_encoder *e, const struct qetl_column *c, int64_t i)
{
    struct qetl_text bytes = qetl_column_text(c, i);
    int64_t size = (bytes.size + 2) / 3 * 4;
    int32_t status = ndjson_pen_room(&e->pen, size + 2);
    if (status)
        return status;
    *e->pen.p++ = '"';
    ndjson_base64_encode((const uint8_t *)bytes.data, bytes.size, e->pen.p);
    e->pen.p += size;
    *e->pen.p++ = '"';
    return QETL_OK;
}

static int32_t time_put(struct ndjson_encoder *e, const struct qetl_column *c, int64_t i)
{
    char text[NDJSON_STAMP_MAX];
    int64_t value = qetl_column_int(c, i);
    int32_t size;
    if (c->kind == QETL_KIND_DATE && c->scale)
        value = value / DAY_MS - (value % DAY_MS < 0);
    if (c->kind == QETL_KIND_DATE)
        size = ndjson_date_write(value, text);
    else if (c->kind == QETL_KIND_TIME)
        size = ndjson_time_write(value, c->scale, text);
    else
        size = ndjson_stamp_write(value, c->scale, c->schema->format[4] != 0, text);
    if (size < 0)
        return refuse(e, "not_rfc3339",
                      "RFC 3339 has years from 0000 to 9999 and times under 24:00");
    return text_put(e, (const uint8_t *)text, size);
}

/* What needs no escape in quotes. */
static int32_t quoted_put(struct ndjson_encoder *e, const struct qetl_column *c, int64_t i)
{
    int32_t status = ndjson_pen_put(&e->pen, "\"", 1);
    if (!status)
        status = rendered_put(e, c, i);
    return status ? status : ndjson_pen_put(&e->pen, "\"", 1);
}

static int32_t list_put(struct ndjson_encoder *e, const struct qetl_column *c, int64_t i)
{
    struct qetl_column values;
    int64_t first, count;
    int32_t status = qetl_column_child(c, 0, &values);
    qetl_column_list(c, i, &first, &count);
    if (!status)
        status = ndjson_pen_put(&e->pen, "[", 1);
    for (int64_t k = 0; k < count && !status && !e->code; k++) {
        if (k)
            status = ndjson_pen_put(&e->pen, ",", 1);
        if (!status)
            status = ndjson_write_value(e, &values, first + k);
    }
    return status ? status : ndjson_pen_put(&e->pen, "]", 1);
}

static int32_t struct_put(struct ndjson_encoder *e, const struct qetl_column *c, int64_t i)
{
    int32_t status = ndjson_pen_put(&e->pen, "{", 1);
    for (int64_t k = 0; k < c->schema->n_children && !status && !e->code; k++) {
        const char *name = c->schema->children[k]->name;
        struct qetl_column child;
        status = qetl_column_child(c, k, &child);
        if (!status && k)
            status = ndjson_pen_put(&e->pen, ",", 1);
        if (!status)
            status =
                text_put(e, (const uint8_t *)(name ? name : ""), name ? (int64_t)strlen(name) : 0);
        if (!status)
            status = ndjson_pen_put(&e->pen, ":", 1);
        if (!status)
            status = ndjson_write_value(e, &child, i);
    }
    return status ? status : ndjson_pen_put(&e->pen, "}", 1);
}

int32_t ndjson_write_value(struct ndjson_encoder *e, const struct qetl_column *c, int64_t i)
{
    int64_t number;
    struct qetl_text text;
    if (qetl_column_is_null(c, i))
        return ndjson_pen_put(&e->pen, "null", 4);
    switch (c->kind) {
    case QETL_KIND_BOOL:
        number = qetl_column_int(c, i);
        return ndjson_pen_put(&e->pen, number ? "true" : "false", number ? 4 : 5);
    case QETL_KIND_INT:
        number = qetl_column_int(c, i);
        return integer_put(e, number);
    case QETL_KIND_UINT:
        return unsigned_put(e, qetl_column_uint(c, i));
    case QETL_KIND_REAL:
        return isfinite(qetl_column_real(c, i)) ? rendered_put(e, c, i)
                                                : ndjson_write_nan(e, qetl_column_real(c, i));
    case QETL_KIND_DECIMAL:
        return rendered_put(e, c, i);
    case QETL_KIND_BINARY:
        return binary_put(e, c, i);
    case QETL_KIND_DATE:
    case QETL_KIND_TIME:
    case QETL_KIND_TIMESTAMP:
        return time_put(e, c, i);
    case QETL_KIND_INTERVAL:
        return quoted_put(e, c, i);
    case QETL_KIND_LIST:
        return list_put(e, c, i);
    case QETL_KIND_STRUCT:
        return struct_put(e, c, i);
    default:
        text = qetl_column_text(c, i);
        if (qetl_schema_is_json(c->schema))
            return ndjson_write_json(e, (const uint8_t *)text.data, text.size, false);
        return text_put(e, (const uint8_t *)text.data, text.size);
    }
}
