/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes become arrays again: laid out anew, in buffers of their own. */
#include "array_bytes.h"

#include <qetl/sdk.h>
#include <stdlib.h>
#include <string.h>

enum { BUFFERS = 4, ALIGNMENT = 64 };

struct owner { /* an array's private_data */
    const void *buffers[BUFFERS];
    void *owned[BUFFERS];
    struct ArrowArray **children, *arrays;
    struct ArrowArray dictionary;
};

static void release(struct ArrowArray *array)
{
    struct owner *owner = array->private_data;
    for (int64_t i = 0; i < array->n_children; i++)
        qetl_array_release(&owner->arrays[i]);
    qetl_array_release(&owner->dictionary);
    for (int i = 0; i < BUFFERS; i++)
        free(owner->owned[i]);
    free(owner->children);
    free(owner->arrays);
    free(owner);
    array->release = NULL;
}

static struct owner *array_open(struct ArrowArray *out, const struct ArrowSchema *field,
                                int64_t rows)
{
    struct owner *owner = calloc(1, sizeof *owner);
    size_t n = (size_t)field->n_children;
    *out = (struct ArrowArray){.length = rows, .buffers = owner ? owner->buffers : NULL};
    if (!owner)
        return NULL;
    out->private_data = owner;
    out->release = release;
    owner->arrays = calloc(n + 1, sizeof *owner->arrays);
    owner->children = calloc(n + 1, sizeof(struct ArrowArray *));
    if (!owner->arrays || !owner->children)
        return NULL;
    for (size_t i = 0; i < n; i++)
        owner->children[i] = &owner->arrays[i];
    out->n_children = field->n_children;
    out->children = owner->children;
    return owner;
}

static void *buffer_new(struct owner *owner, int at, int64_t size)
{
    size_t room = ((size_t)size + 2 * ALIGNMENT) / ALIGNMENT * ALIGNMENT;
    owner->owned[at] = aligned_alloc(ALIGNMENT, room);
    if (owner->owned[at])
        memset(owner->owned[at], 0, room);
    owner->buffers[at] = owner->owned[at];
    return owner->owned[at];
}

/* So many bytes, which are there. */
static const uint8_t *take(struct qetl_unpack *in, int64_t size)
{
    const uint8_t *at = in->at;
    if (in->failed || size < 0 || size > in->end - in->at) {
        in->failed = true;
        return NULL;
    }
    in->at += size;
    return at;
}

static int32_t take_buffer(struct qetl_unpack *in, struct owner *owner, int at, int64_t size)
{
    const uint8_t *bytes = take(in, size);
    if (!bytes)
        return QETL_E_DATA;
    void *to = buffer_new(owner, at, size);
    if (!to)
        return QETL_E_NO_MEMORY;
    memcpy(to, bytes, (size_t)size);
    return QETL_OK;
}

static int32_t unpack_column(struct qetl_unpack *, const struct ArrowSchema *, int64_t rows,
                             struct ArrowArray *out);

static int32_t unpack_fixed(struct qetl_unpack *in, struct ArrowArray *out, int64_t width)
{
    out->n_buffers = 2;
    return out->length > INT64_MAX / 32
               ? QETL_E_DATA
               : take_buffer(in, out->private_data, 1, out->length * width);
}

/* The sizes stand before each text: two passes, one to see how much room they take. */
static int64_t texts_room(struct qetl_unpack in, int64_t rows)
{
    int64_t room = 0;
    for (int64_t row = 0; row < rows && !in.failed; row++) {
        uint32_t size = qetl_unpack_u32(&in);
        if (take(&in, size))
            room += size;
    }
    return in.failed || room > INT32_MAX ? -1 : room;
}

static int32_t unpack_views(struct qetl_unpack *in, struct ArrowArray *out, int64_t room)
{
    struct owner *owner = out->private_data;
    uint8_t *views = buffer_new(owner, 1, out->length * 16), *data = buffer_new(owner, 2, room);
    int64_t *sizes = buffer_new(owner, 3, 8);
    int32_t used = 0;
    if (!views || !data || !sizes)
        return QETL_E_NO_MEMORY;
    for (int64_t row = 0; row < out->length; row++) {
        int32_t view[4] = {(int32_t)qetl_unpack_u32(in), 0, 0, 0};
        const uint8_t *text = take(in, view[0]);
        if (view[0] > 12) {
            memcpy(data + used, text, (size_t)view[0]);
            memcpy(&view[1], text, 4);
            view[3] = used;
            used += view[0];
        } else if (view[0]) {
            memcpy(&view[1], text, (size_t)view[0]);
        }
        memcpy(views + row * 16, view, sizeof view);
    }
    sizes[0] = used;
    out->n_buffers = 4;
    return QETL_OK;
}

static int32_t unpack_offsets(struct qetl_unpack *in, struct ArrowArray *out, int64_t room,
                              bool large)
{
    struct owner *owner = out->private_data;
    uint8_t *offsets = buffer_new(owner, 1, (out->length + 1) * (large ? 8 : 4));
    uint8_t *data = buffer_new(owner, 2, room);
    int64_t used = 0;
    if (!offsets || !data)
        return QETL_E_NO_MEMORY;
    for (int64_t row = 0; row < out->length; row++) {
        uint32_t size = qetl_unpack_u32(in);
        const uint8_t *text = take(in, size);
        if (size)
            memcpy(data + used, text, size);
        used += size;
        if (large)
            ((int64_t *)(void *)offsets)[row + 1] = used;
        else
            ((int32_t *)(void *)offsets)[row + 1] = (int32_t)used;
    }
    out->n_buffers = 3;
    return QETL_OK;
}

static int32_t unpack_texts(struct qetl_unpack *in, const char *format, struct ArrowArray *out)
{
    if (out->length > (in->end - in->at) / 4)
        return QETL_E_DATA;
    int64_t room = texts_room(*in, out->length);
    if (room < 0)
        return QETL_E_DATA;
    return format[0] == 'v' ? unpack_views(in, out, room)
                            : unpack_offsets(in, out, room, format[0] == 'U' || format[0] == 'Z');
}

static int32_t unpack_list(struct qetl_unpack *in, const struct ArrowSchema *field,
                           struct ArrowArray *out)
{
    struct owner *owner = out->private_data;
    if (field->n_children != 1 || out->length > (in->end - in->at) / 4)
        return QETL_E_DATA;
    int32_t *offsets = buffer_new(owner, 1, (out->length + 1) * 4);
    int64_t used = 0;
    if (!offsets)
        return QETL_E_NO_MEMORY;
    for (int64_t row = 0; row < out->length; row++) {
        used += qetl_unpack_u32(in);
        if (used > INT32_MAX)
            return QETL_E_DATA;
        offsets[row + 1] = (int32_t)used;
    }
    out->n_buffers = 2;
    return unpack_column(in, field->children[0], used, &owner->arrays[0]);
}

static int32_t unpack_struct(struct qetl_unpack *in, const struct ArrowSchema *field,
                             struct ArrowArray *out)
{
    struct owner *owner = out->private_data;
    int32_t status = QETL_OK;
    out->n_buffers = 1;
    for (int64_t i = 0; !status && i < field->n_children; i++)
        status = unpack_column(in, field->children[i], out->length, &owner->arrays[i]);
    return status;
}

static int32_t unpack_dictionary(struct qetl_unpack *in, const struct ArrowSchema *field,
                                 struct ArrowArray *out)
{
    struct owner *owner = out->private_data;
    int64_t width = qetl_format_width(field->format);
    int32_t status = width ? unpack_fixed(in, out, width) : QETL_E_DATA;
    int64_t rows = status ? 0 : qetl_unpack_i64(in);
    if (!status && (in->failed || rows < 0))
        status = QETL_E_DATA;
    if (!status)
        status = unpack_column(in, field->dictionary, rows, &owner->dictionary);
    out->dictionary = &owner->dictionary;
    return status;
}

static int32_t unpack_values(struct qetl_unpack *in, const struct ArrowSchema *field,
                             struct ArrowArray *out)
{
    const char *format = field->format;
    if (field->dictionary)
        return unpack_dictionary(in, field, out);
    if (strcmp(format, "+s") == 0)
        return unpack_struct(in, field, out);
    if (strcmp(format, "+l") == 0)
        return unpack_list(in, field, out);
    if (strcmp(format, "b") == 0) {
        out->n_buffers = 2;
        return take_buffer(in, out->private_data, 1, out->length / 8 + (out->length % 8 != 0));
    }
    int64_t width = qetl_format_width(format);
    if (width)
        return unpack_fixed(in, out, width);
    return format[0] && strchr("uUzZv", format[0]) ? unpack_texts(in, format, out) : QETL_E_DATA;
}

static void count_nulls(struct ArrowArray *out)
{
    const uint8_t *bits = out->buffers[0];
    for (int64_t row = 0; bits && row < out->length; row++)
        out->null_count += !(bits[row >> 3] >> (row & 7) & 1);
}

static int32_t unpack_column(struct qetl_unpack *in, const struct ArrowSchema *field, int64_t rows,
                             struct ArrowArray *out)
{
    struct owner *owner = array_open(out, field, rows);
    uint8_t nulls = qetl_unpack_u8(in);
    int32_t status = !owner ? QETL_E_NO_MEMORY : in->failed || nulls > 1 ? QETL_E_DATA : QETL_OK;
    if (!status && nulls)
        status = take_buffer(in, owner, 0, rows / 8 + (rows % 8 != 0));
    if (!status && nulls)
        count_nulls(out);
    return status ? status : unpack_values(in, field, out);
}

int32_t qetl_unpack_array(struct qetl_unpack *in, const struct ArrowSchema *schema,
                          struct ArrowArray *out)
{
    char why[200];
    int64_t rows = qetl_unpack_i64(in);
    *out = (struct ArrowArray){0};
    if (in->failed || rows < 0 || rows > INT32_MAX)
        return QETL_E_DATA;
    int32_t status = unpack_column(in, schema, rows, out);
    if (!status && in->failed)
        status = QETL_E_DATA;
    if (!status && qetl_array_validate(schema, out, why, sizeof why))
        status = QETL_E_DATA;
    if (status)
        qetl_array_release(out);
    return status;
}
