/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All of a state, to its last byte: the database page by page, each file beside it.
 *
 * Invariant: nothing in the folder is changed, not by SQLite either: where no run is at work, a
 *            copy is read.
 * Ownership: qetl_state_exam_free frees what an exam holds.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_STATE_EXAMINE_H
#define QETL_CORE_STATE_EXAMINE_H

#include "look.h"

#include <sys/types.h>

struct state_names {
    char **items;
    size_t count;
};

struct qetl_state_exam {
    struct qetl_state_look look; /* the data of entries, too, as far as it is there */
    struct state_names missing;  /* files that an epoch names: not there, or changed */
    struct state_names idle;     /* that nothing names, of a process that was killed */
    struct state_names aside;    /* that could not be read, once */
    struct state_names strange;  /* that are no part of a state */
    bool out_of_reach;           /* unreadable for want of a disk or a permission */
    bool name_damaged;           /* the state's own */
    uid_t owner;
    mode_t mode; /* of the folder */
};

/* 0, ENOENT or another errno. */
int qetl_state_examine(const char *above, const char *name, struct qetl_state_exam *);
void qetl_state_exam_free(struct qetl_state_exam *);

/* Removes files that nothing names; the folder's lock is held. How many. */
size_t qetl_state_idle_remove(const struct state_folder *, const struct state_names *);

#endif
