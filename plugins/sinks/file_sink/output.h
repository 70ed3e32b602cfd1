/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes to a descriptor, compressed on the way if so wished.
 *
 * Invariant: written counts the bytes that the descriptor took. After a failure every later call
 * fails the same way: what stands there is not whole. Only regular files are written without
 *            waiting for them in poll(2).
 * Ownership: owns its descriptor and libarchive's handle.
 * Threads:   one at a time; only the waker is shared.
 */
#ifndef FILE_SINK_OUTPUT_H
#define FILE_SINK_OUTPUT_H

#include "target.h"

#include <stdatomic.h>

struct archive;

/* How interrupt() reaches a thread that waits. */
struct waker {
    int fd;
    atomic_int rung;
};
int waker_init(struct waker *);  /* 0 or errno */
void waker_ring(struct waker *); /* [any] */
void waker_reset(struct waker *);

enum packing { PACKING_NONE, PACKING_GZIP, PACKING_ZSTD, PACKING_XZ, PACKING_BZIP2, PACKING_LZ4 };

struct output {
    struct qetl_env env;
    struct waker *waker;
    const char *name; /* for messages; borrowed */
    int fd;           /* -1: closed */
    bool regular;
    bool shared; /* the file description belongs to others too: no O_NONBLOCK */
    enum packing packing;
    int level;              /* of compression; 0: the codec's own */
    struct archive *packer; /* of the member that is being written, or NULL */
    int64_t begin;          /* where in the file the first byte goes */
    int64_t written;
    int64_t flushing; /* bytes that are on their way to the disk already */
    int32_t failed;
};

/* Takes the descriptor over. */
void output_init(struct output *, struct qetl_env, struct waker *, const char *name, int fd,
                 bool regular, enum packing);
/* A device, FIFO or inherited descriptor; waits for a FIFO's reader. */
int32_t output_open_special(struct output *, struct qetl_env, struct waker *, const struct target *,
                            enum packing);
int32_t output_write(struct output *, const void *data, int64_t size);
/* Ends the compressed member, if one was begun; also_empty: there is one without content, too. */
int32_t output_finish(struct output *, bool also_empty);
/* Makes it durable; descriptors that cannot be synchronised are passed over. */
int32_t output_sync(struct output *);
void output_close(struct output *);

/* packer.c */
int32_t packer_write(struct output *, const void *data, int64_t size);
int32_t packer_finish(struct output *, bool also_empty);
void packer_drop(struct output *);
/* output.c: past the packer. */
int32_t output_put(struct output *, const void *data, int64_t size);

#endif
