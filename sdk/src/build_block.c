/* SPDX-License-Identifier: Apache-2.0 */
/* Many values at once, where they already lie in memory as Arrow lays them out. */
#include "build.h"

static bool bit_of(const uint64_t *bits, int64_t at)
{
    return bits[at >> 6] >> (at & 63) & 1;
}

int32_t qetl_builder_block(struct qetl_builder *b, const void *values, const uint64_t *validity,
                           int64_t first, int64_t count)
{
    if (b->width <= 0 || b->layout == 'v' || b->children)
        return QETL_E_UNSUPPORTED;
    if (!count)
        return QETL_OK;
    const uint8_t *from = (const uint8_t *)values + first * b->width;
    int32_t status = QETL_OK;
    while (!status && b->capacity - b->length < count)
        status = qetl_sdk_builder_grow(b);
    if (status)
        return status;
    memcpy(b->values + b->length * b->width, from, (size_t)(count * b->width));
    if (!validity) {
        b->length += count;
        return QETL_OK;
    }
    int64_t before = b->length;
    for (int64_t i = 0; !status && i < count; i++) {
        if (!bit_of(validity, first + i))
            status = qetl_sdk_builder_mark_null(b);
        b->length++;
    }
    if (status)
        qetl_builder_truncate(b, before);
    return status;
}
