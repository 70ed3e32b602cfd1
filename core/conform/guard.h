/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that ends where it is said to end: behind its last byte lies a page that nobody may touch.
 *
 * Invariant: an access behind a guard ends the child, and is laid at the door of the guard's rule.
 * Ownership: whoever makes a guard frees it.
 * Threads:   making and freeing by one at a time per guard.
 */
#ifndef QETL_CORE_CONFORM_GUARD_H
#define QETL_CORE_CONFORM_GUARD_H

#include "record.h"

struct conform_guard {
    uint8_t *data; /* size bytes, zeroed, aligned to 16 or to what the size allows */
    size_t size, mapped;
    void *base;
    enum conform_rule_id rule;
    bool shut; /* all of it */
};

/* 0, or -1 without memory. */
int conform_guard_make(struct conform_guard *, size_t size, enum conform_rule_id rule);
/* Nobody may touch any of it from now on. */
void conform_guard_close(struct conform_guard *, enum conform_rule_id rule);
void conform_guard_free(struct conform_guard *); /* accepts a zeroed one */

/* Memory of somebody else, whole pages: nobody may touch it until it is opened again. */
void conform_guard_shut(struct conform_guard *, void *base, size_t size, enum conform_rule_id);
void conform_guard_open(struct conform_guard *);

/* Faults of this process end it with a finding in the record. */
void conform_guard_watch(struct conform_record *);

#endif
