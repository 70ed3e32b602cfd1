/* SPDX-License-Identifier: Apache-2.0 */
/* Readers of columns, whatever their layout. */
#include "internal.h"

#include <assert.h>

static int32_t buffers_expected(const struct qetl_sdk_type *type)
{
    switch (type->kind) {
    case QETL_KIND_NULL:
        return 0;
    case QETL_KIND_STRUCT:
        return 1;
    case QETL_KIND_TEXT:
    case QETL_KIND_BINARY:
        return 3;
    default:
        return 2;
    }
}

static const uint8_t *validity_of(const struct ArrowArray *array)
{
    return array->null_count != 0 && array->n_buffers > 0 ? array->buffers[0] : NULL;
}

/* The values of a column: its own, or its dictionary's. */
static int32_t values_open(struct qetl_column *out, const char *format,
                           const struct ArrowArray *array)
{
    struct qetl_sdk_type type;
    int32_t status = qetl_sdk_type_of(format, &type);
    if (status)
        return status;
    if (array->n_buffers < buffers_expected(&type))
        return QETL_E_DATA;
    out->kind = type.kind;
    out->layout = type.layout;
    out->scale = type.scale;
    out->buffers = array->n_buffers > 1 ? (const void *const *)array->buffers + 1 : NULL;
    return QETL_OK;
}

static int32_t dictionary_open(struct qetl_column *out, const struct ArrowSchema *field,
                               const struct ArrowArray *array)
{
    struct qetl_sdk_type index;
    const struct ArrowArray *values = array->dictionary;
    int32_t status = qetl_sdk_type_of(field->format, &index);
    if (status)
        return status;
    if (index.kind != QETL_KIND_INT && index.kind != QETL_KIND_UINT)
        return QETL_E_UNSUPPORTED;
    if (!values || array->n_buffers < 2)
        return QETL_E_DATA;
    status = values_open(out, field->dictionary->format, values);
    if (status)
        return status;
    if (out->kind == QETL_KIND_LIST || out->kind == QETL_KIND_STRUCT)
        return QETL_E_UNSUPPORTED;
    out->indices = array->buffers[1];
    out->index_layout = index.layout;
    out->values_offset = values->offset;
    out->values_validity = validity_of(values);
    return QETL_OK;
}

int32_t qetl_column_open(struct qetl_column *out, const struct ArrowSchema *field,
                         const struct ArrowArray *array)
{
    memset(out, 0, sizeof *out);
    if (array->n_children != field->n_children)
        return QETL_E_DATA;
    int32_t status = field->dictionary ? dictionary_open(out, field, array)
                                       : values_open(out, field->format, array);
    if (status)
        return status;
    out->validity = validity_of(array);
    out->offset = array->offset;
    out->length = array->length;
    out->schema = field;
    out->array = array;
    return QETL_OK;
}

static int64_t index_at(const void *indices, char layout, int64_t at)
{
    switch (layout) {
    case 'c':
        return ((const int8_t *)indices)[at];
    case 'C':
        return ((const uint8_t *)indices)[at];
    case 's':
        return ((const int16_t *)indices)[at];
    case 'S':
        return ((const uint16_t *)indices)[at];
    case 'i':
        return ((const int32_t *)indices)[at];
    case 'I':
        return ((const uint32_t *)indices)[at];
    default:
        return ((const int64_t *)indices)[at];
    }
}

/* Where the value of row i stands in the value buffers. */
static inline int64_t value_at(const struct qetl_column *c, int64_t i)
{
    int64_t at = i + c->offset;
    if (!c->indices)
        return at;
    return index_at(c->indices, c->index_layout, at) + c->values_offset;
}

bool qetl_column_value_is_null(const struct qetl_column *c, int64_t i)
{
    return !qetl_sdk_bit(c->values_validity, value_at(c, i));
}

struct qetl_text qetl_column_text(const struct qetl_column *c, int64_t i)
{
    int64_t at = value_at(c, i);
    assert(c->kind == QETL_KIND_TEXT || c->kind == QETL_KIND_BINARY);
    if (c->layout == 'v') {
        const struct qetl_sdk_view *view = (const struct qetl_sdk_view *)c->buffers[0] + at;
        if (view->size <= QETL_SDK_VIEW_INLINE)
            return (struct qetl_text){view->inlined, view->size};
        const char *data = c->buffers[1 + view->far.buffer];
        return (struct qetl_text){data + view->far.offset, view->size};
    }
    const char *bytes = c->buffers[1];
    if (c->layout == 'u') {
        const int32_t *offsets = (const int32_t *)c->buffers[0] + at;
        return (struct qetl_text){bytes + offsets[0], offsets[1] - offsets[0]};
    }
    const int64_t *offsets = (const int64_t *)c->buffers[0] + at;
    return (struct qetl_text){bytes + offsets[0], offsets[1] - offsets[0]};
}

/* Asked for each value: it has to cost nothing. */
static inline bool is_whole(char layout)
{
    switch (layout) {
    case 'c':
    case 'C':
    case 's':
    case 'S':
    case 'i':
    case 'I':
    case 'l':
        return true;
    default:
        return false;
    }
}

int64_t qetl_column_int(const struct qetl_column *c, int64_t i)
{
    int64_t at = value_at(c, i);
    const void *values = c->buffers[0];
    switch (c->layout) {
    case 'b':
        return qetl_sdk_bit(values, at);
    case 'L':
        return (int64_t)((const uint64_t *)values)[at];
    default:
        assert(is_whole(c->layout));
        return index_at(values, c->layout, at);
    }
}

uint64_t qetl_column_uint(const struct qetl_column *c, int64_t i)
{
    return (uint64_t)qetl_column_int(c, i);
}

qetl_int128 qetl_column_decimal(const struct qetl_column *c, int64_t i)
{
    qetl_int128 value;
    assert(c->layout == 'd');
    memcpy(&value, (const char *)c->buffers[0] + value_at(c, i) * 16, sizeof value);
    return value;
}

struct qetl_interval qetl_column_interval(const struct qetl_column *c, int64_t i)
{
    struct qetl_interval value;
    assert(c->layout == 't');
    memcpy(&value, (const char *)c->buffers[0] + value_at(c, i) * 16, sizeof value);
    return value;
}

double qetl_column_real(const struct qetl_column *c, int64_t i)
{
    switch (c->layout) {
    case 'g':
        return ((const double *)c->buffers[0])[value_at(c, i)];
    case 'f':
        return (double)((const float *)c->buffers[0])[value_at(c, i)];
    case 'L':
        return (double)qetl_column_uint(c, i);
    case 'd':
        return qetl_sdk_decimal_real(qetl_column_decimal(c, i), c->scale);
    default:
        return (double)qetl_column_int(c, i);
    }
}

int32_t qetl_column_child(const struct qetl_column *c, int64_t k, struct qetl_column *out)
{
    if (k < 0 || k >= c->array->n_children)
        return QETL_E_DATA;
    int32_t status = qetl_column_open(out, c->schema->children[k], c->array->children[k]);
    if (!status && c->kind == QETL_KIND_STRUCT) {
        out->offset += c->offset;
        out->length = c->length;
    }
    return status;
}

void qetl_column_list(const struct qetl_column *c, int64_t i, int64_t *first, int64_t *count)
{
    const int32_t *offsets = (const int32_t *)c->buffers[0] + value_at(c, i);
    assert(c->kind == QETL_KIND_LIST);
    *first = offsets[0];
    *count = offsets[1] - offsets[0];
}
