/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a plugin must leave as it is in a process, and what it may leave behind in it.
 *
 * Invariant: looking changes nothing.
 * Ownership: plain data.
 * Threads:   one.
 */
#ifndef QETL_CORE_CONFORM_PROCESS_H
#define QETL_CORE_CONFORM_PROCESS_H

#include "record.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/types.h>

enum { CONFORM_SIGNALS = 32 };

struct conform_process {
    struct sigaction actions[CONFORM_SIGNALS];
    sigset_t blocked; /* by this thread */
    struct rlimit limits[RLIM_NLIMITS];
    char locale[64], folder[4096];
    mode_t mask;
    int files, threads;
    bool parent; /* of a process that is there, or whose end nobody took note of */
    uint64_t environment;
};

void conform_process_look(struct conform_process *);
/* What is other than before breaks the rule; else it holds. */
void conform_process_compare(struct conform_record *, const struct conform_process *before,
                             const struct conform_process *after, enum conform_rule_id);
/* Descriptors and threads: they break, or hold, the rules of leaks. */
void conform_process_left(struct conform_record *, const struct conform_process *before,
                          const struct conform_process *after);

/* Entries for open descriptors, and for threads. */
int conform_files_open(void);
int conform_threads_alive(void);

#endif
