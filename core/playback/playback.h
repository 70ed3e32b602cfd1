/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recording, played to a plugin again: it is called as it was called then, in the same order and
 * with what went in, and what it answers is compared with what was recorded.
 *
 * Invariant: what the host answered then it answers again; the first difference is told. One
 * thread. Ownership: borrows the recording; the result's texts are the caller's, freed by its free.
 * Threads:   one.
 */
#ifndef QETL_CORE_PLAYBACK_H
#define QETL_CORE_PLAYBACK_H

#include "plugin/registry.h"
#include "record/recording.h"

struct qetl_playback_options {
    const struct qetl_recording *recording;
    const struct qetl_manifest *plugin;
    const char *component;       /* of the pipeline; NULL: all that are the plugin's */
    const char *const *settings; /* PATH=VALUE: other options than then */
    size_t n_settings;
    void (*log)(void *arg, const char *component, int32_t level, const char *message);
    void *log_arg;
};

struct qetl_playback_difference {
    uint64_t entry; /* seq of the recording */
    uint64_t call;  /* how many calls were played up to and with it */
    char *component, *function, *what;
    int64_t row;  /* -1: of no row */
    char *column; /* NULL: of none */
    char *expected, *got;
};

struct qetl_playback_result {
    uint64_t calls, compared, passed_over; /* passed over: what waits for the outside */
    size_t instances;
    bool differs;
    struct qetl_playback_difference difference;
    json_t *notes; /* texts: what the replay could not have as it was */
};

/* 0: it was played to its end, or to the first difference; else -1 with findings. */
int qetl_playback(const struct qetl_playback_options *, struct qetl_playback_result *,
                  struct qetl_findings *);
void qetl_playback_result_free(struct qetl_playback_result *);

#endif
