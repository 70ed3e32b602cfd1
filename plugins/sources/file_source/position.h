/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The opaque blobs of the source: a split (the list of its files) and a position within one.
 *
 * Invariant: what encode wrote, decode of this and later versions reads; anything else is refused.
 *            Integers are little-endian, so that another machine reads them.
 * Ownership: decoded names point into the blob; encode writes into the caller's growing buffer.
 * Threads:   none of its own.
 */
#ifndef FILE_SOURCE_POSITION_H
#define FILE_SOURCE_POSITION_H

#include "names.h"

#include <stdbool.h>

struct bytes {
    uint8_t *data;
    size_t size, capacity;
};

struct position {
    int64_t file;    /* index in the split's list */
    int64_t ordinal; /* object within the file */
    int64_t offset;  /* decoded offset of the next byte */
    int64_t size;    /* of the file, to know it again; -1: no regular file */
    int64_t mtime_ns;
    bool ended;       /* the object is over */
    bool archive;     /* the object is a member: others may follow in the file */
    const char *name; /* of the object */
    size_t name_size;
};

/* false: out of memory. */
bool position_encode(struct bytes *out, const struct position *);
bool split_encode(struct bytes *out, const struct names *files);

/* false: not one of these blobs. */
bool position_decode(const void *data, size_t size, struct position *out);
/* 0, EINVAL (not one of these blobs) or ENOMEM. */
int split_decode(const void *data, size_t size, struct names *out);

void bytes_free(struct bytes *);

#endif
