/* SPDX-License-Identifier: Apache-2.0 */
/* Validation of what buffers hold: views, offsets, UTF-8, decimals, indices of dictionaries. */
#include "validate.h"

static int32_t validate_utf8(const struct qetl_column *c, int64_t i,
                             const struct qetl_sdk_finding *at)
{
    struct qetl_text text = qetl_column_text(c, i);
    if (c->kind == QETL_KIND_TEXT && !qetl_utf8_valid(text.data, text.size))
        return qetl_sdk_invalid(at, "row %lld is not valid UTF-8", (long long)i);
    return QETL_OK;
}

static int32_t validate_inlined(const struct qetl_sdk_view *view, int64_t i,
                                const struct qetl_sdk_finding *at)
{
    for (int32_t k = view->size; k < QETL_SDK_VIEW_INLINE; k++)
        if (view->inlined[k])
            return qetl_sdk_invalid(at, "row %lld: the view is not padded with zeros",
                                    (long long)i);
    return QETL_OK;
}

static int32_t validate_far(const struct ArrowArray *array, const struct qetl_sdk_view *view,
                            int64_t i, const struct qetl_sdk_finding *at)
{
    int64_t n_data = array->n_buffers - 3;
    const int64_t *sizes = array->buffers[array->n_buffers - 1];
    int32_t index = view->far.buffer, offset = view->far.offset;
    if (index < 0 || index >= n_data)
        return qetl_sdk_invalid(at, "row %lld: the view names buffer %d of %lld", (long long)i,
                                index, (long long)n_data);
    if (offset < 0 || (int64_t)offset + view->size > sizes[index])
        return qetl_sdk_invalid(at, "row %lld: the view reaches %lld in a buffer of %lld bytes",
                                (long long)i, (long long)offset + view->size,
                                (long long)sizes[index]);
    const char *data = (const char *)array->buffers[2 + index] + offset;
    if (memcmp(view->far.prefix, data, sizeof view->far.prefix) != 0)
        return qetl_sdk_invalid(at, "row %lld: the view's prefix differs from its data",
                                (long long)i);
    return QETL_OK;
}

static int32_t validate_sizes(const struct ArrowArray *array, const struct qetl_sdk_finding *at)
{
    int64_t n_data = array->n_buffers - 3;
    const int64_t *sizes = array->buffers[array->n_buffers - 1];
    if (n_data && !sizes)
        return qetl_sdk_invalid(at, "the sizes of the data buffers are missing");
    for (int64_t k = 0; k < n_data; k++)
        if (sizes[k] < 0 || (sizes[k] && !array->buffers[2 + k]))
            return qetl_sdk_invalid(at, "data buffer %lld is missing, or its size %lld is wrong",
                                    (long long)k, (long long)sizes[k]);
    return QETL_OK;
}

/* A NULL's view may hold anything, but in a lexical column it holds the NULL's spelling. */
static int32_t validate_views(const struct qetl_column *c, const struct qetl_sdk_finding *at)
{
    bool lexical = qetl_schema_is_lexical(c->schema);
    int32_t status = validate_sizes(c->array, at);
    for (int64_t i = 0; i < c->length && !status; i++) {
        if (qetl_column_is_null(c, i) && !lexical)
            continue;
        const struct qetl_sdk_view *view =
            (const struct qetl_sdk_view *)c->buffers[0] + c->offset + i;
        if (view->size < 0)
            return qetl_sdk_invalid(at, "row %lld: the view's size %d is negative", (long long)i,
                                    view->size);
        status = view->size <= QETL_SDK_VIEW_INLINE ? validate_inlined(view, i, at)
                                                    : validate_far(c->array, view, i, at);
        if (!status)
            status = validate_utf8(c, i, at);
    }
    return status;
}

static int64_t offset_at(const struct qetl_column *c, int64_t i)
{
    if (c->layout == 'U')
        return ((const int64_t *)c->buffers[0])[c->offset + i];
    return ((const int32_t *)c->buffers[0])[c->offset + i];
}

/* limit: of the last offset, or -1 where the interface does not tell the size. */
static int32_t validate_offsets(const struct qetl_column *c, int64_t limit,
                                const struct qetl_sdk_finding *at)
{
    if (!c->buffers[0])
        return QETL_OK;
    int64_t last = offset_at(c, 0);
    if (last < 0)
        return qetl_sdk_invalid(at, "the first offset %lld is negative", (long long)last);
    for (int64_t i = 0; i < c->length; i++) {
        int64_t next = offset_at(c, i + 1);
        if (next < last)
            return qetl_sdk_invalid(at, "row %lld: offset %lld is followed by %lld", (long long)i,
                                    (long long)last, (long long)next);
        last = next;
    }
    if (limit >= 0 && last > limit)
        return qetl_sdk_invalid(at, "the last offset %lld is beyond the %lld elements",
                                (long long)last, (long long)limit);
    if (limit < 0 && last && !c->buffers[1])
        return qetl_sdk_invalid(at, "offsets reach %lld in a buffer that is missing",
                                (long long)last);
    return QETL_OK;
}

static int32_t validate_offset_text(const struct qetl_column *c, const struct qetl_sdk_finding *at)
{
    int32_t status = validate_offsets(c, -1, at);
    for (int64_t i = 0; i < c->length && !status; i++)
        if (!qetl_column_is_null(c, i))
            status = validate_utf8(c, i, at);
    return status;
}

static int32_t validate_decimals(const struct qetl_column *c, int32_t precision,
                                 const struct qetl_sdk_finding *at)
{
    qetl_int128 limit = qetl_sdk_power10(precision);
    for (int64_t i = 0; i < c->length; i++) {
        if (qetl_column_is_null(c, i))
            continue;
        qetl_int128 value = qetl_column_decimal(c, i);
        if (value >= limit || value <= -limit)
            return qetl_sdk_invalid(at, "row %lld has more than %d digits", (long long)i,
                                    precision);
    }
    return QETL_OK;
}

int32_t qetl_sdk_validate_values(const struct qetl_column *c, const struct qetl_sdk_type *type,
                                 const struct qetl_sdk_finding *at)
{
    switch (c->kind) {
    case QETL_KIND_TEXT:
    case QETL_KIND_BINARY:
        return c->layout == 'v' ? validate_views(c, at) : validate_offset_text(c, at);
    case QETL_KIND_LIST:
        return validate_offsets(c, c->array->children[0]->length, at);
    case QETL_KIND_DECIMAL:
        return validate_decimals(c, type->precision, at);
    default:
        return QETL_OK;
    }
}

int32_t qetl_sdk_validate_indices(const struct ArrowSchema *schema,
                                  const struct qetl_sdk_type *type, const struct ArrowArray *array,
                                  const struct qetl_sdk_finding *at)
{
    struct ArrowSchema plain = *schema;
    struct qetl_column column;
    plain.dictionary = NULL;
    if (type->kind != QETL_KIND_INT && type->kind != QETL_KIND_UINT)
        return qetl_sdk_invalid(at, "a dictionary's indices have the format %s", schema->format);
    if (qetl_column_open(&column, &plain, array))
        return qetl_sdk_invalid(at, "the indices cannot be read");
    for (int64_t i = 0; i < array->length; i++) {
        int64_t index = qetl_column_is_null(&column, i) ? 0 : qetl_column_int(&column, i);
        if (!qetl_column_is_null(&column, i) && (index < 0 || index >= array->dictionary->length))
            return qetl_sdk_invalid(at, "row %lld: index %lld in a dictionary of %lld values",
                                    (long long)i, (long long)index,
                                    (long long)array->dictionary->length);
    }
    return QETL_OK;
}
