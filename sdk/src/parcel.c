/* SPDX-License-Identifier: Apache-2.0 */
/* Parcels, small records: a tag, the version, fields, and a digest of all of it. */
#include "internal.h"

#include <qetl/parcel.h>

enum { TAG = 0xe7, HEAD = 2, DIGEST = 4 };

static uint32_t digest_of(const uint8_t *bytes, size_t size)
{
    uint32_t digest = 0x811c9dc5;
    for (size_t i = 0; i < size; i++)
        digest = (digest ^ bytes[i]) * 0x01000193;
    return digest;
}

static void little_write(uint8_t *to, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++, value >>= 8)
        to[i] = (uint8_t)value;
}

static uint64_t little_read(const uint8_t *from, int bytes)
{
    uint64_t value = 0;
    for (int i = bytes - 1; i >= 0; i--)
        value = value << 8 | from[i];
    return value;
}

static void put(struct qetl_parcel *parcel, const void *data, size_t size)
{
    if (parcel->failed || size > sizeof parcel->bytes - DIGEST - parcel->size) {
        parcel->failed = 1;
        return;
    }
    if (size)
        memcpy(parcel->bytes + parcel->size, data, size);
    parcel->size += size;
}

void qetl_parcel_begin(struct qetl_parcel *parcel, uint8_t version)
{
    parcel->failed = 0;
    parcel->size = HEAD;
    parcel->bytes[0] = TAG;
    parcel->bytes[1] = version;
}

void qetl_parcel_put_int(struct qetl_parcel *parcel, int64_t value)
{
    uint8_t little[8];
    little_write(little, (uint64_t)value, 8);
    put(parcel, little, sizeof little);
}

void qetl_parcel_put_bytes(struct qetl_parcel *parcel, const void *data, size_t size)
{
    uint8_t little[4];
    little_write(little, size, 4);
    if (size > sizeof parcel->bytes)
        parcel->failed = 1;
    put(parcel, little, sizeof little);
    put(parcel, data, size);
}

void qetl_parcel_put_text(struct qetl_parcel *parcel, const char *text)
{
    qetl_parcel_put_bytes(parcel, text, strlen(text));
}

struct qetl_blob qetl_parcel_blob(struct qetl_parcel *parcel)
{
    if (parcel->failed)
        return (struct qetl_blob){NULL, 0};
    little_write(parcel->bytes + parcel->size, digest_of(parcel->bytes, parcel->size), DIGEST);
    return (struct qetl_blob){parcel->bytes, parcel->size + DIGEST};
}

void qetl_parcel_open(struct qetl_parcel_in *in, struct qetl_blob blob, uint8_t version)
{
    const uint8_t *bytes = blob.data;
    size_t size = blob.size;
    *in = (struct qetl_parcel_in){.failed = 1};
    if (size < HEAD + DIGEST || bytes[0] != TAG || bytes[1] != version ||
        little_read(bytes + size - DIGEST, DIGEST) != digest_of(bytes, size - DIGEST))
        return;
    *in = (struct qetl_parcel_in){bytes + HEAD, bytes + size - DIGEST, 0};
}

/* The next so many bytes, or NULL. */
static const uint8_t *take(struct qetl_parcel_in *in, uint64_t size)
{
    const uint8_t *at = in->at;
    if (in->failed || size > (uint64_t)(in->end - in->at)) {
        in->failed = 1;
        return NULL;
    }
    in->at += size;
    return at;
}

int64_t qetl_parcel_int(struct qetl_parcel_in *in)
{
    const uint8_t *at = take(in, 8);
    return at ? (int64_t)little_read(at, 8) : 0;
}

struct qetl_blob qetl_parcel_bytes(struct qetl_parcel_in *in)
{
    const uint8_t *head = take(in, 4);
    uint64_t size = head ? little_read(head, 4) : 0;
    const uint8_t *at = take(in, size);
    return (struct qetl_blob){at, at ? (size_t)size : 0};
}

void qetl_parcel_text(struct qetl_parcel_in *in, char *out, size_t size)
{
    struct qetl_blob blob = qetl_parcel_bytes(in);
    if (blob.size >= size || (blob.size && memchr(blob.data, 0, blob.size)))
        in->failed = 1;
    if (in->failed)
        blob.size = 0;
    if (blob.size)
        memcpy(out, blob.data, blob.size);
    if (size)
        out[blob.size] = 0;
}

int32_t qetl_parcel_close(const struct qetl_parcel_in *in)
{
    return in->failed || in->at != in->end ? QETL_E_UNSUPPORTED : QETL_OK;
}
