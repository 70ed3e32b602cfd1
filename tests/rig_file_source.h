/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A source `file` at work over the fake host, as the host would drive it.
 *
 * Invariant: data holds all bytes that came, log every object that ended, as "name:bytes;".
 * Ownership: rig_free frees all and fails the test if a buffer was kept.
 * Threads:   one; interrupt() apart.
 */
#ifndef QETL_RIG_FILE_SOURCE_H
#define QETL_RIG_FILE_SOURCE_H

#include "fake_host.h"
#include "file_scratch.h"

enum { SPACE = 1 << 20 };

struct rig {
    struct qetl_fake_host fake;
    const struct qetl_component *component;
    void *self;
    uint8_t *space;
    int64_t step;        /* bytes asked for at once */
    int64_t deadline_ns; /* from now, for each call */
    uint8_t *data;       /* all that came, objects end to end */
    int64_t size;
    int64_t bytes_read;
    char log[8192]; /* "name:bytes;" for each object that ended */
    int64_t object_size;
    struct qetl_item item;
    uint8_t position[65536];
    size_t position_size;
    uint8_t split[1 << 18];
    size_t split_size;
};

void rig_create(struct rig *rig, const char *config);
/* Starts, plans and opens; answers the first status that is not OK. */
int32_t rig_open(struct rig *rig, const struct qetl_blob *position);
int32_t rig_next(struct rig *rig);
/* To the end, or the first answer that brings no bytes. */
int32_t rig_drain(struct rig *rig);
/* All of it, in steps of so many bytes; the rig stays. */
int32_t rig_read(struct rig *rig, const char *config, int64_t step);
void rig_free(struct rig *rig);

void expect_same(const struct rig *rig, const char *name);
void expect_log(const char *config, const char *log);
void expect_fault(const char *config, int32_t code, const char *message, const char *suggestion);
/* Archives z, t, tgz, txz, tzst, tbz, tlz of b.csv, a.csv, empty.csv, sub/d.txt and a hidden file.
 */
void archives_make(void);

#endif
