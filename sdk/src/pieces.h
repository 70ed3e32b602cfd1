/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes that are written piece by piece, and read so, in memory. Invariant: at <= size.
 * Ownership: data is freed by whoever has it. Threads: the caller's.
 */
#ifndef QETL_SDK_PIECES_H
#define QETL_SDK_PIECES_H

#include <stddef.h>
#include <stdint.h>

struct qetl_sdk_pieces {
    uint8_t *data;
    size_t size, room, at;
};

/* For a qetl_writer and a qetl_reader. */
int32_t qetl_sdk_pieces_write(void *pieces, const void *data, uint64_t size);
int64_t qetl_sdk_pieces_read(void *pieces, void *data, uint64_t capacity);

#endif
