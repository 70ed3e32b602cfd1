/* SPDX-License-Identifier: Apache-2.0 */
#include "schema_bytes.h"

#include <qetl/sdk.h>

#include <stdlib.h>
#include <string.h>

enum { LAYOUT = 1, DEEPEST = 64, FIELD_BYTES_LEAST = 39 };

/* ---- metadata: Arrow's own encoding, whose size nobody tells ---- */

/* Skips one text of the metadata; false: it is not whole. */
static bool text_skip(const char **at, size_t *left)
{
    int32_t size;
    if (*left < sizeof size)
        return false;
    memcpy(&size, *at, sizeof size);
    if (size < 0 || (size_t)size > *left - sizeof size)
        return false;
    *at += sizeof size + (size_t)size;
    *left -= sizeof size + (size_t)size;
    return true;
}

/* The bytes that metadata takes, of which at most `most` are there; 0: it is none. */
static size_t metadata_size(const char *metadata, size_t most)
{
    int32_t count;
    const char *at = metadata;
    size_t left = most;
    if (left < sizeof count)
        return 0;
    memcpy(&count, at, sizeof count);
    at += sizeof count;
    left -= sizeof count;
    bool whole = count >= 0;
    for (int32_t i = 0; whole && i < count; i++)
        whole = text_skip(&at, &left) && text_skip(&at, &left);
    return whole ? most - left : 0;
}

/* ---- writing ---- */

static void field_pack(struct qetl_pack *pack, const struct ArrowSchema *field)
{
    size_t metadata = field->metadata ? metadata_size(field->metadata, SIZE_MAX / 2) : 0;
    qetl_pack_text(pack, field->format);
    qetl_pack_text(pack, field->name ? field->name : "");
    qetl_pack_blob(pack, field->metadata, metadata);
    qetl_pack_i64(pack, field->flags);
    qetl_pack_u32(pack, (uint32_t)field->n_children);
    for (int64_t i = 0; i < field->n_children; i++)
        field_pack(pack, field->children[i]);
    qetl_pack_u8(pack, field->dictionary != NULL);
    if (field->dictionary)
        field_pack(pack, field->dictionary);
}

void qetl_pack_schema(struct qetl_pack *pack, const struct ArrowSchema *schema)
{
    qetl_pack_u8(pack, LAYOUT);
    field_pack(pack, schema);
}

/* ---- reading ---- */

static int32_t field_unpack(struct qetl_unpack *, struct ArrowSchema *out, int depth);

static int32_t head_unpack(struct qetl_unpack *unpack, struct ArrowSchema *out)
{
    char *format = qetl_unpack_text(unpack), *name = qetl_unpack_text(unpack);
    int32_t status = QETL_E_DATA;
    if (format && name)
        status = qetl_schema_init_field(out, name, format);
    free(format);
    free(name);
    return status;
}

static int32_t metadata_unpack(struct qetl_unpack *unpack, struct ArrowSchema *out)
{
    size_t size;
    const void *data = qetl_unpack_blob(unpack, &size);
    if (unpack->failed || (size && metadata_size(data, size) != size))
        return QETL_E_DATA;
    char *copy = size ? malloc(size) : NULL;
    if (size && !copy)
        return QETL_E_NO_MEMORY;
    if (size)
        memcpy(copy, data, size);
    out->metadata = copy;
    return QETL_OK;
}

static int32_t children_unpack(struct qetl_unpack *unpack, struct ArrowSchema *out, int depth)
{
    uint32_t count = qetl_unpack_count(unpack, FIELD_BYTES_LEAST);
    int32_t status = QETL_OK;
    for (uint32_t i = 0; !status && i < count; i++) {
        struct ArrowSchema child;
        status = field_unpack(unpack, &child, depth + 1);
        if (!status)
            status = qetl_schema_append(out, &child);
    }
    return status;
}

static int32_t dictionary_unpack(struct qetl_unpack *unpack, struct ArrowSchema *out, int depth)
{
    uint8_t present = qetl_unpack_u8(unpack);
    if (unpack->failed || present > 1)
        return QETL_E_DATA;
    if (!present)
        return QETL_OK;
    struct ArrowSchema *dictionary = malloc(sizeof *dictionary);
    if (!dictionary)
        return QETL_E_NO_MEMORY;
    int32_t status = field_unpack(unpack, dictionary, depth + 1);
    if (status)
        free(dictionary);
    else
        out->dictionary = dictionary;
    return status;
}

static int32_t field_unpack(struct qetl_unpack *unpack, struct ArrowSchema *out, int depth)
{
    int32_t status = depth > DEEPEST ? QETL_E_DATA : head_unpack(unpack, out);
    if (status)
        return status;
    status = metadata_unpack(unpack, out);
    out->flags = qetl_unpack_i64(unpack);
    if (!status)
        status = children_unpack(unpack, out, depth);
    if (!status)
        status = dictionary_unpack(unpack, out, depth);
    if (!status && unpack->failed)
        status = QETL_E_DATA;
    if (status)
        qetl_schema_release(out);
    return status;
}

int32_t qetl_unpack_schema(struct qetl_unpack *unpack, struct ArrowSchema *out)
{
    if (qetl_unpack_u8(unpack) != LAYOUT)
        return QETL_E_DATA;
    return field_unpack(unpack, out, 0);
}
