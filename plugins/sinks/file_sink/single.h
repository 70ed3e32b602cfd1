/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sink's one file: staged beside its place until it is whole, or written in place.
 *
 * Invariant: what is behind a prepare is durable, under the name that the handle or the saved state
 *            tells; what no handle and no state tells of is removed when the instance goes.
 * Ownership: owns its descriptor, names and buffers; options are borrowed.
 * Threads:   one at a time.
 */
#ifndef FILE_SINK_SINGLE_H
#define FILE_SINK_SINGLE_H

#include "append.h"
#include "handle.h"

enum { SINGLE_TAIL_BYTES = 64, SINGLE_STATE_VERSION = 1 };

enum place {
    PLACE_NONE,   /* there is nothing yet, or nothing to go on with */
    PLACE_STAGED, /* nobody sees it yet */
    PLACE_IN,     /* a file of ours, or one that is appended to: can be cut back */
    PLACE_SPECIAL /* what was written stays */
};

struct single {
    struct qetl_env env;
    struct waker *waker;
    const char *path;
    enum if_exists if_exists;
    enum packing packing;
    int level;

    struct target target;
    struct output output;
    struct append append;
    struct handle handle; /* as of the last prepare; rows run on */
    enum place place;
    int64_t base; /* length of the file where this instance began */
    int64_t rows_prepared;
    uint64_t epoch; /* of the last prepare; 0: there was none */
    char *intent;   /* where it is noted how long the file was; NULL: it is not */
    bool noted;
    bool decided; /* an epoch of this instance was */
    bool opened, restored;
    bool soon;  /* gets its name with the first epoch, and is written in place from then on */
    bool turns; /* that epoch was prepared */
    bool hands; /* the last prepare had a handle */
    bool final; /* … and was the last of the run */
    bool saved; /* a state names the file */
    bool named; /* its name in the folder is durable */
    bool made_folders; /* … and those above it are new */
    bool endless, checkpoints;
};

/* What stands there is looked at, and whether it may be written. */
int32_t single_start(struct single *);
int32_t single_open(struct single *);
int32_t single_write(struct single *, struct qetl_write *);
int32_t single_prepare(struct single *, const struct qetl_epoch *, const struct qetl_writer *);
/* Undoes what this instance wrote behind the handle, and in it. */
int32_t single_abort(struct single *, const struct handle *);
/* An epoch with this handle was decided; decided: all of that epoch's are committed. */
int32_t single_commit(struct single *, const struct handle *);
void single_decided(struct single *);
bool single_continues(const struct single *);
void single_free(struct single *); /* zeroed is freed, with output.fd -1 */

/* single_state.c */
int32_t single_save(struct single *, uint32_t *version, const struct qetl_writer *);
int32_t single_restore(struct single *, uint32_t version, const struct qetl_reader *);
/* What a saved state names: the file, the caller's, and what stands before the place to go on at,
 * which points into the blob; nothing: a handle without names. 0, EINVAL or ENOMEM. */
int single_state_look(uint32_t version, struct qetl_blob, struct handle *, struct qetl_blob *tail);

/* Bytes of the file by now, those that the compressor holds left out. */
int64_t single_length(const struct single *);

#endif
