/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of a file behind its gzip layer, if it has one; the first of them decide what follows.
 *
 * Invariant: bytes come in order, once; those that were looked at in advance come first. What was
 *            decoded before damage is delivered before the damage is reported. Every member's CRC
 * and length are checked, and nothing behind the last member is passed over but zeros. Ownership: a
 * feed owns its input and buffers; buffers serve the next file too. Threads:   one at a time.
 */
#ifndef FILE_SOURCE_FEED_H
#define FILE_SOURCE_FEED_H

#include "input.h"
#include "magic.h"

#include <zlib.h>

enum { FEED_AHEAD = 256 * 1024 };

struct feed {
    struct input in;
    uint8_t *ahead; /* a buffer of the host's: raw bytes [begin, end) are still to be used */
    int64_t begin, end;
    bool gzip;
    bool in_member;
    bool padded; /* zeros stand behind the last member */
    bool ended;
    z_stream z;
    int64_t decoded;
    const char *damage;        /* what zlib said; reported once all before it is delivered */
    int32_t failed;            /* a failure that waits until all before it is delivered */
    uint8_t head[MAGIC_BYTES]; /* decoded bytes that were looked at */
    int64_t head_begin, head_end;
};

int32_t feed_open(struct feed *, struct qetl_env, struct waker *, const char *name);
/* What the content is, behind gzip. OK, IDLE or a failure. */
int32_t feed_sniff(struct feed *, int64_t deadline_ns, enum magic *magic);
/* OK with *got > 0, END, IDLE or a failure. */
int32_t feed_read(struct feed *, void *data, int64_t capacity, int64_t deadline_ns, int64_t *got);
/* The end is known to follow the bytes read so far. */
bool feed_at_end(struct feed *);
/* A stream: waits until `want` raw bytes, or all, lie ready. OK or IDLE or a failure. */
int32_t feed_prefill(struct feed *, int64_t want, int64_t deadline_ns);
/* Only where feed_seekable. */
bool feed_seekable(const struct feed *);
void feed_seek(struct feed *, int64_t offset);
void feed_close(struct feed *);
void feed_free(struct feed *, struct qetl_env);

#endif
