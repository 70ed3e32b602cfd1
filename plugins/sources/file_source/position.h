/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The opaque blobs of the source: a split (the list of its files) and a position within one.
 *
 * Invariant: what encode wrote, decode of this and later versions reads; anything else is refused.
 *            A position names its file, so that it holds in a list with other files too.
 * Ownership: decoded names point into the blob; encode writes into the caller's growing buffer.
 * Threads:   none of its own.
 */
#ifndef FILE_SOURCE_POSITION_H
#define FILE_SOURCE_POSITION_H

#include "bytes.h"
#include "names.h"
#include "tail.h"

/* Which files were read to their end: their names' digests, in the order in which that was; beyond
 * DONE_MOST only how many, and one digest of all names. */
enum { DONE_MOST = 4096 };

struct done {
    struct bytes digests;
    int64_t count;
    uint64_t chain;
};

bool done_add(struct done *, const char *name); /* false: out of memory */
void done_free(struct done *);
/* Takes the files out of the list that were read. 0, ENOMEM, or EINVAL: there were too many to know
 * them singly, and the list is another one now. */
int done_leave_out(const struct done *, struct names *files);

struct position {
    struct done done;
    const char *file;
    size_t file_size;
    int64_t ordinal; /* object within the file */
    int64_t offset;  /* decoded offset of the next byte */
    int64_t size;    /* of the file, to know it again; -1: no regular file */
    int64_t mtime_ns;
    bool ended;       /* the object is over */
    bool archive;     /* the object is a member: others may follow in the file */
    const char *name; /* of the object */
    size_t name_size;
    struct tail tail; /* decoded bytes before offset */
};

/* false: out of memory. */
bool position_encode(struct bytes *out, const struct position *);
bool split_encode(struct bytes *out, const struct names *files);

/* false: not one of these blobs, or out of memory. Free done in any case. */
bool position_decode(const void *data, size_t size, struct position *out);
/* 0, EINVAL (not one of these blobs) or ENOMEM. */
int split_decode(const void *data, size_t size, struct names *out);

#endif
