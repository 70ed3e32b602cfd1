/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays become bytes. What stands under a NULL is left out, but for the spelling of one. */
#include "array_bytes.h"

#include <qetl/sdk.h>
#include <stdlib.h>
#include <string.h>

struct part { /* rows of a column */
    const struct ArrowSchema *field;
    const struct ArrowArray *array;
    int64_t first, rows; /* in the buffers */
    bool nulls;
};

int64_t qetl_format_width(const char *format)
{
    static const struct {
        const char *format;
        int64_t width;
    } widths[] = {{"c", 1},   {"C", 1},   {"s", 2},   {"S", 2},   {"e", 2},
                  {"i", 4},   {"I", 4},   {"l", 8},   {"L", 8},   {"f", 4},
                  {"g", 8},   {"tdD", 4}, {"tdm", 8}, {"tts", 4}, {"ttm", 4},
                  {"ttu", 8}, {"ttn", 8}, {"tiM", 4}, {"tiD", 8}, {"tin", 16}};
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++)
        if (strcmp(format, widths[i].format) == 0)
            return widths[i].width;
    if (strncmp(format, "ts", 2) == 0 || strncmp(format, "tD", 2) == 0)
        return 8;
    const char *bits = strncmp(format, "d:", 2) == 0 ? strchr(format, ',') : NULL;
    return bits && !strchr(bits + 1, ',') ? 16 : 0;
}

static bool bit_at(const void *bits, int64_t at)
{
    return ((const uint8_t *)bits)[at >> 3] >> (at & 7) & 1;
}

static bool is_null(const struct part *part, int64_t row)
{
    return part->nulls && !bit_at(part->array->buffers[0], part->first + row);
}

/* Rows of a bitmap, from the first bit of a byte on. */
static void pack_bits(struct qetl_pack *pack, const struct part *part, const void *bits,
                      bool but_nulls)
{
    for (int64_t row = 0; row < part->rows;) {
        uint8_t byte = 0;
        for (int bit = 0; bit < 8 && row < part->rows; bit++, row++)
            if (bit_at(bits, part->first + row) && !(but_nulls && is_null(part, row)))
                byte |= (uint8_t)(1 << bit);
        qetl_pack_u8(pack, byte);
    }
}

static bool has_nulls(const struct part *part)
{
    const struct ArrowArray *array = part->array;
    if (array->null_count == 0 || array->n_buffers < 1 || !array->buffers || !array->buffers[0])
        return false;
    for (int64_t row = 0; row < part->rows; row++)
        if (!bit_at(array->buffers[0], part->first + row))
            return true;
    return false;
}

static int32_t pack_fixed(struct qetl_pack *pack, const struct part *part, int64_t width)
{
    static const uint8_t nothing[16];
    const uint8_t *values = part->array->buffers[1];
    if (part->rows && !values)
        return QETL_E_UNSUPPORTED;
    if (!part->nulls) {
        if (part->rows)
            qetl_pack_raw(pack, values + part->first * width, (size_t)(part->rows * width));
        return QETL_OK;
    }
    for (int64_t row = 0; row < part->rows; row++)
        qetl_pack_raw(pack, is_null(part, row) ? nothing : values + (part->first + row) * width,
                      (size_t)width);
    return QETL_OK;
}

static const void *text_at(const struct part *part, int64_t at, int64_t *size)
{
    const struct ArrowArray *array = part->array;
    char kind = part->field->format[0];
    if (kind == 'v') {
        int32_t view[4];
        memcpy(view, (const uint8_t *)array->buffers[1] + at * 16, sizeof view);
        *size = view[0];
        return view[0] <= 12 ? (const uint8_t *)array->buffers[1] + at * 16 + 4
                             : (const uint8_t *)array->buffers[2 + view[2]] + view[3];
    }
    int64_t begin, end;
    if (kind == 'U' || kind == 'Z') {
        const int64_t *offsets = array->buffers[1];
        begin = offsets[at];
        end = offsets[at + 1];
    } else {
        const int32_t *offsets = array->buffers[1];
        begin = offsets[at];
        end = offsets[at + 1];
    }
    *size = end - begin;
    return (const uint8_t *)array->buffers[2] + begin;
}

static int32_t pack_texts(struct qetl_pack *pack, const struct part *part)
{
    bool spelled = qetl_schema_is_lexical(part->field); /* a NULL's spelling, too */
    if (part->rows && !part->array->buffers[1])
        return QETL_E_UNSUPPORTED;
    for (int64_t row = 0; row < part->rows; row++) {
        int64_t size = 0;
        const void *text = NULL;
        if (spelled || !is_null(part, row))
            text = text_at(part, part->first + row, &size);
        if (size < 0 || size > INT32_MAX)
            return QETL_E_UNSUPPORTED;
        qetl_pack_u32(pack, (uint32_t)size);
        if (size)
            qetl_pack_raw(pack, text, (size_t)size);
    }
    return QETL_OK;
}

static int32_t pack_part(struct qetl_pack *, const struct ArrowSchema *, const struct ArrowArray *,
                         int64_t first, int64_t rows);

static int32_t pack_list(struct qetl_pack *pack, const struct part *part)
{
    const int32_t *offsets = part->array->buffers[1];
    if (part->field->n_children != 1 || part->array->n_children != 1 || (part->rows && !offsets))
        return QETL_E_UNSUPPORTED;
    for (int64_t row = 0; row < part->rows; row++) {
        int64_t at = part->first + row;
        qetl_pack_u32(pack, (uint32_t)(offsets[at + 1] - offsets[at]));
    }
    int64_t begin = part->rows ? offsets[part->first] : 0;
    int64_t end = part->rows ? offsets[part->first + part->rows] : 0;
    return pack_part(pack, part->field->children[0], part->array->children[0], begin, end - begin);
}

static int32_t pack_struct(struct qetl_pack *pack, const struct part *part)
{
    int32_t status = QETL_OK;
    if (part->field->n_children != part->array->n_children)
        return QETL_E_UNSUPPORTED;
    for (int64_t i = 0; !status && i < part->field->n_children; i++)
        status = pack_part(pack, part->field->children[i], part->array->children[i], part->first,
                           part->rows);
    return status;
}

static int32_t pack_dictionary(struct qetl_pack *pack, const struct part *part)
{
    const struct ArrowArray *dictionary = part->array->dictionary;
    int64_t width = qetl_format_width(part->field->format);
    if (!dictionary || !width)
        return QETL_E_UNSUPPORTED;
    int32_t status = pack_fixed(pack, part, width);
    qetl_pack_i64(pack, dictionary->length);
    return status ? status
                  : pack_part(pack, part->field->dictionary, dictionary, 0, dictionary->length);
}

static int32_t pack_values(struct qetl_pack *pack, const struct part *part)
{
    const char *format = part->field->format;
    int64_t width = qetl_format_width(format);
    if (part->field->dictionary)
        return pack_dictionary(pack, part);
    if (strcmp(format, "+s") == 0)
        return pack_struct(pack, part);
    if (part->array->n_buffers < 2)
        return QETL_E_UNSUPPORTED;
    if (strcmp(format, "b") == 0 && (part->array->buffers[1] || !part->rows)) {
        pack_bits(pack, part, part->array->buffers[1], true);
        return QETL_OK;
    }
    if (width)
        return pack_fixed(pack, part, width);
    if (format[0] && strchr("uUzZv", format[0]))
        return pack_texts(pack, part);
    return strcmp(format, "+l") == 0 ? pack_list(pack, part) : QETL_E_UNSUPPORTED;
}

/* first counts from the array's own first row. */
static int32_t pack_part(struct qetl_pack *pack, const struct ArrowSchema *field,
                         const struct ArrowArray *array, int64_t first, int64_t rows)
{
    struct part part = {field, array, array->offset + first, rows, false};
    if (rows < 0 || first + rows > array->length)
        return QETL_E_UNSUPPORTED;
    part.nulls = has_nulls(&part);
    qetl_pack_u8(pack, part.nulls);
    if (part.nulls)
        pack_bits(pack, &part, array->buffers[0], false);
    return pack_values(pack, &part);
}

int32_t qetl_pack_array(struct qetl_pack *pack, const struct ArrowSchema *schema,
                        const struct ArrowArray *array)
{
    qetl_pack_i64(pack, array->length);
    return pack_part(pack, schema, array, 0, array->length);
}
