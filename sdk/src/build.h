/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the builders of numbers and of text have in common.
 *
 * Invariant: validity, once there, is all ones behind the last value.
 * Ownership: buffers are the builder's until close moves them to the array.
 * Threads:   the caller's.
 */
#ifndef QETL_SDK_BUILD_H
#define QETL_SDK_BUILD_H

#include "internal.h"

/* Layouts of nested builders; Arrow's letters for them are numbers' too. */
enum { QETL_SDK_STRUCT = '{', QETL_SDK_LIST = '[' };

/* A larger buffer with the first `used` bytes of the old, which is not freed yet. */
static inline uint8_t *qetl_sdk_buffer_grown(struct qetl_env env, const uint8_t *old, int64_t used,
                                             int64_t size)
{
    uint8_t *made = qetl_sdk_buffer_new(env, size);
    if (made && used)
        memcpy(made, old, (size_t)used);
    return made;
}

int32_t qetl_sdk_builder_grow(struct qetl_builder *b);

static inline int32_t qetl_sdk_builder_room(struct qetl_builder *b)
{
    return b->length < b->capacity ? QETL_OK : qetl_sdk_builder_grow(b);
}

/* Makes the value at the end, which is not counted yet, a null. */
int32_t qetl_sdk_builder_mark_null(struct qetl_builder *b);
/* The array owns validity and values, heap and shared; b is not reset yet. */
int32_t qetl_sdk_builder_close_views(struct qetl_builder *b, struct ArrowArray *out);

/* build_nested.c */
int32_t qetl_sdk_builder_open_nested(struct qetl_builder *b, struct qetl_env env,
                                     const struct ArrowSchema *field, int64_t capacity);
int32_t qetl_sdk_builder_null_nested(struct qetl_builder *b);
/* As close_views, with the children's arrays. */
int32_t qetl_sdk_builder_close_nested(struct qetl_builder *b, struct ArrowArray *out);

#endif
