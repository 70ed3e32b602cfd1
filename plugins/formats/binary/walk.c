/* SPDX-License-Identifier: Apache-2.0 */
/* How far a record goes: by its type, and by the lengths that it holds. */
#include "binary.h"

static const struct binary_record *type_of(const struct binary_layout *layout, const uint8_t *data,
                                           int64_t size, int32_t *type)
{
    const struct binary_record *first = layout->types;
    const struct binary_field *tag;
    int64_t value;

    *type = 0;
    if (layout->tag_field < 0)
        return first;
    tag = &first->fields[layout->tag_field];
    *type = BINARY_MORE;
    if (size < tag->at + tag->size)
        return NULL;
    value = binary_raw(tag, data + tag->at);
    for (int64_t t = 0; t < layout->n_types; t++)
        if (layout->types[t].tag == value) {
            *type = (int32_t)t;
            return &layout->types[t];
        }
    *type = BINARY_LOST;
    return NULL;
}

/* Bytes of a variable field's content; -1: it is too long to be true. */
static int64_t content_size(const struct binary_record *type, const struct binary_field *f,
                            const uint8_t *data, const int32_t *anchors)
{
    const struct binary_field *from = f;
    const uint8_t *at = data + anchors[f->anchor] + f->at;
    int64_t width = f->count < 0 ? 1 : f->width + f->time.fraction_width;
    uint64_t said;

    if (f->length_width) {
        said = binary_load(at, f->length_width, f->big);
    } else {
        from = &type->fields[f->length_from];
        said = (uint64_t)binary_raw(from, data + anchors[from->anchor] + from->at);
    }
    return said > (uint64_t)(BINARY_RECORD_MAX / width) ? -1 : (int64_t)said * width;
}

int64_t binary_record_size(const struct binary_layout *layout, const uint8_t *data, int64_t size,
                           int32_t *type, int32_t *anchors)
{
    const struct binary_record *record = type_of(layout, data, size, type);
    int64_t behind = 0; /* where the field behind the last anchor begins */

    if (!record)
        return *type;
    anchors[0] = 0;
    for (int64_t i = 0; record->n_anchors > 1 && i < record->n_fields; i++) {
        const struct binary_field *f = &record->fields[i];
        int64_t begin = anchors[f->anchor] + f->at + f->size, content;

        if (begin > size)
            return BINARY_MORE;
        behind = begin;
        if (!f->ends)
            continue;
        content = content_size(record, f, data, anchors);
        if (content < 0 || begin + content > BINARY_RECORD_MAX)
            return BINARY_LOST;
        if (begin + content > size)
            return BINARY_MORE;
        anchors[f->ends] = (int32_t)(begin + content);
        behind = begin + content;
    }
    if (record->n_anchors == 1)
        behind = record->size;
    return behind > size ? BINARY_MORE : behind;
}
