/* SPDX-License-Identifier: Apache-2.0 */
#include "unseen.h"

#include "data/pool.h"

static bool bit(const uint8_t *bits, int64_t i)
{
    return bits[i >> 3] >> (i & 7) & 1;
}

static void bit_set(uint8_t *bits, int64_t i, bool value)
{
    bits[i >> 3] = (uint8_t)((bits[i >> 3] & ~(1 << (i & 7))) | value << (i & 7));
}

/* Of a value in the buffer behind the validity; 0: what stands there is needed to be valid. */
static int64_t width(const struct ArrowSchema *schema)
{
    const char *f = schema->format;
    if (f[0] == 't')
        return f[1] == 'd'   ? (f[2] == 'm' ? 8 : 4)
               : f[1] == 't' ? (f[2] == 's' || f[2] == 'm' ? 4 : 8)
                             : 8;
    switch (schema->dictionary ? 0 : f[0]) {
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
    case 'l':
    case 'L':
    case 'g':
        return 8;
    case 'd':
    case 'v':
        return 16;
    default:
        return 0;
    }
}

/* Bits of the validity, and of booleans, that are of no row. */
static void bits_fill(uint8_t *bits, const struct ArrowArray *array, uint8_t pattern)
{
    int64_t end = array->offset + array->length;
    int64_t room = (int64_t)qetl_buffer_capacity(bits) * 8;
    for (int64_t i = 0; i < array->offset; i++)
        bit_set(bits, i, bit(&pattern, i & 7));
    for (; end & 7; end++)
        bit_set(bits, end, bit(&pattern, end & 7));
    memset(bits + end / 8, pattern, (size_t)((room - end) / 8));
}

/* The spelling of a NULL: a view like any other. */
static void spelling_fill(uint8_t *view, uint8_t pattern)
{
    int32_t size = pattern % 13;
    memset(view, 0, 16);
    memcpy(view, &size, sizeof size);
    memset(view + sizeof size, 'a' + pattern % 26, (size_t)size);
}

static void values_fill(const struct ArrowSchema *schema, const struct ArrowArray *array,
                        uint8_t pattern)
{
    const uint8_t *validity = array->buffers[0];
    uint8_t *values = (uint8_t *)array->buffers[1];
    int64_t size = width(schema), end = array->offset + array->length;
    bool bits = schema->format[0] == 'b' && !schema->dictionary;
    if (!values || (!size && !bits))
        return;
    for (int64_t i = 0; i < end; i++) {
        if (i >= array->offset && (!validity || bit(validity, i)))
            continue;
        if (bits)
            bit_set(values, i, bit(&pattern, i & 7));
        else if (qetl_schema_is_lexical(schema))
            spelling_fill(values + i * size, pattern);
        else
            memset(values + i * size, pattern, (size_t)size);
    }
    if (bits)
        bits_fill(values, array, pattern);
    else
        memset(values + end * size, pattern, qetl_buffer_capacity(values) - (size_t)(end * size));
}

/* Of views, the bytes behind the text of each buffer. */
static void texts_fill(const struct ArrowArray *array, uint8_t pattern)
{
    const int64_t *sizes = array->buffers[array->n_buffers - 1];
    for (int64_t i = 2; i < array->n_buffers - 1; i++) {
        uint8_t *text = (uint8_t *)array->buffers[i];
        size_t used = (size_t)sizes[i - 2];
        memset(text + used, pattern, qetl_buffer_capacity(text) - used);
    }
}

void conform_unseen_fill(const struct ArrowSchema *schema, struct ArrowArray *array,
                         uint8_t pattern)
{
    if (array->n_buffers > 1)
        values_fill(schema, array, pattern);
    if (schema->format[0] == 'v' && !schema->dictionary)
        texts_fill(array, pattern);
    if (array->n_buffers && array->buffers[0])
        bits_fill((uint8_t *)array->buffers[0], array, pattern);
    for (int64_t i = 0; i < array->n_children; i++)
        conform_unseen_fill(schema->children[i], array->children[i], pattern);
}
