/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sink `file` at work over the fake host, as the host would drive it.
 *
 * Invariant: handle holds what the last prepare handed out, state what the last save wrote.
 * Ownership: sink_free destroys the instance, and fails the test if a buffer was kept.
 * Threads:   one; interrupt() apart.
 */
#ifndef QETL_RIG_FILE_SINK_H
#define QETL_RIG_FILE_SINK_H

#include "fake_host.h"
#include "file_scratch.h"

struct sink_rig {
    struct qetl_fake_host fake;
    const struct qetl_component *component;
    void *self;
    uint8_t handle[8192];
    size_t handle_size;
    int64_t handles;
    uint8_t state[65536];
    size_t state_size;
    uint32_t state_version;
    const struct qetl_sink_parts *parts;
    bool goes_on; /* its epochs are not the last of the run */
};

/* create alone: its status. */
int32_t sink_make(struct sink_rig *rig, const char *config);
/* create, which has to succeed, start and open: the first status that is not OK. */
int32_t sink_begin(struct sink_rig *rig, const char *config);
int32_t sink_put(struct sink_rig *rig, const char *text, int64_t rows);
int32_t sink_prepare(struct sink_rig *rig, uint64_t epoch);
int32_t sink_save(struct sink_rig *rig);
int32_t sink_restore(struct sink_rig *rig, const struct sink_rig *saved);
/* As begin, in a run whose epochs are decided before its end; saved: that goes on from there. */
int32_t sink_checkpointed(struct sink_rig *rig, const char *config, bool endless,
                          const struct sink_rig *saved);
int32_t sink_commit(struct sink_rig *rig, uint64_t epoch, const struct sink_rig *prepared);
int32_t sink_abort(struct sink_rig *rig, uint64_t epoch, const struct sink_rig *prepared);
void sink_free(struct sink_rig *rig);

/* Begins, puts the text as one row and prepares; all of it has to succeed. */
void sink_fill(struct sink_rig *rig, const char *config, const char *text);
/* The names in the working folder, hidden ones too, in byte order: "a b c". */
void expect_names(const char *names);
void expect_message(const struct sink_rig *rig, const char *part);

#endif
