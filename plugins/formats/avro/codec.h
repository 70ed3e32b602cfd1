/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Codecs: blocks packed and unpacked, by the libraries whose business that is.
 *
 * Invariant: what a room holds never exceeds its limit.
 * Ownership: a room owns its buffer, which is the host's; avro_room_free drops it.
 * Threads:   one room, one thread.
 */
#ifndef AVRO_CODEC_H
#define AVRO_CODEC_H

#include <qetl/sdk.h>

enum avro_codec {
    AVRO_CODEC_NULL,
    AVRO_CODEC_DEFLATE,
    AVRO_CODEC_SNAPPY,
    AVRO_CODEC_ZSTANDARD,
    AVRO_CODEC_BZIP2,
    AVRO_CODEC_XZ
};

/* Names and their codecs; false: it is none of them. */
bool avro_codec_named(const char *name, int64_t size, enum avro_codec *out);
const char *avro_codec_name(enum avro_codec codec);
/* The least and the greatest level, and the one that 0 stands for; all 0: there are none. */
void avro_codec_levels(enum avro_codec codec, int32_t *least, int32_t *greatest, int32_t *usual);

/* A buffer of the host's that grows. */
struct avro_room {
    struct qetl_env env;
    uint8_t *data;
    int64_t size, capacity;
};
int32_t avro_room_reserve(struct avro_room *room, int64_t more);
void avro_room_free(struct avro_room *room);

/* unpack.c: appends what a block holds, of at most limit bytes. DATA: it does not unpack, and
 * *fault says why. */
int32_t avro_unpack(enum avro_codec codec, const uint8_t *data, int64_t size, int64_t limit,
                    struct avro_room *out, const char **fault);
/* pack.c: appends the packed block. */
int32_t avro_pack(struct qetl_env env, enum avro_codec codec, int32_t level, const uint8_t *data,
                  int64_t size, struct qetl_space *out);

#endif
