/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Members of zip and tar archives, and the compressions that are not gzip, by libarchive.
 *
 * Invariant: only the formats that the bytes announced are switched on, so that text is never taken
 * for an archive. What libarchive handed out is delivered before damage is reported. Ownership:
 * borrows the feed; owns libarchive's handle and a block of the host's. Threads:   one at a time. A
 * stream that pauses within a compressed block is waited for beyond the deadline (libarchive cannot
 * stop there); interrupt() ends the wait.
 */
#ifndef FILE_SOURCE_UNPACK_H
#define FILE_SOURCE_UNPACK_H

#include "feed.h"

#include <locale.h>

struct archive;

struct unpack {
    struct feed *feed;
    struct archive *archive;
    uint8_t *block; /* what libarchive reads from */
    int64_t block_size, delivered;
    int64_t base;    /* raw bytes that earlier handles used */
    int64_t left;    /* bytes at the end of the block that the next handle begins with */
    locale_t locale; /* names are UTF-8 whatever the process's locale; 0: not to be had */
    int32_t failed;  /* of the feed, within libarchive; or of damage already reported */
    enum magic magic;
    bool opened;
    bool single;     /* a compressed file, no archive */
    bool again;      /* libarchive stopped before a further stream, and was started anew for it */
    int64_t given;   /* decoded bytes of the member that went out */
    int64_t data_at; /* where the data at hand stands in the member */
    const uint8_t *data;
    int64_t data_size;
    bool member_ended;
    char *member; /* name of the member at hand */
};

int32_t unpack_open(struct unpack *, struct feed *, enum magic);
/* OK with the name of the next regular member, NULL for a compressed file's only content (valid
 * until the next call); END, IDLE or a failure. */
int32_t unpack_next(struct unpack *, int64_t deadline_ns, const char **member);
/* As feed_read, of the member. */
int32_t unpack_read(struct unpack *, void *data, int64_t capacity, int64_t deadline_ns,
                    int64_t *got);
void unpack_close(struct unpack *);
void unpack_free(struct unpack *, struct qetl_env);

#endif
