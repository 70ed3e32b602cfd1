/* SPDX-License-Identifier: Apache-2.0 */
/* Names of codecs, and blocks packed. */
#include "codec.h"

#include <bzlib.h>
#include <lzma.h>
#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>

enum { DEFLATE_MEMORY = 8, BZIP2_SLACK = 600, BZIP2_SHARE = 100, CRC_BYTES = 4 };

static const struct {
    const char *name;
    int32_t least, greatest, usual;
} codecs[] = {
    [AVRO_CODEC_NULL] = {"null", 0, 0, 0},     [AVRO_CODEC_DEFLATE] = {"deflate", 1, 9, 6},
    [AVRO_CODEC_SNAPPY] = {"snappy", 0, 0, 0}, [AVRO_CODEC_ZSTANDARD] = {"zstandard", 1, 22, 3},
    [AVRO_CODEC_BZIP2] = {"bzip2", 1, 9, 9},   [AVRO_CODEC_XZ] = {"xz", 1, 9, 6}};

bool avro_codec_named(const char *name, int64_t size, enum avro_codec *out)
{
    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++)
        if (size == (int64_t)strlen(codecs[i].name) &&
            !memcmp(name, codecs[i].name, (size_t)size)) {
            *out = (enum avro_codec)i;
            return true;
        }
    return false;
}

const char *avro_codec_name(enum avro_codec codec)
{
    return codecs[codec].name;
}

void avro_codec_levels(enum avro_codec codec, int32_t *least, int32_t *greatest, int32_t *usual)
{
    *least = codecs[codec].least;
    *greatest = codecs[codec].greatest;
    *usual = codecs[codec].usual;
}

static int32_t reserve(struct qetl_space *out, size_t more)
{
    return out->capacity - out->size < (int64_t)more ? out->reserve(out, (int64_t)more) : QETL_OK;
}

static int32_t deflate_pack(int32_t level, const uint8_t *data, int64_t size,
                            struct qetl_space *out)
{
    z_stream z = {.next_in = (uint8_t *)(uintptr_t)data, .avail_in = (uInt)size};
    if (deflateInit2(&z, level, Z_DEFLATED, -MAX_WBITS, DEFLATE_MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
        return QETL_E_NO_MEMORY;
    size_t bound = deflateBound(&z, (uLong)size);
    int32_t status = reserve(out, bound);
    if (!status) {
        z.next_out = out->data + out->size;
        z.avail_out = (uInt)bound;
        status = deflate(&z, Z_FINISH) == Z_STREAM_END ? QETL_OK : QETL_E_FATAL;
        out->size += (int64_t)(bound - z.avail_out);
    }
    deflateEnd(&z);
    return status;
}

static int32_t snappy_pack(const uint8_t *data, int64_t size, struct qetl_space *out)
{
    size_t length = snappy_max_compressed_length((size_t)size);
    int32_t status = reserve(out, length + CRC_BYTES);
    if (status)
        return status;
    if (snappy_compress((const char *)data, (size_t)size, (char *)out->data + out->size, &length) !=
        SNAPPY_OK)
        return QETL_E_FATAL;
    uint32_t crc = (uint32_t)crc32(0, data, (uInt)size);
    uint8_t *at = out->data + out->size + length;
    for (int i = 0; i < CRC_BYTES; i++)
        at[i] = (uint8_t)(crc >> (24 - 8 * i));
    out->size += (int64_t)length + CRC_BYTES;
    return QETL_OK;
}

static int32_t zstandard_pack(int32_t level, const uint8_t *data, int64_t size,
                              struct qetl_space *out)
{
    size_t bound = ZSTD_compressBound((size_t)size) + CRC_BYTES;
    int32_t status = reserve(out, bound);
    if (status)
        return status;
    ZSTD_CCtx *z = ZSTD_createCCtx();
    if (!z)
        return QETL_E_NO_MEMORY;
    ZSTD_CCtx_setParameter(z, ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1);
    size_t answer = ZSTD_compress2(z, out->data + out->size, bound, data, (size_t)size);
    ZSTD_freeCCtx(z);
    if (ZSTD_isError(answer))
        return QETL_E_NO_MEMORY;
    out->size += (int64_t)answer;
    return QETL_OK;
}

static int32_t bzip2_pack(int32_t level, const uint8_t *data, int64_t size, struct qetl_space *out)
{
    unsigned bound = (unsigned)(size + size / BZIP2_SHARE + BZIP2_SLACK);
    int32_t status = reserve(out, bound);
    if (status)
        return status;
    int answer = BZ2_bzBuffToBuffCompress((char *)out->data + out->size, &bound,
                                          (char *)(uintptr_t)data, (unsigned)size, level, 0, 0);
    if (answer != BZ_OK)
        return answer == BZ_MEM_ERROR ? QETL_E_NO_MEMORY : QETL_E_FATAL;
    out->size += bound;
    return QETL_OK;
}

static int32_t xz_pack(int32_t level, const uint8_t *data, int64_t size, struct qetl_space *out)
{
    size_t bound = lzma_stream_buffer_bound((size_t)size), used = 0;
    int32_t status = reserve(out, bound);
    if (status)
        return status;
    lzma_options_lzma options;
    lzma_filter filters[] = {{LZMA_FILTER_LZMA2, &options}, {LZMA_VLI_UNKNOWN, NULL}};
    if (lzma_lzma_preset(&options, (uint32_t)level))
        return QETL_E_FATAL;
    /* A window larger than the block costs its time and memory for nothing. */
    uint32_t window = size > LZMA_DICT_SIZE_MIN ? (uint32_t)size : LZMA_DICT_SIZE_MIN;
    options.dict_size = options.dict_size < window ? options.dict_size : window;
    lzma_ret answer = lzma_stream_buffer_encode(filters, LZMA_CHECK_CRC64, NULL, data, (size_t)size,
                                                out->data + out->size, &used, bound);
    if (answer != LZMA_OK)
        return answer == LZMA_MEM_ERROR ? QETL_E_NO_MEMORY : QETL_E_FATAL;
    out->size += (int64_t)used;
    return QETL_OK;
}

int32_t avro_pack(struct qetl_env env, enum avro_codec codec, int32_t level, const uint8_t *data,
                  int64_t size, struct qetl_space *out)
{
    int32_t status = codec == AVRO_CODEC_NULL        ? qetl_space_put(out, data, size)
                     : codec == AVRO_CODEC_DEFLATE   ? deflate_pack(level, data, size, out)
                     : codec == AVRO_CODEC_SNAPPY    ? snappy_pack(data, size, out)
                     : codec == AVRO_CODEC_ZSTANDARD ? zstandard_pack(level, data, size, out)
                     : codec == AVRO_CODEC_BZIP2     ? bzip2_pack(level, data, size, out)
                                                     : xz_pack(level, data, size, out);
    return status == QETL_E_FATAL ? qetl_fail(env, status, NULL, "choose another codec",
                                              "%s could not pack a block of %lld bytes",
                                              avro_codec_name(codec), (long long)size)
                                  : status;
}
