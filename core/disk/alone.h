/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who changes a folder of qetl's own does so alone: the others wait, say for whom, and not for
 * ever.
 *
 * Invariant: a file in the folder is locked, which nobody else may open: whoever is killed holds it
 *            no more, and no other user can.
 * Ownership: the lock is the caller's, until it is closed.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_DISK_ALONE_H
#define QETL_CORE_DISK_ALONE_H

#include "config/finding.h"

struct alone_place {
    int folder;       /* open */
    const char *path; /* of it, as messages say it */
    const char *file; /* in it: has the number of who holds it, for those that wait */
    const char *what; /* is changed: "packages" */
    const char *code; /* of the finding where it is waited for in vain: "packages_locked" */
};

/* The lock; -1 with a finding. */
int qetl_alone_begin(const struct alone_place *, struct qetl_findings *);

/* How long it is waited for: after `tell_ms` somebody is told whose it is (0: unknown), after
 * `end_ms` it is given up. For all of this process, from now on; tell NULL: nobody is. */
void qetl_alone_wait(int tell_ms, int end_ms,
                     void (*tell)(const struct alone_place *, long process));

#endif
