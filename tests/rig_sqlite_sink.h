/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sink `sqlite` at work over the fake host, as the host would drive it.
 *
 * Invariant: options that a test does not give have the manifest's defaults. Ownership: rig_end
 * destroys the instance, and fails the test if a buffer was kept. Threads: one.
 */
#ifndef QETL_RIG_SQLITE_SINK_H
#define QETL_RIG_SQLITE_SINK_H

#include "fake_host.h"
#include "file_scratch.h"

#include <sqlite3.h>

struct sqlite_rig {
    struct qetl_fake_host fake;
    const struct qetl_component *component;
    void *self;
    struct ArrowSchema schema; /* id bigint, t text */
    uint64_t generation;
    bool final; /* the next epoch is the last */
};

/* create and start; options: members of an object, as "\"key\": \"id\"". The path is x.db, the
 * table t. */
int32_t rig_make(struct sqlite_rig *rig, uint64_t generation, const char *options);
int32_t rig_open(struct sqlite_rig *rig);
int32_t rig_last(struct sqlite_rig *rig, uint64_t *number);
/* make, last and open, which have to succeed. */
void rig_begin(struct sqlite_rig *rig, uint64_t generation, const char *options);
/* Rows (first, "first"), …; text NULL: their numbers. */
int32_t rig_put(struct sqlite_rig *rig, int64_t first, int64_t n, const char *text);
int32_t rig_prepare(struct sqlite_rig *rig, uint64_t number);
int32_t rig_commit(struct sqlite_rig *rig, uint64_t number);
int32_t rig_abort(struct sqlite_rig *rig, uint64_t number);
void rig_end(struct sqlite_rig *rig);

/* On a connection of its own: what a query over x.db answers, values split by blanks and rows by
 * commas; static memory. */
const char *asked(const char *sql);
void expect_asked(const char *sql, const char *answer);

#endif
