/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The header of a container file: "Obj" 1, metadata, a sync marker.
 *
 * Invariant: a header that was read has a schema; without avro.codec the codec is "null".
 * Ownership: points into the bytes that it was read from.
 * Threads:   any.
 */
#ifndef AVRO_HEADER_H
#define AVRO_HEADER_H

#include "codec.h"
#include "schema.h"

enum { AVRO_SYNC_BYTES = 16, AVRO_HEADER_MAX = 16 << 20, AVRO_SCHEMA_FAULT = 480 };

struct avro_header {
    const char *schema;
    int64_t schema_size;
    const char *codec;
    int64_t codec_size;
    const uint8_t *sync;
    int64_t size; /* of all */
};

/* OK, NEED_INPUT: it goes on behind the data, or DATA with a reason in fault. */
int32_t avro_header_read(const uint8_t *data, int64_t size, struct avro_header *out,
                         char fault[AVRO_FAULT_TEXT]);
/* Its codec and its schema as a tree; says of which object what is wrong with them. */
int32_t avro_header_open(struct qetl_env env, const struct avro_header *header, const char *object,
                         enum avro_codec *codec, struct avro_type *type);

#endif
