/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands in a state, for people: without its lock, and without changing anything, be it that a
 * run is at work with it.
 *
 * Invariant: what cannot be read is said to be so, and left where it is.
 * Ownership: qetl_state_look_free frees what a look holds.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_STATE_LOOK_H
#define QETL_CORE_STATE_LOOK_H

#include "database.h"
#include "folder.h"
#include "store.h"

enum qetl_state_condition {
    QETL_STATE_EMPTY,
    QETL_STATE_WHOLE,
    QETL_STATE_UNREADABLE,
    QETL_STATE_GONE, /* set aside, by whomever, or not there any more */
    QETL_STATE_LATER /* of a later version */
};

struct qetl_state_look {
    char *pipeline, *path;
    enum qetl_state_condition condition;
    char *reason; /* NULL: there is nothing to say */
    uint64_t generation;
    struct qetl_record decided, prepared; /* data NULL: it lies in a file of its own */
    char *identity;
    struct state_row *past; /* the newest first */
    size_t n_past;
    int64_t bytes; /* of all files */
    struct state_holder holder;
    struct qetl_store_owner owner; /* its name "": it has none, or none that can be read */
};

/* name: of the folder (qetl_state_folder_name). 0, ENOENT or another errno. */
int qetl_state_look(const char *above, const char *name, struct qetl_state_look *);
void qetl_state_look_free(struct qetl_state_look *);
/* No run goes on from it, or begins anew, before somebody has seen to it. */
bool qetl_state_look_is_refused(const struct qetl_state_look *);
/* The newest epoch that was decided, be it that it was forgotten since. */
uint64_t qetl_state_look_decided(const struct qetl_state_look *);
/* The names of all, sorted, ended by NULL; the caller's, each of them, too. NULL: out of memory. */
char **qetl_state_names(const char *above);

#endif
