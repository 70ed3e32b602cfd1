/* SPDX-License-Identifier: Apache-2.0 */
#include "unpack.h"

#include "package_limits.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

enum { PIECE = 128 << 10, WINDOW_LOG_MAX = 27, LEVEL = 19 };

/* A frame begins so; others that zstd passes over in silence, or reads for old times' sake, do not.
 */
static const unsigned char magic[] = {0x28, 0xb5, 0x2f, 0xfd};
enum { DESCRIPTOR = 4, HAS_CHECKSUM = 1 << 2, UNUSED = 1 << 4 | 1 << 3, HAS_DICTIONARY = 3 };

struct package_unpack {
    ZSTD_DCtx *zstd;
    ZSTD_inBuffer in;
    uint64_t total, allowed;
    int ended;
    const char *fault, *code;
    unsigned char piece[PIECE];
};

struct package_unpack *qetl_package_unpack_new(const void *bytes, size_t size)
{
    struct package_unpack *unpack = malloc(sizeof *unpack);
    if (!unpack)
        return NULL;
    memset(unpack, 0, offsetof(struct package_unpack, piece));
    unpack->zstd = ZSTD_createDCtx();
    if (!unpack->zstd ||
        ZSTD_isError(ZSTD_DCtx_setParameter(unpack->zstd, ZSTD_d_windowLogMax, WINDOW_LOG_MAX))) {
        qetl_package_unpack_free(unpack);
        return NULL;
    }
    uint64_t by_ratio = (uint64_t)size * QETL_PACKAGE_RATIO_MAX + QETL_PACKAGE_RATIO_FREE_BYTES;
    unpack->allowed =
        by_ratio < QETL_PACKAGE_UNPACKED_MAX ? by_ratio : (uint64_t)QETL_PACKAGE_UNPACKED_MAX;
    unpack->in = (ZSTD_inBuffer){bytes, size, 0};
    return unpack;
}

void qetl_package_unpack_free(struct package_unpack *unpack)
{
    if (!unpack)
        return;
    ZSTD_freeDCtx(unpack->zstd);
    free(unpack);
}

static ssize_t refuse(struct package_unpack *unpack, const char *code, const char *fault)
{
    unpack->code = code;
    unpack->fault = fault;
    return -1;
}

static int is_frame(const ZSTD_inBuffer *in)
{
    const unsigned char *bytes = in->src;
    return in->size > DESCRIPTOR && memcmp(bytes, magic, sizeof magic) == 0 &&
           (bytes[DESCRIPTOR] & (HAS_CHECKSUM | UNUSED | HAS_DICTIONARY)) == HAS_CHECKSUM;
}

static ssize_t piece_end(struct package_unpack *unpack, size_t rest, size_t size)
{
    unpack->total += size;
    if (unpack->total > unpack->allowed)
        return refuse(unpack, "package_bomb",
                      unpack->allowed < QETL_PACKAGE_UNPACKED_MAX
                          ? "it unpacks to more than a hundred times its size"
                          : "it unpacks to more than 1 GiB");
    unpack->ended = rest == 0;
    if (unpack->ended && unpack->in.pos < unpack->in.size)
        return refuse(unpack, "package_extra", "there are bytes behind its end");
    return (ssize_t)size;
}

ssize_t qetl_package_unpack_next(struct package_unpack *unpack, const void **piece)
{
    ZSTD_outBuffer out = {unpack->piece, PIECE, 0};
    if (unpack->fault)
        return -1;
    if (unpack->ended)
        return 0;
    if (unpack->in.pos == 0 && !is_frame(&unpack->in))
        return refuse(unpack, "package_damaged",
                      "it is no package of qetl, or its beginning is gone");
    *piece = unpack->piece;
    while (out.pos < out.size) {
        size_t before = unpack->in.pos, had = out.pos;
        size_t rest = ZSTD_decompressStream(unpack->zstd, &out, &unpack->in);
        if (ZSTD_isError(rest))
            return refuse(unpack, "package_damaged", "its bytes are damaged");
        if (rest == 0)
            return piece_end(unpack, rest, out.pos);
        if (unpack->in.pos == before && out.pos == had)
            return refuse(unpack, "package_damaged", "its end is missing");
    }
    return piece_end(unpack, 1, out.pos);
}

uint64_t qetl_package_unpack_total(const struct package_unpack *unpack)
{
    return unpack->total;
}

const char *qetl_package_unpack_fault(const struct package_unpack *unpack, const char **code)
{
    *code = unpack->code;
    return unpack->fault;
}

int qetl_package_compress(const void *bytes, size_t size, void **packed, size_t *packed_size)
{
    size_t room = ZSTD_compressBound(size);
    ZSTD_CCtx *zstd = ZSTD_createCCtx();
    *packed = malloc(room);
    size_t answer = (size_t)-1;
    if (zstd && *packed) {
        ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, LEVEL);
        ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1);
        answer = ZSTD_compress2(zstd, *packed, room, bytes, size);
    }
    ZSTD_freeCCtx(zstd);
    if (!ZSTD_isError(answer)) {
        *packed_size = answer;
        return 0;
    }
    free(*packed);
    *packed = NULL;
    return -1;
}
