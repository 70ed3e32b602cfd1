/* SPDX-License-Identifier: Apache-2.0 */
#include "entry.h"

#include <string.h>

uint32_t qetl_crc32(const void *data, size_t size)
{
    static const uint32_t nibbles[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
                                         0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
                                         0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
                                         0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
    const uint8_t *at = data;
    uint32_t crc = 0xffffffff;
    for (; size; size--, at++) {
        crc = crc >> 4 ^ nibbles[(crc ^ *at) & 15];
        crc = crc >> 4 ^ nibbles[(crc ^ (uint32_t)(*at >> 4)) & 15];
    }
    return ~crc;
}

static void put_u32(uint8_t *at, uint32_t number)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(number >> (8 * i));
}

void qetl_pack_entry(struct qetl_pack *pack, const struct qetl_entry *entry,
                     const struct qetl_crossing *cargo, bool out, const struct qetl_mask *mask,
                     const char *options)
{
    size_t frame = pack->size;
    qetl_pack_u64(pack, 0); /* size, and the checksum, which comes last */
    qetl_pack_u8(pack, (uint8_t)entry->kind);
    qetl_pack_u64(pack, entry->seq);
    qetl_pack_u64(pack, entry->within);
    qetl_pack_u32(pack, entry->guest);
    qetl_pack_u32(pack, entry->thread);
    qetl_pack_i64(pack, entry->at_ns);
    qetl_pack_i64(pack, entry->lasted_ns);
    qetl_pack_u8(pack, (uint8_t)entry->answers);
    qetl_pack_i64(pack, entry->answer);
    qetl_pack_blob(pack, entry->call, strlen(entry->call) + 1);
    if (entry->kind == QETL_ENTRY_ASKED) /* it went in and out before it was written */
        qetl_pack_cargo(pack, cargo, false, mask, options);
    qetl_pack_cargo(pack, cargo, out, mask, options);
    if (!pack->failed && pack->size - frame - QETL_FRAME_HEADER > UINT32_MAX)
        pack->failed = true;
    if (!pack->failed)
        put_u32(pack->data + frame, (uint32_t)(pack->size - frame - QETL_FRAME_HEADER));
}

void qetl_entry_number(struct qetl_pack *frame, uint64_t seq)
{
    uint8_t *payload = frame->data + QETL_FRAME_HEADER;
    for (int i = 0; i < 8; i++)
        payload[1 + i] = (uint8_t)(seq >> (8 * i));
    put_u32(frame->data + 4, qetl_crc32(payload, frame->size - QETL_FRAME_HEADER));
}

static int32_t unpack_payload(struct qetl_unpack in, struct qetl_entry *out)
{
    size_t size;
    *out = (struct qetl_entry){.kind = (enum qetl_entry_kind)qetl_unpack_u8(&in)};
    out->seq = qetl_unpack_u64(&in);
    out->within = qetl_unpack_u64(&in);
    out->guest = qetl_unpack_u32(&in);
    out->thread = qetl_unpack_u32(&in);
    out->at_ns = qetl_unpack_i64(&in);
    out->lasted_ns = qetl_unpack_i64(&in);
    out->answers = (enum qetl_answer)qetl_unpack_u8(&in);
    out->answer = qetl_unpack_i64(&in);
    out->call = qetl_unpack_blob(&in, &size);
    out->cargo = in;
    if (in.failed || out->kind < QETL_ENTRY_HEAD || out->kind > QETL_ENTRY_END ||
        out->answers > QETL_ANSWERS_NUMBER || !size ||
        memchr(out->call, 0, size) != out->call + size - 1)
        return QETL_E_DATA;
    return QETL_OK;
}

int32_t qetl_unpack_entry(struct qetl_unpack *in, struct qetl_entry *out)
{
    struct qetl_unpack at = *in;
    if (at.at == at.end)
        return 0;
    uint32_t size = qetl_unpack_u32(&at), crc = qetl_unpack_u32(&at);
    if (at.failed || size > (size_t)(at.end - at.at) || qetl_crc32(at.at, size) != crc ||
        unpack_payload(qetl_unpack_from(at.at, size), out))
        return QETL_E_DATA;
    in->at = at.at + size;
    return 1;
}

int32_t qetl_entry_values(const struct qetl_entry *entry, struct qetl_values *out)
{
    struct qetl_unpack in = entry->cargo;
    struct qetl_values more;
    int32_t status = qetl_unpack_cargo(&in, out);
    if (!status && entry->kind == QETL_ENTRY_ASKED) {
        status = qetl_unpack_cargo(&in, &more);
        for (int i = 0; !status && i < more.n && out->n < QETL_CARGO_MOST; i++)
            out->list[out->n++] = more.list[i];
    }
    return status || in.at != in.end ? QETL_E_DATA : QETL_OK;
}
