/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folder of a pipeline's state, and whose it is while a run lives.
 *
 * Invariant: nobody else may write to it; the lock is held from open to close by one process.
 * Ownership: closed by whoever opened it.
 * Threads:   one at a time.
 */
#ifndef QETL_CORE_STATE_FOLDER_H
#define QETL_CORE_STATE_FOLDER_H

#include "config/finding.h"

#include <stdbool.h>
#include <sys/types.h>

struct state_folder {
    char *path;
    int fd;
    int lock; /* -1: only looked at */
};

struct state_holder { /* of the lock */
    pid_t pid;        /* 0: nobody */
    char host[65];
};

/* The name of a pipeline as that of a folder: letters, digits, "._-" stay, others become %XX; one
 * that is too long ends in a digest. NULL without memory. */
char *qetl_state_folder_name(const char *pipeline);
/* And back, as far as it was not cut. */
char *qetl_state_pipeline_name(const char *folder_name);

/* Makes the folder, and those above it, and takes the lock; a second one is told who has it.
 * 0, or -1 with a finding. */
int qetl_state_folder_open(struct state_folder *, const char *above, const char *pipeline,
                           struct qetl_findings *);
/* Without lock, if it is there: 0, ENOENT, or another error. */
int qetl_state_folder_look(struct state_folder *, const char *above, const char *name);
void qetl_state_folder_close(struct state_folder *);
void qetl_state_folder_holder(const struct state_folder *, struct state_holder *);

/* The path of a file in it; NULL without memory. */
char *qetl_state_folder_file(const struct state_folder *, const char *name);
/* 0: no byte of the file defies being read, or it is not there; else an errno. */
int qetl_state_folder_read_through(const struct state_folder *, const char *name);
/* A name in it becomes durable: the folder, and those above it that are ours. 0 or an errno. */
int qetl_state_folder_sync(const struct state_folder *, bool above);
/* Renames NAME to NAME.unreadable-TIME (and what belongs to it); the new name, NULL with errno. */
char *qetl_state_folder_set_aside(const struct state_folder *, const char *name);
/* The newest that was set aside, the caller's; NULL: none. */
char *qetl_state_folder_aside(const struct state_folder *, const char *name);

#endif
