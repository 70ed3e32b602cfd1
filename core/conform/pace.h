/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long a check may last, how far it is, and whether somebody ended it.
 *
 * Invariant: what remains of the limit is shared by the cases to come; no case takes more than half
 * of it. Ownership: the caller's. Threads:   the parent's one.
 */
#ifndef QETL_CORE_CONFORM_PACE_H
#define QETL_CORE_CONFORM_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conform_pace {
    int64_t limit_ns, end_ns;
    size_t done, all; /* cases */
    bool shown;       /* on stderr, a terminal */
};

/* From here on SIGHUP, SIGINT and SIGTERM are noted. */
void conform_pace_begin(struct conform_pace *, int64_t limit_ns, size_t cases, bool shown);
/* Another case begins. How long it should try, and when it is ended; 0: no time is left. */
int64_t conform_pace_share(struct conform_pace *, const char *component, const char *rule,
                           int64_t *end_ns);
/* Signals do again what they did; one that came meanwhile ends the process. */
void conform_pace_end(struct conform_pace *);

bool conform_pace_interrupted(void);
void conform_pace_child(void); /* in a process for a case: signals end it */

#endif
