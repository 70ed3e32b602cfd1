/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two runs that take turns, call by call: what one leaves where the other looks is seen each time.
 *
 * Invariant: while both run, no two calls are under way, and none has two turns in a row.
 * Ownership: the caller's, until both have left.
 * Threads:   one a runner.
 */
#ifndef QETL_CORE_CONFORM_RELAY_H
#define QETL_CORE_CONFORM_RELAY_H

#include <pthread.h>
#include <stdbool.h>

struct conform_relay {
    pthread_mutex_t lock;
    pthread_cond_t passed;
    int turn; /* 0 or 1: whose */
    bool over[2];
};

void conform_relay_init(struct conform_relay *);
void conform_relay_take(struct conform_relay *, int runner); /* waits for its turn */
void conform_relay_pass(struct conform_relay *, int runner);
void conform_relay_leave(struct conform_relay *, int runner); /* the other goes on alone */
void conform_relay_clear(struct conform_relay *);

#endif
