/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kept plugins share: a component's first words, columns of integers and of text, and the
 * entry. Nothing but plugin.h of ABI 1.0 stands behind it.
 *
 * Invariant: none of this changes: binaries that were built from it are kept beside it.
 * Ownership: an array's buffers are the host's, and go with its release.
 * Threads:   as plugin.h says.
 */
#ifndef KEPT_H
#define KEPT_H

#include <qetl/manifest.h>
#include <qetl/plugin.h>

#include <stdlib.h>
#include <string.h>

struct kept {
    const struct qetl_host *host;
    struct qetl_ctx *ctx;
    const struct qetl_options *options;
};

static inline int32_t kept_open(struct kept *k, const struct qetl_host *host, struct qetl_ctx *ctx)
{
    k->host = host;
    k->ctx = ctx;
    k->options = host->get_extension(ctx, QETL_EXT_OPTIONS);
    return k->options ? QETL_OK : QETL_E_UNSUPPORTED;
}

static inline int32_t kept_fail(const struct kept *k, int32_t code, const char *message)
{
    struct qetl_error_info info = {.struct_size = sizeof info, .code = code, .message = message};
    return k->host->error(k->ctx, &info);
}

static inline void kept_reject(const struct kept *k, int64_t row, int64_t column, const char *code,
                               const char *message)
{
    struct qetl_reject info = {
        .struct_size = sizeof info, .row = row, .column = column, .code = code, .message = message};
    k->host->reject(k->ctx, &info);
}

/* ---- arrays ---- */

struct kept_array {
    const struct qetl_host *host;
    const void *buffers[4];
    struct ArrowArray *children[16];
};

static void kept_array_release(struct ArrowArray *array)
{
    struct kept_array *own = array->private_data;
    for (int64_t i = 0; i < array->n_children; i++) {
        if (array->children[i]->release)
            array->children[i]->release(array->children[i]);
        free(array->children[i]);
    }
    for (int64_t i = 0; i < array->n_buffers; i++)
        if (own->buffers[i])
            own->host->buffer_free((void *)own->buffers[i]);
    free(own);
    array->release = NULL;
}

/* buffers and children are the array's from here on, whatever is answered. */
static inline int32_t kept_array_make(const struct kept *k, int64_t rows, int64_t n_buffers,
                                      const void *const *buffers, int64_t n_children,
                                      struct ArrowArray *out)
{
    struct kept_array *own = calloc(1, sizeof *own);
    if (!own)
        abort();
    own->host = k->host;
    if (n_buffers)
        memcpy(own->buffers, buffers, (size_t)n_buffers * sizeof *buffers);
    for (int64_t i = 0; i < n_children; i++)
        if (!(own->children[i] = calloc(1, sizeof **own->children)))
            abort();
    *out = (struct ArrowArray){.length = rows,
                               .n_buffers = n_buffers,
                               .n_children = n_children,
                               .buffers = own->buffers,
                               .children = own->children,
                               .release = kept_array_release,
                               .private_data = own};
    return QETL_OK;
}

/* An array of 64-bit integers; its values are to be written into the answer. */
static inline int64_t *kept_integers(const struct kept *k, int64_t rows, struct ArrowArray *out)
{
    const void *buffers[2] = {NULL, k->host->buffer_alloc(k->ctx, (uint64_t)rows * 8 + 8)};
    if (!buffers[1])
        return NULL;
    kept_array_make(k, rows, 2, buffers, 0, out);
    return (int64_t *)buffers[1];
}

struct kept_view {
    int32_t size;
    char inline_text[12]; /* or the first four bytes, the buffer's number, and where it stands there
                           */
};

/* An array of texts, which stand in the views or in one shared buffer (NULL: none is needed). */
static inline struct kept_view *kept_texts(const struct kept *k, int64_t rows, void *shared,
                                           int64_t shared_size, struct ArrowArray *out)
{
    void *views = k->host->buffer_alloc(k->ctx, (uint64_t)rows * 16 + 16);
    int64_t *sizes = k->host->buffer_alloc(k->ctx, 8);
    if (!views || !sizes)
        return NULL;
    sizes[0] = shared_size;
    if (shared)
        k->host->buffer_retain(shared);
    const void *with[4] = {NULL, views, shared, sizes}, *without[3] = {NULL, views, sizes};
    kept_array_make(k, rows, shared ? 4 : 3, shared ? with : without, 0, out);
    return views;
}

static inline void kept_view_set(struct kept_view *view, const char *text, int32_t size,
                                 int32_t offset)
{
    memset(view, 0, sizeof *view);
    view->size = size;
    if (size <= 12) {
        memcpy(view->inline_text, text, (size_t)size);
        return;
    }
    memcpy(view->inline_text, text, 4);
    memcpy(view->inline_text + 8, &offset, 4);
}

/* ---- reading ---- */

static inline int kept_is_null(const struct ArrowArray *array, int64_t row)
{
    const uint8_t *bits = array->buffers[0];
    int64_t at = row + array->offset;
    return bits && !(bits[at >> 3] >> (at & 7) & 1);
}

static inline int64_t kept_integer(const struct ArrowArray *array, int64_t row)
{
    return ((const int64_t *)array->buffers[1])[row + array->offset];
}

static inline const char *kept_text(const struct ArrowArray *array, int64_t row, int32_t *size)
{
    const struct kept_view *view =
        (const struct kept_view *)array->buffers[1] + row + array->offset;
    int32_t where[2];
    *size = view->size;
    if (view->size <= 12)
        return view->inline_text;
    memcpy(where, view->inline_text + 4, sizeof where);
    return (const char *)array->buffers[2 + where[0]] + where[1];
}

/* ---- schemas ---- */

static void kept_schema_release(struct ArrowSchema *schema)
{
    for (int64_t i = 0; i < schema->n_children; i++) {
        if (schema->children[i]->release)
            schema->children[i]->release(schema->children[i]);
        free(schema->children[i]);
    }
    free(schema->children);
    free((char *)schema->name);
    schema->release = NULL;
}

static inline void kept_schema(struct ArrowSchema *out, const char *name, int64_t name_size,
                               const char *format, int64_t n_children)
{
    *out = (struct ArrowSchema){.format = format,
                                .name = strndup(name, (size_t)name_size),
                                .flags = ARROW_FLAG_NULLABLE,
                                .n_children = n_children,
                                .children = calloc((size_t)n_children + 1, sizeof *out->children),
                                .release = kept_schema_release};
    for (int64_t i = 0; i < n_children; i++)
        out->children[i] = calloc(1, sizeof **out->children);
}

/* ---- the entry ---- */

#define KEPT_PLUGIN(plugin_id, component)                                                        \
    static const struct qetl_component *const kept_components[] = {&(component)};                \
    static const struct qetl_plugin kept_plugin = {                                              \
        sizeof kept_plugin, QETL_ABI_VERSION, plugin_id, "1.0.0", 1, kept_components};           \
    QETL_EXPORT qetl_plugin_entry_fn qetl_plugin_entry;                                          \
    int32_t qetl_plugin_entry(const struct qetl_host *host, struct qetl_ctx *ctx, uint32_t *abi, \
                              const struct qetl_plugin **out)                                    \
    {                                                                                            \
        (void)host, (void)ctx;                                                                   \
        if (*abi >> 16 != QETL_ABI_VERSION >> 16)                                                \
            return QETL_E_UNSUPPORTED;                                                           \
        if (*abi > QETL_ABI_VERSION)                                                             \
            *abi = QETL_ABI_VERSION;                                                             \
        *out = &kept_plugin;                                                                     \
        return QETL_OK;                                                                          \
    }

#endif
