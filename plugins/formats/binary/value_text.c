/* SPDX-License-Identifier: Apache-2.0 */
/* Text and bytes into fields, and all that has a length of its own. */
#include "text.h"
#include "value.h"

/* The value as text, whatever it is. */
static int32_t text_of(const struct qetl_column *c, int64_t row, struct qetl_space *scratch,
                       struct qetl_text *out)
{
    int32_t status;

    if (c->kind == QETL_KIND_TEXT || c->kind == QETL_KIND_BINARY) {
        *out = qetl_column_text(c, row);
        return QETL_OK;
    }
    scratch->size = 0;
    status = qetl_render(c, row, scratch);
    *out = (struct qetl_text){(const char *)scratch->data, scratch->size};
    return status;
}

static bool is_null_text(const struct binary_field *f, struct qetl_text t)
{
    return f->null_text && (size_t)t.size == strlen(f->null_text) &&
           !memcmp(t.data, f->null_text, (size_t)t.size);
}

/* The bytes of a value in the field's encoding. */
static int32_t content_of(const struct binary_field *f, const struct qetl_column *c, int64_t row,
                          struct qetl_space *scratch, struct qetl_text *out)
{
    int32_t status;

    if (qetl_column_is_null(c, row)) {
        if (!f->null_text)
            return BINARY_NO_NULL;
        *out = (struct qetl_text){f->null_text, (int64_t)strlen(f->null_text)};
    } else {
        status = text_of(c, row, scratch, out);
        if (status)
            return status;
        if (is_null_text(f, *out))
            return BINARY_READS_AS_NULL;
        if (f->kind == BINARY_TEXT && out->size &&
            binary_text_size(f->trim, (const uint8_t *)out->data, out->size) != out->size)
            return BINARY_TRIMMED;
    }
    return f->converter ? binary_converter_encode(f->converter, *out, out) : BINARY_FINE;
}

/* Spaces of the encoding up to the end. */
static int32_t spaces_fill(const struct binary_field *f, uint8_t *data, int64_t size)
{
    struct qetl_text space = {" ", 1};
    int32_t code =
        f->converter ? binary_converter_encode(f->converter, space, &space) : BINARY_FINE;

    if (code)
        return code;
    if (size % space.size)
        return BINARY_WRONG_COUNT;
    for (int64_t i = 0; i < size; i += space.size)
        memcpy(data + i, space.data, (size_t)space.size);
    return BINARY_FINE;
}

int32_t binary_text_write(const struct binary_field *f, const struct qetl_column *c, int64_t row,
                          uint8_t *data, struct qetl_space *scratch)
{
    int64_t most = f->width;
    struct qetl_text t;
    int32_t code = content_of(f, c, row, scratch, &t);

    if (code)
        return code;
    if (f->pascal) {
        most = f->width - 1 < 255 ? f->width - 1 : 255;
        data[0] = (uint8_t)t.size;
        data++;
    }
    if (t.size > most)
        return BINARY_TOO_LONG;
    if (t.size)
        memcpy(data, t.data, (size_t)t.size);
    if (f->kind == BINARY_TEXT && f->trim == BINARY_TRIM_SPACE)
        return spaces_fill(f, data + t.size, most - t.size);
    if (f->kind == BINARY_TEXT && f->trim == BINARY_TRIM_NONE && !f->pascal && t.size != most)
        return BINARY_WRONG_COUNT;
    return BINARY_FINE;
}

static int32_t elements_write(const struct binary_field *f, const struct qetl_column *c,
                              int64_t row, struct qetl_space *out, struct qetl_space *scratch,
                              int64_t *units)
{
    struct binary_field fixed = *f;
    int64_t first, count, size;
    int32_t status;

    if (qetl_column_is_null(c, row))
        return BINARY_NO_NULL;
    qetl_column_list(c, row, &first, &count);
    size = count * (f->width + f->time.fraction_width);
    if (size > BINARY_RECORD_MAX)
        return BINARY_TOO_LONG;
    if (out->capacity - out->size < size && (status = out->reserve(out, size)))
        return status;
    if (size)
        memset(out->data + out->size, 0, (size_t)size);
    fixed.count = *units = count;
    fixed.length_width = 0;
    fixed.length_from = -1;
    status = binary_value_write(&fixed, c, row, out->data + out->size, scratch);
    out->size += status ? 0 : size;
    return status;
}

int32_t binary_variable_write(const struct binary_field *f, const struct qetl_column *c,
                              int64_t row, struct qetl_space *out, struct qetl_space *scratch,
                              int64_t *units)
{
    struct qetl_text t;
    int32_t code;

    if (f->count >= 0)
        return elements_write(f, c, row, out, scratch, units);
    code = content_of(f, c, row, scratch, &t);
    *units = t.size;
    return code ? code : qetl_space_put(out, t.data, t.size);
}
