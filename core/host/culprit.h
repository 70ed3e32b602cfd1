/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose code it is, where no call tells it: the library that an address lies in, and the components
 * that are made of it.
 *
 * Invariant: lists the instances that are alive. Ownership: borrows them. Threads: any; what looks
 * takes no lock, as it does so while the process goes down.
 */
#ifndef QETL_CORE_CULPRIT_H
#define QETL_CORE_CULPRIT_H

#include <stdbool.h>

struct qetl_ctx;

struct qetl_culprit {
    char who[320]; /* "component 'a' (csv)", "the library libfoo.so.1" */
    bool called;   /* by qetl; else in a thread of its own */
};

/* Libraries that are loaded from now on are plugins', or brought along by one. */
void qetl_culprit_watch(void);
void qetl_culprit_add(struct qetl_ctx *);
void qetl_culprit_remove(struct qetl_ctx *);

/* Async-signal-safe. context: a signal handler's third argument, or NULL: who called this. False:
 * qetl itself. */
bool qetl_culprit_find(const void *context, struct qetl_culprit *out);
/* "component 'a' (csv)" */
void qetl_culprit_name(const struct qetl_ctx *, struct qetl_culprit *out);

#endif
