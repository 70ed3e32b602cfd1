/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The raw bytes of one file, of standard input, or of a FIFO or device.
 *
 * Invariant: taken counts every byte that came from outside, once; position is where the next raw
 * byte stands. A stream is waited for with poll(2), never in read(2). Ownership: the input owns its
 * descriptor, unless it is standard input's. Threads:   one at a time; only the waker is shared.
 */
#ifndef FILE_SOURCE_INPUT_H
#define FILE_SOURCE_INPUT_H

#include <qetl/sdk.h>

#include <stdatomic.h>

/* How interrupt() reaches a thread that waits. */
struct waker {
    int fd; /* an eventfd, readable once rung */
    atomic_int rung;
};

int waker_init(struct waker *);  /* 0 or errno */
void waker_ring(struct waker *); /* [any] */
void waker_reset(struct waker *);

struct input {
    struct qetl_env env;
    struct waker *waker;
    const char *name; /* as the user named it; borrowed */
    int fd;           /* -1: closed */
    bool regular;
    bool shared;  /* the descriptor's file description belongs to others too: no O_NONBLOCK */
    bool touched; /* a stream has delivered, so that a read of 0 bytes means its end */
    bool ended;
    int64_t
        base; /* regular: where the object begins in the file (standard input may stand anywhere) */
    int64_t position;
    int64_t taken;
    int64_t size; /* regular: when opened; else -1 */
    int64_t mtime_ns;
};

/* Answers 0 or a failure, which has been reported. */
int32_t input_open(struct input *, struct qetl_env, struct waker *, const char *name);
void input_close(struct input *);
/* OK with *got > 0, END, IDLE (nothing by the deadline) or a failure. deadline_ns -1: no deadline.
 */
int32_t input_read(struct input *, void *data, int64_t capacity, int64_t deadline_ns, int64_t *got);
/* Known to be at its end, found out without waiting. */
bool input_at_end(struct input *);
/* Has the host call again once there is something to read. */
void input_watch(struct input *);
/* "standard input" or the name. */
const char *input_label(const struct input *);

#endif
