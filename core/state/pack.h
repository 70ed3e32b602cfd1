/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers and texts in a row of bytes, as entries of an epoch hold them: little-endian, the same on
 * every machine.
 *
 * Invariant: a reader never looks beyond its bytes; what it answers once it `failed` is 0 or empty.
 * Ownership: the writer owns its bytes until they are taken; what a reader answers points into its.
 * Threads:   one at a time.
 */
#ifndef QETL_CORE_STATE_PACK_H
#define QETL_CORE_STATE_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct qetl_pack {
    uint8_t *data;
    size_t size, room;
    bool failed; /* there was no memory */
};

void qetl_pack_u8(struct qetl_pack *, uint8_t);
void qetl_pack_u32(struct qetl_pack *, uint32_t);
void qetl_pack_u64(struct qetl_pack *, uint64_t);
void qetl_pack_i64(struct qetl_pack *, int64_t);
void qetl_pack_raw(struct qetl_pack *, const void *data, size_t size); /* without its size */
void qetl_pack_blob(struct qetl_pack *, const void *data, size_t size);
void qetl_pack_text(struct qetl_pack *, const char *); /* NULL is not "" */
void qetl_pack_free(struct qetl_pack *);

struct qetl_unpack {
    const uint8_t *at, *end;
    bool failed; /* the bytes were other than was asked for */
};

struct qetl_unpack qetl_unpack_from(const void *data, size_t size);
uint8_t qetl_unpack_u8(struct qetl_unpack *);
uint32_t qetl_unpack_u32(struct qetl_unpack *);
uint64_t qetl_unpack_u64(struct qetl_unpack *);
int64_t qetl_unpack_i64(struct qetl_unpack *);
const void *qetl_unpack_blob(struct qetl_unpack *, size_t *size);
/* Copies; NULL: it was NULL, or the reader failed. Freed by the caller. */
char *qetl_unpack_text(struct qetl_unpack *);
/* How many of something that takes `least` bytes each may follow; fails where they cannot. */
uint32_t qetl_unpack_count(struct qetl_unpack *, size_t least);

#endif
