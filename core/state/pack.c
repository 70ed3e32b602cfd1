/* SPDX-License-Identifier: Apache-2.0 */
#include "pack.h"

#include <stdlib.h>
#include <string.h>

enum { ABSENT = 0, PRESENT = 1 };

void qetl_pack_raw(struct qetl_pack *pack, const void *data, size_t size)
{
    if (pack->failed)
        return;
    if (pack->size + size > pack->room) {
        size_t room = 2 * (pack->size + size) + 64;
        uint8_t *grown = realloc(pack->data, room);
        pack->failed = !grown;
        if (!grown)
            return;
        pack->data = grown;
        pack->room = room;
    }
    if (size)
        memcpy(pack->data + pack->size, data, size);
    pack->size += size;
}

static void pack_number(struct qetl_pack *pack, uint64_t number, size_t bytes)
{
    uint8_t digits[8];
    for (size_t i = 0; i < bytes; i++)
        digits[i] = (uint8_t)(number >> (8 * i));
    qetl_pack_raw(pack, digits, bytes);
}

void qetl_pack_u8(struct qetl_pack *pack, uint8_t number)
{
    pack_number(pack, number, 1);
}

void qetl_pack_u32(struct qetl_pack *pack, uint32_t number)
{
    pack_number(pack, number, 4);
}

void qetl_pack_u64(struct qetl_pack *pack, uint64_t number)
{
    pack_number(pack, number, 8);
}

void qetl_pack_i64(struct qetl_pack *pack, int64_t number)
{
    pack_number(pack, (uint64_t)number, 8);
}

void qetl_pack_blob(struct qetl_pack *pack, const void *data, size_t size)
{
    qetl_pack_u64(pack, size);
    qetl_pack_raw(pack, data, size);
}

void qetl_pack_text(struct qetl_pack *pack, const char *text)
{
    qetl_pack_u8(pack, text ? PRESENT : ABSENT);
    if (text)
        qetl_pack_blob(pack, text, strlen(text));
}

void qetl_pack_free(struct qetl_pack *pack)
{
    free(pack->data);
    *pack = (struct qetl_pack){0};
}

struct qetl_unpack qetl_unpack_from(const void *data, size_t size)
{
    return (struct qetl_unpack){.at = data, .end = (const uint8_t *)data + size};
}

static size_t left(const struct qetl_unpack *unpack)
{
    return unpack->failed ? 0 : (size_t)(unpack->end - unpack->at);
}

static uint64_t unpack_number(struct qetl_unpack *unpack, size_t bytes)
{
    uint64_t number = 0;
    unpack->failed |= left(unpack) < bytes;
    for (size_t i = 0; !unpack->failed && i < bytes; i++)
        number |= (uint64_t)*unpack->at++ << (8 * i);
    return number;
}

uint8_t qetl_unpack_u8(struct qetl_unpack *unpack)
{
    return (uint8_t)unpack_number(unpack, 1);
}

uint32_t qetl_unpack_u32(struct qetl_unpack *unpack)
{
    return (uint32_t)unpack_number(unpack, 4);
}

uint64_t qetl_unpack_u64(struct qetl_unpack *unpack)
{
    return unpack_number(unpack, 8);
}

int64_t qetl_unpack_i64(struct qetl_unpack *unpack)
{
    return (int64_t)unpack_number(unpack, 8);
}

const void *qetl_unpack_blob(struct qetl_unpack *unpack, size_t *size)
{
    uint64_t told = qetl_unpack_u64(unpack);
    unpack->failed |= told > left(unpack);
    *size = unpack->failed ? 0 : (size_t)told;
    if (unpack->failed)
        return "";
    const uint8_t *data = unpack->at;
    unpack->at += told;
    return data;
}

char *qetl_unpack_text(struct qetl_unpack *unpack)
{
    size_t size;
    uint8_t present = qetl_unpack_u8(unpack);
    unpack->failed |= present > PRESENT;
    if (unpack->failed || present == ABSENT)
        return NULL;
    const char *data = qetl_unpack_blob(unpack, &size);
    unpack->failed |= memchr(data, 0, size) != NULL;
    char *text = unpack->failed ? NULL : strndup(data, size);
    unpack->failed |= !text;
    return text;
}

uint32_t qetl_unpack_count(struct qetl_unpack *unpack, size_t least)
{
    uint32_t count = qetl_unpack_u32(unpack);
    unpack->failed |= count > left(unpack) / least;
    return unpack->failed ? 0 : count;
}
