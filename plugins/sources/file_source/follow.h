/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that grow, by name: what is appended, what appears under the name after a rotation, what
 * was cut off, and new files of a folder or pattern.
 *
 * Invariant: each byte of a file is handed out once, in order; a switch to another file happens
 * behind a whole line only. A file is known by its inode, so that renaming it is not reading it
 * again. Only some are open at a time. Ownership: owns its descriptors and names. Threads:   one at
 * a time; only the waker is shared.
 */
#ifndef FILE_SOURCE_FOLLOW_H
#define FILE_SOURCE_FOLLOW_H

#include "bytes.h"
#include "choice.h"
#include "input.h"
#include "metadata.h"
#include "tail.h"

#include <sys/stat.h>

struct followed;

struct follow {
    struct qetl_env env;
    struct waker *waker;
    struct followed *files; /* an older one of a name before the newer */
    int64_t count, room;
    struct choice *choice; /* borrowed */
    struct names named;    /* the names that are followed now */
    int64_t open;          /* whose object is open at the host; -1: none */
    int64_t next;          /* who comes first then; -1: whoever has more */
    struct bytes blob;     /* the position behind the item at hand */
    bool ending;           /* that has to end before anything else */
    int64_t turn;          /* who is asked first when another one's turn is */
    int64_t at_a_stretch;  /* bytes of the open one since others were asked */
    int events_fd;         /* inotify; -1: not to be had */
    int timer_fd;          /* where nobody tells of changes */
    int64_t scanned_ns;
    uint64_t objects; /* that began: each has a number */
    int64_t n_open, rest_turn;
};

/* OK or a failure, which has been reported. poll_ms 0: by events, where there are any. */
int32_t follow_start(struct follow *, struct qetl_env, struct waker *, struct choice *,
                     const struct names *found, const struct qetl_blob *position, int64_t poll_ms);
/* BYTES, IDLE or a failure. */
int32_t follow_next(struct follow *, const struct qetl_demand *, struct qetl_item *);
/* What is known of the object that the last item was of. */
void follow_object(const struct follow *, struct metadata_object *);
void follow_free(struct follow *); /* zeroed is freed */

/* One file; of a name that went to another file, the former goes on for a while. */
struct followed {
    char *name;
    int fd;     /* -1: it rests, or is let go */
    char *path; /* where it lies, while it rests; else NULL */
    dev_t device;
    ino_t inode;
    int64_t position; /* of the next byte to hand out */
    struct tail tail; /* before it, to know the file again */
    uint64_t object;  /* its number, since it began */
    bool fifo;
    bool packed;   /* passed over */
    bool unsure;   /* of a former run: whether the same bytes stand there was not looked at yet */
    bool started;  /* its object has begun at the host */
    bool mid_line; /* what was handed out last does not end a line */
    bool retired;  /* another file has its name now */
    bool flushed;  /* its last piece of a line went out, since its successor has rows */
};

/* follow_state.c: where all of them stand, as one position. encode: false without memory. */
bool follow_encode(struct follow *);
/* Before the first scan. */
int32_t follow_go_on(struct follow *, const struct qetl_blob *position);

/* follow_rest.c */
bool follow_stat(struct follow *, struct followed *, struct stat *); /* false: it is gone */
int32_t follow_wake(struct follow *, struct followed *);             /* open, unless it is gone */
void follow_forget(struct follow *, struct followed *);
/* Lets some of them rest if too many are open, but for this one. */
void follow_rest(struct follow *, const struct followed *but);

/* follow_files.c: a zeroed slot, NULL: no memory; has the system tell of its changes; opens what is
 * new under the names. */
struct followed *follow_slot(struct follow *);
int32_t follow_watch(struct follow *, const struct followed *);
int32_t follow_scan(struct follow *);
int32_t follow_watches(struct follow *, int64_t poll_ms);
void follow_await(struct follow *); /* has the host call again when something changed */

#endif
