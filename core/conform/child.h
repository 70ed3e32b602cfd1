/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process for what may end badly.
 *
 * Invariant: however the child ends, the parent goes on, and the rule is broken unless the child
 * came to its own end. Ownership: the record is shared with the child. Threads:   the parent has
 * none besides its own.
 */
#ifndef QETL_CORE_CONFORM_CHILD_H
#define QETL_CORE_CONFORM_CHILD_H

#include "record.h"

struct conform_errand {
    struct conform_record *record;
    enum conform_rule_id rule;
    const char *scratch; /* its working folder */
    const char *log;     /* where its stderr goes */
    const char *out; /* … and its stdout; a plugin that may not write there breaks a rule by it */
    bool prints;     /* it may */
    int64_t timeout_ns; /* how long it may stand still … */
    int64_t end_ns;     /* … and until when it has to be over; 0: no matter */
    void (*run)(void *arg);
    void *arg;
};

/* 0; -1: no process could be made, or it cannot be watched. */
int conform_child_run(const struct conform_errand *);

#endif
