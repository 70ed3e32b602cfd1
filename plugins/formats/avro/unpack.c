/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks unpacked, into a room that grows as long as the limit allows. */
#include "codec.h"

#include <bzlib.h>
#include <lzma.h>
#include <snappy-c.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

enum {
    STEP_LEAST = 64 << 10,
    RATIO_USUAL = 4,
    CRC_BYTES = 4,
    ADLER_BYTES = 4,
    VIEWS_REACH = INT32_MAX
};

int32_t avro_room_reserve(struct avro_room *room, int64_t more)
{
    int64_t capacity = room->capacity * 2, need = room->size + more;
    if (need <= room->capacity)
        return QETL_OK;
    capacity = capacity > need ? capacity : need;
    uint8_t *grown = room->env.host->buffer_alloc(room->env.ctx, (size_t)capacity);
    if (!grown)
        return QETL_E_NO_MEMORY;
    if (room->size)
        memcpy(grown, room->data, (size_t)room->size);
    if (room->data)
        room->env.host->buffer_free(room->data);
    room->data = grown;
    room->capacity = capacity;
    return QETL_OK;
}

void avro_room_free(struct avro_room *room)
{
    if (room->data)
        room->env.host->buffer_free(room->data);
    *room = (struct avro_room){.env = room->env};
}

/* One block on its way into a room. */
struct unpacking {
    const uint8_t *data;
    int64_t size;
    struct avro_room *room;
    int64_t before, limit; /* what the room held before; how much may come */
    const char **fault;
};

static int32_t fault_set(const struct unpacking *u, const char *fault)
{
    *u->fault = fault;
    return QETL_E_DATA;
}

/* Room for more bytes, to be had from `free` on. DATA: the limit is reached. */
static int32_t room_step(const struct unpacking *u, int64_t *free)
{
    struct avro_room *room = u->room;
    int64_t allowed = u->limit + 1 - (room->size - u->before);
    if (allowed <= 0 || room->size > VIEWS_REACH - STEP_LEAST)
        return fault_set(u, "it unpacks to more than max_block");
    *free = room->capacity - room->size;
    if (*free < STEP_LEAST) {
        int64_t guess = u->size < VIEWS_REACH / RATIO_USUAL ? u->size * RATIO_USUAL : u->size;
        int32_t status = avro_room_reserve(
            room, room->size > u->before || guess < STEP_LEAST ? STEP_LEAST : guess);
        if (status)
            return status;
        *free = room->capacity - room->size;
    }
    *free = *free < allowed ? *free : allowed;
    return QETL_OK;
}

/* ---- deflate, without zlib's header ---- */

static int32_t deflate_unpack(const struct unpacking *u)
{
    z_stream z = {.next_in = (uint8_t *)(uintptr_t)u->data, .avail_in = (uInt)u->size};
    int answer = inflateInit2(&z, -MAX_WBITS);
    int32_t status = answer == Z_OK ? QETL_OK : QETL_E_NO_MEMORY;
    int64_t free = 0;
    while (!status && answer == Z_OK) {
        status = room_step(u, &free);
        if (status)
            break;
        z.next_out = u->room->data + u->room->size;
        z.avail_out = (uInt)free;
        answer = inflate(&z, Z_NO_FLUSH);
        u->room->size += free - z.avail_out;
    }
    if (!status && answer == Z_MEM_ERROR)
        status = QETL_E_NO_MEMORY;
    if (!status && answer != Z_STREAM_END)
        status = fault_set(u, answer == Z_BUF_ERROR ? "its deflate data ends too early"
                                                    : "its deflate data is damaged");
    /* Some writers leave a part of zlib's checksum there. */
    if (!status && z.avail_in > ADLER_BYTES)
        status = fault_set(u, "something stands behind its deflate data");
    inflateEnd(&z);
    return status;
}

/* ---- snappy, with a CRC-32 of the content behind it ---- */

static int32_t snappy_unpack(const struct unpacking *u)
{
    const char *data = (const char *)u->data;
    size_t length, packed = u->size < CRC_BYTES ? 0 : (size_t)u->size - CRC_BYTES;
    if (!packed || snappy_uncompressed_length(data, packed, &length) != SNAPPY_OK)
        return fault_set(u, "its snappy data is damaged");
    if ((int64_t)length > u->limit || (int64_t)length > VIEWS_REACH - u->before)
        return fault_set(u, "it unpacks to more than max_block");
    if (snappy_validate_compressed_buffer(data, packed) != SNAPPY_OK)
        return fault_set(u, "its snappy data is damaged");
    int32_t status = avro_room_reserve(u->room, (int64_t)length + 1);
    if (status)
        return status;
    uint8_t *to = u->room->data + u->room->size;
    if (snappy_uncompress(data, packed, (char *)to, &length) != SNAPPY_OK)
        return fault_set(u, "its snappy data is damaged");
    const uint8_t *crc = u->data + packed;
    uint32_t wanted =
        (uint32_t)crc[0] << 24 | (uint32_t)crc[1] << 16 | (uint32_t)crc[2] << 8 | crc[3];
    if (crc32(0, to, (uInt)length) != wanted)
        return fault_set(u, "its content does not have the CRC that stands behind it");
    u->room->size += (int64_t)length;
    return QETL_OK;
}

/* ---- zstandard ---- */

static int32_t zstandard_unpack(const struct unpacking *u)
{
    ZSTD_DCtx *z = ZSTD_createDCtx();
    ZSTD_inBuffer in = {u->data, (size_t)u->size, 0};
    size_t answer = 1;
    int32_t status = z ? QETL_OK : QETL_E_NO_MEMORY;
    int64_t free;
    bool stuck = false;
    while (!status && !stuck && (in.pos < in.size || answer)) {
        status = room_step(u, &free);
        if (status)
            break;
        ZSTD_outBuffer out = {u->room->data + u->room->size, (size_t)free, 0};
        answer = ZSTD_decompressStream(z, &out, &in);
        if (ZSTD_isError(answer))
            status = ZSTD_getErrorCode(answer) == ZSTD_error_memory_allocation
                         ? QETL_E_NO_MEMORY
                         : fault_set(u, "its zstandard data is damaged");
        else
            u->room->size += (int64_t)out.pos;
        stuck = in.pos == in.size && out.pos < out.size && answer;
    }
    if (!status && stuck)
        status = fault_set(u, "its zstandard data ends too early");
    ZSTD_freeDCtx(z);
    return status;
}

/* ---- bzip2 ---- */

static int32_t bzip2_unpack(const struct unpacking *u)
{
    bz_stream z = {.next_in = (char *)(uintptr_t)u->data, .avail_in = (unsigned)u->size};
    int answer = BZ2_bzDecompressInit(&z, 0, 0);
    int32_t status = answer == BZ_OK ? QETL_OK : QETL_E_NO_MEMORY;
    int64_t free;
    bool stuck = false;
    if (status)
        return status;
    while (!status && !stuck && answer == BZ_OK) {
        status = room_step(u, &free);
        if (status)
            break;
        z.next_out = (char *)u->room->data + u->room->size;
        z.avail_out = (unsigned)free;
        answer = BZ2_bzDecompress(&z);
        u->room->size += free - z.avail_out;
        stuck = answer == BZ_OK && !z.avail_in && z.avail_out;
    }
    if (!status && answer == BZ_MEM_ERROR)
        status = QETL_E_NO_MEMORY;
    if (!status && answer != BZ_STREAM_END)
        status =
            fault_set(u, stuck ? "its bzip2 data ends too early" : "its bzip2 data is damaged");
    if (!status && z.avail_in)
        status = fault_set(u, "something stands behind its bzip2 data");
    BZ2_bzDecompressEnd(&z);
    return status;
}

/* ---- xz ---- */

static int32_t xz_unpack(const struct unpacking *u)
{
    lzma_stream z = LZMA_STREAM_INIT;
    lzma_ret answer = lzma_stream_decoder(&z, UINT64_C(256) << 20, 0);
    int32_t status = answer == LZMA_OK ? QETL_OK : QETL_E_NO_MEMORY;
    int64_t free;
    z.next_in = u->data;
    z.avail_in = (size_t)u->size;
    while (!status && answer == LZMA_OK) {
        status = room_step(u, &free);
        if (status)
            break;
        z.next_out = u->room->data + u->room->size;
        z.avail_out = (size_t)free;
        answer = lzma_code(&z, LZMA_FINISH);
        u->room->size += free - (int64_t)z.avail_out;
    }
    if (!status && answer == LZMA_MEM_ERROR)
        status = QETL_E_NO_MEMORY;
    if (!status && answer != LZMA_STREAM_END)
        status = fault_set(u, answer == LZMA_MEMLIMIT_ERROR ? "its xz data needs more than 256 MiB"
                              : answer == LZMA_BUF_ERROR    ? "its xz data ends too early"
                                                            : "its xz data is damaged");
    if (!status && z.avail_in)
        status = fault_set(u, "something stands behind its xz data");
    lzma_end(&z);
    return status;
}

int32_t avro_unpack(enum avro_codec codec, const uint8_t *data, int64_t size, int64_t limit,
                    struct avro_room *out, const char **fault)
{
    static int32_t (*const ways[])(const struct unpacking *) = {
        [AVRO_CODEC_DEFLATE] = deflate_unpack,
        [AVRO_CODEC_SNAPPY] = snappy_unpack,
        [AVRO_CODEC_ZSTANDARD] = zstandard_unpack,
        [AVRO_CODEC_BZIP2] = bzip2_unpack,
        [AVRO_CODEC_XZ] = xz_unpack,
    };
    struct unpacking u = {data, size, out, out->size, limit, fault};
    int32_t status = ways[codec](&u);
    if (!status && out->size - u.before > limit)
        status = fault_set(&u, "it unpacks to more than max_block");
    if (status)
        out->size = u.before;
    return status;
}
