/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flight recorder: a watcher at the border that makes entries of what crosses.
 *
 * Invariant: what goes into a call is put before the plugin has it, so that a call which kills the
 *            process is there. Secrets are masked, options by their manifest; rows are not.
 * Ownership: borrows the mask and what its options point to; entries are the taker's while it
 * looks. Threads:   made and freed by one; told from any.
 */
#ifndef QETL_CORE_RECORDER_H
#define QETL_CORE_RECORDER_H

#include "border/border.h"
#include "entry.h"

struct qetl_recorder_options {
    const char *component; /* its instances alone; NULL: all */
    const char *pipeline, *version;
    const char *timezone; /* NULL: UTC */
    size_t frame_most;    /* of a larger one the rows and bytes are left out; 0: of none */
    int64_t now_us;       /* what now() answers; 0: as it is when the recording begins */
    const struct qetl_mask *mask;
    /* Takes one frame; base: what is needed whatever becomes of the rest. One call at a time. */
    void (*put)(void *arg, bool base, const void *frame, size_t size);
    /* [any] There was no memory for a frame. Or NULL. */
    void (*failed)(void *arg);
    void *arg;
};

struct qetl_recorder;

struct qetl_recorder *qetl_recorder_new(const struct qetl_recorder_options *); /* NULL: no memory */
struct qetl_border_watcher qetl_recorder_watcher(struct qetl_recorder *);
void qetl_recorder_end(struct qetl_recorder *); /* the run came to its end */
uint64_t qetl_recorder_entries(const struct qetl_recorder *);
void qetl_recorder_free(struct qetl_recorder *); /* accepts NULL */

#endif
