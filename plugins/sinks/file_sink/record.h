/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers and texts in a row of bytes, as handles and saved states are written.
 *
 * Invariant: numbers are little-endian, 8 bytes; a text is its length and its bytes, without NUL.
 *            After the first that cannot be written or read, all that follow fail too.
 * Ownership: a record owns its bytes; a cursor borrows them, and the texts it gives are the
 * caller's. Threads:   none of its own.
 */
#ifndef FILE_SINK_RECORD_H
#define FILE_SINK_RECORD_H

#include <qetl/sdk.h>

struct record {
    uint8_t *data;
    size_t size, room;
    bool failed; /* out of memory */
};

void record_number(struct record *, int64_t);
void record_bytes(struct record *, const void *data, size_t size); /* with their length */
void record_text(struct record *, const char *);
/* Out with all of it, as one piece: the writer's status, or NO_MEMORY. Frees it in any case. */
int32_t record_send(struct record *, const struct qetl_writer *);
/* All that the reader has, up to `most` bytes. 0, EINVAL, ENOMEM; then the record is empty. */
int record_take(struct record *, const struct qetl_reader *, size_t most);
void record_free(struct record *);

struct cursor {
    const uint8_t *at, *end;
    int error; /* 0, EINVAL or ENOMEM */
};

int64_t cursor_number(struct cursor *); /* 0 after an error, as below NULL */
const uint8_t *cursor_bytes(struct cursor *, size_t *size);
char *cursor_text(struct cursor *);

#endif
