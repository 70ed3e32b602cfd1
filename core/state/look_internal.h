/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A look from inside: how a database is read, for looks that go deeper.
 *
 * Invariant: as in look.h.
 * Ownership: as in look.h.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_STATE_LOOK_INTERNAL_H
#define QETL_CORE_STATE_LOOK_INTERNAL_H

#include "look.h"

struct state_reading {
    struct qetl_state_look *look;
    struct state_db db;
    state_fetch *fetch; /* NULL: what is too large is left out */
    void *fetch_arg;
    bool whole;         /* every page is looked at */
    int64_t size_alone; /* as qetl_state_db_whole takes it */
    int version;        /* out: of the format */
    bool failed;        /* there was no memory */
};

/* A result code of SQLite. */
int qetl_state_reading_run(struct state_reading *, const char *path, uint64_t anchor);
/* What that means for the look; and what a folder without a database does. False: no memory. */
bool qetl_state_look_judge(struct qetl_state_look *, int rc);
bool qetl_state_look_absent(const struct state_folder *, uint64_t anchor, struct qetl_state_look *);
/* As qetl_state_look, the database being read by `at`. */
int qetl_state_look_with(const char *above, const char *name, struct qetl_state_look *,
                         bool (*at)(const struct state_folder *, struct qetl_state_look *,
                                    void *arg),
                         void *arg);

#endif
