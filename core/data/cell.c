/* SPDX-License-Identifier: Apache-2.0 */
#include "cell.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SPACE_FIRST_BYTES = 256 };

static int32_t heap_reserve(struct qetl_space *space, int64_t n)
{
    int64_t needed = space->size + n;
    if (needed <= space->capacity)
        return QETL_OK;
    int64_t room = space->capacity * 2 > needed ? space->capacity * 2 : needed;
    room = room > SPACE_FIRST_BYTES ? room : SPACE_FIRST_BYTES;
    uint8_t *grown = realloc(space->data, (size_t)room);
    if (!grown)
        return QETL_E_NO_MEMORY;
    space->data = grown;
    space->capacity = room;
    return QETL_OK;
}

void qetl_heap_space(struct qetl_space *space)
{
    *space = (struct qetl_space){.reserve = heap_reserve};
}

enum qetl_cell_kind qetl_cell_kind_of(const struct ArrowSchema *field)
{
    const struct ArrowSchema *values = field->dictionary ? field->dictionary : field;
    switch (values->format[0]) {
    case 'b':
        return QETL_CELL_BOOLEAN;
    case 'd':
        return QETL_CELL_NUMBER;
    case '+':
        return QETL_CELL_NESTED;
    default:
        return values->format[0] && strchr("cCsSiIlLefg", values->format[0]) ? QETL_CELL_NUMBER
                                                                             : QETL_CELL_TEXT;
    }
}

int32_t qetl_cells_open(struct qetl_cells *cells, const struct ArrowSchema *field,
                        const struct qetl_batch_column *from)
{
    static const struct ArrowSchema text = {
        .format = "vu", .name = "", .flags = ARROW_FLAG_NULLABLE};
    const struct qetl_vector *vector = from->lexical ? from->lexical : from->value;
    *cells = (struct qetl_cells){.field = field,
                                 .kind = qetl_cell_kind_of(field),
                                 .visible = vector != NULL,
                                 .lexical = from->lexical != NULL};
    return vector ? qetl_column_open(&cells->column, cells->lexical ? &text : field, &vector->array)
                  : QETL_OK;
}

bool qetl_cell_is_null(const struct qetl_cells *cells, int64_t row)
{
    return qetl_column_is_null(&cells->column, row);
}

int32_t qetl_cell_text(const struct qetl_cells *cells, int64_t row, struct qetl_space *out)
{
    return qetl_cell_is_null(cells, row) ? QETL_OK : qetl_render(&cells->column, row, out);
}

/* ---- JSON ---- */

static const char *skip_digits(const char *at, const char *end)
{
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return at;
}

bool qetl_json_is_number(const char *text, int64_t size)
{
    const char *at = text, *end = text + size;
    at += at < end && *at == '-';
    const char *whole = at;
    at = skip_digits(at, end);
    if (at == whole || (*whole == '0' && at > whole + 1))
        return false;
    if (at < end && *at == '.') {
        const char *fraction = ++at;
        at = skip_digits(at, end);
        if (at == fraction)
            return false;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        at += at < end && (*at == '+' || *at == '-');
        const char *exponent = at;
        at = skip_digits(at, end);
        if (at == exponent)
            return false;
    }
    return at == end;
}

static int32_t put_text(struct qetl_space *out, const char *text)
{
    return qetl_space_put(out, text, (int64_t)strlen(text));
}

/* Bytes of the character at text; 0: it is no UTF-8. */
static int64_t character_size(const char *text, int64_t size)
{
    for (int64_t n = 1; n <= 4 && n <= size; n++)
        if (qetl_utf8_valid(text, n))
            return n;
    return 0;
}

static int32_t quote_one(const char *text, int64_t size, struct qetl_space *out)
{
    char escape[8];
    unsigned char c = (unsigned char)*text;
    if (c == '"' || c == '\\')
        snprintf(escape, sizeof escape, "\\%c", c);
    else if (c == '\n' || c == '\t' || c == '\r')
        snprintf(escape, sizeof escape, "\\%c", c == '\n' ? 'n' : c == '\t' ? 't' : 'r');
    else if (c < 0x20)
        snprintf(escape, sizeof escape, "\\u%04x", c);
    else
        return size ? qetl_space_put(out, text, size) : put_text(out, "\xef\xbf\xbd");
    return put_text(out, escape);
}

int32_t qetl_json_quote(const char *text, int64_t size, struct qetl_space *out)
{
    int32_t status = put_text(out, "\"");
    for (int64_t at = 0; !status && at < size;) {
        int64_t n = character_size(text + at, size - at);
        status = quote_one(text + at, n, out);
        at += n ? n : 1;
    }
    return status ? status : put_text(out, "\"");
}

static bool is_json(const char *text, int64_t size)
{
    json_t *value = json_loadb(text, (size_t)size, JSON_DECODE_ANY, NULL);
    json_decref(value);
    return value != NULL;
}

/* What may stand in JSON as it is. */
static bool stands_bare(const struct qetl_cells *cells, const char *text, int64_t size)
{
    switch (cells->kind) {
    case QETL_CELL_NUMBER:
        return qetl_json_is_number(text, size);
    case QETL_CELL_BOOLEAN:
        return (size == 4 && memcmp(text, "true", 4) == 0) ||
               (size == 5 && memcmp(text, "false", 5) == 0);
    case QETL_CELL_NESTED:
        return !cells->lexical || is_json(text, size);
    default:
        return false;
    }
}

int32_t qetl_cell_json(const struct qetl_cells *cells, int64_t row, struct qetl_space *out)
{
    if (qetl_cell_is_null(cells, row))
        return put_text(out, "null");
    struct qetl_space cell;
    qetl_heap_space(&cell);
    int32_t status = qetl_render(&cells->column, row, &cell);
    const char *text = cell.data ? (const char *)cell.data : "";
    if (!status && stands_bare(cells, text, cell.size))
        status = qetl_space_put(out, text, cell.size);
    else if (!status)
        status = qetl_json_quote(text, cell.size, out);
    free(cell.data);
    return status;
}

int32_t qetl_row_json(const struct ArrowSchema *schema, const struct qetl_batch *batch, int64_t row,
                      struct qetl_space *out)
{
    int32_t status = put_text(out, "{");
    bool first = true;
    for (int64_t c = 0; !status && c < batch->n_columns; c++) {
        const struct ArrowSchema *field = schema->children[c];
        struct qetl_cells cells;
        status = qetl_cells_open(&cells, field, &batch->columns[c]);
        if (status || !cells.visible)
            continue;
        if (!first)
            status = put_text(out, ",");
        first = false;
        if (!status)
            status = qetl_json_quote(field->name, (int64_t)strlen(field->name), out);
        if (!status)
            status = put_text(out, ":");
        if (!status)
            status = qetl_cell_json(&cells, row, out);
    }
    return status ? status : put_text(out, "}");
}
