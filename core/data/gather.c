/* SPDX-License-Identifier: Apache-2.0 */
#include "gather.h"

#include "owned_array.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct gather {
    struct qetl_pool *pool;
    struct qetl_vector *from;
    bool compact;
};

static bool bit(const uint8_t *bits, int64_t at)
{
    return bits[at >> 3] >> (at & 7) & 1;
}

static void gather_bits(const uint8_t *from, int64_t offset, const int32_t *map, int64_t rows,
                        uint8_t *to)
{
    memset(to, 0, (size_t)(rows + 7) / 8);
    for (int64_t i = 0; i < rows; i++)
        to[i >> 3] |= (uint8_t)(bit(from, offset + map[i]) << (i & 7));
}

static int gather_validity(struct gather *gather, const struct ArrowArray *in, const int32_t *map,
                           struct ArrowArray *out)
{
    const uint8_t *from = in->n_buffers ? in->buffers[0] : NULL;
    if (!from || in->null_count == 0)
        return QETL_OK;
    uint8_t *to = qetl_owned_buffer(out, gather->pool, 0, (out->length + 7) / 8);
    if (!to)
        return QETL_E_NO_MEMORY;
    gather_bits(from, in->offset, map, out->length, to);
    out->null_count = -1;
    return QETL_OK;
}

#define GATHER_FIXED(type)                           \
    do {                                             \
        const type *f = (const type *)from + offset; \
        type *t = to;                                \
        for (int64_t i = 0; i < rows; i++)           \
            t[i] = f[map[i]];                        \
    } while (0)

struct wide {
    uint64_t words[2];
};

static void gather_fixed(int32_t width, const void *from, int64_t offset, const int32_t *map,
                         int64_t rows, void *to)
{
    switch (width) {
    case 1:
        GATHER_FIXED(uint8_t);
        break;
    case 2:
        GATHER_FIXED(uint16_t);
        break;
    case 4:
        GATHER_FIXED(uint32_t);
        break;
    case 8:
        GATHER_FIXED(uint64_t);
        break;
    default:
        GATHER_FIXED(struct wide);
        break;
    }
}

/* A text view: Arrow's 16 bytes. Up to 12 bytes of text stand inline. */
struct text_view {
    int32_t size;
    char prefix[4];
    int32_t buffer, offset;
};

/* Arrow leaves the view of a NULL undefined, so that a range may lie outside of all buffers. */
static bool view_in_bounds(const struct ArrowArray *in, const struct text_view *view)
{
    const int64_t *sizes = in->buffers[in->n_buffers - 1];
    return view->buffer >= 0 && view->buffer < in->n_buffers - 3 && view->offset >= 0 &&
           (int64_t)view->offset + view->size <= sizes[view->buffer];
}

static int64_t heap_needed(const struct ArrowArray *in, struct text_view *views, int64_t rows)
{
    int64_t total = 0;
    for (int64_t i = 0; i < rows; i++) {
        if (views[i].size <= 12)
            continue;
        if (!view_in_bounds(in, &views[i]))
            views[i] = (struct text_view){0};
        total += views[i].size;
    }
    return total;
}

/* Copies what the views refer to into one buffer, so that the input can be let go. The one size
 * that Arrow wants of it stands behind the views. */
static int compact_views(struct gather *gather, const struct ArrowArray *in, struct ArrowArray *out)
{
    struct qetl_owned *g = out->private_data;
    struct text_view *views = g->owned[g->owned[1] ? 1 : 0];
    int64_t total = heap_needed(in, views, out->length);
    uint8_t *heap = total <= INT32_MAX ? qetl_owned_buffer(out, gather->pool, 2, total) : NULL;
    if (!heap)
        return QETL_E_NO_MEMORY;
    int64_t used = 0;
    for (int64_t i = 0; i < out->length; i++) {
        if (views[i].size <= 12)
            continue;
        const uint8_t *data = in->buffers[2 + views[i].buffer];
        memcpy(heap + used, data + views[i].offset, (size_t)views[i].size);
        views[i].buffer = 0;
        views[i].offset = (int32_t)used;
        used += views[i].size;
    }
    int64_t *size = (int64_t *)(views + out->length);
    *size = total;
    g->buffers[3] = size;
    return QETL_OK;
}

static int gather_views(struct gather *gather, const struct ArrowArray *in, const int32_t *map,
                        int64_t rows, struct ArrowArray *out)
{
    bool compact = gather->compact && in->n_buffers > 3;
    int status = qetl_owned_open(out, rows, compact ? 4 : in->n_buffers, 0);
    if (status || (status = gather_validity(gather, in, map, out)))
        return status;
    /* room for one size behind the views: see compact_views */
    void *views =
        qetl_owned_buffer(out, gather->pool, 1, rows * (int64_t)sizeof(struct text_view) + 8);
    if (!views)
        return QETL_E_NO_MEMORY;
    gather_fixed(16, in->buffers[1], in->offset, map, rows, views);
    if (compact)
        return compact_views(gather, in, out);
    struct qetl_owned *g = out->private_data;
    for (int64_t i = 2; i < in->n_buffers; i++)
        g->buffers[i] = in->buffers[i];
    g->keep = qetl_vector_ref(gather->from);
    return QETL_OK;
}

static int64_t offset_at(const void *offsets, bool wide, int64_t i)
{
    return wide ? ((const int64_t *)offsets)[i] : ((const int32_t *)offsets)[i];
}

static void offset_set(void *offsets, bool wide, int64_t i, int64_t value)
{
    if (wide)
        ((int64_t *)offsets)[i] = value;
    else
        ((int32_t *)offsets)[i] = (int32_t)value;
}

static int gather_text(struct gather *gather, const struct ArrowArray *in, bool wide,
                       const int32_t *map, int64_t rows, struct ArrowArray *out)
{
    int status = qetl_owned_open(out, rows, 3, 0);
    if (status || (status = gather_validity(gather, in, map, out)))
        return status;
    const void *from = in->buffers[1];
    void *to = qetl_owned_buffer(out, gather->pool, 1, (rows + 1) * (wide ? 8 : 4));
    if (!to)
        return QETL_E_NO_MEMORY;
    int64_t total = 0;
    offset_set(to, wide, 0, 0);
    for (int64_t i = 0; i < rows; i++) {
        int64_t at = in->offset + map[i];
        total += offset_at(from, wide, at + 1) - offset_at(from, wide, at);
        offset_set(to, wide, i + 1, total);
    }
    bool holds = wide || total <= INT32_MAX;
    uint8_t *data = holds ? qetl_owned_buffer(out, gather->pool, 2, total) : NULL;
    if (!data)
        return QETL_E_NO_MEMORY;
    for (int64_t i = 0; i < rows; i++) {
        int64_t first = offset_at(from, wide, in->offset + map[i]);
        int64_t at = offset_at(to, wide, i);
        memcpy(data + at, (const uint8_t *)in->buffers[2] + first,
               (size_t)(offset_at(to, wide, i + 1) - at));
    }
    return QETL_OK;
}

static int gather_array(struct gather *, const struct ArrowSchema *, const struct ArrowArray *in,
                        const int32_t *map, int64_t rows, struct ArrowArray *out);

static int gather_list(struct gather *gather, const struct ArrowSchema *layout,
                       const struct ArrowArray *in, const int32_t *map, int64_t rows,
                       struct ArrowArray *out)
{
    int status = qetl_owned_open(out, rows, 2, 1);
    if (status || (status = gather_validity(gather, in, map, out)))
        return status;
    const int32_t *from = (const int32_t *)in->buffers[1] + in->offset;
    int32_t *to = qetl_owned_buffer(out, gather->pool, 1, (rows + 1) * 4);
    if (!to)
        return QETL_E_NO_MEMORY;
    int64_t total = 0;
    to[0] = 0;
    for (int64_t i = 0; i < rows && total <= INT32_MAX; i++) {
        total += from[map[i] + 1] - from[map[i]];
        to[i + 1] = (int32_t)total;
    }
    if (total > INT32_MAX)
        return QETL_E_NO_MEMORY;
    int32_t *child_map = malloc(sizeof *child_map * ((size_t)to[rows] + 1));
    if (!child_map)
        return QETL_E_NO_MEMORY;
    for (int64_t i = 0; i < rows; i++)
        for (int32_t k = to[i]; k < to[i + 1]; k++)
            child_map[k] = from[map[i]] + k - to[i];
    struct qetl_owned *g = out->private_data;
    status = gather_array(gather, layout->children[0], in->children[0], child_map, to[rows],
                          &g->children[0]);
    free(child_map);
    return status;
}

static int gather_struct(struct gather *gather, const struct ArrowSchema *layout,
                         const struct ArrowArray *in, const int32_t *map, int64_t rows,
                         struct ArrowArray *out)
{
    int status = qetl_owned_open(out, rows, 1, in->n_children);
    if (status || (status = gather_validity(gather, in, map, out)))
        return status;
    int32_t *shifted = malloc(sizeof *shifted * ((size_t)rows + 1));
    if (!shifted)
        return QETL_E_NO_MEMORY;
    for (int64_t i = 0; i < rows; i++)
        shifted[i] = (int32_t)(map[i] + in->offset);
    struct qetl_owned *g = out->private_data;
    for (int64_t c = 0; !status && c < in->n_children; c++)
        status = gather_array(gather, layout->children[c], in->children[c], shifted, rows,
                              &g->children[c]);
    free(shifted);
    return status;
}

static int32_t fixed_width(const char *format)
{
    switch (format[0]) {
    case 'c':
    case 'C':
        return 1;
    case 's':
    case 'S':
        return 2;
    case 'i':
    case 'I':
    case 'f':
        return 4;
    case 'd':
        return 16;
    case 't':
        if (!strcmp(format, "tin"))
            return 16;
        return !strcmp(format, "tdD") || !strcmp(format, "tts") || !strcmp(format, "ttm") ? 4 : 8;
    default:
        return 8; /* l L g */
    }
}

static int gather_plain(struct gather *gather, const struct ArrowSchema *layout,
                        const struct ArrowArray *in, const int32_t *map, int64_t rows,
                        struct ArrowArray *out)
{
    int status = qetl_owned_open(out, rows, 2, 0);
    if (status || (status = gather_validity(gather, in, map, out)))
        return status;
    if (layout->format[0] == 'b') {
        uint8_t *to = qetl_owned_buffer(out, gather->pool, 1, (rows + 7) / 8);
        if (!to)
            return QETL_E_NO_MEMORY;
        gather_bits(in->buffers[1], in->offset, map, rows, to);
        return QETL_OK;
    }
    int32_t width = fixed_width(layout->format);
    void *to = qetl_owned_buffer(out, gather->pool, 1, rows * width);
    if (!to)
        return QETL_E_NO_MEMORY;
    gather_fixed(width, in->buffers[1], in->offset, map, rows, to);
    if (in->dictionary) { /* indices move, the values are shared */
        out->dictionary = in->dictionary;
        ((struct qetl_owned *)out->private_data)->keep = qetl_vector_ref(gather->from);
    }
    return QETL_OK;
}

static int gather_array(struct gather *gather, const struct ArrowSchema *layout,
                        const struct ArrowArray *in, const int32_t *map, int64_t rows,
                        struct ArrowArray *out)
{
    const char *format = layout->format;
    if (in->dictionary)
        return gather_plain(gather, layout, in, map, rows, out);
    switch (format[0]) {
    case 'n':
        return qetl_owned_open(out, rows, 0, 0);
    case 'v':
        return gather_views(gather, in, map, rows, out);
    case 'u':
    case 'z':
        return gather_text(gather, in, false, map, rows, out);
    case 'U':
    case 'Z':
        return gather_text(gather, in, true, map, rows, out);
    case '+':
        return format[1] == 's' ? gather_struct(gather, layout, in, map, rows, out)
                                : gather_list(gather, layout, in, map, rows, out);
    default:
        return gather_plain(gather, layout, in, map, rows, out);
    }
}

static int nulls_mark(struct gather *gather, const int32_t *map, struct ArrowArray *out)
{
    size_t bytes = (size_t)(out->length + 7) / 8;
    uint8_t *validity = (uint8_t *)(uintptr_t)out->buffers[0]; /* our own, if there is one */
    if (!validity) {
        validity = qetl_owned_buffer(out, gather->pool, 0, (int64_t)bytes);
        if (!validity)
            return QETL_E_NO_MEMORY;
        memset(validity, 0xff, bytes);
    }
    for (int64_t i = 0; i < out->length; i++)
        if (map[i] < 0)
            validity[i >> 3] &= (uint8_t) ~(1 << (i & 7));
    out->null_count = -1;
    return QETL_OK;
}

static struct qetl_vector *gathered_vector(int status, struct ArrowArray *out)
{
    struct qetl_vector *vector = status ? NULL : qetl_vector_new(out);
    if (!vector && out->release)
        out->release(out);
    return vector;
}

struct qetl_vector *qetl_gather(struct qetl_pool *pool, const struct ArrowSchema *layout,
                                struct qetl_vector *from, const int32_t *map, int64_t rows)
{
    struct gather gather = {pool, from, rows < from->array.length / 4};
    struct ArrowArray out;
    int status = gather_array(&gather, layout, &from->array, map, rows, &out);
    return gathered_vector(status, &out);
}

/* A NULL is first given some row's value, then marked. */
struct qetl_vector *qetl_gather_nulls(struct qetl_pool *pool, const struct ArrowSchema *layout,
                                      struct qetl_vector *from, const int32_t *map, int64_t rows)
{
    struct gather gather = {pool, from, rows < from->array.length / 4};
    struct ArrowArray out;
    assert(from->array.length > 0);
    int32_t *any = malloc(sizeof *any * ((size_t)rows + 1));
    if (!any)
        return NULL;
    for (int64_t i = 0; i < rows; i++)
        any[i] = map[i] < 0 ? 0 : map[i];
    int status = gather_array(&gather, layout, &from->array, any, rows, &out);
    free(any);
    if (!status)
        status = nulls_mark(&gather, map, &out);
    return gathered_vector(status, &out);
}
