/* SPDX-License-Identifier: Apache-2.0 */
#include "cargo_bytes.h"

#include "array_bytes.h"
#include "state/schema_bytes.h"

#include <qetl/sdk.h>
#include <stdlib.h>
#include <string.h>

enum { IS_OUT = 1, IS_ABSENT = 2, IS_LOST = 4 };

/* ---- written ---- */

static void pack_text(struct qetl_pack *pack, const char *text)
{
    size_t size = strlen(text);
    qetl_pack_blob(pack, text, size + 1);
}

static void pack_masked(struct qetl_pack *pack, const char *text, const struct qetl_mask *mask)
{
    char *copy = strdup(text);
    if (!copy)
        pack->failed = true;
    qetl_mask_text(mask, copy);
    if (copy)
        pack_text(pack, copy);
    free(copy);
}

/* As a blob, so that whoever does not know the type can pass over it. */
static int32_t pack_array(struct qetl_pack *pack, const struct qetl_cargo *cargo)
{
    struct qetl_pack inner = {0};
    int32_t status = cargo->schema && cargo->array ? QETL_OK : QETL_E_UNSUPPORTED;
    if (!status) {
        qetl_pack_schema(&inner, cargo->schema);
        status = qetl_pack_array(&inner, cargo->schema, cargo->array);
    }
    pack->failed |= inner.failed;
    if (!status)
        qetl_pack_blob(pack, inner.data, inner.size);
    qetl_pack_free(&inner);
    return status;
}

static void pack_schema(struct qetl_pack *pack, const struct ArrowSchema *schema)
{
    struct qetl_pack inner = {0};
    qetl_pack_schema(&inner, schema);
    pack->failed |= inner.failed;
    qetl_pack_blob(pack, inner.data, inner.size);
    qetl_pack_free(&inner);
}

static void pack_blobs(struct qetl_pack *pack, const struct qetl_cargo *cargo)
{
    const struct qetl_blob *blobs = cargo->data;
    qetl_pack_u32(pack, (uint32_t)cargo->count);
    for (int64_t i = 0; i < cargo->count; i++) {
        qetl_pack_u8(pack, blobs[i].data != NULL);
        qetl_pack_blob(pack, blobs[i].data, blobs[i].data ? blobs[i].size : 0);
    }
}

static void pack_texts(struct qetl_pack *pack, const struct qetl_cargo *cargo,
                       const struct qetl_mask *mask)
{
    const char *const *texts = cargo->data;
    qetl_pack_u32(pack, (uint32_t)cargo->count);
    for (int64_t i = 0; i < cargo->count; i++)
        pack_masked(pack, texts[i], mask);
}

static void pack_numbers(struct qetl_pack *pack, const struct qetl_cargo *cargo)
{
    qetl_pack_u32(pack, (uint32_t)cargo->count);
    for (int64_t i = 0; i < cargo->count; i++)
        qetl_pack_i64(pack, ((const int64_t *)cargo->data)[i]);
}

static bool is_absent(const struct qetl_cargo *cargo)
{
    switch (cargo->kind) {
    case QETL_CARGO_TEXT:
        return !cargo->text;
    case QETL_CARGO_BYTES:
        return !cargo->data;
    case QETL_CARGO_NUMBERS:
    case QETL_CARGO_MAP:
    case QETL_CARGO_BLOBS:
    case QETL_CARGO_TEXTS:
        return !cargo->data && cargo->count;
    case QETL_CARGO_SCHEMA:
        return !cargo->schema || !cargo->schema->release;
    case QETL_CARGO_ARRAY:
        return !cargo->array;
    default:
        return false;
    }
}

static int32_t pack_value(struct qetl_pack *pack, const struct qetl_cargo *cargo,
                          const struct qetl_mask *mask, const char *options)
{
    int64_t bits;
    switch (cargo->kind) {
    case QETL_CARGO_NUMBER:
        qetl_pack_i64(pack, cargo->number);
        break;
    case QETL_CARGO_REAL:
        memcpy(&bits, &cargo->real, sizeof bits);
        qetl_pack_i64(pack, bits);
        break;
    case QETL_CARGO_TEXT:
        if (cargo->options)
            pack_text(pack, options);
        else
            pack_masked(pack, cargo->text, mask);
        break;
    case QETL_CARGO_BYTES:
        qetl_pack_blob(pack, cargo->data, (size_t)cargo->count);
        break;
    case QETL_CARGO_NUMBERS:
        pack_numbers(pack, cargo);
        break;
    case QETL_CARGO_MAP:
        qetl_pack_blob(pack, cargo->data, (size_t)cargo->count * 4);
        break;
    case QETL_CARGO_SCHEMA:
        pack_schema(pack, cargo->schema);
        break;
    case QETL_CARGO_BLOBS:
        pack_blobs(pack, cargo);
        break;
    case QETL_CARGO_TEXTS:
        pack_texts(pack, cargo, mask);
        break;
    case QETL_CARGO_ARRAY:
        return pack_array(pack, cargo);
    }
    return QETL_OK;
}

static bool holds_secret(struct qetl_blob blob, const struct qetl_mask *mask)
{
    char *copy = blob.size ? malloc(blob.size) : NULL;
    if (!copy)
        return blob.size > 0; /* who knows */
    memcpy(copy, blob.data, blob.size);
    size_t size = qetl_mask_hide(mask, copy, blob.size);
    bool holds = size != blob.size || memcmp(copy, blob.data, size) != 0;
    free(copy);
    return holds;
}

/* What plugins keep of themselves, and not rows: positions, splits, handles, states. In these a
 * secret cannot be masked, as they would mean something else. */
static bool is_secret(const struct qetl_crossing *crossing, const struct qetl_cargo *cargo,
                      const struct qetl_mask *mask)
{
    static const char *const rows[] = {"bytes", "keys", "data", "header", "footer"};
    bool stream = crossing->call && strchr(crossing->call, '.') && !strcmp(cargo->name, "data");
    if (qetl_mask_is_empty(mask) ||
        (cargo->kind != QETL_CARGO_BYTES && cargo->kind != QETL_CARGO_BLOBS))
        return false;
    for (size_t i = 0; !stream && i < sizeof rows / sizeof *rows; i++)
        if (strcmp(cargo->name, rows[i]) == 0)
            return false;
    const struct qetl_blob *blobs = cargo->data;
    if (cargo->kind == QETL_CARGO_BYTES)
        return holds_secret((struct qetl_blob){cargo->data, (size_t)cargo->count}, mask);
    bool holds = false;
    for (int64_t i = 0; !holds && i < cargo->count; i++)
        holds = holds_secret(blobs[i], mask);
    return holds;
}

static void pack_one(struct qetl_pack *pack, const struct qetl_crossing *crossing,
                     const struct qetl_cargo *cargo, const struct qetl_mask *mask,
                     const char *options)
{
    bool absent = is_absent(cargo);
    bool lost = cargo->lost || (!absent && is_secret(crossing, cargo, mask));
    pack_text(pack, cargo->name);
    qetl_pack_u8(pack, (uint8_t)cargo->kind);
    size_t flags_at = pack->size;
    qetl_pack_u8(pack, (uint8_t)((cargo->out ? IS_OUT : 0) | (absent ? IS_ABSENT : 0)));
    size_t value_at = pack->size;
    if (absent || (!lost && !pack_value(pack, cargo, mask, options)) || pack->failed)
        return;
    pack->size = value_at;
    pack->data[flags_at] |= IS_LOST;
}

void qetl_pack_cargo(struct qetl_pack *pack, const struct qetl_crossing *crossing, bool out,
                     const struct qetl_mask *mask, const char *options)
{
    uint8_t n = 0;
    for (int i = 0; i < crossing->n_cargo; i++)
        n += crossing->cargo[i].out == out;
    qetl_pack_u8(pack, n);
    for (int i = 0; i < crossing->n_cargo; i++)
        if (crossing->cargo[i].out == out)
            pack_one(pack, crossing, &crossing->cargo[i], mask, options);
}

/* ---- read ---- */

static const char *unpack_text(struct qetl_unpack *in, size_t *size)
{
    const char *text = qetl_unpack_blob(in, size);
    if (in->failed || !*size || text[*size - 1] || memchr(text, 0, *size - 1)) {
        in->failed = true;
        return NULL;
    }
    --*size;
    return text;
}

/* Passes over the entries of a list; data is the first of them. */
static void unpack_list(struct qetl_unpack *in, struct qetl_value *value)
{
    size_t size;
    bool numbers = value->kind == QETL_CARGO_NUMBERS;
    value->count = qetl_unpack_count(in, numbers ? 8 : 4);
    value->data = in->at;
    for (int64_t i = 0; i < value->count && !in->failed; i++) {
        if (numbers)
            qetl_unpack_i64(in);
        else if (value->kind == QETL_CARGO_TEXTS)
            unpack_text(in, &size);
        else if (qetl_unpack_u8(in) > 1 || (!qetl_unpack_blob(in, &size) && in->failed))
            in->failed = true;
    }
    value->size = in->failed ? 0 : (size_t)(in->at - value->data);
}

static void unpack_value(struct qetl_unpack *in, struct qetl_value *value)
{
    switch (value->kind) {
    case QETL_CARGO_NUMBER:
        value->number = qetl_unpack_i64(in);
        break;
    case QETL_CARGO_REAL:
        value->number = qetl_unpack_i64(in);
        memcpy(&value->real, &value->number, sizeof value->real);
        break;
    case QETL_CARGO_TEXT:
        value->data = (const uint8_t *)unpack_text(in, &value->size);
        break;
    case QETL_CARGO_BYTES:
    case QETL_CARGO_SCHEMA:
    case QETL_CARGO_ARRAY:
        value->data = qetl_unpack_blob(in, &value->size);
        break;
    case QETL_CARGO_MAP:
        value->data = qetl_unpack_blob(in, &value->size);
        value->count = (int64_t)(value->size / 4);
        in->failed |= value->size % 4 != 0;
        break;
    case QETL_CARGO_NUMBERS:
    case QETL_CARGO_BLOBS:
    case QETL_CARGO_TEXTS:
        unpack_list(in, value);
        break;
    default:
        in->failed = true;
    }
}

int32_t qetl_unpack_cargo(struct qetl_unpack *in, struct qetl_values *out)
{
    size_t size;
    out->n = qetl_unpack_u8(in);
    if (out->n > QETL_CARGO_MOST)
        in->failed = true;
    for (int i = 0; i < out->n && !in->failed; i++) {
        struct qetl_value *value = &out->list[i];
        *value = (struct qetl_value){.name = unpack_text(in, &size)};
        value->kind = (enum qetl_cargo_kind)qetl_unpack_u8(in);
        uint8_t flags = qetl_unpack_u8(in);
        value->out = flags & IS_OUT;
        value->absent = flags & IS_ABSENT;
        value->lost = flags & IS_LOST;
        if (value->kind < QETL_CARGO_NUMBER || value->kind > QETL_CARGO_TEXTS)
            in->failed = true;
        if (!in->failed && !value->absent && !value->lost)
            unpack_value(in, value);
    }
    if (!in->failed)
        return QETL_OK;
    out->n = 0;
    return QETL_E_DATA;
}

const struct qetl_value *qetl_values_find(const struct qetl_values *values, const char *name)
{
    for (int i = 0; i < values->n; i++)
        if (strcmp(values->list[i].name, name) == 0)
            return &values->list[i];
    return NULL;
}

int64_t qetl_values_number(const struct qetl_values *values, const char *name)
{
    const struct qetl_value *value = qetl_values_find(values, name);
    return value && value->kind == QETL_CARGO_NUMBER ? value->number : 0;
}

const char *qetl_values_text(const struct qetl_values *values, const char *name)
{
    const struct qetl_value *value = qetl_values_find(values, name);
    return value && value->kind == QETL_CARGO_TEXT ? (const char *)value->data : NULL;
}

struct qetl_blob qetl_values_blob(const struct qetl_values *values, const char *name)
{
    const struct qetl_value *value = qetl_values_find(values, name);
    if (!value || value->kind != QETL_CARGO_BYTES)
        return (struct qetl_blob){0};
    return (struct qetl_blob){value->data, value->size};
}

struct qetl_blob *qetl_value_blobs(const struct qetl_value *value)
{
    if (!value || value->kind != QETL_CARGO_BLOBS || !value->data)
        return NULL;
    struct qetl_unpack in = qetl_unpack_from(value->data, value->size);
    struct qetl_blob *blobs = calloc((size_t)value->count + 1, sizeof *blobs);
    for (int64_t i = 0; blobs && i < value->count; i++) {
        bool there = qetl_unpack_u8(&in);
        const void *data = qetl_unpack_blob(&in, &blobs[i].size);
        blobs[i].data = there ? (data ? data : "") : NULL;
    }
    return blobs;
}

int32_t qetl_value_schema(const struct qetl_value *value, struct ArrowSchema *out)
{
    struct qetl_unpack in = qetl_unpack_from(value->data, value->data ? value->size : 0);
    *out = (struct ArrowSchema){0};
    return qetl_unpack_schema(&in, out);
}

int32_t qetl_value_array(const struct qetl_value *value, struct ArrowSchema *schema,
                         struct ArrowArray *out)
{
    struct qetl_unpack in = qetl_unpack_from(value->data, value->data ? value->size : 0);
    *schema = (struct ArrowSchema){0};
    *out = (struct ArrowArray){0};
    int32_t status = qetl_unpack_schema(&in, schema);
    if (!status)
        status = qetl_unpack_array(&in, schema, out);
    if (!status && in.at != in.end) {
        qetl_array_release(out);
        status = QETL_E_DATA;
    }
    if (status)
        qetl_schema_release(schema);
    return status;
}
