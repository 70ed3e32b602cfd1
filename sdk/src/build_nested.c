/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Columns of structs and lists: builders of builders. A list's offsets stand in its values, one
 * more than it has rows; the last one says how many of its child's values belong to lists already.
 */
#include "build.h"

#include <assert.h>

int32_t qetl_sdk_builder_open_nested(struct qetl_builder *b, struct qetl_env env,
                                     const struct ArrowSchema *field, int64_t capacity)
{
    bool list = field->format[1] == 'l';
    if (list && field->n_children != 1)
        return QETL_E_UNSUPPORTED;
    b->env = env;
    b->layout = list ? QETL_SDK_LIST : QETL_SDK_STRUCT;
    b->width = list ? 4 : 0;
    b->capacity_wanted = capacity;
    b->children = calloc((size_t)field->n_children + 1, sizeof *b->children);
    if (!b->children)
        return QETL_E_NO_MEMORY;
    int32_t status = QETL_OK;
    for (; b->n_children < field->n_children && !status; b->n_children++)
        status = qetl_builder_open(&b->children[b->n_children], env, field->children[b->n_children],
                                   capacity);
    if (status)
        qetl_builder_free(b);
    return status;
}

static int32_t *list_end(struct qetl_builder *b)
{
    return (int32_t *)(void *)b->values + b->length;
}

int32_t qetl_builder_struct(struct qetl_builder *b)
{
    if (b->layout != QETL_SDK_STRUCT)
        return QETL_E_UNSUPPORTED;
    int32_t status = qetl_sdk_builder_room(b);
    if (status)
        return status;
    b->length++;
    for (int64_t i = 0; i < b->n_children; i++)
        assert(b->children[i].length == b->length);
    return QETL_OK;
}

int32_t qetl_builder_list(struct qetl_builder *b)
{
    if (b->layout != QETL_SDK_LIST)
        return QETL_E_UNSUPPORTED;
    if (b->children->length > INT32_MAX)
        return qetl_fail(b->env, QETL_E_DATA, NULL, "make the batches smaller",
                         "a column of lists holds more than 2^31 values in one batch");
    int32_t status = qetl_sdk_builder_room(b);
    if (status)
        return status;
    b->length++;
    *list_end(b) = (int32_t)b->children->length;
    return QETL_OK;
}

int32_t qetl_sdk_builder_null_nested(struct qetl_builder *b)
{
    int32_t status = qetl_sdk_builder_room(b);
    for (int64_t i = 0; b->layout == QETL_SDK_STRUCT && i < b->n_children && !status; i++)
        status = qetl_builder_null(&b->children[i]);
    if (!status)
        status = qetl_sdk_builder_mark_null(b);
    if (status)
        return status;
    return b->layout == QETL_SDK_LIST ? qetl_builder_list(b) : qetl_builder_struct(b);
}

int32_t qetl_sdk_builder_close_nested(struct qetl_builder *b, struct ArrowArray *out)
{
    bool list = b->layout == QETL_SDK_LIST;
    int32_t status = list ? qetl_sdk_builder_room(b) : QETL_OK;
    const void *buffers[] = {b->validity, b->values};
    struct ArrowArray few[4] = {0}, *children = few;
    if (b->n_children > 4)
        children = calloc((size_t)b->n_children, sizeof *children);
    if (!children)
        return QETL_E_NO_MEMORY;
    for (int64_t i = 0; i < b->n_children && !status; i++)
        status = qetl_builder_close(&b->children[i], &children[i]);
    if (!status)
        status = qetl_array_make(b->env, b->length, b->null_count, list ? 2 : 1, buffers,
                                 b->n_children, children, out);
    for (int64_t i = 0; status && i < b->n_children; i++)
        qetl_array_release(&children[i]);
    if (children != few)
        free(children);
    if (!status && !list)
        qetl_sdk_buffer_free(b->env, b->values);
    return status;
}
