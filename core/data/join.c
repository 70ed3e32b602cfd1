/* SPDX-License-Identifier: Apache-2.0 */
#include "join.h"

#include "owned_array.h"

#include <stdlib.h>
#include <string.h>

struct join {
    struct qetl_pool *pool;
    const struct ArrowSchema *layout;
    const struct qetl_slice *slices;
    int64_t n, rows;
};

struct text_view { /* Arrow's 16 bytes; up to 12 bytes of text stand inline */
    int32_t size;
    char prefix[4];
    int32_t buffer, offset;
};

static int32_t join_any(const struct join *, struct ArrowArray *out);

static void *buffer_add(const struct join *j, struct ArrowArray *out, int64_t buffer, int64_t size)
{
    return qetl_owned_buffer(out, j->pool, buffer, size);
}

static int64_t first_of(const struct qetl_slice *s)
{
    return s->array->offset + s->from;
}

static void bits_copy(const uint8_t *from, int64_t at, int64_t rows, uint8_t *to, int64_t to_at)
{
    for (int64_t i = 0; i < rows; i++, at++, to_at++)
        if (from[at >> 3] >> (at & 7) & 1)
            to[to_at >> 3] |= (uint8_t)(1 << (to_at & 7));
}

static const uint8_t *validity_of(const struct ArrowArray *array)
{
    return array->n_buffers && array->null_count ? array->buffers[0] : NULL;
}

static void bits_set(uint8_t *to, int64_t at, int64_t rows)
{
    for (int64_t i = at; i < at + rows; i++)
        to[i >> 3] |= (uint8_t)(1 << (i & 7));
}

static int32_t validity_join(const struct join *j, struct ArrowArray *out)
{
    bool any = false;
    int64_t bytes = (j->rows + 7) / 8, at = 0;
    for (int64_t i = 0; i < j->n; i++)
        any |= validity_of(j->slices[i].array) != NULL;
    uint8_t *to = any ? buffer_add(j, out, 0, bytes) : NULL;
    if (!to)
        return any ? QETL_E_NO_MEMORY : QETL_OK;
    memset(to, 0, (size_t)bytes);
    for (int64_t i = 0; i < j->n; at += j->slices[i++].rows) {
        const uint8_t *from = validity_of(j->slices[i].array);
        if (from)
            bits_copy(from, first_of(&j->slices[i]), j->slices[i].rows, to, at);
        else
            bits_set(to, at, j->slices[i].rows);
    }
    out->null_count = -1;
    return QETL_OK;
}

static int32_t bools_join(const struct join *j, struct ArrowArray *out)
{
    uint8_t *to = buffer_add(j, out, 1, (j->rows + 7) / 8);
    int64_t at = 0;
    if (!to)
        return QETL_E_NO_MEMORY;
    memset(to, 0, (size_t)(j->rows + 7) / 8);
    for (int64_t i = 0; i < j->n; at += j->slices[i++].rows)
        bits_copy(j->slices[i].array->buffers[1], first_of(&j->slices[i]), j->slices[i].rows, to,
                  at);
    return QETL_OK;
}

static char *fixed_join(const struct join *j, int64_t width, int64_t more, struct ArrowArray *out)
{
    char *to = buffer_add(j, out, 1, j->rows * width + more), *at = to;
    for (int64_t i = 0; to && i < j->n; i++) {
        const struct qetl_slice *s = &j->slices[i];
        if (s->rows)
            memcpy(at, (const char *)s->array->buffers[1] + first_of(s) * width,
                   (size_t)(s->rows * width));
        at += s->rows * width;
    }
    return to;
}

/* ---- text ---- */

/* Arrow leaves the view of a NULL undefined, so that a range may lie outside of all buffers. */
static bool view_in_bounds(const struct ArrowArray *in, const struct text_view *view)
{
    const int64_t *sizes = in->buffers[in->n_buffers - 1];
    return view->buffer >= 0 && view->buffer < in->n_buffers - 3 && view->offset >= 0 &&
           (int64_t)view->offset + view->size <= sizes[view->buffer];
}

static int64_t views_measure(const struct join *j, struct text_view *views)
{
    int64_t total = 0, at = 0;
    for (int64_t i = 0; i < j->n; i++)
        for (int64_t k = 0; k < j->slices[i].rows; k++, at++) {
            if (views[at].size <= 12)
                continue;
            if (!view_in_bounds(j->slices[i].array, &views[at]))
                views[at] = (struct text_view){0};
            total += views[at].size;
        }
    return total;
}

static void views_move(const struct join *j, struct text_view *views, char *heap)
{
    int64_t at = 0, used = 0;
    for (int64_t i = 0; i < j->n; i++)
        for (int64_t k = 0; k < j->slices[i].rows; k++, at++) {
            struct text_view *view = &views[at];
            if (view->size <= 12)
                continue;
            const char *data = j->slices[i].array->buffers[2 + view->buffer];
            memcpy(heap + used, data + view->offset, (size_t)view->size);
            view->buffer = 0;
            view->offset = (int32_t)used;
            used += view->size;
        }
}

/* The one size that Arrow wants of the text stands behind the views. */
static int32_t views_join(const struct join *j, struct ArrowArray *out)
{
    struct text_view *views =
        (struct text_view *)fixed_join(j, sizeof *views, sizeof(int64_t), out);
    if (!views)
        return QETL_E_NO_MEMORY;
    int64_t *size = (int64_t *)(views + j->rows);
    *size = views_measure(j, views);
    if (*size > INT32_MAX)
        return QETL_E_UNSUPPORTED;
    char *heap = buffer_add(j, out, 2, *size);
    if (!heap)
        return QETL_E_NO_MEMORY;
    views_move(j, views, heap);
    ((struct qetl_owned *)out->private_data)->buffers[3] = size;
    return QETL_OK;
}

static int64_t offset_at(const void *offsets, bool wide, int64_t i)
{
    return wide ? ((const int64_t *)offsets)[i] : ((const int32_t *)offsets)[i];
}

/* Offsets from 0; the last one is the answer, or a failure. */
static int64_t offsets_join(const struct join *j, bool wide, struct ArrowArray *out)
{
    void *to = buffer_add(j, out, 1, (j->rows + 1) * (wide ? 8 : 4));
    int64_t total = 0, at = 0;
    if (!to)
        return QETL_E_NO_MEMORY;
    for (int64_t i = 0; i < j->n; i++) {
        const struct qetl_slice *s = &j->slices[i];
        const void *from = s->array->buffers[1];
        int64_t first = first_of(s);
        for (int64_t k = 0; k < s->rows && (wide || total <= INT32_MAX); k++, at++) {
            if (wide)
                ((int64_t *)to)[at] = total;
            else
                ((int32_t *)to)[at] = (int32_t)total;
            total += offset_at(from, wide, first + k + 1) - offset_at(from, wide, first + k);
        }
    }
    if (!wide && total > INT32_MAX)
        return QETL_E_UNSUPPORTED;
    if (wide)
        ((int64_t *)to)[at] = total;
    else
        ((int32_t *)to)[at] = (int32_t)total;
    return total;
}

static int32_t text_join(const struct join *j, bool wide, struct ArrowArray *out)
{
    int64_t total = offsets_join(j, wide, out);
    char *to = total < 0 ? NULL : buffer_add(j, out, 2, total);
    if (!to)
        return total < 0 ? (int32_t)total : QETL_E_NO_MEMORY;
    for (int64_t i = 0; i < j->n; i++) {
        const struct qetl_slice *s = &j->slices[i];
        int64_t from = s->rows ? offset_at(s->array->buffers[1], wide, first_of(s)) : 0;
        int64_t end = s->rows ? offset_at(s->array->buffers[1], wide, first_of(s) + s->rows) : 0;
        if (end > from)
            memcpy(to, (const char *)s->array->buffers[2] + from, (size_t)(end - from));
        to += end - from;
    }
    return QETL_OK;
}

/* ---- nested ---- */

static int32_t child_join(const struct join *j, int64_t c, int64_t rows,
                          const struct qetl_slice *slices, struct ArrowArray *out)
{
    struct qetl_owned *owned = out->private_data;
    struct join child = {j->pool, j->layout->children[c], slices, j->n, rows};
    return join_any(&child, &owned->children[c]);
}

static int32_t children_join(const struct join *j, bool list, struct ArrowArray *out)
{
    int64_t total = list ? offsets_join(j, false, out) : j->rows;
    struct qetl_slice *slices = calloc((size_t)j->n + 1, sizeof *slices);
    int32_t status = total < 0 ? (int32_t)total : slices ? QETL_OK : QETL_E_NO_MEMORY;
    for (int64_t c = 0; !status && c < out->n_children; c++) {
        for (int64_t i = 0; i < j->n; i++) {
            const struct qetl_slice *s = &j->slices[i];
            const int32_t *offsets = list && s->rows ? s->array->buffers[1] : NULL;
            int64_t from = !list ? first_of(s) : offsets ? offsets[first_of(s)] : 0;
            int64_t end = !list ? from + s->rows : offsets ? offsets[first_of(s) + s->rows] : 0;
            slices[i] = (struct qetl_slice){s->array->children[c], from, end - from};
        }
        status = child_join(j, c, total, slices, out);
    }
    free(slices);
    return status;
}

/* ---- any ---- */

static int64_t width_of(const char *format)
{
    static const struct {
        const char *letters;
        int64_t width;
    } widths[] = {{"cC", 1}, {"sS", 2}, {"iIf", 4}, {"d", 16}, {"lLg", 8}};
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
        if (strchr(widths[i].letters, *format))
            return widths[i].width;
    if (!strcmp(format, "tin"))
        return 16;
    return !strcmp(format, "tdD") || !strcmp(format, "tts") || !strcmp(format, "ttm") ? 4 : 8;
}

static int32_t values_join(const struct join *j, struct ArrowArray *out)
{
    switch (*j->layout->format) {
    case 'n':
        return QETL_OK;
    case 'b':
        return bools_join(j, out);
    case 'v':
        return views_join(j, out);
    case 'u':
    case 'z':
        return text_join(j, false, out);
    case 'U':
    case 'Z':
        return text_join(j, true, out);
    case '+':
        return children_join(j, j->layout->format[1] == 'l', out);
    default:
        return fixed_join(j, width_of(j->layout->format), 0, out) ? QETL_OK : QETL_E_NO_MEMORY;
    }
}

static int32_t join_any(const struct join *j, struct ArrowArray *out)
{
    const char *format = j->layout->format;
    int64_t buffers = *format == 'n'            ? 0
                      : *format == 'v'          ? 4
                      : strchr("uzUZ", *format) ? 3
                      : !strcmp(format, "+s")   ? 1
                                                : 2;
    bool plain = !j->layout->dictionary && (*format != '+' || strchr("sl", format[1]));
    *out = (struct ArrowArray){0};
    if (!plain)
        return QETL_E_UNSUPPORTED;
    int32_t status = qetl_owned_open(out, j->rows, buffers, j->layout->n_children);
    if (!status && *format == 'n')
        out->null_count = j->rows;
    if (!status && *format != 'n')
        status = validity_join(j, out);
    return status ? status : values_join(j, out);
}

int32_t qetl_join(struct qetl_pool *pool, const struct ArrowSchema *layout,
                  const struct qetl_slice *slices, int64_t n, struct ArrowArray *out)
{
    struct join join = {pool, layout, slices, n, 0};
    for (int64_t i = 0; i < n; i++)
        join.rows += slices[i].rows;
    int32_t status = join_any(&join, out);
    if (status && out->release)
        out->release(out);
    return status;
}
