/* SPDX-License-Identifier: Apache-2.0 */
/* Columns of nothing but NULLs, of any type. */
#include "internal.h"

static void *zeros(struct qetl_env env, int64_t size)
{
    void *buffer = qetl_sdk_buffer_new(env, size);
    if (buffer)
        memset(buffer, 0, (size_t)size);
    return buffer;
}

/* Bytes of the buffer behind the validity: values, views, offsets or list offsets; 0: there is
 * none. */
static int64_t values_size(const struct ArrowSchema *field, const struct qetl_sdk_type *type,
                           int64_t rows)
{
    switch (field->format[0]) {
    case '+':
        return field->format[1] == 'l' ? (rows + 1) * 4 : 0;
    case 'u':
    case 'z':
        return (rows + 1) * 4;
    case 'U':
    case 'Z':
        return (rows + 1) * 8;
    case 'b':
        return rows / 8 + 1;
    default:
        return field->format[0] == 'v' ? rows * 16 + 16 : rows * type->width + 8;
    }
}

static int64_t buffers_of(const struct ArrowSchema *field)
{
    switch (field->dictionary ? 'i' : field->format[0]) {
    case '+':
        return field->format[1] == 'l' ? 2 : 1;
    case 'u':
    case 'U':
    case 'z':
    case 'Z':
    case 'v':
        return 3;
    default:
        return 2;
    }
}

/* The second buffer and what stands behind it. */
static int32_t values_make(struct qetl_env env, const struct ArrowSchema *field, int64_t rows,
                           struct ArrowArray *out)
{
    struct qetl_sdk_type type;
    int32_t status = qetl_sdk_type_of(field->format, &type);
    if (status)
        return status;
    int64_t size = values_size(field, &type, rows);
    if (size && !(out->buffers[1] = zeros(env, size)))
        return QETL_E_NO_MEMORY;
    /* the sizes of the text behind views: there is none, so that none is needed */
    if (out->n_buffers > 2 && !(out->buffers[2] = zeros(env, 8)))
        return QETL_E_NO_MEMORY;
    return QETL_OK;
}

int32_t qetl_array_nulls(struct qetl_env env, const struct ArrowSchema *field, int64_t rows,
                         struct ArrowArray *out)
{
    int64_t n_buffers = buffers_of(field), *sizes;
    int32_t status = qetl_sdk_array_new(env, n_buffers, field->dictionary ? 1 : field->n_children,
                                        0, &sizes, out);
    if (status)
        return status;
    memset(out->buffers, 0, (size_t)n_buffers * sizeof *out->buffers);
    for (int64_t i = 0; i < out->n_children; i++)
        *out->children[i] = (struct ArrowArray){.release = NULL};
    out->length = rows;
    out->null_count = rows;
    out->buffers[0] = zeros(env, rows / 8 + 1);
    status = out->buffers[0] ? values_make(env, field, rows, out) : QETL_E_NO_MEMORY;
    for (int64_t i = 0; !status && !field->dictionary && i < field->n_children; i++)
        status = qetl_array_nulls(env, field->children[i], field->format[1] == 'l' ? 0 : rows,
                                  out->children[i]);
    if (!status && field->dictionary) {
        status = qetl_array_nulls(env, field->dictionary, 0, out->children[0]);
        out->dictionary = out->children[0];
        out->n_children = 0;
        out->children = NULL;
    }
    if (status)
        qetl_array_release(out);
    return status;
}
